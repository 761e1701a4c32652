"""Failing jobs: retries, dead letters, redrive; and jobs whose time or turn is not yet come."""

import time

from crew import json_lines, wait_until
from crew_test import CrewTest, main


class Retries(CrewTest):
    def setUp(self):
        self.router = self.crew.router()
        self.ledger = self.crew.ledger()

    def start_worker(self, body, *flags, name="worker"):
        worker = self.router.worker(name, *flags, command=self.ledger.command(body),
                                    environment=self.ledger.environment(name))
        self.router.wait_workers(1)
        return worker

    def test_retried_then_dead_then_redriven(self):
        cured = self.folder / "cured"
        self.start_worker(f'if [ -e {cured} ]; then cat; else echo "no {cured.name}" >&2; '
                          'cat >/dev/null; false; fi')
        submit = self.router.submit("--wait", "--json", "--attempts", 3, "--backoff", "50ms", "x")
        self.assertEqual(submit.wait(), 1)
        (end,) = json_lines(submit.out())
        self.assertEqual((end["outcome"], end["attempts"]), ("dead", 3))
        self.assertEqual(len(self.ledger.started()), 3)

        (letter,) = self.router.ask("dead", "ls")["dead"]
        self.assertEqual((letter["id"], letter["queue"], letter["attempts"], letter["reason"]),
                         (end["id"], "default", 3, "failed"))
        self.assertEqual([entry["event"] for entry in letter["history"]], ["failed"] * 3)
        self.assertEqual([entry["attempt"] for entry in letter["history"]], [1, 2, 3])
        shown = self.router.ask("dead", "show", letter["id"])
        self.assertEqual(shown["payload"], "x")
        status = self.router.status()
        self.assertEqual((status["dead"], status["counters"]["failed"],
                          status["counters"]["retried"]), (1, 3, 2))

        cured.touch()
        self.assertEqual(self.router.ask("dead", "redrive", letter["id"]), {"count": 1})
        self.router.wait_status(lambda s: s["counters"]["done"] == 1, "the redriven job done")
        status = self.router.status()
        self.assertEqual((status["dead"], status["ready"], status["held"]), (0, 0, 0))
        self.assertEqual(self.ledger.started()[-1][0], end["id"], "a redriven job keeps its id")

    def test_waits_double(self):
        self.start_worker("cat >/dev/null; false")
        began = time.monotonic()
        submit = self.router.submit("--wait", "--attempts", 4, "--backoff", "100ms", "x")
        self.assertEqual(submit.wait(), 1)
        # 100 + 200 + 400 ms, each with jitter of at most half.
        self.assertGreaterEqual(time.monotonic() - began, 0.35)

    def test_rejected_is_dead_at_once(self):
        self.start_worker("cat >/dev/null; sh -c 'exit 100'")
        (end,) = json_lines(self.crew.call(
            self.router.submit_arguments("--wait", "--json", "x"), check=False).stdout)
        self.assertEqual((end["outcome"], end["attempts"]), ("dead", 1))
        (letter,) = self.router.ask("dead", "ls")["dead"]
        self.assertEqual(letter["reason"], "rejected")
        self.assertEqual(self.router.counters()["rejected"], 1)

    def test_released_goes_back_uncounted(self):
        # Gives the job back twice, then does it.
        tries = self.folder / "tries"
        self.start_worker(f'echo >>{tries}; if [ $(wc -l <{tries}) -gt 2 ]; then cat; '
                          "else sh -c 'exit 111'; fi")
        (end,) = self.router.results("--attempts", 1, "x")
        self.assertEqual((end["outcome"], end["attempts"], end["result"]), ("done", 1, "x"))
        self.assertEqual(self.router.counters()["released"], 2)

    def test_a_job_that_kills_its_workers_becomes_a_dead_letter(self):
        gate = f'while [ -d {self.folder} ]; do sleep 0.02; done'
        self.start_worker(gate, name="first")
        self.crew.zcrew("submit", "--router", self.router.clients, "poison")
        for number, name in enumerate(("first", "second", "third"), 1):
            wait_until(lambda at=number: len(self.ledger.started()) == at, f"{name} to start it")
            self.crew.processes_named(name)[0].kill()
            if number < 3:
                self.start_worker(gate, name=("second", "third")[number - 1])
        self.router.wait_status(lambda s: s["dead"] == 1, "the poison job to be a dead letter")
        (letter,) = self.router.ask("dead", "ls")["dead"]
        self.assertEqual(letter["reason"], "crash")
        self.assertEqual([entry["event"] for entry in letter["history"]], ["crash"] * 3)
        self.assertEqual(self.router.ask("dead", "rm", "--all"), {"count": 1})
        status = self.router.status()
        self.assertEqual((status["dead"], status["counters"]["removed"]), (0, 1))


