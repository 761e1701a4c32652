"""Runs zcrew bench and redis_queue in turn; scripts/compare is the way to call it."""

import argparse
import contextlib
import json
import socket
import statistics
import subprocess
import tempfile
import time

# What is compared: a name, jobs in flight, bytes a job, and whether as many again wait before them:
# then all outlive a commit, so that zcrew writes every one, as Redis does.
ROWS = [("quick jobs, 1,024 in flight", 1024, 100, False),
        ("quick jobs, 16,384 in flight", 16384, 100, False),
        ("jobs that are all written", 16384, 100, True),
        ("quick jobs of 1 KiB, 1,024 in flight", 1024, 1024, False)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def redis_server(directory):
    """A Redis of our own in a folder of its own; gives its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        server = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
             "--save", "", "--appendonly", "yes", "--appendfsync", "always"],
            stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 10
            while not answers(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("scripts/compare: redis-server does not start")
            yield port
        finally:
            server.terminate()
            server.wait()


def answers(port):
    """Whether Redis says PONG; waits up to 0.1 s for it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def figures(command):
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)} exits {run.returncode}: {run.stderr}")
    return json.loads(run.stdout)


def compare(options, row):
    name, in_flight, size, waits = row
    # So many that some still wait when the last is sent: a new one would be quick, and not written.
    flags = ["--backlog", str(options.jobs * 5 // 2)] if waits else []
    shape = ["--jobs", str(options.jobs), "--in-flight", str(in_flight), "--size", str(size)]
    ours, theirs = [], []
    for _ in range(options.runs):
        ours.append(figures([options.tool, "bench", "--json", "--directory", options.directory,
                             *shape, *flags]))
        with redis_server(options.directory) as port:
            theirs.append(figures([options.redis, "--port", str(port), *shape]))
    speed = statistics.median(run["jobs_per_s"] for run in ours)
    other = statistics.median(run["jobs_per_s"] for run in theirs)
    ratios = sorted(a["jobs_per_s"] / b["jobs_per_s"] for a, b in zip(ours, theirs))
    journaled = statistics.median(run["journaled_fraction"] for run in ours)
    print(f"| {name} | {speed:,.0f} | {journaled:.2f} | {other:,.0f} | "
          f"{statistics.median(ratios):.1f} ({ratios[0]:.1f}–{ratios[-1]:.1f}) |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=400000)
    parser.add_argument("--directory", default="/var/tmp")
    options = parser.parse_args()
    print("| jobs | zcrew, jobs/s | journaled | Redis stream, appendfsync always, jobs/s | ratio |")
    print("|---|---|---|---|---|")
    for row in ROWS:
        compare(options, row)


if __name__ == "__main__":
    main()
