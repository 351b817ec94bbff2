"""P3: reporting, all its tables; beside: Debezium's JDBC sink, which writes the journal lines of the same records and nothing else."""
import contextlib
import json
import os
import re
import time

from contents import columns_of, digest
from harness import Failed, cpu_of, program
from jdbc_sink import Connect
from projection import Projection, Sql

TOPICS = {"json": "bench.lines.json", "binary": "bench.lines.binary"}
TABLE = "peer.ledger_line"
KEY = "lane,ledger_seq,entry_no,line_no"
FROM = 0.2  # rates count from when this share of the records is committed: members have joined, plans and code are warm

# the best that was found (README); what is not said is the connector's default
BEST = {"format_": "binary", "url": "?reWriteBatchedInserts=true", "batch__size": "10000", "consumer__override__max__poll__records": "10000",
        "consumer__override__max__partition__fetch__bytes": "4194304"}

TYPES = {"integer": {"type": "int32"}, "bigint": {"type": "int64"}, "text": {"type": "string"},
         "date": {"type": "int32", "name": "org.apache.kafka.connect.data.Date", "version": 1, "optional": True}}


class Pace:
    """Records per second and CPU microseconds per record of one run, from the moment when `share` of the records is committed to the last commit."""

    def __init__(self, stack, progress, goal, pids, share=FROM, joined=lambda: True):
        self.stack, self.progress, self.goal, self.pids, self.joined = stack, progress, goal, pids, joined
        self.begin = max(1, share * goal)

    def cpu(self):
        return {"client": sum(cpu_of(pid) for pid in self.pids), "postgres": cpu_of(self.stack.pid("postgres"))}

    def run(self, look, seconds=600):
        """look(): raises when it cannot end well."""
        deadline, first, looked = time.monotonic() + seconds, None, 0.0
        while True:
            done, now = self.progress(), time.monotonic()
            if first is None and done >= self.begin and self.joined():
                first = (now, done, self.cpu())
            if done >= self.goal:
                break
            if now > deadline:
                raise Failed(f"{done} of {self.goal} records in {seconds} s")
            if now - looked > 1:
                look()
                looked = now
            time.sleep(0.02)
        if first is None or first[1] >= self.goal:
            raise Failed(f"{self.goal} records are too few to see a rate")
        begun, before, cpu = first
        records = self.goal - before
        self.rate = records / (now - begun)
        self.cpu_us = {name: (s - cpu[name]) / records * 1e6 for name, s in self.cpu().items()}
        return self


class Sides:
    """Everything that takes the same records: reporting, from an empty schema each time, and the sink, into an empty table each time."""

    def __init__(self, bench, stack, connect):
        self.bench, self.stack, self.connect = bench, stack, connect
        self.p = Projection(bench, stack)
        self.sql = Sql(stack, stack.superuser())
        self.records, self.cap = bench.size(120000, 10000), bench.size(None, 500)
        self.runs = 0
        self.p.publish(self.records)
        for format_, topic in TOPICS.items():
            said = program("bench_lines", "--brokers", self.p.brokers, "--topic", topic, "--records", self.records, *["--binary"][:format_ == "binary"])
            bench.say(f"{said['records']} records, {said['lines']} lines, {said['bytes'] / said['lines']:.0f} bytes of {format_} per line")
        self.columns = self.sql.rows("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'reporting.ledger_line'::regclass "
                                     "AND attnum > 0 AND NOT attisdropped ORDER BY attnum")
        # the same columns, key and indexes; not the trigger: a batch of the sink may end between the two lines of an entry
        self.p.sql.rows(f"CREATE SCHEMA peer; CREATE TABLE {TABLE} (LIKE reporting.ledger_line INCLUDING ALL) WITH (autovacuum_vacuum_insert_scale_factor = 0.05)")

    def ours(self, instances):
        tables = [r[0] for r in self.sql.rows("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'reporting' AND tablename NOT IN "
                                              "('birth', 'schema_migration')")]
        self.sql.rows(f"SET session_replication_role = replica; TRUNCATE {', '.join(tables)}; RESET session_replication_role; CHECKPOINT")
        env = {"OPENITEM_BATCH_EVENTS_MAX": str(self.cap)} if self.cap else {}
        with contextlib.ExitStack() as stack:
            services = [stack.enter_context(self.p.service(f"bench{i}", **env)) for i in range(instances)]

            def look():
                if any(s.poll() is not None for s in services):
                    raise Failed("reporting has ended")

            def joined():
                return self.bench.quick or self.p.sql.number("SELECT count(DISTINCT owner) FROM reporting.lane") == instances

            pace = Pace(self.stack, lambda: self.p.sql.number("SELECT sum(ledger_seq) FROM reporting.ledger_counter"), self.records, [s.pid for s in services],
                        joined=joined)
            return pace.run(look)

    def converter(self, format_):
        if format_ == "binary":
            return {"value.converter": "LineConverter",
                    "value.converter.fields": ",".join(f"{name}:{TYPES[type_].get('name', TYPES[type_]['type']).split('.')[-1].lower()}" for name, type_ in self.columns)}
        schema = {"type": "struct", "fields": [{"field": name, "optional": False, **TYPES[type_]} for name, type_ in self.columns]}
        return {"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.schema.content": json.dumps(schema)}

    def sink(self, tasks, format_="json", url="", share=FROM, **settings):
        """url: what follows in the URL; settings: of the connector, with __ for ."""
        self.sql.rows(f"TRUNCATE {TABLE}; CHECKPOINT")
        self.runs += 1
        name = f"sink-{self.runs}"
        with open(os.path.join(self.stack.home, "secrets", "pgpass-owner"), encoding="utf-8") as f:
            host, _, _, user, password = f.read().strip().split(":")
        port = re.search(r"port=(\d+)", self.p.owner)[1]
        config = {"connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector", "tasks.max": str(tasks), "topics": TOPICS[format_],
                  "connection.url": f"jdbc:postgresql://{host}:{port}/openitem{url}", "connection.username": user, "connection.password": password,
                  "insert.mode": "upsert", "primary.key.mode": "record_value", "primary.key.fields": KEY, "schema.evolution": "none",
                  "collection.name.format": TABLE, **self.converter(format_), **{k.replace("__", "."): v for k, v in settings.items()}}
        lanes = f"generate_series(0, {int(self.stack.setting('OPENITEM_LANES')) - 1}) AS l"
        pace = Pace(self.stack, lambda: self.p.sql.number(f"SELECT sum((SELECT max(ledger_seq) FROM {TABLE} WHERE lane = l)) FROM {lanes}"), self.records,
                    [self.connect.pid], share)
        with self.connect.connector(name, config):
            return pace.run(lambda: self.connect.check(name))

    def lines(self, table):
        """Its digest, without the number that depends on how topics interleaved."""
        return digest(self.sql, table, columns_of(self.sql)["ledger_line"])


