"""A disk that is full: new jobs are refused and say so, held ones finish, the router stays up."""

import os
import subprocess
import time
from pathlib import Path

from crew import PATIENCE, json_lines, wait_until
from crew_test import CrewTest, main

MOUNT_BYTES = 24 << 20
PAYLOAD_BYTES = 64 << 10
JOBS = 600  # 37 MiB


def permitted(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class FullDisk(CrewTest):
    """The journal lies on a mount that only the router's own mount namespace has."""

    def fill(self, mount):
        """A router with its journal on `mount`."""
        prefix = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "sh", "-c",
                  f'{mount} && exec "$@"', "sh"]
        return self.crew.router("--journal-reserve", "2M", prefix=prefix)

    def check_full_and_recovered(self, router):
        payload = self.folder / "payload"
        payload.write_bytes(self.seeded().randbytes(PAYLOAD_BYTES))
        submit = router.submit("--timeout", "3s", "--files", *[payload] * JOBS)
        status = router.wait_status(lambda s: s["full"], "the router to be full", 60)
        self.assertGreater(status["ready"], 0)
        self.assertLess(status["ready"], JOBS)
        self.assertNotEqual(submit.wait(60), 0)
        self.assertIn("disk", submit.log())
        stored = router.status()["ready"]

        # Workers take and finish what is there: completions have room.
        router.worker("w", "--concurrency", "4", command=["true"])
        router.wait_status(lambda s: s["counters"]["done"] >= stored, "all stored jobs done", 60)
        self.assertTrue(router.process.running(), router.process.log())

        # With room again, new jobs are taken.
        router.wait_status(lambda s: not s["full"], "room again")
        results = router.results("--timeout", "20s", "after")
        self.assertEqual([one["outcome"] for one in results], ["done"])

    def test_on_tmpfs(self):
        if not permitted("unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m", "mount", "-t",
                         "tmpfs", "tmpfs", "/mnt"):
            self.skipTest("mounting is not permitted here")
        (self.folder / "journal").mkdir()
        router = self.fill(f'mount -t tmpfs -o size={MOUNT_BYTES} tmpfs {self.folder}/journal')
        self.check_full_and_recovered(router)

    def test_a_small_journal_takes_what_fits(self):
        router = self.crew.router("--journal-max", "4M")
        lines = self.folder / "lines"
        lines.write_text(("x" * 50000 + "\n") * 200)  # more than fits, and one batch
        submit = router.submit("--timeout", "1s", "--lines", lines)
        self.assertEqual(submit.wait(60), 75, submit.log())
        ready = router.status()["ready"]
        self.assertGreater(ready, 20)
        self.assertLess(ready, 100)

    def test_on_ext4(self):
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(MOUNT_BYTES)
        if not permitted("mkfs.ext4", "-q", "-F", image):
            self.skipTest("mkfs.ext4 is not here")
        (self.folder / "journal").mkdir()
        if not permitted("unshare", "-m", "mount", "-o", "loop", image, self.folder / "journal"):
            self.skipTest("loop mounts are not permitted here")
        router = self.fill(f"mount -o loop {image} {self.folder}/journal")
        self.check_full_and_recovered(router)

        # SIGKILL with a full journal, then a start on the same disk.
        payload = self.folder / "payload"
        router.crew.processes_named("w")[0].terminate()
        submit = router.submit("--timeout", "2s", "--files", *[payload] * JOBS)
        router.wait_status(lambda s: s["full"], "the router to be full again", 60)
        submit.wait(60)
        stored = router.status()["ready"]
        router.restart()
        self.assertEqual(router.status()["ready"], stored)
        router.worker("x", "--concurrency", "4", command=["true"])
        router.wait_status(lambda s: (s["ready"], s["held"]) == (0, 0), "all stored jobs done", 60)


class LargeReserve(CrewTest):
    def test_a_reserve_that_the_disk_does_not_have_is_refused(self):
        user = [] if os.geteuid() == 0 else ["-r"]
        journal = self.folder / "journal"
        journal.mkdir()
        mount = f"mount -t tmpfs -o size=64M tmpfs {journal}"
        if not permitted("unshare", *user, "-m", "sh", "-c", mount):
            self.skipTest("mounting is not permitted here")
        start = f'"$0" router --journal {journal} --clients "tcp://127.0.0.1:*" ' \
                f'--workers "tcp://127.0.0.1:*" --journal-reserve'
        # A new journal, and one that is there.
        script = f"""{mount} || exit 9
            {start} 100G; test $? = 78 || exit 1
            test "$(du -m {journal}/data.mdb | cut -f1)" -lt 2 || exit 2
            timeout -s TERM 1 {start} 1M
            {start} 65M; test $? = 78 || exit 3"""
        run = subprocess.run(["unshare", *user, "-m", "sh", "-c", script, self.crew.tool],
                             capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr.count("Give a smaller --journal-reserve"), 2, run.stderr)


