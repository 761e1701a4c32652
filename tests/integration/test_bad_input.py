"""Bad input at every door: a clear line or a numbered reply, nothing lost, the router stays up."""

import json
import os
import re
import socket

import zmq

from crew import json_lines, wait_until
from crew_test import CrewTest, main
from journal_bytes import set_format
from native_peer import (ADMIN, ADMIN_REPLY, CLIENT_HELLO, CONFIRM, ERROR, HEARTBEAT, OUTCOME,
                         REFUSED, RUN, SETTLED, SUBMIT, WORKER_HELLO, NativePeer, done, pack,
                         run_of)

SESSION = b"S" * 16
INSTANCE = b"I" * 16


class CommandLine(CrewTest):
    def says_no(self, code, *arguments, word=""):
        run = self.crew.zcrew(*arguments, check=False)
        self.assertEqual(run.returncode, code, f"{arguments}: {run.stderr}")
        self.assertIn(word, run.stderr)
        self.assertNotIn("terminate called", run.stderr)
        self.assertLessEqual(len(run.stderr.strip().splitlines()), 3, run.stderr)
        return run.stderr

    def test_wrong_flags_are_usage(self):
        self.says_no(2, "router", "--jurnal", "x", word="--jurnal")
        self.says_no(2, "submit", "--priority", "10", "x", word="priority")
        self.says_no(2, "submit", "--delay", "soon", "x", word="soon")
        self.says_no(2, "worker", "--weight", "-1", "--", "cat", word="weight")
        self.says_no(2, "sbmit", "x", word="sbmit")
        self.says_no(2, "submit", "--wait", "--ids", "x", word="give one of them")
        self.says_no(2, "dead", "rm", "--all", "q1p5n1", word="cannot go together")
        self.says_no(2, "worker", word="")
        self.says_no(2)

    def test_a_flag_before_its_command_is_told_where_it_belongs(self):
        self.says_no(2, "--router", "tcp://127.0.0.1:1", "status",
                     word="behind the command: zcrew status --router")
        self.says_no(2, "--json", "version", word="behind the command: zcrew version --json")

    def test_an_endpoint_that_is_none_is_configuration(self):
        for arguments in (["status", "--router", "nonsense"],
                          ["submit", "--router", "tcp://127.0.0.1:99999", "x"],
                          ["worker", "--router", "tcp:/x", "--", "cat"],
                          ["router", "--clients", "udp://x", "--journal", "j"]):
            with self.subTest(arguments=arguments):
                self.assertIn(self.crew.zcrew(*arguments, check=False).returncode, (2, 78))

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            self.says_no(78, "router", "--clients", f"tcp://127.0.0.1:{port}",
                         "--workers", "tcp://127.0.0.1:*", "--journal", "j", word=port)

    def test_an_ipc_path_in_use(self):
        ends = ["--clients", f"ipc://{self.folder}/c", "--workers", f"ipc://{self.folder}/w"]
        first = self.crew.run("first", [self.crew.tool, "router", *ends, "--journal", "j"])
        first.wait_log("clients at ipc:")
        self.says_no(78, "router", *ends, "--journal", "other", word="another program")
        status = self.crew.tool_json("status", "--router", ends[1], "--json")
        self.assertEqual(status["endpoints"]["clients"], ends[1])
        first.kill()  # leaves its socket files
        again = self.crew.run("again", first.arguments)
        again.wait_log("clients at ipc:")

    def test_one_endpoint_for_both(self):
        for endpoint in ("tcp://127.0.0.1:5999", f"ipc://{self.folder}/both"):
            text = self.says_no(78, "router", "--clients", endpoint, "--workers", endpoint,
                                "--journal", "j", word="the same endpoint")
            self.assertIn(endpoint, text)

    def test_a_journal_that_is_already_open(self):
        router = self.crew.router()
        self.says_no(73, "router", "--clients", "tcp://127.0.0.1:*", "--workers",
                     "tcp://127.0.0.1:*", "--journal", router.journal, word="journal")
        self.assertEqual(router.status()["ready"], 0)

    def test_a_port_open_to_others_needs_a_word(self):
        self.says_no(78, "router", "--clients", "tcp://0.0.0.0:*", "--journal", "j",
                     word="--insecure")

    def test_a_journal_too_small_for_a_job_is_refused_and_the_least_one_holds_it(self):
        text = self.says_no(78, "router", "--clients", "tcp://127.0.0.1:*", "--workers",
                            "tcp://127.0.0.1:*", "--journal", "j", "--journal-max", "1M",
                            word="cannot hold a job")
        least = re.search(r"needs (\d+)", text).group(1)
        router = self.crew.router("--journal-max", least)
        self.crew.call(router.submit_arguments("--timeout", "5s", "a job"))

    def test_files_that_cannot_be_read(self):
        router = self.crew.router()
        for flag in ("--lines", "--files"):
            with self.subTest(flag=flag):
                run = self.crew.call(router.submit_arguments(flag, "no-such-file"), check=False)
                self.assertNotEqual(run.returncode, 0)
                self.assertIn("no-such-file", run.stderr)

    def test_values_that_are_none_are_told_how_to_write_them(self):
        self.says_no(2, "submit", "--delay", "soon", "x", word="write 500ms, 2s, 1.5m, 2h or 1d")
        self.says_no(2, "router", "--max-payload", "lots", word="write bytes, or 64K, 1M, 2G")

    def test_a_line_over_the_limit_is_named_as_a_line(self):
        router = self.crew.router("--max-payload", "10")
        run = self.crew.call(router.submit_arguments("--lines", "-"), check=False,
                             stdin="short\nmuch too long\n")
        self.assertEqual(run.returncode, 77, run.stderr)
        self.assertIn("refused line 2:", run.stderr)

    def test_without_standard_streams_nothing_else_takes_their_place(self):
        router = self.crew.router()
        closed = self.crew.call(["sh", "-c", '"$@" <&-', "-",
                                 *router.submit_arguments("--lines", "-")], check=False)
        self.assertEqual(closed.returncode, 74, closed.stderr)
        self.assertIn("cannot read standard input", closed.stderr)
        status = [self.crew.tool, "status", "--router", router.clients]
        self.assertEqual(self.crew.call(["sh", "-c", '"$@" >&-', "-", *status],
                                        check=False).returncode, 74)
        router.process.terminate()
        quiet = self.crew.run("quiet", ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "-",
                                        *router.arguments()])
        router.status()  # waits for it
        for number in "012":
            self.assertEqual(os.readlink(f"/proc/{quiet.pid}/fd/{number}"), "/dev/null")
        self.assertEqual(quiet.terminate(), 0)
        self.crew.zcrew("check", router.journal)

    def test_check_leaves_a_directory_that_is_no_journal_as_it_was(self):
        other = self.folder / "other"
        other.mkdir()
        self.says_no(78, "check", other, word="there is no zcrew journal in")
        self.assertEqual(list(other.iterdir()), [])
        self.says_no(2, "check", other, "--journal", other)

    def test_a_journal_that_is_none(self):
        (self.folder / "file").write_text("not a directory")
        self.assertIn(self.crew.zcrew("router", "--clients", "tcp://127.0.0.1:*", "--workers",
                                      "tcp://127.0.0.1:*", "--journal", "file",
                                      check=False).returncode, (74, 78))
        self.assertNotEqual(self.crew.zcrew("check", "--journal", "nowhere",
                                            check=False).returncode, 0)

    def test_a_journal_of_a_newer_format_is_refused_and_not_touched(self):
        router = self.crew.router()
        self.crew.zcrew("submit", "--router", router.clients, "x")
        router.process.terminate()
        data = router.journal / "data.mdb"
        set_format(data, 2, 3)
        before = data.read_bytes()
        run = self.crew.call(router.arguments(), check=False)
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn("newer", run.stderr)
        self.assertEqual(data.read_bytes(), before)
        set_format(data, 3, 2)
        router.start()
        self.assertEqual(router.status()["ready"], 1)

    def test_a_damaged_journal_is_refused_not_misread(self):
        router = self.crew.router()
        self.crew.zcrew("submit", "--router", router.clients, *"0123456789")
        router.kill()
        os.truncate(router.journal / "data.mdb", 4096 * 3)
        run = self.crew.call(router.arguments(), check=False)
        self.assertEqual(run.returncode, 65, run.stderr)
        self.assertEqual(run.stderr.count("damaged"), 1, run.stderr)
        self.assertEqual(run.stderr.count("zcrew check"), 1, run.stderr)
        what = re.search(f"journal {router.journal} is damaged: ([^.]+)[.]", run.stderr).group(1)
        check = self.crew.zcrew("check", "--journal", router.journal, "--json", check=False)
        self.assertEqual(check.returncode, 65)
        self.assertEqual(json.loads(check.stdout), {
            "ok": False, "problems": [what], "problems_found": 1})


