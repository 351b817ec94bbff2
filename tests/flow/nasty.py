"""Text that means something to SQL, a shell, a terminal, printf, a path or a spreadsheet, in every text field of every external event."""
import csv
import io
import json
import os
import pty
import re
import subprocess

import events
from events import BANK, CURRENCY, ENTITY, bank_line, booked, cloud_event, company, customer, fulfilled, returned
from stack import BUILD

MARKER = "/tmp/openitem-nasty"  # made by nothing but a text that was executed
FORMULA = ("=1+2", "+1+2", "-1+2", "@SUM(1)")
TEXTS = FORMULA + (
    "'; DROP TABLE outcome; --",
    f"$(touch {MARKER})",
    f"`touch {MARKER}`",
    f"\"\\! touch {MARKER}",
    "%n%s%1$s%*d",
    "../../../etc/passwd",
    "{{number:SO-1}} ${HOME} <b>&amp;",
    "a,b;\"c\"|d\\x1b[31m",
    "\u202egnp.exe\u202c\u2066x\u2069\u200f\u061c",
    "\u2028\u2029\ufeff",
    "\u009b31m\u0085",
    "\x1b[31mred\x1b]0;owned\x07",
    "one\ntwo\r\n\tthree\r",
    "\x7f\b\v",
    "nul\x00nul",
    "\u65e5\u672c\U0001f642e\u0301",
)
# What may change how a terminal shows the rest: the list of common/text. Line ends are the tool's own.
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
# Texts that the gate lets through only where lines may stand.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def item(document):
    return {"documentId": document, "sequence": 1}


def base_events():
    """(topic, event with every text field there is): each as the gate takes it. {n} makes it an event of its own, {p} a number prefix."""
    money = {"currencyCode": CURRENCY, "minor": "100"}
    address = {"kind": "ADDRESS_KIND_BILL_TO", "lines": {"clear": "x"}, "countryCode": "DE"}
    contact = {"role": "ap", "name": {"clear": "x"}, "email": {"clear": "x"}, "phone": {"clear": "x"}}
    refs = [{"kind": f"PAYER_REFERENCE_KIND_{k}", "value": {"clear": "x"}} for k in ("BANK_ACCOUNT", "REFERENCE", "ALIAS_NAME")]
    full = customer("N{n}")
    full["customerRecorded"].update(addresses=[address], contacts=[contact], payerReferences=refs, parentAccount="P", taxRegistration="x")
    yield "crm.customer.v1", full
    order = booked("N{n}", "SO-N{n}", 1)
    order["orderBooked"]["order"].update(termsCode="N30", dueDate="2026-02-01", customerPo="x", externalReference="x")
    order["orderBooked"]["order"]["lines"][0].update(description="x", taxes=[{"code": "VAT", "category": "TAX_CATEGORY_STANDARD", "ratePpm": 190000}])
    yield "crm.sales-order.v1", order
    yield "crm.sales-order.v1", {"orderAmended": {"order": dict(order["orderBooked"]["order"], orderVersion=2)}}
    yield "crm.sales-order.v1", fulfilled("N{n}", "SO-N{n}", 2)
    yield "crm.sales-order.v1", {"orderCancelled": {"account": "N{n}", "orderId": "SO-C{n}", "orderVersion": 2, "reason": "x"}}
    yield "crm.sales-order.v1", {"openingItem": {"account": "N{n}", "entity": ENTITY, "kind": "OPENING_KIND_INVOICE", "externalNumber": "E-{n}",
                                                 "documentDate": "2025-12-01", "dueDate": "2025-12-31", "accountingDate": "2026-01-01",
                                                 "original": money, "open": money, "customerPo": "x", "orderId": "x"}}
    line = bank_line("L-{n}", 1000)
    line["lineBooked"].update(statementId="ST-{n}", valueDate="2026-01-06", payerName={"clear": "x"}, payerBankAccount={"clear": "x"},
                              payerReference={"clear": "x"}, remittanceText={"clear": "x"}, remittance=[{"reference": "x", "amount": money}])
    yield "bank.payment.v1", line
    back = returned("LR-{n}", "L-0", 100, "2026-01-07", fee=1)
    back["lineReturned"]["statementId"] = "ST-{n}"
    yield "bank.payment.v1", back
    yield "bank.payment.v1", {"statementClosed": {"bankAccount": BANK, "statementId": "ST-{n}", "entity": ENTITY, "opening": money, "closing": money,
                                                  "bookingDate": "2026-01-07"}}
    # Of an account that nobody recorded: any entity passes.
    yield "bank.payment.v1", bank_line("L-{n}", 1000, bank="BK{n}")
    yield "bank.payment.v1", returned("LR-{n}", "L-0", 100, "2026-01-07", bank="BK{n}")
    yield "bank.payment.v1", {"statementClosed": {"bankAccount": "BK{n}", "statementId": "ST-{n}", "entity": ENTITY, "opening": money, "closing": money,
                                                  "bookingDate": "2026-01-07"}}
    for command in ({"assignPayer": {"lineId": "L-{n}", "payerAccount": "N1", "expectedVersion": 1}},
                    {"sendBack": {"documentId": "x{n}", "expectedVersion": 1}},
                    {"apply": {"credit": item("x{n}"), "expectedVersion": 1, "targets": [{"item": item("y"), "amount": money}], "accountingDate": "2026-01-06"}},
                    {"unapply": {"credit": item("x{n}"), "expectedVersion": 1, "debit": item("y")}},
                    {"setBlock": {"blockId": "b{n}", "reason": "BLOCK_REASON_DISPUTE", "item": item("z{n}"), "until": "2026-12-31"}},
                    {"liftBlock": {"blockId": "b{n}"}}):
        yield "ar.command.v1", {"account": "N{n}", "issuedBy": "x", "note": "x", **command}
    for fact in ({"entityRecorded": {"entity": "EN{n}", "name": "x", "functionalCurrency": CURRENCY, "fiscalYearStartMonth": 1, "numberPrefix": "{p}"}},
                 {"bankAccountRecorded": {"bankAccount": "BA{n}", "entity": ENTITY, "currencyCode": CURRENCY}},
                 {"termsRecorded": {"termsCode": "T{n}", "version": 1, "effectiveFrom": "2026-01-01", "kind": "TERMS_KIND_NET", "days": 30}},
                 {"periodRecorded": {"entity": "EN{n}", "firstDay": "2026-01-01", "lastDay": "2026-01-31", "state": "PERIOD_STATE_OPEN"}},
                 {"dayOpened": {"businessDate": "2026-01-08", "entities": ["EN{n}"]}}):
        yield "ar.reference.v1", fact


