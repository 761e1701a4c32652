#include "lmdb/meta_pages.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "lmdb/environment.h"
#include "lmdb/error.h"
#include "lmdb/page_layout.h"

namespace zcrew::lmdb {

namespace {

constexpr std::uint32_t magic = 0xBEEFC0DE;  // MDB_MAGIC
constexpr std::uint32_t data_version = 1;    // MDB_DATA_VERSION
constexpr std::size_t page_bytes_min = 512;  // of any LMDB file
constexpr std::size_t page_bytes_max = 65'536;

class File {
 public:
  explicit File(const std::string& name) : fd_(::open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) fail("open the journal's file", errno);
  }
  ~File() { ::close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Shorter at the file's end.
  [[nodiscard]] std::string read(std::uint64_t offset, std::size_t size) const {
    std::string bytes(size, '\0');
    const ssize_t got = ::pread(fd_, bytes.data(), size, static_cast<off_t>(offset));
    if (got < 0) fail("read the journal's file", errno);
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  }

 private:
  int fd_;
};

struct Meta {
  explicit Meta(std::string_view page)
      : page_bytes(number_at<std::uint32_t>(page, meta_free_tree)),
        free_flags(number_at<std::uint16_t>(page, meta_free_tree + 4)),
        main_flags(number_at<std::uint16_t>(page, meta_main_tree + 4)),
        free_root(tree_at(page, meta_free_tree).root),
        last_page(number_at<std::uint64_t>(page, meta_last_page)),
        commit(number_at<std::uint64_t>(page, meta_commit)) {}

  std::uint32_t page_bytes;
  std::uint16_t free_flags;
  std::uint16_t main_flags;
  std::uint64_t free_root;
  std::uint64_t last_page;
  std::uint64_t commit;
};

// LMDB refuses what does not begin so.
bool begins_as_lmdb(std::string_view page) {
  return page.size() == meta_end && number_at<std::uint32_t>(page, page_header) == magic &&
         number_at<std::uint32_t>(page, page_header + 4) == data_version;
}

// The number of the commit that freed pages last. Every commit copies pages and frees the old ones.
std::optional<std::uint64_t> last_freed(const File& file, const Meta& meta) {
  std::uint64_t number = meta.free_root;
  for (unsigned level = 0; level < depth_max && number <= meta.last_page; ++level) {
    const std::string page = file.read(number * meta.page_bytes, meta.page_bytes);
    if (page.size() != meta.page_bytes) break;
    const auto flags = number_at<std::uint16_t>(page, page_flags);
    const std::size_t lower = number_at<std::uint16_t>(page, page_lower);
    if (lower <= page_header || lower > page.size()) break;
    const std::size_t node = number_at<std::uint16_t>(page, lower - 2);
    if (node + node_header + sizeof number > page.size()) break;
    if (flags == leaf_page) return number_at<std::uint64_t>(page, node + node_header);
    if (flags != branch_page) break;
    number = number_at<std::uint32_t>(page, node) |
             std::uint64_t{number_at<std::uint16_t>(page, node + 4)} << 32U;
  }
  return std::nullopt;
}

}  // namespace

std::string fault_of_meta_pages(const std::string& name) {
  const File file(name);
  const std::string first = file.read(0, meta_end);
  if (!begins_as_lmdb(first)) return "";
  const Meta one(first);
  const bool power_of_two = (one.page_bytes & (one.page_bytes - 1)) == 0;
  if (!power_of_two || one.page_bytes < page_bytes_min || one.page_bytes > page_bytes_max)
    return "its first page is wrong about the size of pages";
  const std::string second = file.read(one.page_bytes, meta_end);
  if (!begins_as_lmdb(second)) return "";
  const Meta two(second);
  if (one.page_bytes != two.page_bytes || one.free_flags != two.free_flags ||
      one.main_flags != two.main_flags)
    return "its first two pages contradict each other";
  const Meta& newer = one.commit > two.commit ? one : two;
  const Meta& older = one.commit > two.commit ? two : one;
  if (newer.commit != older.commit + 1) return "its last two commits do not follow each other";
  if (newer.last_page >= map_bytes / newer.page_bytes ||
      older.last_page >= map_bytes / older.page_bytes)
    return "it claims more pages than any journal has";
  // The first commit had nothing to free.
  if (newer.commit > 1 && last_freed(file, newer) != newer.commit)
    return "its last commit is not the one that it says it is";
  return "";
}

}  // namespace zcrew::lmdb
