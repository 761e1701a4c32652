// The part of JobBook that takes new jobs in, and numbers them.
#include "base/check.h"
#include "core/job_book.h"

namespace zcrew::core {

namespace {

// Large enough that a reservation is rare, small enough that a crash wastes nothing that matters.
constexpr Sequence sequence_block = Sequence{1} << 20U;

}  // namespace

void JobBook::reserve_sequences() {
  if (asked_number_ != 0 && asked_number_ <= context_.durable) {
    usable_limit_ = asked_limit_;
    asked_number_ = 0;
  }
  if (asked_number_ == 0 && sequences_left() < sequence_block / 2) {
    asked_limit_ = usable_limit_ + sequence_block;
    asked_number_ = context_.record(ReserveSequences{asked_limit_});
  }
}

Sequence JobBook::next_sequence() {
  ++context_.counters.accepted;
  return next_sequence_++;
}

// What comes together is one record: most of it is taken back together too, before it is written.
JournalSequence JobBook::record_put(const Queue& queue, Sequence sequence, const NewJob& fresh) {
  PutJobs* const run = fresh.follows ? context_.latest_record<PutJobs>() : nullptr;
  const bool joins = run != nullptr && run->first.id.queue == queue.number &&
                     run->first.id.priority == fresh.priority &&
                     run->first.id.sequence + run->count() == sequence;
  if (joins) {
    run->more.push_back(fresh.payload);
    return ++context_.last_record;
  }
  const JobId id{queue.number, fresh.priority, sequence};
  return context_.record(PutJobs{PutJob{id, fresh.due, fresh.header, fresh.payload}});
}

Job& JobBook::new_job(const Queue& queue, Sequence sequence, NewJob& fresh) {
  Job& job = pool_.acquire();
  job.id = {queue.number, fresh.priority, sequence};
  job.header = fresh.header;
  job.payload_bytes = fresh.payload.size();
  job.payload = std::move(fresh.payload);
  job.payload_here = true;
  job.due = fresh.due;
  job.session = fresh.session;
  job.batch = fresh.batch;
  job.index = fresh.index;
  return job;
}

JobBook::Accepted JobBook::accept(Queue& queue, NewJob& fresh) {
  ZCREW_CHECK(sequences_left() > 0);
  if (fresh.due == WallTime{}) {
    const Lane& lane = queue.lane(fresh.priority);
    if (!lane.takes_newest(has_room(lane.in_memory()))) return accept_on_disk(queue, fresh);
  }
  return accept_in_window(queue, fresh);
}

JobBook::Accepted JobBook::accept_in_window(Queue& queue, NewJob& fresh) {
  const Sequence sequence = next_sequence();
  const JournalSequence number = record_put(queue, sequence, fresh);
  Job& job = new_job(queue, sequence, fresh);
  job.put = job.last_record = number;
  if (fresh.due == WallTime{}) {
    move<none, &QueueCounts::ready>(queue, job);
    job.state = JobState::ready;
    queue.lane(fresh.priority).append(job);
    enter_window(job);
    wake(queue);
  } else {
    move<none, &QueueCounts::later>(queue, job);
    enter_later(queue, job, number);
  }
  return {sequence, number};
}

// Part of a backlog that memory has no room for: no more than its record is made.
JobBook::Accepted JobBook::accept_on_disk(Queue& queue, NewJob& fresh) {
  const Sequence sequence = next_sequence();
  count<none, &QueueCounts::ready>(queue, fresh.payload.size());
  const JournalSequence number = record_put(queue, sequence, fresh);
  queue.lane(fresh.priority).append_on_disk(sequence, number);
  feed(queue, fresh.priority);
  wake(queue);
  return {sequence, number};
}

JobId JobBook::accept_in_memory(Queue& queue, NewJob& fresh, Peer client) {
  Job& job = new_job(queue, next_sequence(), fresh);
  const JobId id = job.id;
  job.in_memory_only = true;
  job.guide_client = client;
  move<none, &QueueCounts::ready>(queue, job);
  enter_ready(queue, job, 0);
  return id;
}

}  // namespace zcrew::core
