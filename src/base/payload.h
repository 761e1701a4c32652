// A job's payload or a result: immutable bytes, copied once out of the message that brought them.
//
// Copies share the bytes by a count that is not atomic: each locked change of a count would wait
// until everything written before it has reached the cache, which took a tenth of the router's
// time. So all payloads that share bytes belong to one thread at a time, to copy and to let go of
// them; others may look at what a view() shows while that thread keeps it. The commit thread does:
// a batch comes back to the loop before its records go.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace zcrew {

class Payload {
 public:
  Payload() = default;
  Payload(const Payload& other) noexcept : Payload(other.piece_, other.bytes_, other.size_) {}
  Payload(Payload&& other) noexcept
      : piece_(std::exchange(other.piece_, nullptr)),
        bytes_(std::exchange(other.bytes_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Payload& operator=(const Payload& other) noexcept { return *this = Payload(other); }
  Payload& operator=(Payload&& other) noexcept {
    Piece* const before = std::exchange(piece_, std::exchange(other.piece_, nullptr));
    bytes_ = std::exchange(other.bytes_, nullptr);
    size_ = std::exchange(other.size_, 0);
    if (before != nullptr) before->let_go();
    return *this;
  }
  ~Payload() {
    if (piece_ != nullptr) piece_->let_go();
  }

  static Payload copy_of(std::string_view bytes) {
    if (bytes.empty()) return {};
    Piece* const piece = Piece::make(bytes.size());
    std::copy(bytes.begin(), bytes.end(), piece->bytes());
    Payload payload(piece, piece->bytes(), bytes.size());
    piece->let_go();
    return payload;
  }

  [[nodiscard]] std::string_view view() const { return {bytes_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  friend class PayloadCopies;

  // What is allocated: the bytes of one payload or of several stand behind it.
  struct Piece {
    std::size_t holders;
    std::size_t size;

    // With one holder, the caller.
    static Piece* make(std::size_t size) {
      return new (std::allocator<char>{}.allocate(sizeof(Piece) + size)) Piece{1, size};
    }
    void let_go() {
      if (--holders > 0) return;
      // Compilers differ in whether the size may be told; the allocator knows.
      std::allocator<char>{}.deallocate(reinterpret_cast<char*>(this), sizeof(Piece) + size);
    }
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };

  Payload(Piece* piece, const char* bytes, std::size_t size) noexcept
      : piece_(piece), bytes_(bytes), size_(size) {
    if (piece_ != nullptr) ++piece_->holders;
  }

  Piece* piece_ = nullptr;
  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
};

// Copies the payloads of one message, small ones side by side: they come and go together, so that
// one piece of memory serves about nine jobs of 100 bytes. A piece stays as long as any payload in
// it, which is why pieces are small: the last one left keeps at most 1 KiB.
class PayloadCopies {
 public:
  PayloadCopies() = default;
  PayloadCopies(const PayloadCopies&) = delete;
  PayloadCopies& operator=(const PayloadCopies&) = delete;
  ~PayloadCopies() {
    if (piece_ != nullptr) piece_->let_go();
  }

  Payload copy_of(std::string_view bytes) {
    if (bytes.size() > small_bytes_max || bytes.empty()) return Payload::copy_of(bytes);
    if (piece_ == nullptr || piece_->size - used_ < bytes.size()) {
      Payload::Piece* const full = std::exchange(piece_, Payload::Piece::make(piece_bytes));
      if (full != nullptr) full->let_go();
      used_ = 0;
    }
    char* const to = piece_->bytes() + used_;
    std::copy(bytes.begin(), bytes.end(), to);
    used_ += bytes.size();
    return {piece_, to, bytes.size()};
  }

 private:
  static constexpr std::size_t piece_bytes = 1024 - sizeof(Payload::Piece);
  static constexpr std::size_t small_bytes_max = piece_bytes / 4;

  Payload::Piece* piece_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace zcrew
