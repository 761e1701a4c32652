"""What a person does with submit, worker, status and set, and how the commands say no."""

import base64
import re
import signal
import subprocess

from crew import json_lines, wait_until
from crew_test import CrewTest, main


class Localhost(CrewTest):
    def test_a_router_listens_on_it(self):
        router = self.crew.run("router", [
            self.crew.tool, "router", "--journal", ":memory:", "--clients", "tcp://localhost:*",
            "--workers", "tcp://localhost:*"])
        here = r"tcp://127\.0\.0\.1:\d+"
        router.wait_log(f"clients at {here}, workers at {here}")


class SlowReader(CrewTest):
    """Nobody reads the pipe that is standard output: an interrupt ends it, with a true count."""

    def test_what_was_heard_is_counted_and_what_was_not_printed_is_said(self):
        router = self.crew.router()
        jobs = 30000
        lines = self.folder / "lines"
        lines.write_text("x\n" * jobs)
        submit = subprocess.Popen(router.submit_arguments("--ids", "--lines", lines),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            router.wait_status(lambda s: s["ready"] == jobs, "all jobs to be there")
            submit.send_signal(signal.SIGINT)
            self.assertEqual(submit.wait(20), 130)
            out, err = submit.communicate()
        finally:
            submit.kill()
        ids = out.splitlines()
        self.assertTrue(all(re.fullmatch(r"q\d+p5n\d+", one) for one in ids))
        self.assertIn(f"submitted {jobs}, confirmed {jobs}", err)
        self.assertIn(f"{jobs - len(ids)} lines were not printed", err)


class Submit(CrewTest):
    def setUp(self):
        self.router = self.crew.router()

    def start_worker(self, *command, flags=()):
        worker = self.router.worker("worker", *flags, command=command)
        self.router.wait_workers(1)
        return worker

    def test_a_job_per_argument_line_and_file(self):
        self.start_worker("cat")
        (self.folder / "lines").write_text("one\ntwo\n")
        (self.folder / "file").write_bytes(b"bytes\nof a file")
        self.assertEqual({one["result"] for one in self.router.results("a", "b c")}, {"a", "b c"})
        self.assertEqual({one["result"] for one in self.router.results("--lines", "lines")},
                         {"one", "two"})
        self.assertEqual([one["result"] for one in self.router.results("--files", "file")],
                         ["bytes\nof a file"])
        piped = self.crew.call(self.router.submit_arguments("--wait", "--json", "--lines", "-"),
                               stdin="x\ny\n")
        self.assertEqual({one["result"] for one in json_lines(piped.stdout)}, {"x", "y"})

    def test_a_result_line_has_id_outcome_attempts_worker_result(self):
        self.start_worker("cat")
        (one,) = self.router.results("x")
        self.assertRegex(one["id"], r"^q\d+p5n\d+$")
        self.assertEqual({key: one[key] for key in ("outcome", "attempts", "worker", "result")},
                         {"outcome": "done", "attempts": 1, "worker": "worker", "result": "x"})

    def test_a_result_that_is_not_text_comes_as_base64(self):
        self.start_worker("printf", r"\377\000x")
        (one,) = self.router.results("x")
        self.assertEqual(base64.b64decode(one["result_base64"]), b"\xff\0x")
        self.assertNotIn("result", one)

    def test_ordered_results_come_in_the_order_of_the_jobs(self):
        self.start_worker("sh", "-c", 'n=$(cat); sleep "0.0$((9 - n))"; echo "$n"',
                          flags=("--concurrency", "9"))
        jobs = [str(n) for n in range(1, 9)]
        results = self.router.results("--ordered", *jobs)
        self.assertEqual([one["result"].strip() for one in results], jobs)

    def test_an_empty_and_a_large_payload_come_back_whole(self):
        self.start_worker("cat")
        (self.folder / "empty").write_bytes(b"")
        large = self.seeded().randbytes(1 << 20)
        (self.folder / "large").write_bytes(large)
        results = self.router.results("--ordered", "--files", "empty", "large")
        self.assertEqual(results[0]["result"], "")
        self.assertEqual(base64.b64decode(results[1]["result_base64"]), large)

    def test_a_large_payload_survives_a_restart(self):
        large = self.seeded().randbytes(1 << 20)
        (self.folder / "large").write_bytes(large)
        submit = self.router.submit("--wait", "--json", "--files", "large")
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 1, "it to be confirmed")
        self.router.restart()
        self.router.worker("worker", command=["cat"])
        self.assertEqual(submit.wait(), 0)
        (one,) = json_lines(submit.out())
        self.assertEqual(base64.b64decode(one["result_base64"]), large)

    def test_without_wait_it_ends_when_the_jobs_are_safe(self):
        self.crew.zcrew("submit", "--router", self.router.clients, "a", "b")
        counters = self.router.counters()
        self.assertEqual((counters["accepted"], counters["confirmed"]), (2, 2))
        self.router.restart()
        self.assertEqual(self.router.status()["ready"], 2)


