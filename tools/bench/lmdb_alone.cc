#include "bench/lmdb_alone.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "bench/stamp.h"
#include "journal/keys.h"
#include "journal/layout.h"
#include "lmdb/environment.h"
#include "zcrew/error.h"

namespace zcrew::tool::bench {

namespace {

// How long each measurement lasts, at least.
constexpr std::uint64_t measure_ns = 700000000U;
constexpr int syncs = 200;

class Alone {
 public:
  Alone(const Plan& plan, const std::string& directory, std::uint64_t records)
      : plan_(plan),
        records_(records),
        record_(
            journal::layout::envelope_bytes + journal::layout::job_fixed_bytes + plan.payload_bytes,
            'x') {
    lmdb::check("open LMDB", lmdb::Environment::open(directory, environment_));
    lmdb::Transaction transaction(environment_.get(), lmdb::Transaction::Mode::write);
    lmdb::check("open LMDB", mdb_dbi_open(transaction.get(), "ready", MDB_CREATE, &database_));
    transaction.commit();
  }

  void commit(std::uint64_t puts, std::uint64_t removals) {
    lmdb::Transaction transaction(environment_.get(), lmdb::Transaction::Mode::write);
    {
      lmdb::Cursor in(transaction.get(), database_);
      for (std::uint64_t i = 0; i < puts; ++i) {
        const auto key = key_of(next_++);
        char* to = in.reserve(key.view(), record_.size(), plan_.queues == 1 ? MDB_APPEND : 0);
        std::copy(record_.begin(), record_.end(), to);
      }
      lmdb::Cursor out(transaction.get(), database_);
      for (std::uint64_t i = 0; i < removals; ++i) {
        if (out.seek(key_of(oldest_++).view())) out.erase();
      }
    }
    transaction.commit();
  }

  // Records a second over commits like this one, for long enough; at most `most` of them.
  double rate(std::uint64_t puts, std::uint64_t removals, std::uint64_t most) {
    const std::uint64_t begin = now_ns();
    std::uint64_t done = 0;
    while (now_ns() - begin < measure_ns && done < most) {
      commit(puts, removals);
      done += std::max(puts, removals);
    }
    return static_cast<double>(done) * 1e9 / static_cast<double>(now_ns() - begin);
  }

  [[nodiscard]] std::uint64_t waiting() const { return next_ - oldest_; }
  [[nodiscard]] std::uint64_t a_commit() const { return records_; }

 private:
  // As the router would number them: jobs go round the queues.
  journal::Key<journal::layout::job_id_bytes> key_of(std::uint64_t number) const {
    return journal::job_key({static_cast<QueueNumber>(1 + number % plan_.queues), 5, number});
  }

  const Plan& plan_;
  const std::uint64_t records_;
  const std::string record_;
  lmdb::Environment environment_;
  MDB_dbi database_ = 0;
  std::uint64_t next_ = 1;
  std::uint64_t oldest_ = 1;
};

// One file, written on at its end: `bytes` and a sync, again and again.
class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
    if (fd_ < 0) throw Error("cannot write " + path, exit_code::io_error);
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void append(const std::string& bytes) {
    if (::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::fdatasync(fd_) != 0) {
      throw Error("cannot write to the disk that is measured", exit_code::io_error);
    }
  }

 private:
  int fd_;
};

double sequential(const std::string& directory, std::uint64_t bytes) {
  constexpr std::uint64_t most = std::uint64_t{2} << 30U;
  File file(directory + "/sequential");
  const std::string block(std::clamp<std::uint64_t>(bytes, 4096, std::uint64_t{64} << 20U), 'x');
  const std::uint64_t begin = now_ns();
  std::uint64_t written = 0;
  while (now_ns() - begin < measure_ns && written < most) {
    file.append(block);
    written += block.size();
  }
  return static_cast<double>(written) * 1e9 / static_cast<double>(now_ns() - begin);
}

void time_syncs(const std::string& directory, Histogram& sync) {
  File file(directory + "/sync");
  const std::string page(4096, 'x');
  for (int i = 0; i < syncs; ++i) {
    const std::uint64_t begin = now_ns();
    file.append(page);
    sync.add(now_ns() - begin);
  }
}

}  // namespace

LmdbAlone lmdb_alone(const Plan& plan, const std::string& directory, std::uint64_t records,
                     Histogram& commit, Histogram& sync) {
  const std::string path = directory + "/alone";
  std::filesystem::create_directory(path);
  LmdbAlone result;
  {
    constexpr std::uint64_t bytes_most = std::uint64_t{4} << 30U;
    const std::uint64_t most = std::max(10 * records, bytes_most / (plan.payload_bytes + 256));
    Alone alone(plan, path, records);
    result.put_per_s = alone.rate(records, 0, most);
    while (alone.waiting() < 10 * records) alone.commit(records, 0);
    result.put_delete_per_s = alone.rate(records, records, most);
    for (int i = 0; i < syncs; ++i) {
      const std::uint64_t begin = now_ns();
      alone.commit(1, 0);
      commit.add(now_ns() - begin);
    }
    result.delete_per_s = alone.rate(0, records, alone.waiting());
    time_syncs(path, sync);
    result.sequential_bytes_per_s = sequential(path, records * plan.payload_bytes);
  }
  std::filesystem::remove_all(path);
  return result;
}

}  // namespace zcrew::tool::bench
