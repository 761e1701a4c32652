"""Crowds of workers that come and go at once: honest work beside them goes on, no job is lost, and
the router's memory does not grow with them.

LONG=1 in the environment: 30 storms, and 9,900 workers at a router that is killed.
"""

import json
import resource
import sys
import time
from pathlib import Path

from pool import LONG, PATIENCE, PoolTest, resident_mib, wait_until
from crew_test import main  # (pool puts its folder on the path)

HERE = Path(__file__).resolve().parent
STORMS = 30 if LONG else 10
STORM = 1000
CROWD = 9900 if LONG else 2000  # in four processes
DESCRIPTORS = 100 + CROWD + 64  # of the router
WORKERS = 2
MEMORY_MIB = 150


class Crowds(PoolTest):
    def setUp(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < DESCRIPTORS:
            self.skipTest(f"only {hard} descriptors are permitted here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.router = self.crew.router()

    def start_crowd(self, count, name="crowd"):
        crowd = self.crew.run(name, [sys.executable, HERE / "crowd.py", self.router.workers,
                                     count])
        crowd.seen = crowd.out().count("\n")
        return crowd

    def wait_all_there(self, crowd):
        """The moment at which the last one was welcomed."""
        def look():
            lines = crowd.out().split("\n")[:-1]  # whole ones
            self.assertTrue(crowd.running(), crowd.log())
            return len(lines) > crowd.seen and lines
        lines = wait_until(look, "the crowd to be welcomed", 120)
        crowd.seen = len(lines)
        return int(lines[-1])


class Storms(Crowds):
    RATE, SECONDS = 200, 60 if LONG else 10

    def test_a_thousand_workers_vanish_and_come_again(self):
        honest = self.crew.run("honest", [
            self.crew.tool, "bench", "--router", self.router.clients, "--router-workers",
            self.router.workers, "--directory", self.folder, "--workers", WORKERS, "--pack", 1,
            "--rate", self.RATE, "--jobs", self.RATE * self.SECONDS, "--json"])
        self.router.wait_workers(WORKERS)
        memory = [resident_mib(self.router.process)]
        back = []
        while honest.running() or len(back) < STORMS:
            began = time.monotonic_ns()
            crowd = self.start_crowd(STORM)
            back.append((self.wait_all_there(crowd) - began) / 1e9)
            crowd.kill()
            self.router.wait_status(
                lambda s: not any(w["name"].startswith("crowd") for w in s["workers"]), "an end")
            memory.append(resident_mib(self.router.process))
        self.assertEqual(honest.wait(), 0, honest.log())
        found = json.loads(honest.out())
        times = found["end_to_end_us"]
        print(f"{len(back)} times {STORM} workers were killed at once; they were all there after "
              f"{max(back):.1f} s at most; {found['jobs']} jobs beside them, {found['lost']} lost, "
              f"the slowest {times['max'] / 1000:.0f} ms (p99 {times['p99'] / 1000:.0f} ms); the "
              f"router has {memory[0]} MiB before, " + ", ".join(map(str, memory[1:])) + " after")
        self.assertEqual((found["lost"], found["doubled"]), (0, 0))
        self.assertLess(times["max"] / 1e6, 1.0 * PATIENCE)
        # One crowd takes 30 to 40 MiB, and the allocator keeps what two needed. What is left of a
        # thousand workers each time would add up.
        self.assertLess(max(memory), MEMORY_MIB)
        self.assertEqual(self.router.counters()["crashed"], 0)


class Registration(Crowds):
    JOBS = 1000

    def test_a_router_is_killed_under_a_crowd(self):
        self.start_workers(WORKERS)
        crowds = [self.start_crowd(CROWD // 4, f"crowd{n}") for n in range(4)]
        for crowd in crowds:
            self.wait_all_there(crowd)
        submit = self.submit("old", self.JOBS, 0.02)
        self.wait_done(50)
        self.router.kill()
        killed_at = time.monotonic_ns()
        self.router.start()
        up_at = time.monotonic_ns()
        fresh = self.submit("new", 1)
        all_at = max(map(self.wait_all_there, crowds))
        self.results(submit, self.JOBS)
        self.results(fresh, 1)
        old_at = min(when for when, what, label, _ in self.records()
                     if what == "start" and label.startswith("old") and when > up_at)
        (new_at,) = (when for when, what, label, _ in self.records()
                     if (what, label) == ("start", "new-0"))
        print(f"a router with {CROWD} workers was killed and served again after "
              f"{(up_at - killed_at) / 1e9:.2f} s; from then on, a new job ran after "
              f"{(new_at - up_at) / 1e9:.2f} s, all workers were there after "
              f"{(all_at - up_at) / 1e9:.2f} s, the old jobs went on after "
              f"{(old_at - up_at) / 1e9:.2f} s")
        # Old jobs wait until all have said what they hold, or for the resume wait of 3 s and as
        # long as workers report (P-6.7); new ones for nobody.
        self.assertLess((old_at - up_at) / 1e9, max(3.0, (all_at - up_at) / 1e9) + 0.5 * PATIENCE)
        # … but the kernel: 100 may wait at the router's door (src/net/door.cc), whoever comes then,
        # a sound worker too, tries again after 1 s and 3 s like the last of the crowd.
        self.assertLess((new_at - up_at) / 1e9, max(1.0, (all_at - up_at) / 1e9) + 0.5 * PATIENCE)
        self.assertEqual(set(self.started().values()), {1})
        self.check_nothing_left()


if __name__ == "__main__":
    main()
