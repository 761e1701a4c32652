#include "progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace zcrew::tool {

namespace {

constexpr std::size_t bar_width = 20;
constexpr std::chrono::milliseconds between{100};

bool draws_on_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

std::size_t columns() {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

std::string progress_line(std::optional<double> share, const std::string& text,
                          std::size_t columns) {
  std::string line = text;
  if (share) {
    const auto filled = static_cast<std::size_t>(*share * static_cast<double>(bar_width));
    line = fmt::format("[{:<{}}] {:3.0f} %  {}", std::string(filled, '#'), bar_width,
                       std::floor(*share * 100), text);
  }
  // One column short: a full line would wrap, and then be left behind by the next one.
  return line.substr(0, columns > 0 ? columns - 1 : 0);
}

Progress::Progress(bool wanted) : on_(wanted && draws_on_terminal()) {}

void Progress::draw(std::optional<double> share, const std::string& text) {
  const auto now = std::chrono::steady_clock::now();
  if (!on_ || now - last_ < between) return;
  last_ = now;
  drawn_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", progress_line(share, text, columns()).c_str());
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
  drawn_ = false;
  last_ = {};
}

}  // namespace zcrew::tool
