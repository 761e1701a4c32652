"""Two workers of one name are two workers. Of two connections of one instance the newest is the
worker, at once, and the older one is told so: none of them is a hole that jobs fall into.
"""

import time

import zmq

from pool import PoolTest
from crew_test import main  # (pool puts its folder on the path)
from native_peer import ERROR, OUTCOME, RUN, NativePeer, done, run_of

SUPERSEDED = 301


class Doubles(PoolTest):
    def setUp(self):
        self.router = self.crew.router()

    def test_two_workers_of_one_name_both_work(self):
        for record in ("one", "two"):
            self.start_worker(record, name="twin")
        self.router.wait_workers(2)
        self.results(self.submit("j", 200, 0.01), 200)
        share = [sum(worker == record for _, what, _, worker in self.records() if what == "start")
                 for record in ("one", "two")]
        print(f"two workers of one name did {share[0]} and {share[1]} jobs")
        self.assertGreater(min(share), 0)
        self.assertEqual(sum(share), 200)

    def test_of_one_instance_the_newest_connection_is_the_worker(self):
        took = []
        older = self.connect()
        for n in range(50):
            began = time.monotonic()
            newer = self.connect()
            self.assertEqual(older.receive(ERROR)[1], SUPERSEDED)
            took.append(time.monotonic() - began)
            submit = self.submit(f"j{n}", 1)
            (item,) = newer.receive(RUN)[1]
            newer.send(OUTCOME, [done(run_of(item)[0])])
            self.results(submit, 1)
            self.assertEqual(older.socket.poll(0), 0, "a job for the older one")
            older.close()
            older = newer
        self.assertEqual(len(self.router.status()["workers"]), 1)
        print(f"one worker of two connections after {max(took) * 1000:.0f} ms at most, "
              f"{len(took)} times, each job at the newest")
        self.assertLess(min(took), 0.1)

    def connect(self):
        peer = NativePeer(zmq.Context.instance(), self.router.workers)
        self.addCleanup(peer.close)
        peer.hello_worker(b"only one of them")
        return peer


if __name__ == "__main__":
    main()
