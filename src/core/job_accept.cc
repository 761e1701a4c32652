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

JobId JobBook::next_id(const Queue& queue, Priority priority) {
  ++context_.counters.accepted;
  return {queue.number, priority, next_sequence_++};
}

Job& JobBook::new_job(const JobId& id, NewJob& fresh) {
  Job& job = pool_.acquire();
  job.id = id;
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
  // The record first, of what is at hand: read out of the job, it would wait for the job's memory.
  const JobId id = next_id(queue, fresh.priority);
  const Accepted accepted{id, context_.record(PutJob{id, fresh.due, fresh.header, fresh.payload})};
  Job& job = new_job(id, fresh);
  job.put = job.last_record = accepted.number;
  if (fresh.due == WallTime{}) {
    move<none, &QueueCounts::ready>(queue, job);
    job.state = JobState::ready;
    queue.lane(fresh.priority).append(job);
    enter_window(job);
    wake(queue);
  } else {
    move<none, &QueueCounts::later>(queue, job);
    enter_later(queue, job, accepted.number);
  }
  return accepted;
}

// Part of a backlog that memory has no room for: no more than its record is made.
JobBook::Accepted JobBook::accept_on_disk(Queue& queue, NewJob& fresh) {
  const JobId id = next_id(queue, fresh.priority);
  count<none, &QueueCounts::ready>(queue, fresh.payload.size());
  const JournalSequence number =
      context_.record(PutJob{id, {}, fresh.header, std::move(fresh.payload)});
  queue.lane(id.priority).append_on_disk(id.sequence, number);
  feed(queue, id.priority);
  wake(queue);
  return {id, number};
}

JobId JobBook::accept_in_memory(Queue& queue, NewJob& fresh, Peer client) {
  const JobId id = next_id(queue, fresh.priority);
  Job& job = new_job(id, fresh);
  job.in_memory_only = true;
  job.guide_client = client;
  move<none, &QueueCounts::ready>(queue, job);
  enter_ready(queue, job, 0);
  return id;
}

}  // namespace zcrew::core
