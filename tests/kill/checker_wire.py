"""Bytes to messages without any of our C code: the descriptors, a Kafka client, the arithmetic that Kafka's Java client does with keys."""
import glob
import hashlib
import os
import time

from confluent_kafka import Consumer, TopicPartition
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SILENCE_S = 30
MESSAGES = {
    "crm.customer.v1": "ar.crm.v1.CustomerEvent",
    "crm.sales-order.v1": "ar.crm.v1.SalesOrderEvent",
    "bank.payment.v1": "ar.bank.v1.PaymentEvent",
    "ar.command.v1": "ar.command.v1.CommandEvent",
    "ar.reference.v1": "ar.reference.v1.ReferenceEvent",
    "ar.intake.v1": "ar.intake.v1.IntakeEvent",
    "ar.billing.v1": "ar.billing.v1.BillingEvent",
    "ar.cash.v1": "ar.cash.v1.CashEvent",
    "ar.transfer.v1": "ar.cash.v1.CashEvent",
    "ar.collections.v1": "ar.collections.v1.CollectionsEvent",
}
EXTERNAL = ("crm.customer.v1", "crm.sales-order.v1", "bank.payment.v1", "ar.command.v1", "ar.reference.v1")  # in the gate's order of sources
CONTEXTS = {"crm.customer.v1": "crm", "crm.sales-order.v1": "crm", "bank.payment.v1": "bank", "ar.command.v1": "command", "ar.reference.v1": "reference"}
# The inner message of an intake fact, by external topic.
FACTS = {"crm.customer.v1": "customer", "crm.sales-order.v1": "sales_order", "bank.payment.v1": "payment", "ar.command.v1": "command",
         "ar.reference.v1": "reference"}


def load_classes(build):
    found = glob.glob(os.path.join(build, "gen", "*.protoset"))
    if not found:
        raise FileNotFoundError(f"no descriptors in {build}/gen")
    files = descriptor_pb2.FileDescriptorSet()
    with open(found[0], "rb") as f:
        files.ParseFromString(f.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return {topic: factory.GetPrototype(pool.FindMessageTypeByName(name)) for topic, name in MESSAGES.items()}


def canonical(message):
    return message.SerializeToString(deterministic=True)


def sha(data):
    return hashlib.sha256(data).digest()


def murmur2(key):
    """As org.apache.kafka.common.utils.Utils.murmur2."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = (0x9747B28C ^ len(key)) & mask
    whole = len(key) // 4 * 4
    for i in range(0, whole, 4):
        k = int.from_bytes(key[i:i + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    left = key[whole:]
    if left:
        for i, b in enumerate(left):
            h ^= b << (8 * i)
        h = h * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)


def partition_of(key, partitions):
    return (murmur2(key) & 0x7FFFFFFF) % partitions


class Record:
    __slots__ = ("partition", "offset", "key", "value", "headers")

    def __init__(self, partition, offset, key, value, headers):
        self.partition, self.offset, self.key, self.value, self.headers = partition, offset, key, value, headers

    def header(self, name):
        """The last of that name, as the CloudEvents binding wants; None when there is none."""
        found = [v for k, v in self.headers if k == name]
        return found[-1] if found else None

    def copy(self, **changes):
        fields = {s: getattr(self, s) for s in self.__slots__} | changes
        return Record(**fields)


def read_topic(brokers, topic):
    """[partition] -> records from the beginning to where the log ends now."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "tests-checker", "enable.auto.commit": False, "check.crcs": True,
                         "fetch.message.max.bytes": 4000000, "queued.max.messages.kbytes": 65536})
    try:
        n = len(consumer.list_topics(topic, 20).topics[topic].partitions)
        records, ends, assigned = [[] for _ in range(n)], {}, []
        for p in range(n):
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=20)
            if high > low:
                ends[p] = high
                assigned.append(TopicPartition(topic, p, low))
        consumer.assign(assigned)
        deadline = time.monotonic() + SILENCE_S
        while ends:
            batch = consumer.consume(1000, 0.1)  # waits the whole time when there are fewer
            if batch:
                deadline = time.monotonic() + SILENCE_S
            elif time.monotonic() > deadline:
                raise TimeoutError(f"{topic}: {len(ends)} partitions are not read to their end")
            for m in batch:
                if m.error():
                    raise RuntimeError(f"{topic}: {m.error()}")
                p, offset = m.partition(), m.offset()
                if p not in ends or offset >= ends[p]:
                    continue
                records[p].append(Record(p, offset, m.key(), m.value(), m.headers() or []))
                if offset + 1 >= ends[p]:
                    del ends[p]
        return records
    finally:
        consumer.close()
