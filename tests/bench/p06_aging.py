"""P6: agings of 10 M open items out of the roll-up, beside plain SQL over the items; in one snapshot, equal to the cent.

The ledger is made by SQL in the tables of a migrated reporting schema: two years in 12 lanes, 200,000 accounts of three legal entities and four
currency pairs, invoices and some memos, payments 40 days after a part of them (half of these in full), receipts and applications with their lines.
Then it is rolled as the service does it. Both sides are prepared statements; the time is what the server says it took to execute them (EXPLAIN ANALYZE
without clocks in the nodes), so neither plans nor pays for printing 200,000 rows."""
import concurrent.futures
import json
import os
import subprocess
import time

from harness import ROOT, Failed, number
from projection import Sql

LANES, ACCOUNTS, DAYS = 12, 200_000, 730
BEGIN, END = "2024-01-01", "2025-12-30"  # the first day and the business day
PAID_AFTER = 40  # days
PLAIN_WORK_MEM = "1GB"  # where the plain statements are fastest: what they group and join does not spill
ROUNDS = 3  # the plain side takes up to a minute, and its hundreds to thousands of times ours
# A group: five invoices and one payment in one lane; the payment is for one of the invoices of a group 40 days before.
OPEN_PER_GROUP = 5.0  # of the items half paid, what is left of their receipts, and all others

