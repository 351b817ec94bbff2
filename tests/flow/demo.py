#!/usr/bin/python3
"""A company's months on the real stack (issue 3: resolved when 3): what its truth file says is what the books say; a second play changes
nothing; what was left alone is resolved by command; returns re-open what is in force now; everything ties out."""
import csv
import datetime as dt
import io
import json
import os
from collections import defaultdict
from decimal import Decimal

import events
from stack import Stack, Tests

ACCOUNTS, DAYS, SEED = (int(n) for n in os.environ.get("OPENITEM_TEST_COMPANY", "30 80 7").split())
AGING_CSV = "as_of,entity,account,name,currency,not_due,1-30,31-60,61-90,over_90,unapplied,credits,total,oldest_days,last_notice,last_notice_on,promised_date"


class Company:
    """The file as its sender knows it; no service told us any of this."""

    def __init__(self, stack):
        self.stack, self.path, self.truth_path = stack, os.path.join(stack.home, "company.ndjson"), os.path.join(stack.home, "truth.ndjson")
        stack.tool("generate", "--accounts", str(ACCOUNTS), "--days", str(DAYS), "--seed", str(SEED), "--out", self.path,
                   "--truth", self.truth_path)
        self.customers, self.returned, self.entities, self.last_day = {}, set(), {}, None
        self.booked, self.came_back, self.terms = {}, {}, {}
        with open(self.path) as f:
            for e in map(json.loads, f):
                self.take(e)
        with open(self.truth_path) as f:
            told = [json.loads(line) for line in f]
        self.truth, self.promises = [t for t in told if "lineId" in t], [t for t in told if "promiseId" in t]

    def take(self, e):
        data = e["data"]
        if "customerRecorded" in data:
            self.customers[data["customerRecorded"]["account"]] = data["customerRecorded"]
        elif "lineBooked" in data:
            self.booked[data["lineBooked"]["lineId"]] = data["lineBooked"]["bookingDate"]
        elif "lineReturned" in data:
            self.returned.add(data["lineReturned"]["returnedLineId"])
            self.came_back[data["lineReturned"]["returnedLineId"]] = data["lineReturned"]["bookingDate"]
        elif "termsRecorded" in data:
            self.terms[data["termsRecorded"]["termsCode"]] = data["termsRecorded"]
        elif "bankAccountRecorded" in data:
            self.entities[data["bankAccountRecorded"]["entity"]] = data["bankAccountRecorded"]
        self.last_day = e["time"][:10]
        self.ids = getattr(self, "ids", set()) | {(e["source"], e["id"])}

    def next_day(self):
        day = dt.date.fromisoformat(self.last_day) + dt.timedelta(days=1)
        self.last_day = day.isoformat()
        return self.last_day

    def play_day(self, data):
        """One more business day with these events of the bank."""
        day = self.next_day()
        lines = [events.cloud_event("bank.payment.v1", f"later-{day}-{n}", d(day), day, "/bank/demo") for n, d in enumerate(data)]
        self.stack.tool("play", "-", stdin="".join(json.dumps(line) + "\n" for line in lines))

    def by_line(self, line):
        return next(t for t in self.truth if t["lineId"] == line)

    def instalments(self, account):
        """Of its terms; [] = an invoice is one item."""
        return self.terms[self.customers[account]["termsCode"]].get("instalments", [])

    def oldest_first(self, account):
        return self.customers[account].get("applyOldestFirst", False)


def minor(amount):
    """"1234.50" in a currency of two decimals."""
    return int(Decimal(amount) * 100)


def invoices_of(stack):
    """{order: {number: gross}} as `openitem invoices` tells it."""
    found = defaultdict(dict)
    for i in stack.list("invoices"):
        if i["type"] == "invoice" and i["order"]:
            found[i["order"]][i["number"]] = minor(i["gross"])
    return found


def part(stack, account, name, *more):
    answer = json.loads(stack.tool("account", account, "--format", "json", *more))
    return answer[name]


def applications(stack, company):
    """{bank line: [(number, minor, undone reason or None)]}"""
    found = defaultdict(list)
    for account in company.customers:
        for a in part(stack, account, "applications", "--all"):
            if a["kind"] == "receipt":
                found[a["credit"]].append((a["debit"], minor(a["amount"]), a["undone_reason"] if a["undone_on"] else None))
    return found


def items(stack, account):
    return {i["reference"]: i for i in stack.list("items", "--all", "--account", account)}


# ---- as played --------------------------------------------------------------------------------------------------------------


