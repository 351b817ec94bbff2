"""The points at which a program may be killed, as the sources name them, and the cases made of them."""
import os
import re
from collections import namedtuple

from stack import ROOT, SERVICES

NTH = (1, 2, 3)
DECIDERS = ("intake", "billing", "cash", "collections")

# What no script can reach, and why. A case of the sweep shows of each that it is really not reached.
UNREACHED = {("reporting", p): "reporting decides nothing: it has no outcomes and publishes nothing"
             for p in ("batch.outcome_logged", "publish.begun", "publish.record_queued", "publish.queued",
                       "publish.acknowledged", "marks.saved", "assign.page_published")}
UNREACHED.update({(s, "batch.hinted"): "Redis is the gate's alone" for s in SERVICES if s != "intake"})
UNREACHED[("intake", "batch.part_committed")] = "the gate takes every input in one transaction"
UNREACHED[("reporting", "batch.part_committed")] = "reporting takes every input in one transaction"

# Which commands of the tool come to a point, by its first word.
TOOL = {"play": ("play",), "send": ("play", "publish", "tick", "command"), "tick": ("tick",), "command": ("command",),
        "topics": ("topics",), "migrate": ("migrate",), "rebuild": ("rebuild",), "redrive": ("redrive",), "refill": ("refill",)}
# Only a batch with outcomes has anything to lose there.
WITH_OUTCOMES = ("batch.decided", "store.changes_sent", "store.commit_sent", "batch.committed")
ONCE_A_LIFE = ("start.opened", "start.subscribed")

# actor: a service, or a command of the tool. orders: lines for FAULT_DIR. cause: what else must happen for the point to be reached.
Case = namedtuple("Case", "actor point nth orders cause never")


def in_sources():
    """{point: the files that have it}"""
    found = {}
    for top in ("common", "services"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            for name in files:
                if name.endswith(".c") and name != "fault.c":
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as f:
                        for point in re.findall(r'FAILPOINT\("([^"]*)"\)', f.read()):
                            found.setdefault(point, []).append(os.path.relpath(path, ROOT))
    return found


def actors(point, files):
    """Who can come to it, by where it stands."""
    for path in files:
        top, part = path.split("/")[:2]
        if path == "common/store/store_migrate.c" or (top, part) == ("services", "cli"):
            yield from TOOL.get(point.split(".")[0], ())
        elif top == "common":
            yield from SERVICES
        else:
            yield part


def service_orders(service, point, nth):
    """(lines, cause). In the loop: the nth time in the life of a process, or in the nth batch that has outcomes. At the start: first after a death that leaves outcomes unpublished, then
    twice in a row; the third in a living process that loses its session (or, where a life has it once only, three times in a row)."""
    death = "publish.queued" if service in DECIDERS else "batch.committed"
    if point.startswith("stop."):
        return [f"{point}:1"], "stop"
    if point == "assign.revoked":
        return [f"{point}:{nth}"], "instance"
    if point == "assign.page_published":
        return [f"{death}:{nth}", f"{point}:1"], None
    if point in WITH_OUTCOMES and service in DECIDERS:
        skipped = [f"~publish.acknowledged:{nth - 1}"] if nth > 1 else []
        return skipped + ["~batch.outcome_logged:1", f"{point}:1"], None
    if not point.startswith(("start.", "assign.")):
        return [f"{point}:{nth}"], None
    if nth == 3 and point not in ONCE_A_LIFE:
        return [f"{point}:1"], "session"
    return [f"{death}:{nth}"] + [f"{point}:1"] * nth, None


def all_cases():
    """Every case there is, and the points nobody knows a case for."""
    cases, unknown = [], []
    for point, files in sorted(in_sources().items()):
        who = list(dict.fromkeys(actors(point, files)))
        if not who:
            unknown.append(f"{point} ({', '.join(files)}): no case reaches it: say in tests/kill/points.py which command does")
        for actor in who:
            if (actor, point) in UNREACHED:
                cases.append(Case(actor, point, 1, (f"{point}:1",), None, True))
                continue
            for nth in NTH:
                orders, cause = service_orders(actor, point, nth) if actor in SERVICES else ([f"{point}:{nth}"], None)
                cases.append(Case(actor, point, nth, tuple(orders), cause, False))
    return cases, unknown


def name(case):
    return f"{case.actor} {case.point}:{case.nth}"
