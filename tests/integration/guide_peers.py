"""Paranoid Pirate peers of the ZeroMQ Guide, frame by frame (RFC 6/PPP and its two spellings)."""

import time

import zmq

from crew import PATIENCE, Impatient, wait_until

READY = {"byte": b"\x01", "word": b"READY"}
HEARTBEAT = {"byte": b"\x02", "word": b"HEARTBEAT"}
ENVELOPE_BYTES = 22


class GuidePeer:
    """A socket that sees raw frames. Closed by its test."""

    def __init__(self, context, kind, endpoint):
        self.socket = context.socket(kind)
        self.socket.linger = 0
        self.socket.reconnect_ivl = 1  # ms: back before a router that starts has read its journal
        self.socket.connect(endpoint)

    def close(self):
        self.socket.close()

    def send(self, *frames):
        self.socket.send_multipart(frames)

    def receive(self, seconds=10.0):
        """The next message's frames; raises if none comes."""
        if not self.socket.poll(int(seconds * PATIENCE * 1000)):
            raise Impatient(f"no message within {seconds * PATIENCE:.1f} s")
        return self.socket.recv_multipart()

    def silent_for(self, seconds):
        """Whether nothing at all comes in that time."""
        return not self.socket.poll(int(seconds * 1000))


class GuideClient(GuidePeer):
    """What lpclient does: one REQ socket, one request at a time."""

    def __init__(self, context, endpoint):
        super().__init__(context, zmq.REQ, endpoint)

    def ask(self, body, seconds=10.0):
        self.send(body)
        return self.answer(seconds)

    def answer(self, seconds=10.0):
        """The body of a reply of exactly one frame behind the empty one."""
        (body,) = self.receive(seconds)
        return body


class GuideWorker(GuidePeer):
    """What ppworker does, at the test's word: nothing is sent unless a method says so."""

    def __init__(self, context, endpoint, spelling):
        super().__init__(context, zmq.DEALER, endpoint)
        self.spelling = spelling
        self.beats = 0

    def ready(self):
        self.send(READY[self.spelling])
        return self

    def beat(self):
        self.send(HEARTBEAT[self.spelling])

    def take(self, seconds=10.0):
        """The next request as (envelope, body); beats of the router are counted and answered."""
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            frames = self.receive(max(0.0, deadline - time.monotonic()) / PATIENCE)
            if frames == [HEARTBEAT[self.spelling]]:
                self.beats += 1
                self.beat()
                continue
            envelope, empty, body = frames  # exactly three, or the test fails here
            if empty != b"" or len(envelope) != ENVELOPE_BYTES or envelope[:1] != b"J":
                raise AssertionError(f"not a request: {frames}")
            return envelope, body

    def reply(self, envelope, body):
        self.send(envelope, b"", body)

    def nothing_but_beats(self, seconds, answering):
        """Reads for so long; fails if a request comes. Returns the beats it met."""
        met = 0
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self.socket.poll(int(left * 1000) + 1):
                frames = self.socket.recv_multipart()
                if frames != [HEARTBEAT[self.spelling]]:
                    raise AssertionError(f"expected heartbeats only: {frames}")
                met += 1
                if answering:
                    self.beat()
        return met


def serve(worker, count, answer):
    """Takes and answers `count` requests."""
    for _ in range(count):
        envelope, body = worker.take()
        worker.reply(envelope, answer(body))


def dialects(status):
    return sorted(worker["dialect"] for worker in status["workers"])


def wait_dialects(router, *wanted):
    """Until exactly workers of these dialects are registered."""
    return wait_until(lambda: dialects(router.status()) == sorted(wanted), f"workers: {wanted}")
