"""LEDGER.md as arithmetic: what an order costs, what a document's number and due date must be, which journal lines a business event means.
Written from the document alone. Pure. A line is (ledger account, account, document, item sequence) -> minor units, debit +; accounts without items
have empty item parts."""
import collections
import datetime as dt

AR, UNAPPLIED, REVENUE, DEFERRED, TAX, OPENING, CLEARING, UNIDENTIFIED, TRANSIT, SUSPENSE, CHARGES = 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12
WITH_ITEMS = (1, 2, 3, 9)
CONTROL = (1, 2, 3)
SEND_BACK, TRANSFER_PAYER = 2, 1
HOLDING, PASSED_ON, IN_SUSPENSE = 1, 2, 3
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def round_half_away(numerator, denominator):
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    n, d = abs(numerator), abs(denominator)
    return sign * ((2 * n + d) // (2 * d))


def line_net(quantity_e6, unit_price_e6, decimals=2):
    """L7: scaled integers; 12,345 x 0.0873 = 1,077.72."""
    return round_half_away(quantity_e6 * unit_price_e6 * 10 ** decimals, 10 ** 12)


def taxes(lines):
    """{(code, category, rate): (base, amount)}: rounded per (code, category, rate) on the document, half away from zero. lines: (net, [Tax])."""
    base = collections.Counter()
    for net, of_line in lines:
        for t in of_line:
            base[(t.code, t.category, t.rate_ppm)] += net
    return {k: (b, round_half_away(b * k[2], 1000000)) for k, b in base.items()}


def end_of_month(day):
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def due_date(kind, days, document_date):
    day = dt.date.fromisoformat(document_date)
    if kind == "TERMS_KIND_NET":
        return str(day + dt.timedelta(days=days))
    if kind == "TERMS_KIND_NET_END_OF_MONTH":
        return str(end_of_month(day + dt.timedelta(days=days)))
    return str(end_of_month(day) + dt.timedelta(days=days))


def check_character(text):
    """ISO 7064 MOD 37,36."""
    p = 36
    for c in text:
        s = (p + ALPHABET.index(c)) % 36 or 36
        p = s * 2 % 37
    return ALPHABET[(37 - p) % 36]


def number_parts(number):
    """(prefix, type, year, lane, counter), or None when it is not a number of ours."""
    plain = number.replace("-", "")
    if len(number) > 16 or len(plain) != 15 or plain[-1] != check_character(plain[:-1]) or not plain[7:14].isdigit():
        return None
    return plain[:2], plain[2], plain[3:5], int(plain[5:7], 36), int(plain[7:14])


def fiscal_year(day, first_month):
    day = dt.date.fromisoformat(day)
    return (day.year if day.month >= first_month else day.year - 1) % 100


def lines_of(*pairs):
    out = collections.Counter()
    for key, minor in pairs:
        out[key] += minor
    return {k: v for k, v in out.items() if v}


def plain(ledger_account):
    return (ledger_account, "", "", 0)


# ---- billing


def document_lines(account, d):
    """Invoice and credit memo: AR against revenue, deferred revenue and taxes; a take-on: the open amount against the opening balance."""
    pairs = []
    if d.taken_on:
        for i in d.items:
            pairs += [((UNAPPLIED if d.type == 4 else AR, account, d.document_id, i.sequence), i.open_minor), (plain(OPENING), -i.open_minor)]
        return lines_of(*pairs)
    sign = -1 if d.type == 2 else 1
    for i in d.items:
        pairs.append(((AR, account, d.document_id, i.sequence), i.original_minor))
    for line in d.lines:
        pairs.append((plain(DEFERRED if line.deferred_revenue else REVENUE), -sign * line.net_minor))
    for t in d.taxes:
        pairs.append((plain(TAX), -sign * t.amount_minor))
    return lines_of(*pairs)


# ---- cash: `books` answers what the event does not say: ledger(item) of a credit, holding(account, line) the holding item, at_holding(item)


def posted_lines(account, e):
    a = e.amount.minor
    other = plain(TRANSIT) if e.identified else (UNIDENTIFIED, account, e.document_id, 1)
    return lines_of((plain(CLEARING), a), (other, -a))


def sent_lines(account, e, still_there):
    a = e.amount.minor
    if e.kind == SEND_BACK:
        return lines_of(((UNAPPLIED, account, e.from_document_id, 1), a), (plain(TRANSIT), -a))
    return lines_of(((UNIDENTIFIED, account, e.from_document_id, 1), a), (plain(TRANSIT), -a)) if still_there else {}


def accepted_lines(account, e):
    a = e.amount.minor
    return lines_of((plain(TRANSIT), a), ((UNIDENTIFIED if account.startswith("~") else UNAPPLIED, account, e.document_id, 1), -a))


def applied_lines(account, applications, ledger_of, sign):
    pairs = []
    for x in applications:
        credit, debit, a = (x.credit.document_id, x.credit.sequence), (x.debit.document_id, x.debit.sequence), sign * x.amount.minor
        pairs += [((ledger_of(credit), account, *credit), a), ((ledger_of(debit), account, *debit), -a)]
    return lines_of(*pairs)


def return_posted_lines(account, e, holding_item):
    a, fee = e.amount.minor, e.fee.minor
    debit = (UNIDENTIFIED, account, holding_item, 1) if e.place == HOLDING else plain(TRANSIT) if e.place == PASSED_ON else plain(SUSPENSE)
    return lines_of((debit, a), (plain(CLEARING), -a), (plain(CHARGES), fee), (plain(CLEARING), -fee))


def return_settled_lines(account, e):
    a = e.amount.minor
    closed = (UNIDENTIFIED if account.startswith("~") else UNAPPLIED, account, e.document_id, 1)  # the return item itself comes and goes: 0
    return lines_of((closed, a), (plain(TRANSIT), -a))
