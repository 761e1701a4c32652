"""Workers that are slow, die all the time or are killed by a job, beside sound ones: these go on as
if they were alone.

LONG=1 in the environment watches longer.
"""

import threading
import time

import zmq

from pool import LONG, PoolTest, wait_until
from crew_test import main  # (pool puts its folder on the path)
from native_peer import HEARTBEAT, OUTCOME, RUN, SUBMIT, NativePeer, done, pack, run_of, unpack

BYE = 6
JOB_SECONDS = 0.02


class SlowWorker(threading.Thread):
    """Sound but for its pace: one job at a time, each for ten times as long as it should take."""

    def __init__(self, endpoint):
        super().__init__()
        self.endpoint = endpoint
        self.over = threading.Event()
        self.did = 0
        self.start()

    def run(self):
        peer = NativePeer(zmq.Context.instance(), self.endpoint)
        peer.hello_worker(b"the slow worker!")
        held, due = [], 0.0
        while not self.over.is_set():
            if peer.socket.poll(5):
                message = unpack(peer.socket.recv())
                if message[0] == RUN:
                    due = due if held else time.monotonic() + 10 * JOB_SECONDS
                    held += [run_of(item)[0] for item in message[1]]
                if message[0] == HEARTBEAT:
                    peer.send(HEARTBEAT)
            if held and time.monotonic() >= due:
                peer.send(OUTCOME, [done(held.pop(0), int(10e6 * JOB_SECONDS))])
                self.did += 1
                due = time.monotonic() + 10 * JOB_SECONDS
        peer.send(BYE)
        peer.socket.close(1000)

    def end(self):
        self.over.set()
        self.join()


class Slow(PoolTest):
    SOUND = 7
    RATE = 200  # a second, of 350 that the sound ones can do
    JOBS = 4000 if LONG else 600
    TRIES = 3

    def spread(self, label):
        """Submits by the clock, whatever comes of it; each job's time until it ended at a sound
        worker, in ms, in order."""
        peer = NativePeer(zmq.Context.instance(), self.router.clients)
        peer.hello_client(label.encode().ljust(16, b"-"))
        before = self.done()
        began = time.monotonic_ns()
        at = [began + n * 10**9 // self.RATE for n in range(self.JOBS)]
        options = ["default", 5, 0, 0, 0, 0, 0, 0]
        for n in range(self.JOBS):
            payload = f"{label}-{n} d {int(JOB_SECONDS * 1e6)}".encode()
            while time.monotonic_ns() < at[n]:
                peer.socket.poll(max(0, (at[n] - time.monotonic_ns()) // 10**6))
                while peer.socket.poll(0):
                    peer.socket.recv()
            peer.socket.send(pack([SUBMIT, n + 1, 1, [[options, [payload]]]]))
        self.wait_done(before + self.JOBS)
        peer.close()
        return sorted((when - at[int(job.split("-")[1])]) / 1e6 for when, what, job, _
                      in self.records() if what == "end" and job.startswith(label + "-"))

    def test_one_of_eight_is_ten_times_slower(self):
        self.router = self.crew.router()
        self.start_workers(self.SOUND, concurrency=1)
        ratios = []
        # The quickest of several: what else the machine does makes some jobs wait, with or without.
        while len(ratios) < self.TRIES and min(ratios, default=9) > 1.2:
            alone = self.spread(f"alone{len(ratios)}")
            slow = SlowWorker(self.router.workers)
            self.addCleanup(slow.end)
            self.router.wait_workers(self.SOUND + 1)
            beside = self.spread(f"beside{len(ratios)}")
            slow.end()
            self.router.wait_status(lambda s: len(s["workers"]) == self.SOUND, "it to be gone")
            p50, p99, base = (times[len(times) * share // 100] for times, share in
                              ((beside, 50), (beside, 99), (alone, 99)))
            ratios.append(p99 / base)
            print(f"one of {self.SOUND + 1} workers ten times slower did {slow.did} of {self.JOBS} "
                  f"jobs; the others' p99 {p99:.1f} ms (p50 {p50:.1f}), without it {base:.1f} ms: "
                  f"{ratios[-1]:.2f} times")
            self.assertGreater(slow.did, 0)
            self.assertEqual(len(alone), self.JOBS)
        self.assertLessEqual(min(ratios), 1.2)
        self.assertEqual(self.deaths(), 0)


class Flapping(PoolTest):
    SOUND = 4
    TURNS = 20 if LONG else 3
    SECONDS = 0.8  # of a turn with or without, by turns: the machine is not equally fast all along
    LIFE = 0.1

    def watch(self, meanwhile):
        """(jobs done, seconds) while something is done again and again."""
        first = self.done()
        began = time.monotonic()
        while time.monotonic() < began + self.SECONDS:
            meanwhile()
        return self.done() - first, time.monotonic() - began

    def wait_out(self):
        end = time.monotonic() + self.LIFE
        wait_until(lambda: time.monotonic() >= end, "a short life")

    def test_a_worker_dies_every_tenth_of_a_second(self):
        self.router = self.crew.router()
        self.start_workers(self.SOUND)
        jobs = 1500 * (self.TURNS + 1)
        submit = self.submit("j", jobs, JOB_SECONDS)
        self.wait_done(200)
        lives = []

        def flap():
            worker = self.start_worker(f"f{len(lives)}", concurrency=1)
            lives.append(worker)
            self.wait_out()
            worker.kill()
        turns = [(self.watch(self.wait_out), self.watch(flap)) for _ in range(self.TURNS)]
        alone, beside = (sum(jobs for jobs, _ in part) / sum(seconds for _, seconds in part)
                         for part in zip(*turns))
        results = self.results(submit, jobs)
        counters = self.check_nothing_left()["counters"]
        runs = self.started()
        took = [w for _, what, _, w in self.records() if what == "start" and w[0] == "f"]
        unended = len(took) - len([w for _, what, _, w in self.records()
                                   if what == "end" and w[0] == "f"])
        print(f"{len(lives)} workers died {self.LIFE * 1000:.0f} ms after their start, "
              f"{len(set(took))} of them with work, {unended} in the midst of it: {beside:.0f} "
              f"jobs/s instead of {alone:.0f} ({1 - beside / alone:.1%} less), "
              f"{counters['crashed']} crashes counted, {sum(runs.values()) - jobs} jobs ran again, "
              f"most attempts {max(one['attempts'] for one in results)}, none lost")
        self.assertLessEqual(counters["crashed"], len(lives))
        self.assertLessEqual(sum(runs.values()) - jobs, counters["crashed"])
        self.assertGreater(beside, 0.9 * alone)


class Poison(PoolTest):
    LIMIT = 3  # of deaths, by default

    def test_a_job_takes_no_more_workers_along_than_the_limit(self):
        self.router = self.crew.router()
        workers = self.start_workers(self.LIMIT + 2, concurrency=2)
        sound = self.submit("j", 400, JOB_SECONDS)
        self.wait_done(50)
        began = time.monotonic()
        poison = self.submit("poison", 1, plan="p")
        self.assertEqual(poison.wait(), 1)
        took = time.monotonic() - began
        (letter,) = self.router.ask("dead", "ls")["dead"]
        died = sum(not worker.running() for worker in workers)
        print(f"a poison job took {died} of {len(workers)} workers along, and was a dead letter "
              f"({letter['reason']}) after {took:.1f} s")
        self.assertEqual((died, letter["reason"]), (self.LIMIT, "crash"))
        self.assertEqual([entry["event"] for entry in letter["history"]], ["crash"] * self.LIMIT)
        self.results(sound, 400)


if __name__ == "__main__":
    main()
