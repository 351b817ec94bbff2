#!/usr/bin/python3
"""Dead letters published again (issue 4, section 4; AUD-04): byte for byte, each once whatever is killed, not for ever, and on record."""
import json
import os
import random
import signal
import time

import events
from events import ENTITY, Kafka, bank_line
from stack import Failed, Stack, Tests

ORDERS, PAYMENTS, REFERENCE = "crm.sales-order.v1", "bank.payment.v1", "ar.reference.v1"
BANK2 = "DE02500105170137075030"
KILLS = 2
COUNT, FROM = "openitem_redrive_count", "openitem_redriven_from"

def as_bytes(v):
    return v if isinstance(v, (bytes, type(None))) else v.encode()


def headers_of(record):
    return [(k, as_bytes(v)) for k, v in record.headers() or []]


def redriven_from(record):
    """The dead letter it was; None: nobody re-drove it."""
    return (dict(headers_of(record)).get(FROM) or b"").decode() or None


def place(row):
    return f"{row['topic']}:{row['partition']}:{row['offset']}"


def dead(stack, **wanted):
    return [r for r in stack.list("dlq", "ls") if all(r[k] == v for k, v in wanted.items())]


def redrive(stack, *args, codes=(0,)):
    """The rows of what was sent, refused, or would be."""
    text = stack.tool("dlq", "redrive", *args, "--format", "json", codes=codes)
    return json.loads(text)


def bank_account(currency):
    return {"bankAccountRecorded": {"bankAccount": BANK2, "entity": ENTITY, "currencyCode": currency}}


# ---- the same bytes, and then the missing fact ------------------------------------------------------------------------------


def send_conflicting(kafka):
    """Payments of an account that was recorded in another currency: (value, headers) by event id. On a partition of a stranger's choice."""
    sent = {}
    for n in range(5):
        value = kafka.encode(PAYMENTS, bank_line(f"R-{n}", 1000 + n, bank=BANK2))
        headers = kafka.headers(PAYMENTS, f"pay-{n}", "line_booked")
        if n == 0:  # headers that look like ours, twice the same, no text, nothing
            headers += [("kafka_dlt-original-topic", b"of theirs"), ("x", b"\x00\xff"), ("x", b""), ("none", None), (COUNT, b"7")]
        here = kafka.send(PAYMENTS, value, key=BANK2, headers=headers, partition=(n + 1) % kafka.partitions(PAYMENTS))
        sent[f"pay-{n}"] = (value, headers, here)
    return sent


def dry_run(stack, kafka, sent):
    stack.tool("settle")
    rows = redrive(stack, "--topic", PAYMENTS, "--dry-run")
    if sorted(r["id"] for r in rows) != sorted(sent) or {r["result"] for r in rows} != {"would be sent"}:
        yield f"--dry-run lists {rows}"
    if any(redriven_from(r) for r in kafka.read(PAYMENTS)) or stack.list("dlq", "audit"):
        yield "--dry-run sent or recorded something"


def same_bytes(stack, kafka, sent):
    own = kafka.send(PAYMENTS, b"\xff", key=BANK2, headers=kafka.headers(PAYMENTS, "noise", "line_booked"))[0]  # where this key belongs
    stack.tool("settle")
    letters = {r["id"]: r for r in dead(stack, topic=PAYMENTS + "-dlt", reason="bank_account_conflict")}
    rows = redrive(stack, "--topic", PAYMENTS, "--reason", "bank_account_conflict", "--by", "clerk", "--note", "try; 'again'")
    if sorted(r["id"] for r in rows) != sorted(sent):
        yield f"re-driven: {rows}"
    found = {r.offset(): r for r in kafka.read(PAYMENTS) if r.partition() == own}
    for row in rows:
        topic, partition, offset = row["target"].split(":")
        value, headers, _ = sent[row["id"]]
        again = found.get(int(offset))
        if topic != PAYMENTS or int(partition) != own or again is None:
            yield f"{row['id']} went to {row['target']}, its key belongs to partition {own}"
            continue
        if again.value() != value or again.key() != BANK2.encode():
            yield f"{row['id']}: other bytes"
        expected = [(COUNT, b"1"), (FROM, place(letters[row["id"]]).encode())] + headers
        if headers_of(again) != expected:
            yield f"{row['id']}: headers {headers_of(again)}, expected {expected}"


