#include "wire/encode.h"
#include "wire/packing.h"

namespace zcrew::wire {

namespace {

// The message that carries these entries.
template <typename Entry>
struct Carrier;
template <>
struct Carrier<Confirm> : Layout<ConfirmMessage> {};
template <>
struct Carrier<JobResult> : Layout<ResultMessage> {};
template <>
struct Carrier<OutcomeItem> : Layout<OutcomeMessage> {};
template <>
struct Carrier<RunItem> : Layout<RunMessage> {};
template <>
struct Carrier<TokenRun> : Layout<SettledMessage> {};

// [type, [...: an array of two, then the type, then an array whose 16-bit length comes later.
constexpr char array_of_two = '\x92';
constexpr char array_16 = '\xdc';
constexpr std::size_t length_at = 3;
static_assert(limits::entries_per_message_max <= 0xFFFF);

// Everything in one function: the place to write to then stays in registers, which makes this three
// times as fast. Returns how much of the frame is used.
template <typename Entry>
[[gnu::flatten]] std::size_t append(std::string& frame, std::size_t used, const Entry& entry) {
  Sink sink(frame, used);
  if (used == 0) {
    const char head[] = {array_of_two, static_cast<char>(Carrier<Entry>::type), array_16, 0, 0};
    sink.write(head, sizeof head);
  }
  MsgPacker out(sink);
  put_entry<Rule::exact, Entry>(out, entry, nullptr);
  return sink.used();
}

}  // namespace

template <typename Entry>
void Packer<Entry>::add(const Entry& entry) {
  ZCREW_CHECK(has_room_for(entry));
  used_ = append(frame_, used_, entry);
  ++length_;
  count_ += size_of(entry);
}

template <typename Entry>
std::string_view Packer<Entry>::finish() {
  ZCREW_CHECK(length_ > 0);
  store_big(frame_.data() + length_at, static_cast<std::uint16_t>(length_));
  return {frame_.data(), used_};
}

template <typename Entry>
void Packer<Entry>::clear() {
  used_ = 0;
  length_ = 0;
  count_ = 0;
}

template class Packer<Confirm>;
template class Packer<JobResult>;
template class Packer<OutcomeItem>;
template class Packer<RunItem>;
template class Packer<TokenRun>;

}  // namespace zcrew::wire
