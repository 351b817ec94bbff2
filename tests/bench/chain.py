"""What P5 and P11 share: the business of chain_events.h published to a stack, and waiting until reporting has all of it."""
import contextlib
import os
import re
import time

from harness import SERVICES, Failed, children, cpu_of, program

RECORDS_PER_ORDER, RECORDS_PER_LINE = 4, 5  # in reporting: 2 facts, order_recorded, invoice_issued; 1 fact, line_posted, transfer_sent,
STALL_S = 60  # transfer_accepted, applied; and left_unapplied for what is too much


class Company:
    """One seeded business on a stack; every step pays what the step before invoiced, so nothing waits for a person."""

    def __init__(self, stack, letter, accounts, lanes=12):
        self.stack, self.orders, self.lines = stack, 0, 0
        self.options = ["--company", letter, "--accounts", accounts, "--lanes", lanes]
        self.env = {**os.environ, **{name: stack.setting(name) for name in ("OPENITEM_KAFKA_BROKERS", "OPENITEM_REPORTING_DATABASE_RO")}}
        program("bench_business", "facts", *self.options, env=self.env)
        stack.tool("settle")

    def publish(self, orders, lines, *more):
        """As fast as the broker takes it. What the program says, and the records that reporting will get."""
        out = program("bench_business", "traffic", *self.options, "--orders-from", self.orders, "--orders", orders,
                      "--lines-from", self.lines, "--lines", lines, *more, env=self.env)
        self.orders, self.lines = self.orders + orders, self.lines + lines
        out["to_come"] = orders * RECORDS_PER_ORDER + lines * RECORDS_PER_LINE + out["too_much"]
        return out


def projected(stack):
    """Records in reporting so far."""
    return int(stack.sql("reporting", "SELECT coalesce(sum(ledger_seq), 0) FROM ledger_counter")[0][0])


def wait_for(stack, records, every_s=0.1):
    """[(monotonic time, records projected)] until there are so many."""
    curve, last = [], time.monotonic()
    while not curve or curve[-1][1] < records:
        now, n = time.monotonic(), projected(stack)
        if curve and n > curve[-1][1]:
            last = now
        curve.append((now, n))
        if now - last > STALL_S:
            raise Failed(f"reporting stands at {n} of {records} records")
        time.sleep(every_s)
    return curve


def middle(curve, events):
    """Events per second between a fifth and four fifths of the records."""
    first, last = curve[0][1], curve[-1][1]
    inside = [(t, n) for t, n in curve if 0.2 <= (n - first) / (last - first) <= 0.8]
    if len(inside) < 2 or inside[-1][0] == inside[0][0]:
        return None
    return events * (inside[-1][1] - inside[0][1]) / (last - first) / (inside[-1][0] - inside[0][0])


def backends(postmaster):
    """{"postgres for cash": CPU seconds} of the services' sessions, known by the role in their title."""
    seconds = {}
    for pid in children(postmaster):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as f:
            role = re.search(r"openitem_([a-z]+) ", f.read())
            if role and role[1] in SERVICES:
                seconds["postgres for " + role[1]] = seconds.get("postgres for " + role[1], 0.0) + cpu_of(pid)
    return seconds


def run(bench, stack, company, orders, lines):
    """One burst: business events per second from the first record published until the last is visible, and CPU microseconds per event."""
    before, backends_before = projected(stack), backends(stack.pid("postgres"))
    with bench.meter(stack) as meter:
        out = company.publish(orders, lines)
        curve = [(out["begun_s"], before)] + wait_for(stack, before + out["to_come"])
    events, seconds = orders + lines, curve[-1][0] - out["begun_s"]
    more = {name: s - backends_before.get(name, 0.0) for name, s in backends(stack.pid("postgres")).items()}
    meter.cpu["postgres, the rest"] = meter.cpu.pop("postgres") - sum(more.values())
    return {"per_s": events / seconds, "middle_per_s": middle(curve, events), "seconds": seconds,
            "cpu": meter.per_event(events, generator=out["cpu_s"], **more)}
