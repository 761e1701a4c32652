"""Starts zcrew's real processes, watches them and pulls their plugs, for the tests and the demo.

Every process belongs to a Crew, which ends what is left of them by their own pids. Nothing here
sleeps for a fixed time: whatever is awaited is a condition with a deadline.
"""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

# Sanitizers and loaded machines are slower; deadlines that only guard against hanging stretch.
PATIENCE = float(os.environ.get("ZCREW_TEST_PATIENCE", "1"))
POLL_SECONDS = 0.005


class Impatient(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, what, seconds=20.0):
    """The condition's first true value; raises after `seconds` (stretched by the patience)."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Impatient(f"waited {seconds * PATIENCE:.1f} s for: {what}")
        # tidy: allow(waits) the one poll that every wait is made of
        time.sleep(POLL_SECONDS)


class Process:
    """One process with its output in files of the crew's folder."""

    def __init__(self, folder, name, arguments, environment=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        self.out_path = folder / f"{name}.out"
        self.log_path = folder / f"{name}.log"
        with open(self.out_path, "ab") as out, open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(
                self.arguments, stdin=stdin, stdout=out, stderr=log, cwd=folder,
                env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self.popen.pid

    def out(self):
        return self.out_path.read_text(errors="replace")

    def log(self, start=0):
        """What was logged behind the byte `start`."""
        with open(self.log_path, "rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace")

    def running(self):
        return self.popen.poll() is None

    def send(self, number):
        self.popen.send_signal(number)

    def kill(self):
        """SIGKILL, and gone when this returns."""
        self.popen.kill()
        self.popen.wait()

    def wait(self, seconds=20.0):
        """The exit code."""
        wait_until(lambda: not self.running(), f"{self.name} to end\n{self.log()[-2000:]}", seconds)
        return self.popen.returncode

    def terminate(self, seconds=20.0):
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def wait_log(self, pattern, seconds=20.0, start=0):
        """The match of a pattern in the log behind the byte `start`."""
        def look():
            if not self.running() and not re.search(pattern, self.log(start)):
                raise Impatient(f"{self.name} ended with {self.popen.returncode} before it logged "
                                f"{pattern!r}:\n{self.log()[-2000:]}")
            return re.search(pattern, self.log(start))
        return wait_until(look, f"{pattern!r} in {self.name}'s log", seconds)


class Router:
    """A router with a journal that outlives its processes."""

    def __init__(self, crew, journal, *flags, prefix=(), clients="tcp://127.0.0.1:*",
                 workers="tcp://127.0.0.1:*"):
        self.crew = crew
        self.journal = journal
        self.flags = flags
        self.prefix = prefix
        self.clients = clients
        self.workers = workers
        self.process = None

    def arguments(self):
        return [*self.prefix, self.crew.tool, "router", "--clients", self.clients,
                "--workers", self.workers, "--journal", self.journal, *self.flags]

    def start(self):
        """Returns once it serves. A second start takes the ports of the first."""
        log = self.crew.folder / "router.log"
        start = log.stat().st_size if log.exists() else 0
        self.process = self.crew.run("router", self.arguments())
        self.clients = self.process.wait_log(r"clients at (tcp://[^\s,;]+)", start=start).group(1)
        self.workers = self.process.wait_log(r"workers at (tcp://[^\s,;]+)", start=start).group(1)
        return self

    def kill(self):
        self.process.kill()

    def restart(self):
        """SIGKILL and a new process on the same journal and ports."""
        self.kill()
        return self.start()

    def ask(self, *command, check=True):
        return self.crew.tool_json(*command, "--router", self.clients, "--json", check=check)

    def status(self):
        return self.ask("status")

    def counters(self):
        return self.status()["counters"]

    def wait_status(self, condition, what, seconds=20.0):
        """The first status for which the condition holds."""
        last = {}

        def look():
            last["status"] = self.status()
            return condition(last["status"]) and last["status"]
        try:
            return wait_until(look, what, seconds)
        except Impatient as impatient:
            raise Impatient(f"{impatient}\nlast status: {json.dumps(last.get('status'))}") from None

    def wait_workers(self, count, seconds=20.0):
        """Until so many workers are ready for jobs."""
        return self.wait_status(
            lambda status: sum(worker["state"] in ("idle", "busy")
                               for worker in status["workers"]) >= count,
            f"{count} workers at the router", seconds)

    def worker(self, name, *flags, command=(), environment=None):
        arguments = [self.crew.tool, "worker", "--router", self.workers, "--name", name, *flags]
        return self.crew.run(name, [*arguments, "--", *command], environment)

    def submit_arguments(self, *arguments):
        return [self.crew.tool, "submit", "--router", self.clients, *arguments]

    def submit(self, *arguments, name="submit"):
        """In the background; with --wait --json its output is one object a line."""
        return self.crew.run(name, self.submit_arguments(*arguments))

    def results(self, *arguments, seconds=60.0):
        """Submits, waits for all results, and returns them as objects."""
        run = self.crew.call(self.submit_arguments("--wait", "--json", *arguments), seconds=seconds)
        return json_lines(run.stdout)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.strip()]


class Ledger:
    """What was really run: each run of a job appends `start ID WORKER` and `end ID WORKER`."""

    def __init__(self, path):
        self.path = path

    def command(self, body="cat"):
        """A worker's command that keeps this ledger around `body`."""
        line = 'printf "%s %s %s\\n"'
        return ["sh", "-c", f'{line} start "$ZCREW_JOB_ID" "$CREW_NAME" >>"$LEDGER"; {body}; '
                            f'code=$?; {line} end "$ZCREW_JOB_ID" "$CREW_NAME" >>"$LEDGER"; '
                            'exit $code']

    def environment(self, name):
        return {"LEDGER": str(self.path), "CREW_NAME": name}

    def lines(self):
        """(start or end, id, worker) in the order they happened."""
        if not self.path.exists():
            return []
        text = self.path.read_text()
        return [tuple(line.split(" ")) for line in text[:text.rfind("\n") + 1].splitlines()]

    def started(self):
        return [(job, worker) for what, job, worker in self.lines() if what == "start"]

    def ended(self):
        return [(job, worker) for what, job, worker in self.lines() if what == "end"]


class Crew:
    """The processes of one test in one folder."""

    def __init__(self, tool, folder):
        self.tool = str(Path(tool).resolve())
        self.folder = Path(folder)
        self.processes = []

    def run(self, name, arguments, environment=None, **options):
        process = Process(self.folder, name, arguments, environment, **options)
        self.processes.append(process)
        return process

    def processes_named(self, name):
        return [process for process in self.processes if process.name == name]

    def router(self, *flags, **options):
        """A started router; its journal is the folder's."""
        return Router(self, self.folder / "journal", *flags, **options).start()

    def ledger(self):
        return Ledger(self.folder / "ledger")

    def call(self, arguments, seconds=20.0, check=True, text=True, stdin=None, environment=None):
        """Runs to its end; raises if it fails and `check`."""
        run = subprocess.run(
            [str(argument) for argument in arguments], capture_output=True, text=text, check=False,
            timeout=seconds * PATIENCE, cwd=self.folder, input=stdin,
            env={**os.environ, **(environment or {})})
        if check and run.returncode != 0:
            raise AssertionError(f"{' '.join(run.args)} exits {run.returncode}: {run.stderr}")
        return run

    def zcrew(self, *arguments, **options):
        return self.call([self.tool, *arguments], **options)

    def tool_json(self, *arguments, check=True):
        return json.loads(self.zcrew(*arguments, check=check).stdout)

    def end(self):
        """Ends what still runs, by its own pid."""
        for process in reversed(self.processes):
            if process.running():
                process.send(signal.SIGCONT)
                process.kill()

    def tails(self, lines=30):
        """The ends of all logs, for a failed test."""
        parts = []
        for process in self.processes:
            tail = "\n".join(process.log().splitlines()[-lines:])
            parts.append(f"--- {process.name} (pid {process.pid}, "
                         f"exit {process.popen.poll()}): {' '.join(process.arguments)}\n{tail}")
        return "\n".join(dict.fromkeys(parts))
