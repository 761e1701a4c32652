#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "raw_peer.h"
#include "waiting.h"
#include "zcrew/error.h"

namespace zcrew::net {
namespace {

// The peers reported, in order of their reports, until there are as many as wanted.
std::vector<Peer> wait_for_suspects(RouterSocket& router, std::size_t count,
                                    Duration longest = patience) {
  std::vector<Peer> all;
  wait_until(
      {router.raw_monitor()},
      [&] {
        std::vector<Peer> suspects;
        router.take_suspects(suspects);
        all.insert(all.end(), suspects.begin(), suspects.end());
        return all.size() >= count;
      },
      longest);
  return all;
}

// A process with one connection that says hello and then does nothing, for ever.
pid_t start_peer_process(int endpoint_pipe) {
  const pid_t child = fork();
  if (child != 0) return child;
  char text[128] = {};
  if (read(endpoint_pipe, text, sizeof text - 1) <= 0) _exit(1);
  Context context;
  DealerSocket dealer(context, text, 0);
  while (dealer.send("hello") != SendStatus::sent) {
    void* const monitor = dealer.raw_monitor();
    poll({&monitor, 1}, {}, Milliseconds{10});
  }
  while (true) pause();
}

std::filesystem::path new_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "zcrew-net-XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  return path;
}

// Why nobody may listen there; empty if one may.
std::string refusal_of(Context& context, const std::string& endpoint) {
  try {
    const RouterSocket socket(context, {endpoint, 0, 1});
    return {};
  } catch (const Error& error) {
    CHECK(error.exit_code() == exit_code::configuration);
    return error.what();
  }
}

}  // namespace

TEST_CASE("ten thousand messages arrive in order and are answered") {
  Context context;
  RouterSocket router(context, any_port());
  constexpr int total = 10000;
  std::thread client([&] {
    DealerSocket dealer(context, router.endpoint(), 0);
    CHECK(wait_for_link(dealer, DealerSocket::Link::connected));
    for (int i = 0; i < total; ++i) CHECK(dealer.send(std::to_string(i)) == SendStatus::sent);
    for (int i = 0; i < total; ++i) {
      std::string_view frame;
      if (!wait_for(dealer, frame)) FAIL("no answer to " << i);
      if (frame != std::to_string(i)) FAIL("answer out of order at " << i);
    }
  });
  int received = 0;
  Peer first{};
  while (received < total) {
    Received message;
    REQUIRE(wait_for(router, message));
    if (received == 0) first = message.peer;
    REQUIRE(message.peer == first);
    REQUIRE(message.frames[0] == std::to_string(received++));
    REQUIRE(send_one(router, message.peer, message.frames[0]) == SendStatus::sent);
  }
  client.join();
}

TEST_CASE("each connection has its own peer") {
  Context context;
  RouterSocket router(context, any_port());
  RawPeer one(router.endpoint(), "DEALER", "");
  RawPeer two(router.endpoint(), "DEALER", "");
  Received message;
  one.send({"one"});
  REQUIRE(wait_for(router, message));
  const Peer first = message.peer;
  two.send({"two"});
  REQUIRE(wait_for(router, message));
  CHECK(message.peer != first);
  CHECK(send_one(router, first, "to one") == SendStatus::sent);
  CHECK(one.receive() == "to one");
}

TEST_CASE("a request of several frames comes whole") {
  Context context;
  RouterSocket router(context, any_port());
  RawPeer client(router.endpoint(), "REQ", "");
  client.send({"", "body"});
  Received message;
  REQUIRE(wait_for(router, message));
  REQUIRE(message.frames.size() == 2);
  CHECK(message.frames[0].empty());
  CHECK(message.frames[1] == "body");
}

TEST_CASE("a message of very many frames is cut, not stored") {
  Context context;
  RouterSocket router(context, any_port());
  RawPeer peer(router.endpoint(), "DEALER", "");
  peer.send({"1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "11", "12",
             "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24",
             "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36"});
  peer.send({"next"});
  Received message;
  REQUIRE(wait_for(router, message));
  CHECK(message.frames.size() == 32);
  REQUIRE(wait_for(router, message));
  REQUIRE(message.frames.size() == 1);
  CHECK(message.frames[0] == "next");
}

