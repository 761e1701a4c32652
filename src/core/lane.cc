#include "core/lane.h"

#include <algorithm>

namespace zcrew::core {

void Lane::append_on_disk(Sequence sequence, JournalSequence number) {
  if (!gap_.open()) {
    paged_.take_all(fresh_);
    gap_.open_behind(sequence - 1, 0);
  } else if (!gap_.endless()) {
    widen(number);
  }
  gap_.arrived_last(number);
}

// The gap of a restart swallows what is above it; the jobs in memory there, the ones that came back
// included, are skipped by its pages.
void Lane::widen(JournalSequence last_record) {
  for (Job* job : fresh_) returned_.emplace(job->id.sequence, job);
  fresh_ = {};
  gap_.widen(last_record);
  for (const auto& [sequence, job] : returned_) left(sequence);
}

bool Lane::put_back(Job& job, JournalSequence number, bool has_room) {
  const Sequence sequence = job.id.sequence;
  if (!has_room && gap_.contains(sequence)) {
    gap_.arrived(sequence, number);
    return false;
  }
  if (gap_.contains(sequence)) gap_.left(sequence);
  returned_.emplace(sequence, &job);
  return true;
}

void Lane::left(Sequence sequence) {
  if (gap_.contains(sequence)) gap_.left(sequence);
}

Job* Lane::older(Job* first, Job* back) {
  return first == nullptr || back->id.sequence < first->id.sequence ? back : first;
}

Job* Lane::front() const {
  const JobRow& row = paged_.empty() ? fresh_ : paged_;
  Job* first = row.empty() ? nullptr : row.front();
  if (!returned_.empty()) first = older(first, returned_.begin()->second);
  const bool waits = first != nullptr && gap_.open() && gap_.begin() < first->id.sequence;
  return waits ? nullptr : first;
}

Job* Lane::front_from(Sequence from) const {
  Job* first = nullptr;
  for (const JobRow* jobs : {&paged_, &fresh_}) {
    if (first != nullptr || jobs->empty() || jobs->back()->id.sequence < from) continue;
    first = jobs->front()->id.sequence >= from ? jobs->front() : *jobs->find_from(from);
  }
  const auto back = returned_.lower_bound(from);
  return back == returned_.end() ? first : older(first, back->second);
}

Job* Lane::find(Sequence sequence) const {
  if (const auto at = returned_.find(sequence); at != returned_.end()) return at->second;
  for (const JobRow* jobs : {&paged_, &fresh_}) {
    const auto at = jobs->find_from(sequence);
    if (at != jobs->end() && (*at)->id.sequence == sequence) return *at;
  }
  return nullptr;
}

Job* Lane::take(Sequence sequence) {
  if (const auto at = returned_.find(sequence); at != returned_.end()) {
    Job* job = at->second;
    returned_.erase(at);
    return job;
  }
  if (Job* job = paged_.take(sequence)) return job;
  return fresh_.take(sequence);
}

void Lane::page_in(Job& job) { paged_.push_back(job); }

std::vector<Job*> Lane::shrink(std::size_t keep, JournalSequence last_record) {
  std::vector<Job*> dropped;
  if (in_memory() <= keep) return dropped;
  if (gap_.open() && !gap_.endless()) widen(last_record);
  while (in_memory() > keep) dropped.push_back(take(newest()));
  const Sequence begin = dropped.back()->id.sequence - 1;
  if (!gap_.open() || begin < gap_.begin()) {
    paged_.take_all(fresh_);
    gap_.open_behind(begin, last_record);
  }
  for (const Job* job : dropped) gap_.arrived(job->id.sequence, job->last_record);
  return dropped;
}

Sequence Lane::newest() const {
  Sequence last = paged_.empty() ? 0 : paged_.back()->id.sequence;
  if (!fresh_.empty()) last = std::max(last, fresh_.back()->id.sequence);
  if (!returned_.empty()) last = std::max(last, returned_.rbegin()->first);
  return last;
}

}  // namespace zcrew::core
