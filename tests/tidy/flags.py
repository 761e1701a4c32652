"""Every flag of the tool is explained in docs/operations.md, and the other way round.

usage: flags.py --tool ZCREW --page docs/operations.md
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
EVERYWHERE = {"--help"}


def help_of(tool, command):
    run = subprocess.run([tool, *command, "--help"], capture_output=True, text=True, check=False,
                         timeout=20)
    if run.returncode != 0:
        sys.exit(f"zcrew {' '.join(command)} --help exits {run.returncode}: {run.stderr}")
    return run.stdout


def subcommands(text):
    """The names that CLI11 lists below `Subcommands:`."""
    listed = re.search(r"^Subcommands:\n((?:[ \t]+.*\n?)+)", text, re.MULTILINE)
    return re.findall(r"^  ([a-z][a-z-]*)", listed.group(1), re.MULTILINE) if listed else []


def commands(tool, prefix=()):
    """(command, help) for the tool and everything below it."""
    text = help_of(tool, prefix)
    yield prefix, text
    for name in subcommands(text):
        yield from commands(tool, (*prefix, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", required=True)
    parser.add_argument("--page", type=Path, required=True)
    arguments = parser.parse_args()

    explained = set(FLAG.findall(arguments.page.read_text()))
    known = set(EVERYWHERE)
    wrong = 0
    for command, text in commands(arguments.tool):
        flags = set(FLAG.findall(text))
        known |= flags
        for flag in sorted(flags - explained - EVERYWHERE):
            wrong += 1
            print(f"zcrew {' '.join(command)} {flag}: not in {arguments.page}")
    own = {flag for flag in explained if re.search(
        rf"zcrew [^`\n]*{flag}(?![\w-])|^\|? *`{flag}", arguments.page.read_text(), re.MULTILINE)}
    for flag in sorted(own - known):
        wrong += 1
        print(f"{arguments.page}: {flag} is no flag of zcrew")
    print(f"{len(known)} flags, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