# Two sessions, each with its :tables: BEFORE takes their indexes away and says what there is to make, LINES or ITEMS fills them, AFTER puts the indexes back.
BEFORE = r"""
SET search_path = reporting; SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB';
SET work_mem = '128MB'; SET client_min_messages = warning;
SET max_parallel_maintenance_workers = 1;
SELECT format('ALTER TABLE %s SET (autovacuum_enabled = off)', t) FROM unnest(:'tables'::regclass[]) AS t \gexec
CREATE TEMP TABLE dropped AS SELECT c.relname AS name, pg_get_indexdef(c.oid) AS made, k.conname, t.relname AS of, pg_get_constraintdef(k.oid) AS key
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid LEFT JOIN pg_constraint AS k ON k.conindid = c.oid
WHERE t.oid = ANY (:'tables'::regclass[]);
SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %I', name) ELSE format('ALTER TABLE %I DROP CONSTRAINT %I', of, conname) END FROM dropped \gexec

-- group g: its lane, its first ledger_seq, its day
CREATE TEMP VIEW made AS SELECT g, (g % :lanes)::integer AS lane, (g / :lanes) * 6 AS seq, date :'begin' + (g * :days / :groups)::integer AS day,
	g - :lanes * greatest(1, :groups * :paid_after / :days / :lanes) AS paid, (g % 5)::integer AS nth
FROM generate_series(0::bigint, :groups - 1) AS g;
-- the n-th invoice of a group; one in 97 is a credit memo
CREATE FUNCTION pg_temp.account(lane integer, g bigint, nth integer) RETURNS bigint IMMUTABLE LANGUAGE sql
	RETURN lane + :lanes * (((g * 5 + nth) * 7919 + 13) % (:accounts / :lanes));
CREATE FUNCTION pg_temp.minor(g bigint, nth integer) RETURNS bigint IMMUTABLE LANGUAGE sql
	RETURN CASE WHEN (g * 5 + nth) % 97 = 0 THEN -1 ELSE 1 END * (1000 + ((g * 5 + nth) * 104729) % 500000 * 2);
CREATE TEMP TABLE pair (n integer, entity text, currency text);
INSERT INTO pair VALUES (0, 'DE01', 'EUR'), (1, 'DE01', 'USD'), (2, 'IN01', 'INR'), (3, 'US01', 'USD');
-- what a payment does: nothing to a memo (it stays unapplied), all of the invoice, or half
CREATE TEMP TABLE payment AS
SELECT m.g, m.lane, m.seq + 6 AS seq, m.day, m.paid, m.nth, pg_temp.account(m.lane, m.paid, m.nth) AS account, abs(pg_temp.minor(m.paid, m.nth)) AS minor,
	CASE WHEN pg_temp.minor(m.paid, m.nth) < 0 THEN 0 WHEN m.g % 2 = 0 THEN pg_temp.minor(m.paid, m.nth) ELSE pg_temp.minor(m.paid, m.nth) / 2 END AS applied
FROM made AS m WHERE m.paid >= 0;
CREATE TEMP VIEW invoice AS
SELECT m.g, m.lane, m.seq + n + 1 AS seq, m.day, n AS nth, pg_temp.account(m.lane, m.g, n) AS account, pg_temp.minor(m.g, n) AS minor
FROM made AS m CROSS JOIN generate_series(0, 4) AS n;
"""
LINES = r"""
INSERT INTO ledger_line
SELECT i.lane, i.seq, 1, l.n, 'billing', i.seq, 'invoice', p.entity, i.day, l.ledger, p.currency, l.sign * i.minor, p.currency, l.sign * i.minor,
	CASE l.n WHEN 1 THEN 'C' || lpad(i.account::text, 7, '0') ELSE '' END, CASE l.n WHEN 1 THEN 'D' || lpad((i.g * 5 + i.nth)::text, 11, '0') ELSE '' END,
	CASE l.n WHEN 1 THEN 1 ELSE 0 END, ''
FROM invoice AS i JOIN pair AS p ON p.n = i.account % 4 CROSS JOIN (VALUES (1, 'ar', 1), (2, 'revenue', -1)) AS l(n, ledger, sign);
INSERT INTO ledger_line
SELECT y.lane, y.seq, l.entry, l.n, 'cash', y.seq, CASE l.entry WHEN 1 THEN 'receipt' ELSE 'apply' END, p.entity, y.day, l.ledger, p.currency,
	CASE l.entry WHEN 1 THEN y.minor ELSE y.applied END * l.sign, p.currency, CASE l.entry WHEN 1 THEN y.minor ELSE y.applied END * l.sign,
	CASE l.item WHEN '' THEN '' ELSE 'C' || lpad(y.account::text, 7, '0') END,
	CASE l.item WHEN 'R' THEN 'R' || lpad(y.g::text, 11, '0') WHEN 'D' THEN 'D' || lpad((y.paid * 5 + y.nth)::text, 11, '0') ELSE '' END,
	CASE l.item WHEN '' THEN 0 ELSE 1 END, ''
FROM payment AS y JOIN pair AS p ON p.n = y.account % 4 CROSS JOIN (VALUES (1, 1, 'ar_unapplied', -1, 'R'), (1, 2, 'money_in_transit', 1, ''),
	(2, 1, 'ar_unapplied', 1, 'R'), (2, 2, 'ar', -1, 'D')) AS l(entry, n, ledger, sign, item)
WHERE l.entry = 1 OR y.applied > 0;
"""
ITEMS = r"""
CREATE INDEX ON payment (paid, nth);
INSERT INTO item
SELECT i.lane, 'C' || lpad(i.account::text, 7, '0'), 'D' || lpad((i.g * 5 + i.nth)::text, 11, '0'), 1, p.entity, p.currency,
	CASE WHEN i.minor < 0 THEN 'credit_memo' ELSE 'invoice' END, 'INV-' || (i.g * 5 + i.nth), i.day,
	CASE WHEN i.minor > 0 THEN i.day + (ARRAY[14, 30, 45, 60])[i.account / 12 % 4 + 1] END, i.day, i.minor, '', 0, i.seq,
	i.minor - coalesce(y.applied, 0), i.minor, -coalesce(y.applied, 0), 0, NULL, 0
FROM invoice AS i JOIN pair AS p ON p.n = i.account % 4 LEFT JOIN payment AS y ON y.paid = i.g AND y.nth = i.nth
ORDER BY i.g;
INSERT INTO item
SELECT y.lane, 'C' || lpad(y.account::text, 7, '0'), 'R' || lpad(y.g::text, 11, '0'), 1, p.entity, p.currency, 'receipt', 'LINE-' || y.g, y.day, NULL, y.day, -y.minor,
	'L' || y.g, 0, y.seq, y.applied - y.minor, -y.minor, y.applied, 0, NULL, 0
FROM payment AS y JOIN pair AS p ON p.n = y.account % 4 ORDER BY y.g;
INSERT INTO application
SELECT y.lane, 'C' || lpad(y.account::text, 7, '0'), 'A' || lpad(y.g::text, 11, '0'), p.entity, p.currency, 'R' || lpad(y.g::text, 11, '0'), 1,
	'D' || lpad((y.paid * 5 + y.nth)::text, 11, '0'), 1, y.applied, y.day, NULL, '', 'references', '1', '', '', y.seq, 0, y.seq, 0
FROM payment AS y JOIN pair AS p ON p.n = y.account % 4 WHERE y.applied > 0;
INSERT INTO ledger_counter SELECT n, (:groups - 1 - n) / :lanes * 6 + 6 FROM generate_series(0, :lanes - 1) AS n;
INSERT INTO tie_out SELECT lane, entity, currency, sum(open_minor), sum(open_minor) FROM item GROUP BY 1, 2, 3;
INSERT INTO business_day SELECT n, e, :'end', NULL, 1 FROM generate_series(0, :lanes - 1) AS n, (SELECT DISTINCT entity FROM pair) AS p(e);
ANALYZE tie_out; ANALYZE ledger_counter; ANALYZE business_day;
"""
AFTER = r"""
SELECT CASE WHEN conname IS NULL THEN made ELSE format('ALTER TABLE %I ADD CONSTRAINT %I %s', of, conname, key) END FROM dropped ORDER BY conname \gexec
SELECT format('VACUUM ANALYZE %s', t) FROM unnest(:'tables'::regclass[]) AS t \gexec
"""

