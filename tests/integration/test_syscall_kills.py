"""The router is killed at a system call of its journal, at every one in turn, in the midst of a
small day of everything: what the producers heard holds, each job comes to its one end, and nothing
that finished runs again (promises 1, 2, 3 and 5).

ZCREW_KILLS=all tries every call until a run needs no more of them, otherwise some of each;
scripts/diskfaults does the former.
"""

import os
import signal

from crew import wait_until
from crew_test import main
from day import Day

# The calls with which a journal is made, opened and written.
WHILE_OPENING = ("openat", "flock", "mkdir", "pwrite64", "ftruncate", "fallocate", "fdatasync",
                 "fsync", "mmap", "fcntl")
WHILE_SERVING = ("pwrite64", "writev", "fdatasync", "fallocate")
SOME = {"openat": (), "mmap": (), "fcntl": (1,), "mkdir": (1,), "flock": (1,), "ftruncate": (1,),
        "fsync": (1, 3), "fallocate": (1, 2), "pwrite64": (1, 4, 9), "writev": (1, 3),
        "fdatasync": (1, 2, 5)}


class Kills(Day):
    def tried(self, calls, attempt):
        tried = self.moments(calls, SOME, attempt)
        print(f"{self.id()}: killed at {sum(tried.values())} calls, nothing lost:", dict(tried))
        self.assertGreater(sum(tried.values()), 5)

    # ---- while a journal is made or opened ----

    def test_opening(self):
        self.tried(WHILE_OPENING, self.kill_opening)

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
        self.tried(WHILE_SERVING, self.kill_serving)

    def kill_serving(self, call, number):
        return self.live(call, f"signal=KILL:when={number}", -signal.SIGKILL)


if __name__ == "__main__":
    main()
