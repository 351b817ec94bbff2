#!/usr/bin/python3
"""House style (DESIGN section 6): file and function length, banned functions, headers that say what they are, READMEs. `ok`/`not ok` lines."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE_LINES_MAX = 560  # "under ~500"
FUNCTION_LINES_MAX = 80  # "under ~70"
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atol|atof|system|popen|alloca)\s*\(")
FLOAT = re.compile(r"\b(float|double)\b")
FLOAT_FREE = ("common/money/", "common/date/", "common/ledger/", "common/wire/")


def tracked(*suffixes):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True)
    return [p for p in out.stdout.splitlines() if p.endswith(suffixes) and os.path.exists(os.path.join(ROOT, p))]


def text(path):
    return open(os.path.join(ROOT, path), encoding="utf-8", errors="replace").read()


def code(path):
    body = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text(path), flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"//[^\n]*", "", body))


def long_files():
    for path in tracked(".c", ".h"):
        n = text(path).count("\n")
        if n > FILE_LINES_MAX:
            yield f"{path}: {n} lines"


def long_functions():
    for path in tracked(".c"):
        start = None
        for i, line in enumerate(text(path).split("\n"), 1):
            if line == "{":
                start = i
            elif line == "}" and start:
                if i - start > FUNCTION_LINES_MAX:
                    yield f"{path}:{start}: a function of {i - start} lines"
                start = None


def banned():
    for path in tracked(".c", ".h"):
        for i, line in enumerate(code(path).split("\n"), 1):
            if path.startswith("tests/") and "system(" in line:
                continue  # a test may start a server of its own
            if BANNED.search(line) and "pragma GCC poison" not in line:
                yield f"{path}:{i}: {line.strip()}"


def floats():
    for path in tracked(".c", ".h"):
        if path.startswith(FLOAT_FREE) or "/core/" in path:
            for i, line in enumerate(code(path).split("\n"), 1):
                if FLOAT.search(line):
                    yield f"{path}:{i}: floating point: {line.strip()}"


def header_manuals():
    for path in tracked(".h"):
        if path.startswith(("common/", "services/")) and not text(path).lstrip().startswith("/*"):
            yield f"{path}: does not begin with what it is"


def readmes():
    for d in ["proto", "common", "deploy", "tests"] + sorted(
        "services/" + d for d in os.listdir(os.path.join(ROOT, "services")) if os.path.isdir(os.path.join(ROOT, "services", d))
    ):
        if not os.path.exists(os.path.join(ROOT, d, "README.md")):
            yield f"{d}: no README.md"


def top_level():
    wanted = {"services", "proto", "common", "deploy", "tests", "CMakeLists.txt", "docker-compose.yml", "README.md"}
    have = {p.split("/")[0] for p in tracked("") if not p.startswith(".")}
    for extra in sorted(have - wanted):
        yield f"{extra}: not part of the fixed top level"


def main():
    failed = 0
    checks = [long_files, long_functions, banned, floats, header_manuals, readmes, top_level]
    for check in checks:
        findings = list(check())
        failed += bool(findings)
        print(("not ok - " if findings else "ok - ") + "style: " + check.__name__.replace("_", " "))
        for finding in findings:
            print("#   " + finding)
    return 1 if failed else 0


sys.exit(main())
