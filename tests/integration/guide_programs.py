"""A client and a worker that behave as the ZeroMQ Guide's lpclient and ppworker do: same sockets,
frames, timers and habits, with the Guide's fixed ports. Written anew; the Guide's text is not used.

usage: guide_programs.py client REQUESTS | worker byte|word ECHOES
"""

import itertools
import sys
import time

import zmq

CLIENTS = "tcp://localhost:5555"
WORKERS = "tcp://localhost:5556"
REQUEST_TIMEOUT_MS = 2500
REQUEST_RETRIES = 3
LIVENESS = 3
INTERVAL_MS = 1000
RECONNECT_MS = 1000
RECONNECT_MAX_MS = 32000
SPELLINGS = {"byte": (b"\x01", b"\x02"), "word": (b"READY", b"HEARTBEAT")}


def lazy_pirate_client(requests):
    """Sends 1, 2, 3 …; takes only the echo of the number; retries from a new socket."""
    context = zmq.Context()
    client = context.socket(zmq.REQ)
    client.connect(CLIENTS)
    for number in range(1, requests + 1):
        retries_left = REQUEST_RETRIES
        client.send(b"%d" % number)
        while True:
            if client.poll(REQUEST_TIMEOUT_MS):
                reply = client.recv()
                if int(reply) == number:
                    print(f"reply {number}", flush=True)
                    break
                print(f"malformed reply {reply}", flush=True)
                continue
            retries_left -= 1
            client.close(linger=0)
            if retries_left == 0:
                sys.exit(f"no reply to {number}: the server seems to be away")
            client = context.socket(zmq.REQ)
            client.connect(CLIENTS)
            client.send(b"%d" % number)
    client.close(linger=0)
    context.term()


def worker_socket(context, ready):
    worker = context.socket(zmq.DEALER)
    worker.linger = 0
    worker.connect(WORKERS)
    worker.send(ready)
    return worker


def paranoid_pirate_worker(spelling, echoes):
    """Echoes requests of exactly three frames; beats only between them, never while it works."""
    ready, beat = SPELLINGS[spelling]
    context = zmq.Context()
    worker = worker_socket(context, ready)
    liveness, wait_ms = LIVENESS, RECONNECT_MS
    beat_at = time.monotonic() + INTERVAL_MS / 1000
    served = 0
    while served < echoes:
        if worker.poll(INTERVAL_MS):
            frames = worker.recv_multipart()
            if len(frames) == 3:
                # tidy: allow(waits) the work itself, which a Guide worker does in silence
                time.sleep(0.05)
                worker.send_multipart(frames)
                served += 1
                print(f"echoed {frames[2].decode()}", flush=True)
            elif frames != [beat]:
                print(f"invalid message {frames}", flush=True)
                continue
            liveness, wait_ms = LIVENESS, RECONNECT_MS
        else:
            liveness -= 1
            if liveness == 0:
                print("heartbeat failure, reconnecting", flush=True)
                # tidy: allow(waits) a Guide worker's own habit
                time.sleep(wait_ms / 1000)
                wait_ms = min(2 * wait_ms, RECONNECT_MAX_MS)
                worker.close()
                worker = worker_socket(context, ready)
                liveness = LIVENESS
        if time.monotonic() > beat_at:
            beat_at = time.monotonic() + INTERVAL_MS / 1000
            worker.send(beat)
    for _ in itertools.takewhile(lambda _: worker.poll(INTERVAL_MS), range(3)):
        worker.recv_multipart()  # what still comes, so that the last echo is surely out
    worker.close(linger=1000)
    context.term()


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "client":
        lazy_pirate_client(int(sys.argv[2]))
    elif len(sys.argv) == 4 and sys.argv[1] == "worker" and sys.argv[2] in SPELLINGS:
        paranoid_pirate_worker(sys.argv[2], int(sys.argv[3]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
