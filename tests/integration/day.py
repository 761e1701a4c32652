"""A small day of everything at a router, in the midst of which something befalls one of its system
calls; what must hold whatever that was: what the producers heard is so, each job comes to its one
end, and nothing that finished runs again (promises 1, 2, 3 and 5).
"""

import os
import shutil
from collections import Counter

import tracer
from crew import json_lines, wait_until
from crew_test import CrewTest

JOBS = 40
LATER = 10


class Day(CrewTest):
    def setUp(self):
        reason = tracer.missing()
        if reason:
            self.skipTest(reason)

    def moments(self, calls, some, attempt):
        """Tries the n-th call for n = 1, 2, 3 … until a run has no n-th one; without "all" in
        ZCREW_KILLS, those of `some`. How many of each were met."""
        tried = Counter()
        for call in calls:
            for number in range(1, 1000) if os.environ.get("ZCREW_KILLS") == "all" else some[call]:
                met = attempt(call, number)
                self.crew.end()
                self.crew.processes.clear()
                for entry in self.folder.iterdir():
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
                if not met:
                    break
                tried[call] += 1
        return tried

    def live(self, call, effect, code):
        """The day with `effect` on `call`. True if the router ended of it, then with `code`."""
        router = self.crew.router()
        ledger = self.crew.ledger()
        environment = {**ledger.environment("w"), "FAILED": str(self.folder / "failed")}
        # Each job of queue `odd` fails once, and `dead` ones until they are dead letters.
        body = ('text=$(cat); case "$text" in dead*) exit 100;; odd*) '
                'mkdir "$FAILED-$ZCREW_JOB_ID" 2>/dev/null && exit 1;; esac; printf "%s" "$text"')
        router.worker("w", "--concurrency", 4, command=ledger.command(body),
                      environment=environment)
        router.wait_workers(1)
        tracer.inject(self.crew, router.process, call, effect)
        texts = [f"{'odd' if n % 5 == 0 else 'even'} {n}" for n in range(JOBS)]
        large = self.folder / "large"
        large.write_bytes(b"even " + b"x" * 50000)
        waits = self.submit_lines(router, "waits", texts, "--wait", "--backoff", "50ms")
        receipts = self.submit_lines(router, "receipts", [f"even r{n}" for n in range(JOBS)])
        later = self.submit_lines(router, "later", [f"even l{n}" for n in range(LATER)], "--delay",
                                  "300ms")
        dead = self.submit_lines(router, "dead", ["dead 1", "dead 2"])
        files = router.submit("--json", "--timeout", "60s", "--files", large, large, name="files")
        submits = (waits, receipts, later, dead, files)
        self.wait_end_or_rest(router, submits)
        # Some calls come only when the router is at rest, or stops.
        last = router.process.terminate()
        self.assertIn(last, (0, code), router.process.log()[-2000:])
        router.start()
        for submit in submits:
            self.assertEqual(submit.wait(60), 0, submit.log())
        self.check_ends(router, ledger, waits, texts, (receipts, later, dead, files))
        self.assertEqual(router.process.terminate(), 0)
        self.check_journal(router)
        return last != 0

    def submit_lines(self, router, name, texts, *flags):
        lines = self.folder / f"{name}.lines"
        lines.write_text("".join(text + "\n" for text in texts))
        return router.submit("--json", "--timeout", "60s", *flags, "--lines", lines, name=name)

    def wait_end_or_rest(self, router, submits):
        def look():
            if not router.process.running():
                return True
            if any(submit.running() for submit in submits):
                return False
            run = self.crew.zcrew("status", "--router", router.clients, "--json", "--timeout", "1s",
                                  check=False)
            return run.returncode == 0 and self.at_rest(json_lines(run.stdout)[0])
        wait_until(look, "the router's end, or the day's", 60)

    @staticmethod
    def at_rest(status):
        return (status["ready"], status["held"], status["later"]) == (0, 0, 0)

    def check_ends(self, router, ledger, waits, texts, others):
        status = router.wait_status(self.at_rest, "every job to come to its end", 60)
        results = json_lines(waits.out())
        self.assertEqual(Counter(one["result"] for one in results), Counter(texts))
        self.assertEqual({one["outcome"] for one in results}, {"done"})
        self.assertEqual(status["dead"], 2)

        # What was confirmed has run; no id ran more often than it had to.
        ran = Counter(job for job, _ in ledger.started())
        confirmed = [one["id"] for submit in others for one in json_lines(submit.out())]
        self.assertEqual(len(confirmed), JOBS + LATER + 2 + 2)
        self.assertEqual([job for job in confirmed if job not in ran], [])
        again = {job: count for job, count in ran.items() if count > 1}
        self.assertEqual([job for job in again if not (
            again[job] == 2 and (self.folder / f"failed-{job}").exists())], [])

        counters = status["counters"]
        self.assertEqual(counters["accepted"], counters["done"] + status["dead"])

    def check_journal(self, router):
        run = self.crew.zcrew("check", "--journal", router.journal, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
