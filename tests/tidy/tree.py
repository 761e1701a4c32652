"""The files a rule looks at, real or made up for a sample, and what a rule finds in them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    path: str
    line: int  # 1-based; 0 = the whole file
    text: str  # what is wrong and what to do instead

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Tree:
    """Text files by path relative to the repository, with '/'."""

    def __init__(self, files):
        self.files = dict(sorted(files.items()))

    @classmethod
    def of_repository(cls, root):
        """Tracked and new files, without ignored ones; without git, all but the build folder."""
        root = Path(root)
        try:
            listed = subprocess.run(
                ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
                check=True, capture_output=True).stdout.decode().split("\0")
        except (OSError, subprocess.CalledProcessError):
            listed = [p.relative_to(root).as_posix() for p in root.rglob("*")
                      if p.parts[len(root.parts)] not in ("build", ".git")]
        files = {}
        for path in filter(None, listed):
            file = root / path
            if not file.is_file() or file.is_symlink():
                continue
            try:
                files[path] = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                pass  # a binary fixture
        return cls(files)

    def matching(self, *suffixes, under=("",)):
        """(path, text) of files with one of the suffixes below one of the folders."""
        for path, text in self.files.items():
            if path.endswith(suffixes) and path.startswith(tuple(under)):
                yield path, text

    def allowed(self, finding, rule):
        """Whether the line, or the comment above it, says `tidy: allow(RULE) reason`."""
        lines = self.files.get(finding.path, "").splitlines()
        for number in (finding.line, finding.line - 1):
            if 1 <= number <= len(lines):
                if re.search(r"tidy: allow\(" + re.escape(rule) + r"\) \S+", lines[number - 1]):
                    return True
        return False


def code_lines(text):
    """C++ lines with comments and literals blanked, so that words in them do not count."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    comment = r"//[^\n]*|/\*.*?\*/"
    string = r'R"\(.*?\)"|"(?:\\.|[^"\\\n])*"'
    character = r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # not the ' of 1'000
    pattern = f"{comment}|{string}|{character}"
    return re.sub(pattern, blank, text, flags=re.DOTALL).splitlines()
