"""SIGTERM to a router or a worker in the midst of its work: what is held ends or is given back,
nothing is lost, nothing runs again, and no attempt is used up. With a few jobs this is in
tests/integration/test_commands.py.
"""

import signal
import time
from collections import Counter

from pool import PoolTest, json_lines, wait_until
from crew_test import main  # (pool puts its folder on the path)

JOBS = 12000
WORKERS = 4
HELD = 2000  # by workers at the signal


class Router(PoolTest):
    def load(self):
        """A router with so many jobs at workers, to which a producer still submits more."""
        self.router = self.crew.router()
        self.start_workers(WORKERS, concurrency=HELD // WORKERS)
        submit = self.submit("j", JOBS, 0.3)
        status = self.router.wait_status(
            lambda s: s["counters"]["done"] > 0 and s["held"] >= HELD * 0.9, "a load")
        return submit, status

    def check_all_ran_once(self, submit):
        self.assertEqual({one["attempts"] for one in self.results(submit, JOBS)}, {1})
        self.assertEqual((len(self.started()), max(self.started().values())), (JOBS, 1))
        status = self.check_nothing_left()
        self.assertEqual((status["counters"]["done"], status["counters"]["crashed"]), (JOBS, 0))

    def test_held_jobs_end_and_the_next_router_goes_on(self):
        submit, status = self.load()
        began = time.monotonic()
        self.assertEqual(self.router.process.terminate(), 0)
        took = time.monotonic() - began
        kinds = Counter(what for _, what, _, _ in self.records())
        print(f"SIGTERM with {status['held']} jobs at workers and {status['ready']} waiting: the "
              f"router ended in {took * 1000:.0f} ms, {kinds['start'] - kinds['end']} jobs still "
              f"run, {JOBS - kinds['end']} are left")
        self.assertLess(kinds["start"], JOBS, "the signal came too late to show anything")
        self.assertEqual(kinds["start"], kinds["end"], "it did not wait for all")
        self.router.start()
        self.check_all_ran_once(submit)

    def test_a_second_signal_ends_it_at_once(self):
        self.router = self.crew.router("--drain-limit", "60s")
        self.start_workers(WORKERS, concurrency=2)
        submit = self.submit("j", 24, 1.0)
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 24, "all confirmed")
        wait_until(lambda: len(self.started()) >= 2 * WORKERS, "jobs to run")
        self.router.process.send(signal.SIGTERM)
        self.router.process.wait_log("Stopping")
        self.assertTrue(self.router.process.running(), "nothing was held")
        began = time.monotonic()
        self.assertEqual(self.router.process.terminate(), 0)
        took = time.monotonic() - began
        print(f"a second SIGTERM ended it in {took * 1000:.0f} ms")
        self.assertLess(took, 0.5)
        self.router.start()
        results = self.results(submit, 24)
        self.assertEqual({one["attempts"] for one in results}, {1})
        self.assertEqual(set(self.started().values()), {1})


class Worker(PoolTest):
    def test_a_worker_gives_back_what_has_not_begun(self):
        self.router = self.crew.router()
        leaving, *_ = self.start_workers(WORKERS, concurrency=2)
        submit = self.submit("j", JOBS, 0.002)  # so short that the router sends some ahead
        status = self.router.wait_status(lambda s: s["counters"]["done"] >= 1000 and any(
            worker["name"] == "w0" and worker["held"] > 2 for worker in s["workers"]), "a load")
        began = time.monotonic()
        self.assertEqual(leaving.terminate(), 0)
        took = time.monotonic() - began
        self.assertLess(len(json_lines(submit.out())), JOBS, "too late to show anything")
        self.assertEqual({one["attempts"] for one in self.results(submit, JOBS)}, {1})
        self.assertEqual((len(self.started()), max(self.started().values())), (JOBS, 1))
        counters = self.check_nothing_left()["counters"]
        held = next(worker["held"] for worker in status["workers"] if worker["name"] == "w0")
        print(f"SIGTERM to a worker with {held} jobs: it left in {took * 1000:.0f} ms and gave "
              f"{counters['released']} back")
        self.assertGreater(counters["released"], 0)
        self.assertEqual((counters["crashed"], counters["failed"]), (0, 0))


if __name__ == "__main__":
    main()
