"""When a router may have taken a worker for gone, and why: what is a cause for running its jobs
again, and what is not.

A fault alone is none. A worker that was given up must connect anew, and records that; so a fault
is a cause only if it cost the worker its connection for as long as a router needs to give it up,
and only until the worker was there again.
"""

from collections import defaultdict
from dataclasses import dataclass

from history import FOREVER

# A fault and what follows from it are seen at slightly different times by different processes.
SLACK_NS = 200_000_000
# What may make a router believe that a worker is gone: from the first until the second word.
SPANS = {"stop": "continue", "cut": "mend"}
# The router gives up a worker whose connection ended 250 ms later (its clock stands still within a
# turn, which may have begun 50 ms before), and one that is silent after 3 s (P-8.3), of which up to
# 1 s may have passed since its last heartbeat when the fault begins (P-8.1); after a restart it
# waits for it for at least 3 s (P-6.7).
GRACE_NS = 250_000_000 - 50_000_000
SILENCE_NS = 3_000_000_000 - 1_000_000_000 - SLACK_NS
# So long after a fault is over its worker may still find out that it was given up: it reads that at
# once when it goes on, or when a reset closes its connection. After a cut, TCP's next try may come
# as late as the cut was long; a worker that hears nothing judges that itself after 3 s.
NOTICE_NS = 1_000_000_000
UNHEARD_NS = 3_000_000_000
# TCP's first try again; each later one comes after twice the time.
RETRY_NS = 200_000_000
# From an outcome until the router has it, or from a hand-out until its worker has that, through a
# relay that delivers 0.4 s late; and until it is on disk: a commit on a busy machine.
TAKE_NS = 200_000_000
RELAY_NS = 400_000_000
SETTLE_NS = 1_000_000_000


@dataclass(frozen=True)
class Cause:
    begin: int
    end: int       # when its worker was there again
    what: str
    given_up: int  # no router gives the worker up sooner


