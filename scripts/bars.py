"""What the pool is held to, as ratios of two figures of one run; part of scripts/bench."""

import statistics
from dataclasses import dataclass
from typing import Callable


@dataclass
class Bar:
    what: str
    value: Callable  # of one run
    limit: float
    at_least: bool = True

    def verdict(self, value):
        met = value >= self.limit if self.at_least else value <= self.limit
        return "met" if met else "missed"

    def text(self):
        return f"{self.what} {'≥' if self.at_least else '≤'} {self.limit:g}"


def at_most(what, value, limit):
    return Bar(what, value, limit, False)


def of_pass_through(limit):
    return Bar("of pass-through", lambda run: run["jobs_per_s"] / run["passthrough_jobs_per_s"],
               limit)


def router_cpu(limit):
    return at_most("router CPU s per million", lambda run: run["router_cpu_s_per_million"], limit)


def of_bytes(run):
    """Of the smaller of pass-through and synced sequential writes of the same bytes."""
    written = run["sequential_mib_per_s"] * 2**20 / run["plan"]["size"]
    return run["jobs_per_s"] / min(run["passthrough_jobs_per_s"], written)


def bytes_a_job(run):
    plan = run["plan"]
    return run["journal_bytes"] / plan["jobs"] / (plan["size"] + 64)


def memory_beyond_idle(run):
    return run["router_anon_mib"] - run["router_idle_anon_mib"]


def ratio(above, below):
    return lambda run: run[above] / run[below]


def median_ratio(times, other):
    return lambda run: run[times]["p50"] / run[other]["p50"]


def beside(name, figure):
    """Of the same figure of another row in the same round."""
    return lambda run: run[figure] / run["round"][name][figure]


def beyond_wire_and_disk(run):
    """A confirm's time without a bare trip through the router and a commit of one record."""
    trip = run["round"]["a caller that waits, quick worker"]["passthrough_us"]["p50"]
    return run["confirm_us"]["p50"] - trip - run["lmdb_commit_us"]["p50"]


FILL = Bar("of LMDB's puts", ratio("jobs_per_s", "lmdb_put_per_s"), 0.6)
DRAIN = Bar("of LMDB's deletes", ratio("drain_jobs_per_s", "lmdb_delete_per_s"), 0.5)
FLAT = at_most("memory beyond idle, MiB", memory_beyond_idle, 64)
SPACE = at_most("journal bytes a job, of payload + 64", bytes_a_job, 1.5)

