"""Runs clang-tidy over the sources of src and tools, and so over the headers they include.

usage: clang_tidy.py --root DIR --build DIR [--jobs N] [FOLDER ...]

Looks at what the build compiles. In a unity build that is several sources at once, which is several
times as quick: most of the time goes into the standard library's headers. A unit that passed is not
looked at again until a source or header of ours in it, its command or .clang-tidy changes: marks of
passed states are kept in BUILD/clang-tidy-passed/.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def our_headers(root, source, seen):
    """The source and all headers of the repository that it includes, directly or not."""
    if source in seen:
        return
    seen.add(source)
    for name in INCLUDE.findall(source.read_text()):
        for folder in (source.parent, root / "src", root / "include", root / "tools"):
            if (folder / name).is_file():
                our_headers(root, (folder / name).resolve(), seen)
                break


def state_of(root, source, command):
    headers = set()
    our_headers(root, source, headers)
    digest = hashlib.sha256(command.encode())
    digest.update((root / ".clang-tidy").read_bytes())
    for path in sorted(headers):
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def check(root, build, source, command):
    """(ok, output)"""
    mark = build / "clang-tidy-passed" / state_of(root, source, command)
    if mark.exists():
        return True, ""
    run = subprocess.run(["clang-tidy", "--quiet", "-p", str(build), str(source)],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        mark.touch()
        return True, ""
    return False, run.stdout + run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--build", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("folders", nargs="*", help="only units whose path contains one of these")
    arguments = parser.parse_args()
    root, build = arguments.root, arguments.build

    commands = json.loads((build / "compile_commands.json").read_text())
    checked = {}
    for entry in commands:
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        ours = any(source.is_relative_to(top / part)
                   for top in (root, build) for part in ("src", "tools"))
        # Headers by themselves are looked at where they are included.
        ours = ours and "verify_interface_header_sets" not in str(source)
        wanted = not arguments.folders or any(part in str(source) for part in arguments.folders)
        if ours and wanted:
            checked[source] = entry["command"]
    if not checked:
        parser.error("no sources in compile_commands.json")

    (build / "clang-tidy-passed").mkdir(exist_ok=True)
    failed = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for ok, output in pool.map(lambda item: check(root, build, *item), sorted(checked.items())):
            if not ok:
                failed += 1
                print(output)
    print(f"{len(checked)} units, {failed} with faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
