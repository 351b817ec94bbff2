"""Reporting fed from Kafka with records that bench_outcomes makes, and the same rows by COPY BINARY into a schema of the same shape."""
import contextlib
import re
import subprocess
import time

from harness import Failed, cpu_of, program

CHUNK = 1000  # records per transaction of the raw side
# Tables that records of outcomes.h write, by their own ledger_seq; the others below.
BY_SEQ = ("audit_record", "ledger_line", "document", "sales_order", "application", "transfer")
SMALL = ("ledger_counter", "lane", "position", "input_seq", "birth", "schema_migration")  # a row per lane and batch, or one in all: COPY is spared them


class Sql:
    """A psql that stays."""

    def __init__(self, stack, conninfo):
        self.p = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", conninfo], text=True,
                                  env={**stack.env, "PGOPTIONS": "-c client_min_messages=warning"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def rows(self, query):
        self.p.stdin.write(query + ";\n\\echo :end\n")
        self.p.stdin.flush()
        rows = []
        for line in self.p.stdout:
            if line == ":end\n":
                return rows
            rows.append(line.rstrip("\n").split("\x1f"))
        raise Failed(f"psql ended at {query}")

    def number(self, query):
        return int(self.rows(query)[0][0] or 0)

    def close(self):
        self.p.stdin.close()
        self.p.wait()


class Projection:
    """The stack with reporting stopped, and a schema `raw` that is a copy of reporting's."""

    def __init__(self, bench, stack):
        self.bench, self.stack = bench, stack
        self.brokers = stack.setting("OPENITEM_KAFKA_BROKERS")
        self.owner = stack.setting("OPENITEM_REPORTING_DATABASE_OWNER")
        self.sql = Sql(stack, self.owner)
        self.published = 0
        self.make_raw()

    def make_raw(self):
        dump = subprocess.run(["pg_dump", "--schema-only", "--schema=reporting", "--no-owner", "--no-privileges", "-d", self.owner], env=self.stack.env,
                              capture_output=True, text=True, check=True).stdout
        text = re.sub(r"\breporting\.", "raw.", dump).replace("SCHEMA reporting", "SCHEMA raw")
        p = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.owner], env=self.stack.env, input=text, capture_output=True, text=True,
                           check=False)
        if p.returncode != 0:
            raise Failed(f"schema raw: {p.stderr}")

    def publish(self, records, *more):
        """The next records of the stream."""
        made = program("bench_outcomes", "--brokers", self.brokers, "--records", records, "--skip", self.published, *more)
        self.published += records
        return made

    def done(self):
        """Records that reporting has committed."""
        return self.sql.number("SELECT sum(next_offset) FROM reporting.position WHERE topic IN ('ar.billing.v1', 'ar.cash.v1')")

    @contextlib.contextmanager
    def service(self, instance="bench", **env):
        p = self.bench.start_service(self.stack, "reporting", instance, **env)
        try:
            yield p
        finally:
            p.terminate()
            p.wait(30)

    def run_service(self, records, instances=1, **env):
        """Started, until it has taken everything: (records per second between its first commit and its last, CPU seconds of it, of the stack).
        CPU is from before its start to the end, so per record it includes the start."""
        begin, goal, seen = self.done(), self.done() + records, []
        self.checkpoint()
        with contextlib.ExitStack() as stack, self.bench.meter(self.stack) as meter:
            services = [stack.enter_context(self.service(f"bench{i}", **env)) for i in range(instances)]
            deadline = time.monotonic() + 600
            while not seen or seen[-1][1] < goal:
                at = self.done()
                if at > begin and (not seen or at > seen[-1][1]):
                    seen.append((time.monotonic(), at))
                if time.monotonic() > deadline or any(p.poll() is not None for p in services):
                    raise Failed(f"reporting has taken {at - begin} of {records} records")
                time.sleep(0.02)
            cpu = sum(cpu_of(p.pid) for p in services)
        if len(seen) < 3:
            raise Failed(f"{records} records are too few: reporting took them in {len(seen)} batches")
        return (goal - seen[0][1]) / (seen[-1][0] - seen[0][0]), cpu, meter

    def checkpoint(self):
        """So that neither side writes whole pages for what the other has made dirty."""
        if self.stack.psql(self.stack.superuser(), "CHECKPOINT").returncode != 0:
            raise Failed("CHECKPOINT was refused")

    # ---- the raw side

    def marks(self):
        """{lane: ledger_seq} so far."""
        return {int(lane): int(seq) for lane, seq in self.sql.rows("SELECT lane, ledger_seq FROM reporting.ledger_counter")}

    def written(self):
        """{table: rows inserted or updated so far}; PostgreSQL says it a little later."""
        time.sleep(1.2)
        return {t: int(n) for t, n in self.sql.rows("SELECT relname, n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'reporting'")}

    def queries(self, before, written, records):
        """{table: query of bench_copy}: the rows that reporting has written since `before`, as many as it has written. Where it changed a row more
        than once, each change is a row (of another key), as COPY knows no change."""
        # The roll-up of agings is no part of a record's rows: it is made beside the loop, on a connection of its own.
        left = [t for t, n in written.items() if n > 0 and not t.startswith("aging_") and t not in BY_SEQ + SMALL + ("item", "day_total", "tie_out")]
        if left:
            raise Failed(f"reporting also wrote {left}: the raw side must too")
        after, chunks = self.marks(), max(1, records // CHUNK)
        spans = ", ".join(f"({lane}, {before.get(lane, 0)}::bigint, {seq}::bigint)" for lane, seq in after.items() if seq > before.get(lane, 0))
        since = f"(VALUES {spans}) AS span(l, low, high) JOIN reporting.%s AS t ON t.lane = l AND t.ledger_seq > low AND t.ledger_seq <= high"
        chunk = f"((t.ledger_seq - low - 1) * {chunks} / (high - low))::int4"
        out = {t: f"SELECT {chunk} AS chunk, t.* FROM {since % t} ORDER BY 1, t.lane, t.ledger_seq" for t in BY_SEQ}
        columns = [r[0] for r in self.sql.rows("SELECT attname FROM pg_attribute WHERE attrelid = 'reporting.item'::regclass AND attnum > 0 AND NOT attisdropped "
                                               "ORDER BY attnum")]
        new = self.sql.number(f"SELECT count(*) FROM {since % 'item'}")
        again = ", ".join("i.document_id || '~' || a.side" if c == "document_id" else "i." + c for c in columns)
        out["item"] = (f"SELECT {chunk} AS chunk, t.* FROM {since % 'item'} UNION ALL (SELECT a.chunk, {again} FROM (SELECT {chunk} AS chunk, t.lane, t.account, "
                       f"x.document, x.side FROM {since % 'application'} CROSS JOIN LATERAL (VALUES (t.debit_document_id, 'd'), (t.credit_document_id, 'c')) "
                       f"AS x(document, side) ORDER BY x.side DESC LIMIT {max(0, written['item'] - new)}) AS a JOIN reporting.item AS i ON i.lane = a.lane AND "
                       f"i.account = a.account AND i.document_id = a.document AND i.sequence = 1) ORDER BY 1")
        for table in ("day_total", "tie_out"):
            out[table] = (f"SELECT (n * {chunks} / {max(1, written[table])})::int4 AS chunk, t.lane, t.entity || '~{self.published}.' || n, "
                          + ", ".join("t." + r[0] for r in self.sql.rows(
                              f"SELECT attname FROM pg_attribute WHERE attrelid = 'reporting.{table}'::regclass AND attnum > 2 AND NOT attisdropped ORDER BY attnum"))
                          + f" FROM generate_series(0, {written[table] - 1}) AS n CROSS JOIN LATERAL (SELECT * FROM reporting.{table} WHERE n = n "
                          f"OFFSET n % (SELECT count(*) FROM reporting.{table}) LIMIT 1) AS t ORDER BY 1")
        return out

    def copy(self, queries):
        """What bench_copy says, and the meter."""
        self.checkpoint()
        with self.bench.meter(self.stack) as meter:
            said = program("bench_copy", self.owner, self.owner, *[f"raw.{t}={q}" for t, q in queries.items()], env=self.stack.env)
        return said, meter

    def close(self):
        self.sql.close()
