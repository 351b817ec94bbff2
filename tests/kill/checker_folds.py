"""What each stream says, event by event, put into Books: billing's documents, cash's movements, collections' notices."""
import collections

import checker_ledger as ledger
from checker_books import Item, later, position

INVOICE, CREDIT_MEMO, RECEIPT = 1, 2, 4
ANSWERS = {"order_recorded": ("order_booked", "order_amended", "order_cancelled"), "invoice_issued": ("order_fulfilled",),
           "credit_memo_issued": ("order_cancelled",), "item_taken_on": ("opening_item",)}
OPENING_SIGN = {1: 1, 2: 1, 3: -1, 4: -1}
OPENING_TYPE = {1: 1, 2: 3, 3: 2, 4: 4}


# ---- billing


class Billing:
    def __init__(self, books):
        self.books, self.find = books, books.find
        self.orders = {}  # (account, order) -> [version, content, {line: quantity left}]
        self.series = {}  # (prefix, type, year, lane) -> last counter
        self.issued = {}  # (entity, type, lane) -> last issue date
        self.credited = set()

    def run(self):
        b = self.books
        known = lambda c: b.gate.inputs[c[1:]].id if c[0] == "ar.intake.v1" and c[1:] in b.gate.inputs else None  # noqa: E731
        for lane, r, e, kind, cause in b.answers("ar.billing.v1", "billing", known):
            where = f"ar.billing.v1[{lane}]@{r.offset}"
            fact = b.gate.inputs.get(cause[1:])
            self.version(where, e)
            b.counts[kind] += 1
            if fact is None:
                continue
            if kind in ANSWERS and fact.kind not in ANSWERS[kind]:
                self.find("invented", f"{where}: {kind} answers {fact.kind}")
            elif kind == "order_recorded":
                self.order(where, e, fact)
            elif kind in ("invoice_issued", "credit_memo_issued", "item_taken_on"):
                d = getattr(e, kind)
                self.document(where, lane, r.offset, e, d)
                getattr(self, kind)(where, lane, e, d, fact)
                b.post(where, e, ledger.document_lines(e.account, d))
            elif e.entries:
                self.find("journal", f"{where}: {kind} with a journal")

    def version(self, where, e):
        if not e.takes_version:
            return
        at = self.orders.setdefault((e.account, e.order_id), [0, None, {}])
        if e.order_version != at[0] + 1:
            self.find("order of versions", f"{where}: order {e.order_id} takes version {e.order_version} behind {at[0]}")
        at[0] = e.order_version

    def order(self, where, e, fact):
        at = self.orders.setdefault((e.account, e.order_recorded.order_id), [e.order_recorded.order_version, None, {}])
        if fact.kind == "order_cancelled":
            at[2] = {}
            return
        content = getattr(fact.message, fact.kind).order
        delivered = {n: q - at[2].get(n, 0) for n, q in ((x.line_no, x.quantity_e6) for x in at[1].lines)} if at[1] is not None else {}
        at[1], at[2] = content, {x.line_no: x.quantity_e6 - delivered.get(x.line_no, 0) for x in content.lines}
        net = sum(ledger.line_net(x.quantity_e6, x.unit_price_e6) for x in content.lines)
        if e.order_recorded.net.minor != net:
            self.find("price", f"{where}: order {content.order_id} net {e.order_recorded.net.minor}, by its lines {net}")

    def document(self, where, lane, offset, e, d):
        b = self.books
        if d.document_id in b.documents:
            self.find("doubled", f"{where}: document {d.document_id} was issued twice")
        b.documents[d.document_id] = (e.account, d.number, d.gross_minor, lane, d)
        for i in d.items:
            b.items[(d.document_id, i.sequence)] = Item(e.account, d.entity, d.currency_code, i.original_minor, 0, i.due_date,
                                                        ledger.UNAPPLIED if d.type == RECEIPT else ledger.AR, lane, offset)
        if not d.taken_on:
            self.number(where, lane, d)

    def number(self, where, lane, d):
        parts = ledger.number_parts(d.number)
        prefix, month = self.books.entities.get(d.entity, ("??", 1))
        wanted = (prefix, "C" if d.type == CREDIT_MEMO else "I", f"{ledger.fiscal_year(d.issue_date, month):02}", lane)
        if parts is None or parts[:4] != wanted:
            self.find("number", f"{where}: {d.number} is no number of {wanted}")
            return
        if parts[4] <= self.series.get(wanted, 0):
            self.find("doubled", f"{where}: number {d.number} was given before")
        elif parts[4] != self.series.get(wanted, 0) + 1:
            self.find("number", f"{where}: {d.number} follows counter {self.series.get(wanted, 0)}")
        self.series[wanted] = max(parts[4], self.series.get(wanted, 0))

    def issue_date(self, where, lane, e, d):
        day = self.books.day_at(lane, position(e, "ar.intake.v1") or 0)
        if day is None:
            self.find("issue date", f"{where}: no business day yet")
            return
        last = self.issued.get((d.entity, d.type, lane), day)
        if d.issue_date != later(day, last):
            self.find("issue date", f"{where}: issued on {d.issue_date}, business day {day}, last in the series {last}")
        self.issued[(d.entity, d.type, lane)] = d.issue_date

    def invoice_issued(self, where, lane, e, d, fact):
        f = fact.message.order_fulfilled
        at = self.orders.get((e.account, f.order_id))
        if at is None or at[1] is None:
            self.find("invented", f"{where}: an invoice for order {f.order_id}, which nobody booked")
            return
        named = {x.line_no: x.quantity_e6 for x in f.lines} or {n: q for n, q in at[2].items() if q}
        lines = [(x, named[x.line_no]) for x in at[1].lines if named.get(x.line_no)]
        nets = [(ledger.line_net(q, x.unit_price_e6), x.taxes) for x, q in lines]
        taxes = ledger.taxes(nets)
        net, tax = sum(n for n, _ in nets), sum(a for _, a in taxes.values())
        if (d.net_minor, d.tax_minor, d.gross_minor) != (net, tax, net + tax) or sum(i.original_minor for i in d.items) != net + tax:
            self.find("price", f"{where}: {d.number} net {d.net_minor} tax {d.tax_minor} gross {d.gross_minor}, by the order {net} + {tax}")
        if {(t.code, t.category, t.rate_ppm): (t.base_minor, t.amount_minor) for t in d.taxes} != taxes:
            self.find("tax", f"{where}: {d.number}: taxes {d.taxes}, expected {taxes}")
        for x, q in lines:
            at[2][x.line_no] -= q
            if at[2][x.line_no] < 0:
                self.find("over-billed", f"{where}: line {x.line_no} of order {f.order_id}")
        self.issue_date(where, lane, e, d)
        code = at[1].terms_code or self.books.customers.get(e.account, "")
        if d.terms_code != code or code not in self.books.terms:
            self.find("terms", f"{where}: {d.number}: terms {d.terms_code}, expected {code}")
        elif {i.due_date for i in d.items} != {ledger.due_date(*self.books.terms[code], d.issue_date)}:
            self.find("due date", f"{where}: {d.number} of {d.issue_date} under {code} is due {[i.due_date for i in d.items]}")

    def credit_memo_issued(self, where, lane, e, d, fact):
        of = self.books.documents.get(d.refers_to_document_id)
        if of is None or d.refers_to_document_id in self.credited:
            self.find("credit memo", f"{where}: {d.number} credits {d.refers_to_number}, which is unknown or credited")
            return
        self.credited.add(d.refers_to_document_id)
        i = of[4]
        if (d.net_minor, d.tax_minor, d.gross_minor) != (i.net_minor, i.tax_minor, i.gross_minor) or sum(x.original_minor for x in d.items) != -i.gross_minor:
            self.find("credit memo", f"{where}: {d.number} over {d.gross_minor} cancels {i.number} over {i.gross_minor}")
        self.issue_date(where, lane, e, d)

    def item_taken_on(self, where, lane, e, d, fact):
        f = fact.message.opening_item
        sign = OPENING_SIGN[f.kind]
        got = [(i.original_minor, i.open_minor) for i in d.items]
        if got != [(sign * f.original.minor, sign * f.open.minor)] or d.type != OPENING_TYPE[f.kind] or d.external_number != f.external_number:
            self.find("take-on", f"{where}: {d.external_number}: {got}, the sender says {f.original.minor} open {f.open.minor}")
        if f.due_date and d.items[0].due_date != f.due_date:
            self.find("due date", f"{where}: {d.external_number} is due {d.items[0].due_date}, the sender says {f.due_date}")


