// One line on a terminal that shows how far a command is. Nothing at all elsewhere. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace zcrew::tool {

// "[#####     ] 50 %  submitted 10, confirmed 5". Pure; no bar if the share (0 to 1) is not known.
std::string progress_line(std::optional<double> share, const std::string& text,
                          std::size_t columns);

class Progress {
 public:
  // Draws on stderr if that is a terminal and `wanted`.
  explicit Progress(bool wanted);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Ten times a second at most.
  void draw(std::optional<double> share, const std::string& text);

  // Takes the line away, so that others can be printed.
  void clear();
  void clear_for(bool others) {
    if (others) clear();
  }

 private:
  bool on_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace zcrew::tool
