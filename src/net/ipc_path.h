// What stands at an ipc endpoint's path before it is bound. libzmq removes whatever is there, be it
// the socket of a running program or a file of somebody's.
#pragma once

#include <string>

namespace zcrew::net {

// From the look at the path to the bind: of programs that start there at the same moment, one has
// its turn after the other, and the second finds the first. Its turn is a lock on the path's
// directory, so no file is left; whoever cannot have it within a second goes on without.
class IpcTurn {
 public:
  explicit IpcTurn(const std::string& endpoint);
  ~IpcTurn();
  IpcTurn(const IpcTurn&) = delete;
  IpcTurn& operator=(const IpcTurn&) = delete;

  // 0 if the path may be bound: nothing is there, or a socket nobody listens on any more. Else the
  // error that bind(2) has for an address in use, EEXIST for something that is no socket, or why
  // nobody can tell. 0 for all that is no path: other transports, abstract names, ipc://*.
  [[nodiscard]] int bind_error() const;

 private:
  std::string path_;    // empty if it is none
  int directory_ = -1;  // locked
};

}  // namespace zcrew::net
