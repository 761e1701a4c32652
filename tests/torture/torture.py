"""Tortures a pool of real processes, round by round; scripts/torture builds and starts it.

A round: mischief of every kind until the router was killed so often; then everything is healed and
must come to rest; then ledgers, executions, the router's status and an offline check of the journal
must agree (judge.py). All rounds share one journal. The seed chooses faults and moments, not what
the machine makes of them: a breach keeps its round's folder, and judge.py judges it again.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))
from crew import Impatient  # noqa: E402  (the path comes first)
from judge import Judge  # noqa: E402
from mischief import Mischief  # noqa: E402
from namespaces import enter_own_namespaces  # noqa: E402
from network import Network  # noqa: E402
from probe import probes  # noqa: E402
from scene import Scene  # noqa: E402
from starvation import Starvation  # noqa: E402

KILLS_A_ROUND = 25
ROUND_SECONDS_MAX = 120
DISK_BYTES = 256 << 20
WORKERS, PRODUCERS = 8, 3
# Nothing ends for so long: the longest resume wait (30 s), on a slow machine.
CONVERGE_SECONDS = 90


def mount_disk(folder):
    """A small ext4 of this mount namespace alone, which goes with it."""
    image, disk = folder / "image", folder / "disk"
    with open(image, "wb") as file:
        file.truncate(DISK_BYTES)
    disk.mkdir()
    for command in (["mkfs.ext4", "-q", "-F", image], ["mount", "-o", "loop", image, disk]):
        subprocess.run(command, check=True, capture_output=True)
    return disk


def at_rest(status):
    return not (status["ready"] or status["later"] or status["held"])


def ended(status):
    return status["counters"]["done"] + status["counters"]["expired"] + status["dead"]


class Torture:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.disk = mount_disk(folder)
        self.network = Network()
        self.random = random.Random(options.seed)
        self.figures = Counter()
        self.reruns = Counter()
        self.faults = Counter()
        self.worst = Counter()
        self.breaches = []

    def run(self):
        number = 0
        until = time.monotonic() + self.options.seconds
        while self.faults["router kills"] < self.options.router_kills and not self.breaches and \
                time.monotonic() < until:
            number += 1
            kills = min(KILLS_A_ROUND, self.options.router_kills - self.faults["router kills"])
            folder = self.folder / f"round-{number}"
            folder.mkdir()
            self.round(number, folder, kills, min(ROUND_SECONDS_MAX, until - time.monotonic()))
            print(f"round {number}: {self.faults['router kills']} router kills, "
                  f"{self.figures['confirmed']} confirmed, {self.figures['runs']} runs, "
                  f"{self.figures['runs without an excuse']} without an excuse, "
                  f"{sum(self.reruns.values())} reruns, {len(self.breaches)} breaches", flush=True)
            if not self.breaches:
                shutil.rmtree(folder)

    def round(self, number, folder, kills, seconds_max):
        scene = Scene(self.options, number, folder, self.disk)
        mischief = Mischief(scene, self.network, self.random)
        starvation = Starvation(scene)
        starvation.start()
        try:
            scene.start_router()
            before = scene.router.counters()
            scene.start_relay()
            for _ in range(WORKERS):
                mischief.new_worker()
            for _ in range(PRODUCERS):
                mischief.new_producer()
            mischief.run(kills, seconds_max)
            mischief.heal_all()
            began = time.monotonic()
            scene.end_producers()
            mischief.tend(scene.producers_settled, scene.receipts, "another receipt",
                          CONVERGE_SECONDS)
            mischief.tend(lambda: at_rest(scene.router.status()),
                          lambda: ended(scene.router.status()), "another job to end",
                          CONVERGE_SECONDS)
            self.worst_of("from healing to rest, s", time.monotonic() - began)
            self.worst_of("router start, s", max(scene.restarts))
            if not self.options.no_probe:
                self.probe(number, scene, starvation)
            self.end_round(scene, before)
            self.sum_up(scene, mischief)
        except (Impatient, AssertionError, OSError, subprocess.SubprocessError) as failure:
            self.breaches.append(f"round {number}: {failure}\n{scene.crew.tails(8)[-6000:]}")
        finally:
            starvation.end()
            self.faults["(the machine starved everybody)"] += starvation.count
            scene.close()

    def probe(self, number, scene, starvation):
        """A worker that is lost while the pool is at rest: the bars of promise 6."""
        for what, take_over, bar in probes(scene):
            starved, late_s = starvation.count, starvation.late_s
            seconds = take_over()
            self.worst_of(what, seconds)
            late_s = starvation.late_s - late_s
            if seconds > bar + late_s and starvation.count == starved:
                self.breaches.append(f"round {number}: {what}: {seconds:.3f}, of {bar}, on a "
                                     f"machine that was late by {late_s:.3f}")

    def worst_of(self, what, seconds):
        self.worst[what] = max(self.worst[what], seconds)

    def end_round(self, scene, before):
        """Dead letters are noted and removed; router and workers end; the journal is checked."""
        status = scene.router.status()
        dead = scene.router.ask("dead", "ls")["dead"]
        if dead:
            scene.crew.zcrew("dead", "rm", "--all", "--router", scene.router.clients)
        codes = scene.end_gently()
        check = scene.crew.zcrew("check", "--json", "--journal", scene.router.journal, check=False,
                                 seconds=60)
        end = {"before": before, "status": status, "dead": dead, "codes": codes,
               "check": {"code": check.returncode, "text": check.stdout + check.stderr}}
        (scene.folder / "end.json").write_text(json.dumps(end))

    def sum_up(self, scene, mischief):
        judge = Judge(scene.folder)
        self.breaches += judge.judge()
        self.figures += judge.figures
        self.reruns += judge.reruns
        counts = mischief.counts
        self.faults["router kills"] += counts.pop("kill_router", 0)
        self.faults["workers"] += len(list(scene.folder.glob("*.worker")))
        for name, count in counts.items():
            self.faults[name.replace("_", " ")] += count

    def report(self):
        rows = [("seed", self.options.seed), *sorted(self.faults.items())]
        rows += [(name, self.figures[name]) for name in
                 ("submitted", "confirmed", "done", "dead", "expired", "lost", "runs",
                  "unconfirmed rerun", "crashes unseen")]
        rows += [("doubled (reruns without a cause)", self.reruns["none"])]
        rows += [(name, self.figures[name]) for name in
                 ("runs without an excuse", "router kills amid them", "needless runs planted",
                  "of them named", "worker time, ms", "worker time under a cause, ms")]
        rows += [(f"reruns after: {cause}", count) for cause, count in sorted(self.reruns.items())
                 if cause != "none"]
        rows += [(f"worst {name}", f"{seconds:.3f}") for name, seconds in self.worst.items()]
        for name, value in rows:
            print(f"{name:36} {value:>12}")
        for breach in self.breaches[:50]:
            print(f"BREACH {breach}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", type=Path, required=True, help="the zcrew binary")
    parser.add_argument("--peers", type=Path, required=True,
                        help="folder of torture_worker and torture_producer")
    parser.add_argument("--router-kills", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=float("inf"),
                        help="no more mischief after so long, however few kills that were")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--no-probe", action="store_true",
                        help="do not measure detection times at the end of each round")
    options = parser.parse_args()
    options.tool, options.peers = options.tool.resolve(), options.peers.resolve()
    return options


def main():
    options = parse()
    enter_own_namespaces("-mn")
    print(f"SEED={options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="zcrew-torture-"))
    torture = Torture(options, folder)
    try:
        torture.run()
    finally:
        torture.report()
        subprocess.run(["umount", "-l", torture.disk], check=False)
        if torture.breaches:
            print(f"kept for a look: {folder}")
        else:
            shutil.rmtree(folder)
    sys.exit(1 if torture.breaches else 0)


if __name__ == "__main__":
    main()
