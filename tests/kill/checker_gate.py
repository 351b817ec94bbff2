"""The gate: what strangers wrote against what was let through, refused, or met before. Written from LEDGER.md, the tags of the .proto comments and
DESIGN section 3; shares nothing with services/intake."""
import collections
import datetime as dt
import glob
import os
import re

from google.protobuf import descriptor_pb2
from google.protobuf.message import DecodeError

import checker_wire as wire

LINE_PAYMENT = 1
GATE_LANES = 1000  # intake's lane = this x index of the source + external partition
MONEY_MAX = 4_000_000_000_000_000


class Tags:
    """What the comments of the .proto files bound: (message, field) -> {tag: argument}."""

    def __init__(self, build):
        files = descriptor_pb2.FileDescriptorSet()
        with open(glob.glob(os.path.join(build, "gen", "*.protoset"))[0], "rb") as f:
            files.ParseFromString(f.read())
        self.of = {}
        for file in files.file:
            comments = {tuple(x.path): x.leading_comments for x in file.source_code_info.location}
            for i, m in enumerate(file.message_type):
                for j, field in enumerate(m.field):
                    self.of[(f"{file.package}.{m.name}", field.name)] = self.parse(comments.get((4, i, 2, j), ""))
                for j, oneof in enumerate(m.oneof_decl):
                    self.of[(f"{file.package}.{m.name}", oneof.name)] = self.parse(comments.get((4, i, 8, j), ""))

    @staticmethod
    def parse(comment):
        return {m[1]: m[2] for m in re.finditer(r"@(\w+)(?:[ ]+(-?\d+(?:\.\.-?\d+)?))?", comment)}

    def problem(self, message):
        """Why this message cannot be an event; None = fine."""
        name = message.DESCRIPTOR.full_name
        if name == "ar.type.v1.Money":
            return None if message.currency_code and abs(message.minor) <= MONEY_MAX else "money"
        for oneof in message.DESCRIPTOR.oneofs:
            if "req" in self.of.get((name, oneof.name), {}) and message.WhichOneof(oneof.name) is None:
                return f"{oneof.name} missing"
        for field in message.DESCRIPTOR.fields:
            why = self.field_problem(message, field, self.of.get((name, field.name), {}))
            if why:
                return f"{field.name}: {why}"
        return None

    def field_problem(self, message, field, tags):
        value = getattr(message, field.name)
        if field.label == field.LABEL_REPEATED:
            if "req" in tags and not value:
                return "empty"
            if len(value) > int(tags.get("max", 64)):
                return "too many"
            return next(filter(None, (self.value_problem(v, field, {}) for v in value)), None)
        if field.message_type is not None:
            if not message.HasField(field.name):
                return "missing" if "req" in tags else None
            if field.message_type.full_name == "ar.type.v1.Money" and not value.currency_code:
                return "missing" if "req" in tags else None
        elif "req" in tags and not value:
            return "missing"
        return self.value_problem(value, field, tags)

    def value_problem(self, value, field, tags):
        if field.message_type is not None:
            if field.message_type.full_name == "ar.type.v1.Personal":
                return "sealed" if value.sealed else "too long" if len(value.clear.encode()) > int(tags.get("max", 64)) else None
            return self.problem(value)
        if field.enum_type is not None:
            return None if value in field.enum_type.values_by_number else "unknown value"
        if isinstance(value, str):
            if len(value.encode()) > int(tags.get("max", 64)) or any(ord(c) < 32 or ord(c) == 127 for c in value):
                return "text"
            if "date" in tags and value:
                try:
                    dt.date.fromisoformat(value)
                except ValueError:
                    return "date"
        if isinstance(value, int) and tags.get("range"):
            low, high = tags["range"].split("..")
            if not int(low) <= value <= int(high):
                return "range"
        return None