def refused_again(stack, kafka, sent):
    """Without the missing fact: another dead letter, one attempt more, no trace in the inbox."""
    stack.tool("settle")
    if stack.sql("intake", f"SELECT event_id FROM inbox WHERE event_id LIKE 'pay-%'"):
        yield "a refused record left a trace in the inbox"
    by_id = {}
    for record in kafka.read(PAYMENTS + "-dlt"):
        h = headers_of(record)
        by_id.setdefault(dict(h).get("ce_id", b"").decode(), []).append(h)
    for id, (_, headers, _) in sent.items():
        by_id[id].sort(key=lambda h: dict(h)["openitem_attempts"])
        attempts = [dict(h)["openitem_attempts"] for h in by_id[id]]
        if attempts != [b"1", b"2"] or len(by_id[id][0]) != len(by_id[id][1]) or by_id[id][1][:len(headers)] != headers:
            yield f"{id}: attempts {attempts}; headers {by_id[id]}"


def accepted_after_the_fix(stack, kafka, sent):
    kafka.send_event(REFERENCE, "bank2-again", bank_account("EUR"), key=ENTITY)
    stack.tool("settle")
    rows = redrive(stack, "--reason", "bank_account_conflict")
    if sorted((r["id"], r["redrive"], r["result"]) for r in rows) != [(id, 2, "sent") for id in sorted(sent)]:
        yield f"re-driven: {rows}"
    stack.tool("settle")
    lines = stack.sql("reporting", f"SELECT line_id FROM bank_line WHERE at_account = '~{BANK2}' ORDER BY 1")
    if lines != [[f"R-{n}"] for n in range(5)]:
        yield f"bank lines {lines} after the account was corrected"
    if redrive(stack, "--reason", "bank_account_conflict"):
        yield "something is left to re-drive"


# ---- not for ever -----------------------------------------------------------------------------------------------------------


def loop_guard(stack, kafka):
    kafka.send(ORDERS, b"\xffloop", key="LOOP", headers=kafka.headers(ORDERS, "loop", "order_booked"))
    for trip in (1, 2, 3):
        stack.tool("settle")
        rows = redrive(stack, "--key", "LOOP")
        if [(r["redrive"], r["result"]) for r in rows] != [(trip, "sent")]:
            yield f"trip {trip}: {rows}"
    stack.tool("settle")
    rows = redrive(stack, "--key", "LOOP", codes=(1,))
    if [(r["redrive"], r["result"]) for r in rows] != [(4, "refused: re-driven 3 times already")]:
        yield f"the fourth: {rows}"
    rows = redrive(stack, "--key", "LOOP", "--force", "--note", "insists")
    if [(r["redrive"], r["result"]) for r in rows] != [(4, "sent")]:
        yield f"--force: {rows}"
    stack.tool("settle")
    dlt = [r for r in kafka.read(ORDERS + "-dlt") if r.key() == b"LOOP"]
    if [dict(headers_of(r))["openitem_attempts"] for r in dlt] != [b"1", b"2", b"3", b"4", b"5"] or len({len(r.headers()) for r in dlt}) != 1:
        yield "attempts of the dead letters are not 1 to 5, or their headers grow"
    forced = [r for r in stack.list("dlq", "audit") if r["note"] == "insists"]
    if [r["result"] for r in forced] != ["sent, forced"]:
        yield f"audit of --force: {forced}"


def what_cannot_be_sent(stack, kafka):
    kafka.send(ORDERS, b"\x00" * (1700 * 1024), key="BIG", headers=kafka.headers(ORDERS, "big", "order_booked"))
    kafka.send(ORDERS + "-dlt", b"planted", key="PLANTED", headers=[("openitem_error_code", b"undecodable")])
    stack.tool("settle")
    for key, words in (("BIG", "refused: too large, its value is not here"), ("PLANTED", "refused: not a dead letter of the gate")):
        rows = redrive(stack, "--key", key, "--force", codes=(1,))
        if [r["result"] for r in rows] != [words]:
            yield f"{key}: {rows}"
    if any(r.key() in (b"BIG", b"PLANTED") and redriven_from(r) for r in kafka.read(ORDERS)):
        yield "it was sent all the same"


