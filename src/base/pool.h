// Objects with stable addresses, recycled: for what comes and goes with every job. Pure.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <new>
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
    // In its place: assigning a new one would make it first and then move it over. And not with
    // T(), which would set all its bytes to zero before its members are.
    std::destroy_at(&object);
    ::new (static_cast<void*>(&object)) T;
    free_.push_back(&object);
  }

 private:
  std::deque<T> objects_;
  std::vector<T*> free_;
};

}  // namespace zcrew
