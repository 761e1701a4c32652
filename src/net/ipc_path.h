// What stands at an ipc endpoint's path before it is bound. libzmq removes whatever is there, be it
// the socket of a running program or a file of somebody's.
#pragma once

#include <string>

namespace zcrew::net {

// 0 if the path may be bound: nothing is there, or a socket nobody listens on any more. Else the
// error that bind(2) has for an address in use, EEXIST for something that is no socket, or why
// nobody can tell. 0 for all that is no path: other transports, abstract names, ipc://*.
int ipc_bind_error(const std::string& endpoint);

}  // namespace zcrew::net
