"""The README's tour runs as it is printed, and its two commands are what it says they are."""

import re
from pathlib import Path

from crew_test import CrewTest, main

ROOT = Path(__file__).resolve().parent.parent.parent


def blocks(language):
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Readme(CrewTest):
    def test_the_tour_runs_as_printed(self):
        (tour,) = [block for block in blocks("sh") if "zcrew router" in block]
        commands = [line for line in tour.splitlines() if line and not line.startswith("#")]
        self.assertEqual([re.search(r"zcrew (\w+)", line).group(1) for line in commands],
                         ["router", "worker", "submit", "status", "dead"])
        # Only where it listens changes: the standard ports may be taken by someone else's router.
        router = self.crew.router()
        router.process.terminate()
        script = f"""set -eu
PATH={Path(self.crew.tool).parent}:$PATH
export ZCREW_ROUTER_CLIENTS={router.clients} ZCREW_ROUTER_WORKERS={router.workers}
export ZCREW_WORKER_ROUTER={router.workers} ZCREW_ROUTER={router.clients}
trap 'kill $(jobs -p)' EXIT
{tour}
"""
        run = self.crew.call(["bash", "-c", script], seconds=60)
        self.assertRegex(run.stdout, r"HELLO\s+WORLD")
        self.assertRegex(run.stdout, r"done +2")

    def test_the_two_commands_exist(self):
        text = "\n".join(blocks("sh"))
        for name in ("scripts/demo", "scripts/test"):
            self.assertIn(name, text)
            run = self.crew.call([ROOT / name, "--help"])
            self.assertIn("usage", run.stdout)


if __name__ == "__main__":
    main()
