"""The judge is judged: an innocent round passes, and each planted wrong is called by its name."""

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
from judge import Judge  # noqa: E402

MS = 1_000_000
COUNTERS = {"accepted": 4, "done": 3, "cancelled": 0, "expired": 0, "removed": 0}


def innocent():
    """A worker is killed with a job, one job fails once, one is rejected; a router dies."""
    return {
        "p.producer": ["0 submit a d result stays", "1 submit b fd none stays",
                       "2 submit c r result stays", "3 submit d d none stays",
                       f"{5 * MS} confirmed a j1", f"{5 * MS} confirmed b j2",
                       f"{5 * MS} confirmed d j4",
                       f"{900 * MS} finished a j1 done 2 w2 true",
                       f"{900 * MS} finished c j3 dead 1 w2 -", f"{901 * MS} settled"],
        "w1.worker": [f"{10 * MS} start a j1 1"],
        "w2.worker": [f"{20 * MS} start b j2 1", f"{21 * MS} end b j2 1 failed",
                      f"{90 * MS} start b j2 2", f"{91 * MS} end b j2 2 done",
                      f"{30 * MS} start c j3 1", f"{31 * MS} end c j3 1 rejected",
                      f"{700 * MS} start a j1 2", f"{701 * MS} end a j1 2 done",
                      f"{705 * MS} start d j4 1", f"{750 * MS} end d j4 1 done"],
        "faults": [{"at": 0, "what": "worker-start", "who": "w1", "relayed": False},
                   {"at": 400 * MS, "what": "kill", "who": "w1"},
                   {"at": 600 * MS, "what": "router-kill", "who": ""}],
        "end": {"before": dict(COUNTERS), "status": {"ready": 0, "later": 0, "held": 0, "dead": 1,
                           "counters": dict(COUNTERS)},
                "dead": [{"id": "j3", "reason": "rejected"}], "codes": {"w2": 0, "router": 0},
                "check": {"code": 0, "text": ""}},
    }


