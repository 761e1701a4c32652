// What the wire tests share: bytes written as hex, and each message type's way to and from frames.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "wire/decode.h"
#include "wire/encode.h"

namespace zcrew::wire {

// "92 05 # a comment to the line's end" as bytes.
std::string bytes(std::string_view hex);
std::string to_hex(std::string_view frame);

template <typename T, typename Variant>
inline constexpr bool is_one_of = false;
template <typename T, typename... Types>
inline constexpr bool is_one_of<T, std::variant<Types...>> = (std::is_same_v<T, Types> || ...);

template <typename T>
inline constexpr bool is_batched = is_one_of<
    T, std::variant<ConfirmMessage, ResultMessage, OutcomeMessage, RunMessage, SettledMessage>>;

template <typename T>
std::string frame_of(const T& message) {
  if constexpr (is_batched<T>) {
    Packer<typename decltype(T::entries)::value_type> packer;
    for (const auto& entry : message.entries) packer.add(entry);
    return std::string(packer.finish());
  } else {
    std::string frame;
    encode(message, frame);
    return frame;
  }
}

template <typename Variant>
Result<Variant, DecodeError> decode_side(std::string_view frame) {
  if constexpr (std::is_same_v<Variant, FrontendMessage>) {
    return decode_frontend(std::array{frame});
  } else if constexpr (std::is_same_v<Variant, BackendMessage>) {
    return decode_backend(std::array{frame});
  } else if constexpr (std::is_same_v<Variant, ToClient>) {
    return decode_to_client(frame);
  } else {
    return decode_to_worker(frame);
  }
}

// The variant that a message type arrives in.
template <typename T>
using SideOf = std::conditional_t<
    is_one_of<T, FrontendMessage>, FrontendMessage,
    std::conditional_t<is_one_of<T, BackendMessage>, BackendMessage,
                       std::conditional_t<is_one_of<T, ToClient>, ToClient, ToWorker>>>;

// The frame as a T, by the receiver's decoder; nullopt if it is refused or is something else.
template <typename T>
std::optional<T> decoded(std::string_view frame) {
  auto result = decode_side<SideOf<T>>(frame);
  if (!result) return std::nullopt;
  const T* message = std::get_if<T>(&*result);
  return message == nullptr ? std::nullopt : std::optional<T>(*message);
}

// Why a frame is refused on a side; `none` if it is not.
template <typename Variant>
ErrorCode refusal(std::string_view frame) {
  const auto result = decode_side<Variant>(frame);
  return result ? ErrorCode::none : result.error().code;
}

}  // namespace zcrew::wire
