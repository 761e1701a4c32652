"""Programs in the shape of the ZeroMQ Guide's lpclient and ppworker, on the Guide's own ports 5555
and 5556, against a router with its default endpoints, beside native peers.

Runs in a network namespace of its own, so that the fixed ports clash with nothing.
"""

import sys
from pathlib import Path

from crew import wait_until
from crew_test import CrewTest, main
from namespaces import enter_own_namespaces

PROGRAMS = Path(__file__).with_name("guide_programs.py")
DEFAULT = {"clients": "tcp://127.0.0.1:5555", "workers": "tcp://127.0.0.1:5556"}


class GuidePorts(CrewTest):
    def guide(self, name, *arguments):
        return self.crew.run(name, [sys.executable, PROGRAMS, *arguments])

    def test_clients_and_workers_of_both_spellings_beside_native_peers(self):
        router = self.crew.router(**DEFAULT)
        workers = [self.guide("byte-worker", "worker", "byte", 1000),
                   self.guide("word-worker", "worker", "word", 1000)]
        native = router.worker("native", command=["cat"])
        router.wait_workers(3)
        clients = [self.guide(f"client-{n}", "client", 20) for n in range(3)]
        results = router.results(*[f"native {n}" for n in range(20)])
        self.assertEqual(len(results), 20)
        for client in clients:
            self.assertEqual(client.wait(60), 0, client.log())
            self.assertEqual(client.out().split("\n")[:-1], [f"reply {n}" for n in range(1, 21)])
        for worker in workers:
            self.assertIn("echoed", worker.out())
            self.assertNotIn("invalid", worker.out())
            self.assertNotIn("failure", worker.out())
        self.assertTrue(native.running())

    def test_they_live_through_a_router_restart(self):
        router = self.crew.router(**DEFAULT)
        self.guide("worker", "worker", "byte", 1000)
        router.wait_workers(1)
        client = self.guide("client", "client", 60)
        wait_until(lambda: client.out().count("reply") >= 10, "ten replies")
        router.restart()
        self.assertEqual(client.wait(60), 0, client.log())
        self.assertEqual(client.out().count("malformed"), 0)

    def test_workers_started_first_find_their_router(self):
        self.guide("byte-worker", "worker", "byte", 1000)
        self.guide("word-worker", "worker", "word", 1000)
        router = self.crew.router(**DEFAULT)
        router.wait_workers(2)
        client = self.guide("client", "client", 5)
        self.assertEqual(client.wait(), 0, client.log())

    def test_a_worker_that_crashes_loses_no_native_job(self):
        router = self.crew.router(**DEFAULT)
        victim = self.guide("victim", "worker", "byte", 1000)
        router.wait_workers(1)
        submit = router.submit("--wait", *[f"{n}" for n in range(40)])
        wait_until(lambda: victim.out().count("echoed") >= 5, "five jobs done")
        victim.kill()
        self.guide("next", "worker", "word", 1000)
        self.assertEqual(submit.wait(60), 0, submit.log())


if __name__ == "__main__":
    enter_own_namespaces("-rn")
    main()
