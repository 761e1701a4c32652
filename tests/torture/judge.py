"""The judge of a torture's round: compares what producers were told, what workers ran, what was
done to whom, and what the router and its journal say at the end. Shares no code with the router.

usage: judge.py FOLDER     judges a kept round again (history.py says what is in it)
"""

import json
import sys
from collections import Counter

from causes import GRACE_NS, SLACK_NS, Causes
from history import EXPIRES_NS, FOREVER, History, Run

ATTEMPTS = 4     # of every job, producer.cc
CRASH_LIMIT = 3  # of a queue, by default
REASONS = {"failed": ATTEMPTS, "rejected": 1, "crash": CRASH_LIMIT}  # of death, after how many
# How soon a worker is connected again: a HELLO that nobody heard is given up after 3 s, the next
# connection is tried within 1 s (P-5.6).
BACK_NS = 3_000_000_000 + 1_000_000_000 + 1_000_000_000


class Judge:
    def __init__(self, folder):
        self.history = History(folder)
        self.causes = Causes(self.history)
        self.dead = {letter["id"]: letter for letter in self.history.end["dead"]}
        self.figures = Counter()
        self.reruns = Counter()

    def breach(self, text):
        self.history.breach(text)

    def judge(self):
        """The breaches, in words; none is the aim."""
        for job in self.history.jobs.values():
            self.judge_end(job)
        for job_id, runs in self.history.runs.items():
            self.judge_runs(job_id, runs)
            self.judge_attempts(job_id, runs)
        self.judge_links()
        self.judge_labels()
        for letter in self.dead.values():
            self.judge_dead(letter)
        self.judge_peers()
        self.judge_journal()
        self.count_the_unexcused()
        return self.history.breaches

    def job_of(self, job_id):
        runs = self.history.runs_of(job_id)
        return self.history.jobs.get(runs[0].label) if runs else None

    # ---- ends ----

    def judge_end(self, job):
        """Promises 1 and 5: one id, one end."""
        self.figures["submitted"] += 1
        if len(job.ids) > 1:
            self.breach(f"{job.label} was confirmed as {sorted(job.ids)}")
        if job.told > 1:
            self.breach(f"{job.label} was told its end {job.told} times")
        if job.end in ("cancelled", "unknown"):
            self.breach(f"{job.label} ended as {job.end}")
        for job_id in job.ids:
            self.figures["confirmed"] += 1
            runs = self.history.runs_of(job_id)
            done = any(run.outcome == "done" for run in runs)
            is_dead = job_id in self.dead
            if is_dead:
                self.figures["dead"] += 1
            elif job.end == "expired" or (job.expires and not done and not self.is_told(job)):
                self.figures["expired"] += 1
                self.judge_expired(job, job_id)
            elif done:
                self.figures["done"] += 1
            else:
                self.figures["lost"] += 1
                self.breach(f"lost: {job.label}, confirmed as {job_id}, never done nor dead")
            if job.receipt:
                self.judge_receipt(job, job_id, runs)
            ends = {run.outcome for run in runs
                    if run.outcome in ("done", "rejected") and not self.causes.loss(run)}
            if "done" in ends and (is_dead or job.end not in ("", "done")):
                self.breach(f"{job.label} is done, and {job.end or 'a dead letter'}: {job_id}")
            if "rejected" in ends and not is_dead:
                self.breach(f"{job.label} was rejected, but is no dead letter: {job_id}")

    def judge_receipt(self, job, job_id, runs):
        """What its producer was told of the end agrees with what ran."""
        told, is_dead = job.receipt, job_id in self.dead
        if told.end == "dead":
            if not is_dead:
                self.breach(f"{job.label} is told dead, but is no dead letter: {job_id}")
            elif told.worker != "-" and told.attempts != self.dead[job_id]["attempts"]:
                self.breach(f"{job.label} is told dead after {told.attempts} attempts, its letter "
                            f"says {self.dead[job_id]['attempts']}")
        if told.end == "expired" and is_dead:
            self.breach(f"{job.label} is told expired, but is a dead letter: {job_id}")
        if told.end == "done":
            ended = [run for run in runs if run.outcome == "done"]
            if not ended or is_dead and not any(map(self.ended_unsettled, ended)):
                self.breach(f"{job.label} is told done, but is not: {job_id}")
            # A dying router may forget what it counted, never what it told the worker to run.
            forgot = runs and self.history.router_death(runs[0].start, told.at)
            numbers = [run.attempt for run in ended if run.worker == told.worker]
            if not any(told.attempts == n or forgot and told.attempts < n for n in numbers):
                self.breach(f"{job.label} is told done by {told.worker} in attempt "
                            f"{told.attempts}, which nobody recorded: {job_id}")

    def ended_unsettled(self, run):
        """Its end was told, and both who knew of it, router and worker, were gone before it was on
        disk: it runs again, and may end otherwise."""
        return self.causes.router_death_before_disk(run.end) and self.causes.loss(run)

    def is_told(self, job):
        """Whether its producer must have heard of its end; others may have been killed."""
        return job.wants_result and job.label.rsplit("-", 1)[0] in self.history.settled

    def judge_expired(self, job, job_id):
        if not job.expires:
            self.breach(f"{job.label} expired, but was to stay: {job_id}")
        told_at = job.receipt.at if job.receipt else self.history.last
        expires_at, _ = self.when_it_expires(job, job_id, told_at)
        if self.history.calendar(job.submitted, told_at)[1] < expires_at - SLACK_NS:
            self.breach(f"{job.label} expired before its time: {job_id}")

    def when_it_expires(self, job, job_id, known_by):
        """The earliest and the latest time on the router's calendar: it began to count when the job
        was accepted, and that was before anything else is known of it."""
        accepted_by = min([job.heard, known_by,
                           *(run.start for run in self.history.runs_of(job_id))])
        return [at + EXPIRES_NS for at in self.history.calendar(job.submitted, accepted_by)]

    def judge_late_start(self, job, run):
        """What has expired is not handed out; what was handed out in time waits on its way, and at
        its worker as long as that runs others."""
        _, expires_at = self.when_it_expires(job, run.id, run.start)
        since = self.history.busy_since(run, SLACK_NS) - self.causes.on_its_way(run.worker)
        is_late = self.history.calendar(since, run.start)[0] > expires_at
        told = job.end == "expired" and job.receipt.at < since
        if (is_late or told) and not self.causes.was_silent(run.worker, since, run.start):
            self.breach(f"{run.id} started at {run.worker} after it had expired")

    # ---- runs ----

    def judge_runs(self, job_id, runs):
        """Promise 3: each run after the first has a cause."""
        self.figures["runs"] += len(runs)
        if runs[0].label not in self.history.jobs:
            self.breach(f"{job_id} runs {runs[0].label}, which nobody submitted in this round")
        job = self.history.jobs.get(runs[0].label)
        if job and job.expires:
            for run in runs:
                self.judge_late_start(job, run)
        for before, after in zip(runs, runs[1:]):
            if before.label != after.label:
                self.breach(f"{job_id} is {before.label} and {after.label}")
            cause = self.cause(before, after, runs[0].start)
            self.reruns[cause or "none"] += 1
            if not cause:
                self.breach(f"{job_id} ran at {before.worker} ({before.outcome or 'open'}, "
                            f"{(before.end - before.start) / 1e6:.0f} ms) and again at "
                            f"{after.worker} {(after.start - before.start) / 1e6:.0f} ms later, "
                            f"attempts {before.attempt} and {after.attempt}, without a cause")

    def cause(self, before, after, began):
        # A failure or release that was told may still be overtaken by its worker's end. A router
        # that dies forgets what it has counted and not yet written, once a newer attempt is out.
        least = before.attempt + (before.outcome == "failed")
        if before.outcome in ("failed", "released") and before.end <= after.start and (
                after.attempt >= least or self.history.router_death(began, after.start)):
            return before.outcome
        # Told to stop a second time, a worker cuts short what runs and gives it back.
        if before.outcome == "abandoned" and \
                sum(at <= before.end for at in self.causes.terms[before.worker]) >= 2:
            return "stopped twice"
        if self.is_poison(before) and after.start >= before.start + GRACE_NS:
            return "poison"
        # It was out of reach when its job went elsewhere, and had it still when it came back: its
        # hand-out is not newer than the one that ran meanwhile.
        if after.worker != before.worker and after.attempt <= before.attempt and \
                self.causes.silent_all_through(after.worker, before.start, after.start):
            return "back from silence"
        until = min(after.start, self.causes.settled_by(before))
        return self.causes.of(before.worker, before.start, min(until, self.over_at(before.id)),
                              given_up_by=after.start)

    def over_at(self, job_id):
        """When its producer was told the end, and the router cannot have forgotten it: nobody waits
        for its workers any more."""
        job = self.job_of(job_id)
        if not job or not job.receipt or any(
                run.end <= job.receipt.at and self.ended_unsettled(run)
                for run in self.history.runs_of(job_id)):
            return FOREVER
        return job.receipt.at

    def is_poison(self, run):
        """The death that a job brings may be seen later than what follows from it."""
        plan = self.history.jobs[run.label].plan if run.label in self.history.jobs else "d"
        return not run.outcome and plan[min(run.attempt, len(plan)) - 1] == "p" and \
            self.history.links[run.worker].last_words <= run.start + SLACK_NS

    def judge_attempts(self, job_id, runs):
        """Promise 7: what has failed is counted, and nothing beyond it but crashes."""
        failures = [run for run in runs if run.outcome == "failed"]
        certain = [run for run in failures if not self.causes.loss(run) and
                   not self.causes.router_death_before_disk(run.end)]
        job = self.job_of(job_id)
        if len(certain) >= ATTEMPTS and (len(certain) > ATTEMPTS or
                                         job and job_id in job.ids and job_id not in self.dead):
            self.breach(f"{job_id} failed {len(certain)} times, of {ATTEMPTS} attempts")
        for run in runs:
            least = 1 + sum(each.end <= run.start for each in certain)
            most = CRASH_LIMIT + sum(each.end <= run.start for each in failures)
            if run.attempt > most:
                self.breach(f"{job_id} is in attempt {run.attempt} after {most - CRASH_LIMIT} "
                            "failures")
            if run.attempt < least and not self.causes.of(run.worker, runs[0].start, run.start):
                self.breach(f"{job_id} is in attempt {run.attempt} after {least - 1} failures")
        for before, after in zip(runs, runs[1:]):
            if after.attempt < before.attempt and \
                    not self.history.router_death(runs[0].start, after.start) and \
                    not self.causes.silent_all_through(after.worker, before.start, after.start):
                self.breach(f"{job_id} is in attempt {after.attempt} after attempt "
                            f"{before.attempt}")

    def judge_links(self):
        """A worker that is missing is no cause for ever: it comes back by itself (P-5.6)."""
        for worker, missing in self.causes.needless_absences():
            if missing > BACK_NS:
                self.breach(f"{worker} was not connected for {missing / 1e9:.1f} s, and nothing "
                            "stood in its way")

    def judge_labels(self):
        """A job that ran under an id its producer never heard of: a router's death lies between its
        submission and the one that was confirmed, which may have ended unrun. What that router had
        handed out, a worker may begin until the next one tells it not to."""
        for job_id, runs in self.history.runs.items():
            job = self.history.jobs.get(runs[0].label)
            if job is None or job_id in job.ids or not job.ids:
                continue
            self.figures["unconfirmed rerun"] += 1
            second = min([job.heard, *(run.start for each in job.ids
                                       for run in self.history.runs_of(each))])
            if not any(job.submitted <= at <= second and
                       all(run.start <= self.history.links[run.worker].first_back(at) + SLACK_NS
                           for run in runs)
                       for at in self.history.router_kills):
                self.breach(f"{job.label} ran as {job_id} beside {sorted(job.ids)}, "
                            "and no router died between")

    # ---- dead letters ----

    def judge_dead(self, letter):
        """Promise 7: attempts and crashes are counted right, each for what really happened."""
        job_id, reason = letter["id"], letter["reason"]
        entries = letter["history"]
        events = Counter(entry["event"] for entry in entries)
        if reason not in REASONS:
            self.breach(f"{job_id} is dead as {reason}, which is no reason")
        elif events[reason] != REASONS[reason] or entries[-1]["event"] != reason:
            self.breach(f"{job_id} is dead as {reason} after {dict(events)}")
        if set(events) - set(REASONS):
            self.breach(f"{job_id} is dead after {dict(events)}")
        if [entry["attempt"] for entry in entries] != list(range(1, len(entries) + 1)):
            self.breach(f"{job_id} is dead after attempts {[e['attempt'] for e in entries]}")
        runs, used = list(self.history.runs_of(job_id)), []
        # A crash may be any run that was lost: what the others say comes first.
        for entry in sorted(entries, key=lambda entry: entry["event"] == "crash"):
            found = self.crash_of(entry, runs, used) if entry["event"] == "crash" else \
                next((run for run in runs if (run.worker, run.outcome) ==
                      (entry["worker"], entry["event"])), None)
            if found in runs:
                runs.remove(found)
            if not found:
                self.breach(f"{job_id} is dead as {reason}, of a {entry['event']} at "
                            f"{entry['worker']} that nobody recorded")

    def crash_of(self, entry, runs, used):
        """The run, or else the cause, that may have been counted as this crash."""
        worker = entry["worker"]
        for run in runs:
            if run.worker == worker and self.own_cause(worker, run.start,
                                                       self.causes.settled_by(run), used):
                return run
        # Handed out to a worker that was out of reach, it did not even begin.
        self.figures["crashes unseen"] += 1
        return self.own_cause(worker, 0, FOREVER, used)

    def own_cause(self, worker, since, until, used):
        for cause in self.causes.all_of(worker, since, until):
            if (worker, cause) not in used:
                used.append((worker, cause))
                return cause
        return None

    # ---- the rest ----

    def judge_peers(self):
        """Whoever was not killed has all it asked for; nobody else ended by itself."""
        killed = {fault["who"] for fault in self.history.faults if fault["what"] == "kill"}
        for path in self.history.folder.glob("*.producer"):
            if path.stem not in killed and path.stem not in self.history.settled:
                self.breach(f"{path.stem} still waits for receipts")
        for fault in self.history.faults:
            if fault["what"] == "router-ended":
                self.breach(f"the router ended by itself with {fault['code']}")
        for name, code in self.history.end["codes"].items():
            if code != 0:
                self.breach(f"{name} ended with {code} on SIGTERM")

    def judge_journal(self):
        """Promise 7: the counts add up, the journal holds exactly what is left."""
        status, check = self.history.end["status"], self.history.end["check"]
        counters = status["counters"]
        ended = sum(counters[name] for name in ("done", "cancelled", "expired", "removed"))
        states = sum(status[name] for name in ("ready", "later", "held", "dead"))
        if counters["accepted"] != ended + states:
            self.breach(f"accepted {counters['accepted']} is not {states} + {ended}")
        if status["ready"] or status["later"] or status["held"]:
            self.breach(f"not at rest: {status['ready']} ready, {status['later']} later, "
                        f"{status['held']} held")
        # What expired untold was ended by the router, or it is lost.
        expired = counters["expired"] - self.history.end["before"]["expired"]
        if self.figures["expired"] > expired:
            self.breach(f"lost: {self.figures['expired']} jobs seem to have expired, the router "
                        f"counts {expired}")
        if status["dead"] != len(self.dead):
            self.breach(f"{status['dead']} dead letters are counted, {len(self.dead)} listed")
        if check["code"] != 0:
            self.breach(f"zcrew check exits {check['code']}: {check['text'][-500:]}")

    def count_the_unexcused(self):
        """How much of the round could have shown a needless run: where nothing that befell the
        worker would have passed for its cause."""
        free = [run for runs in self.history.runs.values() for run in runs
                if not self.causes.loss(run) and not self.is_poison(run)]
        self.figures["runs without an excuse"] += len(free)
        self.figures["router kills amid them"] += sum(
            any(run.start <= at <= self.causes.settled_by(run) for run in free)
            for at in self.history.router_kills)
        self.plant_needless_runs()
        self.figures["worker time, ms"] += self.causes.worker_time() // 1_000_000
        self.figures["worker time under a cause, ms"] += self.causes.excused_time() // 1_000_000

    def plant_needless_runs(self):
        """A control: would it be named if each job that was done ran again, up to ten seconds
        later, at some other worker?"""
        for number, runs in enumerate(self.history.runs.values()):
            done = runs[-1]
            start = done.end + (1 + number % 100) * 100_000_000
            others = [worker for worker, link in self.history.links.items()
                      if worker != done.worker and link.first_words <= start <= link.last_words]
            if done.outcome == "done" and others:
                worker = others[number % len(others)]
                again = Run(done.label, done.id, done.attempt, worker, start)
                self.figures["needless runs planted"] += 1
                self.figures["of them named"] += not self.cause(done, again, runs[0].start)


def main():
    judge = Judge(sys.argv[1])
    breaches = judge.judge()
    print(json.dumps({"figures": judge.figures, "reruns": judge.reruns}, indent=1))
    for breach in breaches:
        print(f"BREACH {breach}")
    sys.exit(1 if breaches else 0)


if __name__ == "__main__":
    main()
