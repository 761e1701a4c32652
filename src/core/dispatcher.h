// Which worker gets which queue's next job (design D10): deficit round robin among queues, the
// queue's policy among the workers that have credit. Pure; integers only; O(log workers) a
// hand-out.
//
// Workers that announced the same queues form a group, so that a worker's place is kept once and
// not once per queue.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/choice_order.h"
#include "core/context.h"
#include "core/job_book.h"
#include "core/queue.h"
#include "core/worker.h"

namespace zcrew::core {

// Workers with credit, in the order of each policy that is in use, and the queues that wait for
// them.
class WorkerGroup {
 public:
  std::vector<Queue*> queues;  // by number
  std::set<Worker*, bool (*)(const Worker*, const Worker*)> members{
      [](const Worker* a, const Worker* b) { return a->number < b->number; }};

  std::uint64_t free_places = 0;  // of members with credit
  // Of `weighted`: how far the queues that the group serves have come. Groups that share a queue
  // go together; others may be as far apart as their loads and weights are.
  std::uint64_t virtual_now = 0;

  [[nodiscard]] bool has_credit() const { return !random_.empty(); }
  // Null if nobody has credit. Not for `random`.
  [[nodiscard]] const ChoiceOrder::Entry* best(Policy policy) const;
  [[nodiscard]] std::size_t candidates() const { return random_.size(); }
  [[nodiscard]] Worker* candidate(std::size_t i) const { return random_[i]; }

  void list(Worker& worker);
  // A listed worker's load or time has changed, as each hand-out changes them.
  void relist(const Worker& worker);
  void unlist(Worker& worker);
  // A member's weight counts, or does not any more.
  void weigh(Worker& worker);
  void unweigh(const Worker& worker);
  [[nodiscard]] std::uint32_t heaviest() const {
    return weights_.empty() ? 1 : weights_.rbegin()->first;
  }
  // Which policies the group's queues use; re-lists everybody if that changed.
  void use_policies();

  // The ring of queues that may have something to hand out.
  void enqueue(std::size_t slot);
  [[nodiscard]] Queue* front();
  void served();  // the front queue had a turn
  void pop();     // the front queue has nothing now

 private:
  struct Waiting {
    std::size_t slot = 0;
    std::uint32_t turns = 0;
  };
  std::array<ChoiceOrder, 5> orders_{ChoiceOrder{0}, ChoiceOrder{1}, ChoiceOrder{2}, ChoiceOrder{3},
                                     ChoiceOrder{4}};  // of each policy, but `random`
  std::vector<Policy> ordered_;                        // in use, without `random`
  std::vector<Worker*> random_;
  std::map<std::uint32_t, std::uint32_t> weights_;  // how many members have each
  std::deque<Waiting> ring_;
  std::vector<bool> in_ring_;
};

class Dispatcher {
 public:
  Dispatcher(Context& context, JobBook& book) : context_(context), book_(book) {}

  // The worker takes part, until leave(); its queues are set. A joiner starts level with the
  // others.
  void join(Worker& worker);
  void leave(Worker& worker);
  // Its credit or its place may have changed.
  void update(Worker& worker);
  void weight_changed(Worker& worker);
  void policy_changed(Queue& queue);

  // Whether it may get one more job (design D9).
  [[nodiscard]] bool has_credit(const Worker& worker) const;

  // Places where a job could begin at once, of all workers and of those that serve the queue.
  [[nodiscard]] std::uint64_t free_places() const { return free_places_; }
  [[nodiscard]] static std::uint64_t free_places(const Queue& queue);
  // Workers that hold more than they have places, and understand RECALL; in no order.
  [[nodiscard]] const std::vector<Worker*>& ahead() const { return ahead_; }

  // Hands out while there are jobs and credit. `give` does the rest of a hand-out.
  void run(const std::function<void(Job&, Worker&)>& give);

 private:
  void count_places(Worker& worker, bool has_credit);
  void count_places(Worker& worker, std::uint32_t free, bool ahead);
  void list_ahead(Worker& worker, bool ahead);
  [[nodiscard]] Worker* choose(const Queue& queue);
  [[nodiscard]] Job* next_job(Queue& queue);
  [[nodiscard]] static std::uint32_t run_length(const Queue& queue, const Worker& worker);
  static void catch_up(Worker& worker, std::uint64_t cost);  // forgets debts beyond a bound
  void charge(const Queue& queue, Worker& worker);           // a hand-out under `weighted`
  void step_back();

  Context& context_;
  JobBook& book_;
  void may_serve(WorkerGroup& group);

  struct ByQueues {
    bool operator()(const WorkerGroup* a, const WorkerGroup* b) const;
  };

  std::map<std::vector<QueueNumber>, std::unique_ptr<WorkerGroup>> groups_;
  // Those that have credit and queues that wait, and perhaps some that had: the others cost
  // nothing.
  std::set<WorkerGroup*, ByQueues> able_;
  std::uint64_t free_places_ = 0;
  std::vector<Worker*> ahead_;
  std::uint64_t latest_ = 0;  // virtual time of any group
  std::uint64_t uses_ = 0;
};

}  // namespace zcrew::core
