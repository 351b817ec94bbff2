#!/usr/bin/python3
"""json_differential.py SET PIPE [ROUNDS]

Our JSON mapping against Google's (google.protobuf.json_format), both ways, with random content for every message.
SET: descriptor set as for proto/gen_ev.py. PIPE: the binary of json_pipe.c.
"""
import base64
import json
import random
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PIECES = ["A", "b", "7", " ", '"', "\\", "/", "<", "\n", "\t", "\u007f", "\u0085", "\u2028", "ü", "€", "नि", "漢", "𝄞", "\ufeff"]


def fill(rng, msg, density=0.6):
    for field in msg.DESCRIPTOR.fields:
        if rng.random() > density:
            continue
        if field.containing_oneof and msg.WhichOneof(field.containing_oneof.name):
            continue
        count = rng.randint(1, 3) if field.label == field.LABEL_REPEATED else 1
        for _ in range(count):
            if field.message_type:
                inner = getattr(msg, field.name)
                inner = inner.add() if field.label == field.LABEL_REPEATED else inner
                inner.SetInParent()
                fill(rng, inner, density)
                continue
            value = scalar(rng, field)
            if field.label == field.LABEL_REPEATED:
                getattr(msg, field.name).append(value)
            else:
                setattr(msg, field.name, value)


def scalar(rng, field):
    if field.type == field.TYPE_STRING:
        return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))
    if field.type == field.TYPE_BYTES:
        return rng.randbytes(rng.randint(0, 40))
    if field.type == field.TYPE_BOOL:
        return rng.random() < 0.7
    if field.type == field.TYPE_ENUM:
        return rng.choice(field.enum_type.values).number if rng.random() < 0.9 else rng.choice([77, -5])
    bits = 31 if field.type == field.TYPE_INT32 else 63
    return rng.choice([0, 1, -1, -(2**bits), 2**bits - 1, 2**53 % 2**bits + 1, rng.randrange(-(2**bits), 2**bits)])


class Pipe:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, verb, name, rest):
        self.process.stdin.write(f"{verb} {name} {rest}\n".encode())
        self.process.stdin.flush()
        return self.process.stdout.readline()[:-1].decode()


def check(pipe, rng, cls):
    name = cls.DESCRIPTOR.full_name
    msg = cls()
    fill(rng, msg)
    raw = msg.SerializeToString(deterministic=True)
    ours = pipe.ask("out", name, raw.hex())
    assert json.loads(ours) == json.loads(json_format.MessageToJson(msg)), (name, raw.hex(), ours)
    assert json_format.Parse(ours, cls()) == msg, (name, raw.hex(), ours)
    for kept in (False, True):
        theirs = json_format.MessageToJson(msg, preserving_proto_field_name=kept, indent=None,
                                           including_default_value_fields=rng.random() < 0.3)
        assert "\n" not in theirs
        back = pipe.ask("in", name, theirs)
        assert back == raw.hex(), (name, theirs, back, raw.hex())


def base64_forms(pipe):
    for n in range(0, 9):
        raw = bytes(range(250, 250 - n, -1))
        want = (b"\x22" + bytes([n]) + raw).hex() if n else ""
        for text in (base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            for form in {text.decode(), text.decode().rstrip("=")}:
                got = pipe.ask("in", "ar.type.v1.Provenance", json.dumps({"prevHash": form}))
                assert got == want, (form, got)


def main(set_path, pipe_path, rounds="40"):
    with open(set_path, "rb") as file:
        files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    names = [f"{file.package}.{msg.name}" for file in files.file for msg in file.message_type]
    names = [name for name in names if name not in ("ar.type.v1.Money", "ar.type.v1.Personal")]
    pipe, rng = Pipe(pipe_path), random.Random(1)
    for name in names:
        cls = factory.GetPrototype(pool.FindMessageTypeByName(name))
        for _ in range(int(rounds)):
            check(pipe, rng, cls)
    base64_forms(pipe)
    print(f"{len(names)} messages x {rounds}: the same JSON")


if __name__ == "__main__":
    main(*sys.argv[1:])
