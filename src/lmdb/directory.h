// The journal's directory and the lock that keeps a second process out. LMDB itself would let it
// in, and two routers on one journal would hand out every job twice.
#pragma once

#include <string>

namespace zcrew::lmdb {

// Throws OpenError (not_a_journal).
[[noreturn]] void refuse_no_journal(const std::string& path);

class Directory {
 public:
  // Locks the directory `path`, which is made if it is missing and `make` is set. Throws OpenError
  // (io, locked, and without `make` not_a_journal).
  Directory(std::string path, bool make);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // A journal was finished here once. If its file is missing or empty now, it was lost.
  [[nodiscard]] bool marked() const { return marked_; }
  // Throws OpenError (io): without the mark the next start would not know.
  void mark();

  // A journal was begun here and never finished: nobody was ever told that something is safe in it,
  // and after a power loss its file may hold anything.
  [[nodiscard]] bool begun() const { return begun_; }
  // Moves that file aside.
  void set_aside() const;

  // "absent" and "empty" look the same to LMDB: it would make a new environment.
  [[nodiscard]] bool has_content() const;

  // Makes the names in the directory durable.
  void flush() const;

 private:
  void make_path() const;
  void lock();
  void give_readers_room() const;

  std::string path_;
  int lock_ = -1;
  bool marked_ = false;
  bool begun_ = false;
};

}  // namespace zcrew::lmdb
