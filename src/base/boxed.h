// A value in memory of its own, for what is rare and large in a type that is common and small.
// Copies share it, so it never changes. Pure.
#pragma once

#include <memory>
#include <utility>

namespace zcrew {

template <typename T>
class Boxed {
 public:
  Boxed() = default;  // holds a T{}, without memory
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for the value
  Boxed(T value) : value_(std::make_shared<const T>(std::move(value))) {}
  // NOLINTNEXTLINE(google-explicit-constructor): likewise
  operator const T&() const {
    static const T none{};
    return value_ == nullptr ? none : *value_;
  }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace zcrew
