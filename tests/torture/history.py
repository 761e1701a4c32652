"""What a round of torture left behind, read from its folder: jobs, runs, connections, faults.

In the folder: `*.producer` and `*.worker` (record.h: nanoseconds, then words), `faults` (a JSON
object a line, scene.py), `end.json` (status, dead letters, journal check, exit codes).
"""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

FOREVER = 1 << 62
EXPIRES_NS = 300_000_000_000  # of a job that expires, producer.cc


@dataclass
class Receipt:
    """That a job has ended, as its producer was told."""
    at: int
    end: str
    attempts: int
    worker: str


@dataclass
class Job:
    label: str
    plan: str
    wants_result: bool
    expires: bool
    submitted: int
    ids: set = field(default_factory=set)   # under which it was confirmed or finished
    heard: int = FOREVER                    # when its producer first heard an id of it
    receipt: Receipt | None = None
    told: int = 0

    @property
    def end(self):
        return self.receipt.end if self.receipt else ""

    def hear(self, words):
        self.ids.add(words[3])
        self.heard = min(self.heard, int(words[0]))


@dataclass
class Run:
    label: str
    id: str
    attempt: int
    worker: str
    start: int
    end: int = FOREVER
    outcome: str = ""  # none: the process died with it


class Link:
    """A worker's connection, as the worker knew it."""

    def __init__(self, since):
        self.first_words = self.last_words = since
        self.downs = [[since, FOREVER]]  # from lost until there again

    def lost(self, at):
        if self.downs[-1][1] != FOREVER:  # else it says why nobody answers
            self.downs.append([at, FOREVER])

    def back(self, at):
        if self.downs[-1][1] == FOREVER:
            self.downs[-1][1] = at
        else:  # it had not noticed that it was lost
            self.downs.append([at, at])

    def first_back(self, at):
        """When it was connected for the first time after that moment."""
        return min((back for _, back in self.downs if back > at), default=FOREVER)


class History:
    """Everything that was recorded."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.breaches = []
        self.jobs = {}
        self.runs = defaultdict(list)
        self.faults = [json.loads(line)
                       for line in (self.folder / "faults").read_text().splitlines()]
        self.end = json.loads((self.folder / "end.json").read_text())
        self.settled = set()
        self.links = {}  # of each worker
        self.work = defaultdict(list)  # of each worker, its runs in order
        for path in sorted(self.folder.glob("*.producer")):
            self.read_producer(path)
        for path in sorted(self.folder.glob("*.worker")):
            self.read_worker(path)
        for runs in self.runs.values():
            runs.sort(key=lambda run: run.start)
        self.last = max([fault["at"] for fault in self.faults] +
                        [link.last_words for link in self.links.values()])
        self.router_kills = [fault["at"] for fault in self.faults
                             if fault["what"] in ("router-kill", "router-ended")]
        self.router_away = self.when_router_was_away()
        self.clock = [(fault["at"], int(fault["seconds"] * 1e9)) for fault in self.faults
                      if fault["what"] == "clock"]

    def breach(self, text):
        self.breaches.append(text)

    def runs_of(self, job_id):
        return self.runs.get(job_id, [])

    def read_producer(self, path):
        for words in lines(path):
            what = words[1]
            if what == "submit":
                self.jobs[words[2]] = Job(words[2], words[3], words[4] == "result",
                                          words[5] == "expires", int(words[0]))
            elif what == "confirmed":
                self.jobs[words[2]].hear(words)
            elif what == "finished":
                job = self.jobs[words[2]]
                job.hear(words)
                job.receipt = Receipt(int(words[0]), words[4], int(words[5]), words[6])
                job.told += 1
                if words[4] == "done" and words[7] != "true":
                    self.breach(f"{job.label} got a wrong result")
            elif what == "settled":
                self.settled.add(path.stem)
            elif what == "refused":
                self.breach(f"{words[2]} was refused with {words[3]}")
            elif what.endswith("-again"):
                self.breach(f"{path.stem} was told twice: {' '.join(words[1:])}")

    def read_worker(self, path):
        open_runs = {}
        for words in lines(path):
            at, what = int(words[0]), words[1]
            link = self.links.setdefault(path.stem, Link(at))
            link.last_words = at
            if what == "connected":
                link.back(at)
            elif what == "disconnected":
                link.lost(at)
            elif what == "start":
                label, job_id, attempt = words[2:5]
                run = Run(label, job_id, int(attempt), path.stem, at)
                self.runs[job_id].append(run)
                self.work[path.stem].append(run)
                if open_runs.setdefault(job_id, run) is not run:
                    self.breach(f"{job_id} runs twice at once in {path.stem}")
            else:
                run = open_runs.pop(words[3])
                run.end, run.outcome = at, words[5]

    def busy_since(self, run, pause):
        """Since when its worker had something to run, with no longer pause, when this one began."""
        since = until = 0
        for each in self.work[run.worker]:
            if each.start > until + pause:
                since = each.start
            until = max(until, each.end)
            if each is run:
                break
        return since

    def when_router_was_away(self):
        """(from, to): dead until the next one serves, or standing still."""
        away, begun = [], None
        for fault in self.faults:
            what, at = fault["what"], fault["at"]
            if what in ("router-kill", "router-ended", "router-stop"):
                begun = at if begun is None else begun
            elif what in ("router-up", "router-continue") and begun is not None:
                away.append((begun, at))
                begun = None
        return away + ([(begun, FOREVER)] if begun is not None else [])

    def spans_of(self, begins, ends):
        """(from, to) of what may happen several times at once."""
        spans, begun = [], []
        for fault in self.faults:
            if fault["what"] == begins:
                begun.append(fault["at"])
            elif fault["what"] == ends and begun:
                spans.append((begun[0], fault["at"]))
                begun = begun[1:]
        return spans

    def router_death(self, since, until):
        """When the router died first in that while, or None."""
        return next((at for at in self.router_kills if since <= at <= until), None)

    def calendar(self, since, until):
        """The earliest and the latest time on the router's calendar in that while."""
        changes = [(0, 0), *self.clock, (FOREVER, 0)]
        times = []
        for (begin, offset), (end, _) in zip(changes, changes[1:]):
            if begin <= until and end >= since:
                times += [max(begin, since) + offset, min(end, until) + offset]
        return min(times), max(times)


def lines(path):
    """The words of each whole line."""
    text = path.read_text()
    return [line.split(" ") for line in text[:text.rfind("\n") + 1].splitlines()]