def filters(stack, kafka):
    for n in range(12):
        kafka.send(ORDERS, b"\xff" + bytes([n]), key=f"F{n % 3}", headers=kafka.headers(ORDERS, f"f-{n}", "order_booked"))
    stack.tool("settle")
    mine = ("--topic", ORDERS + "-dlt", "--reason", "undecodable")
    for args, expected in ((("--key", "F1"), 4), (("--since", "2999-01-01"), 0), (("--key", "F1", "--since", "2000-01-01T00:00:00Z"), 4),
                           (("--key", "F2", "--max", "3"), 3), (("--key", "F2", "--reason", "tombstone"), 4)):
        rows = redrive(stack, *mine, *args, "--dry-run")
        if len(rows) != expected:
            yield f"{args}: {len(rows)} rows, expected {expected}"
    first = redrive(stack, *mine, "--key", "F2", "--max", "3")
    rest = redrive(stack, *mine, "--key", "F2", "--max", "1")
    if [r["id"] for r in first + rest] != ["f-2", "f-5", "f-8", "f-11"]:
        yield f"--max 3, and then the fourth: {first} {rest}"
    begin = time.time()
    slow = redrive(stack, *mine, "--key", "F0", "--rate", "4/s")
    if len(slow) != 4 or time.time() - begin < 0.8:
        yield f"{len(slow)} records at 4/s took {time.time() - begin:.2f} s"
    for args in (("--rate", "fast"), ("--since", "yesterday"), ("--max", "0"), ("--by", "")):
        if stack.run("dlq", "redrive", *args).returncode != 2:
            yield f"{args}: not a usage error"


# ---- killed -----------------------------------------------------------------------------------------------------------------


def killed(stack, kafka):
    """SIGKILL at any moment: each record is sent once in the end, in the order of its key."""
    for n in range(150):
        kafka.producer.produce(ORDERS, value=b"\xff%d" % n, key="K", headers=kafka.headers(ORDERS, f"kill-{n}", "order_booked"))
    kafka.producer.flush(30)
    stack.tool("settle")
    letters = {place(r) for r in dead(stack, key="K")}
    if len(letters) != 150:
        raise Failed(f"{len(letters)} dead letters, expected 150")
    rng, done = random.Random(3), 0
    for kill in range(KILLS):  # soon after the first claim, then in the midst of it
        claimed = claims(stack)
        p = stack.start("dlq", "redrive", "--key", "K", "--rate", "50/s", "--max", "150")
        while (claims(stack) == claimed if kill == 0 else len(sent_letters(stack, letters)) <= done) and p.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        p.send_signal(signal.SIGKILL)
        p.communicate()
        done = len(sent_letters(stack, letters))
        print(f"#   killed after {claims(stack)} claims, {done} of 150 sent", flush=True)
        if p.returncode != -signal.SIGKILL or done == 150:
            raise Failed(f"it ended before it was killed: exit {p.returncode}")
    # What came back meanwhile stands behind the others: it is left to the next one.
    rows = redrive(stack, "--key", "K", "--max", str(150 - done))
    if len(rows) > 150 - done or len(sent_letters(stack, letters)) != 150:
        yield f"{len(rows)} sent, {len(sent_letters(stack, letters))} of 150 on record"
    by_letter = {}
    for record in kafka.read(ORDERS):
        if redriven_from(record) in letters:
            by_letter.setdefault(redriven_from(record), []).append(record)
    if set(by_letter) != letters:
        yield f"{len(letters - set(by_letter))} were not sent"
    twice = [letter for letter, records in by_letter.items() if len(records) != 1]
    if twice:
        yield f"sent more than once: {twice}"
    order = [int(r.value()[1:]) for r in sorted((r[0] for r in by_letter.values()), key=lambda r: r.offset())]
    if order != sorted(order):
        yield f"not in order: {order}"


def claims(stack):
    return int(stack.sql("operator", "SELECT count(*) FROM redrive")[0][0])


def sent_letters(stack, letters):
    rows = stack.sql("operator", "SELECT dlt_topic || ':' || dlt_partition || ':' || dlt_offset FROM redrive_sent")
    return {r[0] for r in rows} & letters


def claim(stack, kafka, letter, to_from):
    """What a run leaves behind that is killed after its claim."""
    topic, partition, offset = letter.split(":")
    record = next(r for r in kafka.read(topic) if (r.partition(), r.offset()) == (int(partition), int(offset)))
    to = kafka.send(ORDERS, b"\xffx", key=record.key(), headers=kafka.headers(ORDERS, "marker-" + offset, "order_booked"))
    stack.sql("operator", f"""INSERT INTO redrive (dlt_topic, dlt_partition, dlt_offset, dlt_time_ms, attempt, reason, event_id, redrive_count,
        to_topic, to_partition, to_from, forced, done_by, note) VALUES ('{topic}', {partition}, {offset}, {record.timestamp()[1]}, 1,
        'undecodable', 'x', 1, '{ORDERS}', {to[0]}, {min(to_from, to[1])}, false, 'killed', '')""", "DATABASE")
    return record


