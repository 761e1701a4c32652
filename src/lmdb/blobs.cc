#include "lmdb/blobs.h"

#include <algorithm>
#include <cstring>

#include "journal/keys.h"
#include "journal/record_codec.h"

namespace zcrew::lmdb {

using journal::layout::Kind;
using journal::layout::Part;
namespace layout = journal::layout;

void write_blob(Cursor& blobs, const JobId& id, Part part, std::string_view bytes) {
  const std::uint32_t chunks = journal::chunks_of(bytes.size());
  for (std::uint32_t i = 0; i < chunks; ++i) {
    const std::string_view chunk =
        bytes.substr(std::size_t{i} * layout::chunk_bytes, layout::chunk_bytes);
    const auto key = journal::chunk_key(id, part, i);
    const std::size_t size = layout::envelope_bytes + chunk.size();
    char* record = blobs.reserve(key.view(), size, MDB_NOOVERWRITE);
    if (record == nullptr)
      damaged(layout::db::blobs, key.view(), "it is there before its job or result");
    std::memcpy(record + layout::envelope_bytes, chunk.data(), chunk.size());
    journal::seal(Kind::chunk, key.view(), record, size);
  }
}

void erase_blob(Cursor& blobs, const JobId& id, Part part, std::uint64_t bytes) {
  const std::uint32_t chunks = journal::chunks_of(bytes);
  for (std::uint32_t i = 0; i < chunks; ++i) {
    const auto key = journal::chunk_key(id, part, i);
    if (!blobs.seek(key.view())) damaged(layout::db::blobs, key.view(), "it is missing");
    blobs.erase();
  }
}

std::string read_blob(Cursor& blobs, const JobId& id, Part part, std::uint64_t bytes) {
  std::string out;
  out.reserve(bytes);
  const std::uint32_t chunks = journal::chunks_of(bytes);
  for (std::uint32_t i = 0; i < chunks; ++i) {
    const auto key = journal::chunk_key(id, part, i);
    if (!blobs.seek(key.view())) damaged(layout::db::blobs, key.view(), "it is missing");
    const std::string_view chunk = sound(journal::unseal(Kind::chunk, key.view(), blobs.value()),
                                         layout::db::blobs, key.view());
    if (chunk.size() != std::min<std::uint64_t>(layout::chunk_bytes, bytes - out.size()))
      damaged(layout::db::blobs, key.view(), journal::Fault::shape);
    out += chunk;
  }
  return out;
}

}  // namespace zcrew::lmdb
