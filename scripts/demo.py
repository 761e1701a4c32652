"""The demonstration behind scripts/demo, see there."""

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "integration"))
from crew import Crew, json_lines, wait_until  # noqa: E402  (the path comes first)

FOLDERS = ("/usr/include", "/usr/share")
FILE_BYTES_MAX = 1 << 20  # the router's default limit of a payload
WEIGHTS = {"light": 1, "middle": 2, "heavy": 4}
VICTIM, SUCCESSOR = "middle", "middle-2"
BODY = "sleep 0.02; sha256sum"


def real_files(count, chance):
    """Readable files, a random choice of those there are."""
    found = []
    for folder in FOLDERS:
        for path, _, names in os.walk(folder):
            for name in names:
                file = os.path.join(path, name)
                if os.path.isfile(file) and not os.path.islink(file) and \
                        os.access(file, os.R_OK) and os.path.getsize(file) <= FILE_BYTES_MAX:
                    found.append(file)
    chance.shuffle(found)
    return found[:count]


class Demo:
    def __init__(self, crew, files):
        self.crew = crew
        self.files = files
        self.ledger = crew.ledger()
        self.router = crew.router()
        self.detected_ms = self.restarted_ms = None

    def start_worker(self, name, weight):
        return self.router.worker(name, "--weight", weight, command=self.ledger.command(BODY),
                                  environment=self.ledger.environment(name))

    def run(self):
        """The results, one a file, in the order of the files."""
        workers = {name: self.start_worker(name, weight) for name, weight in WEIGHTS.items()}
        self.router.wait_workers(len(workers))
        submit = self.router.submit("--wait", "--json", "--ordered", "--timeout", "60s",
                                    "--files", *self.files)
        self.wait_started(len(self.files) // 3, submit)
        self.kill_worker(workers[VICTIM])
        self.wait_started(len(self.files) * 2 // 3, submit)
        self.kill_router()
        code = submit.wait(170)
        if code != 0:
            say(f"zcrew submit exits {code}:\n{submit.log()}")
        return json_lines(submit.out())

    def wait_started(self, count, submit):
        wait_until(lambda: len(self.ledger.started()) >= count or not submit.running(),
                   f"{count} jobs started", 120)

    def kill_worker(self, victim):
        say(f"SIGKILL to the worker {VICTIM} (pid {victim.pid})")
        killed_at = time.monotonic()
        victim.kill()
        self.start_worker(SUCCESSOR, WEIGHTS[VICTIM])

        def moved():
            runs = self.ledger.started()
            held = {job for job, worker in runs if worker == VICTIM}
            return any(job in held for job, worker in runs if worker != VICTIM)
        wait_until(moved, "a job of the dead worker to start elsewhere", 10)
        self.detected_ms = (time.monotonic() - killed_at) * 1000

    def kill_router(self):
        say(f"SIGKILL to the router (pid {self.router.process.pid}), and a new one on its journal")
        killed_at = time.monotonic()
        self.router.kill()
        before = len(self.ledger.started())
        self.router.start()
        wait_until(lambda: len(self.ledger.started()) > before, "a job after the restart", 40)
        self.restarted_ms = (time.monotonic() - killed_at) * 1000


def say(text):
    print(text, file=sys.stderr, flush=True)


def row(label, value):
    print(f"{label:<48}{value:>10}")


def report(demo, results, took):
    """Prints the table; returns whether every job came back right."""
    sums = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in demo.files]
    right = sum(one["outcome"] == "done" and one["result"].split()[0] == digest
                for one, digest in zip(results, sums))
    wrong = len(results) - right
    lost = len(demo.files) - len(results)
    runs = Counter(job for job, _ in demo.ledger.started())
    twice = sum(count > 1 for count in runs.values()) + max(0, len(runs) - len(demo.files))
    status = demo.router.status()

    row("jobs (real files)", len(demo.files))
    row("done, and equal to this script's own sha256", right)
    row("lost", lost)
    row("wrong", wrong)
    row("run twice (were in the killed worker's hands)", twice)
    row("dead worker noticed, its job running elsewhere", f"{demo.detected_ms:.0f} ms")
    row("router killed, restarted, next job running", f"{demo.restarted_ms:.0f} ms")
    row("in all", f"{took:.1f} s")
    print(f"\n{'worker':<22}{'weight':>8}{'jobs':>8}{'share':>9}{'by weight':>12}")
    counts = Counter(one["worker"] for one in results)
    for name, weight in WEIGHTS.items():
        jobs = counts[name] + (counts[SUCCESSOR] if name == VICTIM else 0)
        label = f"{VICTIM}, then {SUCCESSOR}" if name == VICTIM else name
        print(f"{label:<22}{weight:>8}{jobs:>8}{jobs / max(1, len(results)):>9.1%}"
              f"{weight / sum(WEIGHTS.values()):>12.1%}")
    left = {name: status[name] for name in ("ready", "held", "later", "dead")}
    print(f"\nleft in the router: {json.dumps(left)}, epoch {status['epoch']}")
    return right == len(demo.files) and not any(left.values())


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--tool", required=True, help="the zcrew binary")
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments = parser.parse_args()
    files = real_files(arguments.jobs, random.Random(arguments.seed))
    say(f"{len(files)} files of {' and '.join(FOLDERS)}, seed {arguments.seed}")

    folder = tempfile.mkdtemp(prefix="zcrew-demo-")
    crew = Crew(arguments.tool, folder)
    began = time.monotonic()
    try:
        demo = Demo(crew, files)
        results = demo.run()
        ok = report(demo, results, time.monotonic() - began)
    except BaseException:
        say(crew.tails())
        raise
    finally:
        crew.end()
        shutil.rmtree(folder, ignore_errors=True)
    print("every job came back, and right" if ok else "FAILED: a job is lost or wrong")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
