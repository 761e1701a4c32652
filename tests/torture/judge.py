"""The judge of a torture's round: compares what producers were told, what workers ran, what was
done to whom, and what the router and its journal say at the end. Shares no code with the router.

usage: judge.py FOLDER     judges a kept round again

In the folder: `*.producer` and `*.worker` (record.h: nanoseconds, then words), `faults` (a JSON
object a line, scene.py), `end.json` (status, dead letters, journal check, exit codes).
"""

import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

# A fault and what follows from it are seen at slightly different times by different processes.
SLACK_NS = 200_000_000
ATTEMPTS = 4     # of every job, producer.cc
CRASH_LIMIT = 3  # of a queue, by default
FOREVER = 1 << 62

# What may make a router believe that a worker is gone: each is a cause for running its jobs again.
# From the first until the second word, or for as long as a reconnect may take.
SPANS = {"stop": "continue", "cut": "mend"}
MOMENTS = {"kill": FOREVER, "reset": 2_000_000_000}
# A worker that is back, or whose line is, needs a while until the router has heard so: silence is
# judged after 3 s, and TCP's next try after a cut may come twice as late as the cut was long.
RECOVERY_NS = 8_000_000_000
# From an outcome until it is on disk; a commit on a busy machine.
UNSETTLED_NS = 1_000_000_000


@dataclass
class Job:
    label: str
    plan: str
    wants_result: bool
    expires: bool
    submitted: int
    ids: set = field(default_factory=set)   # under which it was confirmed or finished
    heard: int = FOREVER                    # when its producer first heard an id of it
    end: str = ""                           # as its producer was told
    told: int = 0

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


class Round:
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
        self.last_words = {}  # of each worker
        for path in sorted(self.folder.glob("*.producer")):
            self.read_producer(path)
        for path in sorted(self.folder.glob("*.worker")):
            self.read_worker(path)
        for runs in self.runs.values():
            runs.sort(key=lambda run: run.start)

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
                job.end = words[4]
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
            self.last_words[path.stem] = int(words[0])
            label, job_id, attempt = words[2:5]
            if words[1] == "start":
                run = Run(label, job_id, int(attempt), path.stem, int(words[0]))
                self.runs[job_id].append(run)
                if open_runs.setdefault(job_id, run) is not run:
                    self.breach(f"{job_id} runs twice at once in {path.stem}")
            else:
                run = open_runs.pop(job_id)
                run.end, run.outcome = int(words[0]), words[5]


def lines(path):
    """The words of each whole line."""
    text = path.read_text()
    return [line.split(" ") for line in text[:text.rfind("\n") + 1].splitlines()]


class Causes:
    """When a worker was out of reach, or might have been taken for that."""

    def __init__(self, faults, last_words):
        self.spans = defaultdict(list)  # by name: (from, to, what)
        self.starved = [(fault["at"] - int(fault["seconds"] * 1e9), fault["at"] + RECOVERY_NS)
                        for fault in faults if fault["what"] == "starved"]
        self.relayed = {fault["who"] for fault in faults if fault.get("relayed")}
        self.router_kills = [fault["at"] for fault in faults
                             if fault["what"] in ("router-kill", "router-ended")]
        self.terms = defaultdict(list)  # when a worker was told to stop
        begun = {}
        for fault in faults:
            if fault["what"] == "term":
                self.terms[fault["who"]].append(fault["at"])
            at, what, who = fault["at"], fault["what"], fault["who"]
            if what in SPANS:
                begun.setdefault((who, SPANS[what]), at)
            elif (who, what) in begun:
                self.spans[who].append((begun.pop((who, what)), at + RECOVERY_NS, what))
            elif what == "died":  # some time after its last words, seen later
                self.spans[who].append((last_words.get(who, at), FOREVER, what))
            elif what in MOMENTS:
                self.spans[who].append((at, at + MOMENTS[what], what))
        for (who, what), at in begun.items():
            self.spans[who].append((at, FOREVER, what))

    def of(self, worker, since, until):
        """What was done to the worker in that time, or ''."""
        names = (worker, "relay") if worker in self.relayed else (worker,)
        for name in names:
            for begin, end, what in self.spans[name]:
                if begin <= until + SLACK_NS and end >= since - SLACK_NS:
                    return what
        if any(begin <= until and end >= since for begin, end in self.starved):
            return "the machine starved everybody"
        return ""


