"""Links that lose packets, are reset again and again, are slow or thin: work goes on, every
confirmed job is done, and none runs again unless its worker was taken for dead. In a network of its
own.

LONG=1 in the environment watches ten times as long.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

from pool import LONG, PoolTest, wait_until
from crew_test import main  # (pool puts its folder on the path)
from namespaces import enter_own_namespaces
from network import address

WORKERS = 4
WATCH_SECONDS = 40.0 if LONG else 2.5
RESET_PERIOD = 0.2
LINKS = "127.1.0.0/16"  # of workers and producers; the tests' own questions go another way
RULES = """
table ip lossy {{
  chain input {{
    type filter hook input priority 0;
    ip saddr {links} jump lose
    ip daddr {links} jump lose
  }}
  chain lose {{ numgen random mod 100 < {percent} counter drop; }}
}}
"""


class Links(PoolTest):
    def setUp(self):
        self.router = self.crew.router("--insecure", clients="tcp://0.0.0.0:*",
                                       workers="tcp://0.0.0.0:*")
        self.open_ends = self.router.clients, self.router.workers
        for n in range(WORKERS):
            self.at_link(n)
            self.start_worker(f"w{n}")
        self.router.wait_workers(WORKERS)

    def at_link(self, number):
        """Who is started from now on reaches the router by this link."""
        self.router.clients, self.router.workers = (
            end.replace("0.0.0.0", address(number)) for end in self.open_ends)

    def submit_far(self, *arguments, **options):
        self.at_link(WORKERS)
        try:
            return self.submit(*arguments, **options)
        finally:
            self.router.clients, self.router.workers = self.open_ends

    def rate(self, seconds=WATCH_SECONDS):
        """Jobs done a second, over so many seconds from the next job on."""
        first = self.wait_done(self.done() + 1)["counters"]["done"]
        began = time.monotonic()
        wait_until(lambda: time.monotonic() > began + seconds, "the watch", seconds + 5)
        return (self.done() - first) / (time.monotonic() - began)

    def check_all_done(self, submit, jobs):
        """Every job is done, and ran again only if its worker was lost with it."""
        self.results(submit, jobs)
        counters = self.check_nothing_left()["counters"]
        runs = self.started()
        self.assertEqual(len(runs), jobs)
        again = sum(runs.values()) - jobs
        self.assertLessEqual(again, counters["crashed"])
        return again


class Loss(Links):
    JOBS = 40000 if LONG else 3500  # more than go through meanwhile

    def lossy(self, percent):
        network = RULES.format(links=LINKS, percent=percent)
        subprocess.run(["nft", "-f", "-"], input=network, text=True, check=True)
        self.addCleanup(subprocess.run, ["nft", "delete", "table", "ip", "lossy"], check=False)

    @staticmethod
    def heal():
        """How many packets were lost."""
        chain = ["chain", "ip", "lossy", "lose"]
        rule = subprocess.run(["nft", "list", *chain], capture_output=True, text=True, check=True)
        subprocess.run(["nft", "flush", *chain], check=True)
        return int(re.search(r"packets (\d+)", rule.stdout).group(1))

    def check_loss(self, percent):
        submit = self.submit_far("j", self.JOBS, 0.02)
        whole = self.rate(1.0)
        self.lossy(percent)
        rate = self.rate()
        deaths = self.deaths()
        packets = self.heal()
        again = self.check_all_done(submit, self.JOBS)
        print(f"{percent} % loss each way, {packets} packets: {rate:.0f} jobs/s of {whole:.0f} "
              f"({rate / whole:.0%}), {deaths} workers declared dead, {again} jobs run again, "
              "none lost")
        self.assertGreater(packets, 0)
        self.assertGreater(rate, 0)
        return deaths

    def test_one_percent(self):
        self.assertEqual(self.check_loss(1), 0)

    def test_ten_percent(self):
        self.assertEqual(self.check_loss(10), 0)

    def test_thirty_percent(self):
        self.check_loss(30)


class Resets(Links):
    JOBS = 40000 if LONG else 3500  # more than go through meanwhile

    def test_resets_of_all_connections(self):
        submit = self.submit_far("j", self.JOBS, 0.02)
        whole = self.rate(1.0)
        resets = 0
        before = self.wait_done(self.done() + 1)["counters"]
        began = time.monotonic()
        while time.monotonic() < began + WATCH_SECONDS:
            # Both ends of every connection over a link are told that it is over.
            subprocess.run(["ss", "-K", "-t", "dst", LINKS], check=True, capture_output=True)
            resets += 1
            due = began + resets * RESET_PERIOD
            wait_until(lambda at=due: time.monotonic() >= at, "the next reset")
        rate = (self.done() - before["done"]) / (time.monotonic() - began)
        deaths = self.deaths()
        again = self.check_all_done(submit, self.JOBS)
        crashed = self.router.counters()["crashed"]
        lost = sum(process.log().count("lost the router") for process in self.crew.processes)
        print(f"{resets} resets of all connections, one each {RESET_PERIOD * 1000:.0f} ms, "
              f"{lost} of workers: "
              f"{rate:.0f} jobs/s of {whole:.0f} ({rate / whole:.0%}), {deaths} workers declared "
              f"dead with {crashed} jobs, {again} jobs run again, none lost")
        self.assertGreater(lost, WORKERS * resets / 2)
        self.assertGreater(rate, 0)


class SlowLines(Links):
    JOBS = 5000 if LONG else 1500
    ENDS = "127.0.2.1:6555", "127.0.2.1:6556"  # of the relay (relay.py)
    RELAY = Path(__file__).resolve().parent / "relay.py"
    DELAY_MS = 400  # at most, each way; another one every 20 ms; each job costs a round trip

    def at_link(self, number):
        if not self.crew.processes_named("relay"):
            self.set_delay(0)
            targets = [end.replace("tcp://0.0.0.0", "127.0.0.1") for end in self.open_ends]
            self.crew.run("relay", [sys.executable, self.RELAY, self.folder / "delay",
                                    self.ENDS[0], targets[0], self.ENDS[1], targets[1]])
        self.router.clients, self.router.workers = (f"tcp://{end}" for end in self.ENDS)

    def set_delay(self, milliseconds):
        (self.folder / "new").write_text(f"{milliseconds}\n")
        (self.folder / "new").replace(self.folder / "delay")

    def test_delays_that_vary(self):
        random = self.seeded()
        submit = self.submit_far("j", self.JOBS, 0.02)
        whole = self.rate(1.0)
        first = self.done()
        began = time.monotonic()
        until = began
        while until < began + WATCH_SECONDS:
            self.set_delay(random.randrange(self.DELAY_MS))
            until += 0.02
            wait_until(lambda at=until: time.monotonic() >= at, "the next delay")
        rate = (self.done() - first) / (time.monotonic() - began)
        self.set_delay(0)
        again = self.check_all_done(submit, self.JOBS)
        print(f"0 to {self.DELAY_MS} ms of delay each way: {rate:.0f} jobs/s of {whole:.0f} "
              f"({rate / whole:.0%}), {self.deaths()} workers declared dead, {again} jobs run "
              "again, none lost")
        self.assertGreater(rate, 0)
        self.assertEqual((self.deaths(), again), (0, 0))


class ThinLine(Links):
    """1 Mbit/s for all together, an eighth of what the protocol asks for (P-8.4)."""
    LINE = ["tbf", "rate", "1mbit", "burst", "64kb", "latency", "1s"]
    JOBS = 3000 if LONG else 150
    PAYLOAD_BYTES = 1000

    def test_one_megabit(self):
        subprocess.run(["ip", "link", "set", "lo", "mtu", "1500"], check=True)
        subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", *self.LINE], check=True)
        self.addCleanup(subprocess.run, ["tc", "qdisc", "del", "dev", "lo", "root"], check=False)
        began = time.monotonic()
        submit = self.submit_far("j", self.JOBS, 0.02, pad=self.PAYLOAD_BYTES)
        again = self.check_all_done(submit, self.JOBS)
        took = time.monotonic() - began
        print(f"1 Mbit/s: {self.JOBS / took:.0f} jobs/s of {self.PAYLOAD_BYTES} bytes, "
              f"{self.deaths()} workers declared dead, {again} jobs run again, none lost")
        self.assertGreater(took, self.JOBS * 2 * self.PAYLOAD_BYTES / 125000 / 2,
                           "the line was not thin")
        self.assertEqual(self.deaths(), 0)


if __name__ == "__main__":
    enter_own_namespaces("-n")
    main()
