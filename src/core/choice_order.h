// The workers of a group that have credit, in the order of one policy: the smallest key is next.
// A binary heap that knows where each worker stands, because every hand-out moves one of them: no
// node is allocated or chased, and a group of one costs two comparisons. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "core/worker.h"

namespace zcrew::core {

class ChoiceOrder {
 public:
  // `place` is the entry of Worker::places that this order keeps.
  explicit ChoiceOrder(std::size_t place) : place_(place) {}

  struct Entry {
    ChoiceKey key;
    Worker* worker = nullptr;
  };
  // Null if nobody is listed.
  [[nodiscard]] const Entry* first() const { return heap_.empty() ? nullptr : heap_.data(); }

  void insert(Worker& worker, const ChoiceKey& key);
  // The worker is here, and its key has changed.
  void move(const Worker& worker, const ChoiceKey& key);
  void erase(const Worker& worker);

 private:
  void settle(std::size_t at, const Entry& entry);
  void put(std::size_t at, const Entry& entry);

  std::size_t place_;
  std::vector<Entry> heap_;
};

}  // namespace zcrew::core
