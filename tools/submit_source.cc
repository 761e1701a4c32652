#include "submit_source.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>

#include "base/limits.h"
#include "input.h"
#include "zcrew/error.h"

namespace zcrew::tool {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10U;

double part(std::uint64_t count, std::uint64_t all) {
  return all == 0 ? 1.0 : static_cast<double>(count) / static_cast<double>(all);
}

class Arguments : public Source {
 public:
  explicit Arguments(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {}

  bool next(std::string& payload, const net::Wakeup& /*stop*/) override {
    if (at_ == arguments_.size()) return false;
    payload = arguments_[at_++];
    return true;
  }
  [[nodiscard]] std::string label(Ticket ticket) const override {
    return arguments_.at(ticket - 1);
  }
  [[nodiscard]] std::optional<double> share() const override {
    return part(at_, arguments_.size());
  }

 private:
  const std::vector<std::string> arguments_;
  std::atomic<std::size_t> at_{0};
};

class Lines : public Source {
 public:
  explicit Lines(const std::string& path) : input_(path) { buffer_.resize(chunk_bytes); }

  bool next(std::string& payload, const net::Wakeup& stop) override {
    std::size_t searched = begin_;
    while (true) {
      const void* found = std::memchr(buffer_.data() + searched, '\n', end_ - searched);
      if (found != nullptr) {
        const auto newline =
            static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
        payload.assign(buffer_, begin_, newline - begin_);
        begin_ = newline + 1;
        ++number_;
        return true;
      }
      searched = end_ - begin_;
      if (!fill(stop)) break;
    }
    if (stopped_ || begin_ == end_) return false;
    payload.assign(buffer_, begin_, end_ - begin_);  // a last line without a newline
    begin_ = end_;
    return true;
  }

  [[nodiscard]] std::string label(Ticket ticket) const override { return std::to_string(ticket); }
  [[nodiscard]] std::string title(Ticket ticket) const override { return "line " + label(ticket); }

  [[nodiscard]] std::optional<double> share() const override {
    if (input_.size_hint() == 0) return std::nullopt;
    return std::min(1.0, part(bytes_read_, input_.size_hint()));
  }

 private:
  // Moves what is left to the front and reads behind it.
  bool fill(const net::Wakeup& stop) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ > limits::payload_bytes_max) {
      throw Error(fmt::format("line {} is longer than 64 MiB, the most a router takes. Use --files "
                              "for binary data, or split it.",
                              number_ + 1),
                  exit_code::io_error);
    }
    if (buffer_.size() - end_ < chunk_bytes) buffer_.resize(buffer_.size() * 2);
    const auto count = input_.read(buffer_.data() + end_, buffer_.size() - end_, stop);
    stopped_ = !count;
    end_ += count.value_or(0);
    bytes_read_ += count.value_or(0);
    return count.value_or(0) > 0;
  }

  Input input_;
  std::string buffer_;  // [begin_, end_) is read and not yet handed out
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t number_ = 0;
  bool stopped_ = false;
  std::atomic<std::uint64_t> bytes_read_{0};
};

class Files : public Source {
 public:
  Files(std::vector<std::string> paths, std::function<void(const SkippedFile&)> skipped)
      : paths_(std::move(paths)), skipped_(std::move(skipped)) {}

  bool next(std::string& payload, const net::Wakeup& stop) override {
    while (at_ < paths_.size()) {
      const std::size_t index = at_++;
      if (!read(paths_[index], payload, stop)) continue;
      const std::lock_guard lock(mutex_);
      index_of_ticket_.push_back(index);
      return true;
    }
    return false;
  }
  [[nodiscard]] std::string label(Ticket ticket) const override {
    const std::lock_guard lock(mutex_);
    return paths_.at(index_of_ticket_.at(ticket - 1));
  }
  [[nodiscard]] std::optional<double> share() const override { return part(at_, paths_.size()); }

 private:
  bool read(const std::string& path, std::string& payload, const net::Wakeup& stop) {
    try {
      Input input(path);
      payload.clear();
      std::string chunk(std::min(input.size_hint() + 1, chunk_bytes), '\0');
      if (input.size_hint() > 0) payload.reserve(input.size_hint());
      while (true) {
        const auto count = input.read(chunk.data(), chunk.size(), stop);
        if (!count) at_ = paths_.size();
        if (!count || *count == 0) return count.has_value();
        payload.append(chunk, 0, *count);
        if (payload.size() > limits::payload_bytes_max) {
          skipped_({path, "larger than 64 MiB, the most a router takes"});
          return false;
        }
      }
    } catch (const std::system_error& error) {
      skipped_({path, error.code().message()});
      return false;
    }
  }

  const std::vector<std::string> paths_;
  const std::function<void(const SkippedFile&)> skipped_;
  std::atomic<std::size_t> at_{0};
  mutable std::mutex mutex_;
  std::vector<std::size_t> index_of_ticket_;
};

void check_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || ::access(path.c_str(), R_OK) != 0) {
    throw Error(fmt::format("cannot read {}: {}. Nothing was submitted; name files that exist and "
                            "that you may read.",
                            path, std::strerror(errno)),
                exit_code::usage);
  }
  if (S_ISDIR(facts.st_mode)) {
    throw Error(fmt::format("{} is a directory. Nothing was submitted; name the files in it: "
                            "find {} -type f -exec zcrew submit --files {{}} +",
                            path, path),
                exit_code::usage);
  }
}

}  // namespace

std::unique_ptr<Source> from_arguments(std::vector<std::string> arguments) {
  return std::make_unique<Arguments>(std::move(arguments));
}

std::unique_ptr<Source> from_lines(const std::string& path) {
  if (path != "-") check_file(path);
  try {
    return std::make_unique<Lines>(path);
  } catch (const std::system_error& error) {
    throw Error(fmt::format("cannot read {}: {}.", path, error.code().message()), exit_code::usage);
  }
}

std::unique_ptr<Source> from_files(std::vector<std::string> paths,
                                   std::function<void(const SkippedFile&)> skipped) {
  for (const auto& path : paths) check_file(path);
  return std::make_unique<Files>(std::move(paths), std::move(skipped));
}

}  // namespace zcrew::tool