def text_fields(message, path=()):
    """Paths of all text fields that are set."""
    for field, value in message.ListFields():
        many = field.label == field.LABEL_REPEATED
        for i, one in enumerate(value if many else [value]):
            here = path + ((field.name, i) if many else (field.name,))
            if field.type == field.TYPE_STRING:
                yield here
            elif field.type == field.TYPE_MESSAGE:
                yield from text_fields(one, here)


def set_text(message, path, text):
    *most, last = path
    for step in most:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    if isinstance(last, int):
        message[last] = text
    else:
        setattr(message, last, text)


def is_format(path):
    """Dates and codes: no text of a stranger's fits there, so one try is enough."""
    name = path[-1] if isinstance(path[-1], str) else path[-2]
    return name in ("currency_code", "functional_currency", "country_code", "number_prefix", "until") or name.endswith(("_date", "_day", "_from"))


def send_all(kafka):
    """Every text in every field of every event, and in every attribute of one. Returns {event id: (topic, path, text)}."""
    sent, n = {}, 0
    for topic, data in base_events():
        kind = events.member(data)
        template = json.dumps(data)
        for path in text_fields(kafka.classes[topic].FromString(kafka.encode(topic, json.loads(template.replace("{n}", "0"))))):
            for text in TEXTS[:1] if is_format(path) else TEXTS:
                n += 1
                unique = template.replace("{n}", str(n)).replace("{p}", "Z" + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 36])
                message = kafka.classes[topic].FromString(kafka.encode(topic, json.loads(unique)))
                set_text(message, path, text)
                produce(kafka, topic, message.SerializeToString(), None, kafka.headers(topic, f"nasty-{n}", kind))
                sent[f"nasty-{n}"] = (topic, path, text)
    for text in TEXTS:
        n += 1
        value = kafka.encode("crm.customer.v1", customer(f"H{n}"))
        for at in ("ce_id", "ce_source", "ce_type", "ce_correlationid", "ce_subject", "traceparent", "content-type"):
            headers = dict(kafka.headers("crm.customer.v1", f"nasty-{n}-{at}", "customer_recorded"))
            produce(kafka, "crm.customer.v1", value, None, list(dict(headers, **{at: text.encode()}).items()) + [(text.replace("\0", ""), text.encode())])
        produce(kafka, "crm.customer.v1", value, text.encode(), kafka.headers("crm.customer.v1", f"nasty-{n}-key", "customer_recorded"))
        broken = json.dumps({"customerRecorded": {"account": text}})[:-2].encode()
        for value in (broken, b'{"customerRecorded": {"' + text.encode() + b'": 1}}', text.encode()):
            headers = dict(kafka.headers("crm.customer.v1", f"nasty-{n}-json", "customer_recorded"), **{"content-type": b"application/json"})
            produce(kafka, "crm.customer.v1", value, None, list(headers.items()))
    kafka.producer.flush(60)
    return sent