def unfinished(stack, kafka):
    """The two places a kill may leave a claim: not yet published, and published and not yet said."""
    for n in range(2):
        kafka.send(ORDERS, b"\xffu%d" % n, key="U", headers=kafka.headers(ORDERS, f"unfinished-{n}", "order_booked"))
    stack.tool("settle")
    first, second = [place(r) for r in dead(stack, key="U")]
    claim(stack, kafka, first, 0)
    record = claim(stack, kafka, second, 0)
    where = kafka.send(ORDERS, record.value(), key="U", headers=[(COUNT, b"1"), (FROM, second.encode())] +
                       kafka.headers(ORDERS, "unfinished-1", "order_booked"))
    rows = redrive(stack, "--key", "U", "--dry-run")
    if [r["result"] for r in rows if r["dead_letter"] in (first, second)] != ["would be looked for, then sent"] * 2:
        yield f"--dry-run: {rows}"
    p = stack.run("dlq", "redrive", "--key", "U", "--max", "1")
    for words in ("1 had been sent by a run that was killed", "1 that a run which was killed meant to send had not been sent"):
        if p.returncode != 0 or words not in p.stdout:
            yield f"exit {p.returncode}, expected `{words}`: {p.stdout}{p.stderr}"
    again = [redriven_from(r) for r in kafka.read(ORDERS)]
    if again.count(first) != 1 or again.count(second) != 1:
        yield f"sent {again.count(first)} and {again.count(second)} times"
    audit = {(r["dead_letter"], r["result"], r["target"]) for r in stack.list("dlq", "audit") if r["dead_letter"] in (first, second)}
    if (second, "sent, found later", f"{ORDERS}:{where[0]}:{where[1]}") not in audit or len([a for a in audit if a[0] == first]) != 2:
        yield f"audit: {audit}"


def standing_twice(stack, kafka):
    """What a gate leaves that was killed between publishing a letter and saying so: the same letter again, behind the first."""
    for n in range(2):
        kafka.send(ORDERS, b"\xffd%d" % n, key="D", headers=kafka.headers(ORDERS, f"double-{n}", "order_booked"))
    stack.tool("settle")
    first, second = [place(r) for r in dead(stack, key="D")]
    record = next(r for r in kafka.read(ORDERS + "-dlt") if place({"topic": r.topic(), "partition": r.partition(), "offset": r.offset()}) == first)
    at = kafka.send(ORDERS + "-dlt", record.value(), key="D", headers=headers_of(record), partition=record.partition())
    copy = f"{ORDERS}-dlt:{at[0]}:{at[1]}"
    listed = [place(r) for r in dead(stack, key="D")]
    counts = [r["count"] for r in stack.list("dlq", "histogram", "--by", "topic", "--topic", ORDERS)]
    letters = len(dead(stack, topic=ORDERS + "-dlt"))
    rows = redrive(stack, "--key", "D")
    if listed != [first, second] or [r["dead_letter"] for r in rows] != [first, second]:
        yield f"{first} stands twice: listed {listed}, sent {rows}"
    if counts != [letters]:
        yield f"histogram: {counts}, listed {letters}"
    if copy in [r["dead_letter"] for r in redrive(stack, "--key", "D", "--dry-run")]:
        yield "the second of two equal letters is left to re-drive"


def two_at_once(stack, kafka):
    for n in range(20):
        kafka.send(ORDERS, b"\xfft", key="T", headers=kafka.headers(ORDERS, f"two-{n}", "order_booked"))
    stack.tool("settle")
    first = stack.start("dlq", "redrive", "--key", "T", "--rate", "10/s", "--max", "20")
    deadline = time.time() + 10
    while not stack.sql("operator", "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"):
        if time.time() > deadline:
            raise Failed("the first takes no lock")
        time.sleep(0.02)
    second = stack.run("dlq", "redrive", "--key", "T")
    if second.returncode != 3 or "another re-drive is at work" not in second.stderr:
        yield f"the second: exit {second.returncode}: {second.stdout}{second.stderr}"
    out = first.communicate()[0]
    if first.returncode != 0 or "20 sent" not in out:
        yield f"the first: exit {first.returncode}: {out[-500:]}"


# ---- on record --------------------------------------------------------------------------------------------------------------


