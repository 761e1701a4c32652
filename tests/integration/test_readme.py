"""The README's tour runs as it is printed, and its two commands are what it says they are."""

import os
import re
import sys
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

    def test_scripts_refuse_what_they_do_not_know_before_they_do_anything(self):
        # Whoever would install or build something meets these first.
        for name in ("apt-get", "dpkg-query", "cmake", "ninja"):
            (self.folder / name).write_text("#!/bin/sh\nexit 99\n")
            (self.folder / name).chmod(0o755)
        path = {"PATH": f"{self.folder}:{os.environ['PATH']}"}
        scripts = [file for file in sorted((ROOT / "scripts").iterdir())
                   if not file.suffix and file.name != "install"]
        self.assertGreater(len(scripts), 9)
        for script in scripts:
            with self.subTest(script=script.name):
                run = self.crew.call([script, "--bogus"], check=False, environment=path)
                self.assertEqual(run.returncode, 2, run.stderr)
                self.assertIn("usage", run.stderr)

    def test_the_demo_runs_with_few_jobs(self):
        run = self.crew.call([sys.executable, ROOT / "scripts" / "demo.py", "--tool",
                              self.crew.tool, "--jobs", 300], seconds=90, check=False)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertRegex(run.stdout, r"(?m)^jobs \(real files\) +300$")
        self.assertRegex(run.stdout, r"(?m)^done, and equal .* 300$")
        self.assertRegex(run.stdout, r"(?m)^lost +0$")
        self.assertIn("SIGKILL to the router", run.stderr)


if __name__ == "__main__":
    main()
