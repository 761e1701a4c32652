#include "wire/encode.h"

#include "wire/packing.h"

namespace zcrew::wire {

namespace {

// Entries in all lists of a message together: a decoder refuses more, so sending them is our bug.
template <typename T>
std::size_t entries_of(const T& record) {
  std::size_t entries = 0;
  Layout<T>::each([&]<typename F>() {
    if constexpr (is_list<typename F::Value>) entries += F::in(record).size();
  });
  return entries;
}

std::size_t entries_of(const Submit& message) {
  std::size_t entries = message.groups.size();
  for (const SubmitGroup& group : message.groups) entries += group.items.size();
  return entries;
}

// In one function, so that the place to write to stays in registers.
template <NativeMessage T>
[[gnu::flatten]] void encode_message(const T& message, std::string& frame) {
  ZCREW_CHECK(entries_of(message) <= Layout<T>::entries_max);
  Sink sink(frame, 0);
  MsgPacker out(sink);
  const std::uint32_t used = fields_used(message);
  out.pack_array(1 + used);
  out.pack_uint8(static_cast<std::uint8_t>(Layout<T>::type));
  put_fields(out, message, used);
  frame.resize(sink.used());
}

}  // namespace

// A large payload is appended, so that its room is not filled with zeros first.
[[gnu::noinline]] void Sink::grow(std::string& storage, std::size_t used, const char* from,
                                  std::size_t size) {
  const std::size_t room = std::clamp<std::size_t>(used + size, growth_min, 4096);
  storage.resize(used);
  storage.reserve(used + size + room);
  storage.append(from, size);
  storage.resize(used + size + room);
}

void encode(const ClientHello& message, std::string& frame) { encode_message(message, frame); }
void encode(const Submit& message, std::string& frame) { encode_message(message, frame); }
void encode(const Ask& message, std::string& frame) { encode_message(message, frame); }
void encode(const Acknowledge& message, std::string& frame) { encode_message(message, frame); }
void encode(const Admin& message, std::string& frame) { encode_message(message, frame); }
void encode(const Heartbeat& message, std::string& frame) { encode_message(message, frame); }
void encode(const Bye& message, std::string& frame) { encode_message(message, frame); }
void encode(const ClientWelcome& message, std::string& frame) { encode_message(message, frame); }
void encode(const Refused& message, std::string& frame) { encode_message(message, frame); }
void encode(const AdminReply& message, std::string& frame) { encode_message(message, frame); }
void encode(const Error& message, std::string& frame) { encode_message(message, frame); }
void encode(const WorkerHello& message, std::string& frame) { encode_message(message, frame); }
void encode(const Drain& message, std::string& frame) { encode_message(message, frame); }
void encode(const WorkerWelcome& message, std::string& frame) { encode_message(message, frame); }
void encode(const Capacity& message, std::string& frame) { encode_message(message, frame); }
void encode(const Recall& message, std::string& frame) { encode_message(message, frame); }

}  // namespace zcrew::wire
