#include "recording.h"

#include <algorithm>
#include <utility>

namespace zcrew::test {

// ---- recording ----

void Recording::add(Event event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
}

void Recording::wrote(JournalFile file, std::uint64_t offset, std::string_view bytes,
                      bool through) {
  add({Event::Kind::write, file, through, offset, std::string(bytes)});
}
void Recording::resized(JournalFile file, std::uint64_t bytes) {
  add({Event::Kind::resize, file, false, bytes, {}});
}
void Recording::synced(JournalFile file) { add({Event::Kind::sync, file, false, 0, {}}); }
void Recording::names_synced() { add({Event::Kind::names, {}, false, 0, {}}); }
void Recording::issued(std::uint64_t step) { add({Event::Kind::issued, {}, false, step, {}}); }
void Recording::confirmed(std::uint64_t step) {
  add({Event::Kind::confirmed, {}, false, step, {}});
}

// ---- the model ----

namespace {

constexpr std::size_t sector_bytes = 512;

}  // namespace

void DiskModel::change(std::string& bytes, const Change& change) {
  if (change.resize) {
    bytes.resize(change.number);
    return;
  }
  const std::size_t end = change.number + change.bytes.size();
  if (bytes.size() < end) bytes.resize(end);
  bytes.replace(change.number, change.bytes.size(), change.bytes);
}

void DiskModel::apply(const Event& event, bool finished) {
  File& file = files_[static_cast<std::size_t>(event.file)];
  switch (event.kind) {
    case Event::Kind::write:
    case Event::Kind::resize: {
      file.exists = true;
      if (!finished) {
        file.pending.push_back({event.kind == Event::Kind::resize, event.number, event.bytes});
      } else if (event.through) {
        change(file.durable, file.pending.back());
        file.pending.pop_back();
      }
      break;
    }
    case Event::Kind::sync:
      if (!finished) break;
      for (const Change& it : file.pending) change(file.durable, it);
      file.pending.clear();
      break;
    case Event::Kind::names:
      names_durable_ = names_durable_ || finished;
      break;
    case Event::Kind::issued:
    case Event::Kind::confirmed:
      break;
  }
}

bool DiskModel::settled() const {
  return names_durable_ && std::all_of(files_.begin(), files_.end(),
                                       [](const File& it) { return it.pending.empty(); });
}

// Each write in pieces that a disk writes whole.
std::vector<DiskModel::Change> DiskModel::cut(const std::vector<Change>& pending) {
  std::vector<Change> pieces;
  for (const Change& it : pending) {
    if (it.resize) {
      pieces.push_back(it);
      continue;
    }
    for (std::size_t at = 0; at < it.bytes.size();) {
      const std::size_t offset = it.number + at;
      const std::size_t size = std::min(sector_bytes - offset % sector_bytes, it.bytes.size() - at);
      pieces.push_back({false, offset, it.bytes.substr(at, size)});
      at += size;
    }
  }
  return pieces;
}

// Some of what is pending, chosen in one of the ways in which disks forget.
std::string DiskModel::crash(const File& file, std::mt19937_64& random) {
  const auto below = [&random](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  std::vector<Change> kept = below(3) == 0 ? file.pending : cut(file.pending);
  const std::uint64_t way = below(6);
  if (way == 0) kept.clear();                         // none
  if (way == 2) kept.resize(below(kept.size() + 1));  // the first few
  if (way == 3)
    kept.erase(kept.begin(),
               kept.begin() + static_cast<std::ptrdiff_t>(below(kept.size() + 1)));  // the last
  if (way == 4 && !kept.empty())                                                     // all but one
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(below(kept.size())));
  if (way == 5)  // any
    kept.erase(std::remove_if(kept.begin(), kept.end(), [&](auto&) { return below(2) == 0; }),
               kept.end());
  if (below(2) == 0) std::shuffle(kept.begin(), kept.end(), random);
  std::string bytes = file.durable;
  for (const Change& it : kept) change(bytes, it);
  std::string longest = file.durable;
  if (below(2) == 0) {
    for (const Change& it : file.pending) change(longest, it);
    if (longest.size() > bytes.size()) bytes.resize(longest.size());
  }
  return bytes;
}

CrashedDisk DiskModel::crash(std::mt19937_64& random) const {
  CrashedDisk disk;
  for (std::size_t i = 0; i < journal_files; ++i) {
    if (!files_[i].exists) continue;
    if (!names_durable_ && random() % 4 == 0) continue;
    disk[i] = crash(files_[i], random);
  }
  return disk;
}

}  // namespace zcrew::test