# What somebody writes who has the items, wants these figures and nothing else, and wants them fast: first by due date, which is twice as fast as at once.
# items: items, or items less what came later.
PLAIN = """
SELECT %(key)s, ARRAY[coalesce(sum(minor) FILTER (WHERE class = 0 AND due >= %(day)s), 0),
	coalesce(sum(minor) FILTER (WHERE class = 0 AND due < %(day)s AND due >= %(day)s - 30), 0),
	coalesce(sum(minor) FILTER (WHERE class = 0 AND due < %(day)s - 30 AND due >= %(day)s - 60), 0),
	coalesce(sum(minor) FILTER (WHERE class = 0 AND due < %(day)s - 60 AND due >= %(day)s - 90), 0),
	coalesce(sum(minor) FILTER (WHERE class = 0 AND due < %(day)s - 90), 0)]::bigint[] AS buckets,
	coalesce(sum(minor) FILTER (WHERE class = 1), 0)::bigint AS unapplied, coalesce(sum(minor) FILTER (WHERE class = 2), 0)::bigint AS credits,
	sum(minor)::bigint AS total, coalesce(greatest(0, %(day)s - min(due) FILTER (WHERE class = 0)), 0) AS oldest_days
FROM (SELECT %(key)s, coalesce(due_date, document_date) AS due, %(minor)s AS minor,
		CASE WHEN kind IN ('receipt', 'return') THEN 1 WHEN kind = 'credit_memo' OR minor < 0 THEN 2 ELSE 0 END AS class
	FROM %(items)s WHERE minor <> 0 %(group)s) AS i
GROUP BY %(key)s
"""
BY_ENTITY = {"key": "entity, currency", "minor": "sum(minor)", "group": "GROUP BY entity, currency, due, class"}
BY_ACCOUNT = {"key": "lane, account, entity, currency", "minor": "minor", "group": ""}  # nearly as many due dates as items
OPEN_NOW = "(SELECT *, open_minor AS minor FROM item WHERE left(account, 1) <> '~') AS x"
OPEN_THEN = """(SELECT i.*, i.open_minor - coalesce(l.minor, 0) AS minor FROM item AS i LEFT JOIN (
	SELECT lane, account, document_id, item_sequence AS sequence, sum(amount_minor)::bigint AS minor FROM ledger_line
	WHERE %s AND ledger_account IN ('ar', 'ar_unapplied', 'ar_on_account') AND item_sequence > 0 GROUP BY 1, 2, 3, 4
	) AS l USING (lane, account, document_id, sequence) WHERE left(i.account, 1) <> '~') AS x"""


