// What `zcrew submit` tells about its jobs: ids or results on stdout, what went wrong on stderr,
// and the counts for the last line. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>

#include "output.h"
#include "submit_source.h"
#include "zcrew/client.h"

namespace zcrew::tool {

struct ReportSettings {
  bool wait = false;     // print results, else ids if asked for
  bool ordered = false;  // results in the order of submission
  bool json = false;     // one object a line
  bool ids = false;      // each id once it is confirmed
};

struct SubmitCounts {
  std::uint64_t confirmed = 0;
  std::uint64_t refused = 0;
  std::uint64_t done = 0;
  std::uint64_t not_done = 0;  // dead, cancelled, expired, unknown
};

class Report {
 public:
  // `complain` gets whole sentences for stderr.
  Report(ReportSettings settings, const Source& source, std::function<void(std::string_view)> write,
         std::function<void(const std::string&)> complain);

  void take(const Confirmed& event);
  void take(const Finished& event);
  void take(const RefusedJob& event);
  void take(const SkippedFile& file);  // it is no job, and takes no turn

  [[nodiscard]] const SubmitCounts& counts() const { return counts_; }
  // Jobs about which nothing more will come.
  [[nodiscard]] std::uint64_t settled() const;

 private:
  void put(Ticket ticket, std::string text);
  [[nodiscard]] std::string plain(const Finished& event) const;
  [[nodiscard]] std::string title(Ticket ticket) const;

  const ReportSettings settings_;
  const Source& source_;
  const std::function<void(std::string_view)> write_;
  const std::function<void(const std::string&)> complain_;
  SubmitCounts counts_;
  std::unordered_set<Ticket> unfinished_;    // confirmed, and a result is awaited
  std::map<Ticket, std::string> held_back_;  // for `ordered`: what came before its turn
  Ticket turn_ = 1;
};

}  // namespace zcrew::tool
