"""Many jobs, three router SIGKILLs at random moments: none is lost, none is run twice."""

from collections import Counter

from crew import json_lines, wait_until
from crew_test import SHORT, CrewTest, main

JOBS = 1000 if SHORT else 10000
KILLS = 3


class CrashLoop(CrewTest):
    def test_three_router_kills_lose_nothing(self):
        random = self.seeded()
        router = self.crew.router()
        ledger = self.crew.ledger()
        for name in ("one", "two"):
            router.worker(name, "--concurrency", 2, command=ledger.command(),
                          environment=ledger.environment(name))
        router.wait_workers(2)
        lines = self.folder / "lines"
        lines.write_text("".join(f"job {n}\n" for n in range(JOBS)))
        submit = router.submit("--wait", "--json", "--timeout", "60s", "--lines", lines)

        moments = sorted(random.randrange(1, JOBS * 9 // 10) for _ in range(KILLS))
        for moment in moments:
            wait_until(lambda at=moment: len(ledger.started()) >= at, f"{moment} jobs started", 300)
            router.restart()

        self.assertEqual(submit.wait(300), 0)
        results = json_lines(submit.out())
        self.assertEqual(Counter(one["result"] for one in results),
                         Counter(f"job {n}" for n in range(JOBS)))
        self.assertEqual({one["outcome"] for one in results}, {"done"})

        # A job that was not yet confirmed at a kill is submitted again, under another id. No id
        # runs twice: nothing that finished is run again, nothing that runs is started again.
        runs = Counter(job for job, _ in ledger.started())
        self.assertEqual([job for job, count in runs.items() if count > 1], [])
        status = router.wait_status(lambda s: s["held"] == 0, "nothing held")
        self.assertEqual((status["ready"], status["later"], status["dead"]), (0, 0, 0))
        self.assertEqual(status["epoch"], KILLS + 1)
        print(f"kills after {moments} starts; {sum(runs.values())} runs of {JOBS} jobs")


if __name__ == "__main__":
    main()
