// The layouts of LMDB 0.9 (MDB_page, MDB_node, MDB_db and MDB_meta in its mdb.c), in the byte order
// of the machine.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace zcrew::lmdb {

inline constexpr std::size_t page_header = 16;
inline constexpr std::size_t page_flags = 10;
inline constexpr std::size_t page_lower = 12;  // where its list of nodes ends
inline constexpr std::size_t node_header = 8;
inline constexpr std::size_t tree_bytes = 48;
inline constexpr std::size_t meta_free_tree = page_header + 24;
inline constexpr std::size_t meta_main_tree = meta_free_tree + tree_bytes;
inline constexpr std::size_t meta_last_page = meta_main_tree + tree_bytes;
inline constexpr std::size_t meta_commit = meta_last_page + 8;
inline constexpr std::size_t meta_end = meta_commit + 8;
inline constexpr std::uint16_t branch_page = 1;
inline constexpr std::uint16_t leaf_page = 2;
inline constexpr std::uint16_t overflow_page = 4;
inline constexpr std::uint16_t big_node = 1;
inline constexpr std::uint16_t tree_node = 2;
inline constexpr std::uint64_t no_page = UINT64_MAX;
inline constexpr unsigned depth_max = 32;  // CURSOR_STACK
inline constexpr std::uint64_t meta_pages = 2;

template <typename Number>
Number number_at(std::string_view bytes, std::size_t offset) {
  Number number{};
  std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

// What LMDB keeps about a tree.
struct Tree {
  unsigned depth = 0;
  std::uint64_t branches = 0;
  std::uint64_t leaves = 0;
  std::uint64_t overflows = 0;
  std::uint64_t entries = 0;
  std::uint64_t root = no_page;
};

inline Tree tree_at(std::string_view bytes, std::size_t offset) {
  const std::string_view tree = bytes.substr(offset, tree_bytes);
  return {number_at<std::uint16_t>(tree, 6),  number_at<std::uint64_t>(tree, 8),
          number_at<std::uint64_t>(tree, 16), number_at<std::uint64_t>(tree, 24),
          number_at<std::uint64_t>(tree, 32), number_at<std::uint64_t>(tree, 40)};
}

}  // namespace zcrew::lmdb
