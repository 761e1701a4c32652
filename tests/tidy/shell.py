"""Scripts: bash that stops at errors, explains itself, and satisfies shellcheck."""

import shutil
import subprocess

from tree import Finding


def scripts(tree):
    for path, text in tree.files.items():
        first = text.split("\n", 1)[0]
        if first.startswith("#!") and ("bash" in first or first.endswith("sh")):
            yield path, text


class Strict:
    name = "strict"
    passing = [{"scripts/a": "#!/usr/bin/env bash\nset -euo pipefail\n[ $1 = --help ]\n"}]
    failing = [{"scripts/a": "#!/usr/bin/env bash\n# --help\n"},
               {"scripts/a": "#!/usr/bin/env bash\nset -euo pipefail\n"},
               {"scripts/a": "#!/bin/sh\nset -euo pipefail # --help\n"}]

    def check(self, tree):
        for path, text in scripts(tree):
            if not text.startswith("#!/usr/bin/env bash\n"):
                yield Finding(path, 1, "scripts are bash: #!/usr/bin/env bash")
            if "\nset -euo pipefail\n" not in text:
                yield Finding(path, 1, "set -euo pipefail is missing")
            if "--help" not in text:
                yield Finding(path, 1, "--help is missing")


class Shellcheck:
    name = "shellcheck"
    passing = [{"scripts/a": '#!/usr/bin/env bash\necho "$1"\n'}]
    failing = [{"scripts/a": "#!/usr/bin/env bash\nrm $1\n"}]

    def check(self, tree):
        if not shutil.which("shellcheck"):
            yield Finding("shellcheck", 0, "not installed: run scripts/install")
            return
        for path, text in scripts(tree):
            run = subprocess.run(["shellcheck", "--shell=bash", "--format=gcc", "-"], input=text,
                                 capture_output=True, text=True, check=False)
            for line in run.stdout.splitlines():
                _, number, _, message = line.split(":", 3)
                yield Finding(path, int(number), message.strip())


RULES = [Strict(), Shellcheck()]
