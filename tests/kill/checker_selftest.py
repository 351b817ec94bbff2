"""The checker must be able to fail: a small real stream, doctored in one place at a time, and the complaint that must come of it. `again` gives a
doctored lane new sequence numbers and a whole hash chain, so that it is the rule about money or order that has to notice."""
import os
import random
import sys
import time

import chaos_load as load
import checker
import checker_wire as wire
from chaos_world import BUILD, Stack, World

STEPS = 260  # of each of three producers


class Still:
    """A stack as it was, read once; doctors change what is handed out."""

    def __init__(self, live):
        self.build, self.classes = live.build, live.classes
        self.topics = {t: live.records(t) for t in list(wire.MESSAGES) + [t + "-dlt" for t in wire.EXTERNAL]}
        self.live, self.kept = live, {}
        self.topic_doctor, self.row_doctor = {}, {}

    def records(self, topic):
        doctor = self.topic_doctor.get(topic)
        return doctor([list(p) for p in self.topics[topic]]) if doctor else self.topics[topic]

    def rows(self, service, query):
        if query not in self.kept:
            self.kept[query] = [tuple(r) for r in self.live.rows(service, query)]
        rows = list(self.kept[query])
        for table, doctor in self.row_doctor.items():
            if f" FROM {table}" in query:
                rows = doctor(rows)
        return iter(rows)


