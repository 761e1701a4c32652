"""Every sample history is judged as its first line says, and every rule of README.md has a sample.

usage: samples.py CHECKER FOLDER
"""

import re
import subprocess
import sys
from pathlib import Path

EXPECT = re.compile(r"# expect: ([a-z-]+)")
FOUND = re.compile(r"^[^:]+:\d+: ([a-z-]+): ", re.MULTILINE)
RULES = re.compile(r"`([a-z-]+)`")


def main():
    checker, folder = sys.argv[1], Path(sys.argv[2])
    wrong, shown = 0, set()
    for sample in sorted(folder.glob("*.txt")):
        expected = EXPECT.match(sample.read_text()).group(1)
        run = subprocess.run([checker, sample.name], cwd=folder, capture_output=True, text=True,
                             check=False, timeout=20)
        found = set(FOUND.findall(run.stdout)) or {"nothing"}
        shown |= found
        right = found == {expected} and run.returncode == (0 if expected == "nothing" else 1)
        if not right:
            wrong += 1
            print(f"{sample.name}: expected {expected}\n{run.stdout}{run.stderr}")
    page = (folder.parent / "README.md").read_text().split("## The rules")[1]
    rows = re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE)
    rules = {rule for row in rows for rule in RULES.findall(row)}
    for rule in sorted(rules - shown):
        wrong += 1
        print(f"no sample breaks the rule {rule}")
    print(f"{len(list(folder.glob('*.txt')))} samples, {len(rules)} rules, {wrong} faults")
    return 1 if wrong or not rules else 0


if __name__ == "__main__":
    sys.exit(main())