def audit(stack, kafka):
    rows = stack.list("dlq", "audit")
    mine = [r for r in rows if r["by"] == "clerk"]
    if len(mine) != 5 or {(r["note"], r["reason"], r["login"], r["result"]) for r in mine} != {("try; 'again'", "bank_account_conflict",
                                                                                               "openitem_operator", "sent")}:
        yield f"five re-drives of clerk, expected: {mine}"
    sent = {redriven_from(r): f"{r.topic()}:{r.partition()}:{r.offset()}" for t in (ORDERS, PAYMENTS) for r in kafka.read(t) if redriven_from(r)}
    said = {r["dead_letter"]: r["target"] for r in rows if r["result"].startswith("sent")}
    if sent != said:
        yield f"in the logs, not on record: {set(sent.items()) - set(said.items())}; on record, not in the logs: {set(said.items()) - set(sent.items())}"
    if stack.list("dlq", "audit", "--since", "2999-01-01"):
        yield "--since shows what was before"
    for table in ("redrive", "redrive_sent"):
        for role in ("DATABASE", "DATABASE_OWNER"):
            for statement in (f"DELETE FROM operator.{table}", f"UPDATE operator.{table} SET dlt_offset = 0", f"TRUNCATE operator.{table} CASCADE"):
                p = stack.psql(stack.setting(f"OPENITEM_OPERATOR_{role}"), statement)
                if p.returncode == 0 or ("permission denied" if role == "DATABASE" else "append-only") not in p.stderr:
                    yield f"{role}: {statement}: {p.stdout}{p.stderr}"
    forged = stack.psql(stack.setting("OPENITEM_OPERATOR_DATABASE"), "INSERT INTO redrive (dlt_topic, login) VALUES ('t', 'somebody')")
    if "permission denied" not in forged.stderr:
        yield f"the operator may say who was logged in: {forged.stderr}"


def histogram(stack):
    letters = dead(stack)
    for by, column in (("reason", "reason"), ("topic", "topic")):
        counts = {}
        for r in letters:
            counts[r[column]] = counts.get(r[column], 0) + 1
        rows = stack.list("dlq", "histogram", "--by", by)
        if {r[by]: r["count"] for r in rows} != counts or [r["count"] for r in rows] != sorted(counts.values(), reverse=True):
            yield f"--by {by}: {rows}, expected {counts}"
        for r in rows:
            of = [x for x in letters if x[column] == r[by]]
            if (r["first"], r["last"]) != (min(x["time"] for x in of), max(x["time"] for x in of)):
                yield f"{r[by]}: first and last are {min(x['time'] for x in of)} {max(x['time'] for x in of)}, not {r}"
            if r["example"] not in [place(x) for x in of if x["id"] == r["id"]]:
                yield f"{r[by]}: {r['example']} is no such dead letter"
    if sum(r["count"] for r in stack.list("dlq", "histogram", "--by", "day")) != len(letters):
        yield "by day: not all of them"
    only = stack.list("dlq", "histogram", "--topic", PAYMENTS, "--reason", "bank_account_conflict")
    if len(only) != 1 or only[0]["count"] != len([r for r in letters if r["reason"] == "bank_account_conflict"]):
        yield f"filters: {only}"


def verify(stack):
    stack.tool("verify")


def main():
    tests = Tests()
    with Stack("redrive") as stack:
        kafka = Kafka(stack)
        facts = events.company(["H1"]) + [events.cloud_event(REFERENCE, "bank2", bank_account("USD"), "2026-01-02")]
        stack.tool("play", "-", stdin="".join(json.dumps(line) + "\n" for line in facts))
        sent = send_conflicting(kafka)
        tests.attempt("--dry-run lists what would be sent, and sends nothing", dry_run, stack, kafka, sent)
        tests.attempt("AUD-04 key, value and headers as they came, on the partition of the key", same_bytes, stack, kafka, sent)
        tests.attempt("AUD-04 refused again: a dead letter with one attempt more, headers do not grow, no trace in the inbox", refused_again,
                      stack, kafka, sent)
        tests.attempt("AUD-04 after the missing fact the same bytes are accepted", accepted_after_the_fix, stack, kafka, sent)
        tests.attempt("loop guard: three re-drives, then only by --force", loop_guard, stack, kafka)
        tests.attempt("what the gate left out and what others planted is refused", what_cannot_be_sent, stack, kafka)
        tests.attempt("--topic --reason --key --since --max --rate", filters, stack, kafka)
        tests.attempt("a claim that was published is found, one that was not is sent", unfinished, stack, kafka)
        tests.attempt("a letter that stands twice in its topic is one", standing_twice, stack, kafka)
        tests.attempt("killed at any moment: each is sent once, in the order of its key", killed, stack, kafka)
        tests.attempt("two at once: the second is refused", two_at_once, stack, kafka)
        tests.attempt("audit: each re-drive is on record, and stays there", audit, stack, kafka)
        tests.attempt("histogram counts what ls lists", histogram, stack)
        tests.attempt("AUD-05 verify after all that", verify, stack)
    tests.end()


main()
