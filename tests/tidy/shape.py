"""Sizes, headers, names, left-over words, and that every source is built."""

import re

from tree import Finding, code_lines

CODE = ("src/", "include/", "tools/", "tests/", "scripts/", ".ci/", "cmake/")
CPP = (".h", ".cc")
LINES_MAX = 500
COLUMNS_MAX = 100


def is_code(path, text):
    if not path.startswith(CODE):
        return False
    return path.endswith((".h", ".cc", ".py", "CMakeLists.txt")) or text.startswith("#!")


class FileSize:
    name = "size"
    passing = [{"src/a.cc": "x;\n" * LINES_MAX}, {"docs/a.md": "x\n" * 900}]
    failing = [{"src/a.cc": "x;\n" * (LINES_MAX + 1)},
               {"scripts/a": "#!/bin/sh\n" + "x\n" * LINES_MAX}]

    def check(self, tree):
        for path, text in tree.files.items():
            count = len(text.splitlines())
            if is_code(path, text) and count > LINES_MAX:
                yield Finding(path, 0, f"{count} lines, more than {LINES_MAX}: split it by topic")


class Columns:
    name = "columns"
    passing = [{"src/a.cc": "x" * 100 + "\n"}, {"src/a.cc": "é" * 100 + "\n"}]
    failing = [{"src/a.cc": "x" * 101 + "\n"}, {"tests/a.py": "# " + "x" * 100 + "\n"}]

    def check(self, tree):
        for path, text in tree.files.items():
            if is_code(path, text):
                for number, line in enumerate(text.splitlines(), 1):
                    if len(line) > COLUMNS_MAX:
                        yield Finding(path, number, f"{len(line)} columns, more than {COLUMNS_MAX}")


class Headers:
    name = "header"
    passing = [{"src/base/a.h": "// A thing, pure.\n#pragma once\n"}]
    failing = [{"src/base/a.h": "#pragma once\n"}, {"src/base/a.h": "// A thing.\nint x;\n"}]

    def check(self, tree):
        for path, text in tree.matching(".h", under=("src/", "include/", "tools/", "tests/")):
            if not re.match(r"// \S+ \S+", text):
                yield Finding(path, 1, "open with a comment that says what this header is for")
            if not re.search(r"^#pragma once$", text, re.MULTILINE):
                yield Finding(path, 1, "#pragma once is missing")


class Built:
    """A source that no CMakeLists.txt of its folder or of one above names is dead."""
    name = "built"
    passing = [{"src/a/CMakeLists.txt": "SOURCES one.cc\n", "src/a/one.cc": ""},
               {"tests/CMakeLists.txt": "add_library(m unit/main.cc)\n", "tests/unit/main.cc": ""}]
    failing = [{"src/a/CMakeLists.txt": "SOURCES one.cc\n", "src/a/one.cc": "", "src/a/two.cc": ""},
               {"src/a/CMakeLists.txt": "SOURCES someone.cc\n", "src/a/one.cc": ""}]

    def check(self, tree):
        for path, _ in tree.matching(".cc", under=("src/", "tools/", "tests/")):
            if not self.is_named(tree, path):
                yield Finding(path, 0, "not listed in a CMakeLists.txt, so it is never compiled")

    def is_named(self, tree, path):
        parts = path.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            lists = tree.files.get("/".join(parts[:depth] + ["CMakeLists.txt"]), "")
            if re.search(r"(?<![\w/.])" + re.escape("/".join(parts[depth:])) + r"(?!\w)", lists):
                return True
        return False


class Leftovers:
    name = "leftovers"
    # Written in halves, so that this file does not find itself.
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    passing = [{"src/a.cc": "// nothing left to do\n"}]
    failing = [{"src/a.cc": "// TO" + "DO: later\n"}, {"docs/a.md": "FIX" + "ME\n"}]

    def check(self, tree):
        for path, text in tree.files.items():
            for number, line in enumerate(text.splitlines(), 1):
                match = self.words.search(line)
                if match:
                    yield Finding(path, number, f"{match.group()}: finish it or take it out")


class Names:
    name = "names"
    words = r"(?:Manager|Helper|Helpers|Util|Utils|Common|Data|Info)"
    passing = [{"src/a.h": "class Dispatcher {};\nstruct Database {};\n// no class Helper\n"}]
    failing = [{"src/a.h": "class JobManager {};\n"}, {"src/common.h": ""},
               {"src/a.cc": "struct JobInfo {\n"}]

    def check(self, tree):
        for path, text in tree.matching(*CPP):
            stem = path.rsplit("/", 1)[1].split(".")[0]
            if re.search(r"(^|_)(manager|helpers?|utils?|common)$", stem):
                yield Finding(path, 0, "name the file after what it is")
            for number, line in enumerate(code_lines(text), 1):
                match = re.search(rf"\b(?:class|struct|enum class)\s+(\w*{self.words})\b", line)
                if match:
                    yield Finding(path, number, f"{match.group(1)} says nothing: name what it is")


class Waits:
    """Tests wait for a condition with a deadline; a bare sleep is too long or too short."""
    name = "waits"
    pattern = re.compile(r"\bsleep_for\s*\(|\btime\.sleep\s*\(|\busleep\s*\(|\bnanosleep\s*\(")
    passing = [{"tests/a.py": "wait_until(ready)\n"},
               {"tests/a.py": "# tidy: allow(waits) the poll of wait_until\ntime.sleep(0.01)\n"}]
    failing = [{"tests/a.py": "time.sleep(1)\n"},
               {"tests/a.cc": "std::this_thread::sleep_for(1s);\n"}]

    def check(self, tree):
        for path, text in tree.matching(".cc", ".h", ".py", under=("tests/",)):
            if path.startswith("tests/tidy/"):
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if self.pattern.search(line):
                    yield Finding(path, number, "wait for a condition with a deadline instead")


RULES = [FileSize(), Columns(), Headers(), Built(), Leftovers(), Names(), Waits()]
