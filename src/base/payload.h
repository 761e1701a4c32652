// A job's payload or a result: immutable bytes, copied once out of the message that brought them.
//
// Copies share the bytes. The count is atomic because the commit thread reads payloads that the
// loop thread has already let go of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

namespace zcrew {

class Payload {
 public:
  Payload() = default;

  static Payload copy_of(std::string_view bytes) {
    Payload payload;
    if (bytes.empty()) return payload;
    auto copy = std::make_shared_for_overwrite<char[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy.get());
    payload.bytes_ = std::move(copy);
    payload.size_ = bytes.size();
    return payload;
  }

  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::shared_ptr<const char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace zcrew
