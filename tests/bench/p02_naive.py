"""P2: reporting; beside: bench_naive, which writes the same rows in a transaction per record, a round trip per statement."""
from harness import program
from projection import Projection


def begin_alike(p):
    """What reporting holds becomes what the naive one begins with: positions and numbers included."""
    for table in p.contents("raw"):
        p.sql.rows(f"INSERT INTO raw.{table} SELECT * FROM reporting.{table}; ANALYZE raw.{table}")


def naive_round(bench, p, records, cap):
    """(records/s of ours, of the naive one) over the next records. The naive one's clock runs from its first record to its last commit."""
    p.publish(records)
    env = {"OPENITEM_BATCH_EVENTS_MAX": str(cap)} if cap else {}

    def ours():
        return p.run_service(records, **env)[0]

    def beside():
        said = program("bench_naive", "--brokers", p.brokers, "--conninfo", p.owner, "--schema", "raw", env=p.stack.env)
        bench.same("the naive one has taken the same records", records, said["records"])
        bench.say(f"naive: {said['statements'] / said['records']:.1f} round trips per record")
        return said["records"] / said["seconds"]

    return ours, beside


def naive(bench):
    """reporting, beside a naive consumer: a transaction per record, a round trip per statement"""
    before, records, cap = bench.size(60000, 22000), bench.size(20000, 1000), bench.size(None, 50)
    pairs = []
    with bench.stack("p2", services=False) as stack:
        p = Projection(bench, stack)
        p.publish(before)
        p.run_service(before)
        begin_alike(p)
        for i in range(bench.rounds):
            ours, beside = naive_round(bench, p, records, cap)
            sides = {}
            for side in ("ours", "beside") if i % 2 == 0 else ("beside", "ours"):
                sides[side] = (ours if side == "ours" else beside)()
            pairs.append((sides["ours"], sides["beside"]))
            bench.say(f"round {i + 1}: ours {sides['ours']:.0f}, naive {sides['beside']:.0f} records/s")
        bench.same("P2: every table holds the same rows", p.contents("reporting"), p.contents("raw"))
        p.close()
    ratio = bench.ratio(pairs)
    bench.row("P2", "reporting; beside: a transaction per record, a round trip per statement", "records/s", ratio.ours, ">= 40", ratio.beside, ratio)


BENCHMARKS = {"P2": naive}
