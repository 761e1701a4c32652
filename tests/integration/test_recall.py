"""A queue of quick jobs that turns long: a second worker has work at once (RECALL, P-5.18)."""

import os
import time

from crew import json_lines, wait_until
from crew_test import CrewTest, main

QUICK = 4000
LONG = 10
LONG_SECONDS = 1.0
# From the second worker's start to its first job: its own start, a connection, a RECALL.
WORK_SECONDS = 0.5
# Beside both at work all the time: the last job of one may be alone, and what this machine adds.
MARGIN_SECONDS = LONG_SECONDS + 0.7


class Recall(CrewTest):
    def start(self, name):
        """A worker of the library: a process for each job would be too slow to get jobs ahead."""
        record = self.folder / f"{name}.record"
        self.crew.run(name, [os.environ["ZCREW_TORTURE_WORKER"], self.router.workers, name, record,
                             1, 1, "default"])
        return record

    def lines(self, name, jobs, seconds):
        path = self.folder / name
        path.write_text("".join(f"{name}-{n} d {int(seconds * 1e6)}\n" for n in range(jobs)))
        return path

    @staticmethod
    def started(record, kind):
        if not record.exists():
            return []
        return [line for line in record.read_text().splitlines()
                if line.split()[1] == "start" and f"{kind}-" in line]

    def test_jobs_that_turn_long_leave_no_worker_idle(self):
        self.router = self.crew.router()
        first = self.start("first")
        self.router.wait_workers(1)
        self.router.results("--lines", self.lines("quick", QUICK, 0))

        submit = self.router.submit("--wait", "--json", "--lines",
                                    self.lines("long", LONG, LONG_SECONDS))
        wait_until(lambda: self.started(first, "long"), "the first long job to begin")
        began = time.monotonic()
        status = self.router.wait_status(lambda s: s["ready"] == 0, "all jobs handed out")
        self.assertEqual(status["workers"][0]["held"], LONG, "all were sent ahead")

        second_at = time.monotonic()
        second = self.start("second")
        wait_until(lambda: self.started(second, "long"), "the second worker to have a job")
        took = time.monotonic() - second_at
        self.assertEqual(submit.wait(60), 0)
        whole = time.monotonic() - second_at
        ideal = (LONG * LONG_SECONDS - (second_at - began)) / 2
        print(f"work for the second worker after {took * 1000:.0f} ms; all took {whole:.1f} s, "
              f"{ideal:.1f} s if both never idle")
        self.assertLess(took, WORK_SECONDS)
        self.assertLess(whole, ideal + MARGIN_SECONDS)

        results = json_lines(submit.out())
        self.assertEqual([one["attempts"] for one in results], [1] * LONG)
        self.assertEqual({one["worker"] for one in results}, {"first", "second"})
        starts = self.started(first, "long") + self.started(second, "long")
        self.assertEqual(len(starts), LONG)
        status = self.router.wait_status(lambda s: s["held"] == 0, "nothing held")
        self.assertGreater(status["counters"]["released"], 0)
        self.assertEqual((status["counters"]["failed"], status["counters"]["crashed"]), (0, 0))


if __name__ == "__main__":
    main()
