// Messages to frames. Pure. Appends to or replaces a std::string that the caller reuses, so that
// the steady state allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "wire/messages.h"
#include "wire/runs.h"

namespace zcrew::wire {

// Replaces `frame` by the encoded message. Requires that its lists have no more entries than
// docs/protocol.md P-3.7 allows (16,384; in a SUBMIT 16,384 groups and as many jobs; in a HELLO or
// WELCOME of a worker 140,000): split what is longer.
void encode(const ClientHello& message, std::string& frame);
void encode(const Submit& message, std::string& frame);
void encode(const Ask& message, std::string& frame);
void encode(const Acknowledge& message, std::string& frame);
void encode(const Admin& message, std::string& frame);
void encode(const Heartbeat& message, std::string& frame);
void encode(const Bye& message, std::string& frame);
void encode(const ClientWelcome& message, std::string& frame);
void encode(const Refused& message, std::string& frame);
void encode(const AdminReply& message, std::string& frame);
void encode(const Error& message, std::string& frame);
void encode(const WorkerHello& message, std::string& frame);
void encode(const Drain& message, std::string& frame);
void encode(const WorkerWelcome& message, std::string& frame);
void encode(const Capacity& message, std::string& frame);
void encode(const Recall& message, std::string& frame);

// Builds one message that carries many entries, entry by entry, without knowing how many there will
// be: the array's length is written as a fixed-width number and patched by finish().
//
//   Packer<RunItem> packer;  packer.add(item) …;  send(packer.finish());  packer.clear();
//
// Entry is one of Confirm, JobResult, OutcomeItem, RunItem, TokenRun (SETTLED).
template <typename Entry>
class Packer {
 public:
  // Requires has_room_for(entry).
  void add(const Entry& entry);
  // Whether a message may hold it beside those that are here.
  [[nodiscard]] bool has_room_for(const Entry& entry) const {
    return count_ + size_of(entry) <= limits::entries_per_message_max;
  }
  // Of its entries; a run counts as its attempts.
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return length_ == 0; }
  // Bytes so far; callers close a message at limits::message_bytes_target or
  // entries_per_message_max.
  [[nodiscard]] std::size_t size() const { return used_; }
  // The whole frame; valid until the next add() or clear(). Requires !empty().
  [[nodiscard]] std::string_view finish();
  void clear();  // keeps the capacity

 private:
  std::string frame_;  // its size is room; the message so far is the first used_ bytes
  std::size_t used_ = 0;
  std::uint32_t length_ = 0;  // entries
  std::uint32_t count_ = 0;
};

extern template class Packer<Confirm>;
extern template class Packer<JobResult>;
extern template class Packer<OutcomeItem>;
extern template class Packer<RunItem>;
extern template class Packer<TokenRun>;

}  // namespace zcrew::wire
