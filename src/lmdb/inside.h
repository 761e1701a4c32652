// Whether a thread is at work inside LMDB. Damaged pages can lead LMDB outside of its file, which
// ends the process by a signal; whoever handles that signal asks here what it was about.
#pragma once

namespace zcrew::lmdb {

class Inside {
 public:
  Inside() { ++depth; }
  ~Inside() { --depth; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  // This thread; safe to ask in a signal handler.
  static bool here() { return depth > 0; }

 private:
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a handler looks here
  static inline thread_local int depth = 0;
};

}  // namespace zcrew::lmdb
