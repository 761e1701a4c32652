// The layouts of LMDB 0.9 (MDB_page, MDB_node, MDB_db and MDB_meta in its mdb.c), in the byte order
// of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace zcrew::lmdb {

inline constexpr std::size_t page_header = 16;
inline constexpr std::size_t page_flags = 10;
inline constexpr std::size_t page_lower = 12;  // where its list of nodes ends …
inline constexpr std::size_t page_upper = 14;  // … and its nodes begin
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

struct Node {
  std::uint16_t flags = 0;
  std::uint64_t child = 0;  // in a branch
  std::uint64_t size = 0;   // of the value, in a leaf
  std::string_view key;
  std::string_view value;  // as far as it is in this page
};

// Calls visit(node) for each node of a page; says what is wrong if it is not laid out as LMDB does
// it, after the nodes before. Nodes fill a page from its end without a gap, so that an entry of its
// list too few shows, which would hide a node from every search.
template <typename Visit>
std::string_view walk_nodes(std::string_view page, bool leaf, Visit visit) {
  const std::size_t lower = number_at<std::uint16_t>(page, page_lower);
  const std::size_t upper = number_at<std::uint16_t>(page, page_upper);
  if (lower < page_header || lower % 2 != 0 || lower > upper || upper > page.size())
    return "its header is wrong";
  std::size_t filled = 0;
  for (std::size_t at = page_header; at < lower; at += 2) {
    const std::size_t offset = number_at<std::uint16_t>(page, at);
    if (offset < upper || offset + node_header > page.size())
      return "one of its nodes lies outside";
    const std::uint64_t low = number_at<std::uint16_t>(page, offset);
    const std::uint64_t high = number_at<std::uint16_t>(page, offset + 2);
    Node node;
    node.flags = number_at<std::uint16_t>(page, offset + 4);
    node.size = low | high << 16U;
    node.child = node.size | std::uint64_t{node.flags} << 32U;
    const std::size_t key = number_at<std::uint16_t>(page, offset + 6);
    std::uint64_t here = leaf ? node.size : 0;
    if (leaf && (node.flags & big_node) != 0) here = sizeof(std::uint64_t);
    const std::uint64_t size = node_header + key + here;
    if (offset + size > page.size()) return "one of its nodes is too long";
    node.key = page.substr(offset + node_header, key);
    node.value = page.substr(offset + node_header + key, here);
    filled += size + size % 2;
    visit(node);
  }
  return filled == page.size() - upper ? std::string_view{} : "its nodes do not fill it";
}

// The nodes of a page that walk_nodes() has found right, by their place in its list.
inline std::size_t nodes_of(std::string_view page) {
  return (number_at<std::uint16_t>(page, page_lower) - page_header) / 2;
}
inline std::size_t node_at(std::string_view page, std::size_t place) {
  return number_at<std::uint16_t>(page, page_header + 2 * place);
}
inline std::string_view key_at(std::string_view page, std::size_t place) {
  const std::size_t node = node_at(page, place);
  return page.substr(node + node_header, number_at<std::uint16_t>(page, node + 6));
}
inline std::uint64_t child_at(std::string_view page, std::size_t place) {
  const std::size_t node = node_at(page, place);
  const std::uint64_t low = number_at<std::uint32_t>(page, node);
  return low | std::uint64_t{number_at<std::uint16_t>(page, node + 4)} << 32U;
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
