#include "admin.h"

#include <fmt/format.h>

#include "output.h"

namespace zcrew::tool {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds for_ever = std::chrono::hours{24 * 365};

milliseconds patience_of(const RouterLink& link) {
  return link.timeout == milliseconds{0} ? for_ever : link.timeout;
}

// Not there yet is worth a line only when the router is slower than any that runs.
constexpr milliseconds quiet_for{500};

bool is_question(const std::string& verb) {
  return verb == "status" || verb == "queues" || verb == "workers" || verb == "dead_list" ||
         verb == "dead_show";
}

}  // namespace

std::string unreachable_text(const std::string& endpoint, const std::string& why) {
  return fmt::format(
      "no router answers at {}{}{}. Start one with `zcrew router`, or name another with --router",
      endpoint, why.empty() ? "" : ": ", why);
}

std::string trying_text(const RouterLink& link, const std::string& why) {
  const bool endless = link.timeout == milliseconds{0};
  return fmt::format("{}. Trying {}", unreachable_text(link.endpoint, why),
                     endless ? "until it is there" : "for " + duration_text(link.timeout));
}

std::string gave_up_text(const RouterLink& link, const std::optional<std::string>& why) {
  const std::string what =
      why ? unreachable_text(link.endpoint, *why) : "no router at " + link.endpoint;
  return fmt::format("gave up after {}: {}", duration_text(link.timeout), what);
}

Admin::Admin(const RouterLink& link)
    : link_(link), client_(ClientOptions{.router = link.endpoint, .name = {}}) {}

void Admin::wait_for_router() {
  const auto start = steady_clock::now();
  std::string why;
  bool said = false;
  while (!up_) {
    if (const auto event = client_.next(milliseconds{100})) {
      up_ = std::holds_alternative<LinkUp>(*event);
      if (const auto* down = std::get_if<LinkDown>(&*event)) why = down->why;
    }
    const auto waited = std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
    if (!up_ && waited >= patience_of(link_)) {
      throw Error(gave_up_text(link_, said ? std::nullopt : std::optional(why)),
                  exit_code::unreachable);
    }
    if (!up_ && !said && (!why.empty() || waited >= quiet_for)) {
      complain(trying_text(link_, why));
      said = true;
    }
  }
}

std::string Admin::ask_text(const std::string& verb, const Json& arguments) {
  wait_for_router();
  const auto deadline = steady_clock::now() + patience_of(link_);
  auto reply = client_.ask(verb, arguments.dump(), patience_of(link_));
  // It came back early: the connection broke. Looking again is free, changing again is not.
  while (!reply && steady_clock::now() < deadline) {
    if (!is_question(verb)) {
      throw Error(fmt::format("the connection to {} broke before the answer to `{}`: it may have "
                              "been carried out or not. Look, and repeat it if not.",
                              link_.endpoint, verb),
                  exit_code::unreachable);
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    reply = client_.ask(verb, arguments.dump(), left);
  }
  if (!reply) {
    throw Error(fmt::format("the router at {} did not answer `{}` within {}. Look at its log, or "
                            "give it longer with --timeout.",
                            link_.endpoint, verb, duration_text(link_.timeout)),
                exit_code::unreachable);
  }
  if (reply->code != 0) throw Error("the router says: " + reply->body, exit_code::refused);
  return reply->body;
}

Json Admin::ask(const std::string& verb, const Json& arguments) {
  const std::string text = ask_text(verb, arguments);
  Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) {
    throw Error(fmt::format("the router's answer to `{}` is not a JSON object. Use a zcrew of the "
                            "router's version.",
                            verb),
                exit_code::refused);
  }
  return document;
}

}  // namespace zcrew::tool
