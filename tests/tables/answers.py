#!/usr/bin/python3
"""Answers of the tool as text tables: what customers owe, statements, months, whom to call (LEDGER section 6).

answers.py [--case WORDS] [FILE...]    default: answers/*.txt. The openitem of $OPENITEM_TEST_BUILD (build/asan), a database of its own beside
that of $OPENITEM_TEST_DATABASE.

A case says what was posted, in the order in which reporting learnt it, then asks:
	day, customer, block, hold, notice, promise    master rows
	line, statement    bank lines that were posted or excluded; statements as the bank closed them
	item      a document with one item: kind invoice, debit_memo, credit_memo, taken_on, receipt; amount signed, `entity` and `currency` DE01 and EUR
	apply     credit, debit, amount, date: an application (negative: taken back)
	return, send_back, on_account    credit, amount, date: a receipt that the bank took back, that went back to the holding account, that is left
	ask       the words of the command line (@checkpoint: the one that the first answer named); then its rows, the columns that are named, or `none`
	says      what its words on stderr contain; `exit N`
	refused   a statement of SQL that PostgreSQL must refuse, to anybody
`default X` as in the other tables."""
import csv
import glob
import io
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("OPENITEM_TEST_BUILD", "build/asan"))
CONNINFO = os.environ.get("OPENITEM_TEST_DATABASE", "")
DATABASE = f"answers_{os.getpid()}"
RECORD = {"invoice": "invoice_issued", "debit_memo": "debit_memo_issued", "credit_memo": "credit_memo_issued", "taken_on": "item_taken_on",
          "receipt": "transfer_accepted"}
CONTRA = {"invoice": "revenue", "debit_memo": "revenue", "credit_memo": "revenue", "taken_on": "opening_balance", "receipt": "money_in_transit"}
FILLED = """ledger_counter audit_record ledger_line day_total tie_out item application document customer entity business_day notice block hold promise
bank_line bank_statement aging_mark aging_period aging_moved aging_due aging_odd aging_day aging_account aging_total aging_stale aging_ahead"""
ROLL = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET search_path = reporting; SELECT roll_aging(1000000);"


class Failed(Exception):
    pass


def psql(sql, database=DATABASE):
    p = subprocess.run(["psql", "-X", "-q", *(["-1"] if database == DATABASE else []), "-v", "ON_ERROR_STOP=1", "-d", f"{CONNINFO} dbname={database}", "-f", "-"], input=sql,
                       capture_output=True, text=True)
    return p.returncode, p.stderr


def must(sql, database=DATABASE):
    code, said = psql(sql, database)
    if code != 0:
        raise Failed(said)


def minor(amount):
    whole, _, part = amount.lstrip("-").partition(".")
    return (-1 if amount.startswith("-") else 1) * int(whole + (part + "00")[:2])


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


