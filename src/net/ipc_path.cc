#include "net/ipc_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace zcrew::net {
namespace {

// 0 if somebody accepts there.
int connect_error(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return errno;
  const int rc = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = rc == 0 ? 0 : errno;
  close(probe);
  return error;
}

}  // namespace

int ipc_bind_error(const std::string& endpoint) {
  constexpr std::string_view transport = "ipc://";
  if (!endpoint.starts_with(transport)) return 0;
  const std::string path = endpoint.substr(transport.size());
  if (path == "*" || path.starts_with('@')) return 0;
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0)
    return 0;  // bind(2) knows why, unless it is just not there
  if (!S_ISSOCK(status.st_mode)) return EEXIST;
  switch (const int error = connect_error(path)) {
    case ECONNREFUSED:
    case ENOENT:
      return 0;
    case 0:
    case EAGAIN:      // so many wait there already
    case EPROTOTYPE:  // another kind of socket
      return EADDRINUSE;
    default:
      return error;
  }
}

}  // namespace zcrew::net
