// Objects with stable addresses, recycled: for what comes and goes with every job. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

namespace zcrew {

template <typename T>
class Pool {
 public:
  // As new; the caller's until release().
  T& acquire() {
    if (free_.empty()) free_.push_back(&objects_.emplace_back());
    T& object = *free_.back();
    free_.pop_back();
    return object;
  }
  void release(T& object) {
    // In its place: assigning a new one would make it first and then move it over.
    std::destroy_at(&object);
    std::construct_at(&object);
    free_.push_back(&object);
  }

 private:
  std::deque<T> objects_;
  std::vector<T*> free_;
};

}  // namespace zcrew