class JudgeTest(unittest.TestCase):
    def verdict(self, history):
        folder = Path(tempfile.mkdtemp(prefix="zcrew-judge-"))
        self.addCleanup(shutil.rmtree, folder)
        for name, lines in history.items():
            if name == "faults":
                lines = [json.dumps(fault) for fault in lines]
            if name == "end":
                (folder / "end.json").write_text(json.dumps(lines))
            else:
                (folder / name).write_text("".join(f"{line}\n" for line in lines))
        judge = Judge(folder)
        return judge, judge.judge()

    def convicted(self, history, word):
        _, breaches = self.verdict(history)
        self.assertTrue(any(word in breach for breach in breaches), f"{word!r} in {breaches}")

    def test_an_innocent_round_passes(self):
        judge, breaches = self.verdict(innocent())
        self.assertEqual(breaches, [])
        self.assertEqual(dict(judge.reruns), {"kill": 1, "failed": 1})
        self.assertEqual((judge.figures["confirmed"], judge.figures["done"],
                          judge.figures["dead"], judge.figures["lost"]), (4, 3, 1, 0))

    def test_a_confirmed_job_that_nobody_ended_is_lost(self):
        history = innocent()
        history["w2.worker"] = history["w2.worker"][:-2]
        self.convicted(history, "lost: d")

    def test_an_expiry_that_the_router_does_not_know_of_is_a_loss(self):
        history = innocent()
        history["w2.worker"] = history["w2.worker"][:-2]
        history["p.producer"][3] = "3 submit d d none expires"
        self.convicted(history, "lost: 1 jobs seem to have expired")
        history["end"]["status"]["counters"].update(expired=1, done=2)
        self.assertEqual(self.verdict(history)[1], [])

    def test_an_unfinished_run_is_no_end(self):
        history = innocent()
        history["w2.worker"].pop()
        self.convicted(history, "lost: d")

    def test_a_forgotten_dead_letter_is_lost(self):
        history = innocent()
        history["end"]["dead"] = []
        self.convicted(history, "j3")

    def test_two_ids_of_one_job(self):
        history = innocent()
        history["p.producer"].insert(5, f"{6 * MS} confirmed d j5")
        self.convicted(history, "d was confirmed as")

    def test_two_ends_of_one_job(self):
        history = innocent()
        history["p.producer"].insert(9, f"{900 * MS} finished a j1 done 2 w2 true")
        self.convicted(history, "a was told its end 2 times")

    def test_done_and_dead(self):
        history = innocent()
        history["end"]["dead"].append({"id": "j1", "reason": "crash"})
        self.convicted(history, "a is told done")

    def done_and_dead(self, router_killed_at):
        """a is told done by w1, which is killed at 400 ms; its next runs crash."""
        history = innocent()
        history["p.producer"][7] = f"{300 * MS} finished a j1 done 1 w1 true"
        history["w1.worker"].append(f"{299 * MS} end a j1 1 done")
        history["w2.worker"].pop(7)
        history["end"]["dead"].append({"id": "j1", "reason": "crash"})
        history["end"]["status"].update(dead=2)
        history["end"]["status"]["counters"].update(done=2)
        history["faults"][2]["at"] = router_killed_at
        return history

    def test_an_end_that_was_told_may_be_lost_with_router_and_worker(self):
        self.assertEqual(self.verdict(self.done_and_dead(320 * MS))[1], [])

    def test_an_end_that_was_told_and_settled_is_the_only_one(self):
        self.convicted(self.done_and_dead(5000 * MS), "a is told done")

    def cut_short(self, stops):
        history = innocent()
        history["w2.worker"][-1] = f"{750 * MS} end d j4 1 abandoned"
        history["w3.worker"] = [f"{760 * MS} start d j4 1", f"{761 * MS} end d j4 1 done"]
        history["faults"] += [{"at": (710 + stop) * MS, "what": "term", "who": "w2"}
                              for stop in range(stops)]
        return history

    def test_a_worker_that_is_told_to_stop_twice_gives_back_what_runs(self):
        judge, breaches = self.verdict(self.cut_short(2))
        self.assertEqual((breaches, judge.reruns["stopped twice"]), ([], 1))

    def test_a_worker_that_is_told_to_stop_once_finishes_what_runs(self):
        self.convicted(self.cut_short(1), "without a cause")

    def test_a_result_that_is_not_its_own(self):
        history = innocent()
        history["p.producer"][7] = f"{900 * MS} finished a j1 done 2 w2 -"
        self.convicted(history, "wrong result")

    def test_a_rerun_without_a_cause(self):
        history = innocent()
        del history["faults"][1]
        self.convicted(history, "without a cause")

    def test_a_death_may_be_seen_after_what_follows_from_it(self):
        history = innocent()
        history["faults"][1] = {"at": 900 * MS, "what": "died", "who": "w1"}
        history["faults"].append({"at": 950 * MS, "what": "healed", "who": ""})
        judge, breaches = self.verdict(history)
        self.assertEqual((breaches, judge.reruns["died"]), ([], 1))

    def back_from_silence(self, attempt):
        history = innocent()
        history["w3.worker"] = [f"{760 * MS} start d j4 {attempt}",
                                f"{761 * MS} end d j4 {attempt} done"]
        history["faults"] += [{"at": 650 * MS, "what": "stop", "who": "w3"},
                              {"at": 755 * MS, "what": "continue", "who": "w3"}]
        return history

    def test_a_worker_may_run_what_it_had_before_it_fell_silent(self):
        judge, breaches = self.verdict(self.back_from_silence(1))
        self.assertEqual((breaches, judge.reruns["back from silence"]), ([], 1))

    def test_silence_is_no_cause_for_a_later_attempt(self):
        self.convicted(self.back_from_silence(2), "without a cause")

    def test_poison_is_a_cause_of_its_own(self):
        history = innocent()
        del history["faults"][1]
        history["p.producer"][0] = "0 submit a pd result stays"
        self.assertEqual(self.verdict(history)[1], [])

    def test_a_router_death_alone_is_no_cause(self):
        history = innocent()
        history["w2.worker"] += [f"{760 * MS} start d j4 1", f"{770 * MS} end d j4 1 done"]
        self.convicted(history, "without a cause")

    def test_a_fault_that_was_over_long_before_is_no_cause(self):
        history = innocent()
        late = 60_000 * MS
        history["w2.worker"] += [f"{late} start d j4 1", f"{late + 1} end d j4 1 done",
                                 f"{late + 9} start d j4 1", f"{late + 10} end d j4 1 done"]
        history["faults"] += [{"at": 700 * MS, "what": "stop", "who": "w2"},
                              {"at": 710 * MS, "what": "continue", "who": "w2"}]
        self.convicted(history, "without a cause")

    def starved(self, at):
        history = innocent()
        history["faults"][1] = {"at": at, "what": "starved", "who": "", "seconds": 0.6}
        return history

    def test_silence_of_a_starved_machine_is_a_cause(self):
        judge, breaches = self.verdict(self.starved(600 * MS))
        self.assertEqual((breaches, judge.reruns["the machine starved everybody"]), ([], 1))

    def test_a_machine_that_starves_later_is_no_cause(self):
        self.convicted(self.starved(1400 * MS), "without a cause")

    def test_the_same_job_twice_at_once_in_one_worker(self):
        history = innocent()
        history["w2.worker"].insert(9, f"{706 * MS} start d j4 1")
        self.convicted(history, "runs twice at once")

    def test_a_job_that_nobody_submitted(self):
        history = innocent()
        history["w2.worker"] += [f"{800 * MS} start z j9 1", f"{801 * MS} end z j9 1 done"]
        self.convicted(history, "nobody submitted")

    def test_a_second_job_beside_a_confirmed_one(self):
        history = innocent()
        history["w2.worker"] += [f"{760 * MS} start d j5 1", f"{770 * MS} end d j5 1 done"]
        history["faults"][2]["at"] = 800 * MS
        self.convicted(history, "no router died between")

    def test_an_unconfirmed_job_may_run_before_a_router_death(self):
        history = innocent()
        history["w2.worker"] += [f"{500 * MS} start d j5 1", f"{510 * MS} end d j5 1 done"]
        history["p.producer"].remove(f"{5 * MS} confirmed d j4")
        history["p.producer"].insert(-1, f"{800 * MS} confirmed d j4")
        self.assertEqual(self.verdict(history)[1], [])

    def expired_resend(self, router_killed_at):
        """d runs unconfirmed as j5; its resend j4 is confirmed and expires without a run."""
        history = innocent()
        history["p.producer"][3] = "3 submit d d none expires"
        history["p.producer"].remove(f"{5 * MS} confirmed d j4")
        history["p.producer"].insert(-1, f"{800 * MS} confirmed d j4")
        history["w2.worker"][-2:] = [f"{500 * MS} start d j5 1", f"{510 * MS} end d j5 1 done"]
        history["end"]["status"]["counters"].update(expired=1, done=2)
        history["faults"][2]["at"] = router_killed_at
        return history

    def test_a_resend_may_expire_without_a_run(self):
        self.assertEqual(self.verdict(self.expired_resend(600 * MS))[1], [])

    def test_a_router_death_after_the_confirm_explains_no_second_job(self):
        self.convicted(self.expired_resend(850 * MS), "no router died between")

    def test_one_attempt_too_few(self):
        history = innocent()
        history["end"]["dead"].append({"id": "j2", "reason": "failed"})
        self.convicted(history, "dead after 1 failures")

    def test_a_producer_that_still_waits(self):
        history = innocent()
        history["p.producer"].pop()
        self.convicted(history, "still waits")

    def test_a_refused_job(self):
        history = innocent()
        history["p.producer"].insert(4, "4 refused d 207")
        self.convicted(history, "was refused")

    def test_a_router_that_ends_by_itself(self):
        history = innocent()
        history["faults"].append({"at": 650 * MS, "what": "router-ended", "who": "", "code": -6})
        self.convicted(history, "ended by itself with -6")

    def test_counts_that_do_not_add_up(self):
        history = innocent()
        history["end"]["status"]["counters"]["accepted"] = 5
        self.convicted(history, "accepted 5")

    def test_a_journal_with_something_left(self):
        history = innocent()
        history["end"]["status"]["later"] = 1
        self.convicted(history, "not at rest")

    def test_a_damaged_journal(self):
        history = innocent()
        history["end"]["check"] = {"code": 65, "text": "row"}
        self.convicted(history, "zcrew check exits 65")


if __name__ == "__main__":
    unittest.main()