class Turns(CrewTest):
    def setUp(self):
        self.router = self.crew.router()

    def put(self, *arguments):
        self.crew.zcrew("submit", "--router", self.router.clients, *arguments)

    def start_writer(self):
        """A worker that runs one job at a time and notes its payload and time."""
        self.router.worker("writer", "--concurrency", 1,
                           command=["sh", "-c", 'echo "$(cat) $(date +%s.%N)" >>order'])

    def order(self, count):
        path = self.folder / "order"
        wait_until(lambda: path.exists() and len(path.read_text().splitlines()) >= count,
                   f"{count} jobs done")
        return [line.split() for line in path.read_text().splitlines()]

    def test_the_most_urgent_goes_first_then_the_oldest(self):
        self.put("--priority", "9", "last")
        self.put("middle-1")
        self.put("middle-2")
        self.put("--priority", "0", "first")
        self.start_writer()
        self.assertEqual([payload for payload, _ in self.order(4)],
                         ["first", "middle-1", "middle-2", "last"])

    def test_a_delayed_job_waits_its_time_and_not_much_longer(self):
        self.start_writer()
        self.router.wait_workers(1)
        put_at = time.time()
        self.put("--delay", "1s", "delayed")
        self.put("at-once")
        self.router.wait_status(lambda s: s["later"] == 1, "the job to wait")
        order = self.order(2)
        self.assertEqual([payload for payload, _ in order], ["at-once", "delayed"])
        waited = float(order[1][1]) - put_at
        self.assertGreaterEqual(waited, 1.0)
        self.assertLess(waited, 2.0)

    def test_a_delay_holds_over_a_restart(self):
        put_at = time.time()
        self.put("--delay", "2s", "delayed")
        self.router.restart()
        self.start_writer()
        waited = float(self.order(1)[0][1]) - put_at
        self.assertGreaterEqual(waited, 2.0)
        self.assertLess(waited, 6.0)

    def test_an_old_job_overtakes_by_ageing(self):
        self.router.kill()
        self.router.flags = ("--age-step", "100ms")
        self.router.start()
        self.put("--priority", "6", "patient")
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 0.5, "five steps of age")
        self.put("--priority", "4", "urgent")
        self.start_writer()
        self.assertEqual([payload for payload, _ in self.order(2)], ["patient", "urgent"])

    def test_queues_do_not_wait_for_each_other(self):
        self.put("--queue", "nobody", "x")
        self.router.worker("w", "--queue", "somebody", command=["cat"])
        self.assertEqual([one["result"] for one in self.router.results("--queue", "somebody", "y")],
                         ["y"])
        queues = {queue["name"]: queue for queue in self.router.ask("queues")["queues"]}
        self.assertEqual(queues["nobody"]["ready"], 1)

    def test_a_paused_queue_hands_out_nothing(self):
        self.router.worker("w", command=["cat"])
        self.router.wait_workers(1)
        self.put("first")
        self.router.wait_status(lambda s: s["counters"]["done"] == 1, "the first job done")
        self.pause("on")
        submit = self.router.submit("--wait", "x")
        status = self.router.wait_status(lambda s: s["ready"] == 1, "the job to be ready")
        self.assertEqual((status["held"], status["queues"][0]["paused"]), (0, True))
        self.pause("off")
        self.assertEqual(submit.wait(), 0)

    def pause(self, on_or_off):
        self.crew.zcrew("set", "queue", "default", "--paused", on_or_off,
                        "--router", self.router.clients)


if __name__ == "__main__":
    main()