def played(stack, company):
    out = stack.tool("play", company.path)
    if "played" not in out:
        yield out
    stack.tool("settle")
    stack.tool("verify")
    for r in stack.list("verify"):
        if r["result"] not in ("ok", "none"):
            yield r


def truth(stack, company):
    numbers, applied, checked = invoices_of(stack), applications(stack, company), 0
    for t in company.truth:
        if not (t["complete"] and t["intact"]):
            continue
        if company.instalments(t["account"]):  # one instalment of it
            meant = sorted((n, int(m["amountMinor"])) for m in t["meant"] for n in numbers[m["order"]])
        else:
            meant = sorted((n, g) for m in t["meant"] for n, g in numbers[m["order"]].items())
        in_force = sorted(summed(applied[t["lineId"]]).items())
        if t["lineId"] in company.returned:
            if in_force or {u for _, _, u in applied[t["lineId"]]} != {"return"}:
                yield f"{t['lineId']} was returned: {applied[t['lineId']]}"
            continue
        checked += 1
        if in_force != meant:
            yield f"{t['lineId']} of {t['account']} ({t['kind']}): meant {meant}, applied {in_force}"
        if sum(g for _, g in in_force) != int(t["amountMinor"]):
            yield f"{t['lineId']}: {t['amountMinor']} came, {in_force} applied"
    print(f"#   {checked} of {len(company.truth)} payments are complete with an intact reference", flush=True)
    if checked < 25:
        yield f"only {checked} payments to check: this proves little"


def summed(applications):
    """{number: minor} in force; an invoice may have several items."""
    found = defaultdict(int)
    for number, amount, undone in applications:
        if undone is None:
            found[number] += amount
    return found


def instalments(stack, company):
    """BIL-10: an item per instalment, due as the terms say, portions of the gross, the last one takes what is left; discounts are carried."""
    of, offered = defaultdict(list), 0
    for i in stack.list("items", "--all"):
        if i["kind"] == "invoice" and i["order"]:
            of[(i["account"], i["reference"])].append(i)
    for (account, number), found in of.items():
        terms = company.terms[company.customers[account]["termsCode"]]
        parts = terms.get("instalments", [])
        if len(found) != max(len(parts), 1):
            yield f"{number} of {account}, {terms['termsCode']}: {len(found)} items"
            continue
        gross, left = sum(minor(i["original"]) for i in found), sum(minor(i["original"]) for i in found)
        for n, (i, p) in enumerate(zip(sorted(found, key=lambda i: i["sequence"]), parts)):
            share = left if n + 1 == len(parts) else (gross * p["portionPpm"] * 2 + 1000000) // 2000000
            left -= share
            due = dt.date.fromisoformat(i["document_date"]) + dt.timedelta(days=p["days"])
            if minor(i["original"]) != share or i["due_date"] != due.isoformat():
                yield f"{number} instalment {n + 1}: {i['original']} due {i['due_date']}, expected {share} due {due}"
        for i, d in zip(found, terms.get("discounts", [])):
            offered += 1
            until = dt.date.fromisoformat(i["document_date"]) + dt.timedelta(days=d["days"])
            if i["discount_until"] != until.isoformat() or minor(i["discount"]) != (gross * d["ratePpm"] * 2 + 1000000) // 2000000:
                yield f"{number}: discount {i['discount']} until {i['discount_until']} of {gross}"
    several = sum(len(found) > 1 for found in of.values())
    if several < 5 or offered < 5:
        yield f"{several} invoices in instalments, {offered} with a discount: this proves little"


def promises(stack, company):
    """COL-04: what came in after the promise until the promised day decides (of a day, banks come before calls); where it is clear from the file which money that is."""
    listed, seen = {p["promise"]: p for p in stack.list("promises")}, defaultdict(int)
    if set(listed) != {p["promiseId"] for p in company.promises}:
        yield f"promises listed: {sorted(listed)}, made: {sorted(p['promiseId'] for p in company.promises)}"
        return
    for p in company.promises:
        within = [t for t in company.truth if t["account"] == p["account"] and p["made"] < company.booked[t["lineId"]] <= p["promised"]]
        back = [t for t in company.truth if t["account"] == p["account"] and p["made"] < company.came_back.get(t["lineId"], "") <= p["promised"]]
        if back or not all(t["intact"] for t in within):
            continue
        paid, amount = sum(int(t["amountMinor"]) for t in within), int(p["amountMinor"])
        over = p["promised"] < company.last_day
        expected = "kept" if paid >= amount else "open" if not over else "partly_kept" if paid else "broken"
        seen[expected] += 1
        if listed[p["promiseId"]]["state"] != expected:
            yield f"{p}: {listed[p['promiseId']]}, expected {expected} by {within}"
    if not {"kept", "broken"} <= set(seen):
        yield f"the company has only {dict(seen)} to show: this proves little"


