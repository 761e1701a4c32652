"""Makes the fuzzers' first inputs, most of them from the golden files.

usage: make_corpus.py GOLDEN_DIR OUT_DIR            writes OUT_DIR/{router,peer,admin}/*
       make_corpus.py --check GOLDEN_DIR OUT_DIR    fails if they are not what it would write

A router's input says how many frames there are (wire_fuzz.h); a peer's is a frame as it is; an
admin's is a verb, a line end and its arguments.
"""

import pathlib
import sys


# One of each verb, with all it takes.
ADMIN = {
    "status": "{}", "queues": "", "workers": "{}", "version": "{}",
    "dead_list": '{"queue": "mail", "after": "q1p5n42", "limit": 1000}',
    "dead_show": '{"id": "q1p5n42"}',
    "dead_redrive": '{"ids": ["q1p5n42", "q4294967295p9n18446744073709551615"]}',
    "dead_remove": '{"ids": ["q1p0n1"]}',
    "set_weight": '{"worker": "w\\u00e9\\ud83d\\ude00", "weight": 0}',
    "set_policy": '{"queue": "mail", "policy": "least-loaded"}',
    "set_queue": '{"queue": "mail", "weight": 1, "max_ready": 18446744073709551615,'
                 ' "max_held": 4, "attempts": 5, "crash_limit": 3, "backoff_ms": 1000,'
                 ' "backoff_max_ms": 300000, "paused": true, "policy": "adaptive"}',
}


def golden_bytes(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return bytes.fromhex(" ".join(line.split("#")[0] for line in lines))


def framed(*frames):
    head = b"".join(bytes([len(frame)]) + frame for frame in frames[:-1])
    return bytes([len(frames) - 1]) + head + frames[-1]


def inputs(golden):
    """(name in its folder, bytes) of each."""
    for path in sorted(golden.glob("*.hex")):
        frame = golden_bytes(path)
        if path.stem.startswith("guide_envelope"):
            yield f"router/{path.stem}", framed(frame, b"", b"body")
        else:
            yield f"router/{path.stem}", framed(frame)
            yield f"peer/{path.stem}", frame
    signals = {"byte_ready": b"\1", "byte_heartbeat": b"\2", "word_ready": b"READY",
               "word_heartbeat": b"HEARTBEAT"}
    for name, frame in signals.items():
        yield f"router/{name}", framed(frame)
    yield "router/guide_request", framed(b"", b"body")
    for verb, arguments in ADMIN.items():
        yield f"admin/{verb}", f"{verb}\n{arguments}".encode()
    for name, arguments in {"deep": '{"limit": ' + "[" * 1000 + "]" * 1000 + "}",
                            "number": '{"limit": -1e999}',
                            "field": '{"\x7f\t\u2028": [{}]}'}.items():
        yield f"admin/{name}", f"dead_list\n{arguments}".encode()


def main():
    arguments = sys.argv[1:]
    check = "--check" in arguments
    golden, out = [pathlib.Path(each) for each in arguments if each != "--check"]
    other = []
    for name, data in inputs(golden):
        path = out / name
        if check:
            other += [] if path.exists() and path.read_bytes() == data else [name]
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if other:
        print(f"the corpus is not made from the golden files any more: {', '.join(other)}\n"
              f"run tests/fuzz/make_corpus.py {golden} {out}")
        sys.exit(1)


if __name__ == "__main__":
    main()
