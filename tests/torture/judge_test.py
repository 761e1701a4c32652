"""The judge is judged: an innocent round passes, and each planted wrong is called by its name.
Here: ends, counts, dead letters; causes_test.py has runs and what is a cause for them.
"""

import sys
import unittest

sys.dont_write_bytecode = True
from innocent import MS, S, JudgeCase, add_dead, fault, innocent, letter  # noqa: E402


class JudgeTest(JudgeCase):
    def test_an_innocent_round_passes(self):
        judge, breaches = self.verdict(innocent())
        self.assertEqual(breaches, [])
        self.assertEqual(dict(judge.reruns), {"kill": 1, "failed": 1})
        self.assertEqual((judge.figures["confirmed"], judge.figures["done"],
                          judge.figures["dead"], judge.figures["lost"]), (4, 3, 1, 0))

    def test_it_says_how_much_a_round_could_have_shown(self):
        history = innocent()
        history["w3.worker"] = [f"{1 * MS} connected", f"{90 * S} disconnected"]
        judge = self.acquitted(history)
        # All but the run of the worker that was killed with it.
        self.assertEqual(judge.figures["runs without an excuse"], 5)
        self.assertEqual(judge.figures["router kills amid them"], 1)
        self.assertEqual(judge.figures["needless runs planted"], 3)
        self.assertEqual(judge.figures["of them named"], 3)
        self.assertEqual(judge.figures["worker time under a cause, ms"], 0)

    def test_a_confirmed_job_that_nobody_ended_is_lost(self):
        history = innocent()
        history["w2.worker"] = history["w2.worker"][:-2]
        self.convicted(history, "lost: d")

    def expired(self, *more_faults):
        """d is not started and expires."""
        history = innocent()
        history["w2.worker"] = history["w2.worker"][:-2]
        history["p.producer"][3] = "3 submit d d none expires"
        history["end"]["status"]["counters"].update(expired=1, done=2)
        history["faults"] += more_faults
        return history

    def test_a_job_expires_when_the_calendar_has_passed_its_time(self):
        self.acquitted(self.expired(fault(800 * MS, "clock", seconds=600)))

    def test_an_expiry_before_its_time(self):
        self.convicted(self.expired(fault(800 * MS, "clock", seconds=200)), "before its time")

    def test_an_expiry_that_the_router_does_not_know_of_is_a_loss(self):
        history = self.expired(fault(800 * MS, "clock", seconds=600))
        history["end"]["status"]["counters"].update(expired=0, done=3)
        self.convicted(history, "lost: 1 jobs seem to have expired")

    def started(self, at):
        """The calendar passes the time of d at 800 ms."""
        history = self.expired(fault(800 * MS, "clock", seconds=600))
        history["w2.worker"] += [f"{at} start d j4 1", f"{at + 9} end d j4 1 done"]
        history["end"]["status"]["counters"].update(expired=0, done=3)
        return history

    def test_what_was_handed_out_in_time_may_begin_a_little_later(self):
        self.acquitted(self.started(900 * MS))

    def test_what_was_handed_out_in_time_may_come_late_through_the_relay(self):
        history = self.started(1300 * MS)
        self.convicted(history, "after it had expired")
        history["faults"].append(fault(1, "worker-start", "w2", relayed=True))
        self.acquitted(history)

    def test_what_was_handed_out_in_time_waits_for_what_its_worker_runs(self):
        history = self.started(5 * S)
        history["w2.worker"] = [line for line in history["w2.worker"] if " b j2 2" not in line]
        history["w2.worker"][-2:-2] = [f"{750 * MS} start b j2 2", f"{4900 * MS} end b j2 2 done"]
        self.acquitted(history)

    def test_a_start_after_the_expiry(self):
        self.convicted(self.started(5 * S), "after it had expired")

    def test_a_start_after_the_word_that_it_has_expired(self):
        history = self.started(5 * S)
        history["faults"].append(fault(2 * S, "clock", seconds=0))
        self.acquitted(history)
        history["p.producer"][3] = "3 submit d d result expires"
        history["p.producer"].insert(-1, f"{850 * MS} finished d j4 expired 0 - -")
        self.convicted(history, "after it had expired")

    def test_expired_and_dead(self):
        history = self.expired(fault(800 * MS, "clock", seconds=600))
        history["p.producer"][3] = "3 submit d d result expires"
        history["p.producer"].insert(-1, f"{850 * MS} finished d j4 expired 0 - -")
        self.acquitted(history)
        self.crashes(history, "d j4", 4 * S)
        self.convicted(history, "d is told expired, but is a dead letter")

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
        add_dead(history, letter("j1", "failed", *[("failed", "w2")] * 4))
        self.convicted(history, "a is told done")

    def test_done_without_a_receipt_and_dead(self):
        history = innocent()
        add_dead(history, letter("j4", "failed", *[("failed", "w2")] * 4))
        self.convicted(history, "d is done, and a dead letter")

    def done_and_dead(self, router_killed_at):
        """a is told done by w1, which is killed at 400 ms; its next runs crash."""
        history = innocent()
        history["p.producer"][7] = f"{300 * MS} finished a j1 done 1 w1 true"
        history["w1.worker"].append(f"{299 * MS} end a j1 1 done")
        history["w2.worker"] = [line for line in history["w2.worker"] if " a j1 " not in line]
        self.crashes(history, "a j1", 4 * S)
        history["end"]["status"]["counters"].update(done=2, accepted=4)
        history["faults"][2]["at"] = router_killed_at
        history["faults"][3]["at"] = router_killed_at + 50 * MS
        return history

    @staticmethod
    def crashes(history, job, at):
        """Three workers are killed with it."""
        for number, worker in enumerate(("w3", "w4", "w5"), 1):
            start = at + number * S
            history[f"{worker}.worker"] = [f"{start} connected", f"{start} start {job} {number}"]
            history["faults"].append(fault(start + 100 * MS, "kill", worker))
        add_dead(history, letter(job.split(" ")[1], "crash", ("crash", "w3"), ("crash", "w4"),
                                 ("crash", "w5")))

    def test_an_end_that_was_told_may_be_lost_with_router_and_worker(self):
        self.acquitted(self.done_and_dead(320 * MS))

    def test_an_end_that_was_told_and_settled_is_the_only_one(self):
        self.convicted(self.done_and_dead(5 * S), "a is told done")

    def test_a_result_that_is_not_its_own(self):
        history = innocent()
        history["p.producer"][7] = f"{900 * MS} finished a j1 done 2 w2 -"
        self.convicted(history, "wrong result")

    def test_the_same_job_twice_at_once_in_one_worker(self):
        history = innocent()
        history["w2.worker"].insert(9, f"{706 * MS} start d j4 1")
        self.convicted(history, "runs twice at once")

    def test_a_job_that_nobody_submitted(self):
        history = innocent()
        history["w2.worker"] += [f"{800 * MS} start z j9 1", f"{801 * MS} end z j9 1 done"]
        self.convicted(history, "nobody submitted")

    # ---- attempts ----

    def failing(self, times, end="done"):
        """b fails so many times, 100 ms apart and all of it after the router's death."""
        history = innocent()
        history["w2.worker"] = [line for line in history["w2.worker"] if " b j2 " not in line]
        for number in range(1, times + 1):
            at = S + number * 100 * MS
            history["w2.worker"] += [f"{at} start b j2 {number}",
                                     f"{at + 1} end b j2 {number} failed"]
        if end:
            at, number = S + (times + 1) * 100 * MS, times + 1
            history["w2.worker"] += [f"{at} start b j2 {number}",
                                     f"{at + 1} end b j2 {number} {end}"]
        return history

    def test_three_failures_of_four_attempts_and_done(self):
        self.acquitted(self.failing(3), failed=3)

    def test_four_failures_of_four_attempts_and_done(self):
        self.convicted(self.failing(4), "j2 failed 4 times, of 4")

    def test_eleven_failures_of_four_attempts(self):
        self.convicted(self.failing(11), "j2 failed 11 times, of 4")

    def failed(self, times):
        history = self.failing(times, "")
        add_dead(history, letter("j2", "failed", *[("failed", "w2")] * times))
        history["end"]["status"]["counters"].update(done=2, accepted=4)
        return history

    def test_dead_after_all_attempts(self):
        self.acquitted(self.failed(4), failed=3)

    def test_dead_after_too_few_attempts(self):
        self.convicted(self.failed(3), "dead as failed after {'failed': 3}")

    def test_a_dying_router_forgets_the_failure_before_the_newest_attempt(self):
        history = self.failed(4)
        history["w2.worker"][1:1] = [
            f"{580 * MS} start b j2 1", f"{581 * MS} end b j2 1 failed",
            f"{590 * MS} start b j2 2", f"{591 * MS} end b j2 2 failed"]
        history["w2.worker"] = [line for line in history["w2.worker"] if "b j2 1" not in line or
                                int(line.split(" ")[0]) < S]
        self.acquitted(history, failed=4)

    def test_an_attempt_that_does_not_count_the_failure_before(self):
        history = self.failing(1, "")
        history["w2.worker"] += [f"{2 * S} start b j2 1", f"{2 * S + 1} end b j2 1 done"]
        self.convicted(history, "j2 is in attempt 1 after 1 failures")

    def test_an_attempt_beyond_all_that_failed_or_crashed(self):
        history = self.failing(1, "")
        history["w2.worker"] += [f"{2 * S} start b j2 4", f"{2 * S + 1} end b j2 4 done"]
        self.acquitted(history)  # two workers that were lost before it began there
        history["w2.worker"][-2:] = [f"{2 * S} start b j2 5", f"{2 * S + 1} end b j2 5 done"]
        self.convicted(history, "j2 is in attempt 5 after 1 failures")

    def test_an_attempt_before_the_last(self):
        history = innocent()
        history["w1.worker"][1] = f"{10 * MS} start a j1 2"
        history["w2.worker"] = [line.replace("a j1 2", "a j1 1") for line in history["w2.worker"]]
        history["p.producer"][7] = f"{900 * MS} finished a j1 done 1 w2 true"
        self.acquitted(history)  # a router that died had forgotten a crash
        history["faults"][2:] = [fault(2 * S, "router-kill"), fault(3 * S, "router-up")]
        self.convicted(history, "j1 is in attempt 1 after attempt 2")

    def told(self, receipt):
        history = innocent()
        history["p.producer"][7] = f"{900 * MS} finished a j1 {receipt} true"
        return history

    def test_a_receipt_of_a_worker_that_did_not_do_it(self):
        self.convicted(self.told("done 2 w1"), "told done by w1 in attempt 2, which nobody")

    def test_a_receipt_of_more_attempts_than_there_were(self):
        self.convicted(self.told("done 3 w2"), "told done by w2 in attempt 3, which nobody")

    def test_only_a_router_that_died_tells_fewer_attempts_than_there_were(self):
        history = self.told("done 1 w2")
        self.acquitted(history)
        history["faults"][2:] = [fault(2 * S, "router-kill"), fault(3 * S, "router-up")]
        self.convicted(history, "told done by w2 in attempt 1, which nobody")

    # ---- dead letters ----

    def test_a_job_that_never_ran_is_dead_of_crashes(self):
        history = innocent()
        history["w2.worker"] = history["w2.worker"][:-2]
        add_dead(history, letter("j4", "crash", *[("crash", "w2")] * 3))
        self.convicted(history, "dead as crash, of a crash at w2 that nobody recorded")

    def crashed(self):
        history = innocent()
        history["w2.worker"] = history["w2.worker"][:-2]
        self.crashes(history, "d j4", S)
        history["end"]["status"]["counters"].update(done=2, accepted=4)
        return history

    def test_a_job_that_takes_three_workers_along_is_dead(self):
        self.acquitted(self.crashed(), kill=3)

    def test_each_crash_needs_a_death_of_its_own(self):
        history = self.crashed()
        history["end"]["dead"][-1] = letter("j4", "crash", *[("crash", "w3")] * 3)
        self.convicted(history, "of a crash at w3 that nobody recorded")

    def test_a_crash_and_an_end_at_one_worker(self):
        history = innocent()
        history["w2.worker"] = [line for line in history["w2.worker"] if " c j3 " not in line]
        history["w3.worker"] = [f"{S} connected", f"{9 * S} disconnected", f"{10 * S} connected",
                                f"{11 * S} start c j3 2", f"{11 * S + 1} end c j3 2 rejected"]
        history["faults"] += [fault(5 * S, "stop", "w3"), fault(9 * S, "continue", "w3"),
                              fault(11 * S + 100 * MS, "kill", "w3")]
        history["end"]["dead"] = [letter("j3", "rejected", ("crash", "w3"), ("rejected", "w3"))]
        history["p.producer"][8] = f"{12 * S} finished c j3 dead 2 w3 -"
        self.acquitted(history)  # the crash was of a run that did not begin

    def test_two_crashes_are_too_few(self):
        history = self.crashed()
        history["end"]["dead"][-1] = letter("j4", "crash", ("crash", "w3"), ("crash", "w4"))
        self.convicted(history, "dead as crash after {'crash': 2}")

    def test_an_unknown_reason(self):
        history = innocent()
        history["end"]["dead"] = [letter("j3", "bored", ("rejected", "w2"))]
        self.convicted(history, "dead as bored, which is no reason")

    def test_a_reason_that_its_history_does_not_give(self):
        history = innocent()
        history["end"]["dead"] = [letter("j3", "failed", ("rejected", "w2"))]
        self.convicted(history, "dead as failed after {'rejected': 1}")

    def test_a_reason_that_is_not_the_last_of_its_history(self):
        history = self.crashed()
        history["end"]["dead"][-1]["history"] += letter("", "", ("failed", "w2"))["history"]
        self.convicted(history, "dead as crash after {'crash': 3, 'failed': 1}")

    def test_a_redrive_that_nobody_asked_for(self):
        history = innocent()
        history["end"]["dead"] = [letter("j3", "rejected", ("redriven", ""), ("rejected", "w2"))]
        self.convicted(history, "j3 is dead after {'redriven': 1, 'rejected': 1}")

    def test_one_failure_that_is_counted_twice(self):
        history = self.failed(4)
        history["w2.worker"] = history["w2.worker"][:-2]
        self.convicted(history, "of a failed at w2 that nobody recorded")

    def test_a_history_that_nobody_recorded(self):
        history = innocent()
        history["end"]["dead"] = [letter("j3", "rejected", ("rejected", "w1"))]
        self.convicted(history, "of a rejected at w1 that nobody recorded")

    def test_attempts_that_skip_one(self):
        history = innocent()
        history["end"]["dead"][0]["history"][0]["attempt"] = 2
        self.convicted(history, "dead after attempts [2]")

    def test_a_receipt_that_its_letter_contradicts(self):
        history = innocent()
        history["p.producer"][8] = f"{900 * MS} finished c j3 dead 3 w2 -"
        self.convicted(history, "c is told dead after 3 attempts, its letter says 1")

    def test_a_rejected_job_that_goes_on(self):
        history = innocent()
        history["end"]["dead"] = []
        history["end"]["status"].update(dead=0)
        history["end"]["status"]["counters"].update(done=4)
        history["w2.worker"] += [f"{800 * MS} start c j3 1", f"{801 * MS} end c j3 1 done"]
        history["p.producer"][8] = f"{900 * MS} finished c j3 done 1 w2 true"
        self.convicted(history, "c was rejected, but is no dead letter")

    # ---- the rest ----

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
