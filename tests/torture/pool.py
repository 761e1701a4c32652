"""A router, workers of the torture and lines of jobs, for tests that put one fault upon a pool at
work: what was really run is read from the workers' records (worker.cc), not from the router.
"""

import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))
from crew import PATIENCE, json_lines, wait_until  # noqa: E402  (the path comes first)
from crew_test import CrewTest  # noqa: E402

PEERS = Path(os.environ.get("ZCREW_TORTURE_PEERS", "."))
LONG = bool(os.environ.get("LONG"))


def resident_mib(process):
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


class PoolTest(CrewTest):
    """Subclasses set self.router."""

    def start_worker(self, record, concurrency=4, environment=None, name=None):
        return self.crew.run(record, [
            PEERS / "torture_worker", self.router.workers, name or record,
            self.folder / f"{record}.record", 1, concurrency, "default"], environment)

    def start_workers(self, count, **options):
        """Started and known to the router."""
        workers = [self.start_worker(f"w{n}", **options) for n in range(count)]
        self.router.wait_workers(count)
        return workers

    def submit(self, label, count, seconds=0.0, *flags, plan="d", pad=0):
        """Jobs of so many seconds each, called LABEL-0, LABEL-1 …; ends when all have results."""
        tail = f"{plan} {int(seconds * 1e6)} {'x' * pad}"
        path = self.folder / f"{label}.lines"
        path.write_text("".join(f"{label}-{n} {tail}\n" for n in range(count)))
        return self.router.submit("--wait", "--json", "--timeout", "0", *flags, "--lines", path,
                                  name=label)

    def records(self):
        """(nanoseconds, start or end, label, worker) of all runs, by worker."""
        for path in self.folder.glob("*.record"):
            text = path.read_text()
            for line in text[:text.rfind("\n") + 1].splitlines():
                when, what, *words = line.split(" ")
                if what in ("start", "end"):
                    yield int(when), what, words[0], path.stem

    def started(self):
        """How often each job was."""
        return Counter(label for _, what, label, _ in self.records() if what == "start")

    def done(self):
        return self.router.counters()["done"]

    def wait_done(self, count, seconds=60):
        return self.router.wait_status(lambda s: s["counters"]["done"] >= count,
                                       f"{count} jobs done", seconds)

    def deaths(self):
        return self.router.process.log().count(" is dead")

    def results(self, submit, count, seconds=120):
        """All of a submit's results, once it has ended well and each of its jobs is done."""
        self.assertEqual(submit.wait(seconds), 0, submit.log()[-2000:])
        results = json_lines(submit.out())
        self.assertEqual(len({one["id"] for one in results}), count)
        self.assertEqual({one["outcome"] for one in results}, {"done"})
        return results

    def check_nothing_left(self):
        status = self.router.wait_status(lambda s: s["held"] == 0, "nothing held")
        self.assertEqual((status["ready"], status["later"], status["dead"]), (0, 0, 0))
        return status


__all__ = ["LONG", "PATIENCE", "PEERS", "PoolTest", "json_lines", "resident_mib", "wait_until"]
