// Joins a session to its socket, its users and the clock: what arrived goes in, what the session
// wants done is done. One turn at a time, in whichever thread has a reason for it; the caller keeps
// others out meanwhile.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "client/inbox.h"
#include "client/mailbox.h"
#include "client/session.h"
#include "net/socket.h"
#include "net/watch.h"

namespace zcrew::client {

class Driver {
 public:
  // Each socket joins `first`, then `second`.
  Driver(const ClientOptions& options, Inbox& inbox, Mailbox& mailbox, net::Watch& first,
         net::Watch& second);
  // One turn. True if there is more to do now; false: not before next_deadline(), or until the
  // socket is readable, or somebody puts something into the inbox.
  bool turn();

  [[nodiscard]] Instant next_deadline() const;

  // Says why nobody answers, if a turn found that and has more to do because of it. Asks the name
  // service, which may take seconds: not in a user's thread.
  void explain();

  // The inbox was closed, and the router knows or had the time to.
  [[nodiscard]] bool over() const;

 private:
  bool read_socket();
  bool read_message(Instant now);
  void read_inbox();
  void carry_out();
  bool send_messages();
  void open(std::string& broken);
  [[nodiscard]] bool has_more(bool unread_before);

  const std::string endpoint_;
  Inbox& inbox_;
  Mailbox& mailbox_;
  net::Watch& first_;
  net::Watch& second_;
  net::Context context_;
  Session session_;
  Effects effects_;
  Inbox::Contents taken_;
  std::optional<net::DealerSocket> socket_;
  std::string frame_;
  Ticket last_ticket_ = 0;
  Room window_;               // as the inbox knows it
  bool again_ = false;        // this turn made work for the next
  bool unreachable_ = false;  // and the user is to know why
  std::optional<Instant> closing_until_;
};

}  // namespace zcrew::client
