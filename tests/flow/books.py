#!/usr/bin/python3
"""The books in full (issue 5): months with instalments, discount terms, memos, advices, promises, holds, money on account and a closed period.
While they run, answers are printed at random moments; each of them is asked again as known at its checkpoint, also of a reporting that was
rebuilt, and must be the same to the byte. `changes` adds up to the difference of two agings."""
import datetime as dt
import json
import os
import random
import re
from collections import defaultdict
from decimal import Decimal

import events
from events import BANK, CURRENCY, ENTITY, bank_line, booked, cloud_event, customer, fulfilled, returned
from stack import Stack, Tests

SEED, ANSWERS, PARTS = 5, 50, 5
FIRST, LAST = dt.date(2026, 1, 5), dt.date(2026, 4, 17)
IBAN = "DE021203000000{:08d}"
TERMS = {"N30": 4, "INST3": 3, "D2N30": 3}  # accounts of each
PROMISES = {"P-KEPT": "kept", "P-BROKEN": "broken", "P-PARTLY": "partly_kept"}
BUCKETS = ("not_due", "1-30", "31-60", "61-90", "over_90", "unapplied", "credits")


# ---- the company ----------------------------------------------------------------------------------------------------------------


def money(minor):
    return {"currencyCode": CURRENCY, "minor": str(minor)}


def terms():
    net = "TERMS_KIND_NET"
    yield {"termsCode": "INST3", "version": 1, "effectiveFrom": "2000-01-01", "kind": net,
           "instalments": [{"kind": net, "days": d, "portionPpm": p} for d, p in ((10, 333333), (40, 333333), (70, 333334))]}
    yield {"termsCode": "D2N30", "version": 1, "effectiveFrom": "2000-01-01", "kind": net, "days": 30,
           "discounts": [{"days": 10, "ratePpm": 20000}, {"days": 20, "ratePpm": 10000}]}


