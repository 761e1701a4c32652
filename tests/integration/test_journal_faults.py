"""A disk that fails, fills, lies or is damaged under a real router: it says so in one line and
ends, or goes on; it never confirms what is not safe and never serves what is wrong."""

import os
import shutil
from collections import Counter

import tracer
from crew import Impatient, wait_until
from crew_test import SHORT, CrewTest, main

FLIPS = int(os.environ.get("ZCREW_FLIPS", "6" if SHORT else "10"))


class SlowCall(CrewTest):
    """A disk that takes its time holds up confirms and nothing else; the log says so."""

    def test_a_flush_that_takes_long_is_said_and_survived(self):
        reason = tracer.missing()
        if reason:
            self.skipTest(reason)
        router = self.crew.router()
        worker = router.worker("w", command=["cat"])
        router.wait_workers(1)
        tracer.inject(self.crew, router.process, "fdatasync", "delay_enter=6s:when=1")
        submit = router.submit("--delay", "1h", "x")
        router.process.wait_log("has not finished a commit for 5 s")
        self.assertEqual(submit.wait(30), 0, submit.log())
        self.assertNotIn("lost the router", worker.log())

    def test_a_worker_waits_for_its_welcome_as_long_as_the_router_lives(self):
        reason = tracer.missing()
        if reason:
            self.skipTest(reason)
        router = self.crew.router()
        tracer.inject(self.crew, router.process, "fdatasync", "delay_enter=8s:when=1")
        worker = router.worker("w", command=["cat"])
        router.process.wait_log("has not finished a commit for 5 s")
        worker.wait_log("connected to the router")
        self.assertEqual(router.process.log().count("queue default is new"), 1)
        self.assertNotIn("newer connection", router.process.log())
        self.assertNotIn("is dead", router.process.log())


class FileSizeLimit(CrewTest):
    """ulimit -f is a full disk: jobs are refused, SIGXFSZ ends nobody, held jobs finish."""

    def test_it_works_like_a_full_disk(self):
        router = self.crew.router("--journal-reserve", "2M",
                                  prefix=["sh", "-c", 'ulimit -f 32768; exec "$@"', "sh"])
        payload = self.folder / "payload"
        payload.write_bytes(bytes(64 << 10))
        submit = router.submit("--timeout", "60s", "--files", *[payload] * 600)
        router.wait_status(lambda s: s["full"], "the router to be full", 60)
        router.worker("w", "--concurrency", "4", command=["true"])
        self.assertEqual(submit.wait(120), 0, submit.log())
        router.wait_status(lambda s: s["counters"]["done"] == 600, "all jobs done", 60)


class FileGone(CrewTest):
    """The file is cut short under a running router: its map ends, and so does the router, with the
    exit code and the line of damage instead of a signal."""

    def test_a_fault_in_the_map_is_damage(self):
        router = self.crew.router()
        payload = self.folder / "payload"
        payload.write_bytes(os.urandom(200 << 10))
        submit = router.submit("--files", *[payload] * 50)  # read again at their hand-out
        self.assertEqual(submit.wait(), 0)
        log = len(router.process.log())
        os.truncate(self.folder / "journal" / "data.mdb", 8192)
        router.worker("w", command=["cat"])
        self.assertEqual(router.process.wait(), 65)
        said = [line for line in router.process.log()[log:].splitlines() if "damaged" in line]
        self.assertEqual(len(said), 1, router.process.log()[log:])

    def cut(self, size):
        """The router has no work then: only its look at the file meets the fault."""
        router = self.crew.router()
        self.assertEqual(router.submit("x").wait(), 0)
        os.truncate(self.folder / "journal" / "data.mdb", size)
        self.assertEqual(router.process.wait(), 65, router.process.log())
        self.assertEqual(router.process.log().count("damaged"), 1, router.process.log())

    def test_an_empty_file_is_damage(self):
        self.cut(0)

    def test_a_file_of_one_page_is_damage(self):
        self.cut(4096)


