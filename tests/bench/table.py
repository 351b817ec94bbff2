"""results/latest.json, results/machine.json and the table of README.md, which is made of them."""
import json
import os
import re

from harness import HERE, number

LATEST = os.path.join(HERE, "results", "latest.json")
MACHINE = os.path.join(HERE, "results", "machine.json")
README = os.path.join(HERE, "README.md")
BEGIN, END = "<!-- table: written by tests/bench/run -->", "<!-- end of table -->"


def load(path, otherwise):
    if not os.path.exists(path):
        return otherwise
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def save(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(data, f, indent="\t", ensure_ascii=False)
        f.write("\n")


def family(id):
    """P6a belongs to P6."""
    return re.match(r"P[0-9]+", id)[0]


def order(row):
    return int(family(row["id"])[1:]), row["id"]


def taken(t):
    return "" if t is None else f"{t['commit']}, {t['seconds']} s, {t['stolen']:.0%}"


def cells(row):
    ratio = "" if row["ratio"] is None else f"{number(row['ratio'])} ({number(row['ratio_min'])} to {number(row['ratio_max'])})"
    return [row["id"], row["what"], f"{number(row['ours'])} {row['unit']}", "" if row["beside"] is None else f"{number(row['beside'])} {row['unit']}", ratio,
            row["target"], "yes" if row["met"] else "**no**", taken(row.get("taken"))]


def cpu_table(rows):
    """Where each microsecond goes: rows that say CPU per event, a column each."""
    told = [r for r in rows if r.get("cpu_us_per_event")]
    if not told:
        return []
    names = sorted({name for r in told for name in r["cpu_us_per_event"]})
    total = {r["id"]: sum(r["cpu_us_per_event"].values()) for r in told}
    lines = ["", "CPU, us per event:", "", "| component | " + " | ".join(r["id"] for r in told) + " |", "|---" * (len(told) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(number(r["cpu_us_per_event"].get(name)) for r in told) + " |" for name in names]
    return [*lines, "| **all** | " + " | ".join(number(total[r["id"]]) for r in told) + " |"]


def text_of(rows, facts):
    lines = ["| row | what | ours | beside | ratio (min to max) | target | met | commit, time, stolen |", "|---|---|---|---|---|---|---|---|"]
    lines += ["| " + " | ".join(cells(r)) + " |" for r in rows]
    lines += cpu_table(rows)
    lines += ["", "Last taken on: " + ", ".join(f"{k} {v}" for k, v in facts.items()) + "."]
    return "\n".join(lines)


def write(rows, good, facts):
    """Rows of the benchmarks that ran well replace theirs; those of others stay."""
    kept = [r for r in load(LATEST, []) if family(r["id"]) not in good]
    rows = sorted(kept + [r for r in rows if family(r["id"]) in good], key=order)
    save(LATEST, rows)
    save(MACHINE, facts)
    with open(README, encoding="utf-8") as f:
        readme = f.read()
    head, rest = readme.split(BEGIN, 1)
    with open(README, "w", encoding="utf-8") as f:
        f.write(head + BEGIN + "\n" + text_of(rows, facts) + "\n" + END + rest.split(END, 1)[1])