# Name, flags of `zcrew bench --limits`, bars.
ROWS = [
    ("quick jobs", "--jobs 1000000", [of_pass_through(0.6), router_cpu(0.8)]),
    ("jobs that are all written", "--backlog 1000000 --jobs 400000",
     [Bar("journaled", lambda run: run["journaled_fraction"], 0.99),
      Bar("of LMDB put+delete", ratio("jobs_per_s", "lmdb_put_delete_per_s"), 0.6),
      router_cpu(2)]),
    ("one job a call", "--pack 1 --jobs 400000",
     [Bar("of quick jobs in 64s", beside("quick jobs", "jobs_per_s"), 0.8)]),
    ("a caller that waits, no worker", "--in-flight 1 --workers 0 --jobs 400",
     [at_most("confirm p50 beyond trip and commit, µs", beyond_wire_and_disk, 100)]),
    ("a caller that waits, quick worker", "--in-flight 1 --jobs 2000",
     [at_most("confirm p50, of end to end", median_ratio("confirm_us", "end_to_end_us"), 1)]),
    ("4 workers, 8 producers", "--workers 4 --producers 8 --jobs 400000", [of_pass_through(0.5)]),
    ("16 workers, 8 producers", "--workers 16 --producers 8 --jobs 400000",
     [of_pass_through(0.5)]),
    ("beside 1,000 connected workers",
     "--idle-workers 1000 --workers 4 --producers 8 --jobs 400000", [of_pass_through(0.5)]),
    ("beside 9,900 connected workers",
     "--idle-workers 9900 --workers 4 --producers 8 --jobs 400000",
     [of_pass_through(0.5),
      at_most("router KiB an idle worker",
              lambda run: run["router_idle_anon_mib"] * 1024 / run["plan"]["idle_workers"], 40)]),
    ("jobs of 1 KiB", "--size 1K --jobs 200000", [Bar("of the bytes' limit", of_bytes, 0.4)]),
    ("jobs of 64 KiB", "--size 64K --in-flight 256 --jobs 20000",
     [Bar("of the bytes' limit", of_bytes, 0.4)]),
    ("jobs of 1 MiB", "--size 1M --in-flight 32 --pack 4 --jobs 1000",
     [Bar("of the bytes' limit", of_bytes, 0.4)]),
    ("open loop", "--rate 5000 --pack 1 --jobs 15000",
     [at_most("end to end p50, of pass-through",
              median_ratio("end_to_end_us", "passthrough_us"), 1.25),
      at_most("p99", lambda run: run["end_to_end_us"]["p99"] / run["passthrough_us"]["p99"], 2),
      at_most("confirm p50, of end to end", median_ratio("confirm_us", "end_to_end_us"), 1)]),
    ("producers alone, a million", "--workers 0 --jobs 1000000", [FILL, FLAT, SPACE]),
    ("producers alone, ten million", "--workers 0 --jobs 10000000", [FILL, FLAT, SPACE]),
    ("a backlog of a million goes", "--backlog 1000000 --jobs 0", [DRAIN]),
    ("a backlog of ten million goes", "--backlog 10000000 --jobs 0", [DRAIN]),
    ("a million delayed jobs", "--workers 0 --delay 1h --jobs 1000000", [FLAT]),
    ("a million dead letters", "--reject --in-flight 1024 --jobs 1000000", [FLAT]),
    ("jobs of 1 KiB that wait", "--workers 0 --size 1K --jobs 300000", [SPACE]),
    ("jobs of 64 KiB that wait", "--workers 0 --size 64K --in-flight 256 --jobs 20000", [SPACE]),
    ("a million go through 100,000 that wait", "--backlog 100000 --jobs 1000000", []),
    ("ten million go through 100,000 that wait", "--backlog 100000 --jobs 10000000",
     [at_most("journal bytes, of those after a million",
              beside("a million go through 100,000 that wait", "journal_bytes"), 1.05)]),
    ("1,000 queues × 1,000 jobs", "--workers 0 --queues 1000 --jobs 1000000",
     [FILL, Bar("of one queue of a million",
                beside("producers alone, a million", "jobs_per_s"), 0.4),
      at_most("journal bytes a job, of payload + 64", bytes_a_job, 2.2)]),
]


def table_row(name, flags, runs, bar):
    values = sorted(bar.value(run) for run in runs)
    middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
    speeds = sorted(run["jobs_per_s"] for run in runs)
    written = statistics.median(run["journaled_fraction"] for run in runs)
    return [name, f"`{flags}`", f"{speeds[len(speeds) // 2]:,.0f}", f"{written:.2f}", bar.text(),
            f"{middle:.2f} ({values[0]:.2f}–{values[-1]:.2f})", bar.verdict(middle)]


def bars(bench, report):
    """Rows in turn, not one after the other, so that a machine's moods meet all of them."""
    found = {name: [] for name, _, _ in ROWS}
    for _ in range(bench.options.runs):
        done = {name: bench.once("--limits", *bench.scaled(flags.split()))
                for name, flags, _ in ROWS}
        for name, run in done.items():
            found[name].append(run | {"round": done})
    rows = [table_row(name, flags, found[name], bar) for name, flags, all_bars in ROWS
            for bar in all_bars]
    report.text("## Bars", "`zcrew bench --limits` with these flags; lowest and highest run in "
                "brackets.")
    report.table(["what", "flags", "jobs/s", "journaled", "bar", "measured", "verdict"], rows)
