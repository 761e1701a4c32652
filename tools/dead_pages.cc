#include "dead_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "table.h"

namespace zcrew::tool {

namespace {

std::string attempts_of(const Json& letter) {
  if (letter.contains("attempts")) return cell(letter, "attempts");
  return grouped(letter.value("failures", std::uint64_t{0}) +
                 letter.value("crashes", std::uint64_t{0}));
}

std::string history_text(const Json& history) {
  Table table({"when", "attempt", "event", "worker", "text"});
  for (const auto& entry : history) {
    table.add({time_cell(entry, "at_ms"), cell(entry, "attempt"), cell(entry, "event"),
               cell(entry, "worker"), cell(entry, "text")});
  }
  return table.text();
}

}  // namespace

DeadPages::DeadPages(Admin& admin, std::string queue, std::uint64_t limit)
    : admin_(admin),
      queue_(std::move(queue)),
      left_(limit == 0 ? std::numeric_limits<std::uint64_t>::max() : limit) {}

Json DeadPages::next() {
  // A page without letters is not the end as long as the router has more and moves the cursor.
  while (more_ && left_ > 0) {
    Json arguments{{"limit", std::min<std::uint64_t>(left_, dead_page_letters)}};
    if (!queue_.empty()) arguments["queue"] = queue_;
    if (!after_.empty()) arguments["after"] = after_;
    Json page = admin_.ask("dead_list", arguments);
    const std::string before = after_;
    after_ = page.value("after", after_);
    more_ = page.value("more", false) && after_ != before;
    Json letters = page.value("dead", Json::array());
    left_ -= std::min<std::uint64_t>(left_, letters.size());
    if (!letters.empty()) return letters;
  }
  return Json::array();
}

Json ids_of(const Json& letters) {
  Json ids = Json::array();
  for (const auto& letter : letters) ids.push_back(letter.value("id", ""));
  return ids;
}

std::string dead_table(const Json& letters, bool with_heads) {
  Table table({"id", "queue", "attempts", "died", "reason"});
  for (const auto& letter : letters) {
    table.add({cell(letter, "id"), cell(letter, "queue"), attempts_of(letter),
               time_cell(letter, "died_at_ms"), cell(letter, "reason")});
  }
  std::string text = table.text();
  return with_heads ? text : text.substr(text.find('\n') + 1);
}

std::string dead_letter_text(const Json& letter) {
  std::string text = fmt::format(
      "{}: queue {}, reason {}, attempts {}, payload of {} bytes\naccepted {}, died {}\n",
      cell(letter, "id"), cell(letter, "queue"), cell(letter, "reason"), attempts_of(letter),
      cell(letter, "payload_bytes"), time_cell(letter, "accepted_at_ms"),
      time_cell(letter, "died_at_ms"));
  text += history_text(letter.value("history", Json::array()));
  for (const char* key : {"payload", "payload_base64"}) {
    if (!letter.contains(key)) continue;
    const bool whole = letter.value("payload_complete", true);
    text += fmt::format("{}{}: {}\n", key, whole ? "" : " (its first part)", cell(letter, key));
  }
  return text + "\n";
}

}  // namespace zcrew::tool
