"""P4: from the moment a record is due to the moment its rows are visible, at 1,000 records/s; beside: Kafka alone and PostgreSQL alone."""
import os
import resource
import statistics
import time

from harness import Failed, cpu_of, number, program
from projection import Projection

RATE = 1000
WARM_S = 2
BROKER_WARM_S = 30  # a broker that has just started needs two to three times the CPU per request until its JVM has compiled what it runs


def percentile(sorted_values, p):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * p))]


def read_times(path):
    """{(service, lane, seq): (due, done)} in microseconds; done is missing where nobody could say."""
    out = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            service, lane, seq, *at = line.split()
            out[service, lane, seq] = tuple(int(x) for x in at)
    return out


def figures(times):
    """(p50, p99) in ms of what came due after the warm-up."""
    begin = min(due for due, _ in times) + WARM_S * 1000000
    took = sorted((done - due) / 1000 for due, done in times if due >= begin)
    return percentile(took, 0.5), percentile(took, 0.99)


class Latency:
    def __init__(self, bench, stack):
        self.bench, self.stack, self.p = bench, stack, Projection(bench, stack)
        self.raw = self.p.owner + " options='-c search_path=raw'"
        self.raw_n = self.echo_n = 0
        self.path = os.path.join(stack.home, "times")
        self.service = None  # of reporting
        self.cores = {}  # side -> [{component: CPU seconds per second}], a dict per round

    def measured(self, side, seconds, run):
        """run(), and how many cores what takes part in it used meanwhile."""
        def clients():
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            return used.ru_utime + used.ru_stime
        clients_before, service_before = clients(), cpu_of(self.service.pid)
        with self.bench.meter(self.stack) as meter:
            run()
        used = {**meter.cpu, "client": clients() - clients_before, "reporting": cpu_of(self.service.pid) - service_before}
        self.cores.setdefault(side, []).append({name: round(s / seconds, 3) for name, s in used.items()})

    def committed(self, schema):
        """{(service, lane, seq): when its transaction committed}: PostgreSQL's own commit times, microseconds."""
        return {tuple(r[:3]): int(r[3]) for r in self.p.sql.rows(
            f"SELECT service, source_lane, seq, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM {schema}.audit_record")}

    def await_done(self, goal):
        deadline = time.monotonic() + 120
        while self.p.done() < goal:
            if time.monotonic() > deadline:
                raise Failed("reporting did not take everything")
            time.sleep(0.05)

    def ours(self, seconds):
        goal = self.p.done() + RATE * seconds

        def run():
            self.p.publish(RATE * seconds, "--rate", RATE, "--times", self.path)
            self.await_done(goal)
        self.measured("ours", seconds, run)
        known, times = self.committed("reporting"), read_times(self.path)
        self.batches = len({known[key] for key in times})
        return figures([(at[0], known[key]) for key, at in times.items()])

    def store(self, seconds):
        """(p50, p99) until its client has the answer, and (p50, p99) of the time between the commit time that PostgreSQL notes and that answer."""
        self.measured("store", seconds, lambda: program("bench_latency", "store", self.raw, RATE, RATE * seconds, self.raw_n, self.path, env=self.stack.env))
        self.raw_n += RATE * seconds
        known, times = self.committed("raw"), read_times(self.path)
        after = sorted((done - known[key]) / 1000 for key, (_, done) in times.items())
        return figures(times.values()), (percentile(after, 0.5), percentile(after, 0.99))

    def echo(self, seconds):
        self.measured("echo", seconds, lambda: program("bench_latency", "echo", self.p.brokers, RATE, RATE * seconds, self.echo_n, self.path))
        return figures(read_times(self.path).values())

    def fill(self, records):
        """Both sides with the same rows before; reporting stays up."""
        self.p.publish(records)
        program("bench_latency", "store", self.raw, 0, records, 0, self.path, env=self.stack.env)
        self.raw_n = records
        self.await_done(records)


def latency(bench):
    """publish until visible in the projection at 1,000/s, beside Kafka alone and the transaction alone"""
    seconds = bench.size(10 + WARM_S, 4)
    with bench.stack("p4", services=False) as stack:
        stack.psql(stack.superuser(), "ALTER SYSTEM SET track_commit_timestamp = on")
        stack.shell("deploy/down")
        stack.shell("deploy/up", "--no-services")
        late = Latency(bench, stack)
        pairs50, pairs99 = [], []
        with late.p.service() as late.service:
            late.fill(bench.size(60000, 3000))
            for side in (late.ours, late.store):
                side(bench.size(BROKER_WARM_S, WARM_S + 1))
            late.cores.clear()
            for i in range(bench.rounds):
                ours = late.ours(seconds)
                store, after = late.store(seconds)
                echo = late.echo(seconds)
                visible = (ours[0] + after[0], ours[1] + after[1])
                pairs50.append((visible[0], echo[0] + store[0]))
                pairs99.append((visible[1], echo[1] + store[1]))
                bench.say(f"{RATE * seconds / late.batches:.1f} records a batch")
                bench.say(f"round {i + 1}, ms p50/p99: ours {number(visible[0])}/{number(visible[1])} (of it {number(after[0])}/{number(after[1])} from commit time to "
                          f"answer), Kafka alone {number(echo[0])}/{number(echo[1])}, PostgreSQL alone {number(store[0])}/{number(store[1])}")
            digests = [late.p.sql.rows(f"SELECT count(*), sum(open_minor), sum(brought_minor), sum(applied_minor) FROM {schema}.item") for schema in ("reporting", "raw")]
        bench.same("P4: the same items on both sides", *digests)
        cores = {side: {name: round(statistics.median(r[name] for r in rounds), 2) for name in rounds[0]} for side, rounds in late.cores.items()}
        for id, name, pairs in (("P4a", "p50", pairs50), ("P4b", "p99", pairs99)):
            ratio = bench.ratio(pairs)
            bench.row(id, f"published until visible in reporting, 1,000/s open loop, {name}; beside: Kafka alone + the transaction alone", "ms", ratio.ours,
                      "<= 1.2", ratio.beside, ratio, all_rounds=[[round(x, 3) for x in p] for p in pairs], cores=cores)
        late.p.close()


BENCHMARKS = {"P4": latency}
