#!/usr/bin/python3
"""What the tool answers about the books, held against other answers of the same books and against the file they were played from: explain of every
kind of id, why-not, payment history, merged aging, spreadsheets, periods."""
import ast
import csv
import io
import json
import os
import re
import subprocess
from collections import defaultdict
from decimal import Decimal

from demo import Company, minor, part, verify
from stack import ROOT, Stack, Tests

LISTS = (["aging"], ["aging", "--by", "entity"], ["items"], ["items", "--all"], ["invoices"], ["unidentified"], ["unapplied"], ["money"], ["worklist"],
         ["notices"], ["notices", "--summary"], ["exceptions", "--all"], ["rollforward"], ["dso"], ["checkpoints"], ["period"], ["dlq", "ls"])


def played(stack, company):
    stack.tool("play", company.path)
    stack.tool("settle")


def table(text):
    return list(csv.reader(io.StringIO(text)))


def spreadsheet(path):
    """{worksheet: {cell: (kind, value)}}"""
    text = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "tests", "unit", "xlsx_text.py"), path], capture_output=True, text=True, check=True).stdout
    sheets = {}
    for line in text.splitlines():
        if not line.startswith(" "):
            cells = sheets[line.split(":")[0]] = {}
        else:
            where, kind, value = line.strip().split(" ", 2)
            cells[where] = (kind, value)
    return sheets


def letters(n):
    return chr(65 + n) if n < 26 else "A" + chr(65 + n - 26)


def same(cell, plain):
    """A cell of a spreadsheet against the same of CSV."""
    kind, value = cell
    if kind == "text":
        text = ast.literal_eval(value)
        return plain == text or plain == "'" + text
    if kind == "bool":
        return plain == {"1": "yes", "0": "no"}[value]
    number, code = value.split(" ")
    if code == "yyyy-mm-dd":
        return re.fullmatch(r"\d{4}-\d\d-\d\d", plain) is not None
    # The library writes 16 digits of a binary number: the same number, 15 digits of which a spreadsheet shows.
    return float(number) == float(plain) and len(plain.partition(".")[2]) == len(code.partition(".")[2])


def spreadsheets(stack):
    path = os.path.join(stack.home, "list.xlsx")
    for args in LISTS:
        rows = table(stack.tool(*args, "--csv", codes=(0, 1)))
        stack.tool(*args, "--xlsx", path, "--force", codes=(0, 1))
        cells = next(iter(spreadsheet(path).values()))
        for r, row in enumerate(rows):
            for c, plain in enumerate(row):
                cell = cells.get(f"{letters(c)}{r + 1}")
                if (cell is None) != (plain == "") or (cell is not None and not same(cell, plain)):
                    yield f"openitem {' '.join(args)}: {letters(c)}{r + 1} is {cell}, in CSV {plain!r}"
                    break
        if len(cells) < len(rows[0]):
            yield f"openitem {' '.join(args)}: {len(cells)} cells"
    sheets = list(spreadsheet(written(stack, path, "account", stack.list("aging")[0]["account"])))
    if sheets != ["summary", "items", "unapplied", "applications", "notices", "blocks", "remarks"]:
        yield f"account: worksheets {sheets}"
    p = stack.run("aging", "--xlsx", path)
    if p.returncode != 4 or "--force" not in p.stderr:
        yield f"a file that exists: exit {p.returncode}, {p.stderr}"
    if [n for n in os.listdir(stack.home) if n.startswith(".list.xlsx")]:
        yield "something was left beside it"
    os.unlink(path)


def written(stack, path, *args):
    stack.tool(*args, "--xlsx", path, "--force")
    return path


def booked(company):
    with open(company.path) as f:
        lines = [e["data"]["lineBooked"] for e in map(json.loads, f) if "lineBooked" in e["data"]]
    return {line["lineId"]: line["bookingDate"] for line in lines}


def days(a, b):
    from datetime import date

    return (date.fromisoformat(a) - date.fromisoformat(b)).days


