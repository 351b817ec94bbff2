#!/usr/bin/python3
"""The aging roll-up against aging by the items, in stories made at random: the same rows whatever was rolled, as of any day, at any checkpoint.

aging_rollup.py [--seeds N] [--first N]    The openitem of $OPENITEM_TEST_BUILD (build/asan), a database of its own beside that of
$OPENITEM_TEST_DATABASE. A story writes what reporting's core would: lines, items, applications, counters, days; facts of an item may come long
after its lines. In between it rolls by steps of any size, asks, and undoes applications on any day."""
import argparse
import datetime
import os
import random
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("OPENITEM_TEST_BUILD", "build/asan"))
SQL = os.path.join(ROOT, "services", "reporting", "sql")
CONNINFO = os.environ.get("OPENITEM_TEST_DATABASE", "")
DATABASE = f"rollup_{os.getpid()}"
BEGIN = datetime.date(2026, 1, 1)
TABLES = """ledger_counter audit_record ledger_line tie_out item application business_day aging_mark aging_period aging_moved aging_due aging_odd aging_day
aging_account aging_total aging_stale aging_ahead""".split()
COLUMNS = """as_of date, entity text, account text, name text, currency text, buckets bigint[], unapplied bigint, credits bigint, total bigint,
oldest_days integer, last_notice integer, last_notice_on date, promised_date date"""
EDGES = "{0,30,60,90}"
DOCTORED = ("UPDATE aging_due SET minor = minor + 1", "UPDATE aging_moved SET minor = minor + 1", "UPDATE aging_moved SET accounting_date = accounting_date - 10000",
            "UPDATE aging_account SET unapplied = unapplied + 1", "UPDATE aging_account SET buckets = '{1,0,0,0,0}'", "UPDATE aging_account SET oldest = '1999-01-01'",
            "UPDATE aging_total SET minor = minor + 1", "UPDATE aging_mark SET ledger_seq = ledger_seq / 2", "DELETE FROM aging_account")


def psql(script, database=DATABASE):
    p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", f"{CONNINFO} dbname={database}", "-f", "-"], input=script,
                       capture_output=True, text=True, check=False)
    if p.returncode != 0:
        raise RuntimeError(p.stderr[-2000:])
    return p.stdout


def literal(value):
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else f"'{value}'"


def insert(table, **columns):
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(map(literal, columns.values()))})"


