#!/usr/bin/env python3
"""Adds up one ctest run: tools/count_results.py CTEST_JUNIT GTEST_XML_FOLDER >> RESULTS

Writes one line per test: `passed NAME`, `failed NAME` or `skipped NAME: reason`. A GoogleTest program counts with each of its cases (its
XML lies in the folder), any other test as one. A program that failed though no case of it did (a crash, a leak) is a failure of its own.
"""
import glob
import os
import sys
import xml.etree.ElementTree as xml


def cases_of(path):
    for case in xml.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            yield "failed", name, ""
        elif case.find("skipped") is not None:
            reason = (case.find("skipped").get("message") or "no reason given").strip().splitlines()
            yield "skipped", name, reason[-1]
        elif case.get("status") == "notrun":
            continue
        else:
            yield "passed", name, ""


def results_of(junit, folder):
    programs = {os.path.basename(path)[:-len(".xml")]: path for path in glob.glob(os.path.join(folder, "proveout_*.xml"))}
    for test in xml.parse(junit).getroot().iter("testcase"):
        name, state = test.get("name"), test.get("status")
        cases = list(cases_of(programs.pop(f"proveout_{name}_test"))) if f"proveout_{name}_test" in programs else []
        yield from ((status, f"{name}/{case}", reason) for status, case, reason in cases)
        if cases and (state == "run" or any(status == "failed" for status, _, _ in cases)):
            continue
        skipped = test.find("skipped")
        if state == "run":
            yield "passed", name, ""
        elif state in ("notrun", "disabled") and skipped is not None:
            said = (test.findtext("system-out") or "").strip().splitlines()
            yield "skipped", name, said[-1] if said else skipped.get("message") or "no reason given"
        else:
            yield "failed", name, ""


def main():
    for status, name, reason in results_of(sys.argv[1], sys.argv[2]):
        print(f"{status} {name}{': ' + reason if reason else ''}")


if __name__ == "__main__":
    main()
