"""The tool killed: what it leaves half done is done when the same command is given again."""
import os
import signal
import subprocess

import points
import week
from stack import BUILD, Failed, SERVICES

DATABASE = "sweep_migrate"


# ---- topics -----------------------------------------------------------------------------------------------------------------


def topics(cases, problems):
    """For the birth of a stack: `topics` dies between two topics, and again; what is left is made by the next."""
    mine = [c for c in cases if c.actor == "topics"]

    def before(stack):
        for case in mine:
            problems[case] = stack.killed(case.orders[0], "topics")
        made = stack.tool("topics")
        again = stack.tool("topics")
        if mine and (" 0 created now" in made or " 0 created now" not in again):
            problems[mine[-1]].append(f"after the deaths: {made}{again}")

    return before if mine else None


# ---- migrate ----------------------------------------------------------------------------------------------------------------


def schema_of(stack, conninfo):
    """Everything in the database as SQL, and what is recorded as applied."""
    dump = subprocess.run(["pg_dump", "--schema-only", "-d", conninfo], env=stack.env, capture_output=True, text=True)
    if dump.returncode != 0:
        raise Failed(dump.stderr)
    lines = [line for line in dump.stdout.splitlines() if not line.startswith("\\")]  # random keys of restrict
    applied = stack.psql(conninfo, " UNION ALL ".join(
        f"SELECT '{s}', version, name, checksum FROM {s}.schema_migration" for s in SERVICES) + " ORDER BY 1, 2")
    return lines, applied.stdout + applied.stderr


