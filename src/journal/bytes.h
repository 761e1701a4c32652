// Big-endian numbers and short texts, written to and read from plain memory. Pure.
//
// A Writer trusts its caller to have sized the memory (checked at the end by the codecs). A Reader
// trusts nothing: past the end it gives zeros and remembers that it failed.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"

namespace zcrew::journal {

// The longest beginning of `text` that has at most `bytes_max` bytes.
inline std::string_view cut(std::string_view text, std::size_t bytes_max) {
  return text.substr(0, std::min(text.size(), bytes_max));
}

inline std::uint16_t big_endian(std::uint16_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap16(value);
}
inline std::uint32_t big_endian(std::uint32_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap32(value);
}
inline std::uint64_t big_endian(std::uint64_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}

class Writer {
 public:
  explicit Writer(char* out) : out_(out) {}

  void u8(std::uint8_t value) { *out_++ = static_cast<char>(value); }
  void u16(std::uint16_t value) { number(big_endian(value)); }
  void u32(std::uint32_t value) { number(big_endian(value)); }
  void u64(std::uint64_t value) { number(big_endian(value)); }
  void time(WallTime value) { u64(to_ms(value)); }
  void bytes(std::string_view value) {
    if (!value.empty()) std::memcpy(out_, value.data(), value.size());
    out_ += value.size();
  }
  void text8(std::string_view value) {
    u8(static_cast<std::uint8_t>(value.size()));
    bytes(value);
  }
  void text16(std::string_view value) {
    u16(static_cast<std::uint16_t>(value.size()));
    bytes(value);
  }
  void uuid(const Uuid& value) {
    std::memcpy(out_, value.bytes.data(), value.bytes.size());
    out_ += value.bytes.size();
  }
  void job_id(const JobId& id) {
    u32(id.queue);
    u8(id.priority);
    u64(id.sequence);
  }

  [[nodiscard]] char* position() const { return out_; }

 private:
  template <typename Number>
  void number(Number ordered) {
    std::memcpy(out_, &ordered, sizeof ordered);
    out_ += sizeof ordered;
  }

  char* out_;
};

class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return big_endian(number<std::uint16_t>()); }
  std::uint32_t u32() { return big_endian(number<std::uint32_t>()); }
  std::uint64_t u64() { return big_endian(number<std::uint64_t>()); }
  WallTime time() { return from_ms(u64()); }
  std::string_view bytes(std::size_t size) {
    if (size > in_.size()) {
      failed_ = true;
      in_ = {};
      return {};
    }
    const std::string_view out = in_.substr(0, size);
    in_.remove_prefix(size);
    return out;
  }
  std::string_view text8() { return bytes(u8()); }
  std::string_view text16() { return bytes(u16()); }
  Uuid uuid() {
    Uuid value;
    const std::string_view raw = bytes(value.bytes.size());
    if (!raw.empty()) std::memcpy(value.bytes.data(), raw.data(), raw.size());
    return value;
  }
  JobId job_id() {
    JobId id;
    id.queue = u32();
    id.priority = u8();
    id.sequence = u64();
    return id;
  }

  [[nodiscard]] std::size_t left() const { return in_.size(); }
  [[nodiscard]] bool failed() const { return failed_; }
  // Everything was there and nothing is left over.
  [[nodiscard]] bool complete() const { return !failed_ && in_.empty(); }

 private:
  template <typename Number>
  Number number() {
    Number value{};
    if (in_.size() < sizeof value) {
      failed_ = true;
      in_ = {};
      return value;
    }
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }

  std::string_view in_;
  bool failed_ = false;
};

}  // namespace zcrew::journal
