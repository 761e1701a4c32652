// Keeps connections out while descriptors are short. libzmq 4.3.4 accepts whatever comes, and where
// no descriptor is left its I/O thread tries again without a pause until one is (a busy core).
//
// A shut door drops new SYNs in the kernel (a socket filter on the listening TCP socket), so that
// peers wait and try again by themselves, and turns away those whom the kernel had let in already.
// That takes a descriptor, and the I/O thread may snatch each that becomes free: so there are as
// many spare ones as the kernel lets in (its backlog), and with each of them the queue gets
// shorter. Linux gives out the lowest free descriptor, so one number tells how many are left. Only
// for src/net; the socket's owner calls it. An ipc endpoint has no such door: its directory's
// rights say who may come.
#pragma once

#include <vector>

namespace zcrew::net {

class Door {
 public:
  // `margins` × an eighth of the process's limit of open files (at least 32, at most 1,024) stay
  // free of this door's connections.
  explicit Door(unsigned margins) : margins_(margins) {}
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // What ZMQ_BACKLOG must be for this door, under the present limit of open files.
  [[nodiscard]] static int backlog();

  void hang(int listener);        // the descriptor of a listening socket
  void accepted(int descriptor);  // libzmq took a connection; may shut the door
  void look();                    // opens a shut door again if there is room; call now and then

  [[nodiscard]] bool shut() const { return shut_; }

 private:
  [[nodiscard]] int descriptors_max() const;
  void turn_away();
  void keep_spares();

  unsigned margins_;
  int listener_ = -1;
  std::vector<int> spares_;  // given back one by one while somebody is turned away
  bool shut_ = false;
};

}  // namespace zcrew::net
