#include "router/systemd.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace zcrew::router {

Systemd::Systemd() {
  std::uint64_t watchdog_us = 0;
  if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
    beat_every_ = Duration{static_cast<std::int64_t>(watchdog_us / 2)};
  }
}

void Systemd::ready(const std::string& status) {
  sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void Systemd::stopping(const std::string& status) {
  sd_notify(0, ("STOPPING=1\nSTATUS=" + status).c_str());
}

void Systemd::beat(Instant now) {
  if (beat_every_ == Duration::zero() || now < next_beat_) return;
  sd_notify(0, "WATCHDOG=1");
  next_beat_ = now + beat_every_;
}

}  // namespace zcrew::router
