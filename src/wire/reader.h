// Fills the structs of messages.h straight from msgpack's parser: one visitor for all messages,
// steered by tables that are made from layout.h at compile time. Pure.
//
// The reader keeps a small stack of the arrays it is inside of. Each level knows the slot that the
// next element belongs to, and the struct or list that the slot lives in; behind the last slot,
// elements are skipped. Nothing is stored besides the message itself. A rejected element stops the
// parser; `fault` then says why.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <msgpack/null_visitor.hpp>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "wire/decode.h"
#include "wire/fields.h"
#include "wire/layout.h"
#include "wire/names.h"
#include "wire/runs.h"

namespace zcrew::wire {

struct Fault {
  ErrorCode code;
  std::string_view text;
};

namespace fault {
inline constexpr Fault not_an_array{ErrorCode::malformed, "the message is not a msgpack array"};
inline constexpr Fault no_type{ErrorCode::malformed, "the message has no type number"};
inline constexpr Fault wrong_type{ErrorCode::malformed, "an element has the wrong type"};
inline constexpr Fault negative{ErrorCode::malformed, "a negative number"};
inline constexpr Fault out_of_range{ErrorCode::malformed, "a number is out of range"};
inline constexpr Fault wrong_size{ErrorCode::malformed, "an id, token or uuid of the wrong size"};
inline constexpr Fault bad_priority{ErrorCode::malformed, "an id with a priority above 9"};
inline constexpr Fault missing{ErrorCode::malformed, "a required element is missing"};
inline constexpr Fault too_deep{ErrorCode::malformed, "nested deeper than 16 arrays or maps"};
inline constexpr Fault too_many{ErrorCode::malformed, "more entries than a message may have"};
inline constexpr Fault cut_short{ErrorCode::malformed, "the message is cut short"};
inline constexpr Fault bad_byte{ErrorCode::malformed, "a byte that msgpack does not use"};
inline constexpr Fault left_over{ErrorCode::malformed, "bytes are left over behind the message"};
inline constexpr Fault unknown_type{ErrorCode::unknown_message, "a message of an unknown type"};
inline constexpr Fault version{ErrorCode::version_unsupported, "a protocol version other than 1"};
inline constexpr Fault wrong_socket{ErrorCode::wrong_socket,
                                    "a message for the router's other endpoint: workers connect to "
                                    "its backend (port 5556 by default), clients to its frontend "
                                    "(5555)"};
}  // namespace fault

class Reader;

// What may stand in one place of an array. `in` is the struct, or the list, that the place belongs
// to. A function that is missing means: not of this type. They return nullptr if all is well.
struct Slot {
  const Fault* (*number)(void* in, std::uint64_t value) = nullptr;
  const Fault* (*flag)(void* in, bool value) = nullptr;
  const Fault* (*bytes)(void* in, std::string_view value) = nullptr;
  const Fault* (*array)(Reader& reader, void* in, std::uint32_t count) = nullptr;
};

// One kind of array: a struct's fields in order, or one slot for all entries of a list.
struct Shape {
  const Slot* slots;
  std::uint32_t known;
  std::uint32_t required;
  bool list;
};

// The message that a type number stands for, made ready in the variant that will be returned.
struct Choice {
  const Shape* shape = nullptr;
  void* message = nullptr;
  std::uint32_t entries_max = 0;
  const Fault* fault = &fault::unknown_type;
};
using Choose = Choice (*)(void* variant, std::uint64_t type);

class Reader : public msgpack::null_visitor {
 public:
  Reader(std::size_t frame_bytes, void* variant, Choose by_type);

  [[nodiscard]] const Fault* fault() const { return fault_; }
  [[nodiscard]] std::uint8_t type() const { return type_; }

  // For slots: goes into an array that is itself the value of a slot.
  const Fault* open(const Shape& shape, void* object);
  template <typename T>
  const Fault* open_list(const Shape& shape, std::vector<T>& list, std::uint32_t count);
  // For the frame's slot and the type's slot.
  const Fault* open_message(std::uint32_t count);
  const Fault* choose(std::uint64_t type);

