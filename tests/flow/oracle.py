"""What the sample files themselves imply, computed without any of our code: open items and their aging at any date."""
import csv
import datetime as dt
from collections import defaultdict
from decimal import Decimal

BUCKETS = ("not_due", "1-30", "31-60", "61-90", "over_90")


def bucket(days):
    return BUCKETS[0] if days <= 0 else BUCKETS[1] if days <= 30 else BUCKETS[2] if days <= 60 else BUCKETS[3] if days <= 90 else BUCKETS[4]


def mdy(s):
    return dt.datetime.strptime(s, "%m/%d/%Y").date()


def ymd(s):
    return dt.date.fromisoformat(s)


class Item:
    def __init__(self, entity, account, currency, amount, due, booked, paid):
        self.entity, self.account, self.currency, self.amount = entity, account, currency, amount
        self.due, self.booked, self.paid = due, booked, paid


def late_payments(path):
    with open(path, encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            yield Item(r["countryCode"], r["customerID"], "USD", Decimal(r["InvoiceAmount"]), mdy(r["DueDate"]),
                       mdy(r["InvoiceDate"]), mdy(r["SettledDate"]) if r["SettledDate"] else None)


def open_invoices(path, cut_over):
    with open(path, encoding="utf-8", newline="") as f:
        for r in csv.DictReader(f):
            yield Item(r["business_code"], r["cust_number"], r["invoice_currency"], Decimal(r["total_open_amount"]),
                       ymd(r["due_in_date"]), cut_over, None)


def aging(items, as_of, by="account"):
    """{(entity, account, currency): {bucket: amount}}; by entity the account is empty."""
    rows = defaultdict(lambda: dict.fromkeys(BUCKETS, Decimal(0)) | {"oldest_days": 0})
    for i in items:
        if i.booked > as_of or (i.paid is not None and i.paid <= as_of):
            continue
        row = rows[(i.entity, i.account if by == "account" else "", i.currency)]
        days = (as_of - i.due).days
        row[bucket(days)] += i.amount
        row["oldest_days"] = max(row["oldest_days"], days)
    return rows


def parse_csv(text):
    """The CSV of `openitem aging` in the same shape."""
    rows = {}
    for r in csv.DictReader(text.splitlines()):
        rows[(r["entity"], r["account"], r["currency"])] = {b: Decimal(r[b]) for b in BUCKETS} | {
            "oldest_days": int(r["oldest_days"] or 0), "unapplied": Decimal(r["unapplied"]), "credits": Decimal(r["credits"]),
            "total": Decimal(r["total"])}
    return rows


def differences(expected, got):
    """Text lines; none = equal to the cent."""
    for key in sorted(set(expected) | set(got)):
        if key not in got:
            yield f"{key}: missing, expected {expected[key]}"
        elif key not in expected:
            if got[key]["total"] != 0:
                yield f"{key}: not in the file: {got[key]}"
        else:
            e, g = expected[key], got[key]
            for b in BUCKETS:
                if e[b] != g[b]:
                    yield f"{key} {b}: expected {e[b]}, got {g[b]}"
            if g["unapplied"] or g["credits"]:
                yield f"{key}: unapplied {g['unapplied']}, credits {g['credits']}, expected none"
            if sum(e[b] for b in BUCKETS) != g["total"]:
                yield f"{key} total: expected {sum(e[b] for b in BUCKETS)}, got {g['total']}"
