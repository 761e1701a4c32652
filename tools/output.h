// Standard output for data: buffered, and honest about a full disk or a reader that has gone.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace zcrew::tool {

// "zcrew: TEXT." on stderr: for everything a person is told besides logs.
void complain(const std::string& text);

class Output {
 public:
  Output() = default;
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Adds bytes; writes when much has gathered. Both end the process quietly when the reader of the
  // pipe has gone, and throw Error (74) when the bytes cannot be written.
  void write(std::string_view bytes);
  void flush();
  // From now on, also for a write that waits: nothing waits for the reader any more; what it does
  // not take stays here. Safe in a signal handler.
  void hurry() noexcept { hurried_ = true; }
  // Forgets what is still here; how many lines that is.
  std::uint64_t drop_rest();
  // In a hurry: what standard output takes within this time.
  void flush_for(std::chrono::milliseconds longest);
  [[nodiscard]] bool has_bytes() const { return !buffer_.empty(); }

 private:
  [[nodiscard]] bool wait_for_room() const;

  std::string buffer_;
  std::atomic<bool> hurried_{false};
};

}  // namespace zcrew::tool
