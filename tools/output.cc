#include "output.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "signals.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {
constexpr std::size_t buffer_bytes = std::size_t{64} << 10U;

// A pipe that has any room takes as much at once, or nothing: no write waits then.
constexpr std::size_t piece_bytes = PIPE_BUF;

// How soon a wait for the reader notices that there is a hurry.
constexpr int room_pace_ms = 100;

// Whole lines if it can be, because the reader may get no more.
std::string_view next_piece(std::string_view bytes) {
  const std::string_view piece = bytes.substr(0, piece_bytes);
  const std::size_t end = piece.rfind('\n');
  return end == std::string_view::npos ? piece : piece.substr(0, end + 1);
}

}  // namespace

void complain(const std::string& text) {
  const bool ends = !text.empty() && std::string_view(".?!").find(text.back()) != std::string::npos;
  std::fprintf(stderr, "zcrew: %s%s\n", text.c_str(), ends ? "" : ".");
}

Output::~Output() {
  try {
    flush();
  } catch (const std::exception&) {  // whoever wants to know calls flush() first
  }
}

void Output::write(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= buffer_bytes) flush();
}

void Output::flush() {
  std::string_view left = buffer_;
  while (!left.empty() && wait_for_room()) {
    const std::string_view piece = next_piece(left);
    const ssize_t written = ::write(STDOUT_FILENO, piece.data(), piece.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      end_by_broken_pipe();
    } else if (errno != EINTR && errno != EAGAIN) {
      const std::string why = std::strerror(errno);
      buffer_.clear();
      throw Error(
          "cannot write to standard output: " + why + ". Redirect it to where there is room.",
          exit_code::io_error);
    }
  }
  buffer_.erase(0, buffer_.size() - left.size());
}

// False once in a hurry and standard output takes nothing now.
bool Output::wait_for_room() const {
  for (;;) {
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    const int ready = ::poll(&out, 1, hurried_ ? 0 : room_pace_ms);
    if (ready > 0) return true;  // or an error, which the write tells
    if (hurried_) return false;
  }
}

void Output::flush_for(std::chrono::milliseconds longest) {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + longest;
  for (flush(); has_bytes(); flush()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return;
    pollfd out{STDOUT_FILENO, POLLOUT, 0};
    ::poll(&out, 1, static_cast<int>(left.count()));
  }
}

std::uint64_t Output::drop_rest() {
  const auto lines = std::count(buffer_.begin(), buffer_.end(), '\n');
  buffer_.clear();
  return static_cast<std::uint64_t>(lines);
}

}  // namespace zcrew::tool
