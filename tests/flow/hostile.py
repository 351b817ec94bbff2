#!/usr/bin/python3
"""What bad input gets (issue 3, section 5; AUD-04): dead letters byte for byte, duplicates, conflicts, foreign partitioners; and what
people get who start a program wrongly."""
import json
import os
import random
import re
import socket
import struct
import subprocess
import urllib.request

import events
from events import Kafka, booked, amended, bank_line, customer, fulfilled
from stack import BUILD, SERVICES, Failed, Stack, Tests

ORDERS, PAYMENTS, CUSTOMERS = "crm.sales-order.v1", "bank.payment.v1", "crm.customer.v1"
ACCOUNT = "H1"


def play(stack, lines):
    stack.tool("play", "-", stdin="".join(json.dumps(line) + "\n" for line in lines))


def metric(stack, service, name):
    """Sum over all labels."""
    url = f"http://{stack.setting(f'OPENITEM_{service.upper()}_ADMIN')}/metrics"
    text = urllib.request.urlopen(url, timeout=5).read().decode()
    return sum(float(m) for m in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))


# ---- dead letters -----------------------------------------------------------------------------------------------------------


def field(number, payload):
    """A length-delimited protobuf field."""
    size, bytes_ = len(payload), bytes([number << 3 | 2])
    while size > 127:
        bytes_ += bytes([size & 127 | 128])
        size >>= 7
    return bytes_ + bytes([size]) + payload


def bad_records(kafka):
    """(name, reasons that are right, topic, key, value, headers)"""
    h = kafka.headers
    rng = random.Random(5)

    def order(n, data=None, key=ACCOUNT, value=None, headers=None, reasons=()):
        data = data or booked(ACCOUNT, f"SO-BAD-{n}", 1)
        value = kafka.encode(ORDERS, data) if value is None else value
        return (n, reasons, ORDERS, key.encode(), value, h(ORDERS, f"bad-{n}", events.member(data)) if headers is None else headers)

    good = kafka.encode(ORDERS, booked(ACCOUNT, "SO-GOOD-1", 1))
    noise = rng.randbytes(300)
    yield order("random bytes", value=b"\xff" + noise, reasons={"undecodable"})
    yield order("random bytes behind a zero", value=b"\x00" + noise, reasons={"undecodable"})
    yield order("cut inside a field", value=good[:-3], reasons={"undecodable"})
    yield order("cut to nothing", value=good[:1], reasons={"undecodable"})
    yield order("empty value", value=b"", reasons={"undecodable", "missing_field", "unknown_type"})
    for missing in ("ce_id", "ce_source", "ce_type"):
        yield order(f"no {missing}", headers=[x for x in h(ORDERS, f"bad-no-{missing}", "order_booked") if x[0] != missing],
                    reasons={"missing_header"})
    yield order("no headers", headers=[], reasons={"missing_header"})
    yield order("unknown type", headers=h(ORDERS, "bad-type", "order_teleported"), reasons={"unknown_type"})
    yield order("type of another event", headers=h(ORDERS, "bad-type-2", "order_cancelled"), reasons={"unknown_type"})
    yield order("invalid UTF-8", value=good.replace(b"SO-GOOD-1", b"SO-\xc3\x28OD-1"), reasons={"invalid_utf8"})
    yield order("invalid UTF-8 in ce_id", headers=[(k, b"\xff\xfe" if k == "ce_id" else v) for k, v in h(ORDERS, "x", "order_booked")],
                reasons={"invalid_utf8"})
    yield order("unknown currency", data=booked(ACCOUNT, "SO-XYZ", 1, currency="XQQ"), reasons={"unknown_currency"})
    yield order("quantity below the range", data=booked(ACCOUNT, "SO-Q", 1, quantity=-3), reasons={"out_of_range"})
    yield order("price above the range", data=booked(ACCOUNT, "SO-P", 1, price="2000000000.00"), reasons={"out_of_range"})
    yield order("tombstone", value=None, reasons={"tombstone"})[:4] + (None, h(ORDERS, "bad-tombstone", "order_booked"))
    yield order("1.2 MiB", value=good + field(15, b"x" * (1200 * 1024)), reasons={"too_large"})
    # As large as a broker takes it, and nothing that compression could make smaller: with the headers it is larger.
    yield order("1 MiB less a little, of noise", value=b"\xff" + rng.randbytes(1048576 - 400), reasons={"undecodable"})
    yield order("key of another account", key="H2", reasons={"key_mismatch"})
    for name, minor, reason in (("negative payment", -49900, "out_of_range"), ("payment beyond 4e15", 4 * 10 ** 15 + 1, "out_of_range")):
        data = bank_line(f"L-{minor}", minor)
        yield (name, {reason}, PAYMENTS, events.BANK.encode(), kafka.encode(PAYMENTS, data), h(PAYMENTS, f"bad-{name}", "line_booked"))
    data = bank_line("L-CUR", 100, currency="XQQ")
    yield ("payment in an unknown currency", {"unknown_currency"}, PAYMENTS, events.BANK.encode(), kafka.encode(PAYMENTS, data),
           h(PAYMENTS, "bad-currency", "line_booked"))


