"""Many peers say whatever the protocol has, in any order, legal or not, some of it damaged, to a
real router, from a seed; honest work beside them goes on, the counts add up, the journal is whole.
"""

import contextlib
import sys
from pathlib import Path

import zmq

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))
from crew import wait_until  # noqa: E402  (the path comes first)
from crew_test import SHORT, CrewTest, main  # noqa: E402
from native_peer import unpack  # noqa: E402
from native_peer import (ACKNOWLEDGE, ADMIN, CLIENT_HELLO, CLIENT_WELCOME, CONFIRM,  # noqa: E402
                         HEARTBEAT, OUTCOME, REFUSED, RESULT, RUN, SUBMIT, WORKER_HELLO, NativePeer,
                         done, pack, run_of)

ASK, BYE, DRAIN = 3, 6, 34
PEERS = 24
MESSAGES = 4000 if SHORT else 20000
LIFE = 300  # messages between two looks at how honest work is doing
KEEP_UP = 20  # messages between two round trips, so that the router is never far behind
QUEUES = ["default", "other", "third"]
VERBS = ["status", "queues", "workers", "version", "dead_list", "dead_show", "dead_redrive",
         "dead_remove", "set_weight", "set_policy", "set_queue", "nonsense"]
ARGUMENTS = ["{}", "[", '{"ids": []}', '{"ids": ["q1p5n1048577"]}', '{"id": "q1p5n1048577"}',
             '{"worker": "raw", "weight": 3}', '{"queue": "other", "policy": "adaptive"}',
             '{"queue": "third", "paused": true}', '{"queue": "third", "paused": false}',
             '{"queue": "other", "max_held": 2}', '{"queue": "third", "max_ready": 50}',
             '{"limit": 3}', '{"queue": 7}']


class RandomPeer:
    """Remembers what it was told, so that some of what it says makes sense."""

    def __init__(self, world, context, endpoint):
        self.world = world
        self.random = world.random
        self.peer = NativePeer(context, endpoint)
        self.batch = 1

    def listen(self):
        while self.peer.socket.poll(0):
            frames = self.peer.socket.recv_multipart()
            if len(frames) != 1 or not frames[0]:
                continue
            try:
                message = unpack(frames[0])
            except (ValueError, IndexError):
                continue  # for a Guide peer
            if not isinstance(message, list):
                continue
            if message[0] == RUN:
                self.world.tokens += [run_of(item)[0] for item in message[1]]
            elif message[0] == CLIENT_WELCOME:
                self.batch = message[5] + 1
            elif message[0] == REFUSED:
                self.batch = message[4] + 1
            elif message[0] == CONFIRM:
                self.world.jobs += [run[3] for run in message[1]]
            elif message[0] == RESULT:
                self.world.jobs += [entry[2] for entry in message[1]]

    def speak(self):
        """One message, mostly sensible."""
        kind = self.random.choices(
            [self.hello_client, self.submit, self.jobs, self.admin, self.hello_worker,
             self.outcome, self.short, self.guide, self.damaged, self.several],
            [3, 12, 3, 3, 4, 12, 3, 3, 3, 1])[0]
        kind()

    def some(self, known, size, count):
        """Things that were heard of, or are as good as none."""
        pool = known[-200:] + [bytes(size), b"\xff" * size, self.random.randbytes(size)]
        return [self.random.choice(pool) for _ in range(count)]

    def session(self):
        return bytes([65 + self.random.randrange(6)]) * 16

    def hello_client(self):
        self.peer.send(CLIENT_HELLO, self.random.choice((1, 1, 1, 2)), self.session(),
                       self.random.choice((1, 1, 2, 1 << 40)), "raw")

    def submit(self):
        options = [self.random.choice(QUEUES), self.random.randrange(11),
                   self.random.choice((0, 0, 0, 5, 1000)), self.random.choice((0, 1, 2, 2000)),
                   self.random.choice((0, 1, 10)), 0, self.random.choice((0, 0, 0, 50)),
                   self.random.choice((0, 1, 1, 2, 9))]
        items = [payload if self.random.random() < 0.5 else [n, payload] for n, payload in
                 enumerate(self.random.randbytes(self.random.choice((0, 10, 300, 5000)))
                           for _ in range(self.random.choice((1, 1, 3, 40))))]
        number = self.random.choice((self.batch, self.batch, self.batch, 1, 1 << 50))
        if number == self.batch:
            self.batch += 1
        self.peer.send(SUBMIT, number, self.random.choice((1, number)), [[options, items]])

    def jobs(self):
        self.peer.send(self.random.choice((ASK, ACKNOWLEDGE)),
                       self.some(self.world.jobs, 13, self.random.randrange(5)))

    def admin(self):
        self.peer.send(ADMIN, self.random.randrange(9), self.random.choice(VERBS),
                       self.random.choice(ARGUMENTS))

    def hello_worker(self):
        tokens = self.world.tokens
        self.peer.send(WORKER_HELLO, 1, self.session(), self.random.choice(("raw", "", "x" * 200)),
                       self.random.choice((0, 1, 10, 20000)), self.random.choice((0, 1, 8, 99999)),
                       self.random.sample(QUEUES, self.random.randrange(4)),
                       self.some(tokens, 21, self.random.randrange(4)),
                       self.some(tokens, 21, self.random.randrange(4)))

    def outcome(self):
        self.peer.send(OUTCOME, [done(token, 5, 9) if self.random.random() < 0.3 else
                                 [token, 5, 9, self.random.choice((0, 0, 1, 2, 3, 9)), b"r", 0]
                                 for token in self.some(self.world.tokens, 21,
                                                        self.random.randrange(1, 4))])

    def short(self):
        self.peer.send(*self.random.choice(([HEARTBEAT], [HEARTBEAT, 1 << 30], [BYE], [DRAIN],
                                            [35], [52], [99], [RUN, []], [CONFIRM, []])))

    def guide(self):
        self.peer.send_frames(*self.random.choice((
            [b"\x01"], [b"\x02"], [b"READY"], [b"HEARTBEAT"], [b"", b"request"], [b"", b""],
            [b"J" + self.some(self.world.tokens, 21, 1)[0], b"", b"reply"],
            [b"J", b"", b"reply"], [b"", b"", b""])))

    def damaged(self):
        frame = bytearray(pack([self.random.choice((1, 2, 3, 7, 32, 33)), 1, b"A" * 16, 1,
                                [[["default"], [b"w", [5, b"x"]]]]]))
        for _ in range(self.random.randrange(1, 4)):
            frame[self.random.randrange(len(frame))] = self.random.randrange(256)
        self.peer.send_frames(bytes(frame[:self.random.randrange(1, len(frame) + 1)]))

    def several(self):
        self.peer.send_frames(*[self.random.randbytes(self.random.randrange(30))
                                for _ in range(self.random.randrange(1, 60))])


