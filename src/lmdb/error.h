// LMDB's return codes as exceptions of the journal's face (journal/journal.h).
#pragma once

#include <string>
#include <string_view>

#include "journal/journal.h"
#include "journal/record_codec.h"

namespace zcrew::lmdb {

// "cannot write to the journal: No space left on device". Codes that mean wrong bytes become
// Damaged, all others JournalError.
[[noreturn]] void fail(std::string_view doing, int code);

inline void check(std::string_view doing, int code) {
  if (code != 0) fail(doing, code);
}

// A record is wrong, or is missing though another one needs it.
[[noreturn]] void damaged(std::string_view database, std::string_view key, std::string_view why);
[[noreturn]] void damaged(std::string_view database, std::string_view key, journal::Fault fault);

// A key as a person finds it again: a job id, a name, or hex digits.
std::string text_of_key(std::string_view key);

// The value, or the end of trust in this journal.
template <typename Value>
Value& sound(Result<Value, journal::Fault>& result, std::string_view database,
             std::string_view key) {
  if (!result) damaged(database, key, result.error());
  return *result;
}
template <typename Value>
Value sound(Result<Value, journal::Fault>&& result, std::string_view database,
            std::string_view key) {
  if (!result) damaged(database, key, result.error());
  return std::move(*result);
}

}  // namespace zcrew::lmdb