def as_bytes(v):
    return v if isinstance(v, (bytes, type(None))) else v.encode()


def check_dead_letter(record, sent, where, reasons):
    topic, key, value, headers = sent
    found = [(k, as_bytes(v)) for k, v in record.headers() or []]
    by_name = dict(found)
    partition, offset = where
    reason = (by_name.get("openitem_error_code") or b"").decode()
    if reason not in reasons:
        yield f"reason {reason}, expected {' or '.join(sorted(reasons))}: {by_name.get('__connect.errors.exception.message')}"
    if record.value() != value:
        yield "the value is not the one that was sent"
    if record.key() != key:
        yield f"key {record.key()}, sent {key}"
    if found[:len(headers)] != [(k, as_bytes(v)) for k, v in headers]:
        yield f"the first headers are not those that were sent: {found[:len(headers)]}"
    if record.partition() != partition:
        yield f"partition {record.partition()}, it came on {partition}"
    for name, expected in {
        "__connect.errors.topic": topic.encode(), "__connect.errors.partition": str(partition).encode(),
        "__connect.errors.offset": str(offset).encode(), "kafka_dlt-original-topic": topic.encode(),
        "kafka_dlt-original-partition": struct.pack(">i", partition), "kafka_dlt-original-offset": struct.pack(">q", offset),
        "kafka_dlt-exception-fqcn": f"ar.intake.{reason}".encode(), "__connect.errors.exception.class.name": f"ar.intake.{reason}".encode(),
        "openitem_service": b"intake", "openitem_attempts": b"1", "openitem_redrive_count": b"0",
    }.items():
        if by_name.get(name) != expected:
            yield f"header {name} is {by_name.get(name)}, expected {expected}"
    for name in ("__connect.errors.exception.message", "__connect.errors.stage", "kafka_dlt-original-timestamp", "kafka_dlt-exception-message",
                 "kafka_dlt-original-consumer-group", "openitem_error_retryable"):
        if not by_name.get(name):
            yield f"header {name} is missing"


def dead_letters(stack, kafka):
    sent = {}
    for name, reasons, topic, key, value, headers in bad_records(kafka):
        where = kafka.send(topic, value, key=key, headers=headers)
        sent[(topic, where)] = (name, reasons, (topic, key, value, headers))
    # Behind them, on the same partitions: one good event each.
    kafka.send_event(ORDERS, "good-order", booked(ACCOUNT, "SO-GOOD-1", 1), key=ACCOUNT)
    kafka.send_event(PAYMENTS, "good-line", bank_line("L-GOOD", 12345), key=events.BANK)
    stack.tool("settle")
    found = {}
    for topic in (ORDERS, PAYMENTS):
        for record in kafka.read(topic + "-dlt"):
            headers = dict(record.headers() or [])
            where = (struct.unpack(">i", as_bytes(headers["kafka_dlt-original-partition"]))[0],
                     struct.unpack(">q", as_bytes(headers["kafka_dlt-original-offset"]))[0])
            if (topic, where) in found:
                yield f"{topic} {where}: two dead letters"
            found[(topic, where)] = record
    for key, (name, reasons, original) in sent.items():
        if key not in found:
            yield f"{name}: no dead letter"
            continue
        for problem in check_dead_letter(found[key], original, key[1], reasons):
            yield f"{name}: {problem}"
    for key in set(found) - set(sent):
        yield f"{key}: a dead letter of something good: {dict(found[key].headers())['openitem_error_code']}"


