// Packs what became of attempts into OUTCOME messages: jobs that follow each other and are done
// without a result are one entry, since most jobs came together and end together. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/encode.h"
#include "wire/messages.h"

namespace zcrew::worker {

class OutcomeMessages {
 public:
  // An outcome of one attempt; its bytes are looked at now. Messages that are full go to the end of
  // `frames`, each large one behind a word that it is coming.
  void add(const wire::OutcomeItem& outcome, std::vector<std::string>& frames);
  // The last message, if there is one.
  void finish(std::vector<std::string>& frames);

 private:
  [[nodiscard]] bool extends_run(const wire::OutcomeItem& outcome) const;
  void close_run(std::vector<std::string>& frames);
  void pack(const wire::OutcomeItem& entry, std::vector<std::string>& frames);
  void close_message(std::vector<std::string>& frames);

  std::optional<wire::OutcomeItem> run_;
  std::uint64_t run_us_sum_ = 0;  // of its jobs
  wire::Packer<wire::OutcomeItem> packer_;
};

}  // namespace zcrew::worker
