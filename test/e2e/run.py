#!/usr/bin/env python3
"""End to end: the release binary between real clients and a real PostgreSQL. One file for each group of promises.

    test/e2e/run.py                      everything
    test/e2e/run.py Story.test_a_select_in_scope_passes    one class, or one test
    test/e2e/run.py --json FILE          and write {"passed", "failed", "skipped"}

NARROWGATE_BINARY names another binary than build/release/narrowgate.
"""

import argparse
import json
import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from harness import gateway  # noqa: E402  (found on the path just set)


class Report(unittest.TextTestResult):
    """One line for each test, with its time, so that a log shows where a run stands."""

    def startTest(self, test):
        self._started = time.monotonic()
        unittest.TestResult.startTest(self, test)

    def say(self, verdict, test):
        name = test.id().removeprefix("test_") if isinstance(test, unittest.TestCase) else str(test)
        self.stream.writeln(f"{verdict} {name} ({time.monotonic() - getattr(self, '_started', time.monotonic()):.1f} s)")
        self.stream.flush()

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.say("ok", test)

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self.say("FAILED", test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self.say("FAILED", test)

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self.say(f"skipped ({reason})", test)


def chosen(names):
    """The tests of this folder: all, or those of a class, or one."""
    def cases(suite):
        for entry in suite:
            if isinstance(entry, unittest.TestSuite):
                yield from cases(entry)
            else:
                yield entry
    found = list(cases(unittest.defaultTestLoader.discover(str(HERE), "test_*.py", str(HERE))))
    if not names:
        return unittest.TestSuite(found)
    return unittest.TestSuite(case for case in found if any((case.id() + ".").find(f".{name}.") >= 0 for name in names))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the counts here")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="a class, or Class.test_name")
    options = parser.parse_args()
    if not pathlib.Path(gateway.BINARY).exists():
        sys.exit(f"{gateway.BINARY} is not there; build it with scripts/build")
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Report).run(chosen(options.tests))
    # A test that fails in several places, its tearDown among them, is one.
    broken = [getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors]
    failed = len(set(broken)) + len(result.unexpectedSuccesses)
    # A class that could not be set up is one error; its tests never ran and are not among testsRun.
    setups = sum(1 for test, _ in result.errors if not isinstance(test, unittest.TestCase))
    passed = result.testsRun + setups - failed - len(result.skipped) - len(result.expectedFailures)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"passed": passed, "failed": failed, "skipped": len(result.skipped),
                                                          "failures": sorted(set(broken))}))
    print(f"end to end: {passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
