// What producers say and what becomes of it: sessions, batches, results, and the requests of Guide
// clients (design D7, D9, D12, D13). Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/context.h"
#include "core/deferred.h"
#include "core/job_book.h"
#include "core/sessions.h"

namespace zcrew::core {

class ClientDesk {
 public:
  ClientDesk(Context& context, Sessions& sessions, JobBook& book, Deferred& deferred)
      : context_(context), sessions_(sessions), book_(book), deferred_(deferred) {}

  void on(Peer peer, const wire::ClientHello& hello);
  void on(Peer peer, const wire::Submit& submit);
  void on(Peer peer, const wire::Ask& ask);
  void on(Peer peer, const wire::Acknowledge& acknowledge);
  void on(Peer peer, const wire::Heartbeat& heartbeat);
  void on(Peer peer, const wire::Bye& bye);
  void on(Peer peer, const wire::GuideRequest& request);
  void on(Peer peer, const wire::Admin& admin);
  void gone(Peer peer);

  void on_space(std::uint64_t admissible_bytes);
  void on_results(const ResultsLoaded& loaded);
  void on_durable();  // sessions may be welcomed once sequences are reserved
  void say_bye();

  [[nodiscard]] bool full() const { return full_; }
  void begin_step() { texts_.clear(); }  // views into the last step's texts end

 private:
  struct Refusal {
    wire::ErrorCode code = wire::ErrorCode::none;
    std::string text;
    std::uint64_t retry_after_ms = 0;
    std::vector<wire::ItemError> items;
  };
  struct Size {
    std::uint32_t jobs = 0;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] static std::uint64_t cost_of(const Size& size);
  void welcome(ClientSession& session);
  void refuse(Peer peer, const wire::Submit& submit, ClientSession* session,
              const Refusal& refusal);
  [[nodiscard]] static bool is_news(ClientSession* session, const Refusal& refusal);
  [[nodiscard]] Refusal check(const ClientSession& session, const wire::Submit& submit,
                              const Size& size);
  [[nodiscard]] static wire::ErrorCode fault_of(const wire::JobOptions& options);
  [[nodiscard]] Refusal check_items(const wire::Submit& submit) const;
  [[nodiscard]] Refusal check_room(const ClientSession& session, const wire::Submit& submit,
                                   const Size& size);
  void accept(ClientSession& session, const wire::Submit& submit, const Size& size);
  void repeat(ClientSession& session, const wire::Submit& submit, const Size& size);
  [[nodiscard]] JobHeader header_of(const wire::JobOptions& options, const Queue& queue) const;

  struct Asked {
    Uuid session;
    std::uint64_t batch = 0;  // that was resent; 0 = its client asked, and is told of unknown ones
    std::vector<JobId> jobs;
    std::size_t answered = 0;  // of them, or being looked up
  };
  [[nodiscard]] LoadResults next_lookup(Asked asked);
  void looked_up(ClientSession* session, const Asked& asked);

  Context& context_;
  Sessions& sessions_;
  JobBook& book_;
  Deferred& deferred_;
  std::uint64_t admissible_bytes_ = ~std::uint64_t{0};  // as last told, less what came since
  bool full_ = false;
  std::uint64_t refused_cost_ = 0;  // while full: the least that found no room
  struct Early {
    Peer peer{};
    Payload body;
  };
  std::vector<Uuid> unwelcomed_;
  std::vector<Early> early_;  // Guide requests that came before ids were reserved
  std::unordered_map<std::uint64_t, Asked> asked_;  // lookups under way
  struct GuideClient {
    std::vector<JobId> jobs;  // those that wait, and some that waited
    std::size_t prune_at = 16;
  };
  std::unordered_map<Peer, GuideClient> guide_clients_;
  std::deque<std::string> texts_;  // what this step's REFUSED point into
};

}  // namespace zcrew::core
