"""Continuous load: producers with customers of their own and partitioners of their own, a clerk who gives commands, a clock that opens
and closes business days. Whatever they meant is not remembered: what stands in the topics is what happened, and the checker reads that."""
import collections
import datetime as dt
import random
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition

import checker_wire as wire

PARTITIONERS = ("murmur2_random", "consistent_random", None)  # JVM, librdkafka's own, none: each record anywhere
ENTITIES = {"DE01": ("EUR", "DE", 1), "US01": ("USD", "US", 4)}
TERMS = {"N14": ("TERMS_KIND_NET", 14), "N30": ("TERMS_KIND_NET", 30), "EOM10": ("TERMS_KIND_END_OF_MONTH_NET", 10), "N30E": ("TERMS_KIND_NET_END_OF_MONTH", 30)}
TAXES = [("VAT", "TAX_CATEGORY_STANDARD", 190000), ("CGST", "TAX_CATEGORY_STANDARD", 90000), ("SGST", "TAX_CATEGORY_STANDARD", 90000),
         ("ZERO", "TAX_CATEGORY_ZERO", 0)]
POISON_ONE_IN = 1000
POISON_KINDS = 7


def next_business_day(day):
    day += dt.timedelta(days=1)
    while day.weekday() > 4:
        day += dt.timedelta(days=1)
    return day


def money(currency, minor):
    return {"currencyCode": currency, "minor": str(minor)}


def member(data):
    name = next(k for k, v in data.items() if isinstance(v, dict))
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def reference_facts(producers):
    for e, (currency, prefix, month) in ENTITIES.items():
        yield {"entityRecorded": {"entity": e, "name": f"Company {e}", "functionalCurrency": currency, "fiscalYearStartMonth": month, "numberPrefix": prefix}}
        for p in producers:
            yield {"bankAccountRecorded": {"bankAccount": f"{e}-{p}", "entity": e, "currencyCode": currency}}
    for code, (kind, days) in TERMS.items():
        yield {"termsRecorded": {"termsCode": code, "version": 1, "effectiveFrom": "2000-01-01", "kind": kind, "days": days}}
    yield {"ladderRecorded": {"version": 1, "effectiveFrom": "2000-01-01", "daysBetween": 7,
                              "levels": [{"level": 1, "daysPastDue": 3}, {"level": 2, "daysPastDue": 10}, {"level": 3, "daysPastDue": 20}]}}
    yield {"cashRulesRecorded": {"version": 1, "effectiveFrom": "2000-01-01",
                                 "rules": ["CASH_RULE_REFERENCE", "CASH_RULE_EXACT_AMOUNT", "CASH_RULE_ALL_DUE", "CASH_RULE_OLDEST_FIRST"]}}


