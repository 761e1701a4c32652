// The library as a program meets it: only include/zcrew, linked as zcrew::zcrew. A router, a worker
// and a client in one process; the result has to come back.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <variant>

#include "zcrew/client.h"
#include "zcrew/router.h"
#include "zcrew/worker.h"

namespace {

constexpr std::chrono::seconds patience{20};

// The result of the one job that is submitted; empty if none came.
std::string shout(zcrew::Client& client, const std::string& text) {
  zcrew::Job job;
  job.payload = text;
  job.wants_result = true;
  if (!client.submit(job, patience)) return {};
  while (const auto event = client.next(patience)) {
    if (const auto* end = std::get_if<zcrew::Finished>(&*event)) return end->result;
  }
  return {};
}

}  // namespace

int main() {
  zcrew::RouterOptions options;
  options.clients = "tcp://127.0.0.1:*";
  options.workers = "tcp://127.0.0.1:*";
  options.journal = ":memory:";
  zcrew::Router router(options, [](zcrew::LogLevel /*level*/, const std::string& text) {
    std::fprintf(stderr, "%s\n", text.c_str());
  });
  std::thread router_thread([&router] { router.run(); });

  zcrew::WorkerOptions mine;
  mine.router = router.backend();
  zcrew::Worker worker(mine, [](const zcrew::Attempt& attempt) {
    return zcrew::Answer{.bytes = std::string(attempt.payload) + "!"};
  });
  std::thread worker_thread([&worker] { worker.run(); });

  zcrew::ClientOptions producer;
  producer.router = router.frontend();
  std::string result;
  {
    zcrew::Client client(producer);
    result = shout(client, "hello");
  }
  worker.stop();
  worker_thread.join();
  router.stop();
  router_thread.join();
  std::fprintf(stderr, "the result is '%s'\n", result.c_str());
  return result == "hello!" ? 0 : 1;
}
