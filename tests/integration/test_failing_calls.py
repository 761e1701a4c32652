"""A disk whose calls fail, one at a time: LMDB alone would carry on; the router must not (J-4.6).
It ends with 74 and one line and confirms nothing more; with the next one each job is there once.
Only a refused reservation of space is none of this: it means that the disk is full.

ZCREW_KILLS=all lets each call of a run fail in turn until a run passes without meeting the fault,
otherwise some of each.
"""

import tracer
from crew import wait_until
from crew_test import main
from day import Day

JOBS = 200
SOME = {"fdatasync": (1, 4), "pwrite64": (1, 5), "writev": (1,), "fallocate": (1,)}


class FailingCall(Day):
    def test_it_says_so_once_and_confirms_nothing_more(self):
        tried = {call: self.moments([call], SOME, self.fail_confirming)[call]
                 for call in ("fdatasync", "pwrite64")}
        print(f"jobs that only wait, confirms are the disk's word: {tried}, nothing lost")
        self.assertGreater(min(tried.values()), 0)

    def fail_confirming(self, call, number):
        router = self.crew.router()
        first = self.crew.zcrew("submit", "--router", router.clients, "--ids", "before").stdout
        log = len(router.process.log())
        tracer.inject(self.crew, router.process, call, f"error=EIO:when={number}")
        lines = self.folder / "lines"
        lines.write_text("".join(f"job {n}\n" for n in range(JOBS)))
        submit = router.submit("--ids", "--timeout", "60s", "--lines", lines)
        wait_until(lambda: not (router.process.running() and submit.running()), "an end")
        if router.process.running():
            return False
        self.assertEqual(router.process.wait(), 74)
        said = router.process.log()[log:].splitlines()
        self.assertEqual(len([line for line in said if "rror" in line]), 1, said)
        receipts = len(submit.out().splitlines())
        report = self.crew.tool_json("check", "--journal", router.journal, "--json")
        self.assertGreaterEqual(report["ready"] + report["held"], 1 + receipts)

        # The producer goes on with the next router, and each job is there once.
        router.start()
        self.assertEqual(submit.wait(60), 0, submit.log())
        ids = (first + submit.out()).split()
        self.assertEqual((len(ids), len(set(ids))), (JOBS + 1, JOBS + 1))
        self.assertEqual(router.status()["ready"], JOBS + 1)
        return True

    def each(self, call, error="EIO", code=74):
        """In a day of everything."""
        def attempt(call, number):
            ended = self.live(call, f"error={error}:when={number}", code)
            met = tracer.injected(self.crew)
            self.assertLessEqual(ended, met)
            self.assertEqual(ended, code != 0 and met > 0, "a failed call was passed over")
            return met
        tried = self.moments([call], SOME, attempt)[call]
        print(f"{call} failed with {error} at {tried} calls, nothing lost")
        self.assertGreater(tried, 0)

    def test_flushes(self):
        self.each("fdatasync")

    def test_writes_of_a_page(self):
        self.each("pwrite64")

    def test_writes_of_pages(self):
        self.each("writev")

    def test_writes_of_a_page_meet_a_full_disk(self):
        self.each("pwrite64", "ENOSPC")

    def test_writes_of_pages_meet_a_full_disk(self):
        self.each("writev", "ENOSPC")

    def test_reservations_meet_a_full_disk_and_that_ends_nobody(self):
        self.each("fallocate", "ENOSPC", code=0)


if __name__ == "__main__":
    main()