def incomplete(stack, company):
    """The others: short pays stay open in part, overpayments and repetitions leave money unapplied; never more than came."""
    numbers, applied, kinds = invoices_of(stack), applications(stack, company), set()
    unapplied = {u["reference"]: minor(u["open"]) for u in stack.list("unapplied")}
    for t in company.truth:
        line, amount = t["lineId"], int(t["amountMinor"])
        in_force = {n: a for n, a, undone in applied[line] if undone is None}
        if line in company.returned or not t["intact"] or t["complete"]:
            continue
        kinds.add(t["kind"])
        meant = {n: g for m in t["meant"] for n, g in numbers[m["order"]].items()}
        if len(meant) > len(t["meant"]):  # quoted by the PO, which needs the equal sum (LEDGER 4, rule 1)
            if in_force or unapplied.get(line) != amount:
                yield f"{line} paid {amount} for the PO of {meant}, applied {in_force}, unapplied {unapplied.get(line)}"
            continue
        if t["kind"] == "short" and (sum(in_force.values()) != amount or not set(in_force) <= set(meant)):
            yield f"{line} paid {amount} of {meant}, applied {in_force}"
        if t["kind"] == "over" and (in_force != meant or unapplied.get(line) != amount - sum(meant.values())):
            yield f"{line} paid {amount} for {meant}, applied {in_force}, unapplied {unapplied.get(line)}"
        if t["kind"] == "twice" and not company.oldest_first(t["account"]) and (in_force or unapplied.get(line) != amount):
            yield f"{line} paid {meant} again, applied {in_force}, unapplied {unapplied.get(line)}"
        if sum(in_force.values()) + unapplied.get(line, 0) != amount:
            yield f"{line}: {amount} came, {in_force} applied, {unapplied.get(line)} unapplied"
    if not {"short", "over"} <= kinds:
        yield f"the company has only {kinds} to show: this proves little"


def strangers_listed(stack, company):
    """Bank lines that are nobody's payment by the truth file are on the list of the unidentified, with their money."""
    known = {t["lineId"] for t in company.truth}
    expected = {}
    with open(company.path) as f:
        for e in map(json.loads, f):
            line = e["data"].get("lineBooked")
            if line and line["kind"] == "LINE_KIND_PAYMENT" and line["lineId"] not in known:
                expected[line["lineId"]] = int(line["amount"]["minor"])
    listed = {u["line"]: minor(u["open"]) for u in stack.list("unidentified")}
    for line, amount in expected.items():
        if listed.get(line) != amount:
            yield f"{line} of {amount} is listed as {listed.get(line)}"
    for line in set(listed) - set(expected) - known:
        yield f"{line} is listed and not in the file"
    for u in stack.list("unidentified"):
        if not u["reason"] or not u["version"]:
            yield f"no reason or version: {u}"
    everything = {"left_unidentified": set(listed), "left_unapplied": {(u["account"], u["reference"]) for u in stack.list("unapplied")}}
    for kind, lines in everything.items():
        if len(stack.list("exceptions", "--kind", kind)) != len(lines):
            yield f"`exceptions --kind {kind}` lists {len(stack.list('exceptions', '--kind', kind))}, expected {len(lines)}"


def counts(stack):
    return {s: stack.sql(s, "SELECT count(*) FROM outcome")[0][0] for s in ("intake", "billing", "cash", "collections")}


def again(stack, company):
    before, digest, records = counts(stack), stack.digest(), stack.sql("reporting", "SELECT count(*) FROM audit_record")
    stack.tool("play", company.path)
    stack.tool("settle")
    if stack.digest() != digest:
        yield f"digest {stack.digest()}, before {digest}"
    if counts(stack) != before or stack.sql("reporting", "SELECT count(*) FROM audit_record") != records:
        yield f"outcomes {counts(stack)}, before {before}"
    if len(stack.sql("intake", "SELECT source, event_id FROM inbox WHERE source IN ('/crm/demo', '/bank/demo', '/reference/demo')")) < len(company.ids):
        yield "events are missing in the inbox"


# ---- resolved by command ----------------------------------------------------------------------------------------------------


