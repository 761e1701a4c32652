"""The router is killed and restarted under its workers and clients: nothing is lost, and nothing
that ran or runs is started again."""

import time
from collections import Counter

from crew import json_lines, wait_until
from crew_test import CrewTest, main


class RouterDeath(CrewTest):
    def setUp(self):
        self.router = self.crew.router()
        self.ledger = self.crew.ledger()
        self.gate = self.folder / "gate"
        self.held = f'while [ ! -e {self.gate} ] && [ -d {self.folder} ]; do sleep 0.02; done; cat'

    def start_worker(self, name, body, *flags):
        return self.router.worker(name, *flags, command=self.ledger.command(body),
                                  environment=self.ledger.environment(name))

    def started_once(self):
        """The runs; fails if one job was started more than once."""
        runs = Counter(job for job, _ in self.ledger.started())
        self.assertEqual([job for job, count in runs.items() if count > 1], [])
        return len(runs)

    def test_no_confirmed_job_runs_twice_over_a_restart(self):
        jobs = 300
        for name in ("one", "two"):
            self.start_worker(name, "sleep 0.02; cat", "--concurrency", 4)
        self.router.wait_workers(2)
        submit = self.router.submit("--wait", "--json", *[f"job {n}" for n in range(jobs)])
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == jobs, "all confirmed")
        wait_until(lambda: len(self.ledger.ended()) >= 60, "60 jobs done")
        self.assertLess(len(self.ledger.started()), jobs, "the kill came too late to show anything")

        self.router.restart()

        self.assertEqual(submit.wait(60), 0)
        results = json_lines(submit.out())
        self.assertEqual(Counter(one["result"] for one in results),
                         Counter(f"job {n}" for n in range(jobs)))
        self.assertEqual({one["attempts"] for one in results}, {1})
        self.assertEqual(self.started_once(), jobs)
        status = self.router.wait_status(lambda s: s["held"] == 0, "nothing held")
        self.assertEqual(status["counters"]["done"], jobs)
        self.assertEqual((status["ready"], status["later"], status["dead"]), (0, 0, 0))

    def test_a_running_job_goes_on_and_is_resumed(self):
        self.start_worker("steady", self.held, "--concurrency", 2)
        self.router.wait_workers(1)
        submit = self.router.submit("--wait", "--json", "a", "b")
        wait_until(lambda: len(self.ledger.started()) == 2, "both jobs to run")
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 2, "both confirmed")

        self.router.restart()

        status = self.router.wait_status(lambda s: s["held"] == 2, "both jobs held again")
        self.assertEqual(status["counters"]["resumed"], 2)
        self.assertEqual(status["epoch"], 2)
        self.gate.touch()
        self.assertEqual(submit.wait(), 0)
        results = json_lines(submit.out())
        self.assertEqual({(one["result"], one["attempts"]) for one in results},
                         {("a", 1), ("b", 1)})
        self.assertEqual(self.started_once(), 2)

    def test_a_job_finished_during_the_outage_is_not_run_again(self):
        self.start_worker("steady", self.held, "--concurrency", 2)
        self.start_worker("idle", "cat", "--concurrency", 2, "--queue", "other")
        self.router.wait_workers(2)
        submit = self.router.submit("--wait", "--json", "a", "b")
        wait_until(lambda: len(self.ledger.started()) == 2, "both jobs to run")
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 2, "both confirmed")

        self.router.kill()
        self.gate.touch()
        wait_until(lambda: len(self.ledger.ended()) == 2, "both jobs to end without a router")
        self.router.start()

        self.assertEqual(submit.wait(), 0)
        self.assertEqual({one["result"] for one in json_lines(submit.out())}, {"a", "b"})
        self.assertEqual(self.started_once(), 2)
        status = self.router.wait_status(lambda s: s["held"] == 0, "nothing held")
        self.assertEqual(status["counters"]["done"], 2)

    def test_a_worker_that_died_during_the_outage_gives_its_jobs_to_another(self):
        victim = self.start_worker("victim", self.held)
        self.router.wait_workers(1)
        submit = self.router.submit("--wait", "--json", "a")
        wait_until(lambda: len(self.ledger.started()) == 1, "the job to run")
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 1, "it to be confirmed")

        self.router.kill()
        victim.kill()
        self.gate.touch()
        self.router.start()
        self.start_worker("survivor", "cat")

        # The resume wait of 3 s must pass: the victim might have come back.
        self.assertEqual(submit.wait(30), 0)
        self.assertEqual([one["worker"] for one in json_lines(submit.out())], ["survivor"])

    def test_new_jobs_do_not_wait_for_old_workers(self):
        victim = self.start_worker("victim", self.held)
        self.router.wait_workers(1)
        self.router.submit("old")
        wait_until(lambda: len(self.ledger.started()) == 1, "the job to run")
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 1, "it to be confirmed")
        self.router.kill()
        victim.kill()
        self.router.start()
        restarted_at = time.monotonic()
        self.router.worker("fresh", command=["cat"])
        self.assertEqual([one["result"] for one in self.router.results("new")], ["new"])
        self.assertLess(time.monotonic() - restarted_at, 2.5, "the new job waited for the old one")

    def test_delayed_jobs_and_dead_letters_survive(self):
        self.router.worker("strict", command=["sh", "-c", "exit 100"])
        self.router.wait_workers(1)
        self.crew.zcrew("submit", "--router", self.router.clients, "bad")
        self.crew.zcrew("submit", "--router", self.router.clients, "--delay", "1h", "much later")
        self.router.wait_status(lambda s: (s["dead"], s["later"]) == (1, 1), "one dead, one later")
        before = self.router.ask("dead", "ls")
        self.router.restart()
        status = self.router.status()
        self.assertEqual((status["dead"], status["later"], status["ready"]), (1, 1, 0))
        self.assertEqual(self.router.ask("dead", "ls"), before)


class RouterAway(CrewTest):
    def test_submit_says_so_and_gives_up_after_its_timeout(self):
        router = self.crew.router()
        router.kill()
        began = time.monotonic()
        run = self.crew.call(router.submit_arguments("--timeout", "1s", "job"), check=False)
        took = time.monotonic() - began
        self.assertEqual(run.returncode, 69, run.stderr)
        self.assertIn(router.clients, run.stderr)
        self.assertGreaterEqual(took, 1.0)
        self.assertLess(took, 3.0)

    def test_submit_goes_through_when_the_router_comes_in_time(self):
        router = self.crew.router()
        router.kill()
        submit = router.submit("--timeout", "30s", "job")
        submit.wait_log(r"\S", seconds=5)  # says at once that nobody answers
        router.start()
        self.assertEqual(submit.wait(), 0)
        self.assertEqual(router.status()["ready"], 1)

    def test_looking_does_not_hang(self):
        router = self.crew.router()
        router.kill()
        for command in (["status"], ["queues"], ["workers"], ["dead", "ls"]):
            with self.subTest(command=command):
                run = self.crew.zcrew(*command, "--router", router.clients, "--timeout", "0.5s",
                                      check=False)
                self.assertEqual(run.returncode, 69, run.stderr)


class WorkerStart(CrewTest):
    def test_a_worker_waits_for_its_router(self):
        router = self.crew.router()
        router.kill()
        router.worker("early", command=["cat"])
        router.start()
        self.assertEqual([one["result"] for one in router.results("x")], ["x"])


if __name__ == "__main__":
    main()
