"""P7: what a record costs reporting in a ledger of 1 M items and in one of 10 M; on an account with few items and on one with 1 M."""
import contextlib

import p06_aging
from harness import number
from projection import Projection

# The documents and orders of the items that p06_aging makes.
REST = """
SET search_path = reporting; SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB';
ALTER TABLE document DROP CONSTRAINT document_pkey; ALTER TABLE sales_order DROP CONSTRAINT sales_order_pkey;
INSERT INTO document SELECT lane, account, document_id, kind, reference, '', entity, currency, document_date, accounting_date, accounting_date, 'SO-' || document_id, 1,
	'', 'N30', '', '', '', original_minor, 0, original_minor, false, ledger_seq, ledger_seq FROM item WHERE kind = 'invoice';
INSERT INTO sales_order SELECT lane, account, 'SO-' || document_id, 1, entity, 'fulfilled', currency, original_minor, '', ledger_seq, ledger_seq FROM item
	WHERE kind = 'invoice';
ALTER TABLE document ADD PRIMARY KEY (lane, account, document_id); ALTER TABLE sales_order ADD PRIMARY KEY (lane, account, order_id);
VACUUM ANALYZE document; VACUUM ANALYZE sales_order;
"""
# More items of the only account there is.
BIG = """
SET search_path = reporting; SET synchronous_commit = off;
INSERT INTO item SELECT lane, account, 'big-' || n, 1, entity, currency, kind, 'INV-big-' || n, document_date, due_date, accounting_date, 1000, '', 0, ledger_seq, 1000, 1000, 0, 0,
	NULL, 0 FROM (SELECT * FROM item WHERE kind = 'invoice' LIMIT 1) AS i CROSS JOIN generate_series(1, :big) AS n;
VACUUM ANALYZE item;
"""
ONE = ("--accounts", 1)


def cost(p, records, *more):
    """us per record: (of the clock, of PostgreSQL's CPU)"""
    p.publish(records, *more)
    rate, _, meter = p.run_service(records)
    return 1e6 / rate, meter.cpu["postgres"] / records * 1e6


def compared(bench, small, large, records, what, *more):
    """Ratio of the time, large to small, and the CPU of PostgreSQL in each."""
    pairs, cpu = [], []
    for i in range(bench.rounds + 1):
        sides = {}
        for name in ("small", "large") if i % 2 == 0 else ("large", "small"):
            sides[name] = cost({"small": small, "large": large}[name], records, *more)
        bench.say(f"{what}, round {i}{' (warm-up)' if i == 0 else ''}: large {number(sides['large'][0])} us, small {number(sides['small'][0])} us; CPU of PostgreSQL "
                  f"{number(sides['large'][1])} and {number(sides['small'][1])}")
        if i > 0:
            pairs.append((sides["large"][0], sides["small"][0]))
            cpu.append((round(sides["large"][1], 1), round(sides["small"][1], 1)))
    return bench.ratio(pairs), cpu


def two(bench, stack, *names):
    return [stack.enter_context(bench.stack(name, services=False)) for name in names]


def ledgers(bench):
    small_n, large_n = bench.size((1_000_000, 10_000_000), (20_000, 100_000))
    sides = []
    for items in (small_n, large_n):
        ledger = p06_aging.filled(bench, items)
        ledger.psql(REST)
        sides.append(Projection(bench, ledger.stack))
    ratio, cpu = compared(bench, *sides, bench.size(60000, 20000), "ledger")
    bench.row("P7a", f"time per record in a ledger of {large_n:,} items; beside: of {small_n:,}", "us", ratio.ours, "<= 1.15", ratio.beside, ratio, postgres_cpu_us=cpu)
    for side in sides:
        side.close()
    bench.release()


def accounts(bench):
    big, records = bench.size((1000000, 50000), (20000, 20000))
    with contextlib.ExitStack() as stack:
        sides = [Projection(bench, running) for running in two(bench, stack, "p7-one", "p7-one-big")]
        for side in sides:
            cost(side, records, *ONE)
        p06_aging.Ledger(bench, sides[1].stack).psql(BIG, big=big)
        ratio, cpu = compared(bench, *sides, records, "account", *ONE)
        bench.row("P7b", f"time per record of one account that has {big:,} more open items; beside: without these", "us", ratio.ours, "<= 1.3", ratio.beside, ratio,
                  postgres_cpu_us=cpu)
        for side in sides:
            side.close()


def growth(bench):
    """cost per record at 1 M and at 10 M items; an account with 1 M open items"""
    ledgers(bench)
    accounts(bench)


BENCHMARKS = {"P7": growth}
