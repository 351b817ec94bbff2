"""P1: reporting projects outcome records; beside: COPY BINARY of the rows it wrote."""
from harness import number
from projection import Projection


def one_round(bench, p, records, cap, first):
    """(records/s of ours, of COPY, rows of both). The same records, one after the other, in alternating order of nothing: COPY needs what ours wrote."""
    p.publish(records)
    before, written = p.marks(), p.written()
    env = {"OPENITEM_BATCH_EVENTS_MAX": str(cap)} if cap else {}
    rate, cpu, meter = p.run_service(records, **env)
    now = p.written()
    queries = p.queries(before, {t: n - written.get(t, 0) for t, n in now.items()}, records)
    said, _ = p.copy(queries)
    total = sum(now[t] - written.get(t, 0) for t in queries)
    if first:
        bench.say("rows per record: " + ", ".join(f"{t} {(now[t] - written.get(t, 0)) / records:.2f}" for t in queries))
        bench.say(f"CPU us per record: {meter.per_event(records, reporting=cpu)}; COPY: {said['cpu'] / records * 1e6:.1f} of the client")
    return rate, records / said["seconds"], (total, said["rows"]), meter.per_event(records, reporting=cpu)


def projection(bench):
    """reporting projects pre-loaded outcome records from Kafka, beside COPY BINARY of its rows"""
    records = bench.size(90000, 30000)
    with bench.stack("p1", services=False) as stack:
        p = Projection(bench, stack)
        for id, cap, target, what in (("P1a", None, ">= 0.50", "batches as large as it chooses"), ("P1b", 1000, ">= 0.40", "at most 1,000 records a batch")):
            pairs, rounds = [], bench.rounds if cap is None else max(1, bench.rounds - 2)
            for i in range(rounds):
                ours, copy, rows, cpu = one_round(bench, p, records, cap, i == 0)
                pairs.append((ours, copy))
                bench.say(f"{what}, round {i + 1}: ours {number(ours)}, COPY {number(copy)} records/s, ratio {ours / copy:.3f}")
                bench.same(f"{id} round {i + 1}: as many rows", *rows)
            ratio = bench.ratio(pairs)
            bench.row(id, f"reporting, {what}; beside: COPY BINARY of its rows, 1,000 records per transaction", "records/s", ratio.ours, target, ratio.beside,
                      ratio, cpu_us_per_record=cpu)
        p.close()


BENCHMARKS = {"P1": projection}
