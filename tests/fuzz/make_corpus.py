#!/usr/bin/python3
"""make_corpus.py BUILD: the seeds of tests/fuzz/corpus, from tests/golden, tests/tables and a few lines below. The same every time.

BUILD: a build directory with fuzz_pipe and gen/openitem.protoset. Existing seeds are replaced; what a campaign found worth keeping
is in regressions/, which this does not touch.
"""
import glob
import os
import random
import re
import shutil
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
# In the order of wire_topics[]: what an input's first byte chooses among.
TOPICS = [
    ("crm.customer.v1", "ar.crm.v1.CustomerEvent", "gate-customer"),
    ("crm.sales-order.v1", "ar.crm.v1.SalesOrderEvent", "gate-order"),
    ("bank.payment.v1", "ar.bank.v1.PaymentEvent", "gate-payment"),
    ("ar.command.v1", "ar.command.v1.CommandEvent", "gate-command"),
    ("ar.reference.v1", "ar.reference.v1.ReferenceEvent", "gate-reference"),
    ("ar.intake.v1", "ar.intake.v1.IntakeEvent", None),
    ("ar.billing.v1", "ar.billing.v1.BillingEvent", None),
    ("ar.cash.v1", "ar.cash.v1.CashEvent", None),
    ("ar.transfer.v1", "ar.cash.v1.CashEvent", None),
    ("ar.collections.v1", "ar.collections.v1.CollectionsEvent", None),
]
ROWS_PER_EVENT = 6  # of the tables: enough for every refusal, few enough to stay small
BINARY = b"%s\nce_id=%s\nce_source=/seed\nce_type=*\n%s\n%s"
NEXT = b"\n%%%%\n"


