"""How soon a killed router's workers have jobs again, by backlog; part of scripts/bench."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PATIENCE_S = 60


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def starts(log):
    """When the worker's command began its jobs, in ns since 1970; whole lines only."""
    text = log.read_text() if log.exists() else ""
    return [int(line) for line in text[:text.rfind("\n") + 1].split()]


def await_start(log, after_ns):
    """The first start of a job after that moment."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        later = [at for at in starts(log) if at > after_ns]
        if later:
            return later[0]
        time.sleep(0.002)
    raise SystemExit(f"scripts/bench: no job began within {PATIENCE_S} s")


class Scene:
    """A router and one worker that runs a command per job and writes down when."""

    def __init__(self, stack, tool, directory):
        self.stack = stack
        self.tool = tool
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=directory)))
        clients, workers = free_ports(2)
        self.clients, self.workers = (f"tcp://127.0.0.1:{port}" for port in (clients, workers))
        self.log = self.folder / "starts"

    def start(self, *command):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()

    def router(self):
        return self.start(self.tool, "router", "--clients", self.clients, "--workers",
                          self.workers, "--journal", str(self.folder / "journal"))

    def fill(self, jobs):
        subprocess.run([self.tool, "bench", "--router", self.clients, "--router-workers",
                        self.workers, "--workers", "0", "--jobs", str(jobs), "--json"],
                       stdout=subprocess.DEVNULL, check=True)

    def worker(self):
        # Long enough that no job is sent ahead, which would begin without a router.
        return self.start(self.tool, "worker", "--router", self.workers, "--queue", "bench", "--",
                          "sh", "-c", f"date +%s%N >>{self.log}; sleep 0.03")


def from_kill_to_job(tool, directory, waiting, runs):
    """Milliseconds from the new router's exec to the first job it hands out, for each run."""
    times = []
    with contextlib.ExitStack() as stack:
        scene = Scene(stack, tool, directory)
        router = scene.router()
        scene.fill(waiting)
        scene.worker()
        for _ in range(runs):
            await_start(scene.log, time.time_ns())  # so nothing is on its way to the worker
            os.kill(router.pid, signal.SIGKILL)
            router.wait()
            began = time.time_ns()
            router = scene.router()
            times.append((await_start(scene.log, began) - began) / 1e6)
    return times


def restart(bench, report):
    rows = []
    for waiting in (10_000, 1_000_000, 10_000_000):
        times = sorted(from_kill_to_job(bench.options.tool, bench.options.directory,
                                        bench.jobs(waiting), bench.options.runs))
        rows.append([f"{bench.jobs(waiting):,}", f"{times[len(times) // 2]:.0f}",
                     f"{times[0]:.0f}–{times[-1]:.0f}"])
    report.text("## From a kill to the next job",
                "SIGKILL of the router with one worker alive, whose command writes down when it "
                "begins a job; from the start of the new router's process.")
    report.table(["jobs waiting", "median ms", "range"], rows)