def good_passed(stack):
    orders = stack.sql("reporting", f"SELECT order_id FROM sales_order WHERE account = '{ACCOUNT}' ORDER BY 1")
    if ["SO-GOOD-1"] not in orders:
        yield f"the good order behind the bad ones did not pass: {orders}"
    if any(o[0] != "SO-GOOD-1" for o in orders):
        yield f"orders that should be dead: {orders}"
    lines = stack.sql("reporting", "SELECT line_id, amount_minor FROM bank_line ORDER BY 1")
    if lines != [["L-GOOD", "12345"]]:
        yield f"bank lines {lines}, expected the good one alone"


def dead_letters_listed(stack, kafka):
    rows = stack.list("dlq", "ls")
    expected = len(list(bad_records(kafka)))
    if len(rows) != expected:
        yield f"`dlq ls` lists {len(rows)} dead letters, expected {expected}"
    for r in rows:
        if not r["reason"]:
            yield f"no reason: {r}"
    only = stack.list("dlq", "ls", "--reason", "tombstone")
    if len(only) != 1:
        yield f"`dlq ls --reason tombstone`: {only}"
    shown = stack.tool("dlq", "show", "bad-type")
    for word in ("unknown_type", "openitem_error_code", "SO-BAD"):
        if word not in shown:
            yield f"`dlq show bad-type` does not say {word}: {shown[:1500]}"


# ---- identity ---------------------------------------------------------------------------------------------------------------


def same_again(stack, kafka):
    data = booked(ACCOUNT, "SO-TWICE", 1)
    kafka.send_event(ORDERS, "twice-1", data, key=ACCOUNT)
    stack.tool("settle")
    before, dead = metric(stack, "intake", "openitem_events_duplicate_total"), len(kafka.read(ORDERS + "-dlt"))
    records = len(kafka.read("ar.intake.v1"))
    kafka.send_event(ORDERS, "twice-1", data, key=ACCOUNT)
    kafka.send_event(ORDERS, "twice-1", data)  # without a key: any partition
    stack.tool("settle")
    counted = metric(stack, "intake", "openitem_events_duplicate_total") - before
    if counted != 2:
        yield f"openitem_events_duplicate_total rose by {counted}, expected 2"
    if len(kafka.read("ar.intake.v1")) != records:
        yield "a duplicate was let through"
    if len(kafka.read(ORDERS + "-dlt")) != dead:
        yield "a duplicate became a dead letter"


def conflict(stack, kafka):
    """Same id, other content; then the same id of another source, which is another event."""
    sent = booked(ACCOUNT, "SO-TWICE", 1, quantity=2)
    where = kafka.send_event(ORDERS, "twice-1", sent, key=ACCOUNT)
    kafka.send_event(ORDERS, "twice-1", booked(ACCOUNT, "SO-OTHER-SOURCE", 1), key=ACCOUNT, source="/elsewhere")
    stack.tool("settle")
    dead = [r for r in kafka.read(ORDERS + "-dlt") if dict(r.headers()).get("__connect.errors.offset") == str(where[1]).encode()
            and r.partition() == where[0]]
    if len(dead) != 1:
        yield f"{len(dead)} dead letters, expected 1"
    for r in dead:
        yield from check_dead_letter(r, (ORDERS, ACCOUNT.encode(), kafka.encode(ORDERS, sent), kafka.headers(ORDERS, "twice-1", "order_booked")),
                                     where, {"id_conflict"})
    if not stack.sql("reporting", "SELECT 1 FROM sales_order WHERE order_id = 'SO-OTHER-SOURCE'"):
        yield "the same id of another source was taken for the same event"


def corrected(stack, kafka):
    """A refused record leaves no trace: the corrected event may carry its id."""
    kafka.send_event(PAYMENTS, "bad-negative payment", bank_line("L-CORRECTED", 49900), key=events.BANK)
    stack.tool("settle")
    if not stack.sql("reporting", "SELECT 1 FROM bank_line WHERE line_id = 'L-CORRECTED'"):
        yield "the corrected event did not pass"


# ---- forms ------------------------------------------------------------------------------------------------------------------


