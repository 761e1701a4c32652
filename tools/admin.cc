#include "admin.h"

#include <fmt/format.h>

#include <cstdio>

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

}  // namespace

std::string unreachable_text(const std::string& endpoint, const std::string& why) {
  return fmt::format(
      "no router answers at {}{}{}. Start one with `zcrew router`, or name another with --router",
      endpoint, why.empty() ? "" : ": ", why);
}

Admin::Admin(const RouterLink& link)
    : link_(link), client_(ClientOptions{.router = link.endpoint, .name = {}}) {}

void Admin::wait_for_router() {
  const auto start = steady_clock::now();
  std::string why;
  bool said = false;
  while (!up_) {
    const auto event = client_.next(milliseconds{100});
    if (event) {
      if (std::holds_alternative<LinkUp>(*event)) up_ = true;
      if (const auto* down = std::get_if<LinkDown>(&*event)) why = down->why;
    }
    const auto waited = std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
    if (up_) return;
    if (waited >= patience_of(link_)) {
      throw Error(fmt::format("gave up after {}: {}.", duration_text(link_.timeout),
                              unreachable_text(link_.endpoint, why)),
                  exit_code::unreachable);
    }
    if (!said && (!why.empty() || waited >= quiet_for)) {
      std::fputs(
          fmt::format("zcrew: {}. Trying for {}.\n", unreachable_text(link_.endpoint, why),
                      link_.timeout == milliseconds{0} ? "ever" : duration_text(link_.timeout))
              .c_str(),
          stderr);
      said = true;
    }
  }
}

std::string Admin::ask_text(const std::string& verb, const Json& arguments) {
  wait_for_router();
  const auto reply = client_.ask(verb, arguments.dump(), patience_of(link_));
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
