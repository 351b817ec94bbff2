#!/usr/bin/python3
"""Plain C structs and codec tables from the .proto files.

    gen_ev.py SET OUTDIR     SET: protoc --include_source_info --include_imports -o SET
    gen_ev.py --list SET     print the outputs, relative to OUTDIR, one per line

Per package ar.<context>.v1: ev/<context>.h (plain structs, what pure cores include) and ev/<context>.c (struct wire_msg
tables, linked to the protobuf-c descriptors); ev/all.{h,c} list every message. What is
generated, the tags and the naming rules: proto/README.md. Output depends on SET only.

A schema that breaks a house rule ends the run with a message: proto3 optional, recursion, groups, maps, nested types,
floating point, an unknown tag.
"""
import os
import re
import sys

from google.protobuf import descriptor_pb2

F = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    F.TYPE_STRING: ("WIRE_TEXT", "struct text"),
    F.TYPE_BYTES: ("WIRE_BYTES", "struct text"),
    F.TYPE_INT32: ("WIRE_INT32", "int32_t"),
    F.TYPE_INT64: ("WIRE_INT64", "int64_t"),
    F.TYPE_BOOL: ("WIRE_BOOL", "bool"),
}
VALUES = {  # messages that are values: they have no struct of their own
    ".ar.type.v1.Money": ("WIRE_MONEY", "struct money"),
    ".ar.type.v1.Personal": ("WIRE_PERSONAL", "struct text"),
}
MAX_DEFAULT = 64  # of @max
FIELDS_MAX = 64  # WIRE_FIELDS_MAX
KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool
true false asm typeof""".split())


def die(text):
    sys.exit("gen_ev.py: " + text)


def snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Tags:
    """@req @max N @date @range A..B @text @currency, and the comment they stand in."""

    def __init__(self, comment, where):
        self.comment = " ".join(comment.split())
        words = re.findall(r"@(\w+)(?:[ ]+(-?\d+(?:\.\.-?\d+)?))?", self.comment)
        self.req = self.date = self.text = self.currency = False
        self.max = self.range = None
        for tag, value in words:
            if tag in ("req", "date", "text", "currency"):
                setattr(self, tag, True)
            elif tag == "max" and re.fullmatch(r"\d+", value):
                self.max = int(value)
            elif tag == "range" and ".." in value:
                low, high = value.split("..")
                self.range = (int(low), int(high))
                if self.range[0] > self.range[1]:
                    die(f"{where}: @range {value} is empty")
            else:
                die(f"{where}: tag @{tag} {value}")


class Field:
    def __init__(self, gen, msg, proto, comment):
        self.proto, self.msg = proto, msg
        self.name = proto.name
        where = f"{msg.full}.{self.name}"
        if self.name in KEYWORDS or self.name != self.name.lower():
            die(f"{where}: the name is no C field name")
        if proto.proto3_optional:
            die(f"{where}: proto3 optional (use a one-member oneof)")
        self.tags = Tags(comment, where)
        self.repeated = proto.label == F.LABEL_REPEATED
        self.oneof = proto.oneof_index + 1 if proto.HasField("oneof_index") else 0
        self.target = None
        if proto.type == F.TYPE_MESSAGE and proto.type_name in VALUES:
            self.kind, self.c = VALUES[proto.type_name]
        elif proto.type == F.TYPE_MESSAGE:
            self.target = gen.messages.get(proto.type_name)
            if self.target is None:
                die(f"{where}: {proto.type_name} is not a message of ours")
            self.kind, self.c = "WIRE_MESSAGE", f"struct {self.target.c}"
        elif proto.type == F.TYPE_ENUM:
            self.target = gen.enums[proto.type_name]
            self.kind, self.c = "WIRE_ENUM", f"enum {self.target.c}"
        elif proto.type in SCALARS:
            self.kind, self.c = SCALARS[proto.type]
        else:
            die(f"{where}: type number {proto.type} is not used in this house")
        if self.tags.date:
            if self.kind != "WIRE_TEXT":
                die(f"{where}: @date on something else than a string")
            self.kind, self.c = "WIRE_DATE", "date_t"
        self.check_tags(where)

    def check_tags(self, where):
        tags = self.tags
        if (tags.text or tags.currency) and self.kind not in ("WIRE_TEXT", "WIRE_PERSONAL"):
            die(f"{where}: @text or @currency on something else than a string")
        if tags.range and self.kind not in ("WIRE_INT32", "WIRE_INT64"):
            die(f"{where}: @range on something else than an integer")
        if tags.max and not self.repeated and self.kind not in ("WIRE_TEXT", "WIRE_BYTES", "WIRE_PERSONAL"):
            die(f"{where}: @max on something without a length")

    def flags(self):
        names = []
        if self.tags.req:
            names.append("WIRE_REQ")
        if self.repeated:
            names.append("WIRE_REPEATED")
        if self.tags.text:
            names.append("WIRE_LINES")
        if self.kind in ("WIRE_INT32", "WIRE_INT64"):
            if self.name.endswith("_e6"):
                names.append("WIRE_E6")
            if self.name.endswith("_minor"):
                names.append("WIRE_MINOR")
        if self.tags.currency:
            names.append("WIRE_CURRENCY")
        if self.tags.range:
            names.append("WIRE_RANGE")
        return " | ".join(names)

    def declaration(self):
        star = "*" if self.repeated or self.kind == "WIRE_MESSAGE" else ""
        return f"{self.c} {star}{self.name};"

    def max_bytes(self):
        if self.kind not in ("WIRE_TEXT", "WIRE_BYTES", "WIRE_PERSONAL"):
            return 0
        return MAX_DEFAULT if self.repeated or not self.tags.max else self.tags.max

    def row(self):
        """The initialiser of its struct wire_field."""
        c, pb = f"struct {self.msg.c}", self.msg.pb
        parts = [f".name = {c_string(self.name)}", f".number = {self.proto.number}", f".kind = {self.kind}"]
        if self.flags():
            parts.append(f".flags = {self.flags()}")
        if self.oneof:
            parts.append(f".oneof = {self.oneof}")
        if self.max_bytes():
            parts.append(f".max = {self.max_bytes()}")
        if self.repeated:
            parts.append(f".max_n = {self.tags.max or MAX_DEFAULT}")
        if self.tags.range:
            parts.append(".low = INT64_C(%d), .high = INT64_C(%d)" % self.tags.range)
        parts.append(f".at = offsetof({c}, {self.name})")
        parts.append(f".pb_at = offsetof({pb}, {self.name})")
        if self.repeated:
            parts.append(f".n_at = offsetof({c}, n_{self.name})")
            parts.append(f".pb_n_at = offsetof({pb}, n_{self.name})")
        if self.kind == "WIRE_MESSAGE":
            parts.append(f".msg = &{self.target.c}_msg")
        if self.kind == "WIRE_ENUM":
            parts.append(f".en = &{self.target.c}_enum")
        return "\t{ " + ",\n\t  ".join(parts) + " },\n"


class Named:
    """A message or an enum with the name it has in C."""

    def __init__(self, package, ctx, proto, comments, path):
        self.proto, self.ctx, self.path, self.comments = proto, ctx, path, comments
        self.full = f"{package}.{proto.name}"
        low = snake(proto.name)
        # BillingEvent in context billing is billing_event, not billing_billing_event.
        self.c = low if low.startswith(ctx + "_") else f"{ctx}_{low}"
        self.comment = comments.get(path, "")
        camel = [part[:1].upper() + part[1:] for part in package.split(".")]
        self.pb = "__".join(camel + [proto.name])
        self.pb_low = "__".join(package.split(".") + [low])


class Gen:
    def __init__(self, data):
        self.set = descriptor_pb2.FileDescriptorSet.FromString(data)
        self.messages, self.enums, self.contexts = {}, {}, {}
        for file in self.set.file:
            self.add_file(file)
        for ctx in self.contexts.values():
            for msg in ctx["messages"]:
                self.add_fields(msg)
        self.check_recursion()
        self.check_names()

    def add_file(self, file):
        match = re.fullmatch(r"ar\.([a-z]+)\.v(\d+)", file.package)
        if not match:
            die(f"{file.name}: package {file.package}, expected ar.<context>.v<n>")
        ctx_name = match[1] if match[2] == "1" else f"{match[1]}_v{match[2]}"
        ctx = self.contexts.setdefault(ctx_name, {"messages": [], "enums": [], "files": []})
        ctx["files"].append(file.name)
        comments = {tuple(loc.path): loc.leading_comments for loc in file.source_code_info.location}
        for i, proto in enumerate(file.message_type):
            full = f".{file.package}.{proto.name}"
            if proto.nested_type or proto.enum_type:
                die(f"{full}: nested types and maps are not used in this house")
            msg = Named(file.package, ctx_name, proto, comments, (4, i))
            self.messages[full] = msg
            if full not in VALUES:
                ctx["messages"].append(msg)
        for i, proto in enumerate(file.enum_type):
            enum = Named(file.package, ctx_name, proto, comments, (5, i))
            self.enums[f".{file.package}.{proto.name}"] = enum
            ctx["enums"].append(enum)

    def add_fields(self, msg):
        msg.fields = [Field(self, msg, proto, msg.comments.get(msg.path + (2, i), ""))
                      for i, proto in enumerate(msg.proto.field)]
        if len(msg.fields) > FIELDS_MAX:
            die(f"{msg.full}: more than {FIELDS_MAX} fields (WIRE_FIELDS_MAX)")
        msg.oneofs = []
        for i, proto in enumerate(msg.proto.oneof_decl):
            tags = Tags(msg.comments.get(msg.path + (8, i), ""), f"{msg.full}.{proto.name}")
            members = [field for field in msg.fields if field.oneof == i + 1]
            low = msg.c.upper() if len(msg.proto.oneof_decl) == 1 else f"{msg.c}_{proto.name}".upper()
            msg.oneofs.append((proto.name, tags, members, low))

    def check_recursion(self):
        done, on_way = set(), []

        def visit(msg):
            if msg in on_way:
                die(f"{msg.full} contains itself")
            if msg in done:
                return
            on_way.append(msg)
            for field in msg.fields:
                if field.kind == "WIRE_MESSAGE":
                    visit(field.target)
            done.add(on_way.pop())

        for ctx in self.contexts.values():
            for msg in ctx["messages"]:
                visit(msg)

    def check_names(self):
        seen = {}
        for ctx in self.contexts.values():
            for msg in ctx["messages"]:
                names = [f"struct {msg.c}"]
                for _, _, members, prefix in msg.oneofs:
                    names += [f"{prefix}_NONE"] + [f"{prefix}_{m.name.upper()}" for m in members]
                for name in names:
                    if seen.setdefault(name, msg.full) != msg.full or names.count(name) > 1:
                        die(f"{msg.full}: {name} exists twice")
            for enum in ctx["enums"]:
                for value in enum.proto.value:
                    name = enum_constant(enum, value)
                    if seen.setdefault(name, enum.full) != enum.full:
                        die(f"{enum.full}: {name} exists twice")

    def includes(self, ctx_name):
        """Other contexts whose structs this one uses."""
        used = set()
        for msg in self.contexts[ctx_name]["messages"]:
            for field in msg.fields:
                if field.target is not None and field.target.ctx != ctx_name:
                    used.add(field.target.ctx)
        return sorted(used)

    def outputs(self):
        names = sorted(self.contexts) + ["all"]
        return [f"ev/{name}.{end}" for name in names for end in ("h", "c")]


def enum_constant(enum, value):
    return f"{enum.ctx.upper()}_{value.name}"


def comment(text, indent):
    text = " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *")
    return f"{indent}/* {text} */\n" if text else ""


def out_enum(enum):
    out = "\n" + comment(enum.comment, "") + f"enum {enum.c} {{\n"
    for i, value in enumerate(enum.proto.value):
        out += comment(enum.comments.get(enum.path + (2, i), ""), "\t")
        out += f"\t{enum_constant(enum, value)} = {value.number},\n"
    return out + "};\n"


def out_cases(msg):
    out = ""
    for name, _, members, prefix in msg.oneofs:
        tag = f"{msg.c}_case" if len(msg.oneofs) == 1 else f"{msg.c}_{name}_case"
        out += f"\n/* Which member of `{name}` is set; the values are the field numbers. */\nenum {tag} {{\n\t{prefix}_NONE = 0,\n"
        for member in members:
            out += f"\t{prefix}_{member.name.upper()} = {member.proto.number},\n"
        out += "};\n"
    return out


def out_struct(msg):
    out = out_cases(msg) + "\n" + comment(f"{msg.comment.strip()} Message {msg.full}.", "") + f"struct {msg.c} {{\n"
    done = set()
    for field in msg.fields:
        if not field.oneof:
            out += comment(field.tags.comment, "\t")
            if field.repeated:
                out += f"\tsize_t n_{field.name};\n"
            out += f"\t{field.declaration()}\n"
        elif field.oneof not in done:
            done.add(field.oneof)
            name, tags, members, _ = msg.oneofs[field.oneof - 1]
            tag = f"{msg.c}_case" if len(msg.oneofs) == 1 else f"{msg.c}_{name}_case"
            out += comment(tags.comment, "\t") + f"\tenum {tag} {name}_case;\n\tunion {{\n"
            for member in members:
                out += comment(member.tags.comment, "\t\t") + f"\t\t{member.declaration()}\n"
            out += "\t};\n"
    if not msg.fields:
        out += "\tchar unused;\n"
    return out + "};\n" + f"extern const struct wire_msg {msg.c}_msg;\n"


def out_header(gen, name):
    ctx = gen.contexts[name]
    guard = f"EV_{name.upper()}_H"
    out = f"/* From {', '.join(ctx['files'])} by proto/gen_ev.py: do not edit. See wire/wire.h. */\n"
    out += f"#ifndef {guard}\n#define {guard}\n\n"
    for other in gen.includes(name):
        out += f'#include "ev/{other}.h"\n'
    out += '#include "wire/wire.h"\n'
    for enum in ctx["enums"]:
        out += out_enum(enum)
    for msg in ctx["messages"]:
        out += out_struct(msg)
    if ctx["enums"]:
        out += "\n"
    for enum in ctx["enums"]:
        out += f"extern const struct wire_enum {enum.c}_enum;\n"
    return out + "\n#endif\n"


def out_enum_table(enum):
    stem = re.sub(r"UNSPECIFIED$", "", enum.proto.value[0].name)
    if stem == enum.proto.value[0].name or enum.proto.value[0].number != 0:
        die(f"{enum.full}: the first value is not ..._UNSPECIFIED = 0")
    out = f"\nstatic const struct wire_enum_value {enum.c}_values[] = {{\n"
    for value in enum.proto.value:
        if not value.name.startswith(stem):
            die(f"{enum.full}: {value.name} does not begin with {stem}")
        short = value.name[len(stem):].lower()
        out += f'\t{{ {value.number}, {c_string(short)}, {c_string(value.name)} }},\n'
    out += "};\n"
    out += f"_Static_assert(sizeof(enum {enum.c}) == sizeof(int32_t), \"width of an enum\");\n"
    out += f"const struct wire_enum {enum.c}_enum = {{\n\t.name = {c_string(enum.full)},\n"
    return out + f"\t.n = ARRAY_LEN({enum.c}_values),\n\t.values = {enum.c}_values,\n}};\n"


def out_msg_table(msg):
    out = ""
    fields = sorted(msg.fields, key=lambda field: field.proto.number)
    if fields:
        out += f"\nstatic const struct wire_field {msg.c}_fields[] = {{\n"
        out += "".join(field.row() for field in fields) + "};\n"
    if msg.oneofs:
        out += f"\nstatic const struct wire_oneof {msg.c}_oneofs[] = {{\n"
        for name, tags, _, _ in msg.oneofs:
            out += f"\t{{ .name = {c_string(name)}, .req = {'true' if tags.req else 'false'},\n"
            out += f"\t  .case_at = offsetof(struct {msg.c}, {name}_case),\n"
            out += f"\t  .pb_case_at = offsetof({msg.pb}, {name}_case) }},\n"
        out += "};\n"
    out += f"\nconst struct wire_msg {msg.c}_msg = {{\n\t.name = {c_string(msg.full)},\n"
    out += f"\t.context = {c_string(msg.ctx)},\n\t.size = sizeof(struct {msg.c}),\n"
    if fields:
        out += f"\t.n_fields = ARRAY_LEN({msg.c}_fields),\n\t.fields = {msg.c}_fields,\n"
    if msg.oneofs:
        out += f"\t.n_oneofs = ARRAY_LEN({msg.c}_oneofs),\n\t.oneofs = {msg.c}_oneofs,\n"
    return out + f"\t.pb = &{msg.pb_low}__descriptor,\n}};\n"


def out_source(gen, name):
    ctx = gen.contexts[name]
    out = f"/* From {', '.join(ctx['files'])} by proto/gen_ev.py: do not edit. */\n"
    out += f'#include "ev/{name}.h"\n\n'
    for file in ctx["files"]:
        out += f'#include "{file[:-len(".proto")]}.pb-c.h"\n'
    for enum in ctx["enums"]:
        out += out_enum_table(enum)
    for msg in ctx["messages"]:
        out += out_msg_table(msg)
    return out


def out_all(gen):
    head = "/* By proto/gen_ev.py: do not edit. */\n#ifndef EV_ALL_H\n#define EV_ALL_H\n\n"
    for name in sorted(gen.contexts):
        head += f'#include "ev/{name}.h"\n'
    head += "\n/* Every message, in order of context and .proto. */\n"
    head += "extern const struct wire_msg *const ev_all[];\nextern const size_t ev_all_n;\n\n#endif\n"
    body = '/* By proto/gen_ev.py: do not edit. */\n#include "ev/all.h"\n\nconst struct wire_msg *const ev_all[] = {\n'
    for name in sorted(gen.contexts):
        for msg in gen.contexts[name]["messages"]:
            body += f"\t&{msg.c}_msg,\n"
    return head, body + "};\nconst size_t ev_all_n = ARRAY_LEN(ev_all);\n"


def main(args):
    if len(args) != 2:
        sys.exit(__doc__.strip())
    listing = args[0] == "--list"
    with open(args[1] if listing else args[0], "rb") as file:
        gen = Gen(file.read())
    if listing:
        print("\n".join(gen.outputs()))
        return
    files = {}
    for name in gen.contexts:
        files[f"ev/{name}.h"] = out_header(gen, name)
        files[f"ev/{name}.c"] = out_source(gen, name)
    files["ev/all.h"], files["ev/all.c"] = out_all(gen)
    os.makedirs(os.path.join(args[1], "ev"), exist_ok=True)
    for name in gen.outputs():
        with open(os.path.join(args[1], name), "w", encoding="utf-8") as file:
            file.write(files[name])


if __name__ == "__main__":
    main(sys.argv[1:])
