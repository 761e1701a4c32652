// Jobs through a Redis stream, as a careful user would have them: one connection adds, another
// reads in a consumer group, acknowledges and deletes; both with many commands on their way at a
// time. A job is in flight from before it is added until its acknowledgement is answered, as in
// `zcrew bench`. Prints one JSON object.
//
//   redis_queue --port N [--jobs N] [--in-flight N] [--size BYTES]
#include <hiredis/hiredis.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

// Most commands behind one write: what keeps both ends busy on a machine of two processors.
constexpr std::uint64_t pack_max = 256;

struct Plan {
  int port = 0;
  std::uint64_t jobs = 200000;
  std::uint64_t in_flight = 1024;
  std::size_t size = 100;
};

class Connection {
 public:
  using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

  explicit Connection(int port) : context_(redisConnect("127.0.0.1", port), redisFree) {
    if (!context_ || context_->err != 0) throw std::runtime_error("no Redis answers there");
  }

  void append(const std::vector<std::string_view>& words) {
    pointers_.clear();
    lengths_.clear();
    for (const std::string_view word : words) {
      pointers_.push_back(word.data());
      lengths_.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), pointers_.data(),
                           lengths_.data());
  }

  // The next answer; the first waits until all that was appended is written.
  Reply read() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
      throw std::runtime_error(std::string("Redis: ") + context_->errstr);
    }
    Reply read(static_cast<redisReply*>(reply), freeReplyObject);
    if (read->type == REDIS_REPLY_ERROR) throw std::runtime_error(read->str);
    return read;
  }

  Reply ask(const std::vector<std::string_view>& words) {
    append(words);
    return read();
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
  std::vector<const char*> pointers_;
  std::vector<std::size_t> lengths_;
};

// How many jobs may be added now.
class Flight {
 public:
  explicit Flight(std::uint64_t most) : free_(most) {}

  std::uint64_t take(std::uint64_t most) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return free_ > 0; });
    const std::uint64_t taken = std::min(free_, most);
    free_ -= taken;
    return taken;
  }
  void give_back(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    free_ += count;
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t free_;
};

void produce(const Plan& plan, Flight& flight) {
  Connection redis(plan.port);
  const std::string payload(plan.size, 'x');
  for (std::uint64_t added = 0; added < plan.jobs;) {
    const std::uint64_t count = flight.take(std::min(pack_max, plan.jobs - added));
    for (std::uint64_t i = 0; i < count; ++i) redis.append({"XADD", "jobs", "*", "p", payload});
    for (std::uint64_t i = 0; i < count; ++i) redis.read();
    added += count;
  }
}

// The ids in an answer of XREADGROUP: [[stream, [[id, fields], …]]].
std::vector<std::string> ids_of(const redisReply& reply) {
  std::vector<std::string> ids;
  if (reply.type != REDIS_REPLY_ARRAY) return ids;  // none within the time
  const redisReply& entries = *reply.element[0]->element[1];
  for (std::size_t i = 0; i < entries.elements; ++i) {
    const redisReply& id = *entries.element[i]->element[0];
    ids.emplace_back(id.str, id.len);
  }
  return ids;
}

void consume(const Plan& plan, Flight& flight) {
  Connection redis(plan.port);
  const std::string most = std::to_string(pack_max);
  const std::vector<std::string_view> next{"XREADGROUP", "GROUP", "crew",  "worker",
                                           "COUNT",      most,    "BLOCK", "5000",
                                           "STREAMS",    "jobs",  ">"};
  redis.append(next);
  for (std::uint64_t done = 0; done < plan.jobs;) {
    const std::vector<std::string> ids = ids_of(*redis.read());
    std::vector<std::string_view> ack{"XACK", "jobs", "crew"};
    std::vector<std::string_view> remove{"XDEL", "jobs"};
    ack.insert(ack.end(), ids.begin(), ids.end());
    remove.insert(remove.end(), ids.begin(), ids.end());
    if (!ids.empty()) {
      redis.append(ack);
      redis.append(remove);
    }
    done += ids.size();
    if (done < plan.jobs) redis.append(next);
    if (ids.empty()) continue;
    redis.read();
    redis.read();
    flight.give_back(ids.size());
  }
}

// What a thread meets ends the program: the other one would wait for ever.
template <typename Work>
void or_end(Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "redis_queue: %s\n", error.what());
    std::_Exit(1);
  }
}

double run(const Plan& plan) {
  Connection redis(plan.port);
  redis.ask({"DEL", "jobs"});
  redis.ask({"XGROUP", "CREATE", "jobs", "crew", "$", "MKSTREAM"});
  Flight flight(plan.in_flight);
  const auto begin = std::chrono::steady_clock::now();
  std::thread consumer([&] { or_end([&] { consume(plan, flight); }); });
  or_end([&] { produce(plan, flight); });
  consumer.join();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  return spent.count();
}

int run_asked(int argc, char** argv) {
  Plan plan;
  CLI::App app("Jobs through a Redis stream");
  app.add_option("--port", plan.port, "of a Redis on this machine")->required();
  app.add_option("--jobs", plan.jobs);
  app.add_option("--in-flight", plan.in_flight, "not acknowledged at a time")
      ->check(CLI::PositiveNumber);
  app.add_option("--size", plan.size, "bytes of a payload");
  CLI11_PARSE(app, argc, argv);
  const double seconds = run(plan);
  const nlohmann::json report{{"jobs", plan.jobs},
                              {"seconds", seconds},
                              {"jobs_per_s", static_cast<double>(plan.jobs) / seconds}};
  std::puts(report.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int code = 0;
  or_end([&] { code = run_asked(argc, argv); });
  return code;
}