class Ledger:
    """The database; every statement in a session of its own as the tool has it, or all in one snapshot."""

    def __init__(self, bench, stack, groups=0):
        self.bench, self.stack, self.groups = bench, stack, groups
        self.admin = stack.superuser()

    def psql(self, script, **variables):
        p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *(f"-v{k}={v}" for k, v in variables.items()), "-d", self.admin, "-f", "-"],
                           input=script, capture_output=True, text=True, check=False)
        if p.returncode != 0:
            raise Failed(p.stderr[-3000:])
        return p.stdout

    def ask(self, sql):
        return self.psql(f"SET search_path = reporting; {sql}").strip()

    def ms(self, sql, work_mem="64MB"):
        """Executed with the settings of the tool's sessions."""
        plan = self.ask(f"SET jit = off; SET work_mem = '{work_mem}'; SET plan_cache_mode = force_generic_plan; BEGIN ISOLATION LEVEL REPEATABLE READ;"
                        f" PREPARE q AS {sql}; EXPLAIN (FORMAT JSON) EXECUTE q; SELECT ';'; EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) EXECUTE q;"
                        " COMMIT").split("\n;\n")[1]
        plan = json.loads(plan)[0]
        return plan["Planning Time"] + plan["Execution Time"]

    def differences(self, ours, plain):
        """Rows of one that the other has not, in one snapshot."""
        return self.ask(f"SET work_mem = '{PLAIN_WORK_MEM}'; BEGIN ISOLATION LEVEL REPEATABLE READ;"
                        f" WITH a AS MATERIALIZED ({ours}), b AS MATERIALIZED ({plain}) SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL"
                        " (TABLE b EXCEPT ALL TABLE a)) AS x; COMMIT")


def statement(name, *params):
    """A statement of the tool with its parameters in place."""
    with open(os.path.join(ROOT, "services", "reporting", "sql", name + ".sql"), encoding="utf-8") as f:
        sql = f.read().rstrip().rstrip(";")
    for n, value in reversed(list(enumerate(params, 1))):
        sql = sql.replace(f"${n}", f"'{value}'")
    return sql


def totals(as_of="", lanes="", seqs="", days=""):
    return "SELECT entity, currency, buckets, unapplied, credits, total, oldest_days FROM (" \
        + statement("aging_totals", as_of, "", "{0,30,60,90}", lanes, seqs, days) + ") AS t"


def roll(ledger, records):
    """Until nothing is left, as the service does it: `records` a step."""
    sql = Sql(ledger.stack, ledger.admin)
    sql.rows("SET search_path = reporting; SET work_mem = '32MB'; SET default_transaction_isolation = 'repeatable read'")
    total, lines = sql.rows("SELECT (SELECT sum(ledger_seq) FROM ledger_counter), count(*) FROM ledger_line WHERE ledger_account IN ('ar', 'ar_unapplied')")[0]
    begun, steps = time.monotonic(), 0
    with ledger.bench.meter(ledger.stack) as meter:
        while sql.number(f"SELECT roll_aging({records})"):
            steps += 1
    seconds, cpu = time.monotonic() - begun, meter.cpu["postgres"]
    ledger.bench.say(f"rolled {int(total):,} records, {int(lines):,} control lines, in {steps + 1} steps: {number(seconds)} s; PostgreSQL"
                     f" {number(cpu / int(total) * 1e6)} us of CPU a record, {number(cpu / int(lines) * 1e6)} a line")
    sql.rows("UPDATE aging_stale SET since = '2020-01-01'")
    while sql.number("SELECT count(*) FROM aging_stale"):
        sql.rows("SELECT roll_aging(1)")
    sql.close()


def next_day(ledger):
    """What a new business day costs: items that cross an edge."""
    sql = Sql(ledger.stack, ledger.admin)
    sql.rows("SET search_path = reporting; SET work_mem = '32MB'; SET default_transaction_isolation = 'repeatable read'")
    sql.rows("UPDATE business_day SET opened_on = opened_on + 1")
    begun = time.monotonic()
    sql.rows("SELECT roll_aging(10000)")
    ledger.bench.say(f"a new business day: {number(time.monotonic() - begun)} s")
    sql.close()


def compare(bench, ledger, id, what, ours, plain, targets):
    """Equal (which warms both), then by turns; a row for each target: (suffix, target, of)."""
    bench.same(f"{id} {what}: equal to the cent", ledger.differences(ours, plain), "0")
    ledger.ms(ours)
    ratio = bench.interleave(lambda: 1 / ledger.ms(ours), lambda: 1 / ledger.ms(plain, PLAIN_WORK_MEM), f"{id} (1/ms)", most=ROUNDS)
    for suffix, target, of in targets:
        bench.row(id + suffix, what, "ms", round(1 / ratio.ours, 3), target, beside=round(1 / ratio.beside, 1), ratio=ratio, of=of)


