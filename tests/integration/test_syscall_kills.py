"""The router is killed at a system call of its journal, at every one in turn, in the midst of a
small day of everything: what the producers heard holds, each job comes to its one end, and nothing
that finished runs again (promises 1, 2, 3 and 5).

ZCREW_KILLS=all tries every call until a run needs no more of them, otherwise some of each;
scripts/diskfaults does the former.
"""

import os
import shutil
import signal
from collections import Counter

import tracer
from crew import json_lines, wait_until
from crew_test import CrewTest, main

ALL = os.environ.get("ZCREW_KILLS") == "all"
# The calls with which a journal is made, opened and written.
WHILE_OPENING = ("openat", "flock", "mkdir", "pwrite64", "ftruncate", "fallocate", "fdatasync",
                 "fsync", "mmap", "fcntl")
WHILE_SERVING = ("pwrite64", "writev", "fdatasync", "fallocate")
SOME = {"openat": (), "mmap": (), "fcntl": (1,), "mkdir": (1,), "flock": (1,), "ftruncate": (1,),
        "fsync": (1, 3), "fallocate": (1, 2), "pwrite64": (1, 4, 9), "writev": (1, 3),
        "fdatasync": (1, 2, 5)}
JOBS = 40
LATER = 10


class Kills(CrewTest):
    def setUp(self):
        reason = tracer.missing()
        if reason:
            self.skipTest(reason)

    def moments(self, calls, attempt):
        """Tries the n-th call for n = 1, 2, 3 … until a run has no n-th one."""
        tried = Counter()
        for call in calls:
            numbers = range(1, 1000) if ALL else SOME[call]
            for number in numbers:
                was_killed = attempt(call, number)
                self.crew.end()
                self.crew.processes.clear()
                for entry in self.folder.iterdir():
                    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
                if not was_killed:
                    break
                tried[call] += 1
        print(f"{self.id()}: killed at {sum(tried.values())} calls, nothing lost:", dict(tried))
        self.assertGreater(sum(tried.values()), 5)

    # ---- while a journal is made or opened ----

    def test_opening(self):
        self.moments(WHILE_OPENING, self.kill_opening)

    def kill_opening(self, call, number):
        """Killed while it makes its journal; the next start finds nothing in its way."""
        killed = self.crew.run("killed", [
            # -D: the tracer is beside the router, not in its place
            "strace", "-D", "-f", "-o", os.devnull, "-e", f"trace={call}", "-e",
            f"inject={call}:signal=KILL:when={number}", self.crew.tool, "router", "--clients",
            "tcp://127.0.0.1:*", "--workers", "tcp://127.0.0.1:*", "--journal",
            self.folder / "journal"])
        wait_until(lambda: not killed.running() or "clients at" in killed.log(), "a start or end")
        if killed.running():
            killed.terminate()
            return False
        self.assertEqual(killed.popen.returncode, -signal.SIGKILL)
        router = self.crew.router()
        results = router.submit("--wait", "--json", "--timeout", "30s", "one", "two")
        router.worker("w", command=["cat"])
        self.assertEqual(results.wait(30), 0, results.log())
        self.assertEqual(router.process.terminate(), 0)
        self.check_journal(router)
        return True

    # ---- while it serves ----

    def test_serving(self):
        self.moments(WHILE_SERVING, self.kill_serving)

    def kill_serving(self, call, number):
        router = self.crew.router()
        ledger = self.crew.ledger()
        environment = {**ledger.environment("w"), "FAILED": str(self.folder / "failed")}
        # Each job of queue `odd` fails once, and `dead` ones until they are dead letters.
        body = ('text=$(cat); case "$text" in dead*) exit 100;; odd*) '
                'mkdir "$FAILED-$ZCREW_JOB_ID" 2>/dev/null && exit 1;; esac; printf "%s" "$text"')
        router.worker("w", "--concurrency", 4, command=ledger.command(body),
                      environment=environment)
        router.wait_workers(1)
        tracer.inject(self.crew, router.process, call, f"signal=KILL:when={number}")
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
        killed = self.killed_or_at_rest(router, submits)
        if killed:
            router.start()
        for submit in submits:
            self.assertEqual(submit.wait(60), 0, submit.log())
        self.check_ends(router, ledger, waits, texts, (receipts, later, dead, files))
        # A call that comes only when the router stops kills it there.
        code = router.process.terminate()
        self.assertIn(code, [0] if killed else [0, -signal.SIGKILL])
        self.check_journal(router)
        return killed or code != 0

    def submit_lines(self, router, name, texts, *flags):
        lines = self.folder / f"{name}.lines"
        lines.write_text("".join(text + "\n" for text in texts))
        return router.submit("--json", "--timeout", "60s", *flags, "--lines", lines, name=name)

    def killed_or_at_rest(self, router, submits):
        def look():
            if not router.process.running():
                return "killed"
            if any(submit.running() for submit in submits):
                return None
            run = self.crew.zcrew("status", "--router", router.clients, "--json", "--timeout", "1s",
                                  check=False)
            calm = run.returncode == 0 and self.at_rest(json_lines(run.stdout)[0])
            return "at rest" if calm else None
        return wait_until(look, "a kill, or the day's end", 60) == "killed"

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


if __name__ == "__main__":
    main()