def produce(kafka, topic, value, key, headers):
    kafka.producer.produce(topic, value=value, key=key, headers=headers)
    kafka.producer.poll(0)


# ---- what comes out ---------------------------------------------------------------------------------------------------------


def show(text):
    return "".join(f"\\u{{{ord(c):x}}}" if DANGEROUS.match(c) else c for c in text)


def unsafe(raw, what):
    """Raw bytes that somebody may look at with `cat`."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as e:
        yield f"{what}: not UTF-8 at byte {e.start}: {raw[max(0, e.start - 40):e.start + 20]!r}"
        text = raw.decode(errors="replace")
    found = DANGEROUS.search(text)
    if found:
        yield f"{what}: {show(text[max(0, found.start() - 60):found.end() + 20])}"


def run(stack, *args, terminal=False):
    """(exit code, stdout, stderr) as bytes. terminal: both are one."""
    command = [os.path.join(BUILD, "openitem"), *args]
    if not terminal:
        p = subprocess.run(command, env=stack.env, capture_output=True, stdin=subprocess.DEVNULL)
        return p.returncode, p.stdout, p.stderr
    ours, theirs = pty.openpty()
    p = subprocess.Popen(command, env=stack.env, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    out = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # it ended
            chunk = b""
        if not chunk:
            break
        out += chunk
    os.close(ours)
    return p.wait(), out.replace(b"\r\n", b"\n"), b""


def listed(stack, *args, codes=(0,)):
    """One command in all its formats: safe where people look, parsed where programs do. Yields what is wrong."""
    for format in ("table", "json", "csv"):
        what = f"openitem {' '.join(map(show, args))} --format {format}"
        code, out, said = run(stack, *args, "--format", format)
        if code not in codes:
            yield f"{what}: exit {code}: {said[-300:]!r}"
            continue
        yield from unsafe(said, what + ", stderr")
        if format == "csv":
            yield from formulas(out.decode(), what)
        else:
            yield from unsafe(out, what)
        if format == "json":
            yield from parsed(out, what)
    code, out, said = run(stack, *args, "--format", "csv", terminal=True)
    yield from unsafe(out, f"openitem {' '.join(map(show, args))} --format csv, on a terminal")


def parsed(out, what):
    try:
        json.loads(out)
    except ValueError:
        try:
            for line in out.decode().rstrip("\n").split("\n"):
                json.loads(line)
        except ValueError as e:
            yield f"{what}: {e}"


def formulas(text, what):
    for row in csv.reader(io.StringIO(text, newline="")):
        for cell in row:
            if re.match(r"[=+@\t\r]|-(?![0-9]+(\.[0-9]+)?$)", cell):
                yield f"{what}: a spreadsheet would run {show(cell)[:60]!r}"
                return


def small_company(stack):
    lines = company(["N0"]) + [cloud_event("crm.sales-order.v1", "so-0", booked("N0", "SO-0", 1), "2026-01-05"),
                               cloud_event("bank.payment.v1", "l-0", bank_line("L-0", 1000), "2026-01-06")]
    stack.tool("play", "-", stdin="".join(json.dumps(line) + "\n" for line in lines))
