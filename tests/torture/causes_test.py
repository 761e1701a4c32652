"""The judge is judged: what is a cause for running a job again, and what only looks like one. Each
planted wrong stands beside an innocent history like it.
"""

import sys
import unittest

sys.dont_write_bytecode = True
from innocent import MS, S, JudgeCase, fault, innocent  # noqa: E402


class CausesTest(JudgeCase):
    def again(self, *lines_and_faults, begins=10 * S, after=2 * S, outcome="done", receipt=None):
        """d runs a second at w2 from `begins` on, and at w3 so long after that began."""
        history = innocent()
        del history["w2.worker"][-2:]
        end = [f"{begins + S} end d j4 1 {outcome}"] if outcome else []
        words = [f"{begins} start d j4 1", *end,
                 *(each for each in lines_and_faults if isinstance(each, str))]
        history["w2.worker"] += sorted(words, key=lambda line: int(line.split(" ")[0]))
        history["w3.worker"] = [f"{9 * S} connected", f"{begins + after} start d j4 1",
                                f"{begins + after + 1} end d j4 1 done"]
        history["faults"] += [each for each in lines_and_faults if not isinstance(each, str)]
        if receipt is not None:
            history["p.producer"][3] = "3 submit d d result stays"
            history["p.producer"].insert(-1, f"{receipt} finished d j4 done 1 w2 true")
        return history

    def doubled(self, *lines_and_faults, **more):
        self.convicted(self.again(*lines_and_faults, **more), "without a cause")

    def caused(self, cause, *lines_and_faults, **more):
        self.acquitted(self.again(*lines_and_faults, **more), **{cause: 1})

    # ---- deaths ----

    def test_a_rerun_without_a_cause(self):
        self.doubled()

    def test_a_worker_that_is_killed_with_its_job(self):
        history = self.again(fault(int(10.5 * S), "kill", "w2"), outcome="")
        self.acquitted(history, kill=2)  # with that of innocent()

    def test_a_job_that_goes_elsewhere_before_any_router_gives_its_worker_up(self):
        self.doubled(fault(10 * S + 100 * MS, "kill", "w2"), outcome="", after=200 * MS)

    def test_a_worker_that_is_killed_before_its_outcome_arrives(self):
        history = self.again(fault(11 * S + 100 * MS, "kill", "w2"))
        self.acquitted(history, kill=2)

    def test_a_death_long_after_the_job_was_done(self):
        self.doubled(fault(69 * S, "kill", "w2"), after=60 * S)

    def test_a_reset_long_after_the_job_was_done(self):
        self.doubled(fault(30 * S, "reset", "w2"), f"{30 * S + 1} disconnected",
                     f"{31 * S} connected", after=25 * S)

    def test_a_death_may_be_seen_after_what_follows_from_it(self):
        self.caused("died", fault(13 * S, "died", "w2"), outcome="")

    def test_the_death_of_a_worker_that_said_something_later_is_no_cause(self):
        self.doubled(fault(13 * S, "died", "w2"), f"{int(12.9 * S)} disconnected")

    def poison(self, *words, at=12 * S):
        history = self.again(*words, outcome="")
        history["p.producer"][3] = "3 submit d pd none stays"
        history["w3.worker"][1:] = [f"{at} start d j4 2", f"{at + 1} end d j4 2 done"]
        return history

    def test_poison_is_a_cause_of_its_own(self):
        self.acquitted(self.poison(), poison=1)

    def test_poison_does_not_work_at_once(self):
        self.convicted(self.poison(at=10 * S + 100 * MS), "without a cause")

    def test_poison_that_its_worker_survives_is_none(self):
        self.convicted(self.poison(f"{11 * S} disconnected"), "without a cause")

    # ---- the word that it is done ----

    def stopped_behind_it(self, **more):
        """Its worker stands still 100 ms after it was done, and is given up."""
        return self.again(fault(11 * S + 100 * MS, "stop", "w2"), fault(15 * S, "continue", "w2"),
                          f"{15 * S + 1} disconnected", f"{16 * S} connected", after=6 * S, **more)

    def test_silence_right_behind_an_outcome_may_have_held_it_up(self):
        self.acquitted(self.stopped_behind_it(), stop=1)

    def test_what_its_producer_knows_to_be_done_is_not_run_again(self):
        self.convicted(self.stopped_behind_it(receipt=11 * S + 50 * MS), "without a cause")

    def forgotten(self, router_died_at):
        """It is told done; then its worker is killed, and the router too."""
        return self.again(fault(router_died_at, "router-kill"),
                          fault(router_died_at + S, "router-up"),
                          fault(router_died_at + 50 * MS, "kill", "w2"), after=60 * S,
                          receipt=11 * S + 50 * MS)

    def test_a_router_and_a_worker_may_die_before_an_outcome_is_on_disk(self):
        self.acquitted(self.forgotten(11 * S + 100 * MS), kill=2)

    def test_a_router_and_a_worker_that_die_later(self):
        self.convicted(self.forgotten(15 * S), "without a cause")

    def test_a_router_death_alone_is_no_cause(self):
        self.doubled(fault(int(10.5 * S), "router-kill"), fault(int(10.6 * S), "router-up"),
                     f"{int(10.5 * S) + 1} disconnected", f"{int(10.7 * S)} connected")

    # ---- silence ----

    def stopped(self, seconds, *words, **more):
        return self.again(fault(int(10.1 * S), "stop", "w2"),
                          fault(int((10.1 + seconds) * S), "continue", "w2"), *words, **more)

    def test_a_worker_that_stood_still_until_it_was_given_up(self):
        self.acquitted(self.stopped(4, f"{int(14.2 * S)} disconnected", f"{15 * S} connected",
                                    after=5 * S, outcome=""), stop=1)

    def test_a_worker_that_stood_still_and_was_not_given_up(self):
        self.convicted(self.stopped(4, after=5 * S, outcome=""), "without a cause")

    def test_a_worker_that_stood_still_too_shortly_to_be_given_up(self):
        self.convicted(self.stopped(0.3, f"{int(10.5 * S)} disconnected", f"{11 * S} connected",
                                    outcome=""), "without a cause")

    def test_a_worker_that_was_there_again_before_it_took_the_job(self):
        self.doubled(fault(5 * S, "stop", "w2"), fault(9 * S, "continue", "w2"),
                     f"{9 * S + 1} disconnected", f"{int(9.5 * S)} connected")

    def cut(self, *words, mends=(13,), **more):
        return self.again(*[fault(10 * S + 1, "cut", "w2", sets=["to_router"]) for _ in mends],
                          *[fault(mend * S, "mend", "w2") for mend in mends], *words, **more)

    def test_a_link_that_was_cut_until_its_worker_connected_anew(self):
        self.acquitted(self.cut(f"{int(12.9 * S)} disconnected", f"{14 * S} connected",
                                after=5 * S), cut=1)

    def test_a_worker_that_finds_out_late_that_it_was_given_up(self):
        words = f"{int(15.5 * S)} disconnected", f"{16 * S} connected"
        self.acquitted(self.cut(*words, mends=(12,), after=7 * S), cut=1)
        self.convicted(self.cut(*words, mends=(11,), after=7 * S), "without a cause")

    def test_a_worker_that_was_there_again_and_lost_its_router(self):
        words = (f"{int(12.9 * S)} disconnected", f"{14 * S} connected",
                 fault(16 * S, "router-kill"), f"{16 * S} disconnected",
                 fault(17 * S, "router-up"), f"{18 * S} connected")
        self.acquitted(self.cut(*words, after=5 * S), cut=1)
        later = self.cut(*words, after=9 * S)
        later["w2.worker"] = [line for line in later["w2.worker"] if " d j4 " not in line]
        later["w2.worker"].insert(-2, f"{15 * S} start d j4 1")
        self.convicted(later, "without a cause")

    def test_a_link_that_was_cut_and_held(self):
        self.convicted(self.cut(after=5 * S), "without a cause")

    def test_of_two_cuts_the_last_mend_counts(self):
        words = f"{19 * S} disconnected", f"{20 * S} connected"
        self.acquitted(self.cut(*words, mends=(11, 18), after=12 * S), cut=1)
        self.convicted(self.cut(*words, mends=(11, 12), after=12 * S), "without a cause")

    def test_a_worker_that_is_killed_before_it_sees_that_it_is_given_up(self):
        self.acquitted(self.cut(fault(15 * S, "kill", "w2"), mends=(14,), after=4 * S, outcome=""),
                       cut=1)

    def reset(self, back, who="w2", relayed=True):
        words = f"{int(10.1 * S)} disconnected", f"{int(10.1 * S) + back} connected"
        return self.again(fault(8 * S, "worker-start", "w2", relayed=relayed),
                          fault(int(10.1 * S), "reset", who), *words)

    def test_a_worker_that_comes_back_after_the_grace(self):
        self.acquitted(self.reset(300 * MS), reset=1)
        self.acquitted(self.reset(300 * MS, "relay"), reset=1)

    def test_a_worker_that_comes_back_within_the_grace(self):
        self.convicted(self.reset(20 * MS), "without a cause")

    def reset_while_stopped(self, stop, go_on):
        """And it finds out when it goes on."""
        return self.again(fault(stop, "stop", "w2"), fault(int(10.1 * S), "reset", "w2"),
                          fault(go_on, "continue", "w2"), f"{go_on + 1} disconnected",
                          f"{go_on + 20 * MS} connected", after=500 * MS)

    def test_a_worker_that_is_cut_off_while_it_stands_still(self):
        self.acquitted(self.reset_while_stopped(10 * S + 1, 15 * S), reset=1)

    def test_a_worker_that_stands_still_long_after_it_was_cut_off(self):
        self.convicted(self.reset_while_stopped(12 * S, 15 * S), "without a cause")

    def test_an_earlier_trouble_is_no_cause_for_what_a_later_one_does(self):
        """Neither is one by itself: the first cost no connection, the second was too short."""
        stop = (fault(int(11.3 * S), "stop", "w2"), fault(int(11.9 * S), "continue", "w2"),
                f"{int(12.1 * S)} disconnected", f"{int(12.3 * S)} connected")
        self.doubled(fault(int(10.4 * S), "starved", seconds=0.3), *stop, after=3 * S)
        cut = (fault(int(10.1 * S), "cut", "w2", sets=["to_router"]),
               fault(int(10.6 * S), "mend", "w2"))
        later = (fault(int(14.3 * S), "stop", "w2"), fault(int(14.8 * S), "continue", "w2"),
                 f"{int(15.2 * S)} disconnected", f"{int(15.4 * S)} connected")
        self.doubled(*cut, *later, after=6 * S, outcome="")

    def test_troubles_in_turn_are_no_cause_from_the_first_to_the_last(self):
        stops = [each for begin in range(113, 300, 12)
                 for each in (fault(begin * S // 10, "stop", "w2"),
                              fault((begin + 3) * S // 10, "continue", "w2"))]
        self.doubled(fault(int(10.1 * S), "reset", "w2"), *stops, f"{29 * S} disconnected",
                     f"{29 * S + 20 * MS} connected", after=15 * S, outcome="")

    def test_the_relay_is_nothing_to_a_worker_that_is_not_behind_it(self):
        self.convicted(self.reset(300 * MS, "relay", False), "without a cause")

    def starved(self, at):
        return self.again(fault(at, "starved", seconds=0.6), f"{int(10.7 * S)} disconnected",
                          f"{11 * S} connected", outcome="", after=3 * S)

    def test_silence_of_a_starved_machine_is_a_cause(self):
        self.acquitted(self.starved(int(10.6 * S)), the_machine_starved_everybody=1)

    def test_a_machine_that_starves_later_is_none(self):
        self.convicted(self.starved(int(12.6 * S)), "without a cause")

    def away(self, until):
        return self.again(fault(10 * S, "reset", "w2"), f"{10 * S + 1} disconnected",
                          f"{until * S} connected", after=19 * S, outcome="")

    def test_a_worker_that_comes_back_by_itself(self):
        self.acquitted(self.away(14), reset=1)

    def test_a_worker_that_stays_away_for_no_reason(self):
        self.convicted(self.away(16), "w2 was not connected for 6.0 s")

    def back_from_silence(self, attempt, since=6, until=13):
        """w3 had d before w2, stood still, and begins it when it goes on."""
        history = self.again(fault(since * S, "stop", "w3"), fault(until * S, "continue", "w3"),
                             after=3 * S + 1)
        history["w3.worker"] = [f"{5 * S} connected", f"{13 * S + 1} start d j4 {attempt}",
                                f"{13 * S + 2} end d j4 {attempt} abandoned"]
        at = until * S + 9
        history["w3.worker"] += [f"{at} disconnected", f"{at + 20 * MS} connected"]
        history["w3.worker"].sort(key=lambda line: int(line.split(" ")[0]))
        return history

    def test_a_worker_may_run_what_it_had_before_it_fell_silent(self):
        self.acquitted(self.back_from_silence(1), back_from_silence=1)

    def test_silence_is_no_cause_for_a_later_attempt(self):
        self.convicted(self.back_from_silence(2), "without a cause")

    def test_a_worker_that_was_not_given_up_before_it_ran_elsewhere(self):
        self.convicted(self.back_from_silence(1, since=9), "without a cause")

    def test_a_worker_that_is_there_again_has_given_it_up(self):
        self.convicted(self.back_from_silence(1, until=11), "without a cause")

    # ---- failures and goodbyes ----

    def test_a_released_job_runs_again(self):
        self.caused("released", outcome="released")

    def test_a_failure_that_was_not_counted(self):
        self.doubled(outcome="failed")

    def cut_short(self, stops):
        return self.again(*[fault(int(10.1 * S) + stop, "term", "w2") for stop in range(stops)],
                          outcome="abandoned")

    def test_a_worker_that_is_told_to_stop_twice_gives_back_what_runs(self):
        self.acquitted(self.cut_short(2), stopped_twice=1)

    def test_a_worker_that_is_told_to_stop_once_finishes_what_runs(self):
        self.convicted(self.cut_short(1), "without a cause")

    # ---- jobs that were not confirmed ----

    def unconfirmed(self, submitted=3, began=500 * MS, heard=800 * MS):
        """d ran as j5 at w2, and as j4 when its producer had sent it again."""
        history = innocent()
        history["w2.worker"] += [f"{began} start d j5 1", f"{began + 1} end d j5 1 done"]
        history["w2.worker"].sort(key=lambda line: int(line.split(" ")[0]))
        history["p.producer"].remove(f"{5 * MS} confirmed d j4")
        history["p.producer"].insert(-1, f"{heard} confirmed d j4")
        history["p.producer"][3] = f"{submitted} submit d d none stays"
        return history

    def test_an_unconfirmed_job_may_run_before_a_router_death(self):
        self.acquitted(self.unconfirmed())

    def test_and_until_its_worker_knows_of_the_next_router(self):
        self.acquitted(self.unconfirmed(began=679 * MS))

    def test_but_not_when_that_has_taken_it_away(self):
        self.convicted(self.unconfirmed(began=2 * S), "no router died between")

    def test_nor_when_the_router_died_before_it_was_submitted(self):
        self.convicted(self.unconfirmed(submitted=650 * MS, began=660 * MS),
                       "no router died between")

    def test_nor_when_it_was_confirmed_before_the_router_died(self):
        self.convicted(self.unconfirmed(heard=550 * MS), "no router died between")

    def expired_resend(self, router_killed_at):
        """d runs unconfirmed as j5; its resend j4 is confirmed and expires without a run."""
        history = self.unconfirmed(began=500 * MS)
        history["p.producer"][3] = "3 submit d d none expires"
        history["w2.worker"] = [line for line in history["w2.worker"] if " d j4 " not in line]
        history["end"]["status"]["counters"].update(expired=1, done=2)
        history["faults"][2]["at"] = router_killed_at
        history["faults"][3]["at"] = router_killed_at + 50 * MS
        history["faults"].append(fault(2 * S, "clock", seconds=600))
        return history

    def test_a_resend_may_expire_without_a_run(self):
        self.acquitted(self.expired_resend(600 * MS))

    def test_a_router_death_after_the_confirm_explains_no_second_job(self):
        self.convicted(self.expired_resend(850 * MS), "no router died between")


if __name__ == "__main__":
    unittest.main()
