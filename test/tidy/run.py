#!/usr/bin/env python3
"""The house rules that a program can check. Each finding names the better way.

    test/tidy/run.py                check the tree; exit code 1 if anything was found
    test/tidy/run.py --rule NAME    one rule
    test/tidy/run.py --json FILE    and write {"passed", "failed", "skipped"}: a rule is one test

A rule is a function from a Tree to findings, listed in its module's RULES; tidy_test.py shows rules an offender and an innocent.
What needs to understand C++ is clang-tidy's (.clang-tidy).
"""

import argparse
import json
import pathlib
import sys
import unittest

import code_rules
import prose_rules
import room_rules
import tidy_test
import tool_rules
from tree import ROOT, Tree

SHOWN_MAX = 20  # of each rule: more than anybody fixes in one go

RULES = room_rules.RULES + code_rules.RULES + prose_rules.RULES + tool_rules.RULES


def check(rule, tree, shown_max):
    """One rule: "passed", "failed" or "skipped", and said so."""
    try:
        findings = rule(tree)
    except unittest.SkipTest as reason:
        print(f"skipped {rule.__name__}: {reason}")
        return "skipped"
    print(f"{'FAILED' if findings else 'ok'} {rule.__name__}", flush=True)
    for finding in findings[:shown_max]:
        print(f"  {finding}")
    if len(findings) > shown_max:
        print(f"  … and {len(findings) - shown_max} more; --all shows every one")
    return "failed" if findings else "passed"


def check_the_rules(counts):
    """The rules' own tests."""
    own = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(tidy_test))
    wrong = len(own.failures) + len(own.errors)
    counts["failed"] += wrong
    counts["passed"] += own.testsRun - wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the counts here")
    parser.add_argument("--rule", metavar="NAME", action="append", help="only this rule")
    parser.add_argument("--all", action="store_true", help="show every finding")
    options = parser.parse_args()
    shown_max = sys.maxsize if options.all else SHOWN_MAX
    tree = Tree(ROOT)
    counts = {"passed": 0, "failed": 0, "skipped": 0, "failures": []}
    for rule in RULES:
        if not options.rule or rule.__name__ in options.rule:
            verdict = check(rule, tree, shown_max)
            counts[verdict] += 1
            counts["failures"] += [rule.__name__] if verdict == "failed" else []
    if not options.rule:
        check_the_rules(counts)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(counts))
    print(f"tidy: {counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