class Seeds:
    def __init__(self, build):
        self.pipe = subprocess.Popen([os.path.join(build, "fuzz_pipe")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with open(os.path.join(build, "gen", "openitem.protoset"), "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        factory = message_factory.MessageFactory(pool)
        self.classes = {name: factory.GetPrototype(pool.FindMessageTypeByName(name)) for _, name, _ in TOPICS}
        self.written = 0

    def ask(self, line):
        self.pipe.stdin.write(line.encode() + b"\n")
        self.pipe.stdin.flush()
        return self.pipe.stdout.readline()[:-1].decode()

    def json(self, name, raw):
        return json_format.MessageToJson(self.classes[name].FromString(raw), indent=None).encode()

    def write(self, target, name, data):
        folder = os.path.join(HERE, "corpus", target)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, re.sub(r"[^\w.-]", "_", name)), "wb") as file:
            file.write(data)
        self.written += len(data)


def golden():
    for path in sorted(glob.glob(os.path.join(TESTS, "golden", "*.txt"))):
        for line in open(path, encoding="utf-8"):
            if not line.startswith("="):
                message, event, hex_bytes = line.split()
                yield message, event, bytes.fromhex(hex_bytes)


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table_rows():
    """(event, {column: value}) of every row of every table of tests/tables, defaults filled in."""
    for path in sorted(glob.glob(os.path.join(TESTS, "tables", "*", "*.txt"))):
        defaults, event, header, is_default = {}, None, None, False
        for line in open(path, encoding="utf-8"):
            name = re.match(r"^(default )?([a-z-]+\.)?([a-z_]+)$", line.strip())
            if line.startswith("|") and event:
                if header is None:
                    header = cells(line)
                    continue
                row = {c: v for c, v in zip(header, cells(line)) if v not in ("", "-") and not c.startswith(("outcome.", "ce_id"))}
                if is_default:
                    defaults.setdefault(event, {}).update(row)
                else:
                    yield event, {**defaults.get(event, {}), **row}
            elif name:
                event, header, is_default = name[3], None, bool(name[1])
            elif not line.strip().startswith("#"):
                event = None


def gate_seeds(seeds):
    by_event = {field.name: (topic, name, target)
                for topic, name, target in TOPICS if target
                for field in seeds.classes[name].DESCRIPTOR.fields if field.containing_oneof}
    first = {}
    for message, event, raw in golden():
        for topic, name, target in TOPICS:
            if target and name == message:
                seeds.write(target, f"golden-{event}", BINARY % (b"-", b"g1", b"", raw))
                seeds.write(target, f"golden-{event}-json",
                            BINARY.replace(b"*", b"x." + event.encode() + b".v1")
                            % (b"-", b"g1", b"content-type=application/json\n", seeds.json(name, raw)))
                first[target] = raw
    made = {}
    for event, row in table_rows():
        if event not in by_event:
            continue
        topic, name, target = by_event[event]
        raw = bytes.fromhex(seeds.ask(f"build {topic} {event}" + "".join(f"\t{c}={v}" for c, v in row.items())))
        known = made.setdefault(event, [])
        if raw in known or len(known) >= ROWS_PER_EVENT:
            continue
        known.append(raw)
        key = row.get("key") or row.get("bank_account" if target == "gate-payment" else "account") or "-"
        seeds.write(target, f"row-{event}-{len(known)}", BINARY % (key.encode(), b"r%d" % len(known), b"", raw))
    for target, raw in first.items():
        one = BINARY % (b"-", b"s1", b"ce_correlationid=k\ntraceparent=00-1-2-01\n", raw)
        seeds.write(target, "again-and-conflict", one + NEXT + one + NEXT + BINARY % (b"-", b"s1", b"", b""))
    return made


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def piece(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def structured_seeds(seeds, rows):
    head = b'{"specversion":"1.0","id":"e1","source":"/bank","type":"openitem.bank.%s.v1","data":%s}'
    url = b"type.googleapis.com/ar.bank.v1.PaymentEvent"
    for event in ("line_booked", "line_returned", "statement_closed"):
        for i, raw in enumerate(rows[event][:3]):
            as_json = seeds.json("ar.bank.v1.PaymentEvent", raw)
            whole = head % (event.encode(), as_json)
            seeds.write("gate-cloudevent-json", f"{event}-{i}", whole)
            seeds.write("cloudevent-json", f"{event}-{i}", whole)
            seeds.write("event-line", f"{event}-{i}", whole + b"\n\n" + whole.replace(b'"e1"', b'"e2"'))
            envelope = piece(1, b"e1") + piece(2, b"/bank") + piece(3, b"1.0") + piece(4, b"openitem.bank.%s.v1" % event.encode())
            kind = lambda name, value: piece(5, piece(1, name) + piece(2, piece(3, value)))
            target = "gate-cloudevent-protobuf"
            seeds.write(target, f"{event}-{i}-any", envelope + piece(8, piece(1, url) + piece(2, raw)))
            seeds.write(target, f"{event}-{i}-text", envelope + piece(7, as_json) + kind(b"correlationid", b"k"))
            seeds.write(target, f"{event}-{i}-binary", envelope + kind(b"datacontenttype", b"application/json") + piece(6, as_json))
            seeds.write(target, f"{event}-{i}-framed", b"\0\0\0\0\7\0" + envelope + piece(6, raw))
            for n, index in enumerate((b"\0", b"\2\0", b"\4\2\4", b"\2\x80\1")):
                seeds.write("gate-confluent", f"{event}-{i}-{n}", b"\0\0\0\7" + index + raw)
    seeds.write("cloudevent-json", "all-attributes",
                b'{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2026-01-02T03:04:05.5+01:00","subject":"x",'
                b'"correlationid":"c","causationid":"d","partitionkey":"p","traceparent":"00-1","datacontenttype":"application/json;'
                b' charset=utf-8","other":7,"data":[1,-2.5,true,null,{"a":"\\u00fc\\n"}]}')


def library_seeds(seeds):
    by_name = {}
    for message, event, raw in golden():
        by_name.setdefault(message, []).append((event, raw))
    for at, (topic, name, _) in enumerate(TOPICS):
        for event, raw in by_name[name]:
            if topic != "ar.transfer.v1":
                seeds.write("inner", f"{topic}-{event}", bytes([at]) + raw)
    for at, (topic, name, _) in enumerate(TOPICS):
        for event, raw in by_name[name][:8]:
            seeds.write("json-out", f"{topic}-{event}", bytes([at]) + raw)
            seeds.write("json-in", f"{topic}-{event}", bytes([at]) + seeds.json(name, raw))
    le = lambda n: n.to_bytes(4, "little")
    text = lambda b: le(len(b)) + b
    header = text(b"ce_id") + b"\0" + text(b"e1") + text(b"x") + b"\1" + text(b"")
    seeds.write("packed", "two-headers", b"\0" + text(b"K") + text(b"value") + le(2) + header)
    seeds.write("packed", "nulls", b"\3" + text(b"") + text(b"") + le(0))


LINES = {
    "csv": {
        "plain": b"a,b,c\n1,2,3\n4,5,6\n",
        "quoted": b'\xef\xbb\xbfa,"b ""x"""\r\n"1\n2",\xc3\xbc\r\n\r\n,\r\n',
        "bad": b'a,b\n"open,2\n',
        "behind-quote": b'a,b\n"x"y,2\n1\n1,2,3\n',
    },
    "words": {
        str(i): w for i, w in enumerate((
            b"2026-02-28", b"2024-02-29", b"9999-12-31", b"1900-01-01", b"4/6/2013", b"12/31/1999", b"20200227",
            b"2026-01-02T03:04:05.123456789+14:00", b"1900-01-01T00:00:00Z", b"9999-12-31T23:59:59.999999-23:59",
            b"-92233720368547758.08", b"92233720368547758.07", b"0.000001", b"12345.0873", b"9223372036854775807",
            b"-9223372036854775808", b"DEI26-0B00000015", b"\\x00ff", b"0123456789abcdef" * 4, b"30,60,90", b"{1,-2,3,4}",
            b"OPENITEM_X='a b'", b"export OPENITEM_Y=\"1\"", b"=1+1", b"\x1b[2J\xc2\x85\xe2\x80\xae", "M\u00fcller & Co., Ltd. \U0001d11e".encode(),
        ))
    },
    "path": {
        "order": b"\1order_booked.order.account\nC1\norder_booked.order.lines[0].quantity_e6\n12.5\norder_booked.order.lines[0].taxes[0].code\nV\n",
        "payment": b"\2line_booked.amount\n100.00 EUR\nline_booked.booking_date\n2026-03-05\nline_booked.kind\npayment\n",
        "command": b"\3apply.targets[0].item.document_id\nD1\napply.targets[1].amount\n-1 EUR\naccount\nC1\nevent.apply\n{}\n",
        "reference": b"\4day_opened.entities\nA,B,C\nladder_recorded.levels[0].fee\n0.10 KWD\nladder_recorded\n\n",
        "cash": b"\7provenance.prev_hash\n00ff\napplied.total\n1.00 EUR\nn_x\n1\nprovenance.positions[0].next_offset\n7\n",
    },
    "tail": {
        "dead": b"\3K\nce_id=1\nopenitem_error_code=undecodable\n__connect.errors.topic=bank.payment.v1\n\n\xff\xfe",
        "json": b"\2K\ncontent-type=application/json\n\n{\"lineBooked\":{\"bankAccount\":\"A\"}}",
        "structured": b"\0-\ncontent-type=application/cloudevents+json\n\n{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"data\":{}}",
        "structured-protobuf": b"\0-\ncontent-type=application/cloudevents+protobuf\n\n\x0a\x011\x12\x01s\x1a\x031.0\x22\x01t\x3a\x02{}",
        "null": b"\6K\nce_id\nce_time=\n\n",
    },
    "http": {
        str(i): b"\n".join(w) for i, w in enumerate((
            (b"GET", b"/livez", b""), (b"HEAD", b"/readyz", b"*/*"), (b"GET", b"/metrics", b"application/openmetrics-text; version=1.0.0"),
            (b"POST", b"/version", b""), (b"GET", b"/version", b""), (b"GET", b"/../../etc/passwd", b"text/html"),
            (b"BREW", b"/metrics?x=%00", b"application/openmetrics-text"), (b"GET", b"/metrics", b""),
        ))
    },
}


def import_seeds(seeds):
    maps = os.path.join(os.path.dirname(TESTS), "services", "cli", "maps")
    rows = {
        "late-payments": b"countryCode,customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,SettledDate\n"
                         b"391,0379-NEVHP,611365,1/2/2013,2/1/2013,55.94,1/15/2013\n391,0379-NEVHP,7900770,1/26/2013,2/25/2013,61.74,\n",
        "open-invoices": None,
    }
    for name, csv in rows.items():
        text = open(os.path.join(maps, name + ".map"), "rb").read()
        text = b"\n".join(line for line in text.split(b"\n") if not line.startswith(b"#"))
        if csv is None:
            columns = re.findall(rb"^column (\S+) (\S+)", text, re.M)
            value = {b"text": b"x", b"number": b"17.0", b"amount": b"12.50", b"date": b"20200227"}
            csv = b",".join(c for c, _ in columns) + b"\n" + b",".join(value[t] for _, t in columns) + b"\n"
        seeds.write("import", name, text + b"\n%%%%\n" + csv)
    small = (b"source /s\ncut-over\ncolumn a text unique\ncolumn b number optional\ncolumn d date y-m-d|m/d/y\nevent customer_recorded\n  on {d}\n"
             b"  once {a}\n  id c-{a}-{ordinal}\n  account = {a}\n  effective_from = {first}\n  legal_name = N {b}\n"
             b"  more {b} contacts[+].name = {b}\n  more {b} contacts[=].role = x\n%%%%\na,b,d\nC1,1.0,2026-01-02\nC2,,1/2/2026\n")
    seeds.write("import", "small", small)


def book_seeds(seeds):
    """Choices without meaning, different enough to begin with."""
    rng = random.Random(7)
    for i in range(24):
        seeds.write("books", f"choices-{i}", bytes(rng.choice((rng.randrange(256), rng.randrange(4))) for _ in range(rng.randint(40, 900))))


def main(build):
    shutil.rmtree(os.path.join(HERE, "corpus"), ignore_errors=True)
    seeds = Seeds(build)
    rows = gate_seeds(seeds)
    structured_seeds(seeds, rows)
    library_seeds(seeds)
    import_seeds(seeds)
    book_seeds(seeds)
    for target, files in LINES.items():
        for name, data in files.items():
            seeds.write(target, name, data)
    count = sum(len(files) for _, _, files in os.walk(os.path.join(HERE, "corpus")))
    print(f"{count} seeds, {seeds.written} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
