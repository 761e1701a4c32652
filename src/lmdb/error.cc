#include "lmdb/error.h"

#include <lmdb.h>

#include <algorithm>

#include "journal/keys.h"

namespace zcrew::lmdb {

void fail(std::string_view doing, int code) {
  const std::string text = "cannot " + std::string(doing) + ": " + mdb_strerror(code);
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_BAD_TXN:      // one of those came before it in this transaction
    case MDB_CURSOR_FULL:  // a tree deeper than any that LMDB makes
    case MDB_PAGE_FULL:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:  // ours are all of a size that it takes
    case MDB_MAP_FULL:     // a page number beyond the map, which no journal comes near
    case MDB_MAP_RESIZED:
      throw journal::Damaged(text);
    default:
      throw journal::JournalError(text);
  }
}

std::string text_of_key(std::string_view key) {
  if (const auto id = journal::read_job_key(key)) return to_text(*id);
  if (const auto due = journal::read_due_key(key))
    return to_text(due->id) + " (time " + std::to_string(to_ms(due->due)) + ")";
  if (const auto chunk = journal::read_chunk_key(key))
    return to_text(chunk->id) +
           (chunk->part == journal::layout::Part::payload ? " payload" : " result") + " chunk " +
           std::to_string(chunk->chunk);
  const bool name =
      std::all_of(key.begin(), key.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (name && !key.empty()) return std::string(key);
  std::string hex = "0x";
  for (const char c : key) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[static_cast<unsigned char>(c) >> 4U];
    hex += digits[static_cast<unsigned char>(c) & 15U];
  }
  return hex;
}

void damaged(std::string_view database, std::string_view key, std::string_view why) {
  throw journal::Damaged("record " + text_of_key(key) + " in `" + std::string(database) +
                         "`: " + std::string(why));
}

void damaged(std::string_view database, std::string_view key, journal::Fault fault) {
  damaged(database, key, journal::text_of(fault));
}

}  // namespace zcrew::lmdb
