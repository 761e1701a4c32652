// Where the payloads of `zcrew submit` come from: arguments, lines or files. The nth payload is the
// client's ticket n.
//
// Threads: next() is called by the feeding thread, the rest by any.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/socket.h"
#include "zcrew/client.h"

namespace zcrew::tool {

class Source {
 public:
  virtual ~Source() = default;
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // The next payload; false at the end, or soon after `stop` was signalled. Throws Error (74) when
  // the input cannot be read on.
  virtual bool next(std::string& payload, const net::Wakeup& stop) = 0;

  // What a person calls the ticket's payload: the argument, the line's number, the file's path.
  [[nodiscard]] virtual std::string label(Ticket ticket) const = 0;

  // The same within a sentence.
  [[nodiscard]] virtual std::string title(Ticket ticket) const { return label(ticket); }

  // How much of the input next() has read, 0 to 1, if its end is known.
  [[nodiscard]] virtual std::optional<double> share() const { return std::nullopt; }
};

std::unique_ptr<Source> from_arguments(std::vector<std::string> arguments);

// One payload a line, without its newline; memory for one line at a time. "-" is standard input.
// Throws Error (2) if the file cannot be opened.
std::unique_ptr<Source> from_lines(const std::string& path);

struct SkippedFile {
  std::string path;
  std::string why;
};

// One payload a file. Throws Error (2) if one of the paths is not a file that can be read; one that
// turns unreadable later, or is too large, is skipped and told to `skipped`, on the feeding thread.
std::unique_ptr<Source> from_files(std::vector<std::string> paths,
                                   std::function<void(const SkippedFile&)> skipped);

}  // namespace zcrew::tool
