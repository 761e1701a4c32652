"""Runs zcrew bench over a matrix and writes a report; scripts/bench is the way to call it."""

import argparse
import json
import math
import platform
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from bars import bars
from restart_time import restart

SPEEDS = [1] * 8 + [2] * 4 + [4] * 2 + [0.25] * 2  # of the unlike workers
POLICIES = ("round-robin", "weighted", "random", "least-loaded", "adaptive")


class Report:
    """Markdown, with a plot beside each table that has one."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.lines = []

    def text(self, *lines):
        self.lines += [*lines, ""]

    def table(self, heads, rows):
        self.lines.append("| " + " | ".join(heads) + " |")
        self.lines.append("|" + "---|" * len(heads))
        self.lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
        self.lines.append("")

    def plot(self, name, title, x_name, y_name, points, log_x=True):
        """points: {series: [(x, y)]}"""
        script = [f'set xlabel "{x_name}"; set key left top']
        if log_x:
            script.append("set logscale x")
        for number, series in enumerate(points.values()):
            body = "\n".join(f"{x} {y}" for x, y in series)
            script.append(f"$d{number} << EOD\n{body}\nEOD")
        script.append("plot " + ", ".join(f'$d{number} with linespoints title "{series}"'
                                          for number, series in enumerate(points)))
        self.draw(name, title, y_name, script)

    def boxes(self, name, title, y_name, values):
        """values: {label: y}"""
        body = "\n".join(f'"{label}" {y}' for label, y in values.items())
        self.draw(name, title, y_name,
                  ["set style fill solid 0.5; set boxwidth 0.6; set xtics rotate by -20",
                   f"$d << EOD\n{body}\nEOD", "plot $d using 2:xtic(1) with boxes notitle"])

    def draw(self, name, title, y_name, script):
        if not shutil.which("gnuplot"):
            self.text(f"(no plot of {name}: gnuplot is not installed)")
            return
        folder = self.folder / "performance"
        folder.mkdir(parents=True, exist_ok=True)
        head = [f'set terminal svg size 640,400 background "white"; set output "{name}.svg"',
                f'set title "{title}"; set ylabel "{y_name}"; set grid; set yrange [0:*]']
        subprocess.run(["gnuplot"], input="\n".join(head + script), text=True, check=True,
                       cwd=folder)
        self.text(f"![{title}](performance/{name}.svg)")

    def write(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "performance.md").write_text("\n".join(self.lines).rstrip() + "\n")


class Bench:
    def __init__(self, options):
        self.options = options

    def jobs(self, count):
        return max(int(count * self.options.scale), 200)

    def scaled(self, flags):
        """The flags with their numbers of jobs multiplied."""
        return [str(self.jobs(int(flag))) if before in ("--jobs", "--backlog") and flag != "0"
                else flag for before, flag in zip([None, *flags], flags)]

    def once(self, *flags):
        command = [self.options.tool, "bench", "--json", "--directory", self.options.directory,
                   *map(str, flags)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise SystemExit(f"{' '.join(command)} exits {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)

    def runs(self, *flags):
        return [self.once(*flags) for _ in range(self.options.runs)]


def median(runs, value):
    return statistics.median(value(run) for run in runs)


def share(run):
    return run["jobs_per_s"] / run["passthrough_jobs_per_s"]


def throughput(bench, report, name, title, heads, settings, flags_of, jobs_of=lambda _: 500000):
    rows, points = [], {"zcrew": [], "bare pass-through": []}
    for setting in settings:
        runs = bench.runs("--jobs", bench.jobs(jobs_of(setting)), "--limits", *flags_of(setting))
        speed = median(runs, lambda run: run["jobs_per_s"])
        limit = median(runs, lambda run: run["passthrough_jobs_per_s"])
        rows.append([setting, f"{speed:,.0f}", f"{median(runs, share):.2f}",
                     f"{median(runs, lambda run: run['router_cpu_s_per_million']):.2f}",
                     f"{median(runs, lambda run: run['confirm_us']['p50']):,.0f}",
                     f"{median(runs, lambda run: run['end_to_end_us']['p50']):,.0f}",
                     f"{median(runs, lambda run: run['journaled_fraction']):.2f}"])
        points["zcrew"].append((setting, speed))
        points["bare pass-through"].append((setting, limit))
    report.text(f"## {title}")
    report.table([heads, "jobs/s", "of pass-through", "router CPU s per million",
                  "confirm p50 µs", "end to end p50 µs", "journaled"], rows)
    report.plot(name, title, heads, "jobs/s", points)


def packing(bench, report):
    throughput(bench, report, "packing", "Throughput by jobs a submit call", "jobs a call",
               [1, 8, 64, 512], lambda pack: ["--pack", pack])


def size(bench, report):
    throughput(bench, report, "size", "Throughput by payload", "bytes",
               [100, 1024, 65536, 1048576],
               lambda size: ["--size", size, "--in-flight", max(16, min(16384, 2**24 // size)),
                             "--pack", max(1, min(64, 2**20 // size))],
               lambda size: min(500000, 2**31 // size))


def producers(bench, report):
    throughput(bench, report, "producers", "Throughput by producers", "producers", [1, 2, 4, 8],
               lambda count: ["--producers", count])


def workers(bench, report):
    throughput(bench, report, "workers", "Throughput by workers (8 producers)", "workers",
               [1, 4, 16], lambda count: ["--workers", count, "--producers", 8])


def flight(bench, report):
    throughput(bench, report, "flight", "Throughput by jobs in flight", "in flight",
               [64, 1024, 16384], lambda count: ["--in-flight", count])


def load(bench, report):
    most = median(bench.runs("--jobs", bench.jobs(500000)), lambda run: run["jobs_per_s"])
    rows, points = [], {"confirm p50": [], "end to end p50": [], "end to end p99": []}
    for part in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0):
        rate = most * part
        runs = bench.runs("--rate", rate, "--jobs", bench.jobs(rate * 3))
        times = [median(runs, lambda run: run["confirm_us"]["p50"]),
                 median(runs, lambda run: run["end_to_end_us"]["p50"]),
                 median(runs, lambda run: run["end_to_end_us"]["p99"])]
        rows.append([f"{part:.0%}", f"{rate:,.0f}", *(f"{us:,.0f}" for us in times)])
        for name, us in zip(points, times):
            points[name].append((part, us))
    report.text("## Latency by load", "Open loop: a job's clock starts when it was due.")
    report.table(["load", "jobs/s", *(f"{name} µs" for name in points)], rows)
    report.plot("load", "Latency by load", "share of the closed loop's throughput", "µs", points,
                log_x=False)


def backlog(bench, report):
    rows, points, cost = [], {"anonymous MiB": []}, {"filling": [], "draining": []}
    for count in (10000, 100000, 1000000):
        waiting = bench.jobs(count)
        runs = bench.runs("--backlog", waiting, "--jobs", 0, "--limits")
        file = median(runs, lambda run: run["journal_bytes"] / waiting)
        memory = median(runs, lambda run: run["router_anon_mib"])
        fill = median(runs, lambda run: run["fill_jobs_per_s"] / run["lmdb_put_per_s"])
        drain = median(runs, lambda run: run["drain_jobs_per_s"] / run["lmdb_delete_per_s"])
        rows.append([f"{waiting:,}", f"{memory:.1f}", f"{file:.0f}", f"{fill:.2f}",
                     f"{drain:.2f}"])
        points["anonymous MiB"].append((waiting, memory))
        cost["filling"].append((waiting, fill))
        cost["draining"].append((waiting, drain))
    report.text("## Memory and cost by backlog")
    report.table(["jobs waiting", "router anonymous MiB", "journal bytes a job",
                  "filling, of LMDB's puts", "draining, of LMDB's deletes"], rows)
    report.plot("backlog", "Memory by backlog", "jobs waiting", "MiB", points)
    report.plot("backlog_cost", "Speed by backlog", "jobs waiting", "of LMDB alone", cost)


def idle(bench, report):
    throughput(bench, report, "idle",
               "Throughput beside connected workers (4 workers, 8 producers)",
               "idle workers", [1, 1000, 9900],
               lambda count: ["--workers", 4, "--producers", 8, "--idle-workers", count])


def policies(bench, report):
    """Saturated: all jobs at once, beside the work divided by all speeds. Else: 70 % of that."""
    rows = []
    service_us = 8000  # beside which a thread's waking up is little
    jobs = bench.jobs(12000)
    most = sum(SPEEDS) / service_us * 1e6
    true = ["--weights", ",".join(str(int(speed / min(SPEEDS))) for speed in SPEEDS)]
    crew = ["--jobs", jobs, "--workers", len(SPEEDS), "--speeds", ",".join(map(str, SPEEDS)),
            "--service-us", service_us, "--spread", "mixed"]
    waits = {}
    for name, policy, weights in [*((policy, policy, []) for policy in POLICIES),
                                  ("least-loaded, true weights", "least-loaded", true)]:
        full = bench.runs(*crew, "--policy", policy, *weights)
        part = bench.runs(*crew, "--policy", policy, *weights, "--rate", most * 0.7, "--pack", 1)
        makespan = median(full, lambda run: run["seconds"] / run["ideal_s"])
        waits[name] = [median(part, lambda run: run["end_to_end_us"][at]) for at in ("p50", "p99")]
        beside = waits[name][1] / waits.get("round-robin", waits[name])[1]
        rows.append([name, f"{makespan:.3f}", *(f"{us / 1e3:,.1f}" for us in waits[name]),
                     f"{beside:.2f}" if "round-robin" in waits else ""])
    report.text("## Policies on unlike workers",
                "16 workers of speeds 8×1, 4×2, 2×4, 2×¼, of weight 1 unless said, one job at a "
                "time; one job in ten is long.")
    report.table(["policy", "saturated: makespan / ideal", "at 70 %: wait p50 ms", "p99 ms",
                  "p99 beside round robin's"], rows)
    report.boxes("policies", "Wait of 99 % of the jobs at 70 % load, 16 unlike workers", "ms",
                 {name: p99 / 1e3 for name, (_, p99) in waits.items()})


def shares(bench, report):
    """How far a worker's share is from its weight's, the worst of four."""
    weights = (1, 2, 4, 8)

    def error(run):
        done = run["done_by_worker"]
        return max(abs(count / sum(done) * sum(weights) / weight - 1)
                   for count, weight in zip(done, weights))

    rows = []
    service_us = 2000
    crew = ["--workers", len(weights), "--weights", ",".join(map(str, weights)),
            "--concurrency", 0, "--service-us", service_us, "--policy", "weighted"]
    most = sum(weights) / service_us * 1e6
    for name, flags in (("saturated", []), ("half of that", ["--rate", most / 2, "--pack", 1])):
        runs = bench.runs("--jobs", bench.jobs(20000), *crew, *flags)
        rows.append([name, f"{median(runs, error):.2%}", f"{max(map(error, runs)):.2%}"])
    report.text("## Shares under weighted", f"4 workers of weights {weights}, jobs of 2 ms.")
    report.table(["load", "error of the worst worker's share", "worst run"], rows)


def models(bench, report):
    """The textbook's two formulas beside what was counted."""
    count, trial = 8, 16
    jobs = bench.jobs(16000) // trial * trial
    runs, hits = [], []
    for _ in range(bench.options.runs):
        with tempfile.TemporaryDirectory() as folder:
            owners = Path(folder) / "owners"
            # By the clock and with many places, so that every worker always has credit.
            runs.append(bench.once("--jobs", jobs, "--rate", 4000, "--workers", count, "--policy",
                                   "random", "--concurrency", 64, "--owners", owners))
            ran = [int(line) for line in owners.read_text().split()]
        blocks = [ran[at:at + trial] for at in range(0, jobs, trial)]
        hits += [statistics.mean(worker in block for worker in range(count)) for block in blocks]
    chance = 1 - (1 - 1 / count) ** trial
    seconds = statistics.mean(run["seconds"] for run in runs)
    loads = [done / run["seconds"] for run in runs for done in run["done_by_worker"]]
    # The loads of a run sum up to m / T, so their mean says nothing; how far they spread does.
    spread = math.sqrt(jobs / count * (1 - 1 / count)) / seconds
    # Half of the 95 % interval in which the spread of so few loads lies.
    chance_of_spread = 1.96 * spread / math.sqrt(2 * (count - 1) * len(runs))
    spreads = [statistics.pstdev(done / run["seconds"] for done in run["done_by_worker"])
               * math.sqrt(count / (count - 1)) for run in runs]

    def with_confidence(values):
        half = 1.96 * statistics.stdev(values) / math.sqrt(len(values))
        return f"{statistics.mean(values):.4g} ± {half:.2g}"

    report.text("## Two textbook models",
                f"{len(runs)} runs of {jobs} jobs by the clock to {count} workers under `random`; "
                "± is the half-width of the 95 % confidence interval.")
    report.table(["model", "computed", "measured"],
                 [["mean load of a worker, L(m, n) = m / (n·T), jobs/s",
                   f"{jobs / count / seconds:.4g}", with_confidence(loads)],
                  ["how far a worker's load is from it, √(m/n · (1 − 1/n)) / T, jobs/s",
                   f"{spread:.3g} ± {chance_of_spread:.2g}", f"{statistics.mean(spreads):.4g}"],
                  [f"a given worker gets one of m = {trial} jobs, P(m, n) = 1 − (1 − 1/n)^m",
                   f"{chance:.4g}", with_confidence(hits)]])


PARTS = {part.__name__: part for part in
         (bars, packing, size, producers, workers, idle, flight, load, backlog, restart,
          policies, shares, models)}


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").open()
                  if line.startswith("model name")), platform.machine())
    processors = sum(line.startswith("processor") for line in Path("/proc/cpuinfo").open())
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True,
                            text=True, check=False).stdout.strip()
    return f"commit {commit}, {processors} × {model}, Linux {platform.release()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--directory", default="/var/tmp")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--out", default="build/bench")
    options = parser.parse_args()
    report = Report(options.out)
    bench = Bench(options)
    report.text("# Performance",
                f"Written by `scripts/bench --runs {options.runs} --scale {options.scale:g}`; "
                f"{machine()}. Figures are medians.",
                "Absolute figures are this machine's; both sides of a ratio are of one run.")
    for name in options.only or PARTS:
        print(f"scripts/bench: {name}", flush=True)
        PARTS[name](bench, report)
        report.write()


if __name__ == "__main__":
    main()
