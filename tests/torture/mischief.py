"""What is done to a scene: faults of every kind at moments that a seed chose, and their healing."""

import signal
import socket
import time

from crew import POLL_SECONDS, wait_until
from scene import BEHIND_RELAY, DESCRIPTORS, PORTS, Peer

WORKERS_MIN, WORKERS_MAX = 6, 14
CONCURRENCIES = (0, 1, 2, 4, 8)
CLEARING = (16,)         # of those that work off what is left when all is healed
CLOCK_MAX_S = 600        # further, and results would rightly expire (an hour)
RATE = 100               # jobs a second of one producer
FLOOD = 2000             # jobs at once: about what the pool does in five seconds
SILENCE_MAX_S = 6.0      # twice the liveness time, so that both sides of it are met


class Mischief:
    """Some faults heal after a while; `heal_all()` ends every one."""

    def __init__(self, scene, network, random):
        self.scene = scene
        self.network = network
        self.random = random
        self.heals = []      # (when, what to do)
        self.counts = {}
        self.router_stopped = False
        self.concurrencies = CONCURRENCIES
        self.faults = [
            (10, self.kill_router), (4, self.stop_router), (8, self.kill_worker),
            (8, self.stop_worker), (3, self.end_worker), (1, self.kill_producer),
            (3, self.stop_producer), (8, self.cut_link), (3, self.cut_all_workers),
            (6, self.reset_link), (4, self.refuse_link), (3, self.delay_relay),
            (2, self.stall_relay), (3, self.step_clock), (3, self.fill_disk),
            (2, self.use_up_descriptors), (2, self.flood)]

    # ---- time ----

    def later(self, seconds, heal):
        self.heals.append((time.monotonic() + seconds, heal))

    def pause(self, seconds):
        """Lets time pass, heals what is due, replaces what is gone."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.tick()
            # tidy: allow(waits) mischief comes at moments the seed chose
            time.sleep(POLL_SECONDS)

    def tick(self):
        now = time.monotonic()
        due = [heal for when, heal in self.heals if when <= now]
        self.heals = [(when, heal) for when, heal in self.heals if when > now]
        for heal in due:
            heal()
        self.scene.reap_workers()
        while len(self.scene.workers) < WORKERS_MIN:
            self.new_worker()
        if not self.router_stopped:
            self.scene.check_router()

    def tend(self, condition, progress, what, seconds):
        """Waits, and goes on replacing the workers that a job took along. Gives up when `progress`
        stays as it is for so long: a starved machine is slow, not stuck."""
        while not condition():
            seen = progress()

            def look(seen=seen):
                self.tick()
                return condition() or progress() != seen
            wait_until(look, what, seconds)

    def run(self, router_kills, seconds_max):
        """Until the router was killed so often, or the time is over."""
        until = time.monotonic() + seconds_max
        weights = [weight for weight, _ in self.faults]
        while self.counts.get("kill_router", 0) < router_kills and time.monotonic() < until:
            (_, fault), = self.random.choices(self.faults, weights)
            self.counts[fault.__name__] = self.counts.get(fault.__name__, 0) + 1
            fault()
            if len(self.scene.workers) < WORKERS_MAX and self.random.random() < 0.3:
                self.new_worker()
            self.pause(self.random.expovariate(1 / 0.15))

    def heal_all(self):
        for _, heal in sorted(self.heals, key=lambda each: each[0]):
            heal()
        self.heals = []
        self.scene.set_clock(CLOCK_MAX_S)  # past every due time that a wrong clock gave
        self.scene.note("clock", seconds=CLOCK_MAX_S)
        self.tick()
        self.concurrencies = CLEARING
        while len(self.scene.workers) < WORKERS_MAX:
            self.new_worker()
        self.scene.note("healed")

    # ---- peers ----

    def new_worker(self):
        weight = self.random.choice((1, 1, 2, 4))
        concurrency = self.random.choice(self.concurrencies)
        self.scene.add_worker(weight, concurrency, relayed=self.random.random() < 0.2)

    def new_producer(self):
        self.scene.add_producer(RATE, self.random.randrange(1 << 32),
                                relayed=self.random.random() < 0.3)

    def any_worker(self):
        return self.random.choice(list(self.scene.workers.values()))

    def any_producer(self):
        return self.random.choice(list(self.scene.producers.values()))

    def kill_worker(self):
        self.scene.kill(self.scene.workers, self.any_worker())

    def end_worker(self):
        """SIGTERM: it finishes what runs and goes; mischief may meet it on its way out."""
        worker = self.any_worker()
        if not worker.stopped:
            self.scene.note("term", worker.name)
            worker.process.send(signal.SIGTERM)

    def kill_producer(self):
        self.scene.kill(self.scene.producers, self.any_producer())
        self.new_producer()

    def stop(self, peer: Peer, seconds):
        if peer.stopped:
            return
        self.scene.note("stop", peer.name)
        peer.stop()

        def go_on():
            peer.go_on()
            self.scene.note("continue", peer.name)
        self.later(seconds, go_on)

    def stop_worker(self):
        self.stop(self.any_worker(), self.random.uniform(0.1, SILENCE_MAX_S))

    def stop_producer(self):
        self.stop(self.any_producer(), self.random.uniform(0.1, SILENCE_MAX_S))

    def flood(self):
        self.scene.note("flood")
        self.scene.tell(self.any_producer(), f"flood {FLOOD}")

    # ---- the router ----

    def kill_router(self):
        """At once, or again while it starts; sometimes it stays away for a while."""
        self.go_on_router()
        self.scene.kill_router()
        if self.random.random() < 0.2:
            self.kill_starting_router()
        if self.random.random() < 0.3:
            self.wait_down(self.random.uniform(0, 2))
        self.scene.start_router()

    def kill_starting_router(self):
        """Somewhere in its opening of the journal, or just after."""
        router = self.scene.router
        router.process = self.scene.crew.run("router", router.arguments())
        self.wait_down(self.random.uniform(0, 0.08))
        self.counts["kill_router"] += 1
        self.scene.kill_router()

    @staticmethod
    def wait_down(seconds):
        # tidy: allow(waits) the router is away for as long as the seed says
        time.sleep(seconds)

    def stop_router(self):
        if self.router_stopped:
            return
        self.scene.note("router-stop")
        self.scene.router.process.send(signal.SIGSTOP)
        self.router_stopped = True
        self.later(self.random.uniform(0.1, SILENCE_MAX_S), self.go_on_router)

    def go_on_router(self):
        if self.router_stopped:
            self.scene.router.process.send(signal.SIGCONT)
            self.router_stopped = False
            self.scene.note("router-continue")

    def step_clock(self):
        seconds = self.random.randint(-CLOCK_MAX_S, CLOCK_MAX_S)
        self.scene.note("clock", seconds=seconds)
        self.scene.set_clock(seconds)

    def fill_disk(self):
        self.scene.fill_disk()
        self.later(self.random.uniform(0.2, 3), self.scene.free_disk)

    def use_up_descriptors(self):
        """More silent connections than the router has descriptors."""
        self.scene.note("descriptors")
        ends = []
        for port in PORTS.values():
            for _ in range(DESCRIPTORS):
                end = socket.socket()
                end.setblocking(False)
                end.connect_ex(("127.0.0.1", port))
                ends.append(end)

        def close():
            for end in ends:
                end.close()
            self.scene.note("descriptors-free")
        self.later(self.random.uniform(0.2, 2), close)

    # ---- links ----

    def any_link(self):
        """(name, link) of a peer with a link of its own."""
        peers = [peer for group in (self.scene.workers, self.scene.producers)
                 for peer in group.values() if peer.link]
        peer = self.random.choice(peers)
        return peer.name, peer.link

    def cut(self, names, link, sets, seconds):
        self.scene.note("cut", names, sets=sets)
        self.network.cut(link, sets)

        def mend():
            self.network.mend(link, sets)
            self.scene.note("mend", names)
        self.later(seconds, mend)

    def cut_link(self):
        """Both ways, or half-open in either direction."""
        name, link = self.any_link()
        sets = self.random.choice((["to_router", "from_router"], ["to_router"], ["from_router"]))
        self.cut(name, link, sets, self.random.uniform(0.1, SILENCE_MAX_S))

    def refuse_link(self):
        name, link = self.any_link()
        self.cut(name, link, ["refused"], self.random.uniform(0.1, 2))

    def cut_all_workers(self):
        for worker in list(self.scene.workers.values()):
            if worker.link:
                self.cut(worker.name, worker.link, ["to_router", "from_router"],
                         self.random.uniform(0.1, 2))

    def reset_link(self):
        name, link = self.any_link()
        self.scene.note("reset", name)
        self.network.reset(link)

    def delay_relay(self):
        milliseconds = self.random.choice((0, 1, 20, 100, 400))
        self.scene.note("delay", "relay", milliseconds=milliseconds)
        self.scene.set_delay(milliseconds)
        self.later(self.random.uniform(0.5, 3), lambda: self.scene.set_delay(0))

    def stall_relay(self):
        """It stops, or the connections through it are reset."""
        if self.random.random() < 0.5:
            self.scene.note("reset", "relay")
            self.network.reset(BEHIND_RELAY)
        else:
            self.cut("relay", BEHIND_RELAY, ["to_router", "from_router"],
                     self.random.uniform(0.1, SILENCE_MAX_S))
