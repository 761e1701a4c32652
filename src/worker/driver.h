// Joins a session to its socket, its executor and the clock: what arrived goes in, what the session
// wants done is done. One turn at a time, in whichever thread has a reason for it; the caller keeps
// others out meanwhile.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/socket.h"
#include "net/watch.h"
#include "worker/executor.h"
#include "worker/session.h"

namespace zcrew::worker {

class Driver {
 public:
  // Each socket joins `first`, then `second`. The executor is not used
  // before the first turn().
  Driver(SessionOptions options, Executor& executor, net::Watch& first, net::Watch& second);
  // One turn. True if there is more to do now; false: not before next_deadline(), or until the
  // socket is readable, or the executor has made progress.
  bool turn();
  [[nodiscard]] Instant next_deadline() const { return session_.deadline(); }

  // Says why nobody answers, if a turn found that and has more to do because of it. Asks the name
  // service, which may take seconds.
  void explain();

  // As Session's, with the linger time from now on.
  void drain(Duration linger);

  [[nodiscard]] bool stopped() const { return session_.stopped(); }
  [[nodiscard]] std::size_t unsettled() const { return session_.unsettled(); }

  // Something is to be told to people, or to be explained to them.
  [[nodiscard]] bool has_news() const { return !news_.empty() || unreachable_; }
  std::vector<WorkerEvent> take_news();

 private:
  bool read_socket();
  bool read_message(Instant now);
  void read_executor();
  void carry_out();
  bool send_frames();
  void direct_executor();
  void take_back(std::span<HeldJob* const> jobs);
  void open();

  const std::string endpoint_;
  Executor& executor_;
  net::Watch& first_;
  net::Watch& second_;
  net::Context context_;
  Session session_;
  Effects effects_;
  std::vector<HeldJob*> finished_;
  std::vector<WorkerEvent> news_;
  std::optional<net::DealerSocket> socket_;
  bool again_ = false;  // this turn made work for the next
  bool tell_unreachable_ = true;
  bool unreachable_ = false;  // and it is to be told
};

}  // namespace zcrew::worker
