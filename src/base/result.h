// A value or the reason why there is none: how the pure floors report a peer's mistakes.
//
// Has the face of C++23's std::expected as far as it is used here, so that a later switch is one
// alias. Reading the side that is not there is a bug and is checked.
#pragma once

#include <utility>
#include <variant>

#include "base/check.h"

namespace zcrew {

template <typename E>
struct Unexpected {
  E error;
};

template <typename E>
Unexpected(E) -> Unexpected<E>;

template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: as expected
  Result(Unexpected<E> bad)                                              // NOLINT: as expected
      : state_(std::in_place_index<1>, std::move(bad.error)) {}

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() {
    ZCREW_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    ZCREW_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    ZCREW_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, E> state_;
};

}  // namespace zcrew
