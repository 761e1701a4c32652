"""Includes point down only, and foreign libraries stay in the folders that wrap them."""

import re

from tree import Finding

FLOOR = {"base": 0, "wire": 1, "core": 2, "journal": 3, "net": 4, "lmdb": 4,
         "router": 5, "client": 5, "worker": 5}
PUBLIC_FROM = 4  # net is the lowest floor that throws the public Error

# Foreign header -> folders that may include it.
FOREIGN = [
    (r"zmq(_addon)?\.(h|hpp)|zmq_utils\.h", ["src/net/"]),
    (r"lmdb\.h", ["src/lmdb/"]),
    (r"msgpack(/.*|\.h|\.hpp)", ["src/wire/"]),
    (r"nlohmann/.*", ["src/router/", "tools/"]),
    (r"CLI/.*", ["tools/"]),
    (r"spdlog/.*", ["tools/"]),
    (r"fmt/.*", ["src/net/", "src/lmdb/", "src/router/", "src/client/", "src/worker/", "tools/"]),
    (r"xxhash\.h", ["src/journal/", "src/lmdb/"]),
    (r"systemd/.*", ["src/router/", "tools/"]),
    (r"doctest/.*", []),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(text):
    """(line, target, whether it is in quotes)"""
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start(2)) + 1, match.group(2), match.group(1) == '"'


class IncludeDirection:
    name = "floors"
    passing = [{"src/core/a.h": '#include "wire/b.h"\n#include "core/c.h"\n#include <vector>\n'},
               {"src/router/a.cc": '#include "zcrew/router.h"\n#include "net/b.h"\n'},
               {"tools/a.cc": '#include "client/b.h"\n#include "progress.h"\n'},
               {"include/zcrew/a.h": '#include "zcrew/b.h"\n'}]
    failing = [{"src/wire/a.h": '#include "core/b.h"\n'},
               {"src/net/a.cc": '#include "lmdb/b.h"\n'},
               {"src/worker/a.cc": '#include "client/b.h"\n'},
               {"src/core/a.h": '#include "zcrew/types.h"\n'},
               {"src/router/a.cc": '#include "router_loop.h"\n'},
               {"include/zcrew/a.h": '#include "base/ids.h"\n'}]

    def check(self, tree):
        for path, text in tree.matching(".h", ".cc", under=("src/", "include/")):
            for line, target, quoted in includes(text):
                problem = self.problem(path, target, quoted)
                if problem:
                    yield Finding(path, line, problem)

    def problem(self, path, target, quoted):
        top, folder = target.split("/")[0], path.split("/")[1]
        if path.startswith("include/"):
            return f"a public header includes {target}" if top in FLOOR else None
        if folder not in FLOOR:
            return f"src/{folder} has no floor: name it in tests/tidy/floors.py"
        if top == "zcrew":
            low = FLOOR[folder] < PUBLIC_FROM
            return f"{folder} is below the public headers: {target}" if low else None
        if top not in FLOOR:
            return f'name the folder too: "{folder}/{target}"' if quoted else None
        if top != folder and FLOOR[top] >= FLOOR[folder]:
            return f"{folder} may not include {target}: includes point down only"
        return None


class ForeignLibraries:
    name = "foreign"
    passing = [{"src/net/a.cc": "#include <zmq.h>\n", "src/lmdb/b.cc": "#include <lmdb.h>\n",
                "tools/c.cc": "#include <CLI/CLI.hpp>\n",
                "src/wire/d.cc": "#include <msgpack.hpp>\n"}]
    failing = [{"src/router/a.cc": "#include <zmq.hpp>\n"}, {"src/net/a.cc": "#include <lmdb.h>\n"},
               {"include/zcrew/a.h": "#include <msgpack.hpp>\n"},
               {"src/router/a.cc": "#include <CLI/CLI.hpp>\n"},
               {"src/core/a.cc": "#include <nlohmann/json.hpp>\n"},
               {"src/core/a.cc": "#include <fmt/format.h>\n"}]

    def check(self, tree):
        for path, text in tree.matching(".h", ".cc", under=("src/", "include/", "tools/")):
            for line, target, _ in includes(text):
                for header, folders in FOREIGN:
                    if re.fullmatch(header, target) and not path.startswith(tuple(folders)):
                        where = ", ".join(folders) or "the tests"
                        yield Finding(path, line, f"<{target}> belongs to {where} only")


RULES = [IncludeDirection(), ForeignLibraries()]
