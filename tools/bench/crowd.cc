// Bare sockets instead of the library's workers, whose threads would be the load: a member says
// HELLO, then a heartbeat a second, and takes no job.
// tidy: allow(foreign) thousands of sockets in one thread
#include <zmq.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "bench/players.h"
#include "bench/stamp.h"
#include "net/entropy.h"
#include "wire/encode.h"
#include "zcrew/error.h"

namespace zcrew::tool::bench {

namespace {

// A member is heard once in so many rounds: together they take a second.
constexpr unsigned rounds = 10;
constexpr std::uint64_t round_ns = 100000000;

std::string hello_of(unsigned number) {
  const std::string name = "bench-idle-" + std::to_string(number);
  wire::WorkerHello hello;
  hello.instance = net::random_uuid();
  hello.name = name;
  hello.queues = {"bench-idle"};
  std::string frame;
  wire::encode(hello, frame);
  return frame;
}

void say(void* socket, const std::string& frame) {
  zmq_send(socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
}

void* join(void* context, const std::string& endpoint, unsigned number) {
  void* socket = zmq_socket(context, ZMQ_DEALER);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  if (zmq_connect(socket, endpoint.c_str()) != 0) {
    throw Error("no descriptor left for an idle worker: raise the limit (ulimit -n)",
                exit_code::io_error);
  }
  say(socket, hello_of(number));
  return socket;
}

// True if anything had come.
bool drain(void* socket) {
  std::array<char, 256> rest{};
  bool any = false;
  while (zmq_recv(socket, rest.data(), rest.size(), ZMQ_DONTWAIT) >= 0) any = true;
  return any;
}

}  // namespace

void play_crowd(Board& board, unsigned first, unsigned count, const std::string& endpoint) {
  void* context = zmq_ctx_new();
  zmq_ctx_set(context, ZMQ_MAX_SOCKETS, static_cast<int>(count) + 1);
  std::vector<void*> sockets;
  for (unsigned i = 0; i < count; ++i) sockets.push_back(join(context, endpoint, first + i));
  std::vector<bool> welcomed(count);
  std::string heartbeat;
  wire::encode(wire::Heartbeat{}, heartbeat);
  for (unsigned round = 0; board.stage.load() < Stage::over; ++round) {
    for (unsigned i = 0; i < count; ++i) {
      const bool has_its_turn = i % rounds == round % rounds;
      // To look at a socket costs three system calls; what the router says may wait.
      if ((has_its_turn || !welcomed[i]) && drain(sockets[i]) && !welcomed[i]) {
        welcomed[i] = true;
        ++board.idle_here;
      }
      if (has_its_turn) say(sockets[i], heartbeat);
    }
    sleep_until(now_ns() + round_ns);
  }
}

}  // namespace zcrew::tool::bench
