"""Instructions that the router spends on a job, against a kept figure.

usage: instructions.py --program job_loop_count --kept instructions.json [--write]

Counts with callgrind, which is the same on every machine and however busy it is. Each figure is the
difference of two runs, so that starting up does not count. Fails above the kept figure plus the
margin; tells when a figure is so far below that it should be kept anew (--write).
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FEW, MANY = 2048, 4096
SHAPES = {"1 worker": ("1", "quick"), "1000 workers": ("1000", "quick")}
MARGIN = 0.05  # of the C library's and compiler's small updates; a new lookup a job is more
SKIPPED_EXIT = 77


def instructions(program, jobs, shape):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program,
             str(jobs), *shape], capture_output=True, text=True, check=True, timeout=300)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--kept", required=True, type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is not installed: run scripts/install")
        sys.exit(SKIPPED_EXIT)
    with ThreadPoolExecutor() as pool:
        runs = {(name, jobs): pool.submit(instructions, options.program, jobs, shape)
                for name, shape in SHAPES.items() for jobs in (FEW, MANY)}
    found = {name: round((runs[name, MANY].result() - runs[name, FEW].result()) / (MANY - FEW))
             for name in SHAPES}
    if options.write:
        options.kept.write_text(json.dumps(found, indent=2) + "\n")
    kept = json.loads(options.kept.read_text())
    too_many = False
    for name, count in found.items():
        change = count / kept[name] - 1
        print(f"{name}: {count} instructions a job, kept {kept[name]} ({change:+.1%})")
        too_many = too_many or change > MARGIN
        if change < -MARGIN:
            print("  this is well below: keep it with --write")
    if too_many:
        print(f"more than {MARGIN:.0%} above what is kept: find out why, or keep it and say why")
    sys.exit(1 if too_many else 0)


if __name__ == "__main__":
    main()
