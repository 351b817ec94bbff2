#!/usr/bin/python3
"""A broker that lost what it had acknowledged (issue 4, section 3): the ends of logs are cut off on disk while everything runs. The lanes
concerned stop and say which command helps; `refill` and `reposition` let them go on; the books are what they were."""
import os
import signal
import struct
import time

from confluent_kafka.admin import AdminClient

import events
from events import Kafka
from stack import BUILD, SERVICES, Failed, Stack, Tests

ACCOUNTS, DAYS, SEED = 14, 70, 7
BILLING, CASH, TRANSFER, INTAKE, COLLECTIONS = "ar.billing.v1", "ar.cash.v1", "ar.transfer.v1", "ar.intake.v1", "ar.collections.v1"
BANK, CUSTOMERS, DEAD = "bank.payment.v1", "crm.customer.v1", "crm.customer.v1-dlt"
SOURCES = ["crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1", "ar.command.v1", "ar.reference.v1"]
READERS = {BILLING: ("cash", "collections", "reporting"), INTAKE: ("billing", "cash", "collections", "reporting"), TRANSFER: ("cash",),
           COLLECTIONS: ("reporting",)}


# ---- the broker's disk --------------------------------------------------------------------------------------------------------


def log_file(stack, topic, partition):
    return os.path.join(stack.home, "data", "kafka", f"{topic}-{partition}", "00000000000000000000.log")


def batches(path):
    """(first offset, position in the file) of each record batch."""
    found, at = [], 0
    with open(path, "rb") as f:
        data = f.read()
    while at + 12 <= len(data):
        first, length = struct.unpack_from(">qi", data, at)
        found.append((first, at))
        at += 12 + length
    return found


def cut(stack, topic, partition, n):
    """Takes at least the last n records away, at a batch boundary. The new end."""
    path = log_file(stack, topic, partition)
    with open(path, "rb") as f:
        data = f.read()
    all_batches = batches(path)
    first, at = all_batches[-1]
    end = first + struct.unpack_from(">i", data, at + 23)[0] + 1
    first, at = [b for b in all_batches if b[0] <= end - n][-1]
    os.truncate(path, at)
    folder = os.path.dirname(path)
    for name in os.listdir(folder):
        if name.endswith((".index", ".timeindex", ".txnindex", ".snapshot")):
            os.unlink(os.path.join(folder, name))
    return first


def begin_at(stack, topic, partition, offset):
    """What retention would do: the log begins here."""
    path = os.path.join(stack.home, "data", "kafka", "log-start-offset-checkpoint")
    lines = open(path).read().split("\n") if os.path.exists(path) else ["0", "0"]
    kept = [x for x in lines[2:] if x and not x.startswith(f"{topic} {partition} ")] + [f"{topic} {partition} {offset}"]
    with open(path, "w") as f:
        f.write("\n".join(["0", str(len(kept))] + kept) + "\n")


def pid_of(stack, name):
    with open(os.path.join(stack.home, "run", name + ".pid")) as f:
        return int(f.read().split()[0])


def wait_until(what, seconds, fn):
    deadline = time.time() + seconds
    while True:
        got = fn()
        if got:
            return got
        if time.time() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.3)


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def stop(stack, name):
    pid = pid_of(stack, name)
    os.kill(pid, signal.SIGTERM)
    wait_until(f"the end of {name}", 60, lambda: gone(pid))