def tenths(weighted, amount):
    """As PostgreSQL rounds a numeric: half away from zero."""
    if amount == 0:
        return None
    n = 10 * weighted
    return str(Decimal((abs(n) * 2 + amount) // (2 * amount) * (1 if n >= 0 else -1)) / 10)


def in_force(stack):
    """{(account, number, item): [(kind, bank line, minor, day)]}, as cash has it: reporting is what is asked."""
    found = defaultdict(list)
    for account, number, item, kind, line, amount, day in stack.sql(
            "cash", "SELECT a.account, coalesce(nullif(d.number, ''), d.external_number), a.debit_sequence, c.kind, c.line_id, a.amount_minor, a.accounting_date "
            "FROM application a JOIN item d ON (d.lane, d.account, d.document_id, d.sequence) = (a.lane, a.account, a.debit_document_id, a.debit_sequence) "
            "JOIN item c ON (c.lane, c.account, c.document_id, c.sequence) = (a.lane, a.account, a.credit_document_id, a.credit_sequence) WHERE a.in_force"):
        found[(account, number, int(item))].append(("receipt" if kind == "4" else "credit", line, int(amount), day))
    return found


def history(stack, company):
    """Against the applications in force and the days the bank booked the lines."""
    when, paid, late, settled = booked(company), 0, 0, in_force(stack)
    for account in sorted(company.customers):
        rows = stack.list("history", account)
        by_item = {(i["reference"], i["sequence"]): i for i in part(stack, account, "items", "--all") if i["kind"] in ("invoice", "debit_memo")}
        if {(r["number"], r["item"]) for r in rows} != set(by_item):
            yield f"{account}: history has {[r['number'] for r in rows]}, items {sorted(by_item)}"
        sums = defaultdict(lambda: [0, 0, 0, 0])
        for r in rows:
            item = by_item.get((r["number"], r["item"]))
            if item is None:
                continue
            if r["open"] != item["open"] or minor(r["by_receipts"]) + minor(r["by_credits"]) + minor(r["open"]) != minor(r["amount"]):
                yield f"{account}: {r}, item {item}"
            last = None
            for kind, line, amount, applied_on in settled[(account, r["number"], r["item"])]:
                day = max(when.get(line, applied_on), r["issued"]) if kind == "receipt" else applied_on
                last = max(last or day, day)
                if kind == "receipt":
                    s = sums[(r["entity"], r["currency"])]
                    s[0] += amount
                    s[1] += amount * days(day, r["due"])
                    s[2] += amount * max(0, days(day, r["due"]))
                    s[3] += amount * days(day, r["issued"])
            if r["paid_on"] != (last if minor(r["open"]) == 0 else None):
                yield f"{account}: {r['number']} paid on {r['paid_on']}, the applications say {last}"
            if r["paid_on"] and r["days_late"] != days(r["paid_on"], r["due"]):
                yield f"{account}: {r}"
            paid += r["paid_on"] is not None
            late += r["paid_on"] is not None and r["days_late"] > 0
        for s in stack.list("history", account, "--summary"):
            amount, weighted, overdue, to_pay = sums[(s["entity"], s["currency"])]
            expected = [tenths(n, amount) for n in (weighted, overdue, to_pay)]
            got = [None if s[k] is None else str(Decimal(str(s[k]))) for k in ("days_late", "days_overdue", "days_to_pay")]
            if minor(s["by_receipts"]) != amount or [x and Decimal(x) for x in got] != [x and Decimal(x) for x in expected]:
                yield f"{account}: {s}, expected {amount} {expected}"
    if paid < 20 or late < 5:
        yield f"{paid} paid, {late} late: this test proves too little"


def merged(stack, company):
    files, total = [], {}
    for r in stack.list("aging", "--by", "entity"):
        total[r["currency"]] = total.get(r["currency"], Decimal(0)) + Decimal(r["total"])
    one, two, three = sorted(company.entities)
    for entity, args in ((two, ["aging"]), (three, ["items"])):
        files.append(os.path.join(stack.home, f"{entity}.csv"))
        with open(files[-1], "w", newline="") as f:
            f.write(stack.tool(*args, "--entity", entity, "--csv"))
    rows = stack.list("aging", "--merge", ",".join([one, *files]))
    live = {r["entity"]: r for r in stack.list("aging", "--by", "entity")}
    buckets = ("not_due", "1-30", "31-60", "61-90", "over_90", "unapplied", "credits", "total", "oldest_days")
    for name, entity in ((one, one), (files[0], two), (files[1], three)):
        got = [r for r in rows if r["part"] == name]
        if len(got) != 1 or any(got[0][b] != live[entity][b] for b in buckets):
            yield f"{name}: {got}, live {live[entity]}"
    if {r["currency"]: Decimal(r["total"]) for r in rows if r["part"] == "merged"} != total:
        yield f"merged {[r for r in rows if r['part'] == 'merged']}, expected {total}"
    twice = stack.list("aging", "--merge", ",".join([one, two, three, *files]))
    if {r["currency"]: Decimal(r["total"]) for r in twice if r["part"] == "merged"} != total:
        yield f"what stands in two parts was counted twice: {twice}"
    said = stack.run("aging", "--merge", ",".join([one, *files])).stdout
    if said.count(": merged ") != len(total) or "is not" in said:
        yield f"no proof per currency: {said}"


def why_not(stack):
    """Money that waits: cash's reason is the one that why-not comes to, rule by rule."""
    n = 0
    for r in stack.list("unidentified")[:8]:
        p = stack.run("why-not", r["line"], "--format", "json")
        rules = {x["rule"]: x["result"] for x in json.loads(p.stdout)}
        if f"as cash's books are now: {r['reason']}" not in p.stderr or list(rules) != ["payer_bank_account", "document_reference", "payer_reference", "advice", "payer_name"]:
            yield f"{r['line']}: {p.stdout} {p.stderr}"
        n += 1
    for r in stack.list("unapplied"):
        p = stack.run("why-not", r["document_id"], "--format", "json")
        rules = {x["rule"]: x for x in json.loads(p.stdout)}
        today = re.search(r"today it says: (\w+)", p.stderr).group(1)
        fits = [x["rule"] for x in rules.values() if x["result"] == "fits"]
        if r["reason"] not in p.stderr or (fits != [today] if fits else today in rules) or any(not x["missing"] for x in rules.values()):
            yield f"{r['reference']}: {p.stdout} {p.stderr}"
        n += 1
    if n == 0:
        yield "no money waits: this test proves nothing"
    for what in ("NOTHING-LIKE-THIS", part(stack, stack.list("aging")[0]["account"], "items")[0]["reference"]):
        p = stack.run("why-not", what)
        if p.returncode != 1 or what not in p.stderr:
            yield f"why-not {what}: exit {p.returncode}, {p.stderr}"


def nodes(tree):
    for node in tree:
        yield node
        yield from nodes(node.get("under", []))


def explain(stack, company):
    """Every kind of id leads up to a stranger's record, and JSON says what the text says."""
    ids = {"promise": "A-PROMISE", "hold": "A-HOLD"}
    item = next(i for i in stack.list("items") if i["kind"] == "invoice" and i["order"])
    stack.tool("promise", "make", item["account"], "--entity", item["entity"], "--date", "2030-01-01", "--item", item["reference"], "--name", ids["promise"])
    stack.tool("hold", "set", item["account"], "--kind", "dispute", "--item", item["reference"], "--name", ids["hold"])
    stack.run("credit-memo", item["reference"], "--reason", "price", "--net", "99999999.00")
    stack.tool("settle")
    ids |= {"document": item["document_id"], "number": item["reference"], "item": item["document_id"] + "/1", "order": item["order"]}
    for kind, table_, column in (("transfer", "transfer", "transfer_id"), ("notice", "notice", "notice_id"), ("statement", "bank_statement", "statement_id"),
                                 ("application", "application", "application_id"), ("bank line", "bank_line", "line_id")):
        ids[kind] = stack.sql("reporting", f"SELECT {column} FROM {table_} ORDER BY ledger_seq LIMIT 1")[0][0]
    ids["receipt"] = stack.sql("reporting", "SELECT document_id FROM item WHERE kind = 'receipt' AND line_id <> '' LIMIT 1")[0][0]
    ids["refusal"] = stack.sql("reporting", "SELECT event_id FROM audit_record WHERE type = 'refused' LIMIT 1")[0][0]
    ids["event of a stranger"] = stack.sql("reporting", "SELECT cause_event_id FROM audit_record WHERE service = 'intake' AND type = 'order_booked' LIMIT 1")[0][0]
    for kind, id in ids.items():
        text, tree = stack.tool("explain", id), json.loads(stack.tool("explain", "--json", id))
        found = list(nodes(tree["found"]))
        if not re.search(r"from event \S+ of /\S+, [a-z.-]+\.v1\[\d+\] offset \d+", text):
            yield f"{kind} {id}: no record of a stranger: {text[:800]}"
        if [n["says"] for n in found] != [line.strip() for line in text.strip().splitlines()[:-2] if line.strip()]:
            yield f"{kind} {id}: JSON says something else than the text"
        if any("topic" not in n or "offset" not in n or "event_id" not in n for n in found if n["kind"] == "record"):
            yield f"{kind} {id}: a record without its place"
    story = stack.tool("explain", item["reference"])
    for words in (f"promise {ids['promise']}", f"hold {ids['hold']}", "journal invoice"):
        if words not in story:
            yield f"explain {item['reference']} does not say {words}: {story}"
    matched = stack.sql("reporting", "SELECT application_id FROM application WHERE rule_id IN ('reference', 'exact_amount') ORDER BY ledger_seq LIMIT 5")
    for (id,) in matched:
        if "taken: " not in stack.tool("explain", id):
            yield f"{id}: no candidates"
    for nothing in ("NOTHING-LIKE-THIS/2", item["reference"] + "/999", item["order"] + "/1"):
        p = stack.run("explain", nothing)
        if p.returncode != 1 or nothing not in p.stderr or p.stdout:
            yield f"explain {nothing}: exit {p.returncode}, {p.stdout}, {p.stderr}"


def periods(stack, company):
    """A closed period takes nothing, a soft-closed one what a person insists on, an open one everything (LEDGER section 3)."""
    entity, account, currency = next((r["entity"], r["account"], r["currency"]) for r in stack.list("aging"))
    month = company.last_day[:7]

    def memo():
        p = stack.run("debit-memo", account, "--entity", entity, "--reason", "fee", "--amount", f"1.00 {currency}", "--date", month + "-01")
        return "accepted" if p.returncode == 0 else "refused" if "period_closed" in p.stdout else p.stdout + p.stderr

    for verb, state, expected in (("close", "closed", "refused"), ("soft-close", "soft-closed", "accepted"), ("reopen", "open", "accepted"), ("close", "closed", "refused")):
        rows = stack.list("period", verb, month, "--entity", entity)
        if [(r["entity"], r["state"]) for r in rows] != [(entity, state)]:
            yield f"{verb}: {rows}"
        got = memo()
        if got != expected:
            yield f"{verb}: a memo in it: {got}, expected {expected}"
    stack.tool("period", "close", f"2020-01-01..{month}-02", "--entity", entity)
    rows = [(r["from"], r["to"], r["state"]) for r in stack.list("period", "reopen", "2020-06", "--entity", entity)]
    if [r[2] for r in rows] != ["closed", "open", "closed", "closed"] or [r[0] for r in rows[:3]] != ["2020-01-01", "2020-06-01", "2020-07-01"]:
        yield f"a month opened within a closed span: {rows}"
    for args, code in ((["close", "2020-01", "--entity", "NOBODY"], 1), (["close", month], 2),
                       (["shut", month, "--entity", entity], 2), (["close", "2026-13", "--entity", entity], 2)):
        if stack.run("period", *args).returncode != code:
            yield f"period {' '.join(args)}: not exit {code}"


def main():
    tests = Tests()
    with Stack("answers") as stack:
        company = Company(stack)
        tests.attempt("a company is played", played, stack, company)
        tests.attempt("RPT-03 payment history is what the applications and the bank's days say", history, stack, company)
        tests.attempt("RPT-01 merged aging of entities and files is the sum of its parts", merged, stack, company)
        tests.attempt("CSH-03 why-not comes to cash's own reason", why_not, stack)
        tests.attempt("AUD-02 explain of every kind of id", explain, stack, company)
        tests.attempt("every list as a spreadsheet is the list as CSV", spreadsheets, stack)
        tests.attempt("RPT-07 periods: closed, soft-closed, open again", periods, stack, company)
        tests.attempt("AUD-05 verify at the end", verify, stack)
    tests.end()


if __name__ == "__main__":
    main()