class Company:
    def __init__(self):
        self.rng, self.lines, self.n = random.Random(SEED), defaultdict(list), 0
        self.accounts = [f"{code}-{n}" for code, count in TERMS.items() for n in range(1, count + 1)] + list(PROMISES)
        self.days = [d for d in (FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)) if d.isoweekday() in (1, 3, 5)]
        first = self.days[0].isoformat()
        for line in events.company(day=first):
            self.lines[first].append(line)
        for t in terms():
            self.add("ar.reference.v1", self.days[0], {"termsRecorded": t})
        self.add("ar.reference.v1", self.days[0], {"ladderRecorded": {
            "version": 1, "effectiveFrom": "2000-01-01", "levels": [{"level": 1, "daysPastDue": 7}, {"level": 2, "daysPastDue": 21}], "daysBetween": 7}})
        for a in self.accounts:
            code = a.rsplit("-", 1)[0] if a.rsplit("-", 1)[0] in TERMS else "N30"
            self.add("crm.customer.v1", self.days[0], customer(a, iban=self.iban(a), terms=code))
        self.trade()
        self.promises()
        self.add("ar.reference.v1", self.on(dt.date(2026, 2, 11)), {"periodRecorded": {
            "entity": ENTITY, "firstDay": "2026-01-01", "lastDay": "2026-01-31", "state": "PERIOD_STATE_CLOSED"}})

    def iban(self, account):
        return IBAN.format(self.accounts.index(account) + 1)

    def on(self, day):
        """The first of its days from that day on; none behind the last."""
        return next((d for d in self.days if d >= day), None)

    def add(self, topic, day, data, source="/test"):
        self.n += 1
        self.lines[day.isoformat()].append(cloud_event(topic, f"books-{self.n}", data, day.isoformat(), source))

    def order(self, account, day, quantity):
        self.n += 1
        order = f"SO-{account}-{self.n}"
        for n, what in enumerate((booked(account, order, 1, quantity, "37.25", day.isoformat()),
                                  fulfilled(account, order, 2, day.isoformat()))):
            self.add("crm.sales-order.v1", day, what)
        return order, quantity * 3725

    def pay(self, account, day, minor, text):
        self.n += 1
        self.add("bank.payment.v1", day, bank_line(f"L-{self.n}", minor, day.isoformat(), text, self.iban(account)), "/bank/test")
        return f"L-{self.n - 1}"

    def trade(self):
        for day in self.days:
            for account in self.rng.sample([a for a in self.accounts if a not in PROMISES], 3):
                order, minor = self.order(account, day, self.rng.randint(1, 40))
                pays = self.on(day + dt.timedelta(days=self.rng.randint(3, 75)))
                if pays is not None:
                    self.settle(account, pays, order, minor)

    def settle(self, account, day, order, minor):
        how = self.rng.choice(("number", "number", "number", "part", "over", "silent", "advice", "returned"))
        text = "Rechnung {{number:%s}}" % order
        if how == "part":
            minor = minor * 2 // 3
        elif how == "over":
            minor += 1234
        elif how == "silent":
            text = "Abschlag"
        elif how == "advice":
            self.add("bank.payment.v1", day, {"remittanceAdvised": {
                "bankAccount": BANK, "adviceId": f"ADV-{self.n}", "entity": ENTITY, "payerAccount": account, "amount": money(minor),
                "paymentDate": day.isoformat(), "references": [{"reference": "{{number:%s}}" % order, "amount": money(minor)}]}}, "/bank/test")
            text = "siehe Avis"
        line = self.pay(account, day, minor, text)
        back = self.on(day + dt.timedelta(days=4))
        if how == "returned" and back is not None:
            self.n += 1
            self.add("bank.payment.v1", back, returned(f"R-{self.n}", line, minor, back.isoformat(), fee=300), "/bank/test")

    def promises(self):
        """400.00 each, promised on one day for another; one pays all of it, one nothing, one a part."""
        made, due = self.on(dt.date(2026, 3, 2)), dt.date(2026, 3, 13)
        for account in PROMISES:
            self.add("crm.sales-order.v1", self.days[0], booked(account, f"SO-{account}", 1, 4, "100.00", self.days[0].isoformat()))
            self.add("crm.sales-order.v1", self.days[0], fulfilled(account, f"SO-{account}", 2, self.days[0].isoformat()))
            self.add("ar.command.v1", made, {"account": account, "issuedBy": "collector", "makePromise": {
                "promiseId": f"PR-{account}", "entity": ENTITY, "amount": money(40000), "promisedDate": due.isoformat(), "channel": "phone"}})
        for account, minor in (("P-KEPT", 40000), ("P-PARTLY", 15000)):
            self.pay(account, self.on(dt.date(2026, 3, 9)), minor, "{{number:SO-%s}}" % account)

    def write(self, path):
        order = sorted(self.lines)
        with open(path, "w") as f:
            for day in order:
                for line in self.lines[day]:
                    f.write(json.dumps(line) + "\n")
        return order


# ---- answers --------------------------------------------------------------------------------------------------------------------


class Answers:
    def __init__(self, stack, company):
        self.stack, self.company, self.rng, self.kept = stack, company, random.Random(SEED), []

    def random_day(self):
        return (FIRST + dt.timedelta(days=self.rng.randrange((LAST - FIRST).days))).isoformat()

    def question(self):
        kind = self.rng.choice(["aging", "aging", "rollforward", "statement", "dso", "changes"] if self.kept else ["aging"])
        day = ["--as-of", self.random_day()] if self.rng.random() < 0.7 else []
        if kind == "aging":
            return [kind, *day, "--by", self.rng.choice(("account", "entity"))]
        if kind == "rollforward":
            return [kind] + (["--to", self.random_day()] if day else [])
        if kind == "statement":
            form = self.rng.choice(("open-item", "balance-forward"))
            return [kind, self.rng.choice(self.company.accounts), "--form", form, *day]
        if kind == "dso":
            return [kind, *day]
        return [kind, "--since", str(self.rng.choice(self.kept)[1])]

    def ask(self):
        question = self.question()
        printed = self.stack.tool(*question)
        # A statement of somebody who has nothing says so and no more.
        found = re.findall(r"known at checkpoint (\d+)", printed)
        if found:
            self.kept.append((question, int(found[-1]), printed))

    def differing(self, how):
        for question, checkpoint, printed in self.kept:
            known = ["--to" if question[0] == "changes" else "--known-at", str(checkpoint)]
            now = self.stack.tool(*question, *how(known))
            if now != printed:
                yield f"{' '.join(question)} at checkpoint {checkpoint}:\n{printed}\nis now\n{now}"