class Books:
    """Rows of reporting, as its core makes them of one record after the other (tables_reporting shows that it does)."""

    def __init__(self):
        self.rows, self.items, self.seq, self.totals, self.ties = [], {}, 0, {}, {}

    def insert(self, table, **columns):
        self.rows.append((table, dict(columns, lane=0)))

    def record(self, kind, account):
        self.seq += 1
        self.insert("audit_record", service="cash", source_lane=0, seq=self.seq, ledger_seq=self.seq, record_offset=self.seq, event_id=f"e{self.seq}",
                    type=kind, account=account, subject="", cause_topic="", cause_partition=0, cause_offset=0, cause_event_id="", part=1, final=True,
                    correlation_id="", destination_seq=0, prev_hash="", hash="", value="")
        self.kind, self.entry_no = kind, -1

    def entry(self, kind, date, *lines):
        """lines: (ledger account, item or None, minor)"""
        self.entry_no += 1
        one = next(i for _, i, _ in lines if i is not None)
        for n, (ledger, item, amount) in enumerate(lines):
            self.insert("ledger_line", ledger_seq=self.seq, entry_no=self.entry_no, line_no=n, service="cash", seq=self.seq, kind=kind, entity=one["entity"],
                        accounting_date=date, ledger_account=ledger, currency=one["currency"], amount_minor=amount, functional_currency=one["currency"],
                        functional_minor=amount, account=item["account"] if item else "", document_id=item["document_id"] if item else "",
                        item_sequence=1 if item else 0, detail="")
            total = self.totals.setdefault((one["entity"], ledger, one["currency"], date, self.kind), [0, 0])
            total[amount < 0] += abs(amount)
            if item:
                item["open_minor"] += amount
                item["applied_minor" if kind in ("apply", "unapply") else "brought_minor"] += amount
                tie = self.ties.setdefault((one["entity"], one["currency"]), 0)
                self.ties[(one["entity"], one["currency"])] = tie + amount

    def item(self, account, item, kind, amount, date, due="", document_date="", entity="DE01", currency="EUR", original=""):
        self.record(RECORD[kind], account)
        control, amount = "ar_unapplied" if kind == "receipt" else "ar", minor(amount)
        row = {"account": account, "document_id": item, "sequence": 1, "entity": entity, "currency": currency, "kind": "invoice" if kind == "taken_on" else kind,
               "reference": item, "document_date": document_date or date, "due_date": due or None, "accounting_date": date,
               "original_minor": minor(original) if original else amount, "line_id": "", "dunning_level": 0, "ledger_seq": self.seq, "open_minor": 0,
               "brought_minor": 0, "applied_minor": 0, "on_account_minor": 0, "discount_until": None, "discount_minor": 0}
        self.items[item] = row
        if kind != "receipt":
            self.insert("document", account=account, document_id=item, type=row["kind"], number=item, external_number="", entity=entity, currency=currency,
                        issue_date=row["document_date"], accounting_date=date, supply_date=None, order_id="", order_version=0, customer_po="", terms_code="",
                        refers_to_document_id="", refers_to_number="", reason="", net_minor=abs(amount), tax_minor=0, gross_minor=abs(amount),
                        taken_on=kind == "taken_on", seq=self.seq, ledger_seq=self.seq)
        self.entry(kind, date, (control, row, amount), (CONTRA[kind], None, -amount))

    def apply(self, credit, debit, amount, date):
        c, d, amount = self.items[credit], self.items[debit], minor(amount)
        self.record("applied" if amount > 0 else "unapplied", c["account"])
        self.insert("application", account=c["account"], application_id=f"A{self.seq}", entity=c["entity"], currency=c["currency"],
                    credit_document_id=credit, credit_sequence=1, debit_document_id=debit, debit_sequence=1, amount_minor=amount, applied_on=date,
                    undone_reason="", rule_id="", rule_version="", because="", tie_break="", seq=self.seq, undone_seq=0, ledger_seq=self.seq, undone_ledger_seq=0)
        self.entry("apply" if amount > 0 else "unapply", date, ("ar_unapplied" if c["kind"] == "receipt" else "ar", c, amount), ("ar", d, -amount))

    def return_(self, credit, amount, date):
        c, amount = self.items[credit], minor(amount)
        self.record("return_settled", c["account"])
        back = dict(c, document_id=credit + "-return", kind="return", original_minor=amount, open_minor=0, brought_minor=0, applied_minor=0,
                    ledger_seq=self.seq)
        self.items[credit + "-return"] = back
        self.entry("return", date, ("ar_unapplied", back, amount), ("money_in_transit", None, -amount))
        self.entry("return_linked", date, ("ar_unapplied", c, amount), ("ar_unapplied", back, -amount))

    def send_back(self, credit, amount, date):
        self.record("transfer_sent", self.items[credit]["account"])
        self.entry("send_back", date, ("ar_unapplied", self.items[credit], minor(amount)), ("money_in_transit", None, -minor(amount)))

    def on_account(self, credit, amount, date):
        self.record("placed_on_account", self.items[credit]["account"])
        self.entry("on_account", date, ("ar_unapplied", self.items[credit], minor(amount)), ("ar_on_account", self.items[credit], -minor(amount)))

    def customer(self, account, name, effective_from="2000-01-01"):
        self.record("customer_recorded", account)
        self.insert("customer", account=account, effective_from=effective_from, legal_name=name, terms_code="", parent_account="", apply_oldest_first=False,
                    ledger_seq=self.seq)

    def day(self, entity, opened_on):
        self.record("day_opened", "~day")
        self.insert("business_day", entity=entity, opened_on=opened_on, closed_on=None, ledger_seq=self.seq)

    def block(self, account, item="", until=""):
        self.insert("block", account=account, block_id=f"B{len(self.rows)}", reason="dispute", document_id=item, item_sequence=1 if item else 0,
                    held_until=until or None, lifted=False, ledger_seq=self.seq)

    def hold(self, account, item, amount, until="", lifted="false"):
        self.insert("hold", account=account, hold_id=f"H{len(self.rows)}", kind="dispute", document_id=item, item_sequence=1, amount_minor=minor(amount),
                    held_until=until or None, lifted=lifted == "true", ledger_seq=self.seq)

    def notice(self, account, level, date, entity="DE01", currency="EUR"):
        self.record("notice_issued", account)
        self.insert("notice", account=account, notice_id=f"N{self.seq}", entity=entity, currency=currency, level=int(level), episode=1, notice_date=date,
                    judged_date=date, amount_minor=1, overdue_minor=1, credits_minor=0, held_minor=0, oldest_days=1, item_count=1, ladder_version="",
                    promised_minor=0, seq=self.seq, ledger_seq=self.seq)

    def promise(self, account, amount, promised, made="2000-01-01", items="", entity="DE01", currency="EUR", state="open", ended=""):
        self.record("promise_made", account)
        self.insert("promise", account=account, promise_id=f"P{self.seq}", ledger_seq=self.seq, entity=entity, currency=currency, amount_minor=minor(amount),
                    items=items, made_on=made, promised_date=promised, grace_days=0, channel="", state=state, paid_minor=0,
                    ended_on=ended or None, ended_ledger_seq=self.seq if state != "open" else 0)

    def line(self, line, amount, date, state="posted", reason="", statement="S1", account="~B1", entity="DE01", currency="EUR", fee="0"):
        self.record("line_" + state, account)
        self.insert("bank_line", account=account, line_id=line, state=state, entity=entity, currency=currency, amount_minor=minor(amount), fee_minor=minor(fee),
                    booking_date=date, value_date=None, statement_id=statement, document_id="", at_account="", reason=reason, returned_line_id="", place="",
                    returned_on=None, payer_name="", payer_bank_account="", payer_reference="", remittance_text="", seq=self.seq, ledger_seq=self.seq)

    def statement(self, statement, opening, closing, date, account="~B1", entity="DE01", currency="EUR"):
        self.record("statement_checked", account)
        self.insert("bank_statement", account=account, statement_id=statement, entity=entity, currency=currency, opening_minor=minor(opening),
                    closing_minor=minor(closing), lines_minor=0, line_count=0, ties_out=False, booking_date=date, seq=self.seq, ledger_seq=self.seq)

    def sql(self):
        rows, self.rows = self.rows, list(self.rows)
        for row in self.items.values():
            self.insert("item", **row)
        for (entity, ledger, currency, date, kind), (debit, credit) in self.totals.items():
            self.insert("day_total", entity=entity, ledger_account=ledger, currency=currency, accounting_date=date, type=kind, functional_currency=currency,
                        debit_minor=debit, credit_minor=credit, functional_minor=debit - credit)
        for (entity, currency), amount in self.ties.items():
            self.insert("tie_out", entity=entity, currency=currency, items_minor=amount, control_minor=amount)
        self.insert("ledger_counter", ledger_seq=self.seq)
        out = ["SET search_path = reporting; SET session_replication_role = replica;", *(f"DELETE FROM {table};" for table in FILLED.split()),
               "SET session_replication_role = origin;"]
        lines = {}
        for table, row in self.rows:
            lines.setdefault((table, tuple(row)), []).append("(" + ", ".join(literal(v) for v in row.values()) + ")")
        for (table, columns), values in lines.items():  # entries whole: their balance is a constraint
            out.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(values)};")
        self.rows = rows  # more may come behind this answer
        return "\n".join(out)


