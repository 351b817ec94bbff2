#!/usr/bin/python3
"""differential.py SET PIPE [ROUNDS]: our decoder against protobuf's own, for every external topic.

Valid events are bent in every way the wire format knows, at any depth, and both read them. What ours accepts, protobuf reads as the
same values; what protobuf refuses, ours refuses. What only ours refuses is counted by how it was bent and by our reason: README.md
says why. SET: descriptor set as for proto/gen_ev.py. PIPE: fuzz_pipe. ROUNDS: events per topic, each bent in every way.
"""
import collections
import os
import random
import subprocess
import sys
import warnings

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from google.protobuf.descriptor import FieldDescriptor as F

TOPICS = {
    "crm.customer.v1": "ar.crm.v1.CustomerEvent",
    "crm.sales-order.v1": "ar.crm.v1.SalesOrderEvent",
    "bank.payment.v1": "ar.bank.v1.PaymentEvent",
    "ar.command.v1": "ar.command.v1.CommandEvent",
    "ar.reference.v1": "ar.reference.v1.ReferenceEvent",
}
EXTREMES = [0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1, 2**64 - 2**31, 4 * 10**15, 4 * 10**15 + 1]
NUMBERS = (F.TYPE_INT32, F.TYPE_INT64, F.TYPE_BOOL, F.TYPE_ENUM)
VARINT, FIXED64, PIECE, GROUP, END_GROUP, FIXED32 = range(6)


# ---- the wire format ----

