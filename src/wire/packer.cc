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
struct Carrier<Token> : Layout<SettledMessage> {};

// [type, [...: an array of two, then the type, then an array whose 16-bit length comes later.
constexpr char array_of_two = '\x92';
constexpr char array_16 = '\xdc';
constexpr std::size_t count_at = 3;
static_assert(limits::entries_per_message_max <= 0xFFFF);

}  // namespace

template <typename Entry>
void Packer<Entry>::add(const Entry& entry) {
  ZCREW_CHECK(count_ < limits::entries_per_message_max);
  Sink sink(frame_, used_);
  if (count_ == 0) {
    const char head[] = {array_of_two, static_cast<char>(Carrier<Entry>::type), array_16, 0, 0};
    sink.write(head, sizeof head);
  }
  MsgPacker out(sink);
  put<Rule::exact>(out, entry);
  used_ = sink.used();
  ++count_;
}

template <typename Entry>
std::string_view Packer<Entry>::finish() {
  ZCREW_CHECK(count_ > 0);
  store_big(frame_.data() + count_at, static_cast<std::uint16_t>(count_));
  return {frame_.data(), used_};
}

template <typename Entry>
void Packer<Entry>::clear() {
  used_ = 0;
  count_ = 0;
}

template class Packer<Confirm>;
template class Packer<JobResult>;
template class Packer<OutcomeItem>;
template class Packer<RunItem>;
template class Packer<Token>;

}  // namespace zcrew::wire
