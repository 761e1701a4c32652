// Who could reach an endpoint the router is told to listen on: a plain (unencrypted) socket is
// offered to this machine only, unless a person says otherwise. Pure.
#pragma once

#include <string>
#include <string_view>

namespace zcrew::router {

// Only programs of this machine can reach it: a loopback address, ipc or inproc.
bool is_local(std::string_view endpoint);

// Throws Error (78) with cause and cure if the text is no endpoint, or if other machines could
// reach it and `insecure` does not allow that.
void check_exposure(const std::string& endpoint, bool insecure);

}  // namespace zcrew::router
