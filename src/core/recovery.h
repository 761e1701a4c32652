// After a start: which worker instances the journal knows and who of them has reported. Jobs from
// before the start wait until all have, or the wait is over (design D6). Pure.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "base/plant.h"
#include "core/context.h"

namespace zcrew::core {

class Recovery {
 public:
  explicit Recovery(Context& context) : context_(context) {}

  void begin(const Recovered& recovered) {
    for (const PutInstance& row : recovered.instances) missing_[row.instance] = row.name;
    const Duration silence = context_.config.heartbeat * context_.config.liveness;
    const Instant now = context_.attended();
    step_ = std::max(silence, context_.config.resume_wait);
    deadline_ = now + step_;
    last_deadline_ = now + std::max(context_.config.resume_wait_max, step_);
    context_.recovering = !missing_.empty() && !planted(Bug::hand_out_twice);
    if (context_.recovering) {
      context_.note(NoteKind::recovery_started,
                    std::to_string(missing_.size()) +
                        " workers from before the start are awaited for up to " + to_text(step_) +
                        "; older jobs wait for them, new ones do not");
    }
  }

  [[nodiscard]] bool lists(const Uuid& instance) const { return missing_.count(instance) != 0; }

  // An instance said HELLO and its attempts are accounted for.
  void reported(const Uuid& instance) {
    if (missing_.erase(instance) != 0) extend();
  }

  // Somebody is reporting: the others get a little longer. False at the end of all waiting.
  bool extend() {
    const Instant now = context_.attended();
    deadline_ = std::max(deadline_, std::min(last_deadline_, now + step_ / 3));
    return now < deadline_;
  }

  [[nodiscard]] bool is_over() const {
    return missing_.empty() || context_.attended() >= deadline_;
  }
  [[nodiscard]] Instant deadline() const { return deadline_; }
  [[nodiscard]] const std::map<Uuid, std::string>& missing() const { return missing_; }
  void end() { missing_.clear(); }

 private:
  Context& context_;
  std::map<Uuid, std::string> missing_;
  Duration step_{};
  Instant deadline_{};
  Instant last_deadline_{};
};

}  // namespace zcrew::core