def cpu_ratio(bench, ours, beside):
    """Of CPU microseconds per record, client and PostgreSQL."""
    return bench.ratio([(sum(a.cpu_us.values()), sum(b.cpu_us.values())) for a, b in zip(ours, beside)])


def mean_cpu(paces):
    return {name: round(sum(p.cpu_us[name] for p in paces) / len(paces), 1) for name in paces[0].cpu_us}


def rounds(bench, sides):
    """{(side, instances or tasks): [Pace per round]}; after each run of the sink, its rows."""
    order = [(side, n) for n in (1, 2) for side in ("ours", "stock", "best")]
    if bench.quick:
        order = [("ours", 1), ("stock", 1), ("ours", 2), ("best", 2)]
    paces = {key: [] for key in order}
    for i in range(bench.rounds):
        for side, n in order if i % 2 == 0 else reversed(order):
            pace = sides.ours(n) if side == "ours" else sides.sink(n, **(BEST if side == "best" else {}))
            paces[side, n].append(pace)
            cpu = ", ".join(f"{name} {us:.0f}" for name, us in pace.cpu_us.items())
            bench.say(f"round {i + 1}, {side}, {n}: {pace.rate:.0f} records/s, CPU us per record: {cpu}")
            if side != "ours":
                bench.same(f"P3 round {i + 1}, {side}, {n}: the same lines", sides.lines("reporting.ledger_line"), sides.lines(TABLE))
    return paces


def jdbc_sink(bench):
    """reporting with one instance and with two, beside Debezium's JDBC sink with one task and with two"""
    with bench.stack("p3", services=False) as stack, Connect(stack) as connect:
        sides = Sides(bench, stack, connect)
        cold = {side: None if bench.quick else sides.sink(1, share=0, **settings).rate for side, settings in (("stock", {}), ("best", BEST))}
        paces = rounds(bench, sides)
    for id, n, side, target in (("P3a", 1, "stock", ">= 2"), ("P3b", 1, "best", ">= 1.5"), ("P3c", 2, "stock", ">= 2"), ("P3d", 2, "best", ">= 1.5")):
        if (side, n) not in paces:
            continue
        ratio = bench.ratio([(a.rate, b.rate) for a, b in zip(paces["ours", n], paces[side, n])])
        what = f"reporting, {n} instance{'s'[:n - 1]}, all its tables; beside: JDBC sink, {side} settings, {n} task{'s'[:n - 1]}, journal lines only"
        more = {"beside_cold": cold[side]} if n == 1 else {}
        bench.row(id, what, "records/s", ratio.ours, target, ratio.beside, ratio, cpu_us_per_record=mean_cpu(paces["ours", n]),
                  cpu_us_per_record_beside=mean_cpu(paces[side, n]), **more)
    for id, side in (("P3e", "stock"), ("P3f", "best")):
        if (side, 1) not in paces:
            continue
        ratio = cpu_ratio(bench, paces["ours", 1], paces[side, 1])
        bench.row(id, f"the same, CPU of client and PostgreSQL; beside: {side} settings, 1 task", "us/record", ratio.ours, "<= 0.5", ratio.beside, ratio)


BENCHMARKS = {"P3": jdbc_sink}
