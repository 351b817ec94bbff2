#!/usr/bin/python3
"""Rules (rules.txt): each has a test named after it, and tests name no other. Where ../shared is: LEDGER.md has as many rows as we number, and
the cases of peers are as many as tables/README.md accounts for. A test names a rule in the title of a table case, in a text of a C or Python
test, or in a function's name (test_L1_5a_..., test_rpt_03_...).
rules.py [LEDGER.md]: another place than ../shared/domain."""
import glob
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
LEDGER = os.path.join(os.path.dirname(os.path.dirname(TESTS)), "shared", "domain", "LEDGER.md")
BOOK = re.compile(r"\bL[0-9](?:(?:\.[0-9]+)+[a-z]?\b|\.[a-z_]\w+)")  # L2.invoice too, to say that it is no rule
CAPABILITY = re.compile(r"\b(?:BIL|CSH|COL|CRD|DSP|RPT|INT|AUD)-[0-9]{2}\b")
IN_FUNCTION = re.compile(r"\b(?:static void|def) (\w+)\(")
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')


def listed():
    """({section: rows}, {rule: where})"""
    sections, rules = {}, {}
    with open(os.path.join(HERE, "rules.txt"), encoding="utf-8") as f:
        for line in (line.strip() for line in f):
            cells = [c.strip() for c in line.split("|")]
            if line.startswith("section "):
                sections[int(cells[0].split()[1])] = int(cells[1])
            elif line and not line.startswith("#"):
                if len(cells) != 3 or not all(cells) or cells[0] in rules:
                    raise SystemExit(f"not ok - rules.txt: {line}")
                rules[cells[0]] = cells[2]
    return sections, rules


def named_in(path):
    """What the tests of one file name: only titles, texts and names of functions count, not comments."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".txt"):
        titles = "\n".join(line for line in text.split("\n") if line.startswith("case "))
    else:
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S) if path.endswith((".c", ".h")) else re.sub(r"^\s*#.*$", "", text, flags=re.M)
        titles = "\n".join(STRING.findall(code))
        for name in IN_FUNCTION.findall(code):
            name = re.sub(r"_([a-z]{3})_([0-9]{2})(?=_)", lambda m: f" {m[1].upper()}-{m[2]} ", name)
            titles += "\n" + re.sub(r"(?:^|_)L([0-9](?:_[0-9]+)+[a-z]?)(?![a-z0-9])", lambda m: " L" + m[1].replace("_", ".") + " ", name)
    return set(BOOK.findall(titles)), set(CAPABILITY.findall(titles))


def all_named():
    """{file: (rules of LEDGER, capabilities)}, by its path below tests/"""
    found = {}
    for pattern in ("tables/*/*.txt", "tables/*.c", "unit/*.c", "unit/*.py", "sql/*.c", "sim/*.c", "flow/*.py", "kill/*.py"):
        for path in sorted(glob.glob(os.path.join(TESTS, pattern))):
            found[os.path.relpath(path, TESTS)] = named_in(path)
    return found


def untested(rules, named):
    somewhere = set().union(*(book | other for book, other in named.values()))
    for rule, where in rules.items():
        if where.startswith("not built: "):
            if rule in somewhere:
                yield f"{rule}: listed as not built, and a test names it"
            continue
        if rule not in somewhere:
            yield f"{rule}: no test is named after it"
        for path in where.split():
            if path not in named:
                yield f"{rule}: {path} is no file of tests"
            elif rule not in named[path][0] | named[path][1]:
                yield f"{rule}: no test of {path} names it"


def unlisted(rules, named):
    for path, (book, _) in named.items():
        for rule in sorted(book - set(rules)):
            yield f"{path}: {rule} is not in rules.txt"


def rows(path):
    """{section: bullets, rows of tables and paragraphs around them}"""
    found, table, began = {}, False, False
    section = 0
    with open(path, encoding="utf-8") as f:
        for line in f:
            heading = re.match(r"## ([0-9]+)\.", line)
            if heading:
                section, table, began = int(heading[1]), False, False
                found[section] = 0
            elif section and line.startswith("|"):
                header = not table
                table = True
                found[section] += not header and not line.startswith("|---")
            elif section and line.startswith("- "):
                found[section] += 1
            elif section and table and line.strip() and not line.startswith(" "):
                found[section] += 1
    return found


def uncounted(ledger):
    """Cases of peers that came or went since somebody decided about each of them."""
    with open(os.path.join(TESTS, "tables", "README.md"), encoding="utf-8") as f:
        said = {m[1]: int(m[2]) for m in re.finditer(r"^\| `(\w+)` \| ([0-9]+) \| [0-9]+ \|", f.read(), re.M)}
    for path in sorted(glob.glob(os.path.join(os.path.dirname(ledger), "..", "cases", "*.json"))):
        name = os.path.basename(path)[:-5]
        with open(path, encoding="utf-8") as f:
            n = len(json.load(f)["cases"])
        if said.get(name) != n:
            yield f"{name}.json has {n} cases, tests/tables/README.md accounts for {said.get(name, 'none')}"


def moved(path, sections, rules):
    if not os.path.exists(path):
        return
    found = rows(path)
    if found != sections:
        yield f"LEDGER.md has {found} rows by section, rules.txt says {sections}"
    for section, n in sections.items():
        have = {int(r.split(".")[1].rstrip("abcdefgh")) for r in rules if r.startswith(f"L{section}.")}
        for row in sorted(set(range(1, n + 1)) - have):
            yield f"L{section}.{row}: rules.txt does not have it"
        for row in sorted(have - set(range(0, n + 1))):
            yield f"L{section}.{row}: LEDGER.md does not have it"


def main():
    ledger = sys.argv[1] if len(sys.argv) > 1 else LEDGER
    sections, rules = listed()
    named, failed = all_named(), 0
    for name, findings in (("every rule has a test named after it", untested(rules, named)),
                           ("tests name only rules of the list", unlisted(rules, named)),
                           ("the list has LEDGER.md's rows", moved(ledger, sections, rules)),
                           ("the cases of peers are accounted for", uncounted(ledger))):
        findings = list(findings)
        failed += bool(findings)
        print(("not ok - " if findings else "ok - ") + "rules: " + name)
        for finding in findings:
            print("#   " + finding)
    return 1 if failed else 0


sys.exit(main())
