// Whether a thread is at work inside LMDB. Damaged pages can lead LMDB outside of its file, which
// ends the process by a signal; whoever handles that signal asks here what it was about.
#pragma once

namespace zcrew::lmdb {

class Inside {
 public:
  Inside() { ++depth_; }
  ~Inside() { --depth_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  // This thread; safe to ask in a signal handler.
  static bool here() { return depth_ > 0; }

 private:
  static inline thread_local int depth_ = 0;
};

}  // namespace zcrew::lmdb