def varint(n, width=1):
    """At least `width` bytes: longer than needed is allowed."""
    out = bytearray()
    while n > 127 or len(out) + 1 < width:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        value |= (data[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 128:
            return value, at


class Field:
    """One field as it stands in the bytes; value: a number or bytes."""

    def __init__(self, number, kind, value, tag_width=1, value_width=1):
        self.number, self.kind, self.value, self.tag_width, self.value_width = number, kind, value, tag_width, value_width

    def bytes(self):
        tag = varint(self.number << 3 | self.kind, self.tag_width)
        if self.kind == VARINT:
            return tag + varint(self.value, self.value_width)
        if self.kind == PIECE:
            return tag + varint(len(self.value), self.value_width) + self.value
        if self.kind in (FIXED64, FIXED32):
            return tag + self.value
        return tag + self.value  # a group: whatever follows


def split(data):
    fields, at = [], 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == VARINT:
            value, at = read_varint(data, at)
        elif tag & 7 == PIECE:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise AssertionError("our own encoder writes no other wire types here")
        fields.append(Field(tag >> 3, tag & 7, value))
    return fields


def join(fields):
    return b"".join(field.bytes() for field in fields)


# ---- ways of bending one message; each gets its fields and its descriptor, and returns bytes, or None: cannot be done here ----

def pick(rng, fields, desc, *types, repeated=None):
    known = [f for f in fields if f.number in desc.fields_by_number]
    known = [f for f in known if not types or desc.fields_by_number[f.number].type in types]
    if repeated is not None:
        known = [f for f in known if (desc.fields_by_number[f.number].label == F.LABEL_REPEATED) == repeated]
    return rng.choice(known) if known else None


def nul_in_a_string(rng, fields, desc):
    field = pick(rng, fields, desc, F.TYPE_STRING)
    if field:
        at = rng.randint(0, len(field.value))
        field.value = field.value[:at] + b"\0" + field.value[at:]
        return join(fields)


def invalid_utf8(rng, fields, desc):
    field = pick(rng, fields, desc, F.TYPE_STRING)
    if field:
        at = rng.randint(0, len(field.value))
        bad = rng.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc3", b"\xf0\x9f"])
        field.value = field.value[:at] + bad + field.value[at:]
        return join(fields)


def control_character(rng, fields, desc):
    field = pick(rng, fields, desc, F.TYPE_STRING)
    if field:
        field.value += rng.choice([b"\x1b[2J", b"\n", b"\x7f", b"\xc2\x85", b"\t"])
        return join(fields)


def cut_at_a_field(rng, fields, desc):
    return join(fields[:rng.randrange(len(fields))]) if fields else None


def cut_anywhere(rng, fields, desc):
    data = join(fields)
    return data[:rng.randrange(len(data))] if data else None


def a_field_twice(rng, fields, desc):
    field = pick(rng, fields, desc, repeated=False)
    if field:
        fields.insert(rng.randint(0, len(fields)), Field(field.number, field.kind, field.value))
        return join(fields)


def a_field_twice_with_another_value(rng, fields, desc):
    field = pick(rng, fields, desc, F.TYPE_INT32, F.TYPE_INT64, F.TYPE_STRING, repeated=False)
    if field:
        value = rng.choice(EXTREMES) if field.kind == VARINT else b"other"
        fields.append(Field(field.number, field.kind, value))
        return join(fields)


def two_members_of_a_oneof(rng, fields, desc):
    for oneof in desc.oneofs:
        others = [f for f in oneof.fields if f.number not in [have.number for have in fields]]
        if others and len(oneof.fields) > len(others):
            fields.append(Field(rng.choice(others).number, PIECE, b""))
            return join(fields)


def an_unknown_field(rng, fields, desc):
    number = rng.choice([60, 200, 16382, 2**29 - 1])
    kind = rng.choice([VARINT, FIXED64, PIECE, FIXED32])
    value = {VARINT: rng.choice(EXTREMES), FIXED64: b"12345678", PIECE: b"\xffany", FIXED32: b"1234"}[kind]
    fields.insert(rng.randint(0, len(fields)), Field(number, kind, value))
    return join(fields)


def many_unknown_fields(rng, fields, desc):
    return join(fields) + Field(200, VARINT, 1).bytes() * rng.choice([64, 65, 500])


def an_unknown_group(rng, fields, desc):
    fields.insert(rng.randint(0, len(fields)), Field(200, GROUP, b"\x08\x01" + varint(200 << 3 | END_GROUP)))
    return join(fields)


def a_group_not_closed(rng, fields, desc):
    return join(fields) + varint(200 << 3 | rng.choice([GROUP, END_GROUP]))


def field_number_zero(rng, fields, desc):
    return join(fields) + rng.choice([b"\x00\x01", b"\x02\x01x"])


def field_number_beyond(rng, fields, desc):
    return join(fields) + varint((2**29 + rng.choice([0, 1, 7])) << 3) + b"\x01"


def wire_type_6_or_7(rng, fields, desc):
    return join(fields) + varint(rng.choice([1, 200]) << 3 | rng.choice([6, 7])) + b"\x01"


def a_wrong_wire_type(rng, fields, desc):
    field = pick(rng, fields, desc)
    if field:
        field.kind = rng.choice([k for k in (VARINT, FIXED64, PIECE, FIXED32) if k != field.kind])
        field.value = {VARINT: 7, FIXED64: b"12345678", PIECE: b"\x01", FIXED32: b"1234"}[field.kind]
        return join(fields)


def an_overlong_varint(rng, fields, desc):
    field = pick(rng, fields, desc)
    if field:
        field.value_width = rng.choice([2, 5, 10])
        return join(fields)


def an_overlong_tag(rng, fields, desc):
    field = pick(rng, fields, desc)
    if field:
        field.tag_width = rng.choice([2, 5, 6, 10])
        return join(fields)


def a_varint_of_11_bytes(rng, fields, desc):
    field = pick(rng, fields, desc, *NUMBERS)
    if field and field.kind == VARINT:
        field.value_width = 11
        return join(fields)


def a_varint_beyond_64_bits(rng, fields, desc):
    field = pick(rng, fields, desc, *NUMBERS)
    if field and field.kind == VARINT:
        field.value = rng.choice([2**64, 2**69, 2**70 - 1])
        return join(fields)


def an_extreme_number(rng, fields, desc):
    numbers = [f for f in desc.fields if f.type in NUMBERS and f.label != F.LABEL_REPEATED]
    if numbers:
        number = rng.choice(numbers).number
        kept = [f for f in fields if f.number != number]
        return join(kept + [Field(number, VARINT, rng.choice(EXTREMES))])


def packed_or_not(rng, fields, desc):
    field = next((f for f in desc.fields if f.type in NUMBERS and f.label == F.LABEL_REPEATED), None)
    if field:
        kept = [f for f in fields if f.number != field.number]
        values = [1, 2, 3]
        halves = [Field(field.number, PIECE, b"".join(map(varint, values)))] + [Field(field.number, VARINT, v) for v in values]
        return join(kept + rng.choice([halves, halves[:1], halves[1:]]))


def a_packed_number_for_a_single_one(rng, fields, desc):
    field = pick(rng, fields, desc, *NUMBERS, repeated=False)
    if field and field.kind == VARINT:
        field.kind, field.value = PIECE, varint(field.value)
        return join(fields)


def another_order(rng, fields, desc):
    rng.shuffle(fields)
    return join(fields)


def an_empty_message(rng, fields, desc):
    messages = [f for f in desc.fields if f.type == F.TYPE_MESSAGE and not f.containing_oneof]
    if messages:
        return join(fields + [Field(rng.choice(messages).number, PIECE, b"")])


def a_length_beyond_the_end(rng, fields, desc):
    return join(fields) + varint(200 << 3 | PIECE) + varint(rng.choice([1, 2**31, 2**32, 2**63, 2**64 - 1]))


def bits(rng, fields, desc):
    data = bytearray(join(fields))
    for _ in range(rng.randint(1, 3)):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def noise(rng, fields, desc):
    data = bytearray(join(fields))
    for _ in range(rng.randint(1, 8)):
        at = rng.randint(0, len(data))
        data[at:at + rng.randint(0, 2)] = rng.randbytes(rng.randint(0, 3))
    return bytes(data)


def nothing(rng, fields, desc):
    return join(fields)


WAYS = [nothing, another_order, packed_or_not, an_overlong_varint, an_unknown_field, many_unknown_fields, an_empty_message,
        nul_in_a_string, invalid_utf8, control_character, cut_at_a_field, cut_anywhere, a_field_twice,
        a_field_twice_with_another_value, two_members_of_a_oneof, an_unknown_group, a_group_not_closed, field_number_zero,
        field_number_beyond, wire_type_6_or_7, a_wrong_wire_type, an_overlong_tag, a_varint_of_11_bytes, a_varint_beyond_64_bits,
        an_extreme_number, a_packed_number_for_a_single_one, a_length_beyond_the_end, bits, noise]


def bend(rng, data, desc, way):
    """At the top, or within one of the messages inside, with the lengths around it made right again."""
    fields = split(data)
    inner = [f for f in fields if f.kind == PIECE and f.number in desc.fields_by_number and desc.fields_by_number[f.number].message_type]
    if inner and rng.random() < 0.75:
        field = rng.choice(inner)
        bent = bend(rng, field.value, desc.fields_by_number[field.number].message_type, way)
        if bent is not None:
            field.value = bent
            return join(fields)
    return way(rng, fields, desc)


# ---- comparing ----

def tidy(msg):
    """What our structs cannot tell apart: an empty Personal is none."""
    msg.DiscardUnknownFields()
    for field, value in msg.ListFields():
        if not field.message_type:
            continue
        for one in value if field.label == F.LABEL_REPEATED else [value]:
            tidy(one)
        if field.message_type.full_name == "ar.type.v1.Personal" and field.label != F.LABEL_REPEATED and not value.ListFields():
            msg.ClearField(field.name)
    return msg


class Check:
    def __init__(self, set_path, pipe_path):
        with open(set_path, "rb") as file:
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
        pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            pool.Add(file)
        factory = message_factory.MessageFactory(pool)
        self.classes = {topic: factory.GetPrototype(pool.FindMessageTypeByName(name)) for topic, name in TOPICS.items()}
        self.pipe = subprocess.Popen([pipe_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.stderr, self.null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        self.tried = collections.Counter()
        self.both = collections.Counter()
        self.ours_alone = collections.defaultdict(collections.Counter)
        self.failures = []

    def ask(self, verb, topic, rest):
        self.pipe.stdin.write(f"{verb} {topic} {rest}\n".encode())
        self.pipe.stdin.flush()
        return self.pipe.stdout.readline()[:-1].decode()

    def theirs(self, topic, data):
        """None: refused, or read only in part. Its remarks on stderr are not wanted."""
        os.dup2(self.null, 2)
        try:
            return tidy(self.classes[topic].FromString(data))
        except (message.DecodeError, SystemError):  # SystemError: how the warning below arrives
            return None
        finally:
            os.dup2(self.stderr, 2)

    def compare(self, topic, data, way):
        answer = self.ask("take", topic, data.hex())
        theirs = self.theirs(topic, data)
        self.tried[way] += 1
        if answer.startswith("ok "):
            ours = tidy(self.classes[topic].FromString(bytes.fromhex(answer[3:])))
            if theirs is None:
                self.failures.append(f"{way}: accepted, and protobuf refuses: {topic} {data.hex()}")
            elif ours != theirs:
                self.failures.append(f"{way}: other values: {topic} {data.hex()}\n{ours}\n{theirs}")
            self.both[way] += 1
        elif theirs is not None:
            self.ours_alone[way][answer.split(" ")[1]] += 1
        return answer


def sizes(check):
    """What is large: 1,000 lines, 10,000 lines, 5 MB, and many elements."""
    topic = "crm.sales-order.v1"
    cls = check.classes[topic]
    for n, expected in ((1000, "ok "), (1001, "! too_many "), (10000, "! too_many ")):
        msg = cls()
        order = msg.order_booked.order
        order.account, order.order_id, order.order_version = "C1", "O1", 1
        order.entity, order.currency_code, order.order_date = "DE01", "EUR", "2026-02-01"
        for i in range(n):
            order.lines.add(line_no=i + 1, item="chair", quantity_e6=1000000, unit_price_e6=2**40)
        yield f"an order of {n} lines: {expected}", check.compare(topic, msg.SerializeToString(), "sizes").startswith(expected)
    filler = Field(200, PIECE, b"x" * (5 << 20)).bytes()
    yield "5 MB: undecodable", check.compare(topic, filler, "sizes").startswith("! undecodable ")
    text = Field(1, PIECE, Field(1, PIECE, Field(1, PIECE, b"C" * 900000).bytes()).bytes()).bytes()
    yield "an account of 900,000 bytes: too_long", check.compare(topic, text, "sizes").startswith("! too_long ")
    deep = b""
    for _ in range(20000):
        deep = Field(1, PIECE, deep[:500000]).bytes()
    yield "messages nested 20,000 deep end in an answer", check.compare(topic, deep, "sizes").startswith("! ")


def main(set_path, pipe_path, rounds="100"):
    warnings.simplefilter("error", RuntimeWarning)  # "not all data was converted"
    check, rng = Check(set_path, pipe_path), random.Random(1)
    for topic, cls in check.classes.items():
        for seed in range(int(rounds)):
            data = bytes.fromhex(check.ask("gen", topic, f"{seed} {(0, 50, 90)[seed % 3]}"))
            for way in WAYS:
                bent = bend(rng, data, cls.DESCRIPTOR, way)
                if bent is not None:
                    check.compare(topic, bent, way.__name__)
    valid = ("nothing", "another_order", "an_unknown_field", "packed_or_not", "an_overlong_varint")
    results = [("every event as it is, in another order, with unknown fields and longer varints is taken",
                all(check.tried[way] == check.both[way] for way in valid[:3]) and check.both["an_overlong_varint"] > 0)]
    results += [(f"{way.__name__} was tried", check.tried[way.__name__] > 0) for way in WAYS if way is not packed_or_not]
    results += list(sizes(check))
    results += [("what ours takes, protobuf reads as the same", not check.failures)]
    for way in check.tried:
        alone = ", ".join(f"{code} {n}" for code, n in sorted(check.ours_alone[way].items()))
        print(f"# {way}: {check.tried[way]} tried, {check.both[way]} taken by both; only ours refuses: {alone or 'none'}")
    for failure in check.failures[:10]:
        print("# " + failure.replace("\n", "\n#   "))
    for name, fine in results:
        print(("ok - " if fine else "not ok - ") + name)
    print(f"{sum(f for _, f in results)} passed, {sum(not f for _, f in results)} failed")
    return 0 if all(fine for _, fine in results) else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
