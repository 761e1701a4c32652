"""zcrew bench: what it prints, and that it notices lost jobs."""

import os
import subprocess
import unittest

from crew_test import CrewTest, main

TIMES = {"p50", "p90", "p99", "p99.9", "max"}
NUMBERS = {"jobs_per_s", "router_cpu_s_per_million", "router_anon_mib", "journal_bytes",
           "journaled_fraction", "lost", "doubled"}
LIMITS = {"passthrough_jobs_per_s", "lmdb_put_per_s", "lmdb_put_delete_per_s"}


class Bench(CrewTest):
    def bench(self, *flags):
        return self.crew.tool_json("bench", "--json", "--directory", self.folder, *flags)

    def test_a_closed_loop_with_limits_has_every_figure_and_loses_nothing(self):
        found = self.bench("--jobs", "3000", "--producers", "2", "--workers", "2",
                           "--in-flight", "256", "--pack", "16", "--limits")
        for name in NUMBERS | LIMITS:
            self.assertIsInstance(found[name], (int, float), name)
        for name in ("confirm_us", "end_to_end_us", "passthrough_us", "lmdb_commit_us",
                     "fdatasync_us"):
            self.assertEqual(set(found[name]), TIMES)
            self.assertLessEqual(found[name]["p50"], found[name]["max"])
        self.assertEqual((found["jobs"], found["lost"], found["doubled"]), (3000, 0, 0))
        self.assertEqual(sum(found["done_by_worker"]), 3000)
        self.assertTrue(0 <= found["journaled_fraction"] <= 1)

    def test_a_caller_that_waits_for_each_confirm_gets_on_whatever_the_pack(self):
        found = self.bench("--jobs", "50", "--in-flight", "1", "--pack", "64", "--patience", "5s",
                           "--limits")
        self.assertEqual((found["jobs"], found["lost"]), (50, 0))

    def test_unlike_workers_cannot_be_done_before_all_work_is(self):
        found = self.bench("--jobs", "400", "--workers", "3", "--speeds", "1,2,4",
                           "--service-us", "4000", "--spread", "mixed", "--policy", "adaptive")
        self.assertGreater(found["ideal_s"], 0.15)
        self.assertGreaterEqual(found["seconds"], found["ideal_s"])

    def test_without_workers_nothing_passes_through(self):
        found = self.bench("--jobs", "300", "--workers", "0", "--limits")
        self.assertIsNone(found["passthrough_jobs_per_s"])
        self.assertGreater(found["lmdb_put_per_s"], 0)

    def test_limits_may_take_longer_than_patience_while_they_get_on(self):
        found = self.bench("--jobs", "300", "--rate", "100", "--pack", "1", "--patience", "2s",
                           "--limits")
        self.assertEqual(found["lost"], 0)
        self.assertLess(found["passthrough_jobs_per_s"], 110)

    def test_an_open_loop_takes_as_long_as_its_clock(self):
        found = self.bench("--jobs", "1000", "--rate", "1000", "--pack", "1", "--size", "2K")
        self.assertGreater(found["seconds"], 0.99)
        self.assertEqual(found["lost"], 0)

    def test_a_backlog_gathers_on_disk_before_it_goes(self):
        found = self.bench("--backlog", "30000", "--jobs", "3000", "--queues", "3",
                           "--owners", "owners")
        self.assertGreater(found["fill_jobs_per_s"], 0)
        self.assertGreater(found["drain_jobs_per_s"], 0)
        self.assertGreater(found["journaled_fraction"], 0.5)
        self.assertEqual(found["lost"], 0)
        self.assertEqual(len((self.folder / "owners").read_text().split()), 33000)

    def test_idle_workers_are_connected_and_get_nothing(self):
        found = self.bench("--jobs", "2000", "--idle-workers", "300")
        self.assertEqual((found["plan"]["idle_workers"], found["lost"]), (300, 0))
        self.assertEqual(found["done_by_worker"], [2000])
        alone = self.bench("--jobs", "2000")
        self.assertGreater(found["router_idle_anon_mib"], alone["router_idle_anon_mib"] + 1)

    def test_jobs_that_only_wait_are_all_written(self):
        found = self.bench("--jobs", "2000", "--workers", "0")
        self.assertEqual((found["journaled_fraction"], found["lost"]), (1, 0))

    def test_a_given_router_is_measured_and_stays(self):
        router = self.crew.router()
        found = self.bench("--jobs", "500", "--router", router.clients,
                           "--router-workers", router.workers)
        self.assertEqual((found["jobs"], found["lost"]), (500, 0))
        self.assertIsNone(found["router_cpu_s_per_million"])
        self.assertEqual(router.counters()["done"], 500)

    def test_lost_jobs_are_counted_and_exit_1(self):
        # Its workers serve another router, so its jobs are confirmed and never run.
        (self.folder / "other").mkdir()
        router = self.crew.router()
        other = type(router)(self.crew, self.folder / "other" / "journal").start()
        run = subprocess.run(
            [self.crew.tool, "bench", "--json", "--jobs", "100", "--patience", "1s",
             "--router", router.clients, "--router-workers", other.workers],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertIn('"lost":100', run.stdout)

    @unittest.skipUnless(os.path.ismount("/dev/shm"), "no file system in memory here")
    def test_a_directory_in_memory_is_refused(self):
        run = self.crew.call([self.crew.tool, "bench", "--directory", "/dev/shm"], check=False)
        self.assertEqual(run.returncode, 78)
        self.assertIn("in memory", run.stderr)


if __name__ == "__main__":
    main()
