#!/usr/bin/python3
"""Layers (DESIGN section 1): what a directory may include. Prints `ok` / `not ok` lines; the link lists of CMake say the same."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAYER = {"base": 0}
LAYER.update({d: 1 for d in "err arena money date id text ledger wire book json".split()})
LAYER.update({d: 2 for d in "log conf metrics store bus seen".split()})
LAYER["run"] = 3
# One foreign library each; everything else sees our header only.
FOREIGN = {
    "libpq-fe.h": {"store"}, "rdkafka.h": {"bus"}, "rdkafka_mock.h": {"bus"}, "hiredis.h": {"seen"}, "microhttpd.h": {"metrics"},
    "jansson.h": {"json"}, "evp.h": {"id"}, "sha.h": {"id"}, "xlsxwriter.h": {"cli"},
}
# The tool is no service: `openitem why-not` asks a service's pure core, so that there is no second implementation of it.
TOOL_ASKS = {("cli", "cash/core")}
PURE_FORBIDDEN = {"time.h", "unistd.h", "sys/socket.h", "pthread.h", "fcntl.h", "sys/stat.h"}
PURE_ALLOWED = {("arena", "unistd.h"), ("arena", "sys/mman.h")}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def sources(top):
    for folder, _, files in os.walk(os.path.join(ROOT, top)):
        for name in sorted(files):
            if name.endswith((".c", ".h")):
                path = os.path.join(folder, name)
                yield os.path.relpath(path, ROOT), open(path, encoding="utf-8").read()


def check_common():
    for path, text in sources("common"):
        me = path.split("/")[1]
        if me not in LAYER:
            yield f"{path}: common/{me} has no layer in tests/check/layers.py"
            continue
        for _, what in INCLUDE.findall(text):
            other = what.split("/")[0]
            if other in LAYER and LAYER[other] > LAYER[me]:
                yield f"{path}: layer {LAYER[me]} includes {what} of layer {LAYER[other]}"
            base = os.path.basename(what)
            if base in FOREIGN and me not in FOREIGN[base] and other not in LAYER:
                yield f"{path}: only {'/'.join(sorted(FOREIGN[base]))} includes {base}"
            if LAYER[me] <= 1 and what in PURE_FORBIDDEN and (me, what) not in PURE_ALLOWED:
                yield f"{path}: a pure library includes {what}"


def check_services():
    services = sorted(os.listdir(os.path.join(ROOT, "services")))
    for path, text in sources("services"):
        me, core = path.split("/")[1], "/core/" in path
        for _, what in INCLUDE.findall(text):
            first = what.split("/")[0]
            asks = (me, os.path.dirname(what)) in TOOL_ASKS
            if first in services and first != me and first not in LAYER and "/" in what and not asks:
                yield f"{path}: a service includes another service: {what}"
            if os.path.basename(what) in FOREIGN and me != "cli":
                yield f"{path}: a service includes {what}"
            if core and (LAYER.get(first, 0) > 1 or what.endswith(".pb-c.h") or what in PURE_FORBIDDEN):
                yield f"{path}: a pure core includes {what}"


def main():
    failed = 0
    for name, check in (("layers of common", check_common), ("layers of services", check_services)):
        findings = sorted(set(check()))
        failed += bool(findings)
        print(("not ok - " if findings else "ok - ") + name)
        for finding in findings:
            print("#   " + finding)
    return 1 if failed else 0


sys.exit(main())
