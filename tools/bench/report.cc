#include "bench/report.h"

#include <fmt/format.h>

#include <cmath>

#include "table.h"

namespace zcrew::tool::bench {

namespace {

using Json = nlohmann::ordered_json;

Json rounded(double value, double parts) { return std::round(value * parts) / parts; }

Json times_json(const Times& times) {
  return {{"p50", rounded(times.p50, 10)},
          {"p90", rounded(times.p90, 10)},
          {"p99", rounded(times.p99, 10)},
          {"p99.9", rounded(times.p999, 10)},
          {"max", rounded(times.max, 10)}};
}

Json mebibytes(std::uint64_t bytes) {
  return rounded(static_cast<double>(bytes) / static_cast<double>(1U << 20U), 100);
}

Json plan_json(const Plan& plan) {
  return {{"jobs", plan.jobs},
          {"backlog", plan.backlog},
          {"producers", plan.producers},
          {"workers", plan.workers},
          {"idle_workers", plan.idle_workers},
          {"size", plan.payload_bytes},
          {"in_flight", plan.in_flight},
          {"pack", plan.pack},
          {"rate", plan.rate},
          {"queues", plan.queues},
          {"concurrency", plan.concurrency},
          {"service_us", static_cast<double>(plan.service.count()) / 1000}};
}

void add_limits(Json& document, const Limits& limits) {
  if (const auto& pass = limits.pass_through) {
    document["passthrough_jobs_per_s"] = rounded(pass->jobs_per_s, 1);
    document["passthrough_us"] = times_json(limits.pass_through_us);
    document["passthrough_cpu_s_per_million"] = rounded(pass->router_cpu_s_per_million, 1000);
  } else {
    for (const char* name :
         {"passthrough_jobs_per_s", "passthrough_us", "passthrough_cpu_s_per_million"})
      document[name] = nullptr;
  }
  document["lmdb_put_per_s"] = rounded(limits.lmdb.put_per_s, 1);
  document["lmdb_put_delete_per_s"] = rounded(limits.lmdb.put_delete_per_s, 1);
  document["lmdb_delete_per_s"] = rounded(limits.lmdb.delete_per_s, 1);
  document["lmdb_commit_us"] = times_json(limits.commit_us);
  document["fdatasync_us"] = times_json(limits.sync_us);
  document["sequential_mib_per_s"] =
      rounded(limits.lmdb.sequential_bytes_per_s / static_cast<double>(1U << 20U), 10);
}

std::string us_text(double us) {
  if (us >= 1e6) return fmt::format("{:.2f} s", us / 1e6);
  if (us >= 1e4) return fmt::format("{:.1f} ms", us / 1e3);
  return fmt::format("{:.0f} us", us);
}

std::vector<std::string> row(const char* name, const Times& times) {
  return {name,
          us_text(times.p50),
          us_text(times.p90),
          us_text(times.p99),
          us_text(times.p999),
          us_text(times.max)};
}

std::string count_text(double value) { return grouped(static_cast<std::uint64_t>(value)); }

}  // namespace

Json to_json(const Plan& plan, const Result& result) {
  Json document{{"plan", plan_json(plan)},
                {"jobs", result.jobs},
                {"seconds", rounded(result.seconds, 1e6)},
                {"jobs_per_s", rounded(result.jobs_per_s, 1)}};
  if (result.ideal_seconds) document["ideal_s"] = rounded(*result.ideal_seconds, 1e6);
  if (result.fill_per_s) document["fill_jobs_per_s"] = rounded(*result.fill_per_s, 1);
  if (result.drain_per_s) document["drain_jobs_per_s"] = rounded(*result.drain_per_s, 1);
  document["confirm_us"] = times_json(result.confirm_us);
  document["end_to_end_us"] = times_json(result.end_to_end_us);
  document["router_cpu_s_per_million"] =
      result.router_cpu_s_per_million ? rounded(*result.router_cpu_s_per_million, 1000) : Json();
  document["router_anon_mib"] = result.memory ? mebibytes(result.memory->anonymous_bytes) : Json();
  document["router_idle_anon_mib"] =
      result.memory_at_rest ? mebibytes(result.memory_at_rest->anonymous_bytes) : Json();
  document["router_file_mib"] = result.memory ? mebibytes(result.memory->file_bytes) : Json();
  document["journal_bytes"] = result.journal_bytes;
  document["commits"] = result.commits;
  document["journaled_fraction"] = rounded(result.journaled_fraction, 1e4);
  document["lost"] = result.lost;
  document["doubled"] = result.doubled;
  document["done_by_worker"] = result.done_by;
  if (result.limits) add_limits(document, *result.limits);
  return document;
}

std::string to_text(const Plan& plan, const Result& result) {
  std::string text =
      fmt::format("{} jobs/s ({} jobs of {} bytes in {:.2f} s)\n", count_text(result.jobs_per_s),
                  grouped(result.jobs), plan.payload_bytes, result.seconds);
  if (result.fill_per_s)
    text += fmt::format("backlog: {} jobs/s in", count_text(*result.fill_per_s));
  if (result.drain_per_s) text += fmt::format(", {} jobs/s out", count_text(*result.drain_per_s));
  if (result.fill_per_s) text += '\n';
  if (result.ideal_seconds) {
    text += fmt::format("{:.3f} of the time that the work takes if no worker is ever idle\n",
                        result.seconds / *result.ideal_seconds);
  }
  Table times({"", "p50", "p90", "p99", "p99.9", "max"});
  times.add(row("confirm", result.confirm_us));
  if (plan.workers > 0) times.add(row("end to end", result.end_to_end_us));
  if (result.limits) {
    if (result.limits->pass_through) times.add(row("pass-through", result.limits->pass_through_us));
    times.add(row("LMDB commit", result.limits->commit_us));
    times.add(row("fdatasync", result.limits->sync_us));
  }
  text += "\n" + times.text() + "\n";
  if (result.memory) {
    text +=
        fmt::format("router: {:.2f} s of CPU per million jobs, {} MiB anonymous, {} MiB mapped\n",
                    *result.router_cpu_s_per_million, result.memory->anonymous_bytes >> 20U,
                    result.memory->file_bytes >> 20U);
  }
  text += fmt::format("journal: {} bytes, {} commits, {:.1f} % of the jobs written to disk\n",
                      grouped(result.journal_bytes), grouped(result.commits),
                      100 * result.journaled_fraction);
  if (result.limits) {
    const auto& pass = result.limits->pass_through;
    text += fmt::format("limits: {}LMDB {} puts/s, {} put+deletes/s\n",
                        pass ? "pass-through " + count_text(pass->jobs_per_s) + " jobs/s; " : "",
                        count_text(result.limits->lmdb.put_per_s),
                        count_text(result.limits->lmdb.put_delete_per_s));
  }
  return text + fmt::format("lost {}, doubled {}\n", grouped(result.lost), grouped(result.doubled));
}

}  // namespace zcrew::tool::bench