class Clerk:
    def __init__(self, stack):
        self.stack = stack

    def decide(self, *args):
        """(exit code, outcomes)"""
        p = self.stack.run("command", *args, "--by", "clerk", "--format", "json")
        return p.returncode, json.loads(p.stdout) if p.stdout.strip().startswith("[") else p.stderr

    def must(self, *args):
        code, answer = self.decide(*args)
        if code != 0:
            raise AssertionError(f"command {' '.join(args)}: exit {code}: {answer}")
        return answer

    def refused(self, reason, *args):
        code, answer = self.decide(*args)
        if code != 1 or not isinstance(answer, list) or [a["reason"] for a in answer if a["reason"]] != [reason]:
            yield f"command {' '.join(args)}: exit {code}, expected 1 and {reason}: {answer}"

    def line(self, line):
        return next((u for u in self.stack.list("unidentified") if u["line"] == line), None)

    def receipt(self, line, account=None):
        """The unapplied receipt of a bank line."""
        return next((u for u in self.stack.list("unapplied") if u["reference"] == line and account in (None, u["account"])), None)

    def item(self, account, reference):
        return items(self.stack, account)[reference]


class Case:
    """A line of a stranger, and two customers of the same entity who do not take money by themselves, each with open invoices."""

    def __init__(self, stack, company):
        self.clerk = Clerk(stack)
        open_items = [i for i in stack.list("items") if i["kind"] == "invoice" and not company.oldest_first(i["account"])
                      and not company.instalments(i["account"])]
        strangers = {t["lineId"] for t in company.truth}
        for u in stack.list("unidentified"):
            self.line, amount = u["line"], minor(u["open"])
            candidates = {}
            for i in open_items:  # large enough, and never by chance exactly the amount
                if i["entity"] == u["entity"] and minor(i["open"]) > amount:
                    candidates.setdefault(i["account"], i)
            due = sorted(candidates)
            if self.line not in strangers and len(due) >= 2:
                self.entity, self.amount, self.wrong, self.right = u["entity"], amount, due[0], due[1]
                self.wrong_invoice, self.right_invoice = candidates[due[0]], candidates[due[1]]
                self.line_version = u["version"]
                return
        raise AssertionError("the company has no stranger's line and two customers to try it on")


def assign_refused(case, stack):
    digest = stack.digest()
    yield from case.clerk.refused("version_conflict", "assign-payer", case.line, "--payer", case.wrong, "--version", str(case.line_version + 1))
    yield from case.clerk.refused("version_conflict", "assign-payer", case.line, "--payer", case.wrong, "--version", str(case.line_version + 7))
    yield from case.clerk.refused("unknown_line", "assign-payer", "NO-SUCH-LINE", "--payer", case.wrong, "--version", "1", "--account",
                                  case.clerk.line(case.line)["account"])
    if case.clerk.line(case.line)["version"] != case.line_version:
        yield "a refused command raised the version"
    # The refusals are on record, so the digest knows them; the money has not moved.
    if digest == stack.digest():
        yield "the refusals left no trace"
    listed = [x["reason"] for x in stack.list("exceptions", "--kind", "refused")]
    if listed.count("version_conflict") != 2 or listed.count("unknown_line") != 1:
        yield f"`exceptions --kind refused` lists {listed}"


def assign_and_apply(case, stack):
    clerk = case.clerk
    before = clerk.item(case.wrong, case.wrong_invoice["reference"])
    answer = clerk.must("assign-payer", case.line, "--payer", case.wrong, "--version", str(clerk.line(case.line)["version"]))
    names = [a["outcome"] for a in answer]
    if names[:2] != ["transfer_sent", "transfer_accepted"]:
        yield f"outcomes of assign-payer: {names}"
    if clerk.line(case.line) is not None:
        yield f"{case.line} is still listed as unidentified"
    receipt = clerk.receipt(case.line)
    if receipt is None or receipt["account"] != case.wrong or minor(receipt["open"]) != case.amount:
        yield f"{case.line} is not unapplied money of {case.wrong}: {receipt}"
        return
    # A second clerk with the list of before.
    yield from clerk.refused("version_conflict", "assign-payer", case.line, "--payer", case.right, "--version", str(case.line_version))
    # Refusals of apply, then apply in part, then the rest.
    number, version = case.wrong_invoice["reference"], str(receipt["version"])
    half = f"{Decimal(case.amount // 2) / 100:.2f}"
    yield from clerk.refused("version_conflict", "apply", case.line, "--to", number, "--version", str(receipt["version"] + 1))
    yield from clerk.refused("unknown_item", "apply", case.line, "--account", case.wrong, "--to", case.right_invoice["reference"], "--version", version)
    yield from clerk.refused("amount_exceeds_open", "apply", case.line, "--to", f"{number}={Decimal(case.amount + 1) / 100:.2f}", "--version", version)
    yield from clerk.refused("date_too_early", "apply", case.line, "--to", number, "--date", "2026-01-05", "--version", version)
    clerk.must("apply", case.line, "--to", f"{number}={half}", "--version", version)
    receipt = clerk.receipt(case.line)
    if minor(receipt["open"]) != case.amount - minor(half) or receipt["version"] <= int(version):
        yield f"after applying {half}: {receipt}"
    clerk.must("apply", case.line, "--to", number, "--version", str(receipt["version"]))
    if clerk.receipt(case.line) is not None:
        yield f"still unapplied: {clerk.receipt(case.line)}"
    after = clerk.item(case.wrong, number)
    if minor(before["open"]) - minor(after["open"]) != case.amount:
        yield f"{number}: open {before['open']} before, {after['open']} after applying {case.amount}"


