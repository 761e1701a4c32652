#include "client/session.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace zcrew::client {
namespace {

constexpr Room default_window{16384, std::uint64_t{16} << 20U};
// A message above this is announced, so that the other side waits for it.
constexpr std::uint64_t announced_bytes = std::uint64_t{1} << 20U;

}  // namespace

Session::Session(SessionConfig config, Instant now)
    : config_(std::move(config)),
      prng_(config_.seed),
      link_(prng_.next(), now),
      window_(default_window) {}

Ticket Session::submit(std::string&& payload, Effects& effects) {
  const bool is_too_large = payload.size() > payload_bytes_max_;
  const Ticket ticket = ledger_.add(std::move(payload));
  if (const auto& fault = ledger_.options().fault()) {
    effects.events.emplace_back(RefusedJob{ticket, static_cast<int>(fault->code), fault->text});
    ledger_.settle_last();
  } else if (is_too_large) {
    effects.events.emplace_back(too_large(ticket));
    ledger_.settle_last();
  }
  return ticket;
}

RefusedJob Session::too_large(Ticket ticket) const {
  return {
      ticket, static_cast<int>(wire::ErrorCode::payload_too_large),
      "the payload is larger than the " + std::to_string(payload_bytes_max_) +
          " bytes the router takes: send less, or raise its --max-payload, and --journal-max, an "
          "eighth of which bounds it"};
}

void Session::ask(std::uint64_t request, std::string verb, std::string arguments) {
  ZCREW_CHECK(request != bye_probe);
  requests_.push_back({request, std::move(verb), std::move(arguments), false});
}

void Session::withdraw(std::uint64_t request) {
  std::erase_if(requests_, [&](const Request& each) { return each.number == request; });
}

void Session::connected(Instant now) {
  if (link_.state() == Link::State::connecting) link_.connected(now);
}

void Session::unreachable(std::string_view why, Effects& effects) {
  if (expects_cause()) report_down(std::string(why), effects);
}

void Session::disconnected(std::string_view why, Instant now, Effects& effects) {
  if (link_.state() == Link::State::waiting) return;
  report_down(std::string(why), effects);
  drop_link(now, effects);
}

// Once per loss, and whenever there is something new to say before the router is back.
void Session::report_down(std::string text, Effects& effects) {
  if (leaving_ || (told_down_ && text == down_text_)) return;
  told_down_ = true;
  down_text_ = text;
  effects.events.emplace_back(LinkDown{std::move(text)});
}

void Session::drop_link(Instant now, Effects& effects) {
  link_.lost(now);
  forget_connection(effects);
}

void Session::forget_connection(Effects& effects) {
  effects.close = true;
  told_up_ = false;
  ledger_.rewind_all();
  refusals_to_skip_ = 0;
  std::erase_if(requests_, [&](const Request& each) {
    if (each.sent) effects.answers.push_back({each.number, false, wire::ErrorCode::none, ""});
    return each.sent;
  });
}

void Session::turn(Instant now, Effects& effects) {
  judge(now, effects);
  if (leaving_) {
    if (link_.is_connected()) send_goodbye(effects);
  } else {
    if (link_.is_connected()) send_requests(effects);
    if (link_.is_up()) {
      send_jobs(acknowledgements_, false, effects);
      send_jobs(asks_, true, effects);
      send_batches(now, effects);
    }
  }
  const Ledger::Settled settled = ledger_.take_settled();
  effects.settled_jobs += settled.jobs;
  effects.settled_bytes += settled.bytes;
}

