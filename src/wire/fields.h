// The vocabulary in which layout.h writes down what stands where in the protocol's arrays. One
// description serves both directions: packing.h writes by it, reader.h reads by it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "base/limits.h"
#include "wire/messages.h"
#include "wire/names.h"

namespace zcrew::wire {

// What a field allows beyond its type. All else about it follows from the member's type.
enum class Rule : std::uint8_t {
  exact,     // a number must fit its type
  option,    // a number beyond its type saturates, so that the core can name what is wrong with it
  positive,  // as exact, and not 0
  version,   // must be ours, whatever else the message holds
  text,      // for people: written as str, while other byte strings are written as bin
};

template <typename Member>
struct MemberTraits;
template <typename R, typename V>
struct MemberTraits<V R::*> {
  using Record = R;
  using Value = V;
};

template <auto member, Rule rule_of_field = Rule::exact>
struct Field {
  using Record = typename MemberTraits<decltype(member)>::Record;
  using Value = typename MemberTraits<decltype(member)>::Value;
  static constexpr Rule rule = rule_of_field;
  static Value& in(void* record) { return static_cast<Record*>(record)->*member; }
  static const Value& in(const Record& record) { return record.*member; }
};

template <auto member>
using Option = Field<member, Rule::option>;
template <auto member>
using Positive = Field<member, Rule::positive>;
template <auto member>
using Version = Field<member, Rule::version>;
template <auto member>
using Text = Field<member, Rule::text>;

// An array of fields, of which the first `required` must be there; the others have the default of
// their struct if they are not.
template <std::size_t required_fields, typename... FieldTypes>
struct Fields {
  static constexpr std::size_t required = required_fields;
  static constexpr std::size_t count = sizeof...(FieldTypes);
  static_assert(required <= count);

  // Calls visitor.template operator()<F>() for each field F in order.
  template <typename Visitor>
  static constexpr void each(Visitor&& visitor) {
    (visitor.template operator()<FieldTypes>(), ...);
  }
};

// Entries that all lists of one message may have together.
template <Type number, std::uint32_t entries, std::size_t required_fields, typename... FieldTypes>
struct Message : Fields<required_fields, FieldTypes...> {
  static constexpr Type type = number;
  static constexpr std::uint32_t entries_max = entries;
};

// A field as a part of an entry's bare form: big-endian numbers and ids of fixed size, written as
// `As`; a string_view takes the rest, so it comes last.
template <auto member, typename As = typename MemberTraits<decltype(member)>::Value>
struct Part : Field<member> {
  using Written = As;
  static constexpr std::size_t bytes = std::is_same_v<As, std::string_view> ? 0
                                       : std::is_same_v<As, Token>          ? token_bytes
                                                                            : sizeof(As);
};

// Bytes that may stand in a list for an entry's array: its most usual form, one element instead of
// several.
template <typename... PartTypes>
struct BareForm {
  static constexpr std::size_t fixed_bytes = (PartTypes::bytes + ...);
  static constexpr bool has_tail = ((PartTypes::bytes == 0) || ...);
  // What is written and read relies on it: the parts before the tail stand at fixed places.
  static constexpr bool is_tail_last = [] {
    bool after_tail = false;
    bool right = true;
    ((right = right && !after_tail, after_tail = PartTypes::bytes == 0), ...);
    return right;
  }();
  static_assert(is_tail_last);
  template <typename Visitor>
  static constexpr void each(Visitor&& visitor) {
    (visitor.template operator()<PartTypes>(), ...);
  }
};

// Specialised in layout.h for each struct that is an array on the wire.
template <typename T>
struct Layout;

template <typename T>
concept Record = requires {
  Layout<T>::required;
};

// A list's entry that may be bare. Layout<T> then has
//   Bare                      its parts
//   is_bare(entry, before)    whether they say all about it; `before` is the entry before it in the
//                             list, nullptr for the first
//   blank(before)             what it has beside them
template <typename T>
concept MayBeBare = requires(const T& entry) {
  Layout<T>::is_bare(entry, &entry);
};

template <typename T>
concept NativeMessage = requires {
  Layout<T>::type;
};

template <typename T>
inline constexpr bool is_list = false;
template <typename T>
inline constexpr bool is_list<std::vector<T>> = true;

// The highest number an enumeration has; others are refused.
template <typename E>
inline constexpr std::uint64_t last_of = 0;
template <>
inline constexpr std::uint64_t last_of<Outcome> = static_cast<std::uint64_t>(Outcome::released);
template <>
inline constexpr std::uint64_t last_of<End> = static_cast<std::uint64_t>(End::unknown);
template <>
inline constexpr std::uint64_t last_of<ResultMode> = static_cast<std::uint64_t>(ResultMode::keep);
template <>
inline constexpr std::uint64_t last_of<ErrorCode> = 0xFFFF;  // a newer peer may know more

}  // namespace zcrew::wire