def key_of(topic, event):
    """The record key an event wants; None = any."""
    kind = event.WhichOneof("command" if topic == "ar.command.v1" else "event")
    inner = getattr(event, kind)
    if topic == "crm.customer.v1":
        return inner.account
    if topic == "crm.sales-order.v1":
        return inner.order.account if kind in ("order_booked", "order_amended") else inner.account
    if topic == "bank.payment.v1":
        return inner.bank_account
    if topic == "ar.command.v1":
        return event.account
    return "~day" if kind.startswith("day_") else inner.entity if kind in ("entity_recorded", "bank_account_recorded", "period_recorded") else None


def account_of(topic, event):
    """Whom it concerns; '' = everybody."""
    if topic == "ar.reference.v1":
        return ""
    key = key_of(topic, event)
    return "~" + key if topic == "bank.payment.v1" else key


class Judge:
    """Our own verdict on a record of a stranger."""

    def __init__(self, classes, tags):
        self.classes, self.tags = classes, tags

    def business(self, topic, event):
        if topic == "bank.payment.v1":
            kind = event.WhichOneof("event")
            if kind == "line_booked" and event.line_booked.kind == LINE_PAYMENT and event.line_booked.amount.minor <= 0:
                return "amount"
            if kind == "line_returned" and event.line_returned.amount.minor <= 0:
                return "amount"
        return None

    def __call__(self, topic, record):
        """(identity or None, message or None, why it cannot be an event or None)"""
        if record.value is None:
            return None, None, "tombstone"
        names = [record.header(h) for h in ("ce_id", "ce_source", "ce_type")]
        if not all(names):
            return None, None, "header missing"
        id, source, type = (n.decode("utf-8", "replace") for n in names)
        try:
            event = self.classes[topic].FromString(record.value)
        except DecodeError:
            return (source, id), None, "undecodable"
        kind = event.WhichOneof("command" if topic == "ar.command.v1" else "event")
        if kind is None or not type.endswith(f".{kind}.v1"):
            return (source, id), None, "type"
        why = self.tags.problem(event) or self.business(topic, event)
        if why is None and record.key is not None:
            wanted = key_of(topic, event)
            if wanted is not None and record.key.decode("utf-8", "replace") != wanted:
                why = "key"
        return (source, id), event, why


