#include "lmdb/check_walk.h"

#include <algorithm>
#include <utility>

namespace zcrew::lmdb {

using journal::JobView;
using journal::layout::Kind;
using journal::layout::Part;
namespace layout = journal::layout;
namespace db = journal::layout::db;

// ---- what every table needs ----

void CheckWalk::problem(std::string text) { report_.problem(std::move(text)); }

void CheckWalk::problem(std::string_view database, std::string_view key, std::string_view what) {
  problem("record " + text_of_key(key) + " in `" + std::string(database) +
          "`: " + std::string(what));
}

template <typename Value>
std::optional<Value> CheckWalk::value(std::string_view database, std::string_view key,
                                      Result<Value, journal::Fault> result) {
  if (result) return std::move(*result);
  problem(database, key, journal::text_of(result.error()));
  return std::nullopt;
}

template <typename Take>
void CheckWalk::each(std::string_view name, MDB_dbi database, Take take) {
  try {
    Cursor cursor(snapshot_, database);
    Cursor search(snapshot_, database);
    std::string_view before;
    for (bool found = cursor.first(); found; found = cursor.next()) {
      const std::string_view key = cursor.key();
      if (key <= before) problem(name, key, "it is out of order");
      // What no search finds is lost, though a walk meets it.
      if (!search.seek(key) || search.value().data() != cursor.value().data())
        problem(name, key, "it is not where a search looks for it");
      take(key, cursor.value());
      before = key;
    }
  } catch (const journal::Damaged& error) {
    problem("the table `" + std::string(name) + "` cannot be walked to its end: " + error.what());
  }
}

bool CheckWalk::there(MDB_dbi database, std::string_view key) const {
  return get(snapshot_, database, key).has_value();
}

void CheckWalk::everything() {
  meta();
  queues();
  ready();
  if (databases_.bundles != 0) bundles();
  later();
  where();
  dead();
  held();
  results();
  results_by_expiry();
  instances();
  sessions();
  blobs();
  totals();
}

// ---- meta and queues ----

void CheckWalk::meta() {
  each(db::meta, databases_.meta, [&](std::string_view key, std::string_view record) {
    if (key == layout::format_row) {
      value(db::meta, key, journal::read_format(record));
    } else if (key == layout::epoch_row) {
      value(db::meta, key, journal::read_epoch(record));
    } else if (key == layout::sequences_row) {
      if (const auto limit = value(db::meta, key, journal::read_sequences(record)))
        sequence_limit_ = *limit;
    } else if (key == layout::commit_row) {
      if (const auto row = value(db::meta, key, journal::read_commit(record))) {
        counters_ = row->counters;
        counters_known_ = true;
      }
    } else {
      problem(db::meta, key, "no such row is known");
    }
  });
  for (const std::string_view row : {layout::epoch_row, layout::sequences_row, layout::commit_row})
    if (!there(databases_.meta, row)) problem(db::meta, row, "it is missing");
}

void CheckWalk::queues() {
  each(db::queues, databases_.queues, [&](std::string_view key, std::string_view record) {
    const auto number = journal::read_queue_key(key);
    if (!number) return problem(db::queues, key, "its key is none");
    ++report_.queues;
    if (const auto settings = value(db::queues, key, journal::read_queue(key, record)))
      names_[*number] = settings->name;
  });
  each(db::counts, databases_.counts, [&](std::string_view key, std::string_view record) {
    const auto number = journal::read_queue_key(key);
    if (!number) return problem(db::counts, key, "its key is none");
    if (const auto counts = value(db::counts, key, journal::read_counts(key, record)))
      kept_[*number] = *counts;
  });
}

// ---- jobs ----

void CheckWalk::job(std::string_view database, const JobId& id, const JobView& job) {
  const auto key = journal::job_key(id);
  report_.payload_bytes += job.payload_bytes;
  walked_[id.queue].bytes += job.payload_bytes;
  if (names_.count(id.queue) == 0) problem(database, key.view(), "its queue does not exist");
  if (id.sequence >= sequence_limit_)
    problem(database, key.view(), "its sequence was never reserved");
  if (const auto history = journal::read_history(job); !history)
    problem(database, key.view(), "its history is wrong");
  if (job.payload_in_blobs() &&
      !there(databases_.blobs, journal::chunk_key(id, Part::payload, 0).view()))
    problem(database, key.view(), "its payload is missing in `blobs`");
}

void CheckWalk::ready_job(std::string_view database, const JobId& id) {
  const auto key = journal::job_key(id);
  ++report_.ready;
  ++walked_[id.queue].ready;
  if (there(databases_.where, key.view())) problem(database, key.view(), "it is in `later` too");
  if (there(databases_.dead, key.view())) problem(database, key.view(), "it is in `dead` too");
}

void CheckWalk::ready() {
  each(db::ready, databases_.ready, [&](std::string_view key, std::string_view record) {
    const auto id = journal::read_job_key(key);
    if (!id) return problem(db::ready, key, "its key is none");
    ready_job(db::ready, *id);
    if (const auto found = value(db::ready, key, journal::read_job(Kind::job, key, record)))
      job(db::ready, *id, *found);
  });
}

void CheckWalk::bundles() {
  JobId before;  // the key of the bundle before
  each(db::bundles, databases_.bundles, [&](std::string_view key, std::string_view record) {
    const auto last = journal::read_job_key(key);
    if (!last) return problem(db::bundles, key, "its key is none");
    if (const auto fault = bundle_.read(key, record))
      return problem(db::bundles, key, journal::text_of(*fault));
    if (bundle_.id(0) <= before) problem(db::bundles, key, "it overlaps the one before");
    before = *last;
    for (std::size_t i = 0; i < bundle_.size(); ++i) {
      const JobId id = bundle_.id(i);
      const auto its = journal::job_key(id);
      ready_job(db::bundles, id);
      if (there(databases_.ready, its.view()))
        problem(db::bundles, its.view(), "it is in `ready` too");
      job(db::bundles, id, bundle_.job(i));
    }
  });
}

// Whether a bundle has the job: none that is damaged, which is a problem by itself.
bool CheckWalk::bundled(const JobId& id) const {
  if (databases_.bundles == 0) return false;
  Cursor cursor(snapshot_, databases_.bundles);
  journal::Bundle bundle;
  return cursor.seek_from(journal::job_key(id).view()) &&
         !bundle.read(cursor.key(), cursor.value()) && bundle.id(0).queue == id.queue &&
         bundle.id(0).priority == id.priority && bundle.find(id.sequence).has_value();
}

void CheckWalk::later() {
  each(db::later, databases_.later, [&](std::string_view key, std::string_view record) {
    const auto due = journal::read_due_key(key);
    if (!due) return problem(db::later, key, "its key is none");
    ++report_.later;
    ++walked_[due->id.queue].later;
    const auto id = journal::job_key(due->id);
    if (there(databases_.dead, id.view())) problem(db::later, id.view(), "it is in `dead` too");
    const auto where = get(snapshot_, databases_.where, id.view());
    if (!where) {
      problem(db::later, id.view(), "it is not in `where`");
    } else if (const auto at = journal::read_due(id.view(), *where); at && *at != due->due) {
      problem(db::later, id.view(), "`where` has another due time");
    }
    if (const auto found = value(db::later, key, journal::read_job(Kind::job, key, record)))
      job(db::later, due->id, *found);
  });
}

void CheckWalk::where() {
  each(db::where, databases_.where, [&](std::string_view key, std::string_view record) {
    const auto id = journal::read_job_key(key);
    if (!id) return problem(db::where, key, "its key is none");
    const auto due = value(db::where, key, journal::read_due(key, record));
    if (due && !there(databases_.later, journal::due_key(*due, *id).view()))
      problem(db::where, key, "there is no such job in `later`");
  });
}

void CheckWalk::dead() {
  each(db::dead, databases_.dead, [&](std::string_view key, std::string_view record) {
    const auto id = journal::read_job_key(key);
    if (!id) return problem(db::dead, key, "its key is none");
    ++report_.dead;
    ++walked_[id->queue].dead;
    if (const auto found = value(db::dead, key, journal::read_job(Kind::dead, key, record)))
      job(db::dead, *id, *found);
  });
}

void CheckWalk::held() {
  each(db::held, databases_.held, [&](std::string_view key, std::string_view record) {
    const auto id = journal::read_job_key(key);
    if (!id) return problem(db::held, key, "its key is none");
    ++report_.held;
    value(db::held, key, journal::read_held(key, record));
    if (!there(databases_.ready, key) && !bundled(*id)) {
      problem(db::held, key, "there is no such job that is ready");
    } else if (report_.ready > 0) {  // a damaged table may not have been walked to its end
      --report_.ready;
    }
  });
}

// ---- results ----

void CheckWalk::results() {
  each(db::results, databases_.results, [&](std::string_view key, std::string_view record) {
    const auto id = journal::read_job_key(key);
    if (!id) return problem(db::results, key, "its key is none");
    ++report_.results;
    const auto result = value(db::results, key, journal::read_result(key, record));
    if (!result) return;
    if (!there(databases_.results_by_expiry, journal::due_key(result->expires_at, *id).view()))
      problem(db::results, key, "it is not in `results_by_expiry`");
    if (result->bytes_in_blobs() &&
        !there(databases_.blobs, journal::chunk_key(*id, Part::result, 0).view()))
      problem(db::results, key, "its bytes are missing in `blobs`");
  });
}

void CheckWalk::results_by_expiry() {
  each(db::results_by_expiry, databases_.results_by_expiry,
       [&](std::string_view key, std::string_view record) {
         const auto due = journal::read_due_key(key);
         if (!due) return problem(db::results_by_expiry, key, "its key is none");
         value(db::results_by_expiry, key, journal::read_index(key, record));
         const auto id = journal::job_key(due->id);
         const auto result = get(snapshot_, databases_.results, id.view());
         if (!result) return problem(db::results_by_expiry, key, "there is no such result");
         if (const auto found = journal::read_result(id.view(), *result);
             found && found->expires_at != due->due)
           problem(db::results_by_expiry, key, "its result expires at another time");
       });
}

// ---- instances and sessions ----

void CheckWalk::instances() {
  each(db::instances, databases_.instances, [&](std::string_view key, std::string_view record) {
    ++report_.instances;
    value(db::instances, key, journal::read_instance(key, record));
  });
}

void CheckWalk::sessions() {
  each(db::sessions, databases_.sessions, [&](std::string_view key, std::string_view record) {
    ++report_.sessions;
    value(db::sessions, key, journal::read_session(key, record));
  });
}

// ---- blobs ----

// How many bytes the job or result says that it has there; nothing if it has none.
std::optional<std::uint64_t> CheckWalk::blob_bytes(const JobId& id, Part part) const {
  const auto key = journal::job_key(id);
  if (part == Part::result) {
    const auto record = get(snapshot_, databases_.results, key.view());
    if (!record) return std::nullopt;
    const auto result = journal::read_result(key.view(), *record);
    if (!result || !result->bytes_in_blobs()) return std::nullopt;
    return result->result_bytes;
  }
  const auto bytes_in = [](const auto& job) -> std::optional<std::uint64_t> {
    if (!job || !job->payload_in_blobs()) return std::nullopt;
    return job->payload_bytes;
  };
  if (const auto record = get(snapshot_, databases_.ready, key.view()))
    return bytes_in(journal::read_job(Kind::job, key.view(), *record));
  if (const auto record = get(snapshot_, databases_.dead, key.view()))
    return bytes_in(journal::read_job(Kind::dead, key.view(), *record));
  const auto where = get(snapshot_, databases_.where, key.view());
  if (!where) return std::nullopt;
  const auto due = journal::read_due(key.view(), *where);
  if (!due) return std::nullopt;
  const auto later = journal::due_key(*due, id);
  const auto record = get(snapshot_, databases_.later, later.view());
  if (!record) return std::nullopt;
  return bytes_in(journal::read_job(Kind::job, later.view(), *record));
}

// All chunks of one payload or result, as they were found.
void CheckWalk::blob(const JobId& id, Part part, std::uint64_t chunks, std::uint64_t bytes) {
  const auto key = journal::chunk_key(id, part, 0);
  const auto expected = blob_bytes(id, part);
  if (!expected)
    problem(db::blobs, key.view(), "it belongs to no job or result");
  else if (*expected != bytes || journal::chunks_of(*expected) != chunks)
    problem(db::blobs, key.view(),
            std::to_string(bytes) + " bytes where there should be " + std::to_string(*expected));
}

void CheckWalk::blobs() {
  std::optional<journal::ChunkKey> group;  // its first chunk
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  const auto close = [&] {
    if (group) blob(group->id, group->part, chunks, bytes);
    chunks = 0;
    bytes = 0;
  };
  each(db::blobs, databases_.blobs, [&](std::string_view key, std::string_view record) {
    const auto chunk = journal::read_chunk_key(key);
    if (!chunk) return problem(db::blobs, key, "its key is none");
    ++report_.chunks;
    if (!group || group->id != chunk->id || group->part != chunk->part) {
      close();
      group = chunk;
    }
    if (chunk->chunk != chunks) problem(db::blobs, key, "a chunk before it is missing");
    const auto body = value(db::blobs, key, journal::unseal(Kind::chunk, key, record));
    if (body && body->size() > layout::chunk_bytes) problem(db::blobs, key, "it is too long");
    ++chunks;
    bytes += record.size() - std::min(record.size(), layout::envelope_bytes);
  });
  close();
}

// ---- what must add up ----

void CheckWalk::totals() {
  core::QueueCounts all;
  std::map<QueueNumber, core::QueueCounts> queues = walked_;
  for (const auto& [number, kept] : kept_) queues.try_emplace(number);
  for (const auto& [number, walked] : queues) {
    const core::QueueCounts kept = kept_[number];
    const auto differs = [&, queue = number](const char* what, std::uint64_t said,
                                             std::uint64_t found) {
      if (said != found)
        problem("queue " + std::to_string(queue) + " (" + names_[queue] +
                "): " + std::to_string(said) + " " + what + " counted, " + std::to_string(found) +
                " found");
    };
    differs("ready or held jobs", kept.ready + kept.held, walked.ready);
    differs("later jobs", kept.later, walked.later);
    differs("dead letters", kept.dead, walked.dead);
    differs("payload bytes", kept.bytes, walked.bytes);
    all.ready += walked.ready;
    all.later += walked.later;
    all.dead += walked.dead;
  }
  const core::Counters& c = counters_;
  const std::uint64_t accounted =
      all.ready + all.later + all.dead + c.done + c.cancelled + c.expired + c.removed;
  if (counters_known_ && c.accepted != accounted)
    problem("the counters do not add up: " + std::to_string(c.accepted) + " jobs accepted, " +
            std::to_string(accounted) + " are there or have ended");
}

}  // namespace zcrew::lmdb
