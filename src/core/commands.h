// A person's commands: weights, policies, queue settings, dead letters. Pure.
#pragma once

#include <set>
#include <unordered_map>

#include "core/context.h"
#include "core/deferred.h"
#include "core/dispatcher.h"
#include "core/job_book.h"
#include "core/worker_desk.h"

namespace zcrew::core {

class Commands {
 public:
  Commands(Context& context, JobBook& book, Dispatcher& dispatcher, WorkerDesk& workers,
           Deferred& deferred)
      : context_(context),
        book_(book),
        dispatcher_(dispatcher),
        workers_(workers),
        deferred_(deferred) {}

  void on(const Command& command);
  // True if the answer was for us.
  bool on_loaded(const JobsLoaded& loaded);

 private:
  struct Pending {
    CommandRequest request{};
    bool removes = false;  // else redrives
  };
  [[nodiscard]] Queue* open(CommandRequest request, const std::string& name);
  void change(Queue& queue, const QueueSettings& settings);
  void carry_out(CommandRequest request, const SetWeight& command);
  void carry_out(CommandRequest request, const SetPolicy& command);
  void carry_out(CommandRequest request, const SetQueue& command);
  void carry_out(CommandRequest request, const RedriveDead& command);
  void carry_out(CommandRequest request, const RemoveDead& command);
  void look_up(CommandRequest request, const std::vector<JobId>& jobs, bool removes);
  void reply(CommandRequest request, std::uint64_t count);
  void refuse(CommandRequest request, wire::ErrorCode code, std::string text);

  Context& context_;
  JobBook& book_;
  Dispatcher& dispatcher_;
  WorkerDesk& workers_;
  Deferred& deferred_;
  std::unordered_map<std::uint64_t, Pending> pending_;
  std::set<JobId> moving_;  // being looked up: a second command must not move them twice
};

}  // namespace zcrew::core