class Judge:
    def __init__(self, folder):
        self.round = Round(folder)
        self.causes = Causes(self.round.faults, self.round.last_words)
        self.dead = {letter["id"]: letter for letter in self.round.end["dead"]}
        self.figures = Counter()
        self.reruns = Counter()

    def breach(self, text):
        self.round.breach(text)

    def judge(self):
        """The breaches, in words; none is the aim."""
        for job in self.round.jobs.values():
            self.judge_end(job)
        for job_id, runs in self.round.runs.items():
            self.judge_runs(job_id, runs)
        self.judge_labels()
        for letter in self.dead.values():
            self.judge_dead(letter)
        self.judge_peers()
        self.judge_journal()
        return self.round.breaches

    def judge_end(self, job):
        """Promises 1 and 5: one id, one end."""
        self.figures["submitted"] += 1
        if len(job.ids) > 1:
            self.breach(f"{job.label} was confirmed as {sorted(job.ids)}")
        if job.told > 1:
            self.breach(f"{job.label} was told its end {job.told} times")
        for job_id in job.ids:
            self.figures["confirmed"] += 1
            done = any(run.outcome == "done" for run in self.round.runs_of(job_id))
            is_dead = job_id in self.dead
            if job.end in ("cancelled", "unknown"):
                self.breach(f"{job.label} ended as {job.end}")
            if job.end == "done" and (not done or is_dead and not self.ended_unsettled(job_id)):
                self.breach(f"{job.label} is told done, but is not: {job_id}")
            if job.end == "dead" and not is_dead:
                self.breach(f"{job.label} is told dead, but is no dead letter: {job_id}")
            if is_dead:
                self.figures["dead"] += 1
            elif job.end == "expired" or (job.expires and not done and not self.is_told(job)):
                self.figures["expired"] += 1
                if not job.expires:
                    self.breach(f"{job.label} expired, but was to stay: {job_id}")
            elif done:
                self.figures["done"] += 1
            else:
                self.figures["lost"] += 1
                self.breach(f"lost: {job.label}, confirmed as {job_id}, never done nor dead")

    def ended_unsettled(self, job_id):
        """Its end was told, and both who knew of it, router and worker, were gone before it was on
        disk: it runs again, and may end otherwise."""
        return any(run.outcome == "done" and run.end <= at <= run.end + UNSETTLED_NS and
                   self.causes.of(run.worker, run.end, at + RECOVERY_NS)
                   for run in self.round.runs_of(job_id) for at in self.causes.router_kills)

    def is_told(self, job):
        """Whether its producer must have heard of its end; others may have been killed."""
        return job.wants_result and job.label.rsplit("-", 1)[0] in self.round.settled

    def judge_runs(self, job_id, runs):
        """Promise 3: each run after the first has a cause."""
        self.figures["runs"] += len(runs)
        if runs[0].label not in self.round.jobs:
            self.breach(f"{job_id} runs {runs[0].label}, which nobody submitted in this round")
        for before, after in zip(runs, runs[1:]):
            if before.label != after.label:
                self.breach(f"{job_id} is {before.label} and {after.label}")
            cause = self.cause(before, after)
            self.reruns[cause or "none"] += 1
            if not cause:
                self.breach(f"{job_id} ran at {before.worker} ({before.outcome or 'open'}, "
                            f"{(before.end - before.start) / 1e6:.0f} ms) and again at "
                            f"{after.worker} {(after.start - before.start) / 1e6:.0f} ms later, "
                            f"attempts {before.attempt} and {after.attempt}, without a cause")

    def cause(self, before, after):
        # A failure or release that was told may still be overtaken by its worker's end.
        if before.outcome in ("failed", "released") and before.end <= after.start:
            return before.outcome
        # Told to stop a second time, a worker cuts short what runs and gives it back.
        if before.outcome == "abandoned" and \
                sum(at <= before.end for at in self.causes.terms[before.worker]) >= 2:
            return "stopped twice"
        # The death that a job brings may be seen later than what follows from it.
        plan = self.round.jobs[before.label].plan if before.label in self.round.jobs else "d"
        if not before.outcome and plan[min(before.attempt, len(plan)) - 1] == "p":
            return "poison"
        cause = self.causes.of(before.worker, before.start, after.start)
        if cause:
            return cause
        # It was out of reach when its job went elsewhere, and had it still when it came back: its
        # hand-out is not newer than the one that ran meanwhile.
        if after.worker != before.worker and after.attempt <= before.attempt and \
                self.causes.of(after.worker, before.start, before.start):
            return "back from silence"
        return ""

    def judge_labels(self):
        """A job that ran under an id its producer never heard of: a router's death lies between its
        submission and the one that was confirmed, which may have ended unrun."""
        for job_id, runs in self.round.runs.items():
            job = self.round.jobs.get(runs[0].label)
            if job is None or job_id in job.ids or not job.ids:
                continue
            self.figures["unconfirmed rerun"] += 1
            second = min([job.heard, *(run.start for each in job.ids
                                       for run in self.round.runs_of(each))])
            if not any(job.submitted <= at <= second and runs[0].start <= at + RECOVERY_NS
                       for at in self.causes.router_kills):
                self.breach(f"{job.label} ran as {job_id} beside {sorted(job.ids)}, "
                            "and no router died between")

    def judge_dead(self, letter):
        """Promise 7: attempts and crashes are counted right."""
        runs = self.round.runs_of(letter["id"])
        outcomes = Counter(run.outcome for run in runs)
        if letter["reason"] == "failed" and outcomes["failed"] < ATTEMPTS:
            self.breach(f"{letter['id']} is dead after {outcomes['failed']} failures")
        if letter["reason"] == "rejected" and not outcomes["rejected"]:
            self.breach(f"{letter['id']} is dead as rejected, and nobody rejected it")
        if letter["reason"] == "crash":
            lost = sum(bool(self.causes.of(run.worker, run.start, FOREVER)) or not run.outcome
                       for run in runs)
            if lost < CRASH_LIMIT and not self.causes.spans:
                self.breach(f"{letter['id']} is dead as crash after {lost} crashes")

    def judge_peers(self):
        """Whoever was not killed has all it asked for; nobody else ended by itself."""
        killed = {fault["who"] for fault in self.round.faults if fault["what"] == "kill"}
        for path in self.round.folder.glob("*.producer"):
            if path.stem not in killed and path.stem not in self.round.settled:
                self.breach(f"{path.stem} still waits for receipts")
        for fault in self.round.faults:
            if fault["what"] == "router-ended":
                self.breach(f"the router ended by itself with {fault['code']}")
        for name, code in self.round.end["codes"].items():
            if code != 0:
                self.breach(f"{name} ended with {code} on SIGTERM")

    def judge_journal(self):
        """Promise 7: the counts add up, the journal holds exactly what is left."""
        status, check = self.round.end["status"], self.round.end["check"]
        counters = status["counters"]
        ended = sum(counters[name] for name in ("done", "cancelled", "expired", "removed"))
        states = sum(status[name] for name in ("ready", "later", "held", "dead"))
        if counters["accepted"] != ended + states:
            self.breach(f"accepted {counters['accepted']} is not {states} + {ended}")
        if status["ready"] or status["later"] or status["held"]:
            self.breach(f"not at rest: {status['ready']} ready, {status['later']} later, "
                        f"{status['held']} held")
        # What expired untold was ended by the router, or it is lost.
        expired = counters["expired"] - self.round.end["before"]["expired"]
        if self.figures["expired"] > expired:
            self.breach(f"lost: {self.figures['expired']} jobs seem to have expired, the router "
                        f"counts {expired}")
        if status["dead"] != len(self.dead):
            self.breach(f"{status['dead']} dead letters are counted, {len(self.dead)} listed")
        if check["code"] != 0:
            self.breach(f"zcrew check exits {check['code']}: {check['text'][-500:]}")


def main():
    judge = Judge(sys.argv[1])
    breaches = judge.judge()
    print(json.dumps({"figures": judge.figures, "reruns": judge.reruns}, indent=1))
    for breach in breaches:
        print(f"BREACH {breach}")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
