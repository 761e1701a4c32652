"""Shares follow weights 1:2:4 within 5 %, when workers are full and when they are not."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from crew_test import CrewTest, main

WEIGHTS = {"light": 1, "middle": 2, "heavy": 4}
TOLERANCE = 0.05


class Weights(CrewTest):
    def check_shares(self, counts):
        total = sum(counts.values())
        weight_sum = sum(WEIGHTS.values())
        for name, weight in WEIGHTS.items():
            fair = total * weight / weight_sum
            print(f"{name}: weight {weight}, {counts[name]} of {total} jobs, fair {fair:.1f}")
            self.assertLessEqual(abs(counts[name] - fair), fair * TOLERANCE, f"{name}: {counts}")

    def test_saturated_with_concurrency_by_weight(self):
        router = self.crew.router()
        for name, weight in WEIGHTS.items():
            router.worker(name, "--weight", weight, command=["sh", "-c", "sleep 0.04"])
        router.wait_workers(3)
        lines = self.folder / "lines"
        lines.write_text("".join(f"{n}\n" for n in range(1400)))
        results = router.results("--lines", lines)
        self.check_shares(Counter(one["worker"] for one in results))

    def test_unsaturated_with_equal_concurrency(self):
        router = self.crew.router()
        for name, weight in WEIGHTS.items():
            router.worker(name, "--weight", weight, "--concurrency", 8, command=["cat"])
        router.wait_workers(3)

        # Two clients with a job at a time each: never more than 2 of the 24 places are taken.
        def one_client(client):
            return [router.results(f"{client} {n}")[0]["worker"] for n in range(105)]
        with ThreadPoolExecutor(2) as pool:
            workers = [name for names in pool.map(one_client, range(2)) for name in names]
        self.check_shares(Counter(workers))

    def test_a_changed_weight_holds_at_once(self):
        router = self.crew.router()
        for name in ("a", "b"):
            router.worker(name, "--concurrency", 4, command=["cat"])
        router.wait_workers(2)
        self.crew.zcrew("set", "--router", router.clients, "weight", "b", "0")
        self.assertEqual({one["worker"] for one in router.results(*"0123456789")}, {"a"})
        self.crew.zcrew("set", "--router", router.clients, "weight", "b", "1")
        self.crew.zcrew("set", "--router", router.clients, "weight", "a", "0")
        self.assertEqual({one["worker"] for one in router.results(*"0123456789")}, {"b"})


if __name__ == "__main__":
    main()
