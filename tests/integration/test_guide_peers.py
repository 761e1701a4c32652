"""Paranoid Pirate workers and clients, in both spellings, byte for byte, alone and mixed with
native peers on the same router."""

import threading

import zmq

from crew import json_lines, wait_until
from crew_test import CrewTest, main
from guide_peers import GuideClient, GuidePeer, GuideWorker, serve, wait_dialects

SPELLINGS = {"byte": "guide-byte", "word": "guide-word"}


class GuideTest(CrewTest):
    flags = ()

    def setUp(self):
        self.router = self.crew.router(*self.flags)
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)

    def closed_after(self, peer):
        self.addCleanup(peer.close)
        return peer

    def client(self):
        return self.closed_after(GuideClient(self.context, self.router.clients))

    def worker(self, spelling):
        return self.closed_after(GuideWorker(self.context, self.router.workers, spelling))

    def stranger(self, kind, endpoint):
        return self.closed_after(GuidePeer(self.context, kind, endpoint))

    def submit(self, *arguments):
        return self.router.submit("--wait", "--json", *arguments)

    def result_of(self, submit):
        self.assertEqual(submit.wait(), 0)
        return json_lines(submit.out())


class Frames(GuideTest):
    def test_a_request_travels_byte_for_byte_in_both_spellings(self):
        for spelling, dialect in SPELLINGS.items():
            with self.subTest(spelling=spelling):
                worker = self.worker(spelling).ready()
                wait_dialects(self.router, dialect)
                client = self.client()
                body = b"\x00\x01any bytes\xff"
                client.send(body)
                envelope, got = worker.take()
                self.assertEqual(got, body)
                worker.reply(envelope, b"\x00reply\xfe")
                self.assertEqual(client.answer(), b"\x00reply\xfe")
                client.close()
                worker.close()
                wait_dialects(self.router)

    def test_an_idle_worker_is_beaten_in_its_own_spelling_only(self):
        for spelling, dialect in SPELLINGS.items():
            with self.subTest(spelling=spelling):
                worker = self.worker(spelling).ready()
                # nothing_but_beats() fails on any other frame, the other spelling's too.
                met = worker.nothing_but_beats(3.3, answering=True)
                self.assertGreaterEqual(met, 3)
                wait_dialects(self.router, dialect)
                worker.close()
                wait_dialects(self.router)

    def test_an_idle_worker_that_is_silent_is_gone_after_three_beats(self):
        worker = self.worker("byte").ready()
        wait_dialects(self.router, "guide-byte")
        worker.nothing_but_beats(2.0, answering=False)
        wait_dialects(self.router)
        worker.beat()  # its heartbeat is as good as READY
        wait_dialects(self.router, "guide-byte")

    def test_a_busy_worker_gets_no_second_job_for_its_heartbeats(self):
        worker = self.worker("byte").ready()
        first, second = self.client(), self.client()
        first.send(b"1")
        envelope, body = worker.take()
        self.assertEqual(body, b"1")
        second.send(b"2")
        self.router.wait_status(lambda s: s["ready"] == 1, "the second request to wait")
        for _ in range(3):
            worker.beat()
        worker.nothing_but_beats(0.5, answering=True)
        worker.reply(envelope, b"one")
        self.assertEqual(first.answer(), b"one")
        serve(worker, 1, lambda got: b"two " + got)
        self.assertEqual(second.answer(), b"two 2")


