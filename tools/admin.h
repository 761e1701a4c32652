// Asking a router: one verb, one JSON document back.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "command_line.h"
#include "zcrew/client.h"

namespace zcrew::tool {

using Json = nlohmann::ordered_json;

// A connection for as many questions as a command has. Says on stderr, at once, when no router
// answers, and goes on trying until the link's timeout.
class Admin {
 public:
  explicit Admin(const RouterLink& link);

  // The router's document, as it came and parsed. Throws Error: 69 when no router answers, 77 when
  // it says no.
  std::string ask_text(const std::string& verb, const Json& arguments);
  Json ask(const std::string& verb, const Json& arguments);

 private:
  void wait_for_router();

  RouterLink link_;
  Client client_;
  bool up_ = false;
};

// What every command that asks a router has.
struct AdminOptions {
  RouterLink link;
  bool json = false;
};

// "no router answers at …" with cause and cure; the same with how long it is tried; and the end of
// that, with cause and cure only if they were not told before.
std::string unreachable_text(const std::string& endpoint, const std::string& why);
std::string trying_text(const RouterLink& link, const std::string& why);
std::string gave_up_text(const RouterLink& link, const std::optional<std::string>& why);

}  // namespace zcrew::tool
