// Talks to systemd, where it started the router (Type=notify, WatchdogSec=); does nothing
// elsewhere. Loop thread only.
#pragma once

#include <string>

#include "base/time.h"

namespace zcrew::router {

class Systemd {
 public:
  Systemd();

  void ready(const std::string& status);
  void stopping(const std::string& status);

  // Shows that the loop turns, twice in every watchdog interval. Call every turn.
  void beat(Instant now);

 private:
  Duration beat_every_{};  // zero: no watchdog
  Instant next_beat_{};
};

}  // namespace zcrew::router
