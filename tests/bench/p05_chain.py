"""P5: the whole chain, from the external topics to reporting's tables, beside one naive service that does the same business."""
import os
import statistics

import chain
from cluster import Cluster
from harness import HERE, program

ACCOUNTS = 5000
AGING_DAYS = ("2026-03-02", "2026-04-10", "2026-05-20", "2026-08-01")  # nothing due, then one term after the other


class Naive:
    """bench_naive_chain on a PostgreSQL of its own, reading the stack's topics."""

    def __init__(self, bench, stack, cluster):
        self.cluster, self.bench = cluster, bench
        cluster.sql("postgres", "CREATE DATABASE naive")
        with open(os.path.join(HERE, "naive.sql"), encoding="utf-8") as f:
            cluster.sql("naive", f.read())
        self.env = {**os.environ, "OPENITEM_KAFKA_BROKERS": stack.setting("OPENITEM_KAFKA_BROKERS"), "OPENITEM_BENCH_NAIVE": cluster.conninfo("naive")}
        self.run()

    def run(self):
        before = self.cluster.cpu()
        out = program("bench_naive_chain", "run", env=self.env)
        return {**out, "postgres_s": self.cluster.cpu() - before}

    def skip(self):
        program("bench_naive_chain", "skip", env=self.env)

    def aging(self, day):
        """{(entity, account): (open debits by days past due of each bucket ..., receipts not applied)} in minor units."""
        rows = self.cluster.sql("naive", f"""
            SELECT entity, account, {', '.join(f"coalesce(sum(open_minor) FILTER (WHERE open_minor > 0 AND DATE '{day}' - due_date {between}), 0)"
                                               for between in ('<= 0', 'BETWEEN 1 AND 30', 'BETWEEN 31 AND 60', 'BETWEEN 61 AND 90', '> 90'))},
            coalesce(sum(open_minor) FILTER (WHERE open_minor < 0), 0) FROM item GROUP BY entity, account HAVING bool_or(open_minor <> 0)""")
        return {(r[0], r[1]): tuple(int(x) for x in r[2:]) for r in rows}

    def counts(self):
        return [int(n) for n in self.cluster.sql("naive", """
            SELECT count(*), (SELECT count(*) FROM application), (SELECT count(*) FROM bank_line), (SELECT sum(amount_minor) FROM application) FROM invoice""")[0]]


def minor(text):
    return int(text.replace(".", ""))


def our_aging(stack, letter, day):
    rows = stack.list("aging", "--as-of", day)
    names = ("not_due", "1-30", "31-60", "61-90", "over_90", "unapplied")
    return {(r["entity"], r["account"]): tuple(minor(r[name]) for name in names) for r in rows if "account" in r and r["account"].startswith(letter)}


def our_counts(stack, letter):
    """Invoices, applications, bank lines applied, their amount."""
    mine = f"account LIKE '{letter}%'"
    return [int(n) for n in stack.sql("reporting", f"""
        SELECT count(*), (SELECT count(*) FROM application WHERE {mine}), (SELECT count(*) FROM transfer WHERE {mine}),
        (SELECT sum(amount_minor) FROM application WHERE {mine}) FROM document WHERE {mine}""")[0]]


def check(bench, stack, naive):
    bench.same("invoices, applications, receipts and the amount applied", our_counts(stack, "N"), naive.counts())
    for day in AGING_DAYS:
        bench.same(f"aging of each account as of {day}, to the cent", our_aging(stack, "N", day), naive.aging(day))


def rounds(bench, stack, naive, big, small):
    """[(ours, naive)] events per second, and what the rounds of ours said."""
    n, n_naive = bench.size(25000, 1200), bench.size(1500, 150)
    pairs, said = [], []
    chain.run(bench, stack, big, n, 0)
    naive.skip()
    chain.run(bench, stack, small, n_naive, 0)
    naive.run()
    for i in range(bench.rounds):
        ours = chain.run(bench, stack, big, n, n)
        naive.skip()
        chain.run(bench, stack, small, n_naive, n_naive)
        theirs = naive.run()  # our services are idle now
        pairs.append((ours["per_s"], 2 * n_naive / theirs["seconds"]))
        said.append(ours)
        bench.say(f"round {i + 1}: ours {ours['per_s']:.0f}/s in {ours['seconds']:.0f} s, in the middle {ours['middle_per_s'] or 0:.0f}/s; naive {pairs[-1][1]:.0f}/s, "
                  f"CPU us per event {theirs['cpu_s'] / n_naive / 2 * 1e6:.0f} + {theirs['postgres_s'] / n_naive / 2 * 1e6:.0f} of PostgreSQL")
        bench.say(f"CPU us per event: {ours['cpu']}")
    return pairs, said


def latency(bench, company):
    """Of the bank lines at 200 business events a second."""
    n = bench.size(6000, 200)
    company.publish(n, 0)
    chain.wait_for(company.stack, chain.projected(company.stack))
    company.stack.tool("settle")
    return company.publish(n, n, "--rate", 200)


def whole_chain(bench):
    """Whole chain: business events per second beside a naive service, and the time from a bank line to the aging."""
    with bench.stack("p5") as stack, Cluster() as cluster:
        accounts = bench.size(ACCOUNTS, 200)
        big, small = chain.Company(stack, "B", accounts), chain.Company(stack, "N", bench.size(1000, 100))
        naive = Naive(bench, stack, cluster)
        pairs, said = rounds(bench, stack, naive, big, small)
        check(bench, stack, naive)
        waits = latency(bench, big)
        bench.same("every bank line of the open loop was seen", waits["seen"], bench.size(6000, 200))
    ratio = bench.ratio(pairs)
    cpu = {name: statistics.median(s["cpu"].get(name, 0) for s in said) for name in said[0]["cpu"]}
    middles = [s["middle_per_s"] for s in said if s["middle_per_s"]]
    bench.row("P5", "whole chain, business events per second", "/s", ratio.ours, ">= 15x", beside=ratio.beside, ratio=ratio, cpu_us_per_event=cpu)
    bench.row("P5a", "the same, as a rate", "/s", ratio.ours, ">= 3000", of="ours", middle_per_s=statistics.median(middles) if middles else None)
    bench.row("P5b", "bank line published until its application is in reporting, 200/s, p50", "ms", waits["p500_ms"], "<= 10 ms", of="ours",
              p999_ms=waits["p999_ms"], max_ms=waits["max_ms"])
    bench.row("P5c", "the same, p99", "ms", waits["p990_ms"], "<= 40 ms", of="ours")


BENCHMARKS = {"P5": whole_chain}
