#include "core/choice_order.h"

#include "base/check.h"

namespace zcrew::core {

void ChoiceOrder::insert(Worker& worker, const ChoiceKey& key) {
  heap_.emplace_back();
  settle(heap_.size() - 1, {key, &worker});
}

void ChoiceOrder::move(const Worker& worker, const ChoiceKey& key) {
  const std::size_t at = worker.places[place_];
  ZCREW_CHECK(heap_[at].worker == &worker);
  settle(at, {key, heap_[at].worker});
}

void ChoiceOrder::erase(const Worker& worker) {
  const std::size_t at = worker.places[place_];
  ZCREW_CHECK(heap_[at].worker == &worker);
  const Entry last = heap_.back();
  heap_.pop_back();
  if (at < heap_.size()) settle(at, last);
}

// Place `at` is free: the entry goes there, or up or down from there.
void ChoiceOrder::settle(std::size_t at, const Entry& entry) {
  while (at > 0 && entry.key < heap_[(at - 1) / 2].key) {
    put(at, heap_[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  while (true) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].key < heap_[child].key) ++child;
    if (entry.key < heap_[child].key) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, entry);
}

void ChoiceOrder::put(std::size_t at, const Entry& entry) {
  heap_[at] = entry;
  entry.worker->places[place_] = at;
}

}  // namespace zcrew::core
