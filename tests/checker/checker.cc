#include "checker.h"

namespace checker {

void Checker::begin(const Line& line) {
  if (line.event != "begin"_word || began_)
    throw NotAHistory("a history begins with `begin`, once");
  began_ = true;
  last_ = line.at;
  Times times;
  times.grace = line.value("grace").value_or(times.grace);
  times.patience = line.value("patience").value_or(times.patience);
  times.heartbeat = line.value("heartbeat").value_or(times.heartbeat);
  times.resume = line.value("resume").value_or(times.resume);
  times.lease = line.value("lease").value_or(times.lease);
  times.crash_limit = line.value("crash_limit").value_or(times.crash_limit);
  reach_.set(times);
}

void Checker::take(const Line& line) {
  if (ended_) throw NotAHistory("something comes behind `end`");
  if (!began_ || line.event == "begin"_word) return begin(line);
  if (line.at < last_) throw NotAHistory("the lines are not in the order of time");
  last_ = line.at;
  verdict_.at(line.number);
  if (line.role == "router"_word && line.event == "end"_word) {
    ended_ = true;
    const bool rest = line.has("rest");
    moves_.check_end(rest);
    peers_.check_end(moves_, rest);
    return;
  }
  const bool known_to_reach = reach_.take(line);
  const bool known_to_peers = peers_.take(line);
  const bool known_to_moves = moves_.take(line);
  if (known_to_reach || known_to_moves || known_to_peers) return;
  throw NotAHistory("unknown event \"" + std::string(line.what) + "\"");
}

std::vector<Violation> judge(std::string_view history) {
  Checker checker;
  Line line;
  std::size_t number = 0;
  while (!history.empty()) {
    ++number;
    if (parse(cut_line(history), number, line)) checker.take(line);
  }
  if (!checker.ended()) throw NotAHistory("it has no `end`");
  return checker.violations();
}

}  // namespace checker
