"""The whole business as fast as the services take it, and no faster: orders, their fulfilment and the bank lines that pay them. Each event is a template with
its numbers written over, so that one core makes tens of thousands a second; what is on its way is bounded, so that no queue grows."""
import os
import random
import sys
import threading
import time

from harness import ROOT, SERVICES, Failed

sys.path.insert(0, os.path.join(ROOT, "tests", "kill"))

import chaos_load as load  # noqa: E402
from chaos_world import Sql, World  # noqa: E402

ACCOUNTS = 1000
CHUNK = 100  # orders at a time
BEHIND_MAX = 1500  # records between a service and the ends of what it reads
PAID_AFTER = 1500  # orders: more than can be on their way, so cash knows the invoice when its money comes
# (service, what it reads): the ends of ar.* are the outcomes of who writes them; ar.transfer is a copy of a part of ar.cash.
READS = {"billing": ("intake",), "cash": ("intake", "billing"), "collections": ("intake", "billing", "cash"), "reporting": ("intake", "billing", "cash", "collections")}
DIGITS = 9


def position_query():
    ends = " UNION ALL ".join(f"SELECT '{s}', '', sum(seq) FROM {s}.lane" for s in SERVICES)
    return ends + " UNION ALL " + " UNION ALL ".join(f"SELECT '{s}', topic, sum(next_offset) FROM {s}.position GROUP BY topic" for s in SERVICES)


class Load(threading.Thread):
    def __init__(self, stack):
        super().__init__(daemon=True)
        self.world = World(stack)
        self.out = load.Out(self.world, "full", "murmur2_random", random.Random(1))
        self.sql, self.others_sql = (Sql(self.world.stack.superuser(), stack.env) for _ in range(2))  # of this thread, of whoever measures
        self.query = position_query()
        self.orders = self.published = 0
        self.ended = False
        self.problem = None
        self.behind_worst = 0
        self.prepare()

    def template(self, topic, data):
        """Bytes in which every NUMBER is DIGITS nines."""
        return load.wire_encode(self.world.classes[topic], data)

    def prepare(self):
        day, number = self.world.day.isoformat(), "9" * DIGITS
        for f in load.reference_facts(("P1",)):
            self.out.event("ar.reference.v1", f, next(iter(f.values())).get("entity", "ref"))
        for i in range(ACCOUNTS):
            account = f"F-{i:06d}"
            self.out.event("crm.customer.v1", {"customerRecorded": {"account": account, "effectiveFrom": "2026-01-01", "legalName": {"clear": f"{account} Werke"}, "termsCode": "N30"}}, account)
        self.out.flush(60)
        self.world.stack.tool("settle")
        self.world.stack.tool("tick", "--open", day)
        self.base = self.behind_raw(self.sql)
        self.booked = self.template("crm.sales-order.v1", {"orderBooked": {"order": {
            "account": "F-999999", "orderId": f"SO-{number}", "orderVersion": 1, "entity": "DE01", "currencyCode": "EUR", "orderDate": day, "customerPo": f"PO-{number}",
            "lines": [{"lineNo": 1, "item": "Pump", "quantityE6": "2000000", "unitPriceE6": "50000000",
                       "taxes": [{"code": "VAT", "category": "TAX_CATEGORY_STANDARD", "ratePpm": 190000}]}]}}})
        self.fulfilled = self.template("crm.sales-order.v1", {"orderFulfilled": {"account": "F-999999", "orderId": f"SO-{number}", "orderVersion": 2, "supplyDate": day}})
        self.line = self.template("bank.payment.v1", {"lineBooked": {
            "bankAccount": "DE01-P1", "lineId": f"L-{number}", "statementId": f"S-{day}", "entity": "DE01", "kind": "LINE_KIND_PAYMENT", "amount": load.money("EUR", 11900),
            "bookingDate": day, "valueDate": day, "remittanceText": {"clear": f"order SO-{number}, thank you"}}})

    def behind_raw(self, sql):
        """{service: records it has not passed yet}; differences to the beginning count, because copies and reference facts are not told apart."""
        ends, passed = {}, dict.fromkeys(SERVICES, 0)
        for service, topic, n in sql(self.query):
            if topic == "":
                ends[service] = int(n or 0)
            elif topic != "ar.transfer.v1":
                passed[service] += int(n or 0)
        behind = {s: sum(ends[w] for w in writers) - passed[s] for s, writers in READS.items()}
        return {**behind, "intake": -passed["intake"]}

    def behind(self, sql=None):
        """{service: records}; for whoever measures, or with the connection of the thread that publishes"""
        raw = self.behind_raw(sql or self.others_sql)
        return {s: raw[s] - self.base[s] + (self.published if s == "intake" else 0) for s in SERVICES}

    def passed(self):
        """{service: records passed so far}"""
        return {s: int(n or 0) for s, _, n in self.others_sql(" UNION ALL ".join(f"SELECT '{s}', '', sum(next_offset) FROM {s}.position" for s in SERVICES))}

    def in_full(self, seconds):
        """Waits until bank lines are among what is published."""
        deadline = time.monotonic() + seconds
        while self.orders < PAID_AFTER + 2 * CHUNK and self.problem is None:
            if time.monotonic() > deadline:
                raise Failed(f"load: {self.orders} orders in {seconds} s")
            time.sleep(0.1)

    def publish(self, topic, kind, key, value, id):
        self.out.producer.produce(topic, key=key, value=value, headers=[("ce_specversion", b"1.0"), ("ce_id", id), ("ce_source", b"/bench/load"), ("ce_type", kind),
                                                                       ("content-type", b"application/protobuf")])
        self.published += 1

    def one_order(self, n):
        number, account = f"{n:0{DIGITS}d}".encode(), f"F-{n % ACCOUNTS:06d}".encode()
        nines = b"9" * DIGITS
        self.publish("crm.sales-order.v1", b"openitem.crm.order_booked.v1", account, self.booked.replace(nines, number).replace(b"F-999999", account), b"B" + number)
        self.publish("crm.sales-order.v1", b"openitem.crm.order_fulfilled.v1", account, self.fulfilled.replace(nines, number).replace(b"F-999999", account), b"F" + number)
        if n >= PAID_AFTER:
            paid = f"{n - PAID_AFTER:0{DIGITS}d}".encode()
            self.publish("bank.payment.v1", b"openitem.bank.line_booked.v1", b"DE01-P1", self.line.replace(nines, paid), b"L" + paid)

    def run(self):
        try:
            while not self.ended:
                for _ in range(CHUNK):
                    self.one_order(self.orders)
                    self.orders += 1
                self.out.flush(30)
                worst = max(self.behind(self.sql).values())
                self.behind_worst = max(self.behind_worst, worst)
                while worst > BEHIND_MAX and not self.ended:
                    time.sleep(0.02)
                    worst = max(self.behind(self.sql).values())
        except Exception as e:  # told to whoever waits
            self.problem = e

    def end(self):
        self.ended = True
        self.join()
        if self.problem is not None:
            raise Failed(f"load: {self.problem}")
        self.out.flush(60)
        self.sql.close()
        self.others_sql.close()