class SpaceReturns(CrewTest):
    """Someone else fills the disk and frees it again: the router notices within a second, though
    nothing at all happens meanwhile."""

    def test_back_within_a_second(self):
        user = [] if os.geteuid() == 0 else ["-r"]
        journal = self.folder / "journal"
        journal.mkdir()
        mount = f"mount -t tmpfs -o size=128M tmpfs {journal}"
        if not permitted("unshare", *user, "-m", "sh", "-c", mount):
            self.skipTest("mounting is not permitted here")
        router = self.crew.router("--journal-reserve", "2M", prefix=[
            "unshare", *user, "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"])
        filler = Path(f"/proc/{router.process.pid}/root{journal}/filler")
        with self.assertRaises(OSError), open(filler, "wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                pass
        # Jobs use up what was reserved before the disk was full: 64 MiB, of which some are kept for
        # what commits copy.
        payload = self.folder / "payload"
        payload.write_bytes(bytes(PAYLOAD_BYTES))
        jobs = JOBS * 3 // 2
        submit = router.submit("--timeout", "60s", "--files", *[payload] * jobs)
        router.wait_status(lambda s: s["full"], "the router to be full", 60)
        freed_at = time.monotonic()
        filler.unlink()
        still_full = 0.0

        def room_again():
            nonlocal still_full
            asked_after = time.monotonic() - freed_at
            full = router.status()["full"]
            still_full = asked_after if full else still_full
            return not full
        wait_until(room_again, "room again")
        print(f"last asked in vain {still_full:.2f} s after the disk was freed")
        self.assertLess(still_full, 1.0 * PATIENCE)  # the idle commit thread looks once a second
        self.assertEqual(submit.wait(60), 0, submit.log())


class JournalLimit(CrewTest):
    """--journal-max is a full disk that the operator chose; no mount is needed."""

    def test_new_jobs_are_refused_and_held_ones_finish(self):
        router = self.crew.router("--journal-max", "16M", "--journal-reserve", "2M")
        payload = self.folder / "payload"
        payload.write_bytes(bytes(PAYLOAD_BYTES))
        submit = router.submit("--timeout", "60s", "--wait", "--json", "--files", *[payload] * JOBS)
        router.wait_status(lambda s: s["full"], "the router to be full", 60)
        # The producer waits: a worker makes room, and in the end every job goes through.
        router.worker("w", "--concurrency", "4", command=["wc", "-c"])
        self.assertEqual(submit.wait(120), 0, submit.log())
        self.assertEqual(len(json_lines(submit.out())), JOBS)
        wait_until(lambda: router.status()["held"] == 0, "nothing held")

    def test_what_can_never_fit_is_refused_at_once_and_what_can_fits_once_it_is_empty(self):
        most = 16 << 20
        router = self.crew.router("--journal-max", most, "--max-payload", "8M")
        router.process.wait_log(r"takes no payload or result above 2\d+ bytes.* raise --jour")
        fits, never = self.folder / "fits", self.folder / "never"
        fits.write_bytes(bytes(most // 8 - 512))
        never.write_bytes(bytes(most // 8 - 511))
        began = time.monotonic()
        submit = router.submit("--timeout", "60s", "--files", never)
        self.assertEqual(submit.wait(60), 77, submit.log())
        self.assertLess(time.monotonic() - began, 10)
        self.assertIn("--journal-max", submit.log())

        # However full it was before.
        payload = self.folder / "payload"
        payload.write_bytes(bytes(PAYLOAD_BYTES))
        submit = router.submit("--timeout", "1s", "--files", *[payload] * JOBS)
        self.assertEqual(submit.wait(60), 75, submit.log())
        router.worker("w", "--concurrency", "4", command=["true"])
        router.wait_status(lambda s: (s["ready"], s["held"]) == (0, 0), "all stored jobs done", 60)
        (one,) = router.results("--timeout", "20s", "--files", fits)
        self.assertEqual(one["outcome"], "done")


if __name__ == "__main__":
    main()