def forms(stack, kafka):
    h = kafka.headers

    def headers(id, content_type):
        return [(k, v if k != "content-type" else content_type) for k, v in h(ORDERS, id, "order_booked")]

    plain = {n: kafka.encode(ORDERS, booked(ACCOUNT, n, 1)) for n in ("SO-FRAMED", "SO-FRAMED-2")}
    framed = b"\x00" + struct.pack(">i", 17) + b"\x00" + plain["SO-FRAMED"]
    kafka.send(ORDERS, framed, key=ACCOUNT, headers=h(ORDERS, "form-1", "order_booked"))
    framed = b"\x00" + struct.pack(">i", 99) + b"\x02\x00" + plain["SO-FRAMED-2"]  # message index [0] in its long form
    kafka.send(ORDERS, framed, key=ACCOUNT, headers=h(ORDERS, "form-2", "order_booked"))
    structured = events.cloud_event(ORDERS, "form-3", booked(ACCOUNT, "SO-STRUCTURED", 1), "2026-01-05")
    kafka.send(ORDERS, json.dumps(structured).encode(), key=ACCOUNT,
               headers=[("content-type", b"application/cloudevents+json; charset=UTF-8")])
    kafka.send(ORDERS, json.dumps(booked(ACCOUNT, "SO-JSON", 1)).encode(), key=ACCOUNT, headers=headers("form-4", b"application/json"))
    kafka.send(ORDERS, kafka.encode(ORDERS, booked(ACCOUNT, "SO-FOREIGN-TYPE", 1)), key=ACCOUNT,
               headers=[(k, b"com.acme.erp.order_booked.v1" if k == "ce_type" else v) for k, v in h(ORDERS, "form-5", "order_booked")])
    kafka.send(ORDERS, kafka.encode(ORDERS, booked(ACCOUNT, "SO-UNKNOWN-FIELD", 1)) + field(15, b"of a later version"), key=ACCOUNT,
               headers=h(ORDERS, "form-6", "order_booked"))
    # The same event in another form is the same event.
    before = metric(stack, "intake", "openitem_events_duplicate_total")
    kafka.send(ORDERS, plain["SO-FRAMED"], key=ACCOUNT, headers=h(ORDERS, "form-1", "order_booked"))
    stack.tool("settle")
    orders = {r[0] for r in stack.sql("reporting", f"SELECT order_id FROM sales_order WHERE account = '{ACCOUNT}'")}
    for wanted in ("SO-FRAMED", "SO-FRAMED-2", "SO-STRUCTURED", "SO-JSON", "SO-FOREIGN-TYPE", "SO-UNKNOWN-FIELD"):
        if wanted not in orders:
            yield f"{wanted} did not pass"
    if metric(stack, "intake", "openitem_events_duplicate_total") - before != 1:
        yield "the framed event without its frame was not taken for the same event"


# ---- order ------------------------------------------------------------------------------------------------------------------


def parked(stack):
    return {(r["account"], r["reason"]) for r in stack.list("exceptions") if r["kind"] == "parked"}


def out_of_order(stack, kafka):
    """BIL: order events take effect in the order of order_version, whatever partition they came on."""
    n = kafka.partitions(ORDERS)
    kafka.send_event(ORDERS, "order-v3", fulfilled("H2", "SO-ORDERED", 3), key="H2", partition=0)
    stack.tool("settle")
    if ("H2", "order_unknown") not in parked(stack):
        yield f"a fulfilment before its order is not listed as parked: {parked(stack)}"
    kafka.send_event(ORDERS, "order-v2", amended("H2", "SO-ORDERED", 2, quantity=5), key="H2", partition=1 % n)
    stack.tool("settle")
    if stack.list("invoices", "--account", "H2"):
        yield "an invoice before the order was known"
    kafka.send_event(ORDERS, "order-v1", booked("H2", "SO-ORDERED", 1, quantity=2), key="H2", partition=2 % n)
    stack.tool("settle")
    invoices = stack.list("invoices", "--account", "H2")
    if [(i["order"], i["net"]) for i in invoices] != [("SO-ORDERED", "500.00")]:
        yield f"expected one invoice of the amended order, 5 x 100.00: {invoices}"
    if any(a == "H2" for a, _ in parked(stack)):
        yield f"still parked: {parked(stack)}"
    versions = stack.sql("reporting", "SELECT order_version, state FROM sales_order WHERE order_id = 'SO-ORDERED'")
    if versions != [["3", "fulfilled"]]:
        yield f"the order is {versions}, expected version 3, fulfilled"


