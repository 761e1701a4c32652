#include "fake_router.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "frames.h"
#include "wire/decode.h"

namespace zcrew::client {
namespace {

constexpr std::chrono::seconds deadline{10};

}  // namespace

FakeRouter::FakeRouter(Habits habits, const std::string& endpoint) : habits_(std::move(habits)) {
  std::promise<std::string> bound;
  thread_ = std::thread([&] {
    serve([&](const std::string& where) { bound.set_value(where); }, std::string(endpoint));
  });
  endpoint_ = bound.get_future().get();
}

FakeRouter::~FakeRouter() {
  stopping_ = true;
  wakeup_.signal();
  thread_.join();
}

void FakeRouter::serve(const std::function<void(const std::string&)>& tell_endpoint,
                       const std::string& endpoint) {
  net::RouterSocket socket(context_, {endpoint, 0});
  socket_ = &socket;
  tell_endpoint(socket.endpoint());
  while (!stopping_) {
    net::Received received;
    while (!stopping_ && socket.receive(received)) {
      const Peer peer = received.peer;
      const auto message = wire::decode_frontend(received.frames);
      if (!message) {
        note("MALFORMED");
        continue;
      }
      std::visit([&](const auto& each) { on(peer, each); }, *message);
    }
    std::vector<Peer> suspects;
    socket.take_suspects(suspects);
    void* const sockets[] = {socket.raw(), socket.raw_monitor()};
    const int descriptor = wakeup_.fd();
    net::poll(sockets, {&descriptor, 1}, std::chrono::seconds{1});
  }
}

void FakeRouter::set(const Habits& habits) {
  const std::lock_guard lock(mutex_);
  habits_ = habits;
}

Habits FakeRouter::habits() const {
  const std::lock_guard lock(mutex_);
  return habits_;
}

void FakeRouter::note(const std::string& word) {
  const std::lock_guard lock(mutex_);
  words_.push_back(word);
  changed_.notify_all();
}

bool FakeRouter::heard(const std::string& word, int times) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline,
                           [&] { return std::count(words_.begin(), words_.end(), word) >= times; });
}

std::vector<std::string> FakeRouter::jobs() const {
  const std::lock_guard lock(mutex_);
  return jobs_;
}

void FakeRouter::send(Peer peer, std::string_view frame) {
  // A client that left meanwhile is no one's concern here.
  static_cast<void>(socket_->send(peer, {&frame, 1}));
}

void FakeRouter::on(Peer peer, const wire::ClientHello& hello) {
  note("HELLO");
  const Habits now = habits();
  if (!now.refuses_version.empty()) {
    send(peer, frame_of(wire::Error{wire::ErrorCode::version_unsupported, now.refuses_version}));
  } else if (now.welcomes) {
    send(peer, frame_of(wire::ClientWelcome{1, 3, 200, 5, hello.floor - 1, now.window_jobs,
                                            std::uint64_t{16} << 20U, 1U << 20U}));
  }
}

void FakeRouter::on(Peer peer, const wire::Submit& submit) {
  const Habits now = habits();
  wire::Packer<wire::Confirm> confirms;
  wire::Packer<wire::JobResult> results;
  for (const wire::SubmitGroup& group : submit.groups) {
    for (const wire::SubmitItem& item : group.items) {
      const JobId id{1, 5, sequence_++};
      {
        const std::lock_guard lock(mutex_);
        jobs_.emplace_back(item.payload);
      }
      if (now.gives_results && group.options.result == wire::ResultMode::caller) {
        results.add({submit.batch, item.index, id, wire::End::done, 1, "w", "", item.payload});
      } else if (now.confirms) {
        confirms.add({submit.batch, item.index, 1, id});
      }
    }
  }
  if (!confirms.empty()) send(peer, confirms.finish());
  if (!results.empty()) send(peer, results.finish());
  note("SUBMIT");
}

void FakeRouter::on(Peer peer, const wire::Admin& admin) {
  if (habits().answers) {
    const std::string body = "\"" + std::string(admin.verb) + "\"";
    send(peer, frame_of(wire::AdminReply{admin.request, wire::ErrorCode::none, body}));
  }
  note("ADMIN");
}

void FakeRouter::on(Peer peer, const wire::Heartbeat&) {
  send(peer, frame_of(wire::Heartbeat{}));
  note("BEAT");
}

std::string free_endpoint() {
  net::Context context;
  const net::RouterSocket socket(context, {"tcp://127.0.0.1:*", 0});
  return socket.endpoint();
}

}  // namespace zcrew::client
