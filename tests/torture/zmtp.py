"""ZeroMQ's wire protocol by hand (RFC 23/ZMTP 3.0), for what no ZeroMQ library would send."""

import socket
import struct

GREETING = (b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0"
            + bytes(31))
MORE, LONG, COMMAND = 1, 2, 4


def parts(endpoint):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


def frame(body, flags=0):
    if len(body) > 255:
        return bytes([flags | LONG]) + struct.pack(">Q", len(body)) + body
    return bytes([flags, len(body)]) + body


def ready(identity=b"", socket_type=b"DEALER"):
    """The command that ends a handshake without security."""
    body = b"\x05READY"
    for name, value in ((b"Socket-Type", socket_type), (b"Identity", identity)):
        body += bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    return frame(body, COMMAND)


class RawPeer:
    """A TCP connection that may say anything at any moment."""

    def __init__(self, endpoint, seconds=10.0):
        self.socket = socket.create_connection(parts(endpoint), timeout=seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def shake_hands(self, identity=b""):
        """A whole handshake; then the router counts it as a peer."""
        self.send(GREETING + ready(identity))
        self.receive(len(GREETING))
        head = self.receive(2)
        self.receive(head[1])
        return self

    def receive(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the router closed the connection")
            data += piece
        return data

    def closed_within(self, seconds):
        """True if the router ends the connection in this time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(4096):
                pass
            return True
        except (ConnectionError, BrokenPipeError):
            return True
        except TimeoutError:
            return False