def before_its_customer(stack, kafka):
    """Everything of a customer that is not known yet waits, in order; its events come from every partition."""
    n = kafka.partitions(ORDERS)
    for i in range(1, 5):
        kafka.send_event(ORDERS, f"early-b{i}", booked("H3", f"SO-EARLY-{i}", 1), key="H3", partition=i % n)
        kafka.send_event(ORDERS, f"early-f{i}", fulfilled("H3", f"SO-EARLY-{i}", 2), key="H3", partition=(i + 3) % n)
    stack.tool("settle")
    if stack.list("invoices", "--account", "H3") or not any(a == "H3" for a, _ in parked(stack)):
        yield f"orders of an unknown customer did not wait: {parked(stack)}"
    kafka.send_event(CUSTOMERS, "cust-H3", customer("H3"), key="H3")
    stack.tool("settle")
    invoices = stack.list("invoices", "--account", "H3")
    if sorted(i["order"] for i in invoices) != [f"SO-EARLY-{i}" for i in range(1, 5)]:
        yield f"invoices after the customer was known: {invoices}"
    if any(a == "H3" for a, _ in parked(stack)):
        yield f"still parked: {parked(stack)}"


# ---- programs ---------------------------------------------------------------------------------------------------------------


def no_configuration():
    for s in SERVICES:
        p = subprocess.run([os.path.join(BUILD, "openitem-" + s)], env={}, capture_output=True, text=True, timeout=20)
        if p.returncode != 78:
            yield f"{s} in an empty environment: exit {p.returncode}, expected 78"
        for name in ("OPENITEM_KAFKA_BROKERS", f"OPENITEM_{s.upper()}_DATABASE", "OPENITEM_LANES"):
            if name not in p.stderr:
                yield f"{s} does not name {name}: {p.stderr}"


