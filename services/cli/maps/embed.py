#!/usr/bin/python3
"""embed.py OUT.c MAP...: map files as C strings map_<name>, at build time."""
import os
import sys

with open(sys.argv[1], "w", encoding="ascii") as out:
    for path in sys.argv[2:]:
        name = os.path.basename(path).removesuffix(".map").replace("-", "_")
        text = open(path, encoding="ascii").read().replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
        body = "\n".join(f'\t"{line}\\n"' for line in text.splitlines())
        out.write(f"extern const char map_{name}[];\nconst char map_{name}[] =\n{body};\n")
