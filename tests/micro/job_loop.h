// A router without sockets, threads or a disk, between one producer and some workers that answer at
// once: what a job costs in decoding, the core, the pending batch and packing. The messages are
// real frames. Time stands still but for a microsecond a step, so that every run is the same.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/router.h"
#include "journal/pending_batch.h"
#include "router/outbox.h"
#include "wire/encode.h"
#include "worker/outcome_messages.h"

namespace zcrew::micro {

// Keeps the jobs that were handed out, and drops all other frames.
class Wire : public router::FrameSink {
 public:
  net::SendStatus send(core::Side side, Peer peer,
                       std::span<const std::string_view> frames) override;

  struct Out {
    Peer worker{};
    Token token;
  };
  std::deque<Out> out;
};

struct Shape {
  std::uint32_t workers = 1;
  std::uint32_t pack = 64;         // jobs a SUBMIT
  std::uint32_t in_flight = 4096;  // jobs handed out before the first is answered
  std::uint32_t payload_bytes = 100;
  bool journaled = false;  // a commit takes every job before its outcome comes
};

class JobLoop {
 public:
  explicit JobLoop(const Shape& shape);

  // Submits, hands out, finishes and settles so many jobs.
  void run(std::uint64_t jobs);

  [[nodiscard]] core::Report report() const { return core_.report(); }

 private:
  void join_worker(std::uint32_t index);
  void submit();
  void answer();
  void commit();
  void hear(core::Side side, Peer peer, std::string_view frame);
  void step(const core::Event& event);

  const Shape shape_;
  core::Router core_;
  core::Effects effects_;
  journal::PendingBatch pending_;
  Wire wire_;
  router::Outbox outbox_{wire_};
  Now now_{};
  std::uint64_t batch_ = 0;
  const std::string payload_;
  std::string frame_;
  worker::OutcomeMessages outcomes_;
};

}  // namespace zcrew::micro