def unapply(case, stack):
    clerk, number = case.clerk, case.wrong_invoice["reference"]
    before = clerk.item(case.wrong, number)
    version = clerk.item(case.wrong, case.line)["version"]
    yield from clerk.refused("version_conflict", "unapply", case.line, "--version", str(version + 1))
    clerk.must("unapply", case.line, "--version", str(version))
    after = clerk.item(case.wrong, number)
    if minor(after["open"]) - minor(before["open"]) != case.amount or minor(clerk.receipt(case.line)["open"]) != case.amount:
        yield f"{number}: open {before['open']} before, {after['open']} after: {clerk.receipt(case.line)}"
    yield from clerk.refused("not_applied", "unapply", case.line, "--version", str(clerk.receipt(case.line)["version"]))
    # And on again, so that what follows finds it applied.
    clerk.must("apply", case.line, "--to", number, "--version", str(clerk.receipt(case.line)["version"]))


def moved(case, stack):
    """The wrong customer: send-back undoes what is in force, the line waits again, and the right one gets it."""
    clerk, number = case.clerk, case.wrong_invoice["reference"]
    applied = minor(clerk.item(case.wrong, number)["open"])
    version = clerk.item(case.wrong, case.line)["version"]
    yield from clerk.refused("version_conflict", "send-back", case.line, "--version", str(version + 3))
    clerk.must("send-back", case.line, "--version", str(version))
    if minor(clerk.item(case.wrong, number)["open"]) - applied != case.amount:
        yield f"{number} of the wrong customer is not open again: {clerk.item(case.wrong, number)}"
    line = clerk.line(case.line)
    if line is None or minor(line["open"]) != case.amount:
        yield f"{case.line} is not listed as unidentified again: {line}"
        return
    clerk.must("assign-payer", case.line, "--payer", case.right, "--version", str(line["version"]))
    receipt = clerk.receipt(case.line, case.right)
    if receipt is None or minor(receipt["open"]) != case.amount or clerk.receipt(case.line, case.wrong) is not None:
        yield f"{case.line} is not money of {case.right}: {receipt}"
        return
    clerk.must("apply", case.line, "--account", case.right, "--to", case.right_invoice["reference"], "--version", str(receipt["version"]))
    if minor(clerk.item(case.right, case.right_invoice["reference"])["open"]) != minor(case.right_invoice["open"]) - case.amount:
        yield f"{case.right_invoice['reference']} was not paid with it"
    stack.tool("verify")


def decided_once(case, stack):
    """The same command with the same id is decided once."""
    line = next(u for u in stack.list("unidentified") if u["entity"] == case.entity)
    args = ("assign-payer", line["line"], "--payer", "NOBODY", "--version", str(line["version"]), "--id", "clerk-1")
    code, first = case.clerk.decide(*args)
    if code != 1 or [a["outcome"] for a in first] != ["transfer_sent", "transfer_refused", "transfer_accepted"]:
        yield f"a payer nobody knows: exit {code}, {first}"
    before = stack.digest()
    code, second = case.clerk.decide(*args)
    if code != 1 or second != first or stack.digest() != before:
        yield f"the same command again: exit {code}, {second}"
    back = case.clerk.line(line["line"])
    if back is None or back["open"] != line["open"] or back["version"] <= line["version"]:
        yield f"{line['line']} did not come back from nobody: {back}"


