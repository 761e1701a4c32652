#include "zcrew/router.h"

#include <fmt/core.h>
#include <sys/resource.h>

#include <atomic>
#include <string>
#include <utility>

#include "net/clock.h"
#include "net/entropy.h"
#include "router/loop.h"
#include "router/opening.h"

namespace zcrew {
namespace {

// Every connection takes a descriptor, and libzmq spins when there is none left to accept one.
void raise_open_files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

const RouterOptions& checked(const RouterOptions& options) {
  router::check_options(options);
  return options;
}

}  // namespace

// The order of members is the order of the start: options, journal (and its lock), sockets, core.
class Router::Impl {
 public:
  Impl(const RouterOptions& options, router::LogSink log)
      : options_(checked(options)),
        log_(std::move(log)),
        opened_(router::open_journal(options)),
        sockets_({options.clients, options.workers, router::frame_bytes_max(options)}),
        made_(net::read_clocks()),
        core_(router::core_config(options, net::random_seed()), opened_.recovered, made_) {}

  [[nodiscard]] const std::string& endpoint(core::Side side) const {
    return sockets_.endpoint(side);
  }

  int run() {
    raise_open_files_limit();
    greet();
    router::Loop loop({sockets_, *opened_.journal, core_, stops_}, settings(), log_);
    return loop.run();
  }

  void stop() noexcept {
    stops_.fetch_add(1, std::memory_order_relaxed);
    sockets_.wake();
  }

 private:
  [[nodiscard]] router::LoopSettings settings() const {
    return {options_.journal, options_.heartbeat, options_.drain_limit, made_.mono};
  }

  void greet() {
    const core::Recovered& known = opened_.recovered;
    std::uint64_t jobs = 0;
    for (const auto& queue : known.queues) {
      jobs += queue.counts.ready + queue.counts.held + queue.counts.later;
    }
    log_(LogLevel::info, fmt::format("Epoch {}: {} jobs and {} worker instances are known.",
                                     known.epoch, jobs, known.instances.size()));
    if (const std::string warning = router::small_journal(options_); !warning.empty()) {
      log_(LogLevel::warning, warning);
    }
    if (options_.journal != ":memory:") return;
    log_(LogLevel::warning, "The journal is in memory: every job is lost when this process ends.");
  }

  const RouterOptions options_;
  const router::LogSink log_;
  router::OpenJournal opened_;
  router::Sockets sockets_;
  const Now made_;
  core::Router core_;
  std::atomic<unsigned> stops_{0};
  static_assert(std::atomic<unsigned>::is_always_lock_free, "stop() runs in signal handlers");
};

Router::Router(const RouterOptions& options, std::function<void(LogLevel, const std::string&)> log)
    : impl_(std::make_unique<Impl>(
          options, log ? std::move(log) : [](auto, const auto&) {})) {}
Router::~Router() = default;

std::string Router::frontend() const { return impl_->endpoint(core::Side::frontend); }
std::string Router::backend() const { return impl_->endpoint(core::Side::backend); }
int Router::run() { return impl_->run(); }
void Router::stop() { impl_->stop(); }

}  // namespace zcrew