TEST_CASE("a peer that closed is suspected, a send to it answers gone, and it can be forgotten") {
  Context context;
  RouterSocket router(context, any_port());
  auto peer = std::make_unique<RawPeer>(router.endpoint(), "DEALER", "");
  peer->send({"hello"});
  Received message;
  REQUIRE(wait_for(router, message));
  const Peer name = message.peer;
  peer.reset();
  CHECK(wait_for_suspects(router, 1, Milliseconds{500}) == std::vector<Peer>{name});
  CHECK(send_one(router, name, "anyone?") == SendStatus::gone);
  router.forget(name);
  CHECK(send_one(router, name, "anyone?") == SendStatus::gone);
}

TEST_CASE("a process that is killed is suspected within 100 ms") {
  // The quickest of several: a machine that has more to do lets the killed process wait for its
  // end.
  Duration quickest = Duration::max();
  for (int kills = 0; kills < 5 && quickest >= Milliseconds{100}; ++kills) {
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = start_peer_process(pipe_ends[0]);
    Context context;
    RouterSocket router(context, any_port());
    const std::string& endpoint = router.endpoint();
    REQUIRE(write(pipe_ends[1], endpoint.data(), endpoint.size()) > 0);
    Received message;
    REQUIRE(wait_for(router, message));
    const Peer name = message.peer;

    kill(child, SIGKILL);
    const Instant killed = read_clocks().mono;
    CHECK(wait_for_suspects(router, 1) == std::vector<Peer>{name});
    CHECK(send_one(router, name, "anyone?") == SendStatus::gone);
    quickest = std::min(quickest, read_clocks().mono - killed);
    waitpid(child, nullptr, 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
  }
  CHECK(quickest < Milliseconds{100});
}

TEST_CASE("last words are read before the end is reported") {
  Context context;
  RouterSocket router(context, any_port());
  auto peer = std::make_unique<RawPeer>(router.endpoint(), "DEALER", "");
  peer->send({"hello"});
  Received message;
  REQUIRE(wait_for(router, message));
  const Peer name = message.peer;
  peer->send({"bye"});
  peer.reset();
  // The report of the end is there, and so is the message: nobody is suspected until it was read.
  REQUIRE(wait_until({router.raw()}, [&] {
    std::vector<Peer> suspects;
    router.take_suspects(suspects);
    CHECK(suspects.empty());
    return router.receive(message);
  }));
  CHECK(message.peer == name);
  CHECK(message.frames[0] == "bye");
  CHECK(wait_for_suspects(router, 1) == std::vector<Peer>{name});
}

TEST_CASE("connections that never said anything are nobody's suspects") {
  Context context;
  RouterSocket router(context, any_port());
  { const RawPeer silent(router.endpoint(), "DEALER", ""); }
  auto speaker = std::make_unique<RawPeer>(router.endpoint(), "DEALER", "");
  speaker->send({"hello"});
  Received message;
  REQUIRE(wait_for(router, message));
  speaker.reset();
  CHECK(wait_for_suspects(router, 1) == std::vector<Peer>{message.peer});
}

TEST_CASE("descriptors are reused without suspecting the living") {
  Context context;
  RouterSocket router(context, any_port());
  Received message;
  std::set<Peer> seen;
  std::unique_ptr<RawPeer> peer;
  for (int round = 0; round < 50; ++round) {
    // The router's side takes the descriptor of the connection before, mostly.
    peer.reset();
    peer = std::make_unique<RawPeer>(router.endpoint(), "DEALER", "");
    peer->send({"hello"});
    REQUIRE(wait_for(router, message));
    std::vector<Peer> suspects;
    router.take_suspects(suspects);
    for (const Peer suspect : suspects) {
      CHECK(suspect != message.peer);
      router.forget(suspect);
    }
    CHECK(send_one(router, message.peer, "alive?") == SendStatus::sent);
    CHECK(seen.insert(message.peer).second);
  }
}

TEST_CASE("a named peer that comes back is a new peer, and its old connection is gone") {
  Context context;
  RouterSocket router(context, any_port());
  auto peer = std::make_unique<RawPeer>(router.endpoint(), "DEALER", "7E81-9A67");
  peer->send({"\x01"});
  Received message;
  REQUIRE(wait_for(router, message));
  const Peer before = message.peer;
  peer.reset();
  REQUIRE(wait_for_suspects(router, 1) == std::vector<Peer>{before});
  router.forget(before);

  // libzmq turns a second owner of a routing id away, and it may take it a moment to let go of the
  // first.
  REQUIRE(wait_until({router.raw()}, [&] {
    peer = std::make_unique<RawPeer>(router.endpoint(), "DEALER", "7E81-9A67");
    peer->send({"\x01"});
    return wait_until(
        {router.raw()}, [&] { return router.receive(message); }, Milliseconds{100});
  }));
  CHECK(message.peer != before);
  CHECK(send_one(router, before, "old?") == SendStatus::gone);
  CHECK(send_one(router, message.peer, "new?") == SendStatus::sent);
  CHECK(peer->receive() == "new?");
}

TEST_CASE("a port in use is an error that says what to do") {
  Context context;
  const RouterSocket first(context, any_port());
  try {
    const RouterSocket second(context, {first.endpoint(), 0});
    FAIL("it was bound twice");
  } catch (const Error& error) {
    CHECK(error.exit_code() == exit_code::configuration);
    CHECK(std::string(error.what()).find(first.endpoint()) != std::string::npos);
    CHECK(std::string(error.what()).find("another") != std::string::npos);
  }
}

TEST_CASE("an address of another machine cannot be listened on") {
  Context context;
  try {
    const RouterSocket router(context, {"tcp://192.0.2.1:*", 0});  // RFC 5737: nobody's
    FAIL("it was bound");
  } catch (const Error& error) {
    CHECK(error.exit_code() == exit_code::configuration);
  }
}

TEST_CASE("a frame above the limit closes the connection, and only that") {
  Context context;
  RouterSocket router(context, any_port(1000));
  RawPeer good(router.endpoint(), "DEALER", "");
  RawPeer bad(router.endpoint(), "DEALER", "");
  bad.send({std::string(1001, 'x')});
  CHECK(bad.wait_for_end());
  good.send({std::string(1000, 'x')});
  Received message;
  REQUIRE(wait_for(router, message));
  CHECK(message.frames[0].size() == 1000);
}

TEST_CASE("an ipc path that somebody listens on stays his") {
  const std::filesystem::path folder = new_folder();
  const std::string endpoint = "ipc://" + (folder / "socket").string();
  Context context;
  {
    RouterSocket first(context, {endpoint, 0, 1});
    CHECK(refusal_of(context, endpoint).find("ss -lxp") != std::string::npos);
    DealerSocket dealer(context, endpoint, 0);
    REQUIRE(wait_for_link(dealer, DealerSocket::Link::connected));
    REQUIRE(dealer.send("still yours") == SendStatus::sent);
    Received message;
    REQUIRE(wait_for(first, message));
    CHECK(message.frames[0] == "still yours");
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("of many that start on one ipc path at the same moment one has it") {
  const std::filesystem::path folder = new_folder();
  constexpr int rounds = 40;
  constexpr int programs = 4;
  for (int round = 0; round < rounds; ++round) {
    const std::string endpoint = "ipc://" + (folder / std::to_string(round)).string();
    std::atomic<int> waiting{programs};
    std::atomic<int> served{0};
    Context context;
    std::vector<std::unique_ptr<RouterSocket>> sockets(programs);
    std::vector<std::thread> threads;
    for (auto& socket : sockets) {
      threads.emplace_back([&] {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        try {
          socket = std::make_unique<RouterSocket>(context, RouterSocketOptions{endpoint, 0, 1});
          ++served;
        } catch (const Error&) {
          return;  // another one has it
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(served == 1);
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("the socket file of a program that was killed is no obstacle") {
  const std::filesystem::path folder = new_folder();
  const std::string endpoint = "ipc://" + (folder / "socket").string();
  const pid_t child = fork();
  if (child == 0) {
    Context context;
    const RouterSocket socket(context, {endpoint, 0, 1});
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  REQUIRE(std::filesystem::is_socket(folder / "socket"));
  Context context;
  CHECK(refusal_of(context, endpoint).empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("a file at an ipc path is not removed") {
  const std::filesystem::path folder = new_folder();
  std::ofstream(folder / "file") << "of somebody";
  Context context;
  const std::string text = refusal_of(context, "ipc://" + (folder / "file").string());
  CHECK(text.find("no socket") != std::string::npos);
  CHECK(std::filesystem::is_regular_file(folder / "file"));
  std::filesystem::remove_all(folder);
}

}  // namespace zcrew::net