class Doctors:
    def __init__(self, still):
        self.still, self.classes = still, still.classes

    def decode(self, topic, r):
        return self.classes[topic].FromString(r.value)

    def find(self, topic, fits):
        """(lane, index) of the first record that fits, not the last of its lane."""
        for lane, records in enumerate(self.still.topics[topic]):
            for i, r in enumerate(records[:-1]):
                if fits(self.decode(topic, r)):
                    return lane, i
        raise LookupError(f"{topic}: nothing to doctor")

    def event(self, topic, kind):
        return self.find(topic, lambda e: e.WhichOneof("event") == kind)

    # ---- plain: the chain breaks too

    def drop(self, topic, at=None):
        """The record at `at` of the longest partition, else the one in its middle."""
        def doctor(partitions):
            records = max(partitions, key=len)
            del records[at if at is not None else len(records) // 2]
            return partitions
        return doctor

    def drop_inside(self, topic):
        """A record that another of its chain follows: a partition of ar.transfer.v1 has a chain of each lane that sends to it, and only what follows shows a gap."""
        def doctor(partitions):
            records = max(partitions, key=len)
            lanes = [self.decode(topic, r).provenance.lane for r in records]
            del records[max(i for i, lane in enumerate(lanes) if lane in lanes[i + 1:])]
            return partitions
        return doctor

    def swap(self, topic):
        def doctor(partitions):
            records = max(partitions, key=len)
            i = len(records) // 2
            records[i], records[i + 1] = records[i + 1].copy(offset=records[i].offset), records[i].copy(offset=records[i + 1].offset)
            return partitions
        return doctor

    def append(self, make):
        def doctor(partitions):
            records = max(partitions, key=len)
            records.append(make(records).copy(offset=records[-1].offset + 1))
            return partitions
        return doctor

    def change(self, topic, where, change):
        def doctor(partitions):
            lane, i = where
            e = self.decode(topic, partitions[lane][i])
            change(e)
            partitions[lane][i] = partitions[lane][i].copy(value=e.SerializeToString())
            return partitions
        return doctor

    # ---- again: the chain is whole

    def again(self, topic, lane, edit):
        """edit(list of events of the lane); then numbers, chain and parts as the service would have written them."""
        def doctor(partitions):
            pairs = [(r, self.decode(topic, r)) for r in partitions[lane]]
            edit(pairs)
            h, out = b"\0" * 32, []
            for n, (r, e) in enumerate(pairs, 1):
                e.provenance.seq, e.provenance.prev_hash = n, h if n > 1 else b""
                value = e.SerializeToString()
                h = wire.sha(value)
                out.append(r.copy(offset=n - 1, value=value))
            partitions[lane] = out
            return partitions
        return doctor


def dearer(e):
    d = e.invoice_issued
    d.net_minor += 1
    d.gross_minor += 1
    d.lines[0].net_minor += 1
    d.items[0].original_minor += 1
    d.items[0].open_minor += 1
    for line in e.entries[0].lines:
        if line.ledger_account in (1, 4, 5):
            for m in (line.amount, line.functional):
                m.minor += 1 if line.ledger_account == 1 else -1
            if line.ledger_account != 1:
                break


def set_cell(column, change):
    def doctor(rows):
        i = next(n for n, r in enumerate(rows) if r[column] not in ("", "0"))
        rows[i] = rows[i][:column] + (change(rows[i][column]),) + rows[i][column + 1:]
        return rows
    return doctor


def cases(d):
    """(name, topic or table, doctor, rules of which one must complain)"""
    one_more = lambda v: str(int(v) + 1)  # noqa: E731
    billing, cash, intake = "ar.billing.v1", "ar.cash.v1", "ar.intake.v1"
    invoice, applied = d.event(billing, "invoice_issued"), d.event(cash, "applied")
    accepted, posted = d.event(cash, "transfer_accepted"), d.event(cash, "line_posted")
    notice = lambda i: lambda pairs: pairs[i][1]  # noqa: E731
    yield "nothing", None, None, ()
    yield "a record published twice, as it was", billing, d.append(lambda rs: rs[-1]), ()
    for topic in (intake, billing, cash, "ar.transfer.v1", "ar.collections.v1"):
        yield f"{topic}: a record dropped", topic, d.drop_inside(topic), ("sequence",)
        yield f"{topic}: the last record dropped", topic, d.drop(topic, at=-1), ("lost",)
        yield f"{topic}: two records swapped", topic, d.swap(topic), ("sequence", "invented")
    yield "a fact dropped before the gate", "bank.payment.v1", d.drop("bank.payment.v1"), ("invented",)
    yield "a fact the gate never saw", "crm.sales-order.v1", d.append(lambda rs: rs[0].copy(headers=[(k, b"new" if k == "ce_id" else v) for k, v in rs[0].headers])), ("lost",)
    yield "a dead letter lost", "crm.sales-order.v1-dlt", lambda ps: [[] for _ in ps], ("lost",)
    yield "an amount changed", billing, d.change(billing, invoice, lambda e: setattr(e.invoice_issued, "gross_minor", e.invoice_issued.gross_minor + 1)), ("hash chain",)
    yield "a customer's order altered at the gate", intake, d.change(intake, d.find(intake, lambda e: e.WhichOneof("fact") == "sales_order"),
                                                                     lambda e: setattr(e, "account", "P9-0001")), ("wrong lane",)
    yield "chain whole: an invoice a cent dearer", billing, d.again(billing, invoice[0], lambda ps: dearer(ps[invoice[1]][1])), ("price",)
    yield "chain whole: another due date", billing, d.again(billing, invoice[0], lambda ps: setattr(ps[invoice[1]][1].invoice_issued.items[0], "due_date", "2031-01-01")), ("due date",)
    yield "chain whole: another issue date", billing, d.again(billing, invoice[0], lambda ps: setattr(ps[invoice[1]][1].invoice_issued, "issue_date", "2031-01-01")), ("issue date",)
    yield "chain whole: a tax of its own", billing, d.again(billing, *_taxed(d)), ("tax", "price")
    yield "chain whole: an invoice twice", billing, d.again(billing, invoice[0], lambda ps: ps.append((ps[-1][0], _copy(ps[invoice[1]][1])))), ("doubled",)
    yield "chain whole: a number twice", billing, d.again(billing, *_same_number(d)), ("doubled",)
    yield "chain whole: an answer dropped", billing, d.again(billing, invoice[0], lambda ps: ps.pop(invoice[1])), ("lost",)
    yield "chain whole: two answers of an account swapped", billing, d.again(billing, *_neighbours(d, billing)), ("order per account", "order of versions")
    yield "chain whole: an entry off balance", cash, d.again(cash, applied[0], lambda ps: _add(ps[applied[1]][1].entries[0].lines[0].amount, 1)), ("unbalanced",)
    yield "chain whole: applied a cent more", cash, d.again(cash, applied[0], lambda ps: _add(ps[applied[1]][1].applied.applications[0].amount, 1)), ("journal",)
    yield "chain whole: an application twice", cash, d.again(cash, applied[0], lambda ps: ps.append((ps[-1][0], _copy(ps[applied[1]][1])))), ("doubled",)
    yield "chain whole: an arrival dropped", cash, d.again(cash, accepted[0], lambda ps: ps.pop(accepted[1])), ("lost",)
    yield "chain whole: a bank line a cent more", cash, d.again(cash, posted[0], lambda ps: _richer(ps[posted[1]][1])), ("conservation",)
    yield "chain whole: a notice twice", "ar.collections.v1", d.again("ar.collections.v1", *_notice_twice(d, notice)), ("doubled", "dunning")
    for table, column in (("reporting.item", 8), ("cash.item", 2), ("collections.item", 2)):
        yield f"{table}: a cent more", table, set_cell(column, one_more), ("open item",)
        yield f"{table}: a row gone", table, lambda rows, c=column: [r for i, r in enumerate(rows) if i != next(n for n, x in enumerate(rows) if x[c] != "0")], ("open item",)
    yield "reporting.item: another due date", "reporting.item", set_cell(6, lambda v: "2031-01-01"), ("projection",)
    yield "reporting.ledger_line: a cent more", "reporting.ledger_line", set_cell(3, one_more), ("ledger",)
    yield "reporting.day_total: a cent more", "reporting.day_total", set_cell(3, one_more), ("ledger",)
    yield "reporting.audit_record: a row gone", "reporting.audit_record", lambda rows: rows[1:], ("lost",)
    yield "reporting.audit_record: a row twice", "reporting.audit_record", lambda rows: rows + rows[:1], ("lost",)
    yield "reporting.document: another amount", "reporting.document", set_cell(3, one_more), ("projection",)
    yield "reporting.application: a row gone", "reporting.application", lambda rows: rows[1:], ("projection",)
    yield "intake.inbox: a row gone", "intake.inbox", lambda rows: rows[1:], ("inbox",)
    yield "billing.outcome: a row gone", "billing.outcome", lambda rows: rows[:-1], ("invented",)
    yield "cash.lane: stopped", "cash.lane", lambda rows: [(rows[0][0], "because", *rows[0][2:])] + rows[1:], ("stopped",)


def _copy(message):
    out = type(message)()
    out.CopyFrom(message)
    return out


def _add(money, minor):
    money.minor += minor


def _richer(e):
    e.line_posted.amount.minor += 1
    for line in e.entries[0].lines:
        for m in (line.amount, line.functional):
            m.minor += 1 if m.minor > 0 else -1


def _taxed(d):
    lane, i = d.find("ar.billing.v1", lambda e: e.WhichOneof("event") == "invoice_issued" and e.invoice_issued.tax_minor > 0)
    return lane, lambda ps: setattr(ps[i][1].invoice_issued.taxes[0], "amount_minor", ps[i][1].invoice_issued.taxes[0].amount_minor + 1)


def _same_number(d):
    lane, i = d.event("ar.billing.v1", "invoice_issued")

    def edit(pairs):
        mine = pairs[i][1].invoice_issued
        other = next(e for _, e in pairs[i + 1:] if e.WhichOneof("event") == "invoice_issued" and e.invoice_issued.entity == mine.entity)
        other.invoice_issued.number = mine.number
    return lane, edit


def _neighbours(d, topic):
    """Two answers of one account to two inputs, one right behind the other."""
    for lane, records in enumerate(d.still.topics[topic]):
        events = [d.decode(topic, r) for r in records]
        for i, (a, b) in enumerate(zip(events, events[1:])):
            if a.account == b.account and a.provenance.final and b.provenance.final and b.provenance.part == 1 and a.provenance.cause.offset < b.provenance.cause.offset:
                def edit(pairs, i=i):
                    pairs[i], pairs[i + 1] = pairs[i + 1], pairs[i]
                return lane, edit
    raise LookupError("no account with two answers in a row")


def _notice_twice(d, _):
    lane, i = d.event("ar.collections.v1", "notice_issued")
    return lane, lambda ps: ps.append((ps[-1][0], _copy(ps[i][1])))


def play(world):
    """A few days of three producers, in one thread: every kind of event, some poison, notices."""
    out = load.Out(world, "setup", "murmur2_random", random.Random(1))
    names = ["P1", "P2", "P3"]
    for f in load.reference_facts(names):
        out.event("ar.reference.v1", f, next(iter(f.values())).get("entity", "ref"))
    out.flush(30)
    world.stack.tool("settle")
    world.stack.tool("tick", "--open", str(world.day))
    for i, n in enumerate(names):
        world.companies[n] = load.Company(world, n, load.PARTITIONERS[i], 0, 1)
    reader, clerk = load.Reader(world), load.Clerk(world, 1)
    reader.start()
    for _ in range(4):
        for c in world.companies.values():
            for _ in range(STEPS // 4):
                c.step()
            c.out.poison()
            c.out.flush(30)
        world.stack.tool("settle")
        time.sleep(0.5)
        clerk.look(world.clerk_sql)
        clerk.out.flush(30)
        world.stack.tool("tick", "--close", str(world.day))
        for _ in range(5):
            world.next_day()
        world.stack.tool("tick", "--open", str(world.day))
    world.companies["P1"].out.poison_all()
    world.companies["P1"].out.flush(30)
    world.stack.tool("settle")
    world.stopping = True
    reader.join()
    world.clerk_sql.close()


def self_test():
    with Stack("checker") as stack:
        play(World(stack))
        still = Still(checker.Live(stack.home, BUILD))
        failed = 0
        for name, what, doctor, rules in cases(Doctors(still)):
            still.topic_doctor, still.row_doctor = {}, {}
            if what is not None:
                (still.topic_doctor if what in still.topics else still.row_doctor)[what] = doctor
            begin = time.time()
            find, counts, _ = checker.check(still)
            got = dict(find.count)
            fine = any(r in got for r in rules) if rules else not got
            failed += not fine
            print(f"{'ok' if fine else 'not ok'} - {name}: {', '.join(f'{r} {n}' for r, n in sorted(got.items())) or 'no complaint'}", flush=True)
            if not fine:
                print(f"#   expected {' or '.join(rules) or 'no complaint'}")
                for line in list(find.lines())[:20]:
                    print(f"#   {line}")
            if what is None:
                print(f"#   {counts}\n#   {time.time() - begin:.1f} s", file=sys.stderr if os.environ.get("QUIET") else sys.stdout)
    return 1 if failed else 0