class Flips(CrewTest):
    """A bit of a copy is flipped: the check finds it or it does no harm, and the router serves what
    it was given, or ends with 65 and one line. (tests/disk/bit_flips does ten thousands.)"""

    def make(self):
        """A journal with jobs of all sizes; their payloads by id."""
        router = self.crew.router()
        payloads = {}
        for size, count in ((20, 150), (900, 40), (30000, 5)):
            lines = self.folder / "lines"
            texts = [f"{n:05d}".ljust(size, "x") for n in range(count)]
            lines.write_text("".join(text + "\n" for text in texts))
            ids = self.crew.zcrew("submit", "--router", router.clients, "--ids", "--lines",
                                  lines).stdout.split()
            payloads.update(zip(ids, texts))
        self.assertEqual(router.process.terminate(), 0)
        return payloads

    def use(self, journal, payloads):
        """Serves the journal until it is empty or the router ends; its exit code and what ran."""
        ledger = self.folder / f"{journal.name}.ledger"
        ledger.mkdir()
        process = self.crew.run(journal.name, [
            self.crew.tool, "router", "--journal", journal, "--clients", "tcp://127.0.0.1:*",
            "--workers", "tcp://127.0.0.1:*"])
        wait_until(lambda: "workers at" in process.log() or not process.running(), "a start or end")
        worker = None
        if process.running():
            port = process.wait_log(r"workers at (tcp://[^\s,;]+)").group(1)
            worker = self.crew.run("worker", [
                self.crew.tool, "worker", "--router", port, "--concurrency", "4", "--", "sh", "-c",
                # A file each, there when it is whole: a router that ends takes its jobs along.
                f'to={ledger}/$ZCREW_JOB_ID.$ZCREW_ATTEMPT; cat >"$to-" && mv "$to-" "$to"'])
            clients = process.wait_log(r"clients at (tcp://[^\s,;]+)").group(1)

            def done():
                if not process.running():
                    return True
                run = self.crew.zcrew("status", "--router", clients, "--json", check=False)
                return run.returncode == 0 and '"done":%d' % len(payloads) in run.stdout.replace(
                    " ", "")
            try:
                wait_until(done, "all jobs done", 20)
            except Impatient:
                pass  # judged by what ran
        code = process.terminate() if process.running() else process.wait()
        if worker:
            worker.kill()
        text = process.log()
        faults = [line for line in text.splitlines() if "damaged" in line]
        ran = [(file.stem, file.read_text()) for file in ledger.iterdir() if file.name[-1] != "-"]
        return code, faults, ran

    def test_right_data_or_one_line(self):
        random = self.seeded()
        payloads = self.make()
        sound = self.folder / "journal"
        seen = Counter()
        for number in range(FLIPS):
            journal = self.folder / f"flip-{number}"
            shutil.copytree(sound, journal)
            data = bytearray((journal / "data.mdb").read_bytes())
            at, bit = random.randrange(len(data)), random.randrange(8)
            data[at] ^= 1 << bit
            (journal / "data.mdb").write_bytes(data)
            check = self.crew.zcrew("check", "--journal", journal, check=False)
            self.assertIn(check.returncode, (0, 65), check.stderr)
            code, faults, ran = self.use(journal, payloads)
            with self.subTest(byte=at, bit=bit, check=check.stderr):
                self.assertEqual([job for job in ran if payloads.get(job[0]) != job[1]], [])
                self.assertIn(code, (0, 65))
                self.assertEqual(len(faults), 1 if code == 65 else 0, faults)
                if code == 0:
                    self.assertEqual(len(ran), len(payloads), "jobs did not run")
                if check.returncode == 0:
                    self.assertEqual(code, 0)
            seen[check.returncode, code] += 1
            shutil.rmtree(journal)
        print("check and router ended with", dict(seen))


if __name__ == "__main__":
    main()
