"""Events as strangers send them: protobuf from the descriptors (not from our codecs), CloudEvents headers, a producer, and readers."""
import glob
import os

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from stack import BUILD, Failed

MESSAGES = {
    "crm.customer.v1": "ar.crm.v1.CustomerEvent",
    "crm.sales-order.v1": "ar.crm.v1.SalesOrderEvent",
    "bank.payment.v1": "ar.bank.v1.PaymentEvent",
    "ar.command.v1": "ar.command.v1.CommandEvent",
    "ar.reference.v1": "ar.reference.v1.ReferenceEvent",
    "ar.intake.v1": "ar.intake.v1.IntakeEvent",
    "ar.billing.v1": "ar.billing.v1.BillingEvent",
    "ar.cash.v1": "ar.cash.v1.CashEvent",
}
CONTEXTS = {"crm.customer.v1": "crm", "crm.sales-order.v1": "crm", "bank.payment.v1": "bank", "ar.command.v1": "command",
            "ar.reference.v1": "reference"}


def load_classes():
    found = glob.glob(os.path.join(BUILD, "gen", "*.protoset"))
    if not found:
        raise Failed(f"no descriptors in {BUILD}/gen")
    files = descriptor_pb2.FileDescriptorSet()
    with open(found[0], "rb") as f:
        files.ParseFromString(f.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {topic: factory.GetPrototype(pool.FindMessageTypeByName(name)) for topic, name in MESSAGES.items()}


def member(data):
    """order_booked of {"orderBooked": {...}}: the name of the event."""
    name = next(iter(k for k, v in data.items() if isinstance(v, dict)))
    return "".join("_" + c.lower() if c.isupper() else c for c in name)


def cloud_event(topic, id, data, day, source="/test"):
    """One line of what `openitem publish` and `play` read."""
    return {"specversion": "1.0", "id": id, "source": source, "type": f"openitem.{CONTEXTS[topic]}.{member(data)}.v1",
            "time": f"{day}T00:00:00Z", "datacontenttype": "application/json", "data": data}


class Kafka:
    def __init__(self, stack):
        self.brokers = stack.setting("OPENITEM_KAFKA_BROKERS")
        self.classes = load_classes()
        self.producer = Producer({"bootstrap.servers": self.brokers, "partitioner": "murmur2_random", "linger.ms": 0,
                                  "message.max.bytes": 4000000, "compression.type": "lz4", "acks": "all",
                                  "log_level": 0})

    def encode(self, topic, data):
        return json_format.ParseDict(data, self.classes[topic]()).SerializeToString()

    def decode(self, topic, value):
        return json_format.MessageToDict(self.classes[topic].FromString(value))

    @staticmethod
    def headers(topic, id, event, source="/test"):
        return [("ce_specversion", b"1.0"), ("ce_id", id.encode()), ("ce_source", source.encode()),
                ("ce_type", f"openitem.{CONTEXTS[topic]}.{event}.v1".encode()), ("content-type", b"application/protobuf")]

    def send(self, topic, value, key=None, headers=(), partition=-1):
        """(partition, offset) where it stands now."""
        where = []

        def done(err, msg):
            where.append(KafkaException(err) if err else (msg.partition(), msg.offset()))

        self.producer.produce(topic, value=value, key=key, headers=list(headers), partition=partition, on_delivery=done)
        self.producer.flush(30)
        if not where or isinstance(where[0], Exception):
            raise Failed(f"{topic}: not delivered: {where}")
        return where[0]

    def send_event(self, topic, id, data, key=None, source="/test", partition=-1):
        return self.send(topic, self.encode(topic, data), key=key, headers=self.headers(topic, id, member(data), source),
                         partition=partition)

    def partitions(self, topic):
        return len(self.producer.list_topics(topic, 10).topics[topic].partitions)

    def read(self, topic):
        """Every record of the topic, as it is now."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "tests-flow", "enable.auto.commit": False,
                             "fetch.message.max.bytes": 4000000, "enable.partition.eof": False})
        try:
            records, left, assigned = [], 0, []
            for p in range(self.partitions(topic)):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)
                left += high - low
                assigned.append(TopicPartition(topic, p, low))
            consumer.assign(assigned)
            while left > 0:
                msg = consumer.poll(20)
                if msg is None or msg.error():
                    raise Failed(f"{topic}: {left} records did not come: {msg and msg.error()}")
                records.append(msg)
                left -= 1
            return records
        finally:
            consumer.close()


# ---- a small company --------------------------------------------------------------------------------------------------------

ENTITY, BANK, CURRENCY = "DE01", "DE89370400440532013000", "EUR"


def customer(account, name=None, iban=None, terms="N30", since="2026-01-01"):
    refs = [{"kind": "PAYER_REFERENCE_KIND_BANK_ACCOUNT", "value": {"clear": iban}}] if iban else []
    return {"customerRecorded": {"account": account, "effectiveFrom": since, "legalName": {"clear": name or f"Customer {account} GmbH"},
                                 "termsCode": terms, "payerReferences": refs}}


def order_body(account, order, version, quantity=1, price="100.00", day="2026-01-05", currency=CURRENCY, entity=ENTITY):
    return {"account": account, "orderId": order, "orderVersion": version, "entity": entity, "currencyCode": currency, "orderDate": day,
            "lines": [{"lineNo": 1, "item": "PUMP-40", "quantityE6": str(quantity * 1000000),
                       "unitPriceE6": str(int(float(price) * 1000000))}]}


def booked(*args, **kwargs):
    return {"orderBooked": {"order": order_body(*args, **kwargs)}}


def amended(*args, **kwargs):
    return {"orderAmended": {"order": order_body(*args, **kwargs)}}


def fulfilled(account, order, version, day="2026-01-05"):
    return {"orderFulfilled": {"account": account, "orderId": order, "orderVersion": version, "supplyDate": day}}


def bank_line(line, minor, day="2026-01-06", text="", iban="", currency=CURRENCY, bank=BANK, entity=ENTITY):
    data = {"bankAccount": bank, "lineId": line, "entity": entity, "kind": "LINE_KIND_PAYMENT",
            "amount": {"currencyCode": currency, "minor": str(minor)}, "bookingDate": day}
    if text:
        data["remittanceText"] = {"clear": text}
    if iban:
        data["payerBankAccount"] = {"clear": iban}
    return {"lineBooked": data}


def returned(line, of, minor, day, currency=CURRENCY, bank=BANK, entity=ENTITY, fee=0):
    data = {"bankAccount": bank, "lineId": line, "entity": entity, "returnedLineId": of,
            "amount": {"currencyCode": currency, "minor": str(minor)}, "bookingDate": day, "reason": "NSF"}
    if fee:
        data["fee"] = {"currencyCode": currency, "minor": str(fee)}
    return {"lineReturned": data}


def company(accounts=(), day="2026-01-02"):
    """Entity, bank account, terms, and customers: events for `openitem play`."""
    facts = [
        {"entityRecorded": {"entity": ENTITY, "name": "Muster GmbH", "functionalCurrency": CURRENCY, "fiscalYearStartMonth": 1,
                            "numberPrefix": "DE"}},
        {"bankAccountRecorded": {"bankAccount": BANK, "entity": ENTITY, "currencyCode": CURRENCY}},
        {"termsRecorded": {"termsCode": "N30", "version": 1, "effectiveFrom": "2000-01-01", "kind": "TERMS_KIND_NET", "days": 30}},
    ]
    lines = [cloud_event("ar.reference.v1", f"ref-{n}", f, day) for n, f in enumerate(facts)]
    lines += [cloud_event("crm.customer.v1", f"cust-{a}", customer(a), day) for a in accounts]
    return lines
