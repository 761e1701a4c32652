#include "router/outbox.h"

#include <array>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "wire/encode.h"
#include "wire/guide.h"

namespace zcrew::router {
namespace {

// Boxes remembered between turns; above that, those of idle peers go.
constexpr std::size_t boxes_max = 16384;

// A message above this is announced by a heartbeat, so that its receiver waits for it.
constexpr std::size_t announced_bytes = std::size_t{1} << 20U;

}  // namespace

Outbox::Outbox(FrameSink& sink) : sink_(sink) {}

Outbox::Box& Outbox::box_of(Peer peer, core::Side side) {
  Box* const last = last_used_[static_cast<std::size_t>(side)];
  return last != nullptr && last->to.peer == peer ? *last : find_box(peer, side);
}

// Not in line, as whatever is not done for each entry.
[[gnu::noinline]] Outbox::Box& Outbox::find_box(Peer peer, core::Side side) {
  Box& box = boxes_[peer];
  box.to = {peer, side};
  last_used_[static_cast<std::size_t>(side)] = &box;
  return box;
}

void Outbox::add(const core::Send& send) {
  Box& box = box_of(send.peer, send.side);
  if (box.refused) return;
  std::visit([&](const auto& message) { put(box, message); }, send.message);
}

void Outbox::add(Peer peer, const wire::AdminReply& reply) {
  Box& box = box_of(peer, core::Side::frontend);
  if (!box.refused) put(box, reply);
}

template <typename Entry>
[[gnu::noinline]] void Outbox::begin(Box& box, Packing<Entry>& packing, PackerPool<Entry>& pool) {
  packing = pool.take();
  if (!std::exchange(box.waiting, true)) waiting_.push_back(&box);
}

template <typename Entry>
void Outbox::pack(Box& box, Packing<Entry>& packing, PackerPool<Entry>& pool, const Entry& entry) {
  if (packing && !packing->has_room_for(entry)) close(box, packing, pool);
  if (!packing) begin(box, packing, pool);
  packing->add(entry);
  if (packing->size() >= limits::message_bytes_target) close(box, packing, pool);
}

template <typename Entry>
[[gnu::noinline]] void Outbox::close(Box& box, Packing<Entry>& packing, PackerPool<Entry>& pool) {
  if (!packing) return;
  const std::array<std::string_view, 1> frames{packing->finish()};
  if (frames[0].size() > announced_bytes) announce(box, frames[0].size());
  send(box, frames);
  pool.give(std::move(packing));
}

void Outbox::close_all(Box& box) {
  close(box, box.confirms, confirms_);
  close(box, box.results, results_);
  close(box, box.settled, settled_);
  close(box, box.runs, runs_);
}

void Outbox::announce(Box& box, std::size_t bytes) {
  wire::encode(wire::Heartbeat{bytes}, scratch_);
  const std::array<std::string_view, 1> frames{scratch_};
  send(box, frames);
}

template <typename Message>
void Outbox::put(Box& box, const Message& message) {
  close_all(box);
  wire::encode(message, scratch_);
  const std::array<std::string_view, 1> frames{scratch_};
  send(box, frames);
}

void Outbox::put(Box& box, const core::ToGuideWorker& request) {
  const std::string envelope = wire::encode_envelope(request.token);
  const std::array<std::string_view, 3> frames{envelope, {}, request.body};
  send(box, frames);
}

void Outbox::put(Box& box, const core::GuideBeat& beat) {
  const std::array<std::string_view, 1> frames{wire::heartbeat_frame(beat.spelling)};
  send(box, frames);
}

void Outbox::put(Box& box, const core::ToGuideClient& reply) {
  const std::array<std::string_view, 2> frames{std::string_view{}, reply.body};
  send(box, frames);
}

void Outbox::send(Box& box, std::span<const std::string_view> frames) {
  if (box.refused) return;
  if (sink_.send(box.to.side, box.to.peer, frames) == net::SendStatus::sent) return;
  box.refused = true;
  refused_.push_back(box.to);
}

void Outbox::flush() {
  for (Box* box : waiting_) {
    close_all(*box);
    box->waiting = false;
  }
  waiting_.clear();
  if (boxes_.size() <= boxes_max) return;
  last_used_ = {};
  std::erase_if(boxes_, [](const auto& entry) { return !entry.second.refused; });
}

void Outbox::take_refused(std::vector<PeerAt>& peers) {
  peers.insert(peers.end(), refused_.begin(), refused_.end());
  refused_.clear();
}

void Outbox::forget(Peer peer) {
  std::erase_if(refused_, [&](const PeerAt& refused) { return refused.peer == peer; });
  const auto found = boxes_.find(peer);
  if (found == boxes_.end()) return;
  last_used_ = {};
  std::erase(waiting_, &found->second);
  boxes_.erase(found);
}

}  // namespace zcrew::router
