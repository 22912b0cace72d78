#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds up ctest's JUnit files: names each failed and each skipped test with its reason, last line "PASSED FAILED SKIPPED".

usage: junit_summary.py SUITE.xml...    (the suite's name is the file's)
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

totals = {"passed": 0, "failed": 0, "skipped": 0}
for name in sys.argv[1:]:
    suite = pathlib.Path(name).stem
    for case in xml.parse(name).getroot().iter("testcase"):
        text = case.findtext("system-out") or ""
        reason = re.search(r"SKIP: *(.*)", text)
        status = case.get("status")
        if case.find("failure") is not None or case.find("error") is not None or status == "fail":
            totals["failed"] += 1
            print(f"FAILED  {suite}: {case.get('name')}")
        elif case.find("skipped") is not None or status in ("notrun", "disabled"):
            totals["skipped"] += 1
            why = reason.group(1) if reason else (case.find("skipped").get("message") if case.find("skipped") is not None else status)
            print(f"SKIPPED {suite}: {case.get('name')}: {why}")
        else:
            totals["passed"] += 1
print(totals["passed"], totals["failed"], totals["skipped"])