class Payloads(CrewTest):
    def test_a_payload_over_the_limit_is_refused_and_the_others_go_through(self):
        router = self.crew.router()
        (self.folder / "large").write_bytes(bytes((1 << 20) + 1))
        (self.folder / "small").write_bytes(b"x")
        run = self.crew.call(router.submit_arguments("--files", "small", "large"), check=False)
        self.assertEqual(run.returncode, 77, run.stderr)
        self.assertIn("large", run.stderr)
        self.assertEqual(router.status()["ready"], 1)

    def test_a_file_over_every_limit_is_skipped_and_has_its_object(self):
        router = self.crew.router()
        (self.folder / "huge").touch()
        os.truncate(self.folder / "huge", (64 << 20) + 1)
        (self.folder / "small").write_bytes(b"x")
        run = self.crew.call(router.submit_arguments("--json", "--files", "huge", "small"),
                             check=False)
        self.assertEqual(run.returncode, 74, run.stderr)
        objects = {one["input"]: one for one in json_lines(run.stdout)}
        self.assertEqual(set(objects), {"huge", "small"})
        self.assertEqual((objects["huge"]["id"], objects["huge"]["outcome"]), (None, "skipped"))

    def test_the_limit_can_be_64_mib(self):
        # P-3.13: the frame around such a payload gets through as well.
        router = self.crew.router("--max-payload", "64M")
        (self.folder / "huge").write_bytes(bytes(64 << 20))
        router.worker("w", command=["wc", "-c"])
        (one,) = router.results("--files", "huge")
        self.assertEqual(int(one["result"]), 64 << 20)