def blocks(case, stack):
    case.clerk.must("block", case.right, "--reason", "dispute", "--block-id", "B-1")
    found = part(stack, case.right, "blocks")
    if [b["reason"] for b in found] != ["dispute"]:
        yield f"blocks of {case.right}: {found}"
    case.clerk.must("unblock", case.right, "--block-id", "B-1")
    if part(stack, case.right, "blocks"):
        yield "the block was not lifted"
    code, answer = case.clerk.decide("unblock", case.right, "--block-id", "B-NONE")
    if code != 1:
        yield f"a block that is not there: exit {code}: {answer}"


# ---- returns ----------------------------------------------------------------------------------------------------------------


def returnable(stack, company, wanted):
    """Payments that paid one invoice whole, of customers with another open invoice, and who do not take money by themselves."""
    applied, open_items, found = applications(stack, company), defaultdict(list), []
    for i in stack.list("items"):
        if i["kind"] == "invoice":
            open_items[i["account"]].append(i)
    for t in company.truth:
        mine = [a for a in applied[t["lineId"]] if a[2] is None]
        if t["complete"] and not company.instalments(t["account"]) and t["lineId"] not in company.returned and len(mine) == 1 and mine[0][1] == int(t["amountMinor"]) \
                and open_items[t["account"]] and t["account"] not in [x[0]["account"] for x in found]:
            found.append((t, mine[0][0], open_items[t["account"]][0]))
    if len(found) < wanted:
        raise AssertionError(f"the company has only {len(found)} payments to return")
    return found[:wanted]


def line_returned(company, t, day, number, amount=None):
    bank = next(b for b in company.entities.values() if b["bankAccount"] == t["bankAccount"])
    return events.returned(f"RET-{number}", t["lineId"], amount or int(t["amountMinor"]), day, currency=bank["currencyCode"],
                           bank=bank["bankAccount"], entity=bank["entity"], fee=500)


def returns(stack, company, case):
    clerk = case.clerk
    (plain, plain_number, _), (again_, first_number, other), (differs, _, _) = returnable(stack, company, 3)
    stranger = next(u for u in stack.list("unidentified") if u["line"] not in {t["lineId"] for t in company.truth})
    # The second one is first applied to another invoice by command: unapply, apply there.
    version = clerk.item(again_["account"], again_["lineId"])["version"]
    clerk.must("unapply", again_["lineId"], "--version", str(version))
    receipt = clerk.receipt(again_["lineId"])
    clerk.must("apply", again_["lineId"], "--to", other["reference"], "--version", str(receipt["version"]))
    if minor(clerk.item(again_["account"], other["reference"])["open"]) >= minor(other["open"]):
        yield f"{other['reference']} was not paid by command"
    wrong_open, right_open = (minor(clerk.item(a, i["reference"])["open"]) for a, i in
                              ((case.wrong, case.wrong_invoice), (case.right, case.right_invoice)))
    company.play_day([
        lambda day: line_returned(company, plain, day, 1),
        lambda day: line_returned(company, again_, day, 2),
        lambda day: line_returned(company, differs, day, 3, int(differs["amountMinor"]) - 1),
        lambda day: line_returned(company, {"lineId": stranger["line"], "bankAccount": stranger["account"][1:],
                                            "amountMinor": minor(stranger["open"])}, day, 4),
        lambda day: line_returned(company, {"lineId": case.line, "bankAccount": company.entities[case.entity]["bankAccount"],
                                            "amountMinor": case.amount}, day, 5),
        lambda day: line_returned(company, plain, day, 6),
    ])
    # 1. Its invoice is open again, whole.
    gross = {n: g for of in invoices_of(stack).values() for n, g in of.items()}
    if minor(clerk.item(plain["account"], plain_number)["open"]) != gross[plain_number]:
        yield f"returned {plain['lineId']}: {plain_number} is not open again: {clerk.item(plain['account'], plain_number)}"
    # 2. What is in force now: the other invoice is open again, the first one still is.
    for number, expected in ((other["reference"], minor(other["open"])), (first_number, gross[first_number])):
        if minor(clerk.item(again_["account"], number)["open"]) != expected:
            yield f"returned {again_['lineId']} after re-application: {number}: {clerk.item(again_['account'], number)}, expected {expected}"
    reasons = sorted((a[0], a[2]) for a in applications(stack, company)[again_["lineId"]])
    if reasons != sorted([(first_number, "by_command"), (other["reference"], "return")]):
        yield f"applications of {again_['lineId']}: {reasons}"
    for t in (plain, again_):
        if clerk.receipt(t["lineId"]) is not None or minor(clerk.item(t["account"], t["lineId"])["open"]) != 0:
            yield f"the receipt of {t['lineId']} is not closed: {clerk.item(t['account'], t['lineId'])}"
    # 3. and 6. Another amount, and a line that came back already: suspense, and an exception.
    found = {x["subject"]: x["reason"] for x in stack.list("exceptions", "--kind", "return_suspense")}
    if sorted(found.values()) != ["already_returned", "amount_differs"]:
        yield f"returns in suspense: {found}"
    # 4. Money still on the holding account: both are closed there.
    if clerk.line(stranger["line"]) is not None:
        yield f"{stranger['line']} was returned and is still listed"
    # 5. The return follows the money that was moved: the right customer's invoice is open again, the wrong one's stays as it was.
    if minor(clerk.item(case.right, case.right_invoice["reference"])["open"]) - right_open != case.amount:
        yield f"the return of {case.line} did not follow it to {case.right}"
    if minor(clerk.item(case.wrong, case.wrong_invoice["reference"])["open"]) != wrong_open:
        yield f"the return of {case.line} changed {case.wrong}"
    stack.tool("verify")


