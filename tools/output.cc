#include "output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "signals.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {
constexpr std::size_t buffer_bytes = std::size_t{64} << 10U;
}

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
  while (!left.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      end_by_broken_pipe();
    } else if (errno != EINTR) {
      const std::string why = std::strerror(errno);
      buffer_.clear();
      throw Error(
          "cannot write to standard output: " + why + ". Redirect it to where there is room.",
          exit_code::io_error);
    }
  }
  buffer_.clear();
}

}  // namespace zcrew::tool