class Frames(CrewTest):
    def setUp(self):
        self.router = self.crew.router()
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)

    def peer(self, endpoint):
        peer = NativePeer(self.context, endpoint)
        self.addCleanup(peer.close)
        return peer

    def check_alive(self):
        """New peers of both kinds are served as if nothing had happened."""
        self.router.worker("after", command=["cat"])
        self.assertEqual([one["result"] for one in self.router.results("still here")],
                         ["still here"])

    def test_nonsense_on_both_sockets(self):
        random = self.seeded()
        count = 0
        for endpoint in (self.router.clients, self.router.workers):
            peer = self.peer(endpoint)
            nonsense = [b"", b"\xc1", b"{}", b"\xdd\xff\xff\xff\xff", b"\x92\x02", pack([])]
            nonsense += [b"\xdd\x00\x00\x00\x01" * 40, pack([99]), pack(["2"]), pack([2, -0, "x"])]
            nonsense += [random.randbytes(random.randrange(1, 200)) for _ in range(200)]
            for frame in nonsense:
                peer.send_frames(frame)
            for _ in range(100):
                frames = [random.randbytes(random.randrange(0, 30))
                          for _ in range(random.randrange(2, 9))]
                peer.send_frames(*frames)
            count += len(nonsense)
        # A few random frames may happen to mean something; most cannot.
        self.router.wait_status(lambda s: s["counters"]["malformed"] > count / 2,
                                "the nonsense to be counted")
        self.check_alive()

    def test_truncated_messages_are_answered_with_malformed(self):
        whole = pack([SUBMIT, 1, 1, [[["default"], [[0, b"x"]]]]])
        peer = self.peer(self.router.clients)
        for length in range(1, len(whole)):
            peer.send_frames(whole[:length])
            self.assertEqual(peer.receive(ERROR)[1], 100)
        peer.send_frames(whole + b"\0")
        self.assertEqual(peer.receive(ERROR)[1], 100)
        peer.send(99)
        self.assertEqual(peer.receive(ERROR)[1], 101)
        self.assertEqual(self.router.status()["ready"], 0)
        self.check_alive()

    def test_another_protocol_version_is_told_so(self):
        client = self.peer(self.router.clients)
        client.send(CLIENT_HELLO, 2, "whatever comes later")
        self.assertEqual(client.receive(ERROR)[1], 102)
        worker = self.peer(self.router.workers)
        worker.send(WORKER_HELLO, 7)
        self.assertEqual(worker.receive(ERROR)[1], 102)
        self.check_alive()

    def test_the_wrong_socket_is_named(self):
        worker = self.peer(self.router.clients)
        worker.send(WORKER_HELLO, 1, INSTANCE, "w", 1, 1, ["default"])
        error = worker.receive(ERROR)
        self.assertEqual(error[1], 103)
        self.assertIn(b"workers connect to its backend (port 5556 by default)", error[2])
        client = self.peer(self.router.workers)
        client.send(CLIENT_HELLO, 1, SESSION, 1)
        error = client.receive(ERROR)
        self.assertEqual(error[1], 103)
        self.assertIn(b"clients to its frontend (5555)", error[2])
        # Both programs say it as it is.
        lost = self.crew.run("lost", [self.crew.tool, "worker", "--router", self.router.clients,
                                      "--", "true"])
        lost.wait_log(r"refuses this worker: .*connect to its backend \(port 5556")
        run = self.crew.call([self.crew.tool, "submit", "--router", self.router.workers,
                              "--timeout", "1s", "x"], check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("clients to its frontend (5555)", run.stderr)

    def test_submitting_out_of_turn(self):
        peer = self.peer(self.router.clients)
        peer.send(SUBMIT, 1, 1, [[["default"], [[0, b"x"]]]])
        self.assertEqual(peer.receive(REFUSED)[1:3], [1, 200])
        peer.hello_client(SESSION)
        peer.send(SUBMIT, 2, 1, [[["default"], [[0, b"x"]]]])
        self.assertEqual(peer.receive(REFUSED)[1:3], [2, 201])
        peer.send(SUBMIT, 1, 1, [[["no such/name"], [[0, b"x"]]]])
        refused = peer.receive(REFUSED)
        self.assertEqual(refused[6], [[0, 206]])
        self.assertEqual(self.router.status()["ready"], 0)

    def test_payloads_alone_and_items_in_full_mix(self):
        """P-4.19, and P-4.6: gaps are allowed."""
        peer = self.peer(self.router.clients)
        peer.hello_client(SESSION)
        peer.send(SUBMIT, 1, 1, [[["default"], [b"a", [7, b"b"], b"c"]],
                                 [["other"], [[20, b"d"], b"e"]]])
        safe = []
        while len(safe) < 5:
            for batch, index, count, _ in peer.receive(CONFIRM)[1]:
                self.assertEqual(batch, 1)
                safe += range(index, index + count)
        self.assertEqual(sorted(safe), [0, 7, 8, 20, 21])
        # A group's first payload alone has index 0, which does not rise here.
        peer.send(SUBMIT, 2, 2, [[["default"], [b"a"]], [["other"], [b"d"]]])
        self.assertEqual(peer.receive(REFUSED)[1:3], [2, 210])
        # Nothing is behind the last index there is.
        peer.send(SUBMIT, 2, 2, [[["default"], [[(1 << 32) - 1, b"a"], b"b"]]])
        self.assertEqual(peer.receive(REFUSED)[1:3], [2, 210])

    def test_a_worker_must_say_hello_first(self):
        peer = self.peer(self.router.workers)
        peer.send(HEARTBEAT)
        self.assertEqual(peer.receive(ERROR)[1], 104)

    def test_unknown_and_stale_tokens_settle_nothing(self):
        worker = self.peer(self.router.workers)
        worker.hello_worker(INSTANCE)
        submit = self.router.submit("--wait", "--json", "x")
        (run,) = worker.receive(RUN)[1]
        token, _ = run_of(run)
        forged = [token[:-1] + bytes([token[-1] ^ 1]), bytes(21), b"\xff" * 4 + token[4:]]
        for wrong in forged:
            worker.send(OUTCOME, [[wrong, 0, 0, 0, b"forged"]])
            self.assertEqual(worker.receive(SETTLED)[1], [wrong])
        thief = self.peer(self.router.workers)
        thief.hello_worker(b"T" * 16)
        thief.send(OUTCOME, [[token, 0, 0, 0, b"stolen"]])
        thief.receive(SETTLED)
        self.assertEqual(self.router.counters()["stale"], len(forged) + 1)
        self.assertTrue(submit.running())
        worker.send(OUTCOME, [[token, 0, 0, 0, b"true"]])
        self.assertEqual(submit.wait(), 0)
        self.assertIn('"true"', submit.out())
        worker.send(OUTCOME, [[token, 0, 0, 0, b"again"]])
        wait_until(lambda: self.router.counters()["stale"] == len(forged) + 2, "the repeat counted")
        self.assertEqual(self.router.counters()["done"], 1)

    def hold_three(self):
        """A worker, who submits three jobs and waits for them, and the tokens under which the
        worker has them."""
        worker = self.peer(self.router.workers)
        worker.send(WORKER_HELLO, 1, INSTANCE, "raw", 1, 3, ["default"])
        submit = self.router.submit("--wait", "x", "y", "z")
        tokens = []
        while len(tokens) < 3:
            tokens += [run_of(item)[0] for item in worker.receive(RUN)[1]]
        return worker, submit, tokens

    def test_outcomes_alone_and_in_full_mix(self):
        """P-5.20, as the router hears it."""
        worker, submit, tokens = self.hold_three()
        worker.send(OUTCOME, [done(tokens[0], 1000, 2000), [tokens[1], 1, 2], done(tokens[2]),
                              done(tokens[0])])
        self.assertEqual(submit.wait(), 0)
        wait_until(lambda: self.router.counters()["stale"] == 1, "the repeat counted")
        self.assertEqual(self.router.counters()["done"], 3)
        for wrong in (tokens[0], tokens[0] + bytes(11), tokens[0] + bytes(13), b"",
                      done(tokens[0], count=0), done(tokens[0], count=16385)):
            with self.subTest(size=len(wrong)):
                worker.send(OUTCOME, [wrong])
                self.assertEqual(worker.receive(ERROR)[1], 100)
        self.check_alive()

    def test_a_run_of_outcomes_with_some_that_are_not_held(self):
        """P-5.21, as the router hears it."""
        worker, submit, tokens = self.hold_three()
        worker.send(OUTCOME, [done(tokens[0], count=5)])
        self.assertEqual(submit.wait(), 0)
        wait_until(lambda: self.router.counters()["stale"] == 2, "the two that are not held")
        self.assertEqual(self.router.counters()["done"], 3)
        settled = 0
        while settled < 5:
            for run in worker.receive(SETTLED)[1]:
                settled += 1 if isinstance(run, bytes) else run[1]
        self.assertEqual(settled, 5)
        self.check_alive()

    def test_steering_with_wrong_words(self):
        peer = self.peer(self.router.clients)
        for verb, arguments, code in (("no_such_verb", "{}", 400), ("status", "[", 401),
                                      ("dead_show", "{}", 401),
                                      ("dead_show", '{"id": "q9p9n9"}', 402),
                                      ("set_weight", '{"worker": "nobody", "weight": 1}', 402)):
            with self.subTest(verb=verb, arguments=arguments):
                peer.send(ADMIN, 7, verb, arguments)
                reply = peer.receive(ADMIN_REPLY)
                self.assertEqual(reply[1:3], [7, code], reply)
        self.check_alive()


if __name__ == "__main__":
    main()
