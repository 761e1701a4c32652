// How a run of jobs is to be handled, and what is wrong with it before any router sees it. Pure.
//
// Consecutive jobs mostly have equal options, so that they are kept, judged and sent once a run.
#pragma once

#include <optional>
#include <string>

#include "wire/messages.h"
#include "zcrew/client.h"
#include "zcrew/types.h"

namespace zcrew::client {

struct OptionsFault {
  wire::ErrorCode code = wire::ErrorCode::bad_option;
  std::string text;  // cause and cure
};

class JobOptions {
 public:
  explicit JobOptions(const Job& job);

  [[nodiscard]] bool fits(const Job& job) const;
  bool operator==(const JobOptions& other) const { return fits(other.options_); }
  [[nodiscard]] bool wants_result() const { return options_.wants_result; }
  // Requires !fault(). The view in it lives as long as this object stays where it is.
  [[nodiscard]] wire::JobOptions to_wire() const;
  [[nodiscard]] const std::optional<OptionsFault>& fault() const { return fault_; }

 private:
  Job options_;  // without a payload
  std::optional<OptionsFault> fault_;
};

// They hold for the jobs from this ticket on, up to the next such run.
struct OptionsRun {
  Ticket first = 0;
  JobOptions options;
};

}  // namespace zcrew::client