def filled(bench, items):
    """The ledger, rolled; kept for P6 and P7. No checkpoint but the last while it is made, nothing else is spared."""
    def make(exit_stack):
        ledger = Ledger(bench, exit_stack.enter_context(bench.stack(f"items-{items}", services=False)), int(items / OPEN_PER_GROUP))
        begun, accounts = time.monotonic(), max(10 * LANES, min(ACCOUNTS, items // 50) // LANES * LANES)
        for setting in ("max_wal_size = '64GB'", "checkpoint_timeout = '1h'"):
            ledger.ask(f"ALTER SYSTEM SET {setting}")
        ledger.ask("SELECT pg_reload_conf()")
        with concurrent.futures.ThreadPoolExecutor() as sessions:
            made = [sessions.submit(ledger.psql, BEFORE + rows + AFTER, tables=tables, lanes=LANES, accounts=accounts, groups=ledger.groups, days=DAYS, paid_after=PAID_AFTER,
                                    begin=BEGIN, end=END) for tables, rows in (("{ledger_line}", LINES), ("{item,application}", ITEMS))]
        for session in made:
            session.result()
        n, n_accounts = ledger.ask("SELECT count(*) FILTER (WHERE open_minor <> 0), count(DISTINCT account) FROM item").split("|")
        bench.say(f"{int(n):,} open items, {int(n_accounts):,} accounts: {number(time.monotonic() - begun)} s")
        roll(ledger, 10_000)
        ledger.psql("SET search_path = reporting; VACUUM ANALYZE aging_account; VACUUM ANALYZE aging_moved; VACUUM ANALYZE aging_due; VACUUM ANALYZE aging_mark;"
                    " VACUUM ANALYZE aging_stale; VACUUM ANALYZE aging_ahead; VACUUM ANALYZE aging_odd; VACUUM ANALYZE aging_period; VACUUM ANALYZE aging_day; VACUUM ANALYZE aging_total")
        for name in ("max_wal_size", "checkpoint_timeout"):
            ledger.ask(f"ALTER SYSTEM RESET {name}")
        ledger.ask("SELECT pg_reload_conf(); CHECKPOINT")
        ledger.accounts = int(n_accounts)
        return ledger
    return bench.keep(items, make)


def aging(bench):
    """P6 agings out of the roll-up beside plain SQL over 10 M open items."""
    ledger = filled(bench, bench.size(10_000_000, 20_000))
    day = f"date '{END}'"
    plain = PLAIN % {**BY_ENTITY, "day": day, "items": OPEN_NOW}
    compare(bench, ledger, "P6", "aging by entity, now", totals(), plain, (("a", ">= 1000", "ratio"), ("a'", "<= 2 ms", "ours")))
    by_account = "SELECT lane, account, entity, currency, buckets, unapplied, credits, total, oldest_days FROM aging_now" \
        " WHERE total <> 0 OR unapplied <> 0 OR credits <> 0 OR buckets <> '{0,0,0,0,0}'"
    plain = PLAIN % {**BY_ACCOUNT, "day": day, "items": OPEN_NOW}
    compare(bench, ledger, "P6", f"aging by {ledger.accounts:,} accounts, now", by_account, plain, (("b", ">= 100", "ratio"), ("b'", "<= 50 ms", "ours")))
    past = "2024-12-31"
    plain = PLAIN % {**BY_ENTITY, "day": f"date '{past}'", "items": OPEN_THEN % f"accounting_date > '{past}'"}
    compare(bench, ledger, "P6c", "aging by entity as of a year ago", totals(past), plain, (("", ">= 20", "ratio"),))
    for id, back in (("P6d", 7), ("P6e", 180)):
        at_checkpoint(bench, ledger, id, back)
    next_day(ledger)


def at_checkpoint(bench, ledger, id, back):
    """As it was known `back` days ago, as of that day."""
    then = ledger.ask(f"SELECT date '{END}' - {back}")
    first = ledger.groups * (DAYS - back) // DAYS  # group of the day after
    seqs = [max(0, (first - 1 - lane) // LANES * 6 + 6) for lane in range(LANES)]
    known = ("{" + ",".join(map(str, range(LANES))) + "}", "{" + ",".join(map(str, seqs)) + "}", json.dumps(dict.fromkeys(("DE01", "IN01", "US01"), then)))
    behind = " OR ".join(f"(lane = {lane} AND ledger_seq > {seq})" for lane, seq in enumerate(seqs))
    plain = PLAIN % {**BY_ENTITY, "day": f"date '{then}'", "items": OPEN_THEN % f"({behind} OR accounting_date > '{then}')"}
    compare(bench, ledger, id, f"aging by entity at a checkpoint {back} days back", totals("", *known), plain, (("", ">= 20", "ratio"),))


BENCHMARKS = {"P6": aging}
