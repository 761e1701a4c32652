"""C++ is laid out by clang-format with the repository's .clang-format."""

import difflib
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Finding

PARALLEL = 2


class Format:
    name = "format"
    passing = [{"src/a.cc": "int main() { return 0; }\n"}]
    failing = [{"src/a.cc": "int main( ) {return 0;}\n"},
               {".clang-format": "IndentWidth: 8\n", "src/a.cc": "int f() {\n  return 1;\n}\n"}]

    def check(self, tree):
        if not shutil.which("clang-format"):
            yield Finding("clang-format", 0, "not installed: run scripts/install")
            return
        sources = list(tree.matching(".h", ".cc", under=("src/", "include/", "tools/", "tests/")))
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(PARALLEL) as pool:
            style = Path(folder) / ".clang-format"
            style.write_text(tree.files.get(".clang-format", "BasedOnStyle: Google\n"))
            changed = pool.map(lambda source: self.first_change(style, *source), sources)
            for (path, _), line in zip(sources, changed):
                if line:
                    yield Finding(path, line, f"run clang-format -i {path}")

    def first_change(self, style, path, text):
        """The first line that clang-format would change; 0 = none."""
        wanted = subprocess.run(
            ["clang-format", f"--style=file:{style}", f"--assume-filename={path}"],
            input=text, capture_output=True, text=True, check=True).stdout
        if wanted == text:
            return 0
        changes = difflib.SequenceMatcher(None, text.splitlines(), wanted.splitlines(), False)
        return next((first + 1 for tag, first, *_ in changes.get_opcodes() if tag != "equal"), 1)


RULES = [Format()]
