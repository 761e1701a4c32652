#include "lmdb/check_pages.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "lmdb/page_layout.h"

namespace zcrew::lmdb {

namespace {

class PageWalk {
 public:
  PageWalk(const Environment& environment, CheckReport& report, std::uint64_t pages_max)
      : fd_(environment.fd()),
        page_bytes_(environment.page_bytes()),
        pages_left_(pages_max),
        report_(report) {}

  void everything() {
    std::string meta = read(0);
    const std::string other = read(1);
    if (number_at<std::uint64_t>(other, meta_commit) > number_at<std::uint64_t>(meta, meta_commit))
      meta = other;
    last_ = number_at<std::uint64_t>(meta, meta_last_page);
    last_commit_ = number_at<std::uint64_t>(meta, meta_commit);
    taken_.resize(last_ + 1);
    taken_[0] = taken_[1] = true;
    walk_tree("the list of free pages", tree_at(meta, meta_free_tree), true);
    walk_tree("the list of tables", tree_at(meta, meta_main_tree), false);
    std::uint64_t lost = 0;
    for (const bool taken : taken_) lost += taken ? 0 : 1;
    if (lost != 0 && pages_left_ != 0)
      report_.problem(std::to_string(lost) + " pages are neither in use nor free");
  }

 private:
  void wrong(std::uint64_t page, std::string_view what) {
    report_.problem("page " + std::to_string(page) + ": " + std::string(what));
  }

  std::string read(std::uint64_t page) const {
    std::string bytes(page_bytes_, '\0');
    // What a file lacks at its end reads as zeros, and zeros are no page.
    if (::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(page * page_bytes_)) < 0)
      fail("read the journal's file", errno);
    return bytes;
  }

  // False if the page cannot be, or is somewhere else already, or enough pages were looked at.
  bool take(std::uint64_t page, std::uint64_t from) {
    if (pages_left_ == 0) return false;
    if (page < meta_pages || page > last_) {
      wrong(from, "it names page " + std::to_string(page) + ", which does not exist");
      return false;
    }
    if (taken_[page]) {
      wrong(page, "it is used twice, or used and free");
      return false;
    }
    taken_[page] = true;
    --pages_left_;
    return true;
  }

  void walk_tree(std::string_view name, const Tree& kept, bool of_free_pages) {
    if (kept.root == no_page) return;
    of_free_pages_ = of_free_pages;
    Tree found;
    if (!take(kept.root, 0)) return;
    walk_page(kept.root, 1, kept.depth, found);
    if (pages_left_ == 0) return;
    if (found.branches != kept.branches || found.leaves != kept.leaves ||
        found.overflows != kept.overflows || found.entries != kept.entries)
      report_.problem(std::string(name) + ": its pages and entries are not as many as it says");
  }

  void walk_page(std::uint64_t page, unsigned level, unsigned depth, Tree& found) {
    const std::string bytes = read(page);
    const auto type =
        number_at<std::uint16_t>(bytes, page_flags);  // LMDB's other flags never get here
    if (number_at<std::uint64_t>(bytes, 0) != page) return wrong(page, "it says it is another");
    if (type != (level == depth ? leaf_page : branch_page) || level > depth_max)
      return wrong(page, "it is not of the kind that its place in the tree asks for");
    ++(type == leaf_page ? found.leaves : found.branches);
    for (const Node& node : nodes_of(page, bytes, type == leaf_page)) {
      if (type == branch_page) {
        if (take(node.child, page)) walk_page(node.child, level + 1, depth, found);
        continue;
      }
      ++found.entries;
      walk_value(page, node, found);
    }
  }

  // All nodes; none, and a problem, if the page is not laid out as LMDB does it.
  std::vector<Node> nodes_of(std::uint64_t page, std::string_view bytes, bool leaf) {
    std::vector<Node> nodes;
    const std::string_view what =
        walk_nodes(bytes, leaf, [&](const Node& node) { nodes.push_back(node); });
    if (what.empty()) return nodes;
    wrong(page, what);
    return {};
  }

  void walk_value(std::uint64_t page, const Node& node, Tree& found) {
    std::string bytes;
    std::string_view value = node.value;
    if ((node.flags & big_node) != 0) {
      const auto first = number_at<std::uint64_t>(value, 0);
      const std::uint64_t pages = (page_header + node.size - 1) / page_bytes_ + 1;
      for (std::uint64_t i = 0; i < pages; ++i) {
        if (!take(first + i, page)) return;
        bytes += read(first + i);
      }
      found.overflows += pages;
      if (number_at<std::uint64_t>(bytes, 0) != first ||
          number_at<std::uint16_t>(bytes, page_flags) != overflow_page ||
          number_at<std::uint32_t>(bytes, 12) != pages)
        return wrong(first, "it is not the large value that page " + std::to_string(page) + " has");
      value = std::string_view(bytes).substr(page_header, node.size);
    }
    if (of_free_pages_) return take_free(page, node.key, value);
    if ((node.flags & tree_node) == 0) return;
    if (value.size() != tree_bytes) return wrong(page, "a table's entry is none");
    walk_tree("table `" + std::string(node.key) + "`", tree_at(value, 0), false);
  }

  // A record of the free list, by the commit that freed them: how many, and which, from the last to
  // the first.
  void take_free(std::uint64_t page, std::string_view key, std::string_view list) {
    constexpr std::size_t each = sizeof(std::uint64_t);
    const std::uint64_t commit = key.size() == each ? number_at<std::uint64_t>(key, 0) : 0;
    if (commit <= freed_by_ || commit > last_commit_)
      return wrong(page, "free pages are of a commit that cannot be");
    freed_by_ = commit;
    const std::uint64_t count = list.size() < each ? 0 : number_at<std::uint64_t>(list, 0);
    if (list.size() < each || count > list.size() / each - 1)
      return wrong(page, "a list of free pages is longer than its record");
    std::uint64_t before = no_page;
    for (std::uint64_t i = 1; i <= count; ++i) {
      const auto free = number_at<std::uint64_t>(list, i * each);
      if (free >= before) return wrong(page, "a list of free pages is out of order");
      before = free;
      take(free, page);
    }
  }

  int fd_;
  std::size_t page_bytes_;
  std::uint64_t pages_left_;
  CheckReport& report_;
  std::uint64_t last_ = 0;
  std::vector<bool> taken_;
  std::uint64_t last_commit_ = 0;
  std::uint64_t freed_by_ = 0;  // the last record of the free list that was looked at
  bool of_free_pages_ = false;
};

}  // namespace

void check_pages(const Environment& environment, CheckReport& report, std::uint64_t pages_max) {
  PageWalk(environment, report, pages_max).everything();
}

}  // namespace zcrew::lmdb
