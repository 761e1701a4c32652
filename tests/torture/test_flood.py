"""Producers that push ten times what the workers can do: the workers go on as before, and the
router takes no more memory than it ever does, with a limit on the queue or without.
"""

import time
from pathlib import Path

from pool import LONG, PoolTest, wait_until
from crew_test import main  # (pool puts its folder on the path)

WORKERS = 4
JOB_SECONDS = 0.02  # 800 jobs a second, all together
PRODUCERS = 4
WATCH_SECONDS = 30.0 if LONG else 2.0
FLOOD = 20000 * (10 if LONG else 1)  # of each producer
MEMORY_MIB = 64


def anonymous_mib(process):
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(text.split("RssAnon:")[1].split()[0]) >> 10


class Flood(PoolTest):
    def rate(self, status):
        """Jobs done a second from now on, looking at memory meanwhile."""
        most = 0

        def look():
            nonlocal most
            most = max(most, anonymous_mib(self.router.process))
            return time.monotonic() > began + WATCH_SECONDS
        began = time.monotonic()
        wait_until(look, "the watch", WATCH_SECONDS + 5)
        done = self.done() - status["counters"]["done"]
        return done / (time.monotonic() - began), most

    def flood(self, limit):
        self.router = self.crew.router()
        self.crew.zcrew("set", "--router", self.router.clients, "queue", "default", "--max-ready",
                        limit)
        self.start_workers(WORKERS)
        # Without the flood the workers are as busy: their jobs wait, but nobody pushes.
        self.submit("before", int(WATCH_SECONDS * 1000), JOB_SECONDS)
        alone, at_rest = self.rate(self.wait_done(100))
        pushed = self.router.counters()["confirmed"]
        began = time.monotonic()
        producers = [self.submit(f"p{n}", FLOOD, JOB_SECONDS) for n in range(PRODUCERS)]
        status = self.router.wait_status(lambda s: s["ready"] > 1500, "the flood")
        beside, most = self.rate(status)
        status = self.router.status()
        pushed = (status["counters"]["confirmed"] - pushed) / (time.monotonic() - began)
        for producer in producers:
            self.assertTrue(producer.running(), producer.log())
            producer.kill()
        print(f"{PRODUCERS} producers push, {status['ready']} jobs wait: {beside:.0f} jobs/s "
              f"instead of {alone:.0f} ({beside / alone:.0%}), {pushed:.0f} taken a second; the "
              f"router has {most} MiB of its own, {at_rest} MiB before")
        self.assertGreater(beside, 0.9 * alone)
        self.assertLess(most, at_rest + MEMORY_MIB)
        self.assertEqual(self.deaths(), 0)
        return status, pushed / alone

    def test_with_a_limit_on_the_queue(self):
        status, _ = self.flood(limit=2000)
        self.assertLessEqual(status["ready"], 2000)

    def test_without_a_limit(self):
        status, times = self.flood(limit=0)
        self.assertGreater(times, 10)
        self.assertGreater(status["ready"], 10 * WORKERS / JOB_SECONDS)


if __name__ == "__main__":
    main()
