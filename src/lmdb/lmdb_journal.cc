#include "lmdb/lmdb_journal.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "journal/keys.h"
#include "journal/row_codec.h"
#include "lmdb/batch_writer.h"
#include "lmdb/check_pages.h"
#include "lmdb/opening.h"
#include "lmdb/snapshot.h"

namespace zcrew::lmdb {

namespace layout = journal::layout;

using journal::OpenError;
using journal::OpenFailure;

struct LmdbJournal::State {
  State(OpenedFile opened, const LmdbOptions& options)
      : file(std::move(opened)),
        space({limit_of(options), options.reserve_bytes, options.job_bytes_max}, options.disk) {}

  // The map is never resized, so it bounds the file too; and a file at the process's own limit
  // (ulimit -f) refuses writes as a full disk does.
  static std::uint64_t limit_of(const LmdbOptions& options) {
    std::uint64_t most = map_bytes - (std::uint64_t{1} << 30U);
    rlimit file{};
    if (::getrlimit(RLIMIT_FSIZE, &file) == 0) most = std::min<std::uint64_t>(most, file.rlim_cur);
    return options.max_bytes == 0 ? most : std::min(options.max_bytes, most);
  }

  [[nodiscard]] const Environment& environment() const { return *file.environment; }
  [[nodiscard]] Snapshot snapshot() const { return {environment().get(), databases}; }

  OpenedFile file;
  Databases databases;
  Epoch epoch = 0;
  // Of whoever commits:
  Space space;
  WriterMemory memory;
  bool broken = false;
  // For gauges(), which another thread may call:
  std::atomic<std::uint64_t> reserved_bytes{0};
};

LmdbJournal::LmdbJournal(LmdbOptions options) : options_(std::move(options)) {}
LmdbJournal::~LmdbJournal() {
  if (!state_ || state_->broken) return;
  try {
    state_->space.give_back_step(state_->environment().fd(), state_->environment().used_bytes());
  } catch (const std::exception&) {  // nobody needs it now
  }
}

// ---- opening ----

namespace {

// How many pages a failed commit looks at before it is told: 128 MiB, about a second of a disk that
// answers 30,000 reads in that time.
constexpr std::uint64_t suspected_pages_max = 32'768;

// A page whose flags are damaged has LMDB write it with a wrong length, which looks like a failing
// disk, or leave it out, which looks like a bug of ours: so the pages are asked first.
void blame_damage(const Environment& environment) {
  CheckReport report;
  check_pages(environment, report, suspected_pages_max);
  if (report.problems_found != 0) throw journal::Damaged(report.problems.front());
}

// A file that lost its last name takes commits as ever, and is gone when the router ends.
void require_name(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || status.st_nlink > 0) return;
  throw journal::Damaged("its file data.mdb was removed while the router ran");
}

// Those that are ready and have no record of their own; none where the counts are wrong, which the
// check reports.
std::uint64_t bundled_jobs(MDB_txn* transaction, const Databases& databases,
                           const core::Recovered& recovered) {
  MDB_stat alone{};
  check("read the journal", mdb_stat(transaction, databases.ready, &alone));
  std::uint64_t ready = 0;
  for (const auto& queue : recovered.queues) ready += queue.counts.ready + queue.counts.held;
  return ready - std::min<std::uint64_t>(ready, alone.ms_entries);
}

// Of a table whose keys are ids of jobs.
JobId last_key(MDB_txn* transaction, MDB_dbi database, std::string_view name) {
  Cursor cursor(transaction, database);
  if (!cursor.last()) return {};
  if (const auto fault = journal::verify(cursor.key(), cursor.value()))
    damaged(name, cursor.key(), *fault);
  const auto id = journal::read_job_key(cursor.key());
  if (!id) damaged(name, cursor.key(), journal::Fault::shape);
  return *id;
}

// A reserve that cannot be had would take the whole disk, and no job would ever have room. A
// journal that was there before must open on a full disk too, because its jobs are to finish: only
// what the whole disk could not hold is refused then.
void check_reserve(const std::string& directory, std::uint64_t reserve, std::uint64_t most,
                   bool exists) {
  if (reserve <= most) return;
  const auto mebibytes = [](std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; };
  throw OpenError(OpenFailure::small_disk,
                  "the journal " + directory + " is to keep a reserve of " + mebibytes(reserve) +
                      ", and its disk has " + mebibytes(most) + (exists ? " in all" : " free") +
                      ". Give a smaller --journal-reserve, free space, or use a larger disk");
}

}  // namespace