# ---- cash


class Cash:
    def __init__(self, books):
        self.books, self.find = books, books.find
        self.line_items, self.answered = {}, set()  # (holding account, line) -> document of the holding item
        self.lines = {}  # (holding account, line) -> signed minor

    def known(self, c):
        b = self.books
        if c[0] == "ar.intake.v1":
            return b.gate.inputs[c[1:]].id if c[1:] in b.gate.inputs else None
        if c[0] == "ar.transfer.v1":
            self.answered.add(c[1:])
            return b.on_the_way.get(c[1:], (None,))[0]
        return b.places.get(c)

    def run(self):
        b = self.books
        b.on_the_way, b.leaving = {}, set()
        b.transfer_topic()
        for lane, r, e, kind, cause in b.answers("ar.cash.v1", "cash", self.known):
            where = f"ar.cash.v1[{lane}]@{r.offset}"
            b.counts[kind] += 1
            if kind in ("transfer_sent", "transfer_refused", "return_passed_on"):
                b.leaving.add((lane, e.provenance.seq))
            lines = getattr(self, kind, self.nothing)(where, lane, e, getattr(e, kind))
            b.post(where, e, lines)
        b.transfer_end(self.answered)

    def nothing(self, where, lane, e, x):
        return {}

    def receipt(self, where, lane, e, x, ledger_account):
        self.books.items[(x.document_id, 1)] = Item(e.account, x.entity, x.amount.currency_code, -x.amount.minor, 0, None, ledger_account, lane)

    def line_once(self, where, e, line, minor):
        if (e.account, line) in self.lines:
            self.find("doubled", f"{where}: line {line} was booked twice")
        self.lines[(e.account, line)] = minor

    def line_posted(self, where, lane, e, x):
        self.line_once(where, e, x.line_id, x.amount.minor)
        self.line_items[(e.account, x.line_id)] = x.document_id
        self.receipt(where, lane, e, x, ledger.UNIDENTIFIED)
        return ledger.posted_lines(e.account, x)

    def line_excluded(self, where, lane, e, x):
        self.line_once(where, e, x.line_id, x.amount.minor)
        return {}

    def transfer(self, id, state, minor):
        t = self.books.transfers.setdefault(id, {"states": [], "amounts": set()})
        t["states"].append(state)
        t["amounts"].add(minor)

    def transfer_sent(self, where, lane, e, x):
        self.transfer(x.transfer_id, "sent", x.amount.minor)
        item = self.books.items.get((x.from_document_id, 1))
        still_there = item is not None and item.open != 0
        if item is None or (still_there and item.open != -x.amount.minor):
            self.find("transfer", f"{where}: {x.transfer_id} sends {x.amount.minor}, the item's whole open amount is {item and item.open}")
        return ledger.sent_lines(e.account, x, still_there)

    def transfer_accepted(self, where, lane, e, x):
        self.transfer(x.transfer_id, "returned" if x.returned_to_sender else "accepted", x.amount.minor)
        if e.account.startswith("~"):
            if (x.document_id, 1) not in self.books.items:
                self.find("item", f"{where}: money back on a holding item {x.document_id} nobody made")
        else:
            self.receipt(where, lane, e, x, ledger.UNAPPLIED)
        return ledger.accepted_lines(e.account, x)

    def transfer_refused(self, where, lane, e, x):
        self.transfer(x.transfer_id, "refused", x.transfer.amount.minor)
        return {}

    def applied(self, where, lane, e, x):
        for a in x.applications:
            if a.application_id in self.books.applications:
                self.find("doubled", f"{where}: application {a.application_id} stands twice")
            self.books.applications[a.application_id] = [a.amount.minor, True]
            self.fits(where, a, x.entity)
        return ledger.applied_lines(e.account, x.applications, self.ledger_of, 1)

    def unapplied(self, where, lane, e, x):
        for a in x.applications:
            known = self.books.applications.get(a.application_id)
            if known is None or not known[1] or known[0] != a.amount.minor:
                self.find("doubled", f"{where}: {a.application_id} is undone and not in force for {a.amount.minor}")
            else:
                known[1] = False
        return ledger.applied_lines(e.account, x.applications, self.ledger_of, -1)

    def fits(self, where, a, entity):
        """An application across entity or currency is refused; credit against debit."""
        credit = self.books.items.get((a.credit.document_id, a.credit.sequence))
        debit = self.books.items.get((a.debit.document_id, a.debit.sequence))
        if credit is None or debit is None or credit.original > 0 or debit.original < 0 or a.amount.minor <= 0:
            self.find("application", f"{where}: {a.application_id}: credit {a.credit.document_id}, debit {a.debit.document_id}, {a.amount.minor}")
        elif not credit.entity == debit.entity == entity or not credit.currency == debit.currency == a.amount.currency_code or credit.account != debit.account:
            self.find("application", f"{where}: {a.application_id} goes across entity, currency or account")

    def ledger_of(self, key):
        item = self.books.items.get(key)
        return item.ledger if item is not None else ledger.AR

    def return_posted(self, where, lane, e, x):
        self.line_once(where, e, x.line_id, -x.amount.minor - x.fee.minor)
        return ledger.return_posted_lines(e.account, x, self.line_items.get((e.account, x.returned_line_id), ""))

    def return_settled(self, where, lane, e, x):
        return ledger.return_settled_lines(e.account, x)


