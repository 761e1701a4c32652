"""The pure floors know no clock, thread, chance, stream, file or environment, no unstable order."""

import re

from tree import Finding, code_lines

PURE = ("src/base/", "src/wire/", "src/core/")

HEADERS = {
    "thread": "threads belong to the shells", "mutex": "the core has one caller at a time",
    "atomic": "the core has one caller at a time",
    "condition_variable": "threads belong to the shells",
    "future": "threads belong to the shells", "semaphore": "threads belong to the shells",
    "random": "use core's own generator, seeded by Config::seed",
    "iostream": "return values or notes", "fstream": "files belong to journal and lmdb",
    "filesystem": "files belong to journal and lmdb",
    "cstdlib": "no environment, no chance, no exit",
    "ctime": "time comes in as `now`", "unistd.h": "the system belongs to net",
    "stdlib.h": "no environment, no chance, no exit", "time.h": "time comes in as `now`",
}
CALLS = [
    (r"::now\s*\(", "time comes in as `now`"),
    (r"\b(std::)?getenv\s*\(", "settings come in as Config"),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(", "ask for a deadline instead"),
    (r"\b(std::)?(rand|srand|random_device|mt19937(_64)?)\b", "use core's own generator"),
    (r"\bstd::(shuffle|sample|uniform_int_distribution|uniform_real_distribution)\b",
     "its result differs between libraries: use core's own generator"),
    (r"\b(float|double)\b", "integers only: floating point may round differently elsewhere"),
    (r"\bstd::(cout|cerr|clog|printf)\b|\b(printf|fprintf)\s*\(", "return values or notes"),
    (r"\b(clock_gettime|gettimeofday)\s*\(|\bstd::time\s*\(", "time comes in as `now`"),
]
# check.h prints before it aborts: the one place below the shells that may.
EXEMPT = {"src/base/check.h", "src/base/check.cc"}


class PureFloors:
    name = "pure"
    passing = [{"src/core/a.cc": "#include <vector>\n// not Clock::now()\nint f();\n"},
               {"src/net/a.cc": "#include <thread>\nauto t = Clock::now();\n"},
               {"src/core/a.cc": "// tidy: allow(pure) only printed by tests\ndouble mean();\n"},
               {"src/core/a.cc": 'auto s = "rand";\n'}]
    failing = [{"src/core/a.cc": "#include <thread>\n"},
               {"src/wire/a.cc": "auto t = Clock::now();\n"},
               {"src/base/a.h": 'auto p = std::getenv("X");\n'},
               {"src/core/a.cc": "double share = 0;\n"},
               {"src/core/a.cc": "std::mt19937 g;\n"},
               {"src/core/a.cc": "double mean();  // tidy: allow(pure)\n"}]

    def check(self, tree):
        for path, text in tree.matching(".h", ".cc", under=PURE):
            if path in EXEMPT:
                continue
            for number, line in enumerate(code_lines(text), 1):
                include = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
                if include and include.group(1) in HEADERS:
                    header = include.group(1)
                    yield Finding(path, number, f"<{header}> is banned here: {HEADERS[header]}")
                for pattern, instead in CALLS:
                    match = re.search(pattern, line)
                    if match:
                        yield Finding(path, number,
                                      f"{match.group().strip()} is banned here: {instead}")


class StableOrder:
    """No loop over an unordered container: its order differs between libraries and runs."""
    name = "order"
    declaration = re.compile(
        r"\bstd::unordered_(?:map|set|multimap|multiset)<[^;{}()]*>&?\s+(\w+)\s*(?:;|=|\{|,|\))")
    passing = [{"src/core/a.h": "std::unordered_map<int, int> jobs_;\n",
                "src/core/a.cc": "auto it = jobs_.find(1);\nfor (auto& x : list_) f(x);\n"},
               {"src/core/a.cc": "std::unordered_set<int> seen;\n"
                                 "// tidy: allow(order) only counts entries\n"
                                 "for (int x : seen) ++n;\n"}]
    failing = [{"src/core/a.h": "std::unordered_map<int, int> jobs_;\n",
                "src/core/a.cc": "for (const auto& [id, job] : jobs_) send(id);\n"},
               {"src/core/a.cc": "std::unordered_set<int> seen;\n"
                                 "for (auto i = seen.begin();;) f(*i);\n"},
               {"src/core/a.h": "std::unordered_map<int, std::vector<int>> by_;\n",
                "src/core/b.cc": "for (auto& [k, v] : state.by_) f(v);\n"}]

    def check(self, tree):
        for folder in PURE:
            sources = {path: "\n".join(code_lines(text))
                       for path, text in tree.matching(".h", ".cc", under=(folder,))}
            names = {match.group(1) for text in sources.values()
                     for match in self.declaration.finditer(text)}
            for path, text in sources.items():
                for number, line in enumerate(text.splitlines(), 1):
                    for name in sorted(names):
                        if self.iterates(line, name):
                            yield Finding(path, number, f"iterates {name}, whose order is not "
                                          "stable: use a sorted container or sort first")

    @staticmethod
    def iterates(line, name):
        return re.search(rf"\bfor\b.*:\s*(?:\w+(?:\.|->))*{name}\s*\)", line) or \
            re.search(rf"\b{name}\s*\.\s*c?begin\s*\(", line)


RULES = [PureFloors(), StableOrder()]
