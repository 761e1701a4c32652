"""House rules as a test.

usage: tidy.py --root DIR [RULE ...]    checks the repository
       tidy.py --samples                checks every rule against its own samples

A line that must break a rule says why, on it or above it: `tidy: allow(RULE) the reason`.
"""

import argparse
import sys

import floors
import layout
import pages
import purity
import shape
import shell
from tree import Tree

RULES = [*floors.RULES, *purity.RULES, *shape.RULES, *layout.RULES, *pages.RULES, *shell.RULES]


def findings(rule, tree):
    return [found for found in rule.check(tree) if not tree.allowed(found, rule.name)]


def check_samples():
    """Every passing sample is quiet, every failing one is not."""
    wrong = 0
    for rule in RULES:
        for sample in rule.passing:
            for found in findings(rule, Tree(sample)):
                wrong += 1
                print(f"{rule.name}: finds a fault in a passing sample: {found}\n  {sample}")
        for sample in rule.failing:
            if not findings(rule, Tree(sample)):
                wrong += 1
                print(f"{rule.name}: finds no fault in a failing sample:\n  {sample}")
        if not rule.passing or not rule.failing:
            wrong += 1
            print(f"{rule.name}: needs a passing and a failing sample")
    return wrong


def check_repository(root, names):
    tree = Tree.of_repository(root)
    wrong = 0
    for rule in RULES:
        if not names or rule.name in names:
            for found in findings(rule, tree):
                wrong += 1
                print(f"{found} [{rule.name}]")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", help="the repository")
    parser.add_argument("--samples", action="store_true")
    parser.add_argument("rules", nargs="*", help="only these")
    arguments = parser.parse_args()
    unknown = set(arguments.rules) - {rule.name for rule in RULES}
    if unknown:
        parser.error(f"no such rule: {', '.join(sorted(unknown))}")
    if (arguments.root is None) != arguments.samples:
        parser.error("either --root DIR or --samples")
    if arguments.samples:
        wrong = check_samples()
    else:
        wrong = check_repository(arguments.root, arguments.rules)
    print(f"{wrong} faults, {len(RULES)} rules")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