core::Recovered LmdbJournal::open() {
  ZCREW_CHECK(!state_);
  try {
    auto state = std::make_unique<State>(open_file(options_.directory, true), options_);
    MDB_env* environment = state->environment().get();
    check("look for readers that died", state->environment().forget_dead_readers());

    Transaction transaction(environment, Transaction::Mode::write);
    MDB_txn* const handle = transaction.get();
    const auto format = format_of(*state->file.directory, handle);
    const bool exists = format.has_value();
    const int file = state->environment().fd();
    check_reserve(options_.directory, state->space.reserve_bytes(),
                  exists ? disk_bytes(file) : options_.disk.available(file), exists);
    state->databases = exists ? open_databases(handle, *format) : make_databases(handle);
    core::Recovered recovered = recover_meta(handle, state->databases);
    if (exists) recover_tables(handle, state->databases, recovered);
    if (exists && *format < layout::format_version)
      state->databases = convert(handle, state->databases);
    state->epoch = recovered.epoch;
    state->memory.sequence_limit = recovered.sequence_limit;
    state->memory.newest = recovered.sequence_limit - 1;
    state->memory.ready_end = last_key(handle, state->databases.ready, layout::db::ready);
    state->memory.bundles.jobs = bundled_jobs(handle, state->databases, recovered);
    state->memory.bundles.end = last_key(handle, state->databases.bundles, layout::db::bundles);
    put(handle, state->databases.meta, layout::epoch_row, journal::write_epoch(recovered.epoch));
    state_ = std::move(state);
    make_room();
    transaction.commit();
    state_->file.directory->flush();
    state_->file.directory->mark();
    return recovered;
  } catch (const OpenError&) {
    state_.reset();
    throw;
  } catch (const journal::Damaged& error) {
    state_.reset();
    throw OpenError(OpenFailure::corrupt, error.what());
  } catch (const journal::JournalError& error) {
    state_.reset();
    throw OpenError(OpenFailure::io, error.what());
  }
}

// ---- writing ----

void LmdbJournal::commit(const journal::Batch& batch) {
  State& state = *state_;
  if (state.broken) throw journal::JournalError("the journal failed before and is not usable");
  state.broken = true;  // until the end of this is reached
  require_name(state.environment().fd());
  try {
    Transaction transaction(state.environment().get(), Transaction::Mode::write);
    BatchWriter(transaction.get(), state.databases, state.memory).write(batch, state.epoch);
    transaction.commit();
  } catch (const journal::Damaged&) {
    throw;
  } catch (const journal::JournalError&) {
    blame_damage(state.environment());
    throw;
  }
  state.broken = false;
}

std::uint64_t LmdbJournal::make_room() {
  State& state = *state_;
  const Environment& environment = state.environment();
  const std::uint64_t used = environment.used_bytes();
  state.space.hold_back(state.memory.bundles.jobs * alone_bytes);
  const std::uint64_t room = state.space.make_room(environment.fd(), used, [&] {
    environment.forget_dead_readers();
    return count_free_pages(environment).usable * environment.page_bytes();
  });
  state.reserved_bytes = state.space.reserved_behind(used);
  return room;
}

// ---- reading ----

core::ReadyPage LmdbJournal::read_ready(const core::ReadReady& request) {
  const Snapshot snapshot = state_->snapshot();
  core::ReadyPage page;
  page.queue = request.queue;
  page.priority = request.priority;
  page.after = request.after;
  page.as_of = snapshot.as_of(state_->epoch);
  snapshot.read_ready(request, page);
  return page;
}

core::LaterPage LmdbJournal::read_later(const core::ReadLater& request) {
  const Snapshot snapshot = state_->snapshot();
  core::LaterPage page;
  page.after_due = request.after_due;
  page.after_id = request.after_id;
  page.as_of = snapshot.as_of(state_->epoch);
  snapshot.read_later(request, page);
  return page;
}

core::JobsLoaded LmdbJournal::load_jobs(const core::LoadJobs& request) {
  Snapshot snapshot = state_->snapshot();
  core::JobsLoaded answer{request.request, {}, snapshot.as_of(state_->epoch)};
  for (const JobId& id : request.jobs) answer.jobs.push_back(snapshot.load(id));
  return answer;
}

core::PayloadLoaded LmdbJournal::load_payload(const core::LoadPayload& request) {
  return state_->snapshot().load_payload(request.id);
}

core::ResultsLoaded LmdbJournal::load_results(const core::LoadResults& request) {
  Snapshot snapshot = state_->snapshot();
  core::ResultsLoaded answer{request.request, {}, snapshot.as_of(state_->epoch)};
  for (const JobId& id : request.jobs) answer.results.push_back(snapshot.load_result(id));
  return answer;
}

journal::DeadPage LmdbJournal::read_dead(QueueNumber queue, const JobId& after,
                                         std::uint32_t letters_max) {
  return state_->snapshot().read_dead(queue, after, letters_max);
}

std::vector<JobId> LmdbJournal::expired_results(WallTime until, std::uint32_t results_max) {
  return state_->snapshot().expired_results(until, results_max);
}

journal::Gauges LmdbJournal::gauges() {
  const Environment& environment = state_->environment();
  const FreePages free = count_free_pages(environment);
  journal::Gauges gauges;
  gauges.file_bytes = environment.used_bytes();
  gauges.free_bytes = (free.usable + free.pinned) * environment.page_bytes();
  gauges.reserved_bytes = state_->reserved_bytes;
  if (free.oldest_reader != 0)
    gauges.oldest_reader_lags = environment.last_commit() - free.oldest_reader;
  return gauges;
}

}  // namespace zcrew::lmdb
