"""The processes of one round of torture: a router, its workers and producers, a relay, a disk.

All that is done to them is written down by `note()`, in the file `faults`, for the judge.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

from crew import Crew, Impatient, Router
from network import address

HERE = Path(__file__).resolve().parent
PORTS = {"clients": 5555, "workers": 5556}  # the router's
QUEUES = ("q0", "q1", "q2", "q3", "probe")
RELAY = "127.0.2.1"        # where the relay listens, on ports that the router does not take
RELAY_PORTS = {"clients": 6555, "workers": 6556}
BEHIND_RELAY = address(1)  # how it reaches the router
FIRST_LINK = 10            # links of peers are numbered from here on
STARTS_MAX = 20            # before the round is given up
DESCRIPTORS = 512          # of the router; a flood of connections uses them up


class Peer:
    """A worker or producer with a link of its own, or behind the relay."""

    def __init__(self, name, link, process):
        self.name = name
        self.link = link  # None behind the relay
        self.process = process
        self.stopped = False

    def stop(self):
        self.process.send(signal.SIGSTOP)
        self.stopped = True

    def go_on(self):
        if self.process.running():
            self.process.send(signal.SIGCONT)
        self.stopped = False


class Scene:
    def __init__(self, options, number, folder, disk):
        self.crew = Crew(options.tool, folder)
        self.folder = Path(folder)
        self.peers_folder = options.peers
        self.number = number
        self.disk = disk
        self.faults = open(self.folder / "faults", "w", encoding="utf-8")
        self.noting = threading.Lock()
        self.clock = self.folder / "clock"
        self.delay = self.folder / "delay"
        self.set_clock(0)
        self.set_delay(0)
        self.workers = {}
        self.producers = {}
        self.made = 0
        self.router = Router(self.crew, disk / "journal", "--insecure", "--journal-reserve", "8M",
                             "--drain-limit", "5s", prefix=self.prefix(),
                             **{side: f"tcp://0.0.0.0:{port}" for side, port in PORTS.items()})
        self.restarts = []  # seconds from the start of a process until it serves
        self.relay = None

    def prefix(self):
        """A wall clock that can be set, and few descriptors; exec keeps the process id."""
        return ["env", f"LD_PRELOAD={self.peers_folder / 'libwrong_clock.so'}",
                f"ZCREW_TORTURE_CLOCK={self.clock}",
                "prlimit", f"--nofile={DESCRIPTORS}"]

    def note(self, what, who="", **more):
        with self.noting:
            entry = {"at": time.monotonic_ns(), "what": what, "who": who, **more}
            self.faults.write(json.dumps(entry) + "\n")
            self.faults.flush()

    def set_clock(self, seconds):
        """In place: the router has the file mapped (wrong_clock.cc)."""
        with open(self.clock, "r+b" if self.clock.exists() else "w+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))

    def set_delay(self, milliseconds):
        swap = self.folder / "delay.new"
        swap.write_text(f"{milliseconds}\n")
        os.replace(swap, self.delay)

    # ---- the router ----

    def start_router(self):
        """Like a supervisor: again and again until it serves; every end by itself is noted."""
        began = time.monotonic()
        for chance in reversed(range(STARTS_MAX)):
            try:
                self.router.start()
                break
            except Impatient:
                if self.router.process.running():
                    raise
                self.note("router-ended", code=self.router.process.popen.returncode)
                if chance == 0:
                    raise
        self.restarts.append(time.monotonic() - began)
        self.note("router-up", pid=self.router.process.pid)

    def kill_router(self):
        process = self.router.process
        if process.running():
            process.kill()  # first: until then it may do all it ever did
            self.note("router-kill", pid=process.pid)
        else:
            self.note("router-ended", code=process.popen.returncode)

    def check_router(self):
        """A router that ended by itself is noted and started again."""
        if not self.router.process.running():
            self.note("router-ended", code=self.router.process.popen.returncode)
            self.start_router()

    # ---- peers ----

    def next_name(self, letter):
        self.made += 1
        return f"{letter}{self.number}x{self.made}"

    def start_relay(self):
        self.relay = self.crew.run("relay", [
            sys.executable, HERE / "relay.py", self.delay,
            f"{RELAY}:{RELAY_PORTS['clients']}", f"{BEHIND_RELAY}:{PORTS['clients']}",
            f"{RELAY}:{RELAY_PORTS['workers']}", f"{BEHIND_RELAY}:{PORTS['workers']}"])

    def link(self, relayed, side):
        """(link, endpoint to connect to)"""
        if relayed:
            return None, f"tcp://{RELAY}:{RELAY_PORTS[side]}"
        link = address(FIRST_LINK + self.made)
        return link, f"tcp://{link}:{PORTS[side]}"

    def add_worker(self, weight, concurrency, relayed=False, queues=QUEUES[:4]):
        name = self.next_name("w")
        link, endpoint = self.link(relayed, "workers")
        process = self.crew.run(name, [
            self.peers_folder / "torture_worker", endpoint, name,
            self.folder / f"{name}.worker", weight, concurrency, *queues])
        self.note("worker-start", name, pid=process.pid, relayed=relayed)
        self.workers[name] = Peer(name, link, process)
        return self.workers[name]

    def add_producer(self, rate, seed, relayed=False):
        name = self.next_name("p")
        link, endpoint = self.link(relayed, "clients")
        process = self.crew.run(name, [
            self.peers_folder / "torture_producer", endpoint, name,
            self.folder / f"{name}.producer", seed], stdin=subprocess.PIPE)
        self.note("producer-start", name, relayed=relayed)
        peer = self.producers[name] = Peer(name, link, process)
        self.tell(peer, f"rate {rate}")
        return peer

    @staticmethod
    def tell(producer, command):
        try:
            producer.process.popen.stdin.write(command.encode() + b"\n")
            producer.process.popen.stdin.flush()
        except BrokenPipeError:
            pass  # it was killed

    def kill(self, peers, peer):
        self.note("kill", peer.name)
        peer.process.kill()
        del peers[peer.name]

    def reap_workers(self):
        """Workers that a job took along, or that had been told to go."""
        for peer in list(self.workers.values()):
            if not peer.process.running():
                code = peer.process.popen.returncode
                self.note("left" if code == 0 else "died", peer.name, code=code)
                del self.workers[peer.name]

    # ---- the disk ----

    def fill_disk(self):
        """Everything that is free goes to a ballast; repeated, because the router takes too."""
        self.note("disk-full")
        free = os.statvfs(self.disk)
        with open(self.disk / "ballast", "ab") as ballast:
            size = free.f_bavail * free.f_frsize
            while size >= 4096:
                try:
                    os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, size)
                    break
                except OSError:
                    size //= 2

    def free_disk(self):
        (self.disk / "ballast").unlink(missing_ok=True)
        self.note("disk-free")

    # ---- the end ----

    def end_gently(self):
        """SIGTERM to workers and router; all say how they ended."""
        for peer in self.workers.values():
            peer.process.send(signal.SIGTERM)
        codes = {name: peer.process.wait(30) for name, peer in self.workers.items()}
        codes["router"] = self.router.process.terminate(30)
        return codes

    def end_producers(self):
        for peer in self.producers.values():
            self.tell(peer, "end")

    def receipts(self):
        """Grows with each receipt of any producer."""
        return sum(path.stat().st_size for path in self.folder.glob("*.producer"))

    def producers_settled(self):
        return not any(peer.process.running() for peer in self.producers.values())

    def close(self):
        self.crew.end()
        for process in self.crew.processes:
            if process.popen.stdin:
                process.popen.stdin.close()
        self.faults.close()