def play_and_ask(stack, company, answers, path, days):
    """Each part of the company's months in the background, questions meanwhile; then what people do."""
    size = -(-len(days) // PARTS)
    for part in range(PARTS):
        chunk, quota = days[part * size:(part + 1) * size], ANSWERS * (part + 1) // PARTS
        play = stack.start("play", path, "--from", chunk[0], "--until", chunk[-1])
        try:
            while len(answers.kept) < quota and play.poll() is None:
                answers.ask()
        finally:
            out = play.communicate()[0]
        if play.returncode != 0:
            yield f"play: exit {play.returncode}: {out[-2000:]}"
            return
        while len(answers.kept) < quota:
            answers.ask()
        yield from people(stack, company, part)
    stack.tool("settle")
    kinds = {q[0] for q, _, _ in answers.kept}
    if kinds != {"aging", "rollforward", "statement", "dso", "changes"} or len({c for _, c, _ in answers.kept}) < ANSWERS / 2:
        yield f"only {kinds} at {len({c for _, c, _ in answers.kept})} checkpoints: this proves little"


def people(stack, company, part):
    """A credit memo, a debit memo, a hold, money placed on account: after each part one of each."""
    invoices = [i for i in stack.list("invoices") if i["state"] != "paid" and i["type"] == "invoice" and i["account"] not in PROMISES]
    if len(invoices) < 2:
        yield f"only {len(invoices)} open invoices after part {part}"
        return
    stack.tool("credit-memo", invoices[0]["number"], "--reason", "price", "--net", "5.00", "--by", "clerk")
    stack.tool("debit-memo", company.accounts[part], "--entity", ENTITY, "--reason", "express", "--amount", f"{25 + part}.00 {CURRENCY}",
               "--tax", "VAT=19", "--by", "clerk")
    stack.tool("hold", "set", invoices[1]["account"], "--kind", "dispute", "--item", invoices[1]["number"], "--by", "clerk")
    placed = {d for d, in stack.sql("reporting", "SELECT document_id FROM item WHERE on_account_minor <> 0")}
    unapplied = [u for u in stack.list("unapplied") if u["document_id"] not in placed]
    if unapplied:
        u = unapplied[0]
        stack.tool("onaccount", "place", u["document_id"], "--version", str(u["version"]), "--by", "clerk")


# ---- what came of it -------------------------------------------------------------------------------------------------------------


def full_books(stack, company):
    """It was all there, else the rest proves little."""
    got = dict(stack.sql("reporting", "SELECT account, state FROM promise"))
    if got != PROMISES:
        yield f"promises: {got}"
    items = stack.sql("reporting", "SELECT max(n) FROM (SELECT count(*) AS n FROM item WHERE kind = 'invoice' GROUP BY document_id) AS d")
    if items != [["3"]]:
        yield f"instalments: {items}"
    for what, query in (("discount terms", "SELECT count(*) FROM item WHERE discount_minor > 0"),
                        ("credit memos", "SELECT count(*) FROM document WHERE type = 'credit_memo'"),
                        ("debit memos", "SELECT count(*) FROM document WHERE type = 'debit_memo'"),
                        ("advices joined to a line", "SELECT count(*) FROM advice WHERE line_id <> ''"),
                        ("holds", "SELECT count(*) FROM hold"),
                        ("money on account", "SELECT count(*) FROM item WHERE on_account_minor <> 0"),
                        ("returned lines", "SELECT count(*) FROM bank_line WHERE state = 'returned'"),
                        ("notices", "SELECT count(*) FROM notice")):
        if stack.sql("reporting", query) == [["0"]]:
            yield f"no {what}"


def asked_again(answers):
    """As known at the checkpoint it is what was printed; without it, it is not."""
    changed = [q for q in answers.differing(lambda known: [])]
    if len(changed) < ANSWERS / 3:
        yield f"only {len(changed)} of {ANSWERS} answers are others by now: this proves little"
    yield from answers.differing(lambda known: known)


def rebuilt(stack, answers):
    p = stack.run("rebuild", "reporting")
    if p.returncode != 0 or not re.search(r"checkpoint +\d+ +same", p.stdout):
        yield f"rebuild: exit {p.returncode}\n{p.stdout[-2500:]}{p.stderr}"
        return
    order = stack.sql("reporting", "SELECT count(*) FROM reporting.audit_record AS a JOIN reporting_before_rebuild.audit_record AS b"
                      " USING (lane, service, source_lane, seq) WHERE a.ledger_seq <> b.ledger_seq", suffix="DATABASE_OWNER")
    if order == [["0"]]:
        yield "every record has the number it had: this proves little"
    before = int(stack.list("checkpoints", "--max", "1")[0]["checkpoint"])
    yield from answers.differing(lambda known: known)
    if answers.stack.list("checkpoints", "--max", "1")[0]["checkpoint"] != before:
        yield "asking of the past has taken a checkpoint"
    stack.tool("rebuild", "reporting", "--drop-old")


def goes_on(stack, company, answers):
    """Checkpoints go on behind those that were taken over, and the next rebuild knows them, too."""
    day = LAST + dt.timedelta(days=3)
    last = max(c for _, c, _ in answers.kept)
    company.lines.clear()
    company.order(company.accounts[0], day, 3)
    stack.tool("play", "-", stdin="".join(json.dumps(line) + "\n" for line in company.lines[day.isoformat()]))
    stack.tool("settle")
    for _ in range(3):
        answers.ask()
    if not all(c > last for _, c, _ in answers.kept[-3:]):
        yield f"checkpoints {[c for _, c, _ in answers.kept[-3:]]} after {last}"
    yield from rebuilt(stack, answers)


def cells(stack, *args):
    found = defaultdict(Decimal)
    for r in stack.list("aging", *args):
        for b in BUCKETS:
            found[(r["entity"], r["account"], r["currency"], b)] += Decimal(r[b])
    return found


def changes(stack, answers):
    """Event by event from one checkpoint to another: the difference of the two agings, cell by cell, to the cent."""
    rng = random.Random(SEED)
    taken = sorted({c for _, c, _ in answers.kept})
    for _ in range(5):
        a, b = sorted(rng.sample(taken, 2))
        moved = defaultdict(Decimal)
        for r in stack.list("changes", "--since", str(a), "--to", str(b)):
            moved[(r["entity"], r["account"], r["currency"], r["cell"])] += Decimal(r["amount"])
        then, now = cells(stack, "--known-at", str(a)), cells(stack, "--known-at", str(b))
        for cell in set(then) | set(now) | set(moved):
            if now[cell] - then[cell] != moved[cell]:
                yield f"{a} to {b}, {cell}: {then[cell]} to {now[cell]}, changes say {moved[cell]}"
        if not any(moved.values()):
            yield f"nothing moved from {a} to {b}: this proves little"


def verify(stack):
    stack.tool("verify")


def main():
    tests = Tests()
    with Stack("books") as stack:
        company = Company()
        path = os.path.join(stack.home, "company.ndjson")
        days, answers = company.write(path), Answers(stack, company)
        tests.attempt("RPT-02 answers printed at random moments of a run", play_and_ask, stack, company, answers, path, days)
        tests.attempt("COL-04 promises kept, broken, partly kept; instalments, memos, advices, holds, money on account", full_books, stack, company)
        tests.attempt("AUD-05 verify", verify, stack)
        tests.attempt("RPT-02 asked again as known at its checkpoint, each answer is the same to the byte", asked_again, answers)
        tests.attempt("RPT-02 also after `openitem rebuild reporting`", rebuilt, stack, answers)
        tests.attempt("and after another one, with checkpoints from between", goes_on, stack, company, answers)
        tests.attempt("RPT-02 changes add up to the difference of two agings", changes, stack, answers)
        tests.attempt("AUD-05 verify at the end", verify, stack)
    tests.end()


main()
