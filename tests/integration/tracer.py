"""strace as a hand that lets one system call of a running router fail, or kills it there."""

import os
import shutil
import subprocess

CALLS = "calls"  # what strace saw, in the crew's folder


def missing():
    """Why a process cannot be traced here; None if it can."""
    if not shutil.which("strace"):
        return "strace is not here"
    if subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True,
                      check=False).returncode != 0:
        return "tracing is not permitted here"
    return None


def inject(crew, process, call, effect):
    """From now on in all threads of the process: `effect` (error=EIO:when=1, signal=KILL:when=3 …)
    at those calls. strace counts the calls of each thread by itself."""
    tracer = crew.run("strace", ["strace", "-f", "-p", process.pid, "-o", crew.folder / CALLS,
                                 "-e", f"trace={call}", "-e", f"inject={call}:{effect}"])
    tracer.wait_log("attached")
    return tracer


def injected(crew):
    """How many calls were made to fail; told once the process has ended."""
    for tracer in crew.processes_named("strace"):
        tracer.wait()
    return (crew.folder / CALLS).read_text(errors="replace").count("(INJECTED)")
