#!/usr/bin/env python3
"""embed_sql.py OUT.c SYMBOL DIR...: SQL files of all DIRs as OUT.c, with its declarations in OUT.h, at build time.

DIR/NNNN_name.sql (and NNNN_name.check.sql) in a directory called "migrations":
    const struct store_migration SYMBOL[];  const size_t SYMBOL_n;
DIR/stem.sql in any other directory; the first line of each is its contract, a comment:
    const char sql_<stem>[];  const struct store_sql SYMBOL[];  const size_t SYMBOL_n;

The same input gives the same bytes. Anything odd is an error: a file name of
another shape, a number twice, a check without its migration, NUL, text that is not UTF-8, a transaction command on its own line.
"""
import os
import re
import sys

MIGRATION = re.compile(r"(\d{4})_([a-z0-9_]+?)(\.check)?\.sql\Z")
STEM = re.compile(r"([a-z][a-z0-9_]*)\.sql\Z")
CONTROL = re.compile(r"^\s*(BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION|END)\s*;", re.IGNORECASE | re.MULTILINE)


def fail(message):
    sys.exit(f"embed_sql.py: {message}")


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as e:
        fail(f"{path}: not UTF-8: {e}")
    if b"\0" in data:
        fail(f"{path}: contains NUL")
    if not data.strip():
        fail(f"{path}: empty")
    return data


def c_string(data):
    """One literal per line of the file; a non-ASCII byte as three octal digits, which no following digit can extend."""
    out = []
    for line in data.splitlines(keepends=True):
        text = ""
        for byte in line:
            char = chr(byte)
            if char == "\n":
                text += "\\n"
            elif char == "\t":
                text += "\\t"
            elif char in '"\\':
                text += "\\" + char
            elif char == "?":
                text += "\\?"  # no trigraphs
            elif 32 <= byte < 127:
                text += char
            else:
                text += f"\\{byte:03o}"
        out.append(f'\t"{text}"')
    return "\n".join(out)


def migrations(paths):
    files, checks = {}, {}
    for directory, name in paths:
        match = MIGRATION.match(name)
        if not match:
            fail(f"{directory}/{name}: not NNNN_name.sql or NNNN_name.check.sql")
        number, stem, check = int(match[1]), match[2], match[3]
        into = checks if check else files
        if number in into:
            fail(f"{directory}: number {number:04d} twice")
        data = read(os.path.join(directory, name))
        control = CONTROL.search(data.decode())
        bodies = b"$$" in data or b"BEGIN ATOMIC" in data  # of functions
        if control and not check and not bodies:
            fail(f"{directory}/{name}: {control[1]}: a migration is one transaction, and does not end it")
        into[number] = (stem, data)
    out = []
    for number in sorted(files):
        out.append(f"static const char m{number:04d}_sql[] =\n{c_string(files[number][1])};\n")
        if number in checks:
            out.append(f"static const char m{number:04d}_check[] =\n{c_string(checks[number][1])};\n")
    for number, (stem, _) in checks.items():
        if number not in files or files[number][0] != stem:
            fail(f"{number:04d}_{stem}.check.sql: no migration of that name")
    rows = "".join(
        f'\t{{ {number}, "{files[number][0]}", m{number:04d}_sql, '
        + (f"m{number:04d}_check" if number in checks else "NULL")
        + " },\n"
        for number in sorted(files)
    )
    return out, "store_migration", rows, len(files)


def statements(paths):
    out, rows = [], ""
    for directory, name in paths:
        match = STEM.match(name)
        if not match:
            fail(f"{directory}/{name}: not lower_case.sql")
        data = read(os.path.join(directory, name))
        if not data.startswith(b"--"):
            fail(f"{directory}/{name}: the first line is a comment with its contract")
        out.append(f"const char sql_{match[1]}[] =\n{c_string(data)};\n")
        rows += f'\t{{ "{match[1]}", sql_{match[1]} }},\n'
    return out, "store_sql", rows, len(paths)


def main():
    if len(sys.argv) < 4:
        fail("usage: embed_sql.py OUT.c SYMBOL DIR...")
    out_path, symbol, *directories = sys.argv[1:]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", symbol):
        fail(f"{symbol}: not a symbol")
    paths = [(d, n) for d in directories if os.path.isdir(d) for n in sorted(os.listdir(d)) if n.endswith(".sql")]
    is_migrations = os.path.basename(os.path.normpath(directories[0])) == "migrations"
    parts, struct, rows, n = (migrations if is_migrations else statements)(paths)
    # <service>_migrations: the loop's migrations name the role of the service they are embedded for.
    parts = [part.replace("openitem_SERVICE", "openitem_" + symbol.removesuffix("_migrations")) for part in parts]
    empty = {"store_migration": "\t{ 0, NULL, NULL, NULL },\n", "store_sql": "\t{ NULL, NULL },\n"}[struct]
    names = [] if is_migrations else [STEM.match(name)[1] for _, name in paths]
    header = out_path.removesuffix(".c") + ".h"
    declarations = f"extern const struct {struct} {symbol}[];\nextern const size_t {symbol}_n;\n" + "".join(
        f"extern const char sql_{name}[];\n" for name in names
    )
    made = "/* Made by common/store/embed_sql.py; do not edit. */\n"
    text = (
        f'{made}#include "{os.path.basename(header)}"\n\n'
        + "\n".join(parts)
        + f"\nconst struct {struct} {symbol}[] = {{\n{rows or empty}}};\nconst size_t {symbol}_n = {n};\n"
    )
    with open(out_path, "w", encoding="ascii") as f:
        f.write(text)
    with open(header, "w", encoding="ascii") as f:
        f.write(f'{made}#pragma once\n#include "store/store.h"\n\n{declarations}')


main()
