"""The table of a chaos run: faults by kind, seconds to the next commit."""
import collections
import os
import statistics

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")


def rows(report):
    kinds = collections.defaultdict(list)
    for f in report["faults"]:
        kinds[f["kind"]].append(f)
    for kind in sorted(kinds, key=lambda k: (-len(kinds[k]), k)):
        of = kinds[kind]
        back = [f["back_s"] for f in of if f["back_s"] is not None]
        away = [f["away_s"] for f in of if f["away_s"]]
        yield [kind, str(len(of)), f"{statistics.median(away):.1f}" if away else "", f"{statistics.median(back):.2f}" if back else "-", f"{max(back):.2f}" if back else "-"]
    yield ["all", str(len(report["faults"])), "", "", ""]


HEAD = ["fault", "faults", "away, p50 s", "next commit, p50 s", "max s"]


def text(report):
    table = [HEAD] + list(rows(report))
    width = [max(len(r[i]) for r in table) for i in range(len(HEAD))]
    lines = ["  ".join(c.ljust(width[0]) if i == 0 else c.rjust(width[i]) for i, c in enumerate(r)) for r in table]
    return "\n".join([lines[0], "  ".join("-" * w for w in width)] + lines[1:])


def markdown(report):
    out = ["| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 1)]
    out += ["| " + " | ".join(r) + " |" for r in rows(report)]
    c = report["counts"]
    out += ["", f"Seed {report['seed']}, {report['minutes']:g} minutes, {report['events']} records of strangers: {c.get('let through', 0)} let through, "
            f"{c.get('duplicates', 0)} duplicates, {c.get('dead letters', 0)} dead letters; {c.get('outcomes', 0)} outcomes, {c.get('records published twice', 0)} of them "
            f"published twice; {report['days closed']} days closed. Complaints of the checker: {len(report['complaints'])}. Load average of the machine (2 cores) at the end: "
            f"{report['load average'][0]}."]
    return "\n".join(out)


def bars(rows):
    out = ["| what | measured | bar | load average |", "|---|---|---|---:|"]
    out += [f"| {r['what']} | {r['measured']}{'' if r['ok'] else ' **missed**'} | {r['bar']} | {r['load']} |" for r in rows]
    return "\n".join(out)


def put(name, text):
    """Between the marks of that name; at the end when there are none yet."""
    begin, end = f"<!-- {name}: begin (written by tests/kill/{name} --readme) -->", f"<!-- {name}: end -->"
    with open(README, encoding="utf-8") as f:
        old = f.read()
    block = f"{begin}\n{text}\n{end}"
    if begin in old:
        old = old[:old.index(begin)] + block + old[old.index(end) + len(end):]
    else:
        old = old.rstrip("\n") + f"\n\n{block}\n"
    with open(README, "w", encoding="utf-8") as f:
        f.write(old)


def into_readme(report):
    put("chaos", markdown(report))


def bars_into_readme(rows):
    put("bars", bars(rows))