  // ---- what msgpack::parse calls ----
  bool visit_positive_integer(std::uint64_t value) { return number(value); }
  bool visit_negative_integer(std::int64_t value) {
    // The signed formats may hold a number that is not negative.
    if (value < 0) return skipping() || fail(fault::negative);
    return number(static_cast<std::uint64_t>(value));
  }
  bool visit_str(const char* from, std::uint32_t size) { return bytes({from, size}); }
  bool visit_bin(const char* from, std::uint32_t size) { return bytes({from, size}); }
  bool visit_boolean(bool value);
  bool visit_nil() { return skipping() || fail(fault::wrong_type); }
  // tidy: allow(pure) the parser's word for what is refused unread
  bool visit_float32(float) { return skipping() || fail(fault::wrong_type); }
  // tidy: allow(pure) likewise
  bool visit_float64(double) { return skipping() || fail(fault::wrong_type); }
  bool visit_ext(const char*, std::uint32_t) { return skipping() || fail(fault::wrong_type); }
  bool start_array(std::uint32_t count);
  bool end_array_item();
  bool end_array();
  bool start_map(std::uint32_t count);
  bool end_map();
  void parse_error(std::size_t, std::size_t) { fail(fault::bad_byte); }
  void insufficient_bytes(std::size_t, std::size_t) { fail(fault::cut_short); }

 private:
  struct Level {
    const Slot* next = nullptr;    // where the next element belongs …
    const Slot* end = nullptr;     // … unless that is here: then it is skipped
    const Slot* needed = nullptr;  // how far the array must have come when it ends
    void* object = nullptr;
    bool list = false;
  };
  // SUBMIT is the deepest: frame, message, groups, group, items, item.
  static constexpr std::size_t levels_max = 7;
  static constexpr std::uint32_t depth_max = 16;

  bool fail(const Fault& why) {
    if (fault_ == nullptr) fault_ = &why;
    return false;
  }
  bool judge(const Fault* why) { return why == nullptr || fail(*why); }
  // Inside of skipped arrays and maps too: nothing moves on there.
  [[nodiscard]] bool skipping() const { return level_->next == level_->end; }
  bool number(std::uint64_t value) {
    if (skipping()) return true;
    const Slot& slot = *level_->next;
    return slot.number == nullptr ? fail(fault::wrong_type)
                                  : judge(slot.number(level_->object, value));
  }
  bool bytes(std::string_view value) {
    if (skipping()) return true;
    const Slot& slot = *level_->next;
    return slot.bytes == nullptr ? fail(fault::wrong_type)
                                 : judge(slot.bytes(level_->object, value));
  }
  bool skip_one();
  [[nodiscard]] std::uint32_t depth() const;

