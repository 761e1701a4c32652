// Cuts what a command writes to stderr into lines for the log, in bounds. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace zcrew::worker {

class StderrLines {
 public:
  // `log` gets whole lines with "JOB: " in front; may be empty.
  StderrLines(std::string job, const std::function<void(const std::string&)>& log);

  void take(std::string_view bytes);
  // Nothing more comes: a last line without its newline counts, too.
  void finish();

  // The last line that was not blank; empty if there was none.
  [[nodiscard]] const std::string& last() const { return last_; }

 private:
  void end_line();

  const std::string prefix_;
  const std::function<void(const std::string&)>& log_;
  std::string line_;
  std::string last_;
  std::size_t lines_ = 0;
};

}  // namespace zcrew::worker