# ---- collections


class Collections:
    def __init__(self, books):
        self.books, self.find = books, books.find
        self.last = {}  # subject -> (episode, level, date)

    def run(self):
        b, judged = self.books, collections.Counter()
        known = lambda c: b.gate.inputs[c[1:]].id if c[0] == "ar.intake.v1" and c[1:] in b.gate.inputs else b.places.get(c)  # noqa: E731
        for lane, r, e, kind, cause in b.answers("ar.collections.v1", "collections", known):
            where = f"ar.collections.v1[{lane}]@{r.offset}"
            b.counts[kind] += 1
            if kind == "day_judged":
                judged[(lane, e.day_judged.judged_date)] += 1
            elif kind == "notice_issued":
                self.notice(where, e, e.notice_issued)
        for key, n in judged.items():
            if n != 1:
                self.find("doubled", f"day {key} was judged {n} times")

    def notice(self, where, e, n):
        """One per subject, level and episode; at most one level at a time, seven days between."""
        subject = (n.entity, e.account, n.amount.currency_code)
        key = subject + (n.level, n.episode)
        if key in self.books.notices:
            self.find("doubled", f"{where}: notice {key} was sent before")
        self.books.notices[key] = n.notice_id
        episode, level, date = self.last.get(subject, (0, 0, "1900-01-01"))
        if n.episode == episode and (n.level <= level or later(date, n.notice_date) != n.notice_date):
            self.find("dunning", f"{where}: {subject} level {n.level} behind level {level} of {date}")
        if episode and (int(n.notice_date.replace("-", "")) < int(date.replace("-", ""))):
            self.find("dunning", f"{where}: {subject} dated {n.notice_date} behind {date}")
        if n.amount.minor <= 0 or n.amount.minor != n.overdue_minor - n.credits_minor - n.held_minor:
            self.find("dunning", f"{where}: {subject}: {n.amount.minor} is not overdue {n.overdue_minor} - credits {n.credits_minor} - held {n.held_minor}")
        self.last[subject] = (n.episode, n.level, n.notice_date)
