// What an endpoint's text may look like, checked before libzmq sees it so that a person gets a
// sentence instead of "Invalid argument". Pure, apart from name_problem(), which asks the resolver.
//
//   tcp://HOST:PORT   HOST a name, an IPv4 address or an [IPv6 address]; to listen also "*"
//   ipc://PATH        inproc://NAME
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zcrew::net {

enum class EndpointUse : std::uint8_t { listen, connect };

// One line with cause and cure; nullopt if the text is an endpoint.
std::optional<std::string> endpoint_problem(std::string_view endpoint, EndpointUse use);

// Why the host in a well-formed endpoint has no address at the moment; nullopt if it has one. May
// block for as long as the system's resolver does, so only for the moment nothing works anyway.
std::optional<std::string> name_problem(std::string_view endpoint);

}  // namespace zcrew::net