class Migration:
    """`openitem migrate` on an empty database of its own."""

    def __init__(self, stack):
        self.stack = stack
        owner = stack.setting("OPENITEM_CASH_DATABASE_OWNER")
        self.conninfo = " ".join("dbname=" + DATABASE if w.startswith("dbname=") else w for w in owner.split(" "))
        self.settings = {f"OPENITEM_{s.upper()}_DATABASE_OWNER": self.conninfo for s in SERVICES}

    def empty(self):
        self.stack.administrator(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        self.stack.administrator(f"CREATE DATABASE {DATABASE}")
        self.stack.administrator(f"GRANT CONNECT, CREATE ON DATABASE {DATABASE} TO openitem_owner")

    def drop(self):
        self.stack.administrator(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")

    def run(self, fault=None):
        env = dict(self.stack.env, **self.settings, **({"FAULT_POINT": fault} if fault else {}))
        return subprocess.run([os.path.join(BUILD, "openitem"), "migrate"], env=env, capture_output=True, text=True)

    def killed(self, case):
        self.empty()
        p = self.run(case.orders[0])
        if p.returncode != -9:
            yield f"not reached: exit {p.returncode} {p.stdout}{p.stderr}"
        p = self.run()
        if p.returncode != 0:
            yield f"again: exit {p.returncode} {p.stdout}{p.stderr}"


def migrate(cases, stack, report):
    cases = [c for c in cases if c.actor == "migrate"]
    if not cases:
        return
    m = Migration(stack)
    m.empty()
    p = m.run()
    if p.returncode != 0:
        raise Failed(f"migrate: {p.stdout}{p.stderr}")
    expected = schema_of(stack, m.conninfo)
    for case in cases:
        problems = list(m.killed(case))
        found = schema_of(stack, m.conninfo)
        if found != expected:
            problems.append("the schemas are not those of a migration that nobody killed: " +
                            "; ".join(sorted(set(found[0]) ^ set(expected[0]))[:5]) + found[1][-300:])
        report.say(points.name(case), problems)
    m.drop()


# ---- publish, tick, command -------------------------------------------------------------------------------------------------


class ByHand:
    """A week without `play`: publish and settle step by step, command by command, and tick. Each case kills the nth call of its command."""

    def __init__(self, cases, pair):
        self.pair = pair
        self.cases = [c for c in cases if c.actor in ("publish", "tick", "command")]
        self.problems = {c: [] for c in self.cases}

    def tool(self, stack, calls, *args, stdin=None, kills=True):
        calls[args[0]] = calls.get(args[0], 0) + kills
        for case in self.cases if kills and stack is self.pair.faults else ():
            if case.actor == args[0] and case.nth == calls[args[0]]:
                # The count of the case is that of the call; within it the first time will do.
                self.problems[case] = stack.killed(f"{case.point}:1", *args, stdin=stdin)
        stack.tool(*args, stdin=stdin)

    def week(self, stack, w):
        calls = {}
        for i in sorted(w.days):
            stack.tool("tick", "--open", w.day(i))
            stack.tool("settle")
            for text in w.steps(i):
                self.tool(stack, calls, "publish", "-", stdin=text)
                stack.tool("settle")
            for event in w.commands(i):
                self.tool(stack, calls, "command", *event)
            self.tool(stack, calls, "tick", "--open", w.day(i), "--close", w.day(i))
            stack.tool("settle")


def by_hand(cases, pair, report):
    b = ByHand(cases, pair)
    if not b.cases:
        return
    w = week.Week(pair.weeks, placeholders=False)
    pair.weeks += 1
    pair.both(lambda s: b.week(s, w))
    pair.played.append(lambda s: ByHand([], pair).week(s, w))
    common = pair.differences()
    for case in b.cases:
        report.say(points.name(case), b.problems[case] + common)
    if common:
        raise Failed("the books differ after a week by hand: the weeks that follow would show nothing")


# ---- rebuild, redrive, refill -----------------------------------------------------------------------------------------------


def rebuild(case, at, pair):
    """Of each service in turn."""
    service = SERVICES[(at + case.nth) % len(SERVICES)]
    yield from pair.faults.killed(f"{case.point}:1", "rebuild", service)
    if case.point != "rebuild.swapped":
        pair.faults.tool("rebuild", service)
    p = pair.faults.run("rebuild", service)
    if p.returncode != 1 or "--drop-old" not in p.stderr:
        yield f"behind a swap: exit {p.returncode} {p.stdout}{p.stderr}"
    pair.faults.tool("rebuild", service, "--drop-old")


def redrive(case, _, pair):
    """A letter of its own, refused by the gate again. The gate of `faults` dies before it has noted that the letter is published: it stands
    twice in its topic. Then the gates wait: what they refuse would be a further letter for the second call."""

    def play(stack):
        if stack is pair.faults and mine:
            stack.order("intake", ["publish.acknowledged:1"])
        pair.poison(stack, 800 + case.nth)
        stack.tool("settle")
        gate = stack.pid("intake")
        os.kill(gate, signal.SIGSTOP)
        try:
            problems = pair.faults.killed(f"{case.point}:1", "dlq", "redrive") if stack is pair.faults and mine else []
            stack.tool("dlq", "redrive", codes=(0, 1))
        finally:
            os.kill(gate, signal.SIGCONT)
        stack.tool("settle")
        return problems

    mine = True
    problems = pair.both(play)[0]
    mine = False
    pair.played.append(play)
    return problems


def refill(case, _, pair):
    """Everything once more; readers know it."""
    topic = ("ar.billing.v1", "ar.cash.v1", "ar.collections.v1")[case.nth - 1]
    yield from pair.faults.killed(f"{case.point}:1", "refill", "--everything", topic)
    pair.faults.tool("settle")


def repairs(cases, pair, report):
    cases = [c for c in cases if c.actor in ("rebuild", "redrive", "refill")]
    if cases and pair.weeks == 0:
        pair.play([])  # there must be something to repair
    for at, case in enumerate(cases):
        try:
            problems = list({"rebuild": rebuild, "redrive": redrive, "refill": refill}[case.actor](case, at, pair) or ())
            problems += pair.differences()
        except Failed as e:
            problems = [e]
        report.say(points.name(case), problems)
        if problems:
            pair.renew()