# ---- reading the tables -------------------------------------------------------------------------------------------------------


def read(path):
    """[(title, line number, [(word, [words], [row])])]; defaults are filled in."""
    cases, defaults, block, default = [], {}, None, False
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate((line.rstrip("\n") for line in f), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("case "):
                cases.append((line[5:], n, []))
            elif line.startswith("|"):
                cells = [c.strip() for c in line.strip().strip("|").split("|")]
                if block[3] is None:
                    block[3] = cells
                else:
                    block[2].append(dict(zip(block[3], cells, strict=True)))
            else:
                words = line.split()
                default = words[0] == "default"
                words = words[1:] if default else words
                block = [words[0], words[1:], [], None]
                if default:
                    defaults[words[0]] = block
                else:
                    cases[-1][2].append(block)
    for _, _, blocks in cases:
        for block in blocks:
            given = defaults.get(block[0])
            if given and block[0] != "ask":
                block[2] = [{**given[2][0], **{k: v for k, v in row.items() if v}} for row in block[2] or [{}]]
    return cases


def ask(words):
    env = dict(os.environ, OPENITEM_REPORTING_DATABASE_RO=f"{CONNINFO} dbname={DATABASE}")
    return subprocess.run([os.path.join(BUILD, "openitem"), *words, "--format", "csv"], capture_output=True, text=True, env=env)


def compare(columns, rows, p):
    got = list(csv.DictReader(io.StringIO(p.stdout)))
    if got and not set(columns) <= set(got[0]):
        raise Failed(f"no column {set(columns) - set(got[0])} in {list(got[0])}")
    found = [{c: r[c] for c in columns} for r in got]
    if found != rows:
        raise Failed("\n#   ".join(["rows differ"] + [f"expected {' | '.join(r.values())}" for r in rows] + [f"got      {' | '.join(r.values())}" for r in found]
                                   + [p.stderr.strip()]))


def run(blocks):
    books, answer, code, checkpoint = Books(), None, 0, None
    must("SET session_replication_role = replica; DELETE FROM reporting.checkpoint")
    for word, words, rows, header in blocks:
        if word == "ask":
            if answer is not None and answer.returncode != code:
                raise Failed(f"exit {answer.returncode}, expected {code}: {answer.stderr}")
            must(books.sql())
            answer, code = ask([checkpoint if w == "@checkpoint" else w for w in words if w != "none"]), 0
            if words[0] == "aging":  # out of the roll-up, the same
                must(ROLL)
                again = ask([checkpoint if w == "@checkpoint" else w for w in words if w != "none"])
                if (again.stdout, again.stderr) != (answer.stdout, answer.stderr):
                    raise Failed(f"rolled: {again.stdout}{again.stderr}; not rolled: {answer.stdout}")
            checkpoint = checkpoint or re.search(r"known at checkpoint (\d+)", answer.stderr)[1]
            if header is not None or words[-1] == "none":
                compare(header or [], rows, answer)
        elif word == "says":
            if " ".join(words) not in answer.stderr:
                raise Failed(f"does not say {' '.join(words)!r}: {answer.stderr}")
        elif word == "exit":
            code = int(words[0])
        elif word == "refused":
            must(books.sql())
            for row in rows:
                done, said = psql(f"SET search_path = reporting; {row['statement']}")
                if done == 0 or row["because"] not in said:
                    raise Failed(f"{row['statement']}: {said or 'done'}")
        else:
            for row in rows:
                getattr(books, {"return": "return_"}.get(word, word))(**{k: v for k, v in row.items() if v})
    if answer is not None and answer.returncode != code:
        raise Failed(f"exit {answer.returncode}, expected {code}: {answer.stderr}")


def main():
    args, only = sys.argv[1:], None
    if args[:1] == ["--case"]:
        only, args = args[1], args[2:]
    if not CONNINFO:
        print("not ok - OPENITEM_TEST_DATABASE is not set")
        return 1
    failed = 0
    must(f"CREATE DATABASE {DATABASE}", "postgres")
    try:
        must("CREATE SCHEMA reporting")
        must(f"ALTER DATABASE {DATABASE} SET search_path = reporting")
        owner = dict(os.environ, OPENITEM_REPORTING_DATABASE_OWNER=f"{CONNINFO} dbname={DATABASE}")
        subprocess.run([os.path.join(BUILD, "openitem"), "migrate", "reporting"], check=True, env=owner, stdout=subprocess.DEVNULL)
        for path in args or sorted(glob.glob(os.path.join(HERE, "answers", "*.txt"))):
            for title, n, blocks in read(path):
                if only and only not in title:
                    continue
                try:
                    run(blocks)
                    print(f"ok - {title}")
                except (Failed, KeyError, TypeError, ValueError) as e:
                    failed += 1
                    print(f"not ok - {title}\n#   {os.path.basename(path)}:{n}: {e}")
    finally:
        must(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
    return 1 if failed else 0


sys.exit(main())
