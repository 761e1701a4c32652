// Messages with random fields, by their layouts. Strings live as long as the generator.
#pragma once

#include <deque>
#include <limits>
#include <random>
#include <string>

#include "wire/layout.h"

namespace zcrew::wire {

class RandomMessage {
 public:
  explicit RandomMessage(std::uint64_t seed) : random_(seed) {}

  template <Record T>
  T make() {
    T record;
    Layout<T>::each([&]<typename F>() { fill<F::rule>(F::in(&record)); });
    if constexpr (MayBeRun<T>) record.count = run_length(record);
    return record;
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  // Numbers of every length, so that every msgpack format occurs.
  template <typename Number>
  Number number() {
    const auto bits = below(std::numeric_limits<Number>::digits) + 1;
    return static_cast<Number>(random_() >> (64 - bits));
  }

  template <Rule rule, typename V>
  void fill(V& value) {
    if constexpr (rule == Rule::version) {
      value = protocol_version;
    } else if constexpr (is_list<V>) {
      const auto size = below(4) == 0 ? below(40) : below(4);
      for (std::uint64_t i = 0; i < size; ++i) fill<Rule::exact>(value.emplace_back());
    } else if constexpr (std::is_same_v<V, bool>) {
      value = below(2) == 1;
    } else if constexpr (std::is_enum_v<V>) {
      value = static_cast<V>(below(last_of<V> + 1));
    } else if constexpr (std::is_integral_v<V>) {
      value = number<V>();
      if (rule == Rule::positive && value == 0) value = 1;
    } else if constexpr (Record<V>) {
      value = make<V>();
    } else {
      fill_bytes(value);
    }
  }

  std::uint32_t run_length(const TokenRun&) { return static_cast<std::uint32_t>(below(300) + 1); }
  std::uint32_t run_length(const OutcomeItem& item) {
    return may_be_run(item) ? static_cast<std::uint32_t>(below(300) + 1) : 1;
  }

  void fill_bytes(std::string_view& value) {
    std::string& text = strings_.emplace_back(below(6) == 0 ? below(70000) : below(300), '\0');
    for (char& c : text) c = static_cast<char>(random_());
    value = text;
  }
  void fill_bytes(Uuid& value) {
    for (auto& byte : value.bytes) byte = static_cast<std::uint8_t>(random_());
  }
  void fill_bytes(JobId& value) {
    value = {number<QueueNumber>(), static_cast<Priority>(below(priority_count)),
             number<Sequence>()};
  }
  void fill_bytes(Token& value) {
    fill_bytes(value.job);
    value.handout = number<std::uint32_t>();
    value.epoch = number<Epoch>();
  }

  std::mt19937_64 random_;
  std::deque<std::string> strings_;
};

}  // namespace zcrew::wire
