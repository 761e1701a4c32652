// Fuzzes the whole core: the input says what several peers send, when time passes, what reaches the
// disk and when the router is killed. After every step the world checks the core's invariants.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/world.h"
#include "wire_fuzz.h"

namespace zcrew {
namespace {

using scenarios::PeerKind;

constexpr int steps_max = 300;
constexpr Sequence sequence_block = Sequence{1} << 20U;  // by which a restart jumps

// The input, byte by byte; zeros behind its end.
class Input {
 public:
  explicit Input(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  unsigned byte() {
    const unsigned value = bytes_.empty() ? 0 : static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(bytes_.empty() ? 0 : 1);
    return value;
  }
  unsigned below(unsigned limit) { return byte() % limit; }
  std::string_view take(std::size_t size) {
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view bytes_;
};

core::Config small_config() {
  core::Config config;
  config.ready_bytes = 4096;  // so that a backlog of a few jobs leaves memory
  config.window_jobs = 16;
  config.prefetch_max = 4;
  return config;
}

class Peers {
 public:
  explicit Peers(Input& input) : input_(input), world_(options()) {}

  void run() {
    for (int i = 0; i < steps_max && !input_.empty(); ++i) step();
    // Whatever happened, a router that starts now works.
    if (world_.committing()) world_.finish_batch();
    restart();
    world_.commit();
    world_.pass(world_.now() + std::chrono::seconds{60}, {});
  }

 private:
  static scenarios::WorldOptions options() {
    scenarios::WorldOptions options;
    options.core = small_config();
    return options;
  }

  void step() {
    switch (input_.below(16)) {
      case 0:
        return raw();
      case 1:
        return client(wire::ClientHello{1, uuid("c"), 1 + input_.below(4), "c"});
      case 2:
      case 3:
        return submit();
      case 4:
        return client_small();
      case 5:
      case 6:
        return worker_hello();
      case 7:
      case 8:
        return outcome();
      case 9:
        return worker_small();
      case 10:
        return guide();
      case 11:
        return step(core::PeerGone{peer(input_.below(2) == 0 ? "c" : "w")});
      case 12:
        return pass();
      case 13:
        return disk();
      case 14:
        return command();
      default:
        return fault();
    }
  }

  void step(const core::Event& event) {
    world_.step(event);
    world_.take_output();
  }

  // ---- who speaks ----

  std::string name(const char* letter) { return letter + std::to_string(input_.below(4)); }

  // The present connection of one of four, or a new one.
  Peer peer(const std::string& letter) {
    const unsigned choice = input_.byte();
    const std::string program = letter + std::to_string(choice % 4);
    auto [at, is_new] = peers_.try_emplace(program);
    if (is_new || choice / 4 % 8 == 0) {
      at->second = world_.names().connect(program, letter == "c"   ? PeerKind::client
                                                   : letter == "w" ? PeerKind::worker
                                                                   : PeerKind::guide_client);
    }
    return at->second;
  }

  Uuid uuid(const char* letter) { return world_.names().uuid(name(letter)); }

  void client(wire::FrontendMessage message) {
    step(core::FromClient{peer("c"), std::move(message)});
  }
  void worker(wire::BackendMessage message) {
    step(core::FromWorker{peer("w"), std::move(message)});
  }

  // ---- what is said ----

  JobId job() {
    const unsigned number = input_.byte();
    return {1 + number % 3, static_cast<Priority>(4 + number / 3 % 2),
            1 + input_.below(12) + number / 6 % 3 * sequence_block};
  }
  Token token() {
    const JobId id = job();
    const unsigned number = input_.byte();
    return {id, 1 + number % 3, 1 + number / 3 % 3};
  }
  std::string_view queue() {
    static constexpr std::array<std::string_view, 4> names{"default", "a", "b", "no such"};
    return names.at(input_.below(8) % 4);
  }
  std::string_view payload() { return std::string_view(padding_).substr(0, input_.byte() * 20); }

  void submit() {
    wire::Submit submit;
    submit.batch = 1 + input_.below(6);
    submit.floor = 1;
    wire::SubmitGroup group;
    group.options.queue = queue();
    group.options.priority = static_cast<Priority>(4 + input_.below(2));
    group.options.delay_ms = input_.below(3) * 700U;
    group.options.attempts = input_.below(3);
    group.options.backoff_ms = input_.below(2);
    group.options.expires_ms = input_.below(4) == 0 ? 1500 : 0;
    group.options.result = static_cast<wire::ResultMode>(input_.below(3));
    const unsigned count = 1 + input_.below(5);
    for (unsigned i = 0; i < count; ++i) group.items.push_back({i, payload(), ""});
    submit.groups.push_back(std::move(group));
    client(std::move(submit));
  }

  void client_small() {
    switch (input_.below(4)) {
      case 0:
        return client(wire::Ask{{job(), job()}});
      case 1:
        return client(wire::Acknowledge{{job()}});
      case 2:
        return client(wire::Heartbeat{input_.byte() * 100000ULL});
      default:
        return client(wire::Bye{});
    }
  }

  void worker_hello() {
    wire::WorkerHello hello;
    hello.instance = uuid("w");
    hello.name = "w";
    hello.weight = input_.below(4);
    hello.concurrency = input_.below(4);
    hello.recalls = hello.concurrency != 3;
    const unsigned queues = 1 + input_.below(2);
    for (unsigned i = 0; i < queues; ++i) hello.queues.push_back(queue());
    for (unsigned i = input_.below(4); i > 0; --i) hello.held.push_back(token());
    for (unsigned i = input_.below(4); i > 0; --i) hello.finished.push_back(token());
    worker(std::move(hello));
  }

  void outcome() {
    wire::OutcomeMessage outcome;
    const unsigned count = 1 + input_.below(2);
    for (unsigned i = 0; i < count; ++i) {
      const Token of = token();
      outcome.entries.push_back({of, static_cast<wire::Outcome>(input_.below(4)),
                                 input_.byte() * 100ULL, input_.byte() * 100ULL, 0, payload()});
    }
    worker(std::move(outcome));
  }

  void worker_small() {
    switch (input_.below(3)) {
      case 0:
        return worker(wire::Heartbeat{input_.byte() * 100000ULL});
      case 1:
        return worker(wire::Drain{});
      default:
        return worker(wire::Bye{});
    }
  }

  void guide() {
    const auto spelling =
        input_.below(2) == 0 ? wire::GuideSpelling::byte : wire::GuideSpelling::word;
    switch (input_.below(4)) {
      case 0:
        return worker(wire::GuideReady{spelling});
      case 1:
        return worker(wire::GuideHeartbeat{spelling});
      case 2:
        return worker(wire::GuideReply{token(), payload()});
      default:
        return client(wire::GuideRequest{payload()});
    }
  }

  // Bytes as they would come from a socket.
  void raw() {
    const bool frontend = input_.below(2) == 0;
    const auto frames = wire::split_frames(input_.take(input_.byte()));
    if (frontend) {
      auto decoded = wire::decode_frontend(frames);
      if (!decoded) {
        return step(core::Malformed{peer("c"), core::Side::frontend, decoded.error()});
      }
      if (std::holds_alternative<wire::Admin>(*decoded)) return;  // the shell's, not the core's
      return client(std::move(*decoded));
    }
    auto decoded = wire::decode_backend(frames);
    if (!decoded) return step(core::Malformed{peer("w"), core::Side::backend, decoded.error()});
    worker(std::move(*decoded));
  }

  // ---- time, disk, faults ----

  void pass() {
    std::vector<std::string> beating;
    const unsigned who = input_.byte();
    for (unsigned i = 0; i < 4; ++i) {
      const std::string program = "w" + std::to_string(i);
      if ((who >> i & 1U) != 0 && peers_.count(program) != 0) beating.push_back(program);
    }
    world_.pass(world_.now() + Milliseconds{input_.byte() * 20}, beating);
    world_.take_output();
  }

  void disk() {
    switch (input_.below(3)) {
      case 0:
        if (world_.committing()) world_.finish_batch();
        world_.commit();
        break;
      case 1:
        if (!world_.committing()) world_.take_batch();
        break;
      default:
        if (world_.committing()) world_.finish_batch();
    }
    world_.take_output();
  }

  void command() {
    const core::CommandRequest request{input_.byte()};
    switch (input_.below(4)) {
      case 0:
        return step(core::Command{request, core::SetWeight{"w", input_.below(4)}});
      case 1:
        return step(core::Command{
            request,
            core::SetPolicy{std::string(queue()), static_cast<core::Policy>(input_.below(5))}});
      case 2:
        return step(core::Command{request, core::RedriveDead{{job()}}});
      default:
        return step(core::Command{request, core::RemoveDead{{job()}}});
    }
  }

  void fault() {
    switch (input_.below(4)) {
      case 0:
        return step(core::Stalled{Milliseconds{input_.byte() * 100}});
      case 1:
        return step(core::Space{input_.byte() * 1000ULL});
      default:
        return restart();
    }
  }

  void restart() {
    world_.crash();
    peers_.clear();
    world_.restart();
    world_.take_output();
  }

  Input& input_;
  scenarios::World world_;
  std::map<std::string, Peer> peers_;
  const std::string padding_ = std::string(255 * 20, 'x');
};

}  // namespace
}  // namespace zcrew

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zcrew::Input input(zcrew::wire::as_text(data, size));
  zcrew::Peers(input).run();
  return 0;
}
