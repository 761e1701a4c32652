#include "net/ipc_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "net/clock.h"
#include "net/socket.h"

namespace zcrew::net {
namespace {

// A look and a bind take microseconds; a lock held for longer is not a start like ours.
constexpr Duration turn_max = std::chrono::seconds{1};
constexpr Duration turn_poll = Milliseconds{1};

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

IpcTurn::IpcTurn(const std::string& endpoint) {
  constexpr std::string_view transport = "ipc://";
  if (!endpoint.starts_with(transport)) return;
  path_ = endpoint.substr(transport.size());
  if (path_ == "*" || path_.starts_with('@')) path_.clear();
  if (path_.empty()) return;
  const std::size_t slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  directory_ = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory_ < 0) return;  // bind(2) knows why
  const Instant latest = read_clocks().mono + turn_max;
  while (flock(directory_, LOCK_EX | LOCK_NB) != 0 && read_clocks().mono < latest) {
    poll({}, {}, turn_poll);
  }
}

IpcTurn::~IpcTurn() {
  if (directory_ >= 0) close(directory_);
}

int IpcTurn::bind_error() const {
  if (path_.empty()) return 0;
  struct stat status {};
  if (lstat(path_.c_str(), &status) != 0)
    return 0;  // bind(2) knows why, unless it is just not there
  if (!S_ISSOCK(status.st_mode)) return EEXIST;
  switch (const int error = connect_error(path_)) {
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
