// Objects found by a key that is part of them: for tables where one goes in and out at every job,
// so nothing is allocated for it. Open addressing with linear probing; a place belongs to whoever
// is further from home (Robin Hood hashing, Celis 1986), so that an erased one is closed by those
// right behind it that are not at home: mostly none. The objects stay their owner's. Pure.
//
// Jobs come and go in the order of their sequences, so eight that follow each other have eight
// places side by side: a search finds its place in a cache that holds it already, where a spread
// one waits for memory. Sequences stand beside the pointers, so that no other object is looked at.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/ids.h"

namespace zcrew {

// `key` is the member that holds the key, a JobId or a Token.
template <typename T, auto key>
class PointerTable {
 public:
  using Key = std::decay_t<decltype(std::declval<T>().*key)>;

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] T* find(const Key& wanted) const {
    const Sequence sequence = sequence_of(wanted);
    for (std::size_t at = home(sequence);; at = next(at)) {
      const Slot& slot = slots_[at];
      if (slot.object == nullptr) return nullptr;
      if (slot.sequence == sequence && slot.object->*key == wanted) return slot.object;
    }
  }

  // Requires that no object of this key is here.
  void insert(T& object) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    place({sequence_of(object.*key), &object});
    ++size_;
  }

  // Requires that the object is here, and that its key is the one it came with.
  void erase(const T& object) {
    std::size_t hole = home(sequence_of(object.*key));
    while (slots_[hole].object != &object) {
      ZCREW_CHECK(slots_[hole].object != nullptr);
      hole = next(hole);
    }
    for (std::size_t at = next(hole); slots_[at].object != nullptr && distance(at) > 0;
         at = next(at)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = {};
    --size_;
  }

  // In no order that means anything.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.object != nullptr) visit(*slot.object);
    }
  }

 private:
  struct Slot {
    Sequence sequence = 0;
    T* object = nullptr;
  };

  static constexpr std::size_t slots_min = 64;
  static constexpr unsigned run_bits = 3;

  static Sequence sequence_of(const JobId& id) { return id.sequence; }
  static Sequence sequence_of(const Token& token) { return token.job.sequence; }

  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t home(Sequence sequence) const {
    // One multiplication spreads the runs: the golden ratio, as Knuth has it.
    const std::size_t run = (sequence >> run_bits) * 0x9E3779B97F4A7C15U >> 32U;
    return (run << run_bits | (sequence & ((1U << run_bits) - 1))) & (slots_.size() - 1);
  }
  // How far what stands at `at` is from its home.
  [[nodiscard]] std::size_t distance(std::size_t at) const {
    return (at - home(slots_[at].sequence)) & (slots_.size() - 1);
  }
  void place(Slot slot) {
    std::size_t at = home(slot.sequence);
    for (std::size_t far = 0; slots_[at].object != nullptr; at = next(at), ++far) {
      const std::size_t other = distance(at);
      if (other >= far) continue;
      std::swap(slot, slots_[at]);
      far = other;
    }
    slots_[at] = slot;
  }
  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old) {
      if (slot.object != nullptr) place(slot);
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(slots_min);  // a power of two, at most half full
  std::size_t size_ = 0;
};

}  // namespace zcrew
