#include "worker/stderr_lines.h"

#include <algorithm>
#include <utility>

namespace zcrew::worker {
namespace {

constexpr std::size_t line_bytes_max = 1000;
constexpr std::size_t lines_max = 1000;  // a run; the rest is counted

bool is_control(char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; }

}  // namespace

StderrLines::StderrLines(std::string job, const std::function<void(const std::string&)>& log)
    : prefix_(std::move(job) + ": "), log_(log) {}

void StderrLines::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    line_.append(part.substr(0, line_bytes_max - std::min(line_.size(), line_bytes_max)));
    if (end == std::string_view::npos) return;
    end_line();
    bytes.remove_prefix(end + 1);
  }
}

void StderrLines::finish() {
  if (!line_.empty()) end_line();
  if (log_ && lines_ > lines_max) {
    log_(prefix_ + std::to_string(lines_ - lines_max) + " more lines on stderr were dropped");
  }
}

void StderrLines::end_line() {
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  // A terminal that shows the log must not obey a job.
  std::replace_if(line_.begin(), line_.end(), is_control, '?');
  if (line_.find_first_not_of(" \t") != std::string::npos) last_ = line_;
  if (log_ && ++lines_ <= lines_max) log_(prefix_ + line_);
  line_.clear();
}

}  // namespace zcrew::worker
