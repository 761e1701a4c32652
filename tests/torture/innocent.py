"""A small round in which nothing went wrong, for the judge's tests to plant wrongs in."""

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from judge import Judge  # noqa: E402

MS = 1_000_000
S = 1000 * MS
COUNTERS = {"accepted": 4, "done": 3, "cancelled": 0, "expired": 0, "removed": 0}


def letter(job_id, reason, *entries):
    """A dead letter as `zcrew dead ls` shows it; entries: (event, worker) of each attempt."""
    return {"id": job_id, "reason": reason, "attempts": len(entries),
            "history": [{"attempt": number, "event": event, "worker": worker}
                        for number, (event, worker) in enumerate(entries, 1)]}


def innocent():
    """A worker is killed with a job, one job fails once, one is rejected; a router dies."""
    return {
        "p.producer": ["0 submit a d result stays", "1 submit b fd none stays",
                       "2 submit c r result stays", "3 submit d d none stays",
                       f"{5 * MS} confirmed a j1", f"{5 * MS} confirmed b j2",
                       f"{5 * MS} confirmed d j4",
                       f"{900 * MS} finished a j1 done 2 w2 true",
                       f"{900 * MS} finished c j3 dead 1 w2 -", f"{901 * MS} settled"],
        "w1.worker": [f"{1 * MS} connected", f"{10 * MS} start a j1 1"],
        "w2.worker": [f"{1 * MS} connected",
                      f"{20 * MS} start b j2 1", f"{21 * MS} end b j2 1 failed",
                      f"{90 * MS} start b j2 2", f"{91 * MS} end b j2 2 done",
                      f"{30 * MS} start c j3 1", f"{31 * MS} end c j3 1 rejected",
                      f"{603 * MS} disconnected", f"{680 * MS} connected",
                      f"{700 * MS} start a j1 2", f"{701 * MS} end a j1 2 done",
                      f"{705 * MS} start d j4 1", f"{750 * MS} end d j4 1 done"],
        "faults": [{"at": 0, "what": "worker-start", "who": "w1", "relayed": False},
                   {"at": 400 * MS, "what": "kill", "who": "w1"},
                   {"at": 600 * MS, "what": "router-kill", "who": ""},
                   {"at": 650 * MS, "what": "router-up", "who": ""}],
        "end": {"before": dict(COUNTERS), "status": {"ready": 0, "later": 0, "held": 0, "dead": 1,
                           "counters": dict(COUNTERS)},
                "dead": [letter("j3", "rejected", ("rejected", "w2"))],
                "codes": {"w2": 0, "router": 0}, "check": {"code": 0, "text": ""}},
    }


def fault(at, what, who="", **more):
    return {"at": at, "what": what, "who": who, **more}


def add_dead(history, *letters):
    """More dead letters, which the router counts too."""
    history["end"]["dead"] += letters
    status = history["end"]["status"]
    status["dead"] += len(letters)
    status["counters"]["accepted"] += len(letters)


class JudgeCase(unittest.TestCase):
    def verdict(self, history):
        folder = Path(tempfile.mkdtemp(prefix="zcrew-judge-"))
        self.addCleanup(shutil.rmtree, folder)
        for name, lines in history.items():
            if name == "faults":
                lines = [json.dumps(each) for each in sorted(lines, key=lambda each: each["at"])]
            if name == "end":
                (folder / "end.json").write_text(json.dumps(lines))
            else:
                (folder / name).write_text("".join(f"{line}\n" for line in lines))
        judge = Judge(folder)
        return judge, judge.judge()

    def convicted(self, history, word):
        _, breaches = self.verdict(history)
        self.assertTrue(any(word in breach for breach in breaches), f"{word!r} in {breaches}")

    def acquitted(self, history, **reruns):
        """Without a breach, and with that many reruns by cause beside those of innocent()."""
        judge, breaches = self.verdict(history)
        self.assertEqual(breaches, [])
        for cause, count in reruns.items():
            self.assertEqual(judge.reruns[cause.replace("_", " ")], count, judge.reruns)
        return judge