class Out:
    """One producer's way to Kafka: its partitioner, its duplicates, and the poison that falls into everybody's topics."""
    count = 0  # of all
    lock = threading.Lock()

    def __init__(self, world, name, partitioner, rng):
        conf = {"bootstrap.servers": world.brokers, "linger.ms": 5, "acks": "all", "message.timeout.ms": 300000, "log_level": 0,
                "queue.buffering.max.messages": 200000, "enable.idempotence": True, "topic.metadata.refresh.interval.ms": 10000}
        if partitioner:
            conf["partitioner"] = partitioner
        self.world, self.name, self.rng, self.partitions = world, name, rng, None if partitioner else 6
        self.producer = Producer(conf)
        self.n, self.recent, self.poisoned = 0, collections.deque(maxlen=2000), 0

    def raw(self, topic, key, value, headers):
        partition = self.rng.randrange(self.partitions) if self.partitions else -1
        while True:
            try:
                self.producer.produce(topic, value=value, key=key, headers=headers, partition=partition)
                self.producer.poll(0)
                break
            except BufferError:  # Kafka is away for long: wait as a CRM would
                if self.world.stopping:
                    return
                self.producer.poll(0.2)
        with Out.lock:
            Out.count += 1
            poison = Out.count % POISON_ONE_IN == 0
        if poison:
            self.poison()

    def event(self, topic, data, key, id=None):
        self.n += 1
        kind = member(data)
        id = id or f"{self.name}-{self.n}"
        value = wire_encode(self.world.classes[topic], data)
        headers = [("ce_specversion", b"1.0"), ("ce_id", id.encode()), ("ce_source", f"/chaos/{self.name}".encode()),
                   ("ce_type", f"openitem.{wire.CONTEXTS[topic]}.{kind}.v1".encode()), ("content-type", b"application/protobuf")]
        record = (topic, key.encode(), value, headers)
        self.raw(*record)
        self.recent.append(record)
        self.world.remember(record)
        if self.rng.random() < 0.02:
            self.raw(*self.rng.choice(self.recent))

    def poison(self):
        """What cannot be an event, or contradicts one."""
        if self.recent:
            self.poison_kind(self.rng.randrange(POISON_KINDS))

    def poison_all(self):
        for kind in range(POISON_KINDS):
            self.poison_kind(kind)

    def poison_kind(self, kind):
        topic, key, value, headers = self.rng.choice(self.recent)
        self.poisoned += 1
        fresh = [h for h in headers if h[0] != "ce_id"] + [("ce_id", f"{self.name}-bad-{self.n}-{self.poisoned}".encode())]
        if kind == 0:
            self.raw(topic, key, self.rng.randbytes(self.rng.randrange(1, 200)), fresh)
        elif kind == 1:
            self.raw(topic, key, value[:len(value) // 2], fresh)
        elif kind == 2:
            self.raw(topic, key, value, [h for h in headers if h[0] != "ce_id"])
        elif kind == 3:
            self.raw(topic, key, value, [h for h in fresh if h[0] != "ce_type"] + [("ce_type", b"openitem.crm.never_heard_of.v1")])
        elif kind == 4:
            self.raw(topic, b"somebody-else", value, fresh)
        elif kind == 5:
            self.raw(topic, key, None, fresh)
        else:
            other = next((r for r in self.recent if r[0] == topic and r[1] == key and r[2] != value and r[3][3] == headers[3]), None)
            if other:  # an id that another content had
                self.raw(topic, key, other[2], headers)

    def flush(self, seconds):
        return self.producer.flush(seconds)


def wire_encode(cls, data):
    from google.protobuf import json_format
    return json_format.ParseDict(data, cls()).SerializeToString()


class Company(threading.Thread):
    """A producer: a CRM, a bank feed and a clerk's inbox for customers nobody else has."""

    def __init__(self, world, name, partitioner, rate, seed):
        super().__init__(name=name, daemon=True)
        self.world, self.rate, self.rng = world, rate, random.Random(f"{seed}/{name}")
        self.out = Out(world, name, partitioner, self.rng)
        self.accounts, self.open, self.done, self.paid = [], [], [], collections.deque(maxlen=300)
        self.unpaid = collections.deque(maxlen=600)  # invoices as billing published them
        self.lines, self.statements = 0, {}
        self.paused = threading.Event()

    def day(self, back=0):
        return str(self.world.day - dt.timedelta(days=back))

    # ---- CRM

    def customer(self, again=None):
        n = len(self.accounts)
        a = again or {"id": f"{self.name}-{n:04d}", "iban": f"XX{self.name}{n:08d}", "terms": self.rng.choice(list(TERMS)), "entity": self.rng.choice(list(ENTITIES)),
                      "oldest": self.rng.random() < 0.2, "named": 0}
        a["named"] += 1
        if not again:
            self.accounts.append(a)
        data = {"account": a["id"], "effectiveFrom": "2026-01-01", "legalName": {"clear": f"{a['id']} Werke {a['named']}"}, "termsCode": a["terms"],
                "payerReferences": [{"kind": "PAYER_REFERENCE_KIND_BANK_ACCOUNT", "value": {"clear": a["iban"]}}]}
        if a["oldest"]:
            data["applyOldestFirst"] = True
        self.out.event("crm.customer.v1", {"customerRecorded": data}, a["id"])

    def order_data(self, o):
        lines = [{"lineNo": i + 1, "item": f"I{i}", "quantityE6": str(q), "unitPriceE6": str(p),
                  "taxes": [{"code": c, "category": k, "ratePpm": r} for c, k, r in t]} | ({"deferredRevenue": True} if d else {})
                 for i, (q, p, t, d) in enumerate(o["lines"])]
        data = {"account": o["account"], "orderId": o["id"], "orderVersion": o["version"], "entity": o["entity"], "currencyCode": ENTITIES[o["entity"]][0],
                "orderDate": o["date"], "customerPo": o["po"], "externalReference": o["ext"], "lines": lines}
        if o["terms"]:
            data["termsCode"] = o["terms"]
        return data

    def new_lines(self):
        return [(self.rng.choice([1, 2, 5, 10, 40]) * 1000000 + self.rng.choice([0, 0, 345000]), self.rng.randrange(10000, 90000000),
                 self.rng.sample(TAXES, self.rng.choice([0, 1, 1, 2])), self.rng.random() < 0.1) for _ in range(self.rng.randrange(1, 5))]

    def book(self):
        a = self.rng.choice(self.accounts)
        n = self.out.n
        o = {"id": f"SO-{self.name}-{n}", "account": a["id"], "version": 1, "entity": a["entity"], "date": self.day(self.rng.randrange(3)), "lines": self.new_lines(),
             "po": f"PO{self.name}{n}", "ext": f"EXT{self.name}{n}" if self.rng.random() < 0.5 else "", "terms": self.rng.choice(["", "", "N14", "EOM10"]), "left": {}}
        o["left"] = {i + 1: line[0] for i, line in enumerate(o["lines"])}
        self.out.event("crm.sales-order.v1", {"orderBooked": {"order": self.order_data(o)}}, o["account"])
        self.open.append(o)

    def amend(self, o):
        if len(o["left"]) < len(o["lines"]) or any(o["left"][i + 1] != line[0] for i, line in enumerate(o["lines"])):
            return self.fulfil(o)  # delivered in part: not amended here
        o["version"] += 1
        o["lines"] = self.new_lines()
        o["left"] = {i + 1: line[0] for i, line in enumerate(o["lines"])}
        self.out.event("crm.sales-order.v1", {"orderAmended": {"order": self.order_data(o)}}, o["account"])

    def fulfil(self, o):
        o["version"] += 1
        data = {"account": o["account"], "orderId": o["id"], "orderVersion": o["version"], "supplyDate": self.day()}
        if len(o["left"]) > 1 and self.rng.random() < 0.3:
            line = self.rng.choice(list(o["left"]))
            data["lines"] = [{"lineNo": line, "quantityE6": str(o["left"].pop(line))}]
        else:
            o["left"] = {}
        self.out.event("crm.sales-order.v1", {"orderFulfilled": data}, o["account"])
        if not o["left"]:
            self.open.remove(o)
            self.done.append(o)

    def cancel(self, o):
        o["version"] += 1
        self.out.event("crm.sales-order.v1", {"orderCancelled": {"account": o["account"], "orderId": o["id"], "orderVersion": o["version"], "reason": "quality"}}, o["account"])
        (self.open if o in self.open else self.done).remove(o)

    def wrong(self):
        """Business that is refused: an order again, lines that are not there, versions that never come."""
        a = self.rng.choice(self.accounts)
        o = self.rng.choice(self.open or self.done or [None])
        kind = self.rng.randrange(3)
        if o is None or kind == 0:
            self.out.event("crm.sales-order.v1", {"orderFulfilled": {"account": a["id"], "orderId": f"NEVER-{self.out.n}", "orderVersion": 2, "supplyDate": self.day()}}, a["id"])
        elif kind == 1 and o in self.open:
            o["version"] += 1
            self.out.event("crm.sales-order.v1", {"orderFulfilled": {"account": o["account"], "orderId": o["id"], "orderVersion": o["version"], "supplyDate": self.day(),
                                                                     "lines": [{"lineNo": 99, "quantityE6": "1000000"}]}}, o["account"])
        else:
            self.out.event("crm.sales-order.v1", {"orderBooked": {"order": self.order_data(dict(o, version=1))}}, o["account"])

    def take_on(self):
        a, n = self.rng.choice(self.accounts), self.out.n
        currency = ENTITIES[a["entity"]][0]
        amount = self.rng.randrange(1000, 500000)
        kind = self.rng.choice(["OPENING_KIND_INVOICE", "OPENING_KIND_INVOICE", "OPENING_KIND_CREDIT_MEMO", "OPENING_KIND_UNAPPLIED_RECEIPT"])
        data = {"account": a["id"], "entity": a["entity"], "kind": kind, "externalNumber": f"OLD{self.name}{n}", "documentDate": "2025-12-01", "dueDate": "2025-12-31", "accountingDate": "2026-01-01",
                "original": money(currency, amount), "open": money(currency, amount if kind.endswith("RECEIPT") else self.rng.randrange(1, amount + 1))}
        self.out.event("crm.sales-order.v1", {"openingItem": data}, a["id"])

    # ---- bank

    def bank_line(self, entity, minor, text="", iban="", kind="LINE_KIND_PAYMENT"):
        bank, currency = f"{entity}-{self.name}", ENTITIES[entity][0]
        self.lines += 1
        line = f"L-{self.name}-{self.lines}"
        data = {"bankAccount": bank, "lineId": line, "statementId": f"{bank}-{self.day()}", "entity": entity, "kind": kind, "amount": money(currency, minor),
                "bookingDate": self.day(), "valueDate": self.day()}
        if text:
            data["remittanceText"] = {"clear": text}
        if iban:
            data["payerBankAccount"] = {"clear": iban}
        self.count_on_statement(entity, minor)
        self.out.event("bank.payment.v1", {"lineBooked": data}, bank)
        if kind == "LINE_KIND_PAYMENT":
            self.paid.append((line, entity, minor))

    def count_on_statement(self, entity, minor):
        key = (entity, self.day())
        self.statements[key] = self.statements.get(key, 0) + minor

    def pay(self):
        if not self.unpaid:
            return self.book()
        i = self.unpaid.popleft()
        n = int(i["account"].rsplit("-", 1)[1])
        iban = self.accounts[n]["iban"]
        r = self.rng.random()
        minor, text = i["gross"], f"Re {i['number']} vom {i['date']}"
        if r < 0.1:
            text = f"order {i['order']}"
        elif r < 0.2:
            text = i["po"]
        elif r < 0.3:
            minor = max(1, minor - self.rng.randrange(1, minor + 1))
        elif r < 0.38:
            minor += self.rng.randrange(1, 10000)
        elif r < 0.48:
            text = ""
        elif r < 0.53:
            text, iban = "thanks", ""
        elif r < 0.56:
            iban = self.rng.choice(self.accounts)["iban"]
        elif r < 0.6:
            self.unpaid.append(i)  # and pays it once more some day
        if self.rng.random() < 0.2:
            iban = ""
        self.bank_line(i["entity"], minor, text, iban)

    def send_back(self):
        if not self.paid:
            return
        line, entity, minor = self.rng.choice(self.paid)
        currency = ENTITIES[entity][0]
        self.lines += 1
        r = self.rng.random()
        data = {"bankAccount": f"{entity}-{self.name}", "lineId": f"L-{self.name}-{self.lines}", "statementId": f"{entity}-{self.name}-{self.day()}", "entity": entity,
                "returnedLineId": line if r > 0.1 else f"L-{self.name}-never", "amount": money(currency, minor if r > 0.2 else minor + 1), "bookingDate": self.day(), "reason": "NSF"}
        if self.rng.random() < 0.3:
            data["fee"] = money(currency, 350)
        self.count_on_statement(entity, -int(data["amount"]["minor"]) - int(data.get("fee", {"minor": 0})["minor"]))
        self.out.event("bank.payment.v1", {"lineReturned": data}, data["bankAccount"])

    def close_statements(self):
        for (entity, day), total in sorted(self.statements.items()):
            if day < self.day(2):
                del self.statements[(entity, day)]
                currency, bank = ENTITIES[entity][0], f"{entity}-{self.name}"
                self.out.event("bank.payment.v1", {"statementClosed": {"bankAccount": bank, "statementId": f"{bank}-{day}", "entity": entity, "opening": money(currency, 100000),
                                                                       "closing": money(currency, 100000 + total), "bookingDate": day}}, bank)

    def block(self):
        a = self.rng.choice(self.accounts)
        block = f"B-{self.name}-{self.rng.randrange(50)}"
        what = {"liftBlock": {"blockId": block}} if self.rng.random() < 0.4 else {"setBlock": {"blockId": block, "reason": "BLOCK_REASON_DISPUTE"}}
        self.out.event("ar.command.v1", {"account": a["id"], "issuedBy": self.name} | what, a["id"])

    def step(self):
        if len(self.accounts) < 12:
            return self.customer()
        r = self.rng.random()
        if r < 0.30:
            self.book()
        elif r < 0.34 and self.open:
            self.amend(self.rng.choice(self.open))
        elif r < 0.62 and self.open:
            self.fulfil(self.rng.choice(self.open))
        elif r < 0.65 and (self.open or self.done):
            self.cancel(self.rng.choice(self.open + self.done[-20:]))
        elif r < 0.89:
            self.pay()
        elif r < 0.91:
            self.send_back()
        elif r < 0.92:
            self.bank_line(self.rng.choice(list(ENTITIES)), -250, kind="LINE_KIND_FEE")
        elif r < 0.94:
            self.take_on()
        elif r < 0.96:
            self.block()
        elif r < 0.97:
            self.wrong()
        elif r < 0.98:
            self.close_statements()
        elif len(self.accounts) < 80 and self.rng.random() < 0.5:
            self.customer()
        else:
            self.customer(self.rng.choice(self.accounts))

    def run(self):
        due = time.monotonic()
        while not self.world.stopping:
            if self.paused.is_set():
                time.sleep(0.05)
                due = time.monotonic()
                continue
            self.step()
            due += self.rng.expovariate(self.rate)
            if due > time.monotonic():
                time.sleep(max(0, due - time.monotonic()))
            elif due < time.monotonic() - 2:
                due = time.monotonic()  # what was missed is not made up for


class Reader(threading.Thread):
    """Invoices as customers receive them: from billing's stream to the producer whose customer it is."""

    def __init__(self, world):
        super().__init__(name="reader", daemon=True)
        self.world = world

    def run(self):
        conf = {"bootstrap.servers": self.world.brokers, "group.id": "chaos-reader", "enable.auto.commit": False, "auto.offset.reset": "earliest", "log_level": 0}
        consumer, cls = Consumer(conf), self.world.classes["ar.billing.v1"]
        consumer.assign([TopicPartition("ar.billing.v1", p, 0) for p in range(self.world.lanes)])
        seen = set()
        while not self.world.stopping:
            m = consumer.poll(0.2)
            if m is None or m.error():
                continue
            e = cls.FromString(m.value())
            company = self.world.companies.get(e.account.split("-")[0])
            if e.WhichOneof("event") != "invoice_issued" or company is None or e.provenance.event_id in seen:
                continue
            seen.add(e.provenance.event_id)
            d = e.invoice_issued
            if d.gross_minor > 0:
                company.unpaid.append({"account": e.account, "number": d.number, "order": d.order_id, "po": d.customer_po, "gross": d.gross_minor, "entity": d.entity,
                                       "date": d.issue_date})
        consumer.close()


UNIDENTIFIED = """SELECT l.account, l.line_id, i.version FROM cash.line l
	JOIN cash.item i ON (i.lane, i.account, i.document_id, i.sequence) = (l.lane, l.account, l.document_id, 1)
	WHERE l.waiting AND l.left_reason <> '' ORDER BY random() LIMIT 3"""
UNAPPLIED = """SELECT r.account, r.document_id, r.version, d.document_id, d.sequence FROM cash.item r
	LEFT JOIN cash.item d ON d.lane = r.lane AND d.account = r.account AND d.entity = r.entity AND d.currency = r.currency AND d.open_minor > 0
	WHERE r.kind = 4 AND r.open_minor < 0 ORDER BY random() LIMIT 3"""
APPLIED = """SELECT r.account, r.document_id, r.version FROM cash.application a
	JOIN cash.item r ON (r.lane, r.account, r.document_id, r.sequence) = (a.lane, a.account, a.credit_document_id, a.credit_sequence)
	WHERE a.in_force ORDER BY random() LIMIT 1"""


class Clerk(threading.Thread):
    """Commands to cash, with the versions a screen would show: some of them outdated when they arrive, and refused."""

    def __init__(self, world, seed):
        super().__init__(name="clerk", daemon=True)
        self.world, self.rng, self.n = world, random.Random(f"{seed}/clerk"), 0
        self.out = Out(world, "clerk", "murmur2_random", self.rng)

    def send(self, account, what):
        self.out.event("ar.command.v1", {"account": account, "issuedBy": "clerk"} | what, account)

    def look(self, sql):
        for account, line, version in sql(UNIDENTIFIED):
            company = self.world.companies.get(account.rsplit("-", 1)[1])
            if company and company.accounts:
                payer = self.rng.choice(company.accounts)["id"] if self.rng.random() > 0.05 else "P9-nobody"
                self.send(account, {"assignPayer": {"lineId": line, "payerAccount": payer, "expectedVersion": int(version) + (self.rng.random() < 0.1)}})
        for account, receipt, version, debit, sequence in sql(UNAPPLIED):
            if debit and self.rng.random() < 0.7:
                self.send(account, {"apply": {"credit": {"documentId": receipt, "sequence": 1}, "expectedVersion": int(version),
                                              "targets": [{"item": {"documentId": debit, "sequence": int(sequence)}}]}})
            else:
                self.send(account, {"sendBack": {"documentId": receipt, "expectedVersion": int(version)}})
        for account, receipt, version in sql(APPLIED):
            self.send(account, {"unapply": {"credit": {"documentId": receipt, "sequence": 1}, "expectedVersion": int(version)}})

    def run(self):
        while not self.world.stopping:
            time.sleep(1)
            try:
                self.look(self.world.clerk_sql)
            except ConnectionError:
                pass  # PostgreSQL is away; the screen stays empty


class Clock(threading.Thread):
    """Business days by `openitem tick`: what cannot be closed now is tried again."""

    def __init__(self, world, seconds):
        super().__init__(name="clock", daemon=True)
        self.world, self.seconds, self.closed, self.refused, self.said = world, seconds, 0, 0, []

    def run(self):
        while not self.world.stopping:
            time.sleep(self.seconds)
            if self.world.stopping:
                return
            p = self.world.stack.run("tick", "--close", str(self.world.day), "--timeout", "100")
            if p.returncode != 0:
                self.refused += 1
                self.said.append(p.stderr.strip()[-300:])
                continue
            self.closed += 1
            self.world.next_day()
            while not self.world.stopping and self.world.stack.run("tick", "--open", str(self.world.day)).returncode != 0:
                time.sleep(0.5)
