"""P10: the core of cash application by itself."""
import statistics

from harness import program

SIZES = ((10, 100), (200, 20), (2000, 20))  # open items of the account, accounts
MISREAD = {10: 0.1, 200: 0.1, 2000: 0.25}  # of the payments; with 2,000 items an exact amount is not looked for (LEDGER section 4)


def cash(bench):
    """payments per second of one core at 10, 200 and 2,000 open items; how long one takes; the same decisions as an exhaustive reference"""
    small = program("bench_cash", "same", bench.size(3, 2))
    bench.say(f"{small['receipts']} receipts on small accounts, decided twice")
    bench.same("cash decides as the exhaustive reference does", small["different"], 0)
    for items, accounts in SIZES:
        accounts = bench.size(accounts, 20)
        got = program("bench_cash", "speed", items, accounts, bench.size(2, 0.2), bench.rounds)
        bench.same(f"{items} items: what nobody can read is left unapplied, everything else applied", (got["sent"], got["left"], got["applied"]),
                   (accounts, round(accounts * MISREAD[items]), accounts - round(accounts * MISREAD[items])))
        rate = statistics.median(got["per_second"])
        more = {"rounds": got["per_second"], "p50_us": got["p50_us"], "p99_us": got["p99_us"], "cpu_p99_us": got["cpu_p99_us"]}
        if items == SIZES[0][0]:
            bench.row("P10a", "cash core, payments of one core, 10 open items", "payments/s", rate, ">= 50000", of="ours", **more)
        else:
            bench.row("P10b" if items == SIZES[1][0] else "P10c", f"cash core, one payment alone, {items:,} open items: p99", "ms", got["p99_us"] / 1000, "<= 5",
                      of="ours", payments_per_s=rate, **more)


BENCHMARKS = {"P10": cash}
