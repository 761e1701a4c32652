"""A router whose memory the system limits: waiting jobs do not exceed the limit, since most of them
are on disk only. A flood of payloads or connections may exceed a tight one; then the router ends
like one that is killed, and the next loses nothing. (An endless message: test_hostile_peers.py.)

LONG=1 in the environment also shows the former.
"""

import sys
import unittest
from pathlib import Path

from pool import LONG, PATIENCE, PoolTest
from crew_test import main  # (pool puts its folder on the path)

HERE = Path(__file__).resolve().parent
# Of all that it may write to and shares with nobody, its threads' stacks of 8 MiB each included.
AMPLE, TIGHT = 400, 128  # MiB
PAYLOAD_BYTES = 20000
JOBS = 25000             # 477 MiB
FLOOD = 10000
CROWD = 3000


class MemoryCap(PoolTest):
    def setUp(self):
        if PATIENCE != 1:
            self.skipTest("sanitizers need more memory than any limit leaves")

    def start(self, mib):
        self.router = self.crew.router(prefix=["prlimit", f"--data={mib << 20}"])
        self.router.prefix = ()  # whoever restarts it gives it more

    def check_all_ran_once(self, submit, jobs):
        self.assertEqual({one["attempts"] for one in self.results(submit, jobs)}, {1})
        self.assertEqual(set(self.started().values()), {1})
        self.check_nothing_left()

    @unittest.skipUnless(LONG, "only with LONG=1")
    def test_more_jobs_than_memory_wait_on_disk(self):
        self.start(AMPLE)
        submit = self.submit("j", JOBS, pad=PAYLOAD_BYTES)
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == JOBS, "all confirmed", 60)
        self.start_workers(2)
        self.wait_done(JOBS)
        self.check_all_ran_once(submit, JOBS)
        self.assertTrue(self.router.process.running())
        print(f"{JOBS * PAYLOAD_BYTES >> 20} MiB of jobs went through a router with {AMPLE} MiB")

    def test_a_flood_of_payloads_beyond_it(self):
        self.start(TIGHT)
        submit = self.submit("j", FLOOD, pad=PAYLOAD_BYTES)
        code = self.router.process.wait(60)
        self.assertEqual(code, 74)
        self.assertEqual(self.router.process.log().count("out of memory"), 1)
        self.router.start()
        self.start_workers(2)
        self.check_all_ran_once(submit, FLOOD)
        print(f"{FLOOD * PAYLOAD_BYTES >> 20} MiB of jobs at {TIGHT} MiB: the router ended with "
              f"{code}, the next lost none")

    def test_a_crowd_beyond_it(self):
        self.start(TIGHT)
        self.start_workers(2)
        submit = self.submit("j", 2000, 0.01)
        self.wait_done(100)
        crowd = self.crew.run("crowd", [sys.executable, HERE / "crowd.py", self.router.workers,
                                        CROWD])
        code = self.router.process.wait(60)
        crowd.kill()
        self.assertNotEqual(code, 0)
        self.router.start()
        self.check_all_ran_once(submit, 2000)
        print(f"{CROWD} connections at {TIGHT} MiB: the router ended with {code}, the next lost "
              "no job")


if __name__ == "__main__":
    main()
