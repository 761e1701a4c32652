"""A native peer made of bytes (docs/protocol.md), for what the real client and worker never say."""

import struct

import zmq

from crew import PATIENCE, Impatient

CLIENT_HELLO, SUBMIT, ACKNOWLEDGE, HEARTBEAT, ADMIN = 1, 2, 4, 5, 7
CLIENT_WELCOME, CONFIRM, RESULT, REFUSED, ADMIN_REPLY, ERROR = 16, 17, 18, 19, 20, 21
WORKER_HELLO, OUTCOME = 32, 33
WORKER_WELCOME, RUN, SETTLED = 48, 49, 50


def pack(value):
    """msgpack of numbers, texts, bytes and lists, in one format each: readers take them all."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xcf" + struct.pack(">Q", value)
    if isinstance(value, str):
        return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))


def unpack(data):
    value, rest = take(data)
    if rest:
        raise ValueError(f"{len(rest)} bytes behind the message")
    return value


NUMBERS = {0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q"}
LENGTHS = {0xc4: ">B", 0xc5: ">H", 0xc6: ">I", 0xd9: ">B", 0xda: ">H", 0xdb: ">I",
           0xdc: ">H", 0xdd: ">I"}


def take(data):
    """(first value, what follows it)"""
    head, rest = data[0], data[1:]
    if head < 0x80:
        return head, rest
    if head in (0xc2, 0xc3):
        return head == 0xc3, rest
    if head in NUMBERS:
        size = struct.calcsize(NUMBERS[head])
        return struct.unpack(NUMBERS[head], rest[:size])[0], rest[size:]
    if 0x90 <= head < 0xa0:
        count = head & 0x0f
    elif 0xa0 <= head < 0xc0:
        count = head & 0x1f
    else:
        size = struct.calcsize(LENGTHS[head])
        count, rest = struct.unpack(LENGTHS[head], rest[:size])[0], rest[size:]
    if 0xa0 <= head < 0xc0 or 0xc4 <= head <= 0xdb:
        return rest[:count], rest[count:]
    values = []
    for _ in range(count):
        value, rest = take(rest)
        values.append(value)
    return values, rest


TOKEN_BYTES = 21


def run_of(item):
    """(token, payload) of an item of RUN, in either form."""
    if isinstance(item, bytes):
        return item[:TOKEN_BYTES], item[TOKEN_BYTES:]
    return item[0], item[1]


def done(token, run_us=0, held_us=0, count=1):
    """An item of OUTCOME without an array."""
    return token + struct.pack(">III", run_us, held_us, count)


class NativePeer:
    """A DEALER that sends what it is told, well-formed or not."""

    def __init__(self, context, endpoint):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)

    def close(self):
        self.socket.close()

    def send_frames(self, *frames):
        self.socket.send_multipart(frames)

    def send(self, *message):
        self.send_frames(pack(list(message)))

    def receive(self, *wanted, seconds=10.0):
        """The next message of one of the types; others are passed over."""
        while self.socket.poll(int(seconds * PATIENCE * 1000)):
            (frame,) = self.socket.recv_multipart()
            message = unpack(frame)
            if message[0] in wanted:
                return message
        raise Impatient(f"no message of {wanted} within {seconds * PATIENCE:.1f} s")

    def hello_client(self, session, floor=1):
        self.send(CLIENT_HELLO, 1, session, floor, "raw")
        return self.receive(CLIENT_WELCOME)

    def hello_worker(self, instance, held=(), finished=()):
        self.send(WORKER_HELLO, 1, instance, "raw", 1, 1, ["default"], list(held), list(finished))
        return self.receive(WORKER_WELCOME)
