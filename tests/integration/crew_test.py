"""The base of all integration tests: a folder and a crew for each, logs of those that fail."""

import os
import random
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from crew import Crew

TOOL = os.environ.get("ZCREW_TOOL")
SKIPPED_EXIT = 77  # ctest's SKIP_RETURN_CODE
SHORT = os.environ.get("ZCREW_TEST_SHORT") == "1"


class CrewTest(unittest.TestCase):
    """self.crew in self.folder; both gone after the test."""

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        folder = tempfile.mkdtemp(prefix="zcrew-test-")
        self.folder = Path(folder)
        self.crew = Crew(TOOL, folder)
        try:
            super().run(result)
        finally:
            self.crew.end()
            if len(result.failures) + len(result.errors) > before:
                print(self.crew.tails(), file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)

    def seeded(self):
        """A random generator; SEED=n in the environment repeats a run."""
        seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 32))
        print(f"{self.id()} SEED={seed}", file=sys.stderr)
        return random.Random(seed)


def main():
    if not TOOL:
        sys.exit("set ZCREW_TOOL to the binary; scripts/build makes build/release/tools/zcrew")
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    for test, reason in result.skipped:
        print(f"SKIPPED {test.id()}: {reason}", file=sys.stderr)
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED_EXIT)