# ---- answers ----------------------------------------------------------------------------------------------------------------


def rollforward(stack):
    """opening + billed - memos - receipts + returns + other = closing = control; and the aging of the same day."""
    last, total = {}, defaultdict(Decimal)
    rows = stack.list("rollforward")
    for r in rows:
        d = {k: Decimal(r[k]) for k in ("opening", "billed", "memos", "receipts", "returns", "other", "closing", "control", "difference")}
        if d["opening"] + d["billed"] - d["memos"] - d["receipts"] + d["returns"] + d["other"] != d["closing"]:
            yield f"does not add up: {r}"
        if d["closing"] != d["control"] or d["difference"] != 0:
            yield f"does not close at the control account: {r}"
        key = (r["entity"], r["currency"])
        if key in last and last[key] != d["opening"]:
            yield f"opens at {d['opening']}, the month before closed at {last[key]}: {r}"
        last[key] = d["closing"]
    if len(last) != 3 or not any(Decimal(r["returns"]) for r in rows) or not any(Decimal(r["memos"]) for r in rows):
        yield f"too little in it: {rows}"
    for r in stack.list("aging"):
        total[(r["entity"], r["currency"])] += Decimal(r["total"])
    if total != last:
        yield f"closing {last}, aging {dict(total)}"


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def csv_lists(stack, company):
    text = stack.tool("aging", "--format", "csv")
    if text.splitlines()[0] != AGING_CSV:
        yield f"aging: header {text.splitlines()[0]}"
    by_entity = stack.tool("aging", "--by", "entity", "--format", "csv")
    if by_entity.splitlines()[0] != AGING_CSV:
        yield f"aging --by entity: header {by_entity.splitlines()[0]}"
    amounts = ("not_due", "1-30", "31-60", "61-90", "over_90", "unapplied", "credits")
    sums = defaultdict(Decimal)
    for r in table(text):
        if sum(Decimal(r[a]) for a in amounts) != Decimal(r["total"]):
            yield f"aging: the total is not the sum of the seven: {r}"
        if all(Decimal(r[a]) == 0 for a in amounts):
            yield f"aging: a row of zeros: {r}"
        if any("." not in r[a] or len(r[a].split(".")[1]) != 2 for a in amounts):
            yield f"aging: not in the currency's decimals: {r}"
        if not r["account"] or not r["name"]:
            yield f"aging: no account or name: {r}"
        sums[(r["entity"], r["currency"])] += Decimal(r["total"])
    for r in table(by_entity):
        if r["account"] or r["name"] or Decimal(r["total"]) != sums[(r["entity"], r["currency"])]:
            yield f"aging --by entity: {r}, by account {sums[(r['entity'], r['currency'])]}"
    for command, columns in {
        "invoices": ("number", "order", "po", "net", "tax", "gross", "state"), "items": ("account", "reference", "open", "version", "due_date"),
        "unidentified": ("line", "version", "open", "reason"), "unapplied": ("reference", "version", "open", "reason"),
        "worklist": ("account", "rank", "score"), "exceptions": ("kind", "reason"), "rollforward": ("opening", "closing", "control"),
    }.items():
        header = stack.tool(command, "--format", "csv").splitlines()[0].split(",")
        if not set(columns) <= set(header):
            yield f"{command}: {set(columns) - set(header)} not in the header {header}"
        rows = table(stack.tool(command, "--format", "csv"))
        if len(rows) != len(stack.list(command)):
            yield f"{command}: {len(rows)} rows in CSV, {len(stack.list(command))} in JSON"
    for r in table(stack.tool("invoices", "--format", "csv")):
        if Decimal(r["net"]) + Decimal(r["tax"]) != Decimal(r["gross"]):
            yield f"invoices: net + tax is not gross: {r}"
    entity = sorted(company.entities)[0]
    if {r["entity"] for r in stack.list("aging", "--entity", entity)} != {entity}:
        yield "aging --entity lets others through"


