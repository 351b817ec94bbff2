#!/usr/bin/python3
"""The independent checker: reads every topic of a stack with a Kafka client of its own, works the books out again from LEDGER.md, and compares
with the rows in PostgreSQL. Shares no code and no SQL with the product.

    checker.py [--home HOME] [--json FILE]     check the stack of HOME (default: OPENITEM_HOME); nothing may be on its way
    checker.py --self-test                     on a small stack of its own: doctor the streams, and see each complaint
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "flow"))

import checker_wire as wire  # noqa: E402
from checker_books import Books  # noqa: E402
from checker_folds import Billing, Cash, Collections  # noqa: E402
from checker_gate import Gate  # noqa: E402
from checker_rows import check_rows  # noqa: E402
from stack import BUILD  # noqa: E402

SHOWN = 5


class Live:
    """Topics and tables of a home."""

    def __init__(self, home, build=BUILD):
        self.home, self.build, self.classes = home, build, wire.load_classes(build)
        self.env = {}
        with open(os.path.join(home, "env")) as f:
            for line in f:
                if "=" in line and not line.startswith("#"):
                    name, value = line.rstrip("\n").split("=", 1)
                    self.env[name] = value.strip('"')

    def records(self, topic):
        return wire.read_topic(self.env["OPENITEM_KAFKA_BROKERS"], topic)

    def rows(self, service, query):
        p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", self.env[f"OPENITEM_{service.upper()}_DATABASE_RO"], "-c", query],
                           capture_output=True, text=True, check=False)
        if p.returncode != 0:
            raise RuntimeError(f"{query}: {p.stderr}")
        for line in p.stdout.splitlines():
            yield line.split("\x1f")


class Findings:
    def __init__(self):
        self.count, self.first = collections.Counter(), collections.defaultdict(list)

    def __call__(self, rule, text):
        self.count[rule] += 1
        if len(self.first[rule]) < SHOWN:
            self.first[rule].append(text)

    def lines(self):
        for rule, n in self.count.most_common():
            yield f"{rule}: {n}"
            for text in self.first[rule]:
                yield f"    {text}"


def check(source):
    """(Findings, counts): everything, in the order money flows."""
    find = Findings()
    gate = Gate(source, find)
    gate.run()
    books = Books(source, find, gate)
    books.seen_ids = set()
    Billing(books).run()
    Cash(books).run()
    Collections(books).run()
    books.final_sums()
    check_rows(source, find, gate, books)
    counts = dict(gate.counts) | {"facts behind the gate": len(gate.inputs), "outcomes": len(books.records), "documents": len(books.documents),
                                  "items": len(books.items), "transfers": len(books.transfers), "applications": len(books.applications),
                                  "notices": len(books.notices), "records published twice": books.counts["published twice"], "parked and waiting": books.counts["waiting inputs"]}
    return find, counts, books


def main():
    parser = argparse.ArgumentParser(description="independent checker of a stack")
    parser.add_argument("--home", default=os.environ.get("OPENITEM_HOME"))
    parser.add_argument("--json")
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # protobuf warns of the poison that it reads
    if args.self_test:
        from checker_selftest import self_test
        sys.exit(self_test())
    if not args.home:
        parser.error("no home: --home or OPENITEM_HOME")
    begin = time.time()
    find, counts, _ = check(Live(args.home))
    for what, n in counts.items():
        print(f"{n:>9} {what}")
    for line in find.lines():
        print(line)
    total = sum(find.count.values())
    print(f"checker: {total} complaints, {time.time() - begin:.1f} s")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"counts": counts, "complaints": dict(find.count)}, f, indent=1)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
