"""Documents: one title each, links that lead somewhere, and every clause shown by a test."""

import posixpath
import re

from tree import Finding

CLAUSES = {"docs/protocol.md": "P", "docs/journal.md": "J"}


def outside_fences(text):
    """(number, line) of a markdown text without fenced code."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*(```|~~~)", line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchor(heading):
    """GitHub's anchor of a heading."""
    words = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda m: m.group(1) or "", heading)
    words = words.strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


class OneTitle:
    name = "title"
    passing = [{"README.md": "# A\n## B\n```\n# comment\n```\n"}]
    failing = [{"README.md": "# A\n# B\n"}, {"README.md": "no title\n"}]

    def check(self, tree):
        for path, text in tree.matching(".md"):
            titles = [number for number, line in outside_fences(text) if line.startswith("# ")]
            if len(titles) != 1:
                yield Finding(path, titles[1] if titles else 0,
                              f"{len(titles)} titles (`# …`), should be exactly one")


class Links:
    name = "links"
    pattern = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
    passing = [{"README.md": "[a](docs/a.md) [b](docs/a.md#one-two) [c](https://x.org/)\n"
                             "# T\n[d](#t)\n",
                "docs/a.md": "## One two\n[up](../README.md) [dir](.)\n"}]
    failing = [{"README.md": "[a](docs/b.md)\n"}, {"README.md": "# T\n[a](#nowhere)\n"},
               {"README.md": "[a](docs/a.md#three)\n", "docs/a.md": "## One\n"}]

    def check(self, tree):
        folders = {posixpath.dirname(path) for path in tree.files}
        folders |= {"/".join(folder.split("/")[:n]) for folder in folders
                    for n in range(len(folder.split("/")))}
        for path, text in tree.matching(".md"):
            for number, line in outside_fences(re.sub(r"`[^`\n]*`", "", text)):
                for target in self.pattern.findall(line):
                    if re.match(r"[a-z]+:", target):
                        continue
                    if not self.leads(tree, folders, path, target):
                        yield Finding(path, number, f"the link {target} leads nowhere")

    def leads(self, tree, folders, path, target):
        file, _, part = target.partition("#")
        where = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
        where = "" if where == "." else where
        if where in folders:
            return True
        if where not in tree.files:
            return False
        return not part or part in {anchor(line.lstrip("#")) for _, line
                                    in outside_fences(tree.files[where]) if line.startswith("#")}


class ClausesShown:
    """Every numbered clause (P-3.2, J-1.4) of a document stands in a test."""
    name = "clauses"
    passing = [{"docs/protocol.md": "**P-3.2** MUST\n",
                "tests/unit/a.cc": 'TEST_CASE("x (P-3.2)")\n'},
               {"docs/protocol.md": "as P-3.1 says\n**P-3.1** MUST\n",
                "tests/a.txt": "# P-3.1, P-3.2\n"}]
    failing = [{"docs/protocol.md": "**P-3.2** MUST\n", "tests/unit/a.cc": "// P-3.21\n"},
               {"docs/journal.md": "J-1.1 and J-1.2\n", "tests/unit/a.cc": "// J-1.1\n"},
               {"docs/protocol.md": "**P-3.2** MUST\n", "tests/tidy/pages.py": "# P-3.2\n"}]

    def check(self, tree):
        shown = set()
        for path, text in tree.files.items():
            if path.startswith("tests/") and not path.startswith("tests/tidy/"):
                shown |= set(re.findall(r"\b[PJ]-\d+\.\d+\b", text))
        for path, letter in CLAUSES.items():
            seen = set()
            for number, line in enumerate(tree.files.get(path, "").splitlines(), 1):
                for clause in re.findall(rf"\b{letter}-\d+\.\d+\b", line):
                    if clause not in shown and clause not in seen:
                        seen.add(clause)
                        yield Finding(path, number, f"no test names {clause}")


class ClausesExist:
    """A clause that the code or a test names is one that a document has."""
    name = "clause-names"
    passing = [{"docs/protocol.md": "**P-1.1** MUST\n", "src/wire/a.h": "// see P-1.1\n"}]
    failing = [{"docs/protocol.md": "**P-1.1** MUST\n", "src/wire/a.h": "// see P-1.2\n"}]

    def check(self, tree):
        known = set()
        for path in CLAUSES:
            known |= set(re.findall(r"\b[PJ]-\d+\.\d+\b", tree.files.get(path, "")))
        for path, text in tree.files.items():
            if path in CLAUSES or path.startswith("tests/tidy/"):
                continue
            for number, line in enumerate(text.splitlines(), 1):
                for clause in re.findall(r"\b[PJ]-\d+\.\d+\b", line):
                    if clause not in known:
                        yield Finding(path, number, f"{clause} is in no document")


RULES = [OneTitle(), Links(), ClausesShown(), ClausesExist()]
