#!/usr/bin/python3
"""The two sample files, imported and played, age as the files themselves imply (issue: resolved when 2; RPT-01, INT-07)."""
import datetime as dt
import os
import random
import sys

import oracle
from stack import SHARED, Stack, Tests

LATE = os.path.join(SHARED, "late-payments-sample.csv")
OPEN = os.path.join(SHARED, "open-invoices-sample.csv")
CUT_OVER = dt.date(2020, 3, 1)


def compare(stack, items, dates):
    for day in dates:
        for by in ("account", "entity"):
            got = oracle.parse_csv(stack.tool("aging", "--as-of", day.isoformat(), "--by", by, "--format", "csv"))
            for line in oracle.differences(oracle.aging(items, day, by), got):
                yield f"{day} by {by}: {line}"


def late_payments(stack):
    out = os.path.join(stack.home, "late.ndjson")
    stack.tool("import", "late-payments", LATE, "--out", out)
    stack.tool("play", out)
    items = list(oracle.late_payments(LATE))
    first, last = min(i.booked for i in items), max(i.paid for i in items)
    rng = random.Random(7)
    days = [first, last] + [first + dt.timedelta(days=rng.randrange((last - first).days)) for _ in range(20)]
    return list(compare(stack, items, sorted(days)))


def open_invoices(stack):
    out = os.path.join(stack.home, "open.ndjson")
    stack.tool("import", "open-invoices", OPEN, "--cut-over", CUT_OVER.isoformat(), "--out", out)
    stack.tool("play", out)
    items = list(oracle.open_invoices(OPEN, CUT_OVER))
    return list(compare(stack, items, [CUT_OVER + dt.timedelta(days=d) for d in (0, 1, 14, 30, 31, 60, 61, 90, 91, 200)]))


def verify(stack):
    stack.tool("verify")


def main():
    tests = Tests()
    if not os.path.exists(LATE):
        print("skipped - late-payments sample")
        print("skipped - open-invoices sample")
        sys.exit(0)
    with Stack("samples") as stack:
        tests.attempt("L3.1a RPT-01 late-payments sample ages as the file implies", late_payments, stack)
        tests.attempt("AUD-05 verify after the late-payments sample", verify, stack)
    with Stack("samples") as stack:
        tests.attempt("INT-07 open-invoices sample ages as its due dates imply", open_invoices, stack)
        tests.attempt("AUD-05 verify after the take-on", verify, stack)
    tests.end()


main()