  std::size_t frame_bytes_;
  void* variant_;
  Choose by_type_;
  const Fault* fault_ = nullptr;
  std::array<Level, levels_max> levels_;
  Level* level_;               // the innermost known array; first the frame, which holds one
  std::uint32_t skipped_ = 0;  // unknown arrays and maps that we are inside of
  std::uint32_t entries_left_ = 0;
  std::uint8_t type_ = 0;
};

// Reads the whole frame into the reader's variant; nullptr if that worked.
const Fault* read(std::string_view frame, Reader& reader);

// ---- from layouts to tables
// ----------------------------------------------------------------------

template <Rule rule, typename Number>
const Fault* read_number(Number& to, std::uint64_t value) {
  if constexpr (rule == Rule::version) {
    if (value != protocol_version) return &fault::version;
  }
  if constexpr (rule == Rule::positive) {
    if (value == 0) return &fault::out_of_range;
  }
  if constexpr (std::is_enum_v<Number>) {
    using Under = std::underlying_type_t<Number>;
    if (value > last_of<Number>) {
      if constexpr (rule != Rule::option) return &fault::out_of_range;
      value = std::numeric_limits<Under>::max();
    }
    to = static_cast<Number>(static_cast<Under>(value));
  } else {
    if (value > std::numeric_limits<Number>::max()) {
      if constexpr (rule != Rule::option) return &fault::out_of_range;
      value = std::numeric_limits<Number>::max();
    }
    to = static_cast<Number>(value);
  }
  return nullptr;
}

inline const Fault* read_bytes(std::string_view& to, std::string_view value) {
  to = value;
  return nullptr;
}
inline const Fault* read_bytes(Uuid& to, std::string_view value) {
  if (value.size() != to.bytes.size()) return &fault::wrong_size;
  std::copy(value.begin(), value.end(), reinterpret_cast<char*>(to.bytes.data()));
  return nullptr;
}
inline const Fault* read_bytes(JobId& to, std::string_view value) {
  if (value.size() != job_bytes) return &fault::wrong_size;
  return load(value.data(), to) ? nullptr : &fault::bad_priority;
}
inline const Fault* read_bytes(Token& to, std::string_view value) {
  if (value.size() != token_bytes) return &fault::wrong_size;
  return load(value.data(), to) ? nullptr : &fault::bad_priority;
}

// The parts side by side; one with a tail may be longer.
template <MayBeBare T>
const Fault* read_bare(T& entry, std::string_view value) {
  using Bare = typename Layout<T>::Bare;
  const bool fits =
      Bare::has_tail ? value.size() >= Bare::fixed_bytes : value.size() == Bare::fixed_bytes;
  if (!fits) return &fault::wrong_size;
  const Fault* why = nullptr;
  Bare::each([&]<typename P>() {
    using As = typename P::Written;
    if constexpr (P::bytes == 0) {
      P::in(&entry) = value;
    } else if constexpr (std::is_integral_v<As>) {
      P::in(&entry) = load_big<As>(value.data());
    } else if (!load(value.data(), P::in(&entry))) {
      why = &fault::bad_priority;
    }
    value.remove_prefix(P::bytes);
  });
  return why;
}

// The place of a list's entries, in the words of Field: each entry makes room for itself.
template <typename T>
struct Entry {
  using Value = T;
  static constexpr Rule rule = Rule::exact;
  static Value& in(void* list) { return static_cast<std::vector<T>*>(list)->emplace_back(); }
};

template <typename F>
constexpr Slot make_slot();

template <typename T>
struct ListShape {
  static constexpr Slot slot = make_slot<Entry<T>>();
  static constexpr Shape shape{&slot, 1, 0, true};
};

template <Record T>
struct RecordShape {
  // A message's array begins with its type, which has been read when this table comes into play.
  static constexpr std::size_t skip = NativeMessage<T> ? 1 : 0;
  static constexpr auto slots = [] {
    std::array<Slot, skip + Layout<T>::count + 1> all{};  // one more, so that none has no address
    std::size_t at = skip;
    Layout<T>::each([&]<typename F>() { all[at++] = make_slot<F>(); });
    return all;
  }();
  static constexpr Shape shape{slots.data(), static_cast<std::uint32_t>(skip + Layout<T>::count),
                               static_cast<std::uint32_t>(skip + Layout<T>::required), false};
};

template <typename F>
constexpr Slot make_slot() {
  using V = typename F::Value;
  Slot slot;
  if constexpr (std::is_same_v<V, bool>) {
    slot.flag = [](void* in, bool value) -> const Fault* {
      F::in(in) = value;
      return nullptr;
    };
  } else if constexpr (std::is_integral_v<V> || std::is_enum_v<V>) {
    slot.number = [](void* in, std::uint64_t value) {
      return read_number<F::rule>(F::in(in), value);
    };
  } else if constexpr (is_list<V>) {
    slot.array = [](Reader& reader, void* in, std::uint32_t count) {
      return reader.open_list(ListShape<typename V::value_type>::shape, F::in(in), count);
    };
  } else if constexpr (Record<V>) {
    slot.array = [](Reader& reader, void* in, std::uint32_t) {
      return reader.open(RecordShape<V>::shape, &F::in(in));
    };
    if constexpr (MayBeBare<V>) {
      static_assert(std::is_same_v<F, Entry<V>>);
      slot.bytes = [](void* in, std::string_view value) -> const Fault* {
        auto& list = *static_cast<std::vector<V>*>(in);
        list.push_back(Layout<V>::blank(list.empty() ? nullptr : &list.back()));
        return read_bare(list.back(), value);
      };
    }
  } else {
    slot.bytes = [](void* in, std::string_view value) { return read_bytes(F::in(in), value); };
  }
  return slot;
}

template <typename T>
const Fault* Reader::open_list(const Shape& shape, std::vector<T>& list, std::uint32_t count) {
  if (count > entries_left_) return &fault::too_many;
  entries_left_ -= count;
  // Room for about as many entries as the frame can hold, whatever it claims. Only bare payloads
  // take fewer than 3 bytes; a list of those grows as they come, up to what a message may have.
  list.reserve(std::min<std::size_t>(count, frame_bytes_ / 3));
  return open(shape, &list);
}

// ---- type numbers
// --------------------------------------------------------------------------------

template <typename Variant, std::size_t i = 0>
Choice choose_message(void* variant, std::uint64_t type) {
  if constexpr (i == std::variant_size_v<Variant>) {
    return {};
  } else {
    using T = std::variant_alternative_t<i, Variant>;
    if constexpr (NativeMessage<T>) {
      if (type == static_cast<std::uint64_t>(Layout<T>::type)) {
        T& message = static_cast<Variant*>(variant)->template emplace<i>();
        return {&RecordShape<T>::shape, &message, Layout<T>::entries_max, nullptr};
      }
    }
    return choose_message<Variant, i + 1>(variant, type);
  }
}

// As above; a type that only the other socket knows is told apart from one that nobody knows.
template <typename Variant, typename Other>
Choice choose_for_socket(void* variant, std::uint64_t type) {
  Choice choice = choose_message<Variant>(variant, type);
  if (choice.shape == nullptr) {
    Other other;
    if (choose_message<Other>(&other, type).shape != nullptr) choice.fault = &fault::wrong_socket;
  }
  return choice;
}

// A run counts as its attempts, of which it has some.
template <MayBeRun Entry>
const Fault* judge(const std::vector<Entry>& runs) {
  for (const Entry& run : runs) {
    if (run.count == 0) return &fault::out_of_range;
  }
  return count_of(runs) > entries_max ? &fault::too_many : nullptr;
}

// What only the whole message shows.
template <typename Variant>
const Fault* judge(const Variant& message) {
  if constexpr (std::is_same_v<Variant, BackendMessage>) {
    if (const auto* outcomes = std::get_if<OutcomeMessage>(&message))
      return judge(outcomes->entries);
  } else if constexpr (std::is_same_v<Variant, ToWorker>) {
    if (const auto* settled = std::get_if<SettledMessage>(&message)) return judge(settled->entries);
  }
  return nullptr;
}

// A message of this socket, or why there is none.
template <typename Variant, typename Other>
Result<Variant, DecodeError> decode_native(std::string_view frame) {
  // Read into the place from which it is returned: moving a variant twice costs as much as a job.
  Result<Variant, DecodeError> result{Variant{}};
  Reader reader(frame.size(), &result.value(), &choose_for_socket<Variant, Other>);
  const Fault* why = read(frame, reader);
  if (why == nullptr) why = judge(result.value());
  if (why != nullptr) {
    result = Unexpected{DecodeError{why->code, why->text, true, reader.type()}};
  }
  return result;
}

}  // namespace zcrew::wire
