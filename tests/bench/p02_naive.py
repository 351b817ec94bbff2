"""P2: reporting; beside: bench_naive, which writes the same rows in a transaction per record, a round trip per statement."""
from contents import columns_of, contents
from harness import program
from projection import Projection


def begin_alike(p):
    """What reporting holds becomes what the naive one begins with: positions and numbers included."""
    for table in columns_of(p.sql):
        p.sql.rows(f"INSERT INTO raw.{table} SELECT * FROM reporting.{table}; ANALYZE raw.{table}")


def ours(p, records, cap):
    """(records/s, CPU us per record), over records that were published."""
    rate, cpu, meter = p.run_service(records, **({"OPENITEM_BATCH_EVENTS_MAX": str(cap)} if cap else {}))
    return rate, meter.per_event(records, reporting=cpu)


def beside(p, records):
    """The same of the naive one; its clock runs from its first record to its last commit."""
    with p.bench.meter(p.stack) as meter:
        said = program("bench_naive", "--brokers", p.brokers, "--conninfo", p.owner, "--schema", "raw", env=p.stack.env)
    p.bench.same("the naive one has taken the same records", records, said["records"])
    p.bench.say(f"naive: {said['statements'] / records:.1f} round trips per record")
    return records / said["seconds"], meter.per_event(records, naive=said["cpu"])


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
            p.publish(records)
            sides = {}
            for side in ("ours", "beside") if i % 2 == 0 else ("beside", "ours"):
                sides[side] = ours(p, records, cap) if side == "ours" else beside(p, records)
            pairs.append((sides["ours"][0], sides["beside"][0]))
            bench.say(f"round {i + 1}: ours {sides['ours'][0]:.0f}, naive {sides['beside'][0]:.0f} records/s; CPU us per record: {sides['ours'][1]}, {sides['beside'][1]}")
        bench.same("P2: every table holds the same rows", contents(p.sql, "reporting"), contents(p.sql, "raw"))
        p.close()
    ratio = bench.ratio(pairs)
    bench.row("P2", "reporting; beside: a transaction per record, a round trip per statement", "records/s", ratio.ours, ">= 40", ratio.beside, ratio,
              cpu_us_per_record=sides["ours"][1], cpu_us_per_record_beside=sides["beside"][1])


BENCHMARKS = {"P2": naive}