def wrong_configuration(stack):
    env = {"OPENITEM_KAFKA_BROKERS": "127.0.0.1:1", "OPENITEM_CASH_DATABASE": "host=127.0.0.1", "OPENITEM_LANES": "many"}
    p = subprocess.run([os.path.join(BUILD, "openitem-cash")], env=env, capture_output=True, text=True, timeout=20)
    if p.returncode != 78 or "OPENITEM_LANES" not in p.stderr or "many" not in p.stderr:
        yield f"OPENITEM_LANES=many: exit {p.returncode}: {p.stderr}"
    env = dict(env, OPENITEM_LANES="12", OPENITEM_KAFAK_BROKERS="x")
    p = subprocess.run([os.path.join(BUILD, "openitem-cash")], env=env, capture_output=True, text=True, timeout=20)
    if p.returncode != 78 or "OPENITEM_KAFAK_BROKERS" not in p.stderr:
        yield f"a variable that is not known: exit {p.returncode}: {p.stderr}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nowhere:
    """Commands that find no Kafka, started early because some of them wait for it up to 30 s."""

    def __init__(self, stack):
        self.address = f"127.0.0.1:{free_port()}"
        line = json.dumps(events.cloud_event(CUSTOMERS, "nowhere", customer("H9"), "2026-01-05")) + "\n"
        self.started = []
        for args in (["publish", "-"], ["tail"], ["settle"], ["dlq", "ls"]):
            p = subprocess.Popen([os.path.join(BUILD, "openitem"), *args], env={**stack.env, "OPENITEM_KAFKA_BROKERS": self.address}, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            p.stdin.write(line)
            p.stdin.close()
            p.stdin = None
            self.started.append((args, p))

    def problems(self):
        for args, p in self.started:
            said = p.communicate(timeout=60)[1]
            if p.returncode != 3 or self.address not in said or "OPENITEM_KAFKA_BROKERS" not in said:
                yield f"Kafka away, openitem {' '.join(args)}: exit {p.returncode}, expected 3, the variable and the address: {said[-500:]}"


def exit_codes(stack, nowhere):
    def run(*args, **env):
        return subprocess.run([os.path.join(BUILD, "openitem"), *args], env={**stack.env, **env}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120)

    for args in (["teleport"], [], ["aging", "--as-of", "yesterday"], ["aging", "--format", "xml"], ["play"], ["command", "fly", "X"],
                 ["settle", "--timeout", "-1"], ["aging", "--no-such-option"]):
        p = run(*args)
        if p.returncode != 2:
            yield f"openitem {' '.join(args)}: exit {p.returncode}, expected 2: {p.stderr[-300:]}"
    for args in (["--help"], ["aging", "--help"], ["play", "--help"]):
        p = run(*args)
        if p.returncode != 0 or "usage" not in p.stdout:
            yield f"openitem {' '.join(args)}: exit {p.returncode}: {p.stdout[:200]}"
    port = free_port()
    p = run("aging", OPENITEM_REPORTING_DATABASE_RO=f"host=127.0.0.1 port={port} dbname=openitem user=nobody")
    if p.returncode != 3 or str(port) not in p.stderr or "reporting" not in p.stderr:
        yield f"PostgreSQL away: exit {p.returncode}, expected 3, the service and the address: {p.stderr[-500:]}"
    p = run("aging", OPENITEM_HOME=os.path.join(stack.home, "nothing-here"))
    if p.returncode != 3 or "OPENITEM_REPORTING_DATABASE_RO" not in p.stderr:
        yield f"no settings: exit {p.returncode}, expected 3 and the variable: {p.stderr[-500:]}"
    yield from nowhere.problems()


def bad_ndjson(stack, kafka):
    good = json.dumps(events.cloud_event(CUSTOMERS, "ndjson-1", customer("H8"), "2026-01-05"))
    bad = json.dumps(events.cloud_event(CUSTOMERS, "ndjson-3", customer("H8"), "2026-01-05")).replace("2026-01-01", "2026-13-01")
    path = os.path.join(stack.home, "bad.ndjson")
    records = len(kafka.read(CUSTOMERS))
    for command in (["publish", path], ["play", path]):
        for line, what in ((good[:-9], "broken JSON"), (bad, "a month 13")):
            with open(path, "w") as f:
                f.write(good + "\n\n" + line + "\n")
            p = stack.run(*command)
            place = re.search(re.escape(path) + r":(\d+):(\d+): (.*)", p.stderr)
            if p.returncode != 4 or not place or place.group(1) != "3":
                yield f"{command[0]}, {what}: exit {p.returncode}, expected 4 and FILE:3:COLUMN: {p.stderr[-500:]}"
                continue
            column = int(place.group(2))
            if what == "a month 13" and line[column - 1:].find("2026-13-01") not in (0, 1):
                yield f"{command[0]}, {what}: column {column} is at {line[column - 1:column + 30]}"
    if len(kafka.read(CUSTOMERS)) != records:
        yield "the good line beside the bad one was published"


def verify(stack):
    stack.tool("verify")


def main():
    tests = Tests()
    tests.attempt("missing configuration: exit 78, the variables named", no_configuration)
    with Stack("hostile") as stack:
        kafka, nowhere = Kafka(stack), Nowhere(stack)
        play(stack, events.company([ACCOUNT, "H2"]))
        tests.attempt("AUD-04 dead letters: byte for byte, stable reason, Connect and Spring headers", dead_letters, stack, kafka)
        tests.attempt("AUD-04 the partition goes on: the good event behind the bad ones passes", good_passed, stack)
        tests.attempt("dlq ls and show", dead_letters_listed, stack, kafka)
        tests.attempt("AUD-04 the same event again is ignored and counted", same_again, stack, kafka)
        tests.attempt("AUD-04 the same id with another content is an id_conflict", conflict, stack, kafka)
        tests.attempt("AUD-04 a refused event leaves no trace: corrected, it passes", corrected, stack, kafka)
        tests.attempt("Confluent framing, structured and plain JSON, foreign types, unknown fields", forms, stack, kafka)
        tests.attempt("order_version out of order over foreign partitions: parked, released in order", out_of_order, stack, kafka)
        tests.attempt("orders before their customer: parked, released", before_its_customer, stack, kafka)
        tests.attempt("wrong configuration: exit 78, the variable named", wrong_configuration, stack)
        tests.attempt("openitem: exit codes 2 and 3", exit_codes, stack, nowhere)
        tests.attempt("openitem: bad NDJSON is exit 4 with file, line, column; nothing published", bad_ndjson, stack, kafka)
        tests.attempt("AUD-05 verify after all that", verify, stack)
    tests.end()


main()
