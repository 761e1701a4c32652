"""A crowd of idle workers in one process, which lose the router and come back as real ones do: on a
new connection, with the backoff of src/worker/session.cc. No job comes to their queue.

usage: crowd.py ENDPOINT COUNT

Says on its output, as nanoseconds of the monotonic clock, each moment at which the last of them was
welcomed by the router.
"""

import asyncio
import os
import random
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "integration"))
from native_peer import (ERROR, HEARTBEAT, WORKER_HELLO, WORKER_WELCOME,  # noqa: E402
                         pack)  # (the path comes first)
from zmtp import COMMAND, GREETING, LONG, frame, parts, ready  # noqa: E402

SILENCE_SECONDS = 3.0
FIRST_BACKOFF, LAST_BACKOFF = 0.02, 1.0
ROUNDS = 10  # in each of which a tenth of them says that it lives
BEAT = frame(pack([HEARTBEAT]))


class Member(asyncio.Protocol):
    def __init__(self, crowd, number):
        self.crowd = crowd
        self.name = f"crowd-{number}"
        self.instance = os.urandom(16)
        self.connections = 0
        self.backoff = FIRST_BACKOFF
        self.transport = None
        self.welcomed = False

    async def connect(self):
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, *self.crowd.router)
        except OSError:
            self.come_back()

    def come_back(self):
        delay = random.uniform(self.backoff / 2, self.backoff)
        self.backoff = min(2 * self.backoff, LAST_BACKOFF)
        loop = asyncio.get_running_loop()
        loop.call_later(delay, lambda: loop.create_task(self.connect()))

    def connection_made(self, transport):
        self.transport = transport
        self.connections += 1
        self.heard_at = time.monotonic()
        self.data = b""
        self.greeted = False
        transport.write(GREETING + ready())

    def connection_lost(self, _):
        self.transport = None
        self.crowd.present -= self.welcomed
        self.welcomed = False
        self.come_back()

    def data_received(self, data):
        self.heard_at = time.monotonic()
        self.data += data
        if not self.greeted and len(self.data) >= len(GREETING):
            self.data = self.data[len(GREETING):]
            self.greeted = True
        while self.greeted and (found := self.next_frame()):
            self.take(*found)

    def next_frame(self):
        """(flags, body) once it is whole."""
        head = 9 if self.data and self.data[0] & LONG else 2
        if len(self.data) < head:
            return None
        flags = self.data[0]
        size = struct.unpack(">Q", self.data[1:9])[0] if flags & LONG else self.data[1]
        if len(self.data) < head + size:
            return None
        body, self.data = self.data[head:head + size], self.data[head + size:]
        return flags, body

    def take(self, flags, body):
        kind = body[1]  # the first number of msgpack's array
        if flags & COMMAND:  # the handshake is over, before which libzmq hears nothing else
            self.transport.write(frame(pack([
                WORKER_HELLO, 1, self.instance, self.name, 1, 1, ["crowd"], [], [], False,
                self.connections])))
        elif kind == WORKER_WELCOME and not self.welcomed:
            self.welcomed = True
            self.backoff = FIRST_BACKOFF
            self.crowd.welcome()
        elif kind == ERROR:
            self.transport.abort()

    def live_on(self, now):
        if self.transport and now > self.heard_at + SILENCE_SECONDS:
            self.transport.abort()
        elif self.welcomed:
            self.transport.write(BEAT)


class Crowd:
    def __init__(self, endpoint, count):
        self.router = parts(endpoint)
        self.members = [Member(self, number) for number in range(count)]
        self.present = 0

    def welcome(self):
        self.present += 1
        if self.present == len(self.members):
            os.write(sys.stdout.fileno(), b"%d\n" % time.monotonic_ns())  # whole or not at all

    async def come(self):
        """One by one, so that the kernel's queue of the router's door does not run over."""
        for member in self.members:
            await member.connect()

    async def run(self):
        coming = asyncio.ensure_future(self.come())
        turn = 0
        while True:
            for member in self.members[turn % ROUNDS::ROUNDS]:
                member.live_on(time.monotonic())
            turn += 1
            if coming.done():
                coming.result()
            await asyncio.sleep(1 / ROUNDS)


if __name__ == "__main__":
    asyncio.run(Crowd(sys.argv[1], int(sys.argv[2])).run())
