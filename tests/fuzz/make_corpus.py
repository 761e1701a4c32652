"""Makes the fuzzers' first inputs from the golden files.

usage: make_corpus.py GOLDEN_DIR OUT_DIR    writes OUT_DIR/router/* and OUT_DIR/peer/*

A router's input says how many frames there are (wire_fuzz.h); a peer's is a frame as it is.
"""

import pathlib
import sys


def golden_bytes(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return bytes.fromhex(" ".join(line.split("#")[0] for line in lines))


def framed(*frames):
    head = b"".join(bytes([len(frame)]) + frame for frame in frames[:-1])
    return bytes([len(frames) - 1]) + head + frames[-1]


def main():
    golden, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    router, peer = out / "router", out / "peer"
    for folder in (router, peer):
        folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(golden.glob("*.hex")):
        frame = golden_bytes(path)
        if path.stem.startswith("guide_envelope"):
            (router / path.stem).write_bytes(framed(frame, b"", b"body"))
        else:
            (router / path.stem).write_bytes(framed(frame))
            (peer / path.stem).write_bytes(frame)
    signals = {"byte_ready": b"\1", "byte_heartbeat": b"\2", "word_ready": b"READY",
               "word_heartbeat": b"HEARTBEAT"}
    for name, frame in signals.items():
        (router / name).write_bytes(framed(frame))
    (router / "guide_request").write_bytes(framed(b"", b"body"))


if __name__ == "__main__":
    main()
