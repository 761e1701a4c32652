#include "wire/reader.h"

#include <msgpack/unpack.hpp>  // parse.hpp does not stand alone

namespace zcrew::wire {

namespace {

// The only slot a message has until its type is known.
constexpr Slot type_slot{.number = [](void* in, std::uint64_t value) {
  return static_cast<Reader*>(in)->choose(value);
}};

// The only slot a frame has: a message is an array.
constexpr Slot frame_slot{
    .number = [](void*, std::uint64_t) { return &fault::not_an_array; },
    .flag = [](void*, bool) { return &fault::not_an_array; },
    .bytes = [](void*, std::string_view) { return &fault::not_an_array; },
    .array = [](Reader& reader, void*, std::uint32_t count) { return reader.open_message(count); },
};

}  // namespace

Reader::Reader(std::size_t frame_bytes, void* variant, Choose by_type)
    : frame_bytes_(frame_bytes), variant_(variant), by_type_(by_type), level_(levels_.data()) {
  *level_ = {&frame_slot, &frame_slot + 1, &frame_slot, this, false};
}

const Fault* Reader::open_message(std::uint32_t count) {
  if (count == 0) return &fault::no_type;
  ++level_;
  *level_ = {&type_slot, &type_slot + 1, &type_slot + 1, this, false};
  return nullptr;
}

const Fault* Reader::choose(std::uint64_t type) {
  type_ = static_cast<std::uint8_t>(std::min<std::uint64_t>(type, 255));
  const Choice choice = by_type_(variant_, type);
  if (choice.shape == nullptr) return choice.fault;
  entries_left_ = choice.entries_max;
  const Shape& shape = *choice.shape;
  *level_ = {shape.slots, shape.slots + shape.known, shape.slots + shape.required, choice.message,
             false};
  return nullptr;
}

const Fault* Reader::open(const Shape& shape, void* object) {
  ++level_;  // the layouts' own depth bounds this, not the peer
  *level_ = {shape.slots, shape.slots + shape.known, shape.slots + shape.required, object,
             shape.list};
  return nullptr;
}

std::uint32_t Reader::depth() const {
  return static_cast<std::uint32_t>(level_ - levels_.data()) + skipped_;
}

bool Reader::skip_one() {
  if (depth() >= depth_max) return fail(fault::too_deep);
  ++skipped_;
  return true;
}

bool Reader::visit_boolean(bool value) {
  if (skipping()) return true;
  const Slot& slot = *level_->next;
  return slot.flag == nullptr ? fail(fault::wrong_type) : judge(slot.flag(level_->object, value));
}

bool Reader::start_array(std::uint32_t count) {
  if (skipping()) return skip_one();
  const Slot& slot = *level_->next;
  return slot.array == nullptr ? fail(fault::wrong_type)
                               : judge(slot.array(*this, level_->object, count));
}

bool Reader::end_array_item() {
  if (!skipping() && !level_->list) ++level_->next;
  return true;
}

bool Reader::end_array() {
  if (skipped_ > 0) {
    --skipped_;
    return true;
  }
  if (level_->next < level_->needed) return fail(fault::missing);
  // The message's own level stays: nothing comes behind it.
  if (level_ != &levels_[1]) --level_;
  return true;
}

bool Reader::start_map(std::uint32_t) {
  if (!skipping()) return fail(fault::wrong_type);
  return skip_one();
}

bool Reader::end_map() {
  --skipped_;
  return true;
}

const Fault* read(std::string_view frame, Reader& reader) {
  std::size_t end = 0;
  const bool whole = msgpack::parse(frame.data(), frame.size(), end, reader);
  if (reader.fault() != nullptr) return reader.fault();
  if (!whole) return &fault::cut_short;
  return end == frame.size() ? nullptr : &fault::left_over;
}

}  // namespace zcrew::wire