def tail(stack):
    lines = [json.loads(x) for x in stack.tool("tail", "--topic", "ar.cash.v1", "--since", "beginning", "--type", "applied").splitlines()]
    decided = stack.sql("cash", "SELECT count(*) FROM outcome WHERE type = 'openitem.cash.applied.v1'")
    if str(len(lines)) != decided[0][0]:
        yield f"tail shows {len(lines)} applied, cash decided {decided}"
    for line in lines:
        if line["specversion"] != "1.0" or line["type"] != "openitem.cash.applied.v1" or "applied" not in line["data"] or not line["id"]:
            yield f"not a CloudEvent of its kind: {json.dumps(line)[:300]}"
            break
    if len(stack.tool("tail", "--since", "-7").splitlines()) != 7:
        yield "tail --since -7 does not show 7 events"


def explain(stack, company):
    t = next(t for t in company.truth if t["kind"] == "full" and not company.instalments(t["account"]) and t["lineId"] not in company.returned and len(t["meant"]) == 1)
    order = t["meant"][0]["order"]
    number = next(iter(invoices_of(stack)[order]))
    event = next(e for e in map(json.loads, open(company.path)) if e["data"].get("orderBooked", {}).get("order", {}).get("orderId") == order)
    for what, words in ((number, (number, order, t["lineId"], "reference")), (t["lineId"], (number, "payer", "rule", "journal")), (order, (number, "invoice")),
                        (event["id"], (order,))):
        said = stack.tool("explain", what)
        missing = [w for w in words if w not in said]
        if missing or "\n  " not in said:
            yield f"explain {what} does not say {missing}: {said[:1500]}"
    p = stack.run("explain", "NOTHING-LIKE-THIS")
    if p.returncode != 1:
        yield f"explain of nothing: exit {p.returncode}"
    status = stack.tool("status")
    for word in ("kafka", "redis", "postgresql", "reporting", "ar.cash.v1"):
        if word not in status:
            yield f"status does not say {word}: {status}"


def verify(stack):
    stack.tool("verify")


def main():
    tests = Tests()
    with Stack("demo") as stack:
        company = Company(stack)
        tests.attempt("AUD-05 a company is played day by day, verify passes", played, stack, company)
        tests.attempt("CSH-04 complete payments with an intact reference are applied as the truth file says", truth, stack, company)
        tests.attempt("CSH-04 short pays, overpayments, repetitions", incomplete, stack, company)
        tests.attempt("BIL-10 instalments and discount terms", instalments, stack, company)
        tests.attempt("COL-04 promises are kept and broken as the file says", promises, stack, company)
        tests.attempt("CSH-02 strangers' money is listed as unidentified", strangers_listed, stack, company)
        tests.attempt("a second play of the same file changes nothing", again, stack, company)
        case = Case(stack, company)
        tests.attempt("CSH-06 assign-payer refused: version_conflict, unknown_line; exit 1", assign_refused, case, stack)
        tests.attempt("CSH-06 assign-payer, then apply in parts; refusals of apply", assign_and_apply, case, stack)
        tests.attempt("CSH-18 unapply", unapply, case, stack)
        tests.attempt("CSH-18 a wrongly assigned receipt is moved to the right customer", moved, case, stack)
        tests.attempt("a payer nobody knows; a command is decided once", decided_once, case, stack)
        tests.attempt("COL-02 block and unblock", blocks, case, stack)
        tests.attempt("CSH-13 returned payments re-open what is in force now", returns, stack, company, case)
        tests.attempt("L6.3 RPT-06 the roll-forward closes at the control account and at the aging", rollforward, stack)
        tests.attempt("RPT-01 lists: headers, totals, formats agree", csv_lists, stack, company)
        tests.attempt("tail", tail, stack)
        tests.attempt("AUD-02 explain and status", explain, stack, company)
        tests.attempt("AUD-05 verify at the end", verify, stack)
    tests.end()


if __name__ == "__main__":  # answers.py plays the same company
    main()
