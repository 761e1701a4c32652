// What the core wants sent, packed: entries of one kind for one peer share a message, which goes
// out at the end of a loop turn or when it is full; whole messages go out at once, behind the
// entries added before them. Loop thread only.
//
// Nothing is queued beyond a turn. A peer whose connection refuses a frame (gone, or its queue is
// full and the frame is lost) gets nothing more and is reported once by take_refused(): the session
// is over either way, since a frame is missing.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/effect.h"
#include "net/socket.h"
#include "router/packer_pool.h"

namespace zcrew::router {

// Where frames go: the router's two sockets, or a test.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  FrameSink() = default;
  FrameSink(const FrameSink&) = delete;
  FrameSink& operator=(const FrameSink&) = delete;
  virtual net::SendStatus send(core::Side side, Peer peer,
                               std::span<const std::string_view> frames) = 0;
};

struct PeerAt {
  Peer peer{};
  core::Side side = core::Side::frontend;
};

class Outbox {
 public:
  explicit Outbox(FrameSink& sink);

  // Copies what it needs out of the views.
  void add(const core::Send& send);
  void add(Peer peer, const wire::AdminReply& reply);

  // Sends what is packed, peers in the order of their first entry.
  void flush();

  // Moves the peers refused since the last call to the end of `peers`.
  void take_refused(std::vector<PeerAt>& peers);

  // The peer is gone for the core too: whatever bears its number later is someone else's.
  void forget(Peer peer);

 private:
  struct Box {
    PeerAt to;
    bool waiting = false;  // is in waiting_
    bool refused = false;
    Packing<wire::Confirm> confirms;
    Packing<wire::JobResult> results;
    Packing<wire::TokenRun> settled;
    Packing<wire::RunItem> runs;
  };

  Box& box_of(Peer peer, core::Side side);
  Box& find_box(Peer peer, core::Side side);

  // Entries.
  void put(Box& box, const wire::Confirm& entry) { pack(box, box.confirms, confirms_, entry); }
  void put(Box& box, const wire::JobResult& entry) { pack(box, box.results, results_, entry); }
  void put(Box& box, const wire::TokenRun& entry) { pack(box, box.settled, settled_, entry); }
  void put(Box& box, const wire::RunItem& entry) { pack(box, box.runs, runs_, entry); }
  template <typename Entry>
  void begin(Box& box, Packing<Entry>& packing, PackerPool<Entry>& pool);
  template <typename Entry>
  void pack(Box& box, Packing<Entry>& packing, PackerPool<Entry>& pool, const Entry& entry);
  template <typename Entry>
  void close(Box& box, Packing<Entry>& packing, PackerPool<Entry>& pool);
  void close_all(Box& box);
  void announce(Box& box, std::size_t bytes);

  // Whole messages.
  template <typename Message>
  void put(Box& box, const Message& message);
  void put(Box& box, const core::ToGuideWorker& request);
  void put(Box& box, const core::GuideBeat& beat);
  void put(Box& box, const core::ToGuideClient& reply);

  void send(Box& box, std::span<const std::string_view> frames);

  FrameSink& sink_;
  std::unordered_map<Peer, Box> boxes_;
  std::array<Box*, 2> last_used_{};  // of each side
  std::vector<Box*> waiting_;
  std::vector<PeerAt> refused_;
  PackerPool<wire::Confirm> confirms_;
  PackerPool<wire::JobResult> results_;
  PackerPool<wire::TokenRun> settled_;
  PackerPool<wire::RunItem> runs_;
  std::string scratch_;
};

}  // namespace zcrew::router