void Session::judge(Instant now, Effects& effects) {
  for (Link::Due due = link_.due(now); due != Link::Due::nothing; due = link_.due(now)) {
    switch (due) {
      case Link::Due::nothing:
        break;
      case Link::Due::open:
        if (leaving_) return;
        effects.open = true;
        link_.opened();
        break;
      case Link::Due::notice:
        unreachable("there is no answer so far", effects);
        break;
      case Link::Due::hello:
        told_floor_ = ledger_.floor();
        effects.sends.emplace_back(
            wire::ClientHello{wire::protocol_version, config_.uuid, told_floor_, config_.name});
        link_.hello_sent(now);
        break;
      case Link::Due::beat:
        effects.sends.emplace_back(wire::Heartbeat{});
        link_.beat_sent(now);
        break;
      case Link::Due::silent:
        report_down("it is silent", effects);
        drop_link(now, effects);
        break;
    }
  }
  if (now >= answer_deadline()) {
    answer_patience_ = std::min(2 * answer_patience_, answer_patience_max);
    progress_at_ = now;
    resynchronise("a batch stays unanswered", now, effects);
    judge(now, effects);
  }
}

Instant Session::answer_deadline() const {
  const Room in_flight = ledger_.in_flight();
  if (!link_.is_up() || in_flight.jobs == 0) return Instant::max();
  return progress_at_ + answer_patience_ + Link::travel_time(in_flight.bytes);
}

Instant Session::next_deadline() const {
  Instant next = std::min(link_.next_deadline(), answer_deadline());
  if (hold_until_ && link_.is_up()) next = std::min(next, *hold_until_);
  return next;
}

void Session::send_requests(Effects& effects) {
  for (Request& each : requests_) {
    if (each.sent) continue;
    each.sent = true;
    effects.sends.emplace_back(wire::Admin{each.number, each.verb, each.arguments});
  }
}

void Session::send_goodbye(Effects& effects) {
  if (bye_sent_) return;
  if (link_.is_up()) send_jobs(acknowledgements_, false, effects);
  effects.sends.emplace_back(wire::Bye{});
  effects.sends.emplace_back(wire::Admin{bye_probe, "version", "{}"});
  bye_sent_ = true;
}

void Session::send_jobs(std::vector<JobId>& jobs, bool asking, Effects& effects) {
  for (std::size_t sent = 0; sent < jobs.size();) {
    const auto count = std::min<std::size_t>(jobs.size() - sent, limits::entries_per_message_max);
    const auto begin = jobs.begin() + static_cast<std::ptrdiff_t>(sent);
    std::vector<JobId> part(begin, begin + static_cast<std::ptrdiff_t>(count));
    if (asking) {
      effects.sends.emplace_back(wire::Ask{std::move(part)});
    } else {
      effects.sends.emplace_back(wire::Acknowledge{std::move(part)});
    }
    sent += count;
  }
  jobs.clear();
}

Room Session::room() const {
  const Room used = ledger_.in_flight();
  const std::uint64_t jobs = std::min(window_.jobs, allowance_);
  return {jobs - std::min(jobs, used.jobs), window_.bytes - std::min(window_.bytes, used.bytes)};
}

void Session::send_batches(Instant now, Effects& effects) {
  if (hold_until_ && now < *hold_until_) return;
  hold_until_.reset();
  for (;;) {
    const Room left = room();
    const bool idle = ledger_.in_flight().jobs == 0;
    if (left.jobs == 0 && !idle) return;
    auto number = ledger_.to_send();
    if (!number && ledger_.pack(left)) number = ledger_.to_send();
    if (!number) return;
    const Batch& batch = *ledger_.find(*number);
    // A batch larger than the whole window goes alone: the router has the last word on it.
    if (!idle && (batch.open > left.jobs || batch.open_bytes > left.bytes)) return;
    if (batch.open_bytes > announced_bytes) {
      effects.sends.emplace_back(wire::Heartbeat{batch.open_bytes});
      link_.expect_delay(now, batch.open_bytes);
    }
    wire::Submit submit;
    ledger_.write(*number, payload_bytes_max_, submit);
    effects.sends.emplace_back(std::move(submit));
    if (idle) progress_at_ = now;
    ledger_.sent(*number, ++serial_);
  }
}

}  // namespace zcrew::client
