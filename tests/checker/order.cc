#include "order.h"

#include <charconv>

namespace checker {
namespace {

// A payload or a page is read, a row for a Guide worker written, and a router that waits for its
// processor goes on: fractions of a second each.
constexpr Micros patience = 2'000'000;
// Further apart, two such moments have nothing to do with each other.
constexpr Micros apart = 1'000'000;

}  // namespace

// q1p5n42.
Order::Place Order::place_of(std::string_view job) {
  Place place;
  const char* const end = job.data() + job.size();
  const char* at = job.data() + 1;
  for (std::uint64_t* part : {&place.queue, &place.priority, &place.sequence}) {
    if (at > end) throw NotAHistory("\"" + std::string(job) + "\" is no job's id");
    at = std::from_chars(at, end, *part).ptr + 1;
  }
  return place;
}

void Order::waits(std::string_view job) { waiting_.try_emplace(place_of(job), Waiting{job}); }

void Order::leaves(std::string_view job) { waiting_.erase(place_of(job)); }

void Order::goes(std::string_view job, Micros now) {
  const Place place = place_of(job);
  waiting_.erase(place);
  const std::uint64_t most_urgent = only_own_priority_ ? place.priority : 0;
  for (std::uint64_t priority = most_urgent; priority <= place.priority; ++priority) {
    const auto oldest = waiting_.lower_bound(Place{place.queue, priority, 0});
    if (oldest == waiting_.end()) return;
    const Place& other = oldest->first;
    const bool is_passed =
        other.queue == place.queue && other.priority == priority && other.sequence < place.sequence;
    if (is_passed && !pass(oldest->second, job, now)) waiting_.erase(oldest);
  }
}

bool Order::pass(Waiting& waiting, std::string_view by, Micros now) {
  const bool goes_on = waiting.passed_at >= 0 && reach_.length(waiting.passed_at, now) <= apart;
  if (!goes_on) waiting.passed_since = now;
  waiting.passed_at = now;
  const Micros since = reach_.length(waiting.passed_since, now);
  if (since <= patience) return true;
  verdict_.violated("passed-over", text(waiting.job,
                                        " waits, and others of its queue have gone "
                                        "before it for ",
                                        std::to_string(since), " us, now ", by));
  return false;
}

}  // namespace checker