class Mixed(GuideTest):
    def test_native_and_both_spellings_share_one_router(self):
        byte, word = self.worker("byte").ready(), self.worker("word").ready()
        self.router.worker("native", command=["cat"])
        wait_dialects(self.router, "guide-byte", "guide-word", "native")

        stop = threading.Event()

        def work(worker):
            while not stop.is_set():
                if worker.socket.poll(20):
                    frames = worker.socket.recv_multipart()
                    if len(frames) == 3:
                        worker.send(frames[0], b"", frames[2])
                    else:
                        worker.beat()
        threads = [threading.Thread(target=work, args=(worker,)) for worker in (byte, word)]
        for thread in threads:
            thread.start()
        self.addCleanup(lambda: [thread.join() for thread in threads])
        self.addCleanup(stop.set)

        submit = self.submit(*[f"native {n}" for n in range(60)])
        clients = [self.client() for _ in range(3)]
        for number in range(20):
            for client in clients:
                client.send(b"guide %d" % number)
            for client in clients:
                self.assertEqual(client.answer(), b"guide %d" % number)
        results = self.result_of(submit)
        self.assertEqual({one["result"] for one in results}, {f"native {n}" for n in range(60)})
        status = self.router.wait_status(lambda s: s["held"] == 0, "nothing held")
        self.assertEqual(sum(worker["done"] for worker in status["workers"]), 120)
        self.assertEqual({worker["dialect"]: worker["done"] > 0 for worker in status["workers"]},
                         {"guide-byte": True, "guide-word": True, "native": True})

    def test_a_guide_worker_does_native_jobs_with_retry_when_it_dies(self):
        first = self.worker("word").ready()
        submit = self.submit("x")
        first.take()
        second = self.worker("byte").ready()
        first.close()  # its connection ends: the job goes on at once, not after the lease
        envelope, body = second.take(2.0)
        self.assertEqual(body, b"x")
        second.reply(envelope, b"done by the second")
        (one,) = self.result_of(submit)
        self.assertEqual((one["result"], one["attempts"]), ("done by the second", 2))

    def test_guide_clients_are_served_by_native_workers(self):
        self.router.worker("native", command=["sed", "s/^/seen: /"])
        self.assertEqual(self.client().ask(b"hello").strip(), b"seen: hello")


class Silence(GuideTest):
    def test_a_worker_silent_while_busy_keeps_its_job(self):
        worker = self.worker("byte").ready()
        other = self.worker("word").ready()
        wait_dialects(self.router, "guide-byte", "guide-word")
        client = self.client()
        client.send(b"slow")
        # Whichever got it falls silent for longer than an idle worker may.
        busy, idle = (worker, other) if worker.socket.poll(2000) else (other, worker)
        envelope, _ = busy.take()
        idle.nothing_but_beats(4.0, answering=True)
        busy.reply(envelope, b"at last")
        self.assertEqual(client.answer(), b"at last")
        self.assertEqual(self.router.counters()["stale"], 0)


class Lease(GuideTest):
    flags = ("--guide-lease", "1s")

    def test_after_the_lease_another_gets_the_job_and_the_late_reply_is_dropped(self):
        slow = self.worker("byte").ready()
        wait_dialects(self.router, "guide-byte")
        client = self.client()
        client.send(b"x")
        late_envelope, _ = slow.take()
        quick = self.worker("word").ready()
        envelope, body = quick.take(3.0)
        self.assertEqual(body, b"x")
        self.assertNotEqual(envelope, late_envelope)
        slow.reply(late_envelope, b"too late")
        wait_until(lambda: self.router.counters()["stale"] == 1, "the late reply to be counted")
        quick.reply(envelope, b"in time")
        self.assertEqual(client.answer(), b"in time")
        # Its late reply showed that it is free again: one job, and the next one for the other.
        first, second = self.client(), self.client()
        first.send(b"a")
        second.send(b"b")
        bodies = set()
        for worker in (slow, quick):
            envelope, body = worker.take()
            bodies.add(body)
            worker.reply(envelope, body)
        self.assertEqual(bodies, {b"a", b"b"})
        self.assertEqual((first.answer(), second.answer()), (b"a", b"b"))


