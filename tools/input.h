// Reading a descriptor that may be a pipe or a terminal, without being stuck in it when the command
// is to end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "net/socket.h"

namespace zcrew::tool {

class Input {
 public:
  // "-" is standard input. Throws std::system_error, whose what() names the input.
  explicit Input(const std::string& path);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Bytes read, 0 at the end; nullopt when `stop` is signalled. Throws std::system_error.
  std::optional<std::size_t> read(char* to, std::size_t bytes_max, const net::Wakeup& stop);

  // A regular file's size; 0 for anything else.
  [[nodiscard]] std::size_t size_hint() const;

 private:
  [[noreturn]] void fail() const;

  std::string name_;
  int fd_;
  bool owned_;
};

}  // namespace zcrew::tool
