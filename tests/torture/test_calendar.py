"""The calendar of a router, its workers or a producer jumps by a day, either way, in the midst of
work: nobody is taken for dead, no lease ends, no job is lost or runs again. Only what was to start
at a time follows the router's calendar.
"""

import itertools
import struct
import time

from pool import LONG, PEERS, PoolTest, wait_until
from crew_test import main  # (pool puts its folder on the path)

DAY = 86400
JUMPS = (DAY, -DAY, 0)
JOBS = 10000 if LONG else 1100
SECONDS = 0.05
WATCH_SECONDS = 5.0 if LONG else 0.5  # after each jump


class Calendar(PoolTest):
    def setUp(self):
        self.clocks = ("router", "worker", "producer")
        for who in self.clocks:
            self.set_clock(who, 0)

    def set_clock(self, who, seconds):
        """In place: the process has the file mapped (wrong_clock.cc)."""
        path = self.folder / f"{who}.clock"
        with open(path, "r+b" if path.exists() else "w+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))

    def preload(self, who):
        return [f"LD_PRELOAD={PEERS / 'libwrong_clock.so'}",
                f"ZCREW_TORTURE_CLOCK={self.folder / f'{who}.clock'}"]

    def start(self):
        self.router = self.crew.router(prefix=["env", *self.preload("router")])

    def test_work_does_not_follow_it(self):
        self.start()
        environment = dict(entry.split("=", 1) for entry in self.preload("worker"))
        for n in range(2):
            self.start_worker(f"w{n}", environment=environment)
        self.router.wait_workers(2)
        path = self.folder / "lines"
        path.write_text("".join(f"j-{n} d {int(SECONDS * 1e6)}\n" for n in range(JOBS)))
        submit = self.crew.run("submit", ["env", *self.preload("producer"),
                                          *self.router.submit_arguments("--wait", "--json",
                                                                        "--lines", path)])
        for who, jump in itertools.product(self.clocks, JUMPS):
            self.set_clock(who, jump)
            end = time.monotonic() + WATCH_SECONDS
            wait_until(lambda at=end: time.monotonic() >= at, "what a jump may do")
            self.wait_done(self.done() + 1)
        self.assertTrue(submit.running(), "too late to show anything")
        self.assertEqual({one["attempts"] for one in self.results(submit, JOBS)}, {1})
        self.assertEqual((len(self.started()), max(self.started().values())), (JOBS, 1))
        counters = self.check_nothing_left()["counters"]
        self.assertEqual((self.deaths(), counters["crashed"], counters["expired"]), (0, 0, 0))
        print(f"the calendars of {', '.join(self.clocks)} jumped by {JUMPS} s: {JOBS} jobs, none "
              "ran again, nobody was declared dead")

    def test_delayed_jobs_follow_the_routers(self):
        self.start()
        self.start_workers(1)
        tomorrow = self.submit("tomorrow", 1, 0, "--delay", "23h")
        self.router.wait_status(lambda s: s["later"] == 1, "it to wait")
        self.set_clock("router", DAY)
        began = time.monotonic()
        self.results(tomorrow, 1)
        took = time.monotonic() - began
        # Put off by a second, on a day that was yesterday before it came.
        self.set_clock("router", 0)
        soon = self.submit("soon", 1, 0, "--delay", "1s")
        self.router.wait_status(lambda s: s["later"] == 1, "it to wait")
        self.set_clock("router", -DAY)
        end = time.monotonic() + 1.5
        wait_until(lambda: time.monotonic() >= end, "a while on the wrong day")
        waits = self.router.status()["later"]
        self.set_clock("router", 0)
        self.results(soon, 1)
        print(f"a job for in 23 hours started {took:.1f} s after a jump by a day; one for in a "
              f"second {'waited' if waits else 'did not wait'} while it was yesterday")
        self.assertLess(took, 5)
        self.assertEqual(waits, 1)


if __name__ == "__main__":
    main()