class RandomPeers(CrewTest):
    def test_honest_work_goes_on_beside_them(self):
        self.random = self.seeded()
        self.tokens, self.jobs = [], []
        # A job that was at a Guide worker when the router was killed stays there for the lease.
        router = self.crew.router("--heartbeat", "200ms", "--guide-lease", "3s")
        router.worker("honest", "--queue", "honest", "--concurrency", 2, command=["cat"])
        router.wait_workers(1)
        context = zmq.Context()
        self.addCleanup(context.destroy, 0)
        pace = NativePeer(context, router.clients)
        pace.hello_client(b"pace" * 4)
        peers = []
        for n in range(10 * MESSAGES):
            if n % MESSAGES == 0 and n > 0 and self.has_met_everything(router):
                break
            if n % KEEP_UP == 0:
                pace.send(HEARTBEAT)
                pace.receive(HEARTBEAT)
            if len(peers) < PEERS:
                peers.append(RandomPeer(self, context,
                                        self.random.choice((router.clients, router.workers))))
            peer = self.random.choice(peers)
            with contextlib.suppress(zmq.Again):
                peer.speak()
            peer.listen()
            self.random.choice(peers).listen()
            if self.random.random() < 0.01:
                peer.peer.close()
                peers.remove(peer)
            if n % LIFE == 0:
                self.assertTrue(router.process.running(), router.process.log())
        self.check_honest(router)
        pace.close()
        for peer in peers:
            peer.peer.close()
        self.check_counts(router)

    @staticmethod
    def has_met_everything(router):
        """Chance may give all peers another dialect, or no job, for a long time."""
        counters = router.status()["counters"]
        return counters["done"] > 0 and counters["stale"] > 0

    def check_honest(self, router):
        results = router.results("--queue", "honest", *[f"job {n}" for n in range(10)])
        self.assertEqual([one["outcome"] for one in results], ["done"] * 10)

    def check_counts(self, router):
        """Before and after a SIGKILL, and offline."""
        status = router.wait_status(lambda s: s["held"] == 0, "jobs of those who left")
        self.assertGreater(status["counters"]["malformed"], 0)
        self.assertGreater(status["counters"]["stale"], 0)
        self.assertGreaterEqual(status["counters"]["done"], 10)
        self.add_up(status)
        router.restart()
        again = router.status()
        self.add_up(again)
        self.check_honest(router)
        wait_until(lambda: router.status()["held"] == 0, "rest")
        router.process.terminate()
        self.crew.zcrew("check", "--journal", router.journal)

    def add_up(self, status):
        counters = status["counters"]
        self.assertEqual(counters["accepted"],
                         sum(status[name] for name in ("ready", "held", "later", "dead"))
                         + sum(counters[name] for name in ("done", "cancelled", "expired",
                                                           "removed")))


if __name__ == "__main__":
    main()
