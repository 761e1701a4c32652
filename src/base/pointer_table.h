// Objects found by a key that is part of them: for tables where one goes in and out at every job,
// so nothing is allocated for it. Open addressing with linear probing; an erased place is closed at
// once, so that searches stay short. The objects stay their owner's. Pure.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"

namespace zcrew {

// `key` is the member that holds the key. The hash must spread to its upper half.
template <typename T, auto key, typename Hash>
class PointerTable {
 public:
  using Key = std::decay_t<decltype(std::declval<T>().*key)>;

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] T* find(const Key& wanted) const {
    for (std::size_t at = home(wanted);; at = next(at)) {
      if (slots_[at] == nullptr || slots_[at]->*key == wanted) return slots_[at];
    }
  }

  // Requires that no object of this key is here.
  void insert(T& object) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    place(object);
    ++size_;
  }

  // Requires that the object is here, and that its key is the one it came with.
  void erase(const T& object) {
    std::size_t hole = home(object.*key);
    while (slots_[hole] != &object) {
      ZCREW_CHECK(slots_[hole] != nullptr);
      hole = next(hole);
    }
    // Whoever was pushed on by what stood here moves up.
    for (std::size_t at = next(hole); slots_[at] != nullptr; at = next(at)) {
      const std::size_t better = home(slots_[at]->*key);
      const bool stays = hole < at ? hole < better && better <= at : hole < better || better <= at;
      if (stays) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = nullptr;
    --size_;
  }

  // In no order that means anything.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (T* object : slots_) {
      if (object != nullptr) visit(*object);
    }
  }

 private:
  static constexpr std::size_t slots_min = 64;

  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t home(const Key& wanted) const {
    return Hash{}(wanted) >> 32U & (slots_.size() - 1);
  }
  void place(T& object) {
    std::size_t at = home(object.*key);
    while (slots_[at] != nullptr) at = next(at);
    slots_[at] = &object;
  }
  void grow() {
    const std::vector<T*> old = std::exchange(slots_, std::vector<T*>(2 * slots_.size()));
    for (T* object : old) {
      if (object != nullptr) place(*object);
    }
  }

  std::vector<T*> slots_ = std::vector<T*>(slots_min);  // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace zcrew
