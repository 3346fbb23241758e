#!/usr/bin/env python3
"""Counts tests: exactly, and never kindly.

tally.py ctest CASES OUT STATUS     a ctest run, with GoogleTest's own reports beside ctest.xml, into one count
tally.py sum OUT FILE…               what several runs counted, as one; a run that left no count is one failure
tally.py area RESULTS AREA STATUS SECONDS   what one area came to
tally.py total RESULTS              the sum of all; exit code 1 unless something passed and nothing failed

Counts may carry "failures", the names of what failed: the last lines of a run repeat them, so that the end of a log is enough.

A program that crashed has lost its own report, so it counts as one failure; so does an area that ended badly without a failure of
its own. A test that was skipped is neither passed nor failed, and is named.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

NUMBERS = ("passed", "failed", "skipped")
NAMED_MAX = 40  # enough to see which kind of thing broke


def nothing():
    return {**dict.fromkeys(NUMBERS, 0), "failures": []}


def add(left, right):
    sums = {key: left[key] + right.get(key, 0) for key in NUMBERS}
    return {**sums, "failures": left["failures"] + right.get("failures", [])}


def count_googletest(report):
    """One program's cases. DISABLED_ ones never ran, and count as skipped."""
    counts = nothing()
    for suite in report["testsuites"]:
        for case in suite["testsuite"]:
            if case.get("failures"):
                counts["failed"] += 1
                counts["failures"].append(f"{suite['name']}.{case['name']}")
            elif case["status"] == "RUN" and case["result"] == "COMPLETED":
                counts["passed"] += 1
            else:
                counts["skipped"] += 1
                print(f"skipped: {suite['name']}.{case['name']}")
    return counts


def count_ctest(cases):
    """Every entry of ctest.xml: by its program's report if it left one, else as a single test."""
    reports = [json.loads(path.read_text()) for path in sorted(cases.glob("*.json"))]
    counts = nothing()
    for report in reports:
        counts = add(counts, count_googletest(report))
    reported = {path.stem.removeprefix("ng_").removesuffix("_test") for path in cases.glob("*.json")}
    junit = cases / "ctest.xml"
    for case in ElementTree.parse(junit).getroot().iter("testcase") if junit.exists() else []:
        failed = case.get("status") != "run"
        if case.get("name") not in reported:
            counts["failed" if failed else "passed"] += 1
            counts["failures"] += [case.get("name")] if failed else []
    return counts


def one_failure_at_least(counts, status):
    if status != 0 and counts["failed"] == 0:
        counts["failed"] = 1
    return counts


def ctest(cases, out, status):
    counts = one_failure_at_least(count_ctest(pathlib.Path(cases)), int(status))
    pathlib.Path(out).write_text(json.dumps(counts))
    return 0 if counts["failed"] == 0 else 1


def sum_of(out, *files):
    counts = nothing()
    for path in map(pathlib.Path, files):
        none = {"failed": 1, "failures": [f"{path.stem} left no count"]}
        counts = add(counts, json.loads(path.read_text()) if path.exists() else none)
    pathlib.Path(out).write_text(json.dumps(counts))
    return 0


def area(results, name, status, seconds):
    path = pathlib.Path(results) / f"{name}.json"
    counts = json.loads(path.read_text()) if path.exists() else nothing()
    counts = one_failure_at_least(add(nothing(), counts), int(status))
    if counts["passed"] + counts["failed"] == 0:
        counts["failed"] = 1  # it claims success and has run nothing
    counts["failures"] = [f"{name}: {failure}" for failure in counts["failures"]]
    (pathlib.Path(results) / f"{name}.total").write_text(json.dumps(counts))
    print(f"{name}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped in {seconds} s", flush=True)
    return 0


def total(results):
    counts = nothing()
    for path in pathlib.Path(results).glob("*.total"):
        counts = add(counts, json.loads(path.read_text()))
    for failure in counts["failures"][:NAMED_MAX]:
        print(f"failed: {failure}")
    if counts["skipped"]:
        print(f"{counts['skipped']} skipped")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 0 if counts["failed"] == 0 and counts["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit({"ctest": ctest, "sum": sum_of, "area": area, "total": total}[sys.argv[1]](*sys.argv[2:]))
