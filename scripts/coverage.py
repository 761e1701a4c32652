"""Counts branches from what gcov knows; scripts/coverage is the way to call it.

A branch is one way out of a block of code that has several. Instances of a template count as one:
a way that any of them took is taken. Left out are

* the two ways out of a call that may throw, "it returned" and "it threw": nobody wrote a branch;
* lines on which nobody wrote code: braces, and functions that are defaulted;
* ZCREW_CHECK: its other way ends the process, and no test can be worth that it does.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = re.compile(r"^[\s{}()\[\];,]*(//.*)?$|= default;|\bZCREW_CHECK\(")


def gcov(counts):
    """What gcov says about the source files behind one file of counts."""
    run = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", counts],
                         capture_output=True, check=True)
    return json.loads(run.stdout)["files"]


def written_branches(branches):
    """How often each was taken, without those that only tell whether a call threw."""
    taken = []
    for branch in branches:
        if branch["throw"]:
            taken.pop()
        else:
            taken.append(branch["count"])
    return taken


def gather(build, folders):
    """file → line → (function's place, number of branches) → how often each was taken."""
    tree = collections.defaultdict(lambda: collections.defaultdict(dict))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for files in pool.map(gcov, sorted(build.rglob("*.gcda"))):
            for file in files:
                path = os.path.relpath(file["file"], ROOT)
                if path.split(os.sep)[0] == "src" and path.split(os.sep)[1] in folders:
                    add_file(tree[path], file)
    return tree


def add_file(lines, file):
    place = {f["name"]: (f["start_line"], f["start_column"]) for f in file["functions"]}
    instances = collections.Counter(f["start_line"] for f in file["functions"])
    for line in file["lines"]:
        number = line["line_number"]
        taken = written_branches(line["branches"])
        if not taken:
            continue
        if "function_name" in line:
            each = [taken]
        else:
            # gcov loses the ends of generic lambdas: all instances behind each other.
            start = max((at for at in instances if at <= number), default=number)
            each = split(taken, max(instances[start], 1))
        for ways in each:
            key = place.get(line.get("function_name")), len(ways)
            so_far = lines[number].get(key, [0] * len(ways))
            lines[number][key] = [a + b for a, b in zip(so_far, ways)]


def split(ways, parts):
    if len(ways) % parts != 0:
        return [ways]
    size = len(ways) // parts
    return [ways[at:at + size] for at in range(0, len(ways), size)]


def count(path, lines):
    """Branches, how many were taken, and the lines on which one was not."""
    source = (ROOT / path).read_text().split("\n")
    branches = taken = 0
    missing = []
    for number in sorted(lines):
        text = source[number - 1]
        if NOT_OURS.search(text):
            continue
        ways = [times for instance in lines[number].values() for times in instance]
        went = sum(times > 0 for times in ways)
        branches += len(ways)
        taken += went
        if went < len(ways):
            missing.append(f"{path}:{number}: {went} of {len(ways)}: {text.strip()}")
    return branches, taken, missing


def row(name, branches, taken):
    share = 100 * taken / branches if branches else 100
    print(f"{name:32} {branches:8} {taken:8} {share:8.1f} %")
    return share


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--least", type=float, required=True, help="percent a folder must have")
    parser.add_argument("folders", nargs="+")
    arguments = parser.parse_args()

    tree = gather(arguments.build, arguments.folders)
    missing = []
    sums = {folder: [0, 0] for folder in arguments.folders}
    print(f"{'':32} {'branches':>8} {'taken':>8}")
    for path in sorted(tree):
        branches, taken, lines = count(path, tree[path])
        row(path.removeprefix("src/"), branches, taken)
        sums[path.split(os.sep)[1]][0] += branches
        sums[path.split(os.sep)[1]][1] += taken
        missing += lines
    print("\nnot taken")
    print(*missing, sep="\n")
    print()
    shares = [row(folder, *sums[folder]) for folder in arguments.folders]
    sys.exit(0 if min(shares) >= arguments.least else 1)


if __name__ == "__main__":
    main()