class Worker(CrewTest):
    def setUp(self):
        self.router = self.crew.router()

    def test_the_command_knows_job_attempt_and_queue(self):
        self.router.worker("w", "--queue", "mail", command=[
            "sh", "-c", 'echo "$ZCREW_JOB_ID $ZCREW_ATTEMPT $ZCREW_QUEUE"'])
        (one,) = self.router.results("--queue", "mail", "x")
        self.assertEqual(one["result"].split(), [one["id"], "1", "mail"])

    def test_a_command_that_cannot_be_started_is_said_at_start(self):
        run = self.crew.zcrew("worker", "--router", self.router.workers, "--", "/no/such/command",
                              check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("/no/such/command", run.stderr)

    def test_a_worker_whose_program_goes_away_says_so_once_and_ends(self):
        program = self.folder / "program"
        program.write_text("#!/bin/sh\ncat\n")
        program.chmod(0o755)
        worker = self.router.worker("w", "--concurrency", "4", command=[program])
        self.assertEqual(self.router.results("x")[0]["result"], "x")
        program.unlink()
        jobs = [str(n) for n in range(20)]
        submit = self.router.submit("--wait", "--json", "--attempts", "1", *jobs)
        self.assertEqual(worker.wait(), 78)
        self.assertEqual(len([line for line in worker.log().splitlines()
                              if "cannot start" in line]), 1, worker.log())
        self.assertIn("put the file back", worker.log())
        self.router.worker("next", command=["cat"])
        self.assertEqual(submit.wait(), 0)
        self.assertEqual({one["attempts"] for one in json_lines(submit.out())}, {1})
        counters = self.router.counters()
        self.assertEqual((counters["failed"], counters["crashed"]), (0, 0))

    def test_a_file_that_is_no_program_is_said_at_start(self):
        program = self.folder / "program"
        program.write_bytes(b"\x7fELF" + self.seeded().randbytes(4000))
        program.chmod(0o755)
        run = self.crew.zcrew("worker", "--router", self.router.workers, "--", program,
                              check=False)
        self.assertEqual(run.returncode, 78)
        self.assertEqual(len(run.stderr.strip().splitlines()), 1, run.stderr)

    def test_sigterm_finishes_what_runs_and_gives_back_the_rest(self):
        gate = self.folder / "gate"
        ledger = self.crew.ledger()
        body = f'while [ ! -e {gate} ] && [ -d {self.folder} ]; do sleep 0.02; done; cat'
        leaving = self.router.worker("leaving", command=ledger.command(body),
                                     environment=ledger.environment("leaving"))
        self.router.wait_workers(1)
        submit = self.router.submit("--wait", "--json", "a", "b", "c")
        wait_until(lambda: len(ledger.started()) == 1, "the first job to run")
        leaving.send(signal.SIGTERM)
        self.router.wait_status(
            lambda s: [w["state"] for w in s["workers"]] == ["draining"], "the worker to drain")
        gate.touch()
        self.assertEqual(leaving.wait(), 0)
        status = self.router.wait_status(lambda s: not s["workers"], "the worker to be gone")
        self.assertEqual((status["counters"]["done"], status["counters"]["crashed"]), (1, 0))
        self.assertEqual(len(ledger.started()), 1)
        self.router.worker("next", command=["cat"])
        self.assertEqual(submit.wait(), 0)
        self.assertEqual({one["attempts"] for one in json_lines(submit.out())}, {1})

    def test_the_process_group_dies_with_its_time_limit(self):
        # The command leaves a child behind; both end when the attempt's time is over.
        self.router.worker("w", command=["sh", "-c", "sleep 60 & echo $! >child; wait"])
        self.router.wait_workers(1)
        run = self.crew.call(self.router.submit_arguments(
            "--wait", "--json", "--time-limit", "300ms", "--attempts", 1, "x"), check=False)
        self.assertEqual(run.returncode, 1)
        child = int((self.folder / "child").read_text())
        wait_until(lambda: not process_lives(child), "the command's child to be gone")

    def test_the_process_group_dies_with_its_worker(self):
        # Killed by SIGKILL, a worker can end nothing itself; the job goes elsewhere meanwhile.
        worker = self.router.worker("w", command=["sh", "-c", "sleep 60 & echo $! >child; wait"])
        self.router.wait_workers(1)
        self.router.submit("x")
        child = self.folder / "child"
        wait_until(lambda: child.exists() and child.read_text().endswith("\n"), "the job to run")
        worker.send(signal.SIGKILL)
        wait_until(lambda: not process_lives(int(child.read_text())),
                   "the command's child to be gone")

    def test_what_a_command_writes_to_stderr_is_in_the_workers_log(self):
        worker = self.router.worker("w", command=["sh", "-c", "echo seen this >&2; cat"])
        self.router.results("x")
        worker.wait_log("seen this")


def process_lives(pid):
    """Whether it runs; a zombie that nobody has waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Router(CrewTest):
    def test_version_tells_a_routers_too(self):
        alone = self.crew.tool_json("version", "--json")
        self.assertEqual(set(alone), {"version", "protocol"})
        router = self.crew.router()
        both = self.crew.tool_json("version", "--router", router.clients, "--json")
        self.assertEqual(both["version"], alone["version"])
        self.assertLessEqual(alone.items(), both["router"].items())
        text = self.crew.zcrew("version", "--router", router.clients).stdout
        self.assertIn(f"router {alone['version']} (protocol {alone['protocol']}) at "
                      f"{router.clients}", text)

    def test_sigterm_finishes_what_is_held_then_ends(self):
        router = self.crew.router()
        gate = self.folder / "gate"
        ledger = self.crew.ledger()
        router.worker("w", command=ledger.command(
            f'while [ ! -e {gate} ] && [ -d {self.folder} ]; do sleep 0.02; done; cat'),
            environment=ledger.environment("w"))
        router.wait_workers(1)
        self.crew.zcrew("submit", "--router", router.clients, "held", "waits")
        wait_until(lambda: len(ledger.started()) == 1, "the job to run")
        router.process.send(signal.SIGTERM)
        refused = self.crew.call(router.submit_arguments("--timeout", "300ms", "late"), check=False)
        self.assertNotEqual(refused.returncode, 0)
        gate.touch()
        self.assertEqual(router.process.wait(), 0)
        router.start()
        status = router.wait_status(lambda s: s["counters"]["done"] == 2, "both jobs done")
        self.assertEqual(status["counters"]["crashed"], 0)
        self.assertEqual(len(ledger.started()), 2)

    def test_status_has_what_scripts_rely_on(self):
        router = self.crew.router()
        router.worker("w", "--queue", "a", "--queue", "b", "--weight", "3", command=["cat"])
        router.wait_workers(1)
        router.results("--queue", "a", "x")
        status = router.status()
        self.assertEqual(set(status["counters"]), {
            "accepted", "confirmed", "duplicates", "done", "failed", "rejected", "released",
            "retried", "crashed", "cancelled", "expired", "removed", "resumed", "stale",
            "malformed"})
        for name in ("epoch", "ready", "held", "later", "dead"):
            self.assertIsInstance(status[name], int, name)
        (queue,) = [queue for queue in status["queues"] if queue["name"] == "a"]
        self.assertLessEqual({"name", "ready", "held", "later", "dead", "paused", "policy"},
                             set(queue))
        (worker,) = status["workers"]
        self.assertEqual(
            {key: worker[key] for key in ("name", "dialect", "queues", "weight", "concurrency",
                                          "held", "done", "failed")},
            {"name": "w", "dialect": "native", "queues": ["a", "b"], "weight": 3, "concurrency": 3,
             "held": 0, "done": 1, "failed": 0})

    def test_a_policy_is_kept_over_a_restart(self):
        router = self.crew.router()
        router.worker("w", command=["cat"])
        router.results("x")
        self.crew.zcrew("set", "policy", "default", "least-loaded", "--router", router.clients)
        router.restart()
        self.assertEqual([queue["policy"] for queue in router.ask("queues")["queues"]],
                         ["least-loaded"])

    def test_a_setting_that_makes_a_queue_says_so(self):
        router = self.crew.router()
        for command in (["queue", "a", "--paused", "on"], ["policy", "b", "random"]):
            for note in (", which is new", ""):
                run = self.crew.zcrew("set", *command, "--router", router.clients)
                self.assertEqual(run.stdout, f"changed: queue {command[1]}{note}\n")
        self.crew.zcrew("submit", "--router", router.clients, "--queue", "a", "x")
        self.assertEqual({queue["name"] for queue in router.ask("queues")["queues"]},
                         {"default", "a", "b"})

    def test_check_verifies_a_journal_offline(self):
        router = self.crew.router()
        self.crew.zcrew("submit", "--router", router.clients, *"0123456789")
        router.kill()
        run = self.crew.zcrew("check", "--journal", router.journal)
        self.assertIn("10", run.stdout)
        self.assertEqual(self.crew.zcrew("check", router.journal).stdout, run.stdout)

    def test_check_counts_a_held_job_once(self):
        router = self.crew.router()
        self.crew.zcrew("submit", "--router", router.clients, "held", "waits")
        router.worker("w", command=["sleep", "60"])
        commits = router.wait_status(lambda s: s["held"] == 1, "it to run")["journal"]["commits"]
        # After a second the journal says who has it.
        router.wait_status(lambda s: s["journal"]["commits"] > commits, "that to be on disk")
        router.kill()
        report = self.crew.tool_json("check", router.journal, "--json")
        self.assertEqual((report["ready"], report["held"]), (1, 1))


if __name__ == "__main__":
    main()