class Causes:
    def __init__(self, history):
        self.history = history
        self.found = defaultdict(list)    # by worker: what may have been a cause
        self.silences = defaultdict(list)  # by worker: (from, to), when nothing came from it
        self.terms = defaultdict(list)    # by worker: when it was told to stop
        self.relayed = [fault["who"] for fault in history.faults if fault.get("relayed")]
        self.died = {}                    # by worker: when
        self.left = {}
        for fault in history.faults:
            at, what, who = fault["at"], fault["what"], fault["who"]
            if what == "kill":
                self.died[who] = at
            elif what == "died":  # some time after its last words, seen later
                link = history.links.get(who)
                self.died[who] = link.last_words if link else at
            elif what == "left":
                self.left[who] = at
        begun = {}
        troubles = []  # (worker, from, to, what, away for at least)
        for fault in history.faults:
            self.take(fault, begun, troubles)
        for (who, _), (at, _, what, needs) in begun.items():
            self.befell(who, at, FOREVER, what, needs, troubles)
        for worker, begin, end, what, _ in troubles:
            self.silences[worker].append((begin, self.arrives(begin, end, what)))
        for trouble in troubles:
            self.judge(*trouble)

    def take(self, fault, begun, troubles):
        at, what, who = fault["at"], fault["what"], fault["who"]
        if what == "term":
            self.terms[who].append(at)
        elif what in ("kill", "died"):
            self.found[who].append(Cause(self.died[who], FOREVER, what,
                                         self.died[who] + GRACE_NS))
        elif what == "reset":
            self.befell(who, at, at, what, GRACE_NS, troubles)
        elif what == "starved":
            for worker in self.history.links:
                self.befell(worker, at - int(fault["seconds"] * 1e9), at,
                            "the machine starved everybody", GRACE_NS, troubles)
        elif what in SPANS:
            # A refused packet ends a connection; one that vanishes only makes it silent.
            needs = GRACE_NS if "refused" in fault.get("sets", ()) else SILENCE_NS
            since, depth, _, least = begun.get((who, SPANS[what]), (at, 0, what, needs))
            begun[who, SPANS[what]] = (since, depth + 1, what, min(least, needs))
        elif (who, what) in begun:  # of several cuts of one link the last mend counts
            since, depth, kind, needs = begun.pop((who, what))
            if depth > 1:
                begun[who, what] = (since, depth - 1, kind, needs)
            else:
                self.befell(who, since, at, kind, needs, troubles)

    def befell(self, who, begin, end, what, needs, troubles):
        """Something that may have been a cause for one worker, or for all behind the relay."""
        workers = self.relayed if who == "relay" else [who]
        troubles += [(worker, begin, end, what, needs) for worker in workers
                     if worker in self.history.links]

    @staticmethod
    def arrives(begin, end, what):
        """When what was said meanwhile is there at the latest."""
        return end + (end - begin + RETRY_NS if what == "cut" else 0)

    def judge(self, worker, begin, end, what, needs):
        """A cause, if the worker lost its connection by it and was away long enough."""
        noticed_by = end + NOTICE_NS + (max(UNHEARD_NS, end - begin) if what == "cut" else 0)
        still = end  # while it stands still or hears nothing it notices nothing
        for silent_from, heard_from in sorted(self.silences[worker]):
            if silent_from <= still + SLACK_NS and heard_from > still:
                still = heard_from
        noticed_by = max(noticed_by, still + NOTICE_NS)
        there_again = None
        for lost, back in self.history.links[worker].downs:
            if back > begin and lost <= noticed_by:
                there_again = back
                if back > end:  # by an old WELCOME, or for good
                    noticed_by = min(noticed_by, back + NOTICE_NS)
        if begin <= self.died.get(worker, FOREVER) <= noticed_by:
            there_again = FOREVER  # too soon for it to notice
        if there_again is not None and there_again - begin >= needs:
            self.found[worker].append(Cause(begin, there_again, what, begin + needs))

    def all_of(self, worker, since, until, given_up_by=FOREVER):
        """The causes that befell it in that time."""
        return [cause for cause in self.found[worker]
                if cause.begin <= until and cause.end >= since - SLACK_NS and
                cause.given_up <= given_up_by]

    def of(self, worker, since, until, given_up_by=FOREVER):
        """What was done to the worker in that time, or ''."""
        return next((cause.what for cause in
                     self.all_of(worker, since, until, given_up_by)), "")

    def silent_all_through(self, worker, since, until):
        """Given up before that time, and not there again in it."""
        return any(cause.given_up <= since and cause.end >= until - SLACK_NS
                   for cause in self.found[worker])

    def was_silent(self, worker, since, until):
        """Whether it may have stood still or heard nothing in that time, given up or not."""
        return bool(self.all_of(worker, since, until)) or any(
            begin <= until and end >= since for begin, end in self.silences[worker])

    def needless_absences(self):
        """(worker, nanoseconds) of each connection that was lost: how long it was missing although
        the router served, the line was whole and the worker ran."""
        full = self.history.spans_of("descriptors", "descriptors-free")
        for worker, link in self.history.links.items():
            for lost, back in link.downs[1:]:
                back = min(back, self.died.get(worker, back), self.left.get(worker, back),
                           self.history.last)
                free = lost
                for begin, end in sorted([*self.silences[worker], *self.history.router_away,
                                          *full]):
                    if begin < back and end > free:
                        free = min(end, back)
                yield worker, back - free

    def worker_time(self):
        return sum(link.last_words - link.first_words for link in self.history.links.values())

    def excused_time(self):
        """How much of it was under some cause."""
        time = 0
        for worker, link in self.history.links.items():
            at = link.first_words
            for cause in sorted(self.found[worker], key=lambda cause: cause.begin):
                end = min(cause.end, link.last_words)
                time += max(0, end - max(cause.begin, at))
                at = max(at, end)
        return time

    def on_its_way(self, worker):
        """How long what is said to or by the worker takes at most, if nothing befalls it."""
        return TAKE_NS + (RELAY_NS if worker in self.relayed else 0)

    def settled_by(self, run):
        """Until when the end of its worker could undo this outcome: it must reach the router, which
        it does not while one of them is out of reach. A router that died before it was on disk must
        be told once more."""
        takes = self.on_its_way(run.worker)
        link = self.history.links[run.worker]
        away = [*link.downs, *self.silences[run.worker], *self.history.router_away]
        at = run.end
        while True:
            for begin, end in sorted(map(tuple, away)):
                if begin <= at + takes and end > at:
                    at = end
            died_at = self.router_death_before_disk(at + takes)
            if died_at is None:
                return at + takes
            at = link.first_back(died_at)

    def router_death_before_disk(self, at):
        """When the router died that was told something then, if it may have forgotten it."""
        left = SETTLE_NS  # it writes while it runs
        for begin, end in self.history.router_away:
            if end <= at:
                continue
            left -= max(0, begin - at)
            if left < 0:
                return None
            died_at = self.history.router_death(begin, end)
            if died_at is not None:
                return died_at
            at = end
        return None

    def loss(self, run):
        """What may have made this run void, or ''."""
        return self.of(run.worker, run.start, self.settled_by(run))