def with_kafka_down(stack, damage):
    """Stops Kafka, lets `damage` work on its disk, and starts it as after a crash: it checks every log anew."""
    stop(stack, "kafka")
    folder = os.path.join(stack.home, "data", "kafka")
    for name in (".kafka_cleanshutdown", "recovery-point-offset-checkpoint"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    result = damage()
    stack.shell("deploy/up", "--no-services")
    return result


def up(stack):
    stack.shell("deploy/up", "--build-dir", BUILD)


# ---- looking ------------------------------------------------------------------------------------------------------------------


def contents(kafka, topic):
    """partition -> [(key, value, headers)]"""
    parts = {p: [] for p in range(kafka.partitions(topic))}
    for m in sorted(kafka.read(topic), key=lambda m: (m.partition(), m.offset())):
        parts[m.partition()].append((m.key(), m.value(), tuple(m.headers() or ())))
    return parts


def fullest(parts):
    return max(parts, key=lambda p: len(parts[p]))


def stopped(stack):
    """(service, lane) -> why"""
    return {(s, int(lane)): why for s in SERVICES for lane, why in stack.sql(s, "SELECT lane, stopped FROM lane WHERE stopped <> ''")}


def writers(stack, service, topic, partition, end):
    """Lanes of ours whose last record there lay behind the new end."""
    return {int(r[0]) for r in stack.sql(service, "SELECT lane FROM output_seq WHERE topic = '%s' AND destination_lane = %d AND "
                                                  "last_offset >= %d" % (topic, partition, end))}


def expect_stopped(stack, wanted):
    """Exactly these lanes stop, each for its reason. wanted: (service, lane) -> texts that stand in the reason"""
    try:
        wait_until("the lanes stopped", 30, lambda: set(wanted) <= set(stopped(stack)))
    except Failed:
        pass
    time.sleep(1)
    got = stopped(stack)
    for at in sorted(set(wanted) | set(got)):
        if at not in got:
            yield f"{at} has not stopped"
        elif at not in wanted:
            yield f"{at} stopped: {got[at]}"
        else:
            for text in wanted[at]:
                if text not in got[at]:
                    yield f"{at}: `{text}` is not in: {got[at]}"
    status = stack.run("status")
    if status.returncode != 1 or any(f"{s} has stopped lane {lane}: " not in status.stdout for s, lane in wanted):
        yield f"status: exit {status.returncode}: {status.stdout[-2000:]}"


def same_books(stack, expected):
    stack.tool("settle")
    left = stopped(stack)
    if left:
        yield f"still stopped: {left}"
    stack.tool("verify")
    digest = stack.digest()
    if digest != expected:
        yield f"digest {digest}, before {expected}"


# ---- ends lost while everything runs --------------------------------------------------------------------------------------------


class Loss:
    """What is cut off, and what was there before."""

    def __init__(self, stack, kafka):
        self.before = {t: contents(kafka, t) for t in (TRANSFER, BILLING, INTAKE, BANK, CUSTOMERS, DEAD)}
        self.at = {}
        for t in self.before:  # the inner ones in lanes of their own, so that each has its own reason
            taken = self.at.values() if t in READERS else ()
            self.at[t] = fullest({p: r for p, r in self.before[t].items() if p not in taken})
        self.ends = {}
        self.stack = stack

    def damage(self):
        for topic, n in ((BILLING, 3), (TRANSFER, 1), (INTAKE, 3), (BANK, 2), (DEAD, 1)):
            self.ends[topic] = cut(self.stack, topic, self.at[topic], n)
        # Retention took what was read: nobody minds.
        p = self.at[CUSTOMERS]
        begin_at(self.stack, CUSTOMERS, p, len(self.before[CUSTOMERS][p]))

    def lost(self, topic):
        return self.before[topic][self.at[topic]][self.ends[topic]:]


def lanes_stop(stack, loss):
    positions = {}
    for t, readers in list(READERS.items())[:3]:
        for s in readers:
            positions[s, t] = int(stack.sql(s, f"SELECT next_offset FROM position WHERE topic = '{t}' AND partition = {loss.at[t]}")[0][0])
    producers = {BILLING: "billing", TRANSFER: "cash", INTAKE: "intake"}
    with_kafka_down(stack, loss.damage)
    wanted = {}
    for t, readers in list(READERS.items())[:3]:
        for lane in writers(stack, producers[t], t, loss.at[t], loss.ends[t]):
            wanted.setdefault((producers[t], lane), set()).update({f"{t}[", "topic_lost_its_end", f"openitem refill {t}"})
        for s in readers:
            if positions[s, t] > loss.ends[t]:
                wanted.setdefault((s, loss.at[t]), set()).add("openitem re")
    lane = 1000 * SOURCES.index(BANK) + loss.at[BANK]
    wanted.setdefault(("intake", lane), set())
    # A lane that lost in several ways says one of them.
    for at, texts in wanted.items():
        if at[0] == "cash" or at == ("intake", lane):
            texts.clear()
    yield from expect_stopped(stack, wanted)
    others = {s: int(stack.sql(s, "SELECT count(*) FROM lane WHERE stopped = ''")[0][0]) for s in SERVICES}
    if not all(others.values()):
        yield f"lanes that go on: {others}"


def refill(stack, kafka, loss):
    for topic in (BILLING, TRANSFER, INTAKE, DEAD):
        lost = loss.lost(topic)
        plan = stack.list("refill", "--dry-run", topic)
        if sum(r["missing"] for r in plan) != len(lost) or {r["partition"] for r in plan} != {loss.at[topic]}:
            yield f"{topic}: {len(lost)} records of partition {loss.at[topic]} are lost, refill finds {plan}"
        stack.tool("refill", topic)
        now = contents(kafka, topic)
        for p, records in loss.before[topic].items():
            same = now[p] == records if topic in (BILLING, DEAD) else sorted(now[p], key=repr) == sorted(records, key=repr)
            if not same:
                yield f"{topic}[{p}] is not what it was: {len(records)} records before, {len(now[p])} now"
        again = stack.tool("refill", topic)
        if "nothing is missing" not in again:
            yield f"{topic}: refill again finds {again}"


def bank_again(kafka, loss):
    """The bank sends what was lost, the last one first."""
    for key, value, headers in reversed(loss.lost(BANK)):
        kafka.send(BANK, value, key=key, headers=headers, partition=loss.at[BANK])


def reposition(stack, loss):
    for s in SERVICES:
        for row in stack.list("reposition", s, "--all"):
            if row["what"] not in ("moved", "goes on"):
                yield f"{s}: {row}"
            if s == "intake" and row["topic"] == BANK and row["to"] < loss.ends[BANK]:
                yield f"the bank's log is read again from {row['to']}, it is the same up to {loss.ends[BANK]}"
        wait_until(f"{s} goes on", 10, lambda s=s: not [x for x in stopped(stack) if x[0] == s])


# ---- a topic that is gone -----------------------------------------------------------------------------------------------------


def topic_deleted(stack, kafka, expected):
    """All of it, while everything runs."""
    before = contents(kafka, COLLECTIONS)
    admin = AdminClient({"bootstrap.servers": kafka.brokers})
    for done in admin.delete_topics([COLLECTIONS], operation_timeout=20).values():
        done.result()
    time.sleep(1)
    stack.tool("topics")
    lanes = {p for p in before if before[p]}
    wait_until("reporting has stopped", 40, lambda: {("reporting", p) for p in lanes} <= set(stopped(stack)))
    stack.tool("refill", COLLECTIONS)
    if contents(kafka, COLLECTIONS) != before:
        yield "the topic is not what it was"
    stack.tool("reposition", "reporting", COLLECTIONS)
    wait_until("reporting goes on", 10, lambda: not stopped(stack))
    yield from same_books(stack, expected)


# ---- lost unread ---------------------------------------------------------------------------------------------------------------


def orders(kafka, account, first, n):
    for i in range(first, first + n):
        order = f"SO-LOST-{i}"
        kafka.send_event("crm.sales-order.v1", f"{order}-booked", events.booked(account, order, 1, price=f"{100 + i}.00"), key=account.encode())
        kafka.send_event("crm.sales-order.v1", f"{order}-done", events.fulfilled(account, order, 2), key=account.encode())


def reposition_until_quiet(stack):
    """As `openitem status` says. A client that finds the broker again late says so late."""
    for _ in range(4):
        for s in SERVICES:
            for row in stack.list("reposition", s, "--all"):
                if row["what"] not in ("moved", "goes on"):
                    yield f"{s}: {row}"
        if stack.run("settle").returncode == 0:
            return


def lost_unread(stack, kafka):
    """reporting and intake are down. Billing's records go that reporting has not read, and the last one comes back before the others, as
    from a producer that went on; a customer goes that intake has not read."""
    account, second = "LOST1", "LOST2"
    where = kafka.send_event(CUSTOMERS, "lost-1", events.customer(account), key=account.encode())
    orders(kafka, account, 0, 1)
    stack.tool("settle")
    before = contents(kafka, BILLING)
    stop(stack, "reporting")
    orders(kafka, account, 1, 4)
    full = wait_until("the invoices", 60, lambda: grown(kafka, before, 4))
    p = next(p for p in full if len(full[p]) > len(before[p]))
    stop(stack, "intake")
    stop(stack, "billing")  # so that the test can write in its place
    unread = kafka.send_event(CUSTOMERS, "lost-2", events.customer(second), key=second.encode(), partition=where[0])

    def damage():
        begin_at(stack, CUSTOMERS, where[0], unread[1] + 1)
        return cut(stack, BILLING, p, 2)

    end = with_kafka_down(stack, damage)
    lost = full[p][end:]
    key, value, headers = lost[-1]
    kafka.send(BILLING, value, key=key, headers=headers, partition=p)
    up(stack)
    lane = 1000 * SOURCES.index(CUSTOMERS) + where[0]
    wanted = {("reporting", p): "sequence_gap", ("billing", p): "topic_lost_its_end", ("intake", lane): "position_outside_log"}
    try:
        wait_until("they stop", 30, lambda: set(wanted) <= set(stopped(stack)))
    except Failed as e:
        yield f"{e}: {stopped(stack)}"
    got = stopped(stack)
    for at, text in wanted.items():
        if text not in got.get(at, ""):
            yield f"{at}: {got.get(at)}"
    for args, text in (([], f"openitem refill {BILLING}"), (["--to", str(end + 1)], "--force with a --reason")):
        refused = stack.run("reposition", "reporting", f"{BILLING}[{p}]", *args)
        if refused.returncode != 1 or text not in refused.stdout:
            yield f"reposition {args} before refill: exit {refused.returncode}: {refused.stdout}{refused.stderr}"
    plan = stack.list("refill", BILLING)
    if [(r["partition"], r["missing"], r["early"]) for r in plan] != [(p, len(lost), 1)]:
        yield f"{len(lost)} records of {BILLING}[{p}] are lost, the last one is back; refill finds {plan}"
    yield from reposition_until_quiet(stack)
    kafka.send_event(CUSTOMERS, "lost-2", events.customer(second), key=second.encode(), partition=where[0])
    stack.tool("settle")
    if stopped(stack):
        yield f"still stopped: {stopped(stack)}"
    kept = stack.sql("intake", f"SELECT passed_over FROM moved WHERE topic = '{CUSTOMERS}' AND partition = {where[0]}")
    if kept != [["1"]]:
        yield f"what was lost unread is not kept: {kept}"
    invoices = stack.list("invoices", "--account", account)
    if len(invoices) != 5:
        yield f"5 orders, {len(invoices)} invoices: {invoices}"
    stack.tool("verify")


def grown(kafka, before, n):
    """What the topic holds when at least n have come and no more come."""
    now = contents(kafka, BILLING)
    if sum(map(len, now.values())) < sum(map(len, before.values())) + n:
        return None
    time.sleep(2)
    return now if contents(kafka, BILLING) == now else None


def main():
    tests = Tests()
    with Stack("lost_log") as stack:
        path = os.path.join(stack.home, "company.ndjson")
        stack.tool("generate", "--accounts", str(ACCOUNTS), "--days", str(DAYS), "--seed", str(SEED), "--out", path)
        stack.tool("play", path)
        kafka = Kafka(stack)
        for n in range(3):
            kafka.send(CUSTOMERS, b"\xff no event %d" % n, key=b"C000001", headers=kafka.headers(CUSTOMERS, f"bad-{n}", "customer_recorded"))
        stack.tool("settle")
        expected, loss = stack.digest(), Loss(stack, kafka)
        tests.attempt("ends of logs are cut off while everything runs: the lanes concerned stop, and say why", lanes_stop, stack, loss)
        tests.attempt("refill: exactly what was lost is published again, byte for byte", refill, stack, kafka, loss)
        bank_again(kafka, loss)
        tests.attempt("reposition: every lane goes on", reposition, stack, loss)
        tests.attempt("the books are what they were", same_books, stack, expected)
        tests.attempt("a topic deleted while everything runs, made anew, and refilled", topic_deleted, stack, kafka, expected)
        tests.attempt("records lost unread: a gap, a producer that went on, retention; nothing is passed over unsaid", lost_unread, stack, kafka)
    tests.end()


main()