class Restart(GuideTest):
    def test_a_worker_that_only_beats_is_taken_up_again(self):
        for spelling, dialect in SPELLINGS.items():
            with self.subTest(spelling=spelling):
                worker = self.worker(spelling).ready()
                wait_dialects(self.router, dialect)
                self.router.restart()
                # Its socket reconnects by itself; READY is not repeated.
                wait_until(lambda w=worker, d=dialect: w.beat() or [
                    one["dialect"] for one in self.router.status()["workers"]] == [d],
                    "the worker to be known again")
                client = self.client()
                client.send(b"after")
                serve(worker, 1, lambda body: body)
                self.assertEqual(client.answer(), b"after")
                client.close()
                worker.close()
                wait_dialects(self.router)

    def test_a_reply_after_the_restart_settles_the_native_job(self):
        worker = self.worker("byte").ready()
        submit = self.submit("x")
        envelope, _ = worker.take()
        # Its lease is on disk before anybody is told that the job is safe.
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 1, "it to be confirmed")
        self.router.restart()
        worker.reply(envelope, b"done over the restart")
        (one,) = self.result_of(submit)
        self.assertEqual((one["result"], one["attempts"]), ("done over the restart", 1))

    def test_a_reply_that_waits_for_the_restart_settles_as_the_first_message(self):
        workers = [self.worker(spelling).ready() for spelling in SPELLINGS]
        submit = self.submit("x", "y")
        envelopes = [worker.take()[0] for worker in workers]
        self.router.wait_status(lambda s: s["counters"]["confirmed"] == 2, "both to be confirmed")
        self.router.kill()
        # libzmq keeps them and sends them as it reconnects, before the router has read the journal.
        for worker, envelope in zip(workers, envelopes):
            worker.reply(envelope, b"done meanwhile")
        self.router.start()
        results = self.result_of(submit)
        self.assertEqual([(one["result"], one["attempts"]) for one in results],
                         [("done meanwhile", 1)] * 2)
        self.assertEqual(self.router.counters()["stale"], 0)

    def test_a_guide_clients_request_ends_with_the_router(self):
        client = self.client()
        client.send(b"x")
        self.router.wait_status(lambda s: s["ready"] == 1, "the request to wait")
        self.router.restart()
        self.assertEqual(self.router.status()["ready"], 0)


class Mistakes(GuideTest):
    def check_malformed(self, count):
        self.router.wait_status(lambda s: s["counters"]["malformed"] == count,
                                f"{count} malformed messages counted")

    def test_a_client_that_left_is_no_trouble(self):
        client = self.client()
        client.send(b"x")
        self.router.wait_status(lambda s: s["ready"] == 1, "the request to wait")
        client.close()
        worker = self.worker("byte").ready()
        stays = self.client()
        stays.send(b"y")
        # Taken or cancelled: the request of the one that left must not block the next.
        while True:
            envelope, body = worker.take()
            worker.reply(envelope, body)
            if body == b"y":
                break
        self.assertEqual(stays.answer(), b"y")

    def test_a_request_of_several_frames_is_dropped_in_silence(self):
        client = self.stranger(zmq.DEALER, self.router.clients)
        client.send(b"", b"one", b"two")
        self.check_malformed(1)
        self.assertTrue(client.silent_for(0.2))
        self.assertEqual(self.router.status()["ready"], 0)

    def test_a_worker_on_the_clients_socket_is_dropped(self):
        lost = self.stranger(zmq.DEALER, self.router.clients)
        lost.send(b"READY")
        self.check_malformed(1)
        self.assertEqual(self.router.status()["workers"], [])

    def test_a_client_on_the_workers_socket_is_dropped(self):
        lost = self.stranger(zmq.REQ, self.router.workers)
        lost.send(b"work, please")
        self.check_malformed(1)
        self.assertTrue(lost.silent_for(0.2))

    def test_a_reply_with_a_made_up_envelope_changes_nothing(self):
        worker = self.worker("byte").ready()
        client = self.client()
        client.send(b"x")
        envelope, _ = worker.take()
        worker.reply(envelope[:-1] + bytes([envelope[-1] ^ 1]), b"forged")
        self.router.wait_status(lambda s: s["counters"]["stale"] == 1, "it to be counted")
        self.assertTrue(client.silent_for(0.2))
        worker.reply(envelope, b"true")
        self.assertEqual(client.answer(), b"true")


if __name__ == "__main__":
    main()