class Story:
    """One, as SQL. Rows are written one by one: it is the roll-up that is tested."""

    def __init__(self, seed):
        self.rng, self.seed, self.out = random.Random(seed), seed, []
        self.lanes, self.days = self.rng.randint(1, 3), 0
        self.seq = dict.fromkeys(range(self.lanes), 0)
        self.items, self.held, self.applied, self.checkpoints = [], [], [], []
        self.accounts = [(f"C{n}", n % self.lanes) for n in range(self.rng.randint(1, 4))]
        self.day = {}
        self.out += ["SET session_replication_role = replica", f"TRUNCATE {', '.join(TABLES)}", "SET session_replication_role = origin"]
        self.out += [insert("ledger_counter", lane=lane, ledger_seq=0) for lane in self.seq]
        self.out += [insert("tie_out", lane=lane, entity=e, currency=c, items_minor=0, control_minor=0)
                     for lane in self.seq for e in ("DE", "IN") for c in ("EUR", "INR")]

    def date(self):
        return BEGIN + datetime.timedelta(days=max(0, self.days + self.rng.choice([0] * 12 + [-3, -20, 2, 40])))

    def record(self, lane):
        self.seq[lane] += 1
        self.entry = 0
        self.out.append(f"UPDATE ledger_counter SET ledger_seq = {self.seq[lane]} WHERE lane = {lane}")
        return self.seq[lane]

    def lines(self, lane, date, *lines):
        """Of one entry: (item, ledger account, minor); a contra line balances it."""
        self.entry += 1
        rest = -sum(minor for _, _, minor in lines)
        one, values = lines[0][0], []
        for n, (item, ledger, minor) in enumerate([*lines, *([(None, "revenue", rest)] if rest else [])]):
            values.append("(" + ", ".join(map(literal, (
                lane, self.seq[lane], self.entry, n, "cash", 1, "x", one["entity"], str(date), ledger, one["currency"], minor, one["currency"], minor,
                item["account"] if item else "", item["document_id"] if item else "", 1 if item else 0, ""))) + ")")
            if item:
                self.item_row(item, minor)
        self.out.append("INSERT INTO ledger_line VALUES " + ", ".join(values))

    def item_row(self, item, minor, facts=False):
        columns = {k: item[k] for k in ("lane", "account", "document_id", "sequence", "entity", "currency")}
        columns.update(dict.fromkeys(("reference", "line_id"), ""), original_minor=0, dunning_level=0, brought_minor=0, applied_minor=0,
                       on_account_minor=0, discount_minor=0, open_minor=minor, kind=item["kind"] if facts else "",
                       document_date=str(item["date"]) if facts else None, due_date=item["due"] if facts else None,
                       accounting_date=str(item["date"]) if facts else None, ledger_seq=self.seq[item["lane"]] if facts else 0)
        self.out.append(insert("item AS t", **columns) + " ON CONFLICT (lane, account, document_id, sequence) DO UPDATE SET open_minor = t.open_minor"
                        " + excluded.open_minor" + (", kind = excluded.kind, document_date = excluded.document_date, due_date = excluded.due_date,"
                                                    " accounting_date = excluded.accounting_date, ledger_seq = excluded.ledger_seq" if facts else ""))

    def bring(self, item):
        """Its own record: facts and line."""
        self.record(item["lane"])
        self.item_row(item, 0, facts=True)
        self.lines(item["lane"], item["date"], (item, "ar_unapplied" if item["kind"] in ("receipt", "return") else "ar", item["minor"]))

    def new_item(self):
        account, lane = self.rng.choice(self.accounts)
        kind = self.rng.choice(["invoice"] * 5 + ["debit_memo", "credit_memo", "receipt", "receipt", "receipt", "return"])
        date = self.date()
        due = date + datetime.timedelta(days=self.rng.choice([0, 14, 30, 60, 90])) if kind in ("invoice", "debit_memo") and self.rng.random() < 0.9 else None
        minor = self.rng.randint(1, 50) * 100 * (-1 if kind in ("credit_memo", "receipt") else 1)
        item = {"lane": lane, "account": account, "document_id": f"D{len(self.items)}", "sequence": 1, "entity": self.rng.choice(["DE", "DE", "DE", "IN"]),
                "currency": self.rng.choice(["EUR"] * 4 + ["INR"]), "kind": kind, "date": date, "due": due and str(due), "minor": minor, "open": minor}
        self.items.append(item)
        if self.rng.random() < 0.15:
            self.held.append(item)
        else:
            self.bring(item)

    def apply(self):
        debits = [i for i in self.items if i["open"] > 0 and i["kind"] != "return"]
        pairs = [(c, d) for d in debits for c in self.items if c["open"] < 0 and all(c[k] == d[k] for k in ("account", "entity", "currency"))]
        if not pairs:
            return
        credit, debit = self.rng.choice(pairs)
        minor = min(-credit["open"], debit["open"])
        minor = self.rng.choice([minor, minor, max(1, minor // 3)])
        date, seq = self.date() if self.rng.random() < 0.2 else max(credit["date"], debit["date"]), self.record(credit["lane"])
        one = {"id": f"A{len(self.out)}", "credit": credit, "debit": debit, "minor": minor}
        self.out.append(insert("application", lane=credit["lane"], account=credit["account"], application_id=one["id"], entity=credit["entity"],
                               currency=credit["currency"], credit_document_id=credit["document_id"], credit_sequence=1,
                               debit_document_id=debit["document_id"], debit_sequence=1, amount_minor=minor, applied_on=str(date), undone_reason="", rule_id="",
                               rule_version="", because="", tie_break="", seq=0, undone_seq=0, ledger_seq=seq, undone_ledger_seq=0))
        self.applied.append(one)
        self.move(one, minor, date)

    def unapply(self):
        if self.applied:
            one = self.applied.pop(self.rng.randrange(len(self.applied)))
            seq = self.record(one["credit"]["lane"])
            self.out.append(f"UPDATE application SET undone_ledger_seq = {seq} WHERE application_id = '{one['id']}'")
            self.move(one, -one["minor"], self.date())

    def move(self, one, minor, date):
        credit, debit = one["credit"], one["debit"]
        self.lines(credit["lane"], date, (credit, "ar" if credit["kind"] == "credit_memo" else "ar_unapplied", minor), (debit, "ar", -minor))
        credit["open"] += minor
        debit["open"] -= minor

    def on_account(self):
        receipts = [i for i in self.items if i["kind"] == "receipt" and i not in self.held]
        if receipts:
            item = self.rng.choice(receipts)
            self.record(item["lane"])
            self.lines(item["lane"], self.date(), (item, "ar_unapplied", 100), (item, "ar_on_account", -100))

    def facts(self):
        if self.held:
            self.bring(self.held.pop(self.rng.randrange(len(self.held))))

    def next_day(self):
        self.days += self.rng.choice([1, 1, 1, 2, 31])
        for entity in ("DE", "IN"):
            if self.rng.random() < 0.8:
                self.day[entity] = str(BEGIN + datetime.timedelta(days=self.days))
                for lane in self.seq:
                    self.record(lane)
                    self.out.append(insert("business_day", lane=lane, entity=entity, opened_on=self.day[entity], closed_on=None, ledger_seq=self.seq[lane])
                                    + " ON CONFLICT (lane, entity) DO UPDATE SET opened_on = excluded.opened_on")

    def roll(self):
        self.out += ["BEGIN ISOLATION LEVEL REPEATABLE READ", f"SELECT roll_aging({self.rng.choice([1, 5, 100, 1000])}) AS rolled \\gset", "COMMIT"]
        if self.rng.random() < 0.5:  # as if 5,000 records had been rolled
            self.out.append("INSERT INTO aging_period SELECT coalesce((SELECT max(period) FROM aging_period), 0) + 1, array_agg(lane ORDER BY lane),"
                            " array_agg(ledger_seq ORDER BY lane), sum(ledger_seq) FROM aging_mark HAVING count(*) > 0")
        if self.rng.random() < 0.5:
            self.out.append("UPDATE aging_stale SET since = '2020-01-01'")

    def checkpoint(self):
        self.checkpoints.append((dict(self.seq), dict(self.day)))

    def ask(self):
        then = ("", "", "")
        if self.checkpoints and self.rng.random() < 0.6:
            seqs, days = self.rng.choice(self.checkpoints)
            then = ("{" + ",".join(map(str, seqs)) + "}", "{" + ",".join(map(str, seqs.values())) + "}",
                    "{" + ", ".join(f'"{e}": "{d}"' for e, d in days.items()) + "}")
        as_of = "" if self.rng.random() < 0.4 else str(self.date() + datetime.timedelta(days=self.rng.choice([0, 0, -40, 40, 100])))
        entity, edges = self.rng.choice(["", "", "DE"]), self.rng.choice([EDGES, EDGES, "{0}", "{-5,0,7,14,400}"])
        known = ", ".join(map(literal, then))
        self.compare("totals", f"by_items('{as_of}', '{entity}', '', '{edges}', '', 'entity', {known})",
                     f"totals('{as_of}', '{entity}', '{edges}', {known})")
        account = self.rng.choice(["", "C0"])
        self.compare("accounts", f"by_items('', '{entity}', '{account}', '{EDGES}', '', 'account', '', '', '')", f"accounts('{entity}', '{account}')",
                     f" WHERE (SELECT accounts FROM ready('', '{entity}', '', ''))")
        self.out.append("SELECT 'answered' FROM ready('', '', '', '') WHERE accounts")

    def compare(self, what, items, rolled, where=""):
        place = f"{what} at statement {len(self.out)} {items}".replace("'", "")
        self.out.append(f"WITH a AS MATERIALIZED (SELECT * FROM {items}{where}), b AS MATERIALIZED (SELECT * FROM {rolled}{where})"
                        f" SELECT '{place}', * FROM (SELECT 'items' AS side, * FROM (TABLE a EXCEPT ALL TABLE b) AS l UNION ALL"
                        " SELECT 'rolled', * FROM (TABLE b EXCEPT ALL TABLE a) AS r) AS x")

    def script(self):
        steps = [self.new_item] * 8 + [self.apply] * 6 + [self.unapply] * 2 + [self.facts] * 2 + [self.on_account, self.next_day] + [self.roll] * 3 \
            + [self.checkpoint, self.ask, self.ask]
        if self.rng.random() < 0.8:
            self.next_day()
        for _ in range(self.rng.choice([20, 100, 250])):
            self.rng.choice(steps)()
        self.ask()
        return ";\n".join(self.out).replace("\\gset;", "\\gset") + ";\n"


def statement(name):
    with open(os.path.join(SQL, name + ".sql"), encoding="utf-8") as f:
        return f.read().rstrip().rstrip(";")


def function(name, sql, n, columns):
    return f"CREATE FUNCTION {name}({', '.join(['text'] * n)}) RETURNS TABLE ({columns}) LANGUAGE sql AS $statement$ {sql} $statement$;\n"


def restores():
    """A backup by pg_dump, read again: it writes functions anew from what they were parsed to. What is wrong, or nothing."""
    dump = subprocess.run(["pg_dump", "--schema=reporting", "-d", f"{CONNINFO} dbname={DATABASE}"], capture_output=True, text=True, check=False)
    psql(f"CREATE DATABASE {DATABASE}_copy", "postgres")
    try:
        return dump.stderr or psql(dump.stdout, DATABASE + "_copy")[:0]
    except RuntimeError as e:
        return str(e)
    finally:
        psql(f"DROP DATABASE {DATABASE}_copy WITH (FORCE)", "postgres")


def verify_sees(story):
    """What was done to the roll-up that verify does not complain of."""
    psql(story.script() + "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT roll_aging(1000000); COMMIT; UPDATE aging_stale SET since = '2020-01-01';"
         "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT roll_aging(1); COMMIT")
    return [done for done in ("SELECT", *DOCTORED) if bool(psql(f"BEGIN; {done}; SELECT * FROM verify(); ROLLBACK").strip()) == (done == "SELECT")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--first", type=int, default=1)
    args = parser.parse_args()
    failed = answered = 0
    psql(f"CREATE DATABASE {DATABASE}", "postgres")
    try:
        psql(f"CREATE SCHEMA reporting; ALTER DATABASE {DATABASE} SET search_path = reporting")
        owner = dict(os.environ, OPENITEM_REPORTING_DATABASE_OWNER=f"{CONNINFO} dbname={DATABASE}")
        subprocess.run([os.path.join(BUILD, "openitem"), "migrate", "reporting"], check=True, env=owner, stdout=subprocess.DEVNULL)
        wrong = restores()
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} - a backup of the schema is read again {wrong}", flush=True)
        psql(function("by_items", statement("aging"), 9, COLUMNS) + function("totals", statement("aging_totals"), 6, COLUMNS)
             + function("accounts", statement("aging_accounts"), 2, COLUMNS) + function("ready", statement("aging_rolled"), 4, "totals boolean, accounts boolean")
             + function("verify", statement("verify_aging"), 0, "place text, expected text, found text"))
        for seed in range(args.first, args.first + args.seeds):
            story = Story(seed)
            said = psql(story.script() + "SELECT 'verify', * FROM verify();").splitlines()
            answered += said.count("answered")
            wrong = [line for line in said if line != "answered"]
            if wrong:
                failed += 1
                print(f"not ok - seed {seed}\n#   " + "\n#   ".join(wrong[:6]), flush=True)
        unseen = verify_sees(Story(8))  # a long one
        failed += bool(unseen)
        print(f"{'not ok' if unseen else 'ok'} - AUD-05 verify compares the roll-up with items and lines {unseen or ''}", flush=True)
    finally:
        psql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", "postgres")
    if answered == 0:
        failed += 1
        print("not ok - no story was answered by account")
    print(f"{'not ok' if failed else 'ok'} - RPT-01 the roll-up answers what the items answer: {args.seeds} stories, {answered} of their answers by account")
    return 1 if failed else 0


sys.exit(main())