class Gate:
    """Reads the external topics, ar.intake.v1 and the dead letters. Leaves `inputs`: (lane, offset) -> Fact, for the services behind."""

    def __init__(self, source, find):
        self.source, self.find = source, find
        self.judge = Judge(source.classes, Tags(source.build))
        self.strangers = {}  # (topic, partition, offset) -> (identity, SHA-256 of the event, why not)
        self.accepted = collections.defaultdict(set)  # identity -> {places}
        self.inputs = {}
        self.content = {}  # identity -> payload hash as the gate computed it
        self.links, self.all_links = {}, {}  # (lane of the gate, seq) -> (hash, prev_hash); -> hash

    def run(self):
        for topic in wire.EXTERNAL:
            for records in self.source.records(topic):
                for r in records:
                    identity, event, why = self.judge(topic, r)
                    digest = wire.sha(wire.canonical(event)) if event is not None else None
                    self.strangers[(topic, r.partition, r.offset)] = (identity, digest, why, r.header("ce_id"))
        self.intake()
        dead = self.dead_letters()
        self.outcomes(dead)
        self.verdict(dead)

    # ---- ar.intake.v1

    def intake(self):
        partitions = self.source.records("ar.intake.v1")
        self.lanes = len(partitions)
        copies = collections.Counter()  # facts for everybody: once on each lane
        for lane, records in enumerate(partitions):
            last, last_cause = {}, {}
            for r in records:
                e = self.source.classes["ar.intake.v1"].FromString(r.value)
                p = e.provenance
                place = (p.cause.topic, p.cause.partition, p.cause.offset)
                where = f"ar.intake.v1[{lane}]@{r.offset}"
                h = wire.sha(r.value)
                at = last.get(p.lane, (0, None))
                if p.destination_seq <= at[0]:
                    if self.links.get((p.lane, p.seq), (None,))[0] != h:
                        self.find("sequence", f"{where}: seq {p.destination_seq} of lane {p.lane} again, with another content")
                    continue
                if p.destination_seq != at[0] + 1:
                    self.find("sequence", f"{where}: seq {p.destination_seq} of lane {p.lane} follows {at[0]}")
                last[p.lane] = (p.destination_seq, h)
                self.one_fact(lane, r, e, place, where, h, copies)
                if place[2] < last_cause.get(p.lane, -1):
                    self.find("order at the gate", f"{where}: {place} behind {last_cause[p.lane]}")
                last_cause[p.lane] = place[2]
        for place, n in copies.items():
            if n != self.lanes:
                self.find("lost" if n < self.lanes else "doubled", f"{place} concerns everybody and stands on {n} of {self.lanes} lanes")

    def one_fact(self, lane, r, e, place, where, h, copies):
        p, inner = e.provenance, e.WhichOneof("fact")
        topic = place[0]
        if p.service != "intake" or p.destination_lane != lane or topic not in wire.EXTERNAL or p.lane != wire.EXTERNAL.index(topic) * GATE_LANES + place[1]:
            self.find("provenance", f"{where}: service {p.service}, lane {p.lane}, cause {place}")
        if (p.lane, p.seq) in self.links:
            self.find("doubled", f"{where}: seq {p.seq} of lane {p.lane} stands twice")
        self.links[(p.lane, p.seq)] = (h, p.prev_hash)
        self.all_links[(p.lane, p.seq)] = h
        stranger = self.strangers.get(place)
        fact = getattr(e, inner)
        if stranger is None or inner != wire.FACTS.get(topic):
            self.find("invented", f"{where}: nobody wrote {place}")
            return
        identity, digest, why, _ = stranger
        if identity is None or (p.source, p.cause.event_id) != identity:
            self.find("provenance", f"{where}: {p.source} {p.cause.event_id}, at {place} stands {identity}")
        if digest != wire.sha(wire.canonical(fact)):
            self.find("altered", f"{where}: not what stands at {place}")
        if self.content.setdefault(identity, p.payload_hash) != p.payload_hash or len(p.payload_hash) != 32:
            self.find("payload hash", f"{where}: not that of the same event before")
        if why is not None:
            self.find("let through", f"{where}: {place}: {why}")
        account = account_of(topic, fact)
        if account != e.account or (account and (wire.partition_of(account.encode(), self.lanes) != lane or r.key != account.encode())):
            self.find("wrong lane", f"{where}: account {e.account}, key {r.key}, expected {account}")
        if not account:
            copies[place] += 1
        if account or place not in self.accepted[identity]:
            if place in self.accepted[identity]:
                self.find("doubled", f"{where}: {place} was let through twice")
            self.accepted[identity].add(place)
        kind = fact.WhichOneof("command" if topic == "ar.command.v1" else "event")
        self.inputs[(lane, r.offset)] = Fact(account, kind, p.cause.event_id, p.event_id, fact if topic in ("crm.sales-order.v1", "bank.payment.v1", "ar.reference.v1",
                                                                                                  "crm.customer.v1") else None)

    # ---- dead letters

    def dead_letters(self):
        """place -> reason, as the topics of dead letters say."""
        dead = {}
        for topic in wire.EXTERNAL:
            for records in self.source.records(topic + "-dlt"):
                for r in records:
                    try:
                        place = (r.header("__connect.errors.topic").decode(), int(r.header("__connect.errors.partition")), int(r.header("__connect.errors.offset")))
                        spring = (r.header("kafka_dlt-original-topic").decode(), int.from_bytes(r.header("kafka_dlt-original-partition"), "big"),
                                  int.from_bytes(r.header("kafka_dlt-original-offset"), "big"))
                        reason = r.header("openitem_error_code").decode()
                    except (AttributeError, ValueError) as e:
                        self.find("dead letter", f"{topic}-dlt[{r.partition}]@{r.offset}: {e}")
                        continue
                    if place != spring or place not in self.strangers or place[0] != topic or place[1] != r.partition or not reason:
                        self.find("dead letter", f"{topic}-dlt[{r.partition}]@{r.offset}: {place}, {spring}, reason {reason}")
                    if dead.setdefault(place, reason) != reason:
                        self.find("dead letter", f"{place}: {dead[place]} and {reason}")
        return dead

    def outcomes(self, dead):
        """The chain of the gate: its table has every row, its topics have what went out."""
        refused, before = collections.Counter(), {}
        for lane, seq, topic, partition, offset, final, part, hex_hash, out, hex_value in self.source.rows(
                "intake", "SELECT lane, seq, cause_topic, cause_partition, cause_offset, final, part, encode(hash, 'hex'), out_topic,"
                " CASE WHEN out_topic LIKE '%-dlt' THEN encode(value, 'hex') END FROM intake.outcome ORDER BY lane, seq"):
            lane, seq, h = int(lane), int(seq), bytes.fromhex(hex_hash)
            last_seq, last_hash = before.get(lane, (0, b"\0" * 32))
            place = (topic, int(partition), int(offset))
            if seq != last_seq + 1:
                self.find("sequence", f"intake lane {lane}: row {seq} follows {last_seq}")
            if out.endswith("-dlt"):
                value = bytes.fromhex(hex_value)
                prev = self.source.classes["ar.intake.v1"].FromString(value).provenance.prev_hash
                refused[place] += 1
                if wire.sha(value) != h or final != "t":
                    self.find("hash chain", f"intake lane {lane} seq {seq}: hash of the row, or not final")
                if place not in dead:
                    self.find("lost", f"{place}: refused, and not in {out}")
            else:
                known, prev = self.links.pop((lane, seq), (None, last_hash))
                if known != h:
                    self.find("lost" if known is None else "hash chain", f"intake lane {lane} seq {seq}: the row is not in ar.intake.v1")
            if prev != last_hash and (seq > 1 or prev.strip(b"\0")):
                self.find("hash chain", f"intake lane {lane} seq {seq}: does not name the row before it")
            before[lane] = (seq, h)
        for lane, seq in list(self.links)[:20]:
            self.find("invented", f"ar.intake.v1 holds seq {seq} of lane {lane}, the table does not")
        for place, n in refused.items():
            if n != 1:
                self.find("doubled", f"{place} was refused {n} times")
        for place in dead:
            if place not in refused:
                self.find("invented", f"{place}: a dead letter nobody decided")

    def verdict(self, dead):
        """Each record of a stranger: let through, refused, or met before. Nothing else."""
        by_identity = {i: self.strangers[next(iter(places))][1] for i, places in self.accepted.items() if places and next(iter(places)) in self.strangers}
        taken = {p for places in self.accepted.values() for p in places}
        count = collections.Counter()
        for identity, places in self.accepted.items():
            if len(places) > 1:
                self.find("doubled", f"{identity} was let through from {sorted(places)}")
        for place, (identity, digest, why, _) in self.strangers.items():
            if place in taken:
                count["let through"] += 1
                if place in dead:
                    self.find("doubled", f"{place}: let through and refused")
            elif place in dead:
                count["dead letters"] += 1
                if why is None and dead[place] not in ("bank_account_conflict", "prefix_conflict") and not (
                        dead[place] == "id_conflict" and by_identity.get(identity) not in (None, digest)):
                    self.find("refused without reason", f"{place} {identity}: {dead[place]}")
            elif why is None and by_identity.get(identity) == digest:
                count["duplicates"] += 1
            elif why is not None and identity in by_identity and by_identity[identity] == digest:
                count["duplicates"] += 1  # a duplicate is recognised before any check
            else:
                self.find("lost", f"{place} {identity}: neither let through nor refused nor met before ({why})")
        self.counts = count


Fact = collections.namedtuple("Fact", "account kind event_id id message")
