"""Two stacks that play the same weeks: on `peace` nothing happens, on `faults` programs die. After each week both have the same digest."""
import json
import os
import signal
import socket
import subprocess
import threading
import time

from concurrent.futures import ThreadPoolExecutor

import week
from events import Kafka
from stack import BUILD, SERVICES, Failed, Stack

ORDERS_WAIT_S = 20  # after a week was played, for what an idle service does last
LANES = "4"  # several accounts of a week on each
SESSION_TIMEOUT_MS = 6000  # how long the broker keeps the lanes of an instance that went


class Faults(Stack):
    """A stack whose services look into FAULT_DIR."""

    def __init__(self, name):
        super().__init__(name)
        self.orders_dir = self.home + "-orders"
        self.env.update(OPENITEM_SERVICE_ENV="FAULT_DIR OPENITEM_KAFKA_SESSION_TIMEOUT_MS", FAULT_DIR=self.orders_dir,
                        OPENITEM_KAFKA_SESSION_TIMEOUT_MS=str(SESSION_TIMEOUT_MS), OPENITEM_BACKOFF_MAX_MS="200")

    def orders_file(self, service):
        return os.path.join(self.orders_dir, "openitem-" + service)

    def order(self, service, lines):
        """The file appears whole: a service may look at any moment."""
        os.makedirs(self.orders_dir, exist_ok=True)
        path = self.orders_file(service)
        with open(path + ".made", "w", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        os.rename(path + ".made", path)

    def left(self, service):
        try:
            with open(self.orders_file(service), encoding="utf-8") as f:
                return tuple(f.read().split())
        except FileNotFoundError:
            return ()

    def no_orders(self):
        for service in SERVICES:
            if os.path.exists(self.orders_file(service)):
                os.unlink(self.orders_file(service))

    def administrator(self, query):
        p = self.psql(self.superuser("postgres"), query)
        if p.returncode != 0:
            raise Failed(f"{query}: {p.stderr}")
        return p.stdout.split("\n")[:-1]

    def killed(self, fault, *args, stdin=None):
        """The tool with FAULT_POINT: what is wrong unless it died there."""
        env = dict(self.env, FAULT_POINT=fault)
        p = subprocess.run([os.path.join(BUILD, "openitem"), *args], env=env, capture_output=True, text=True, input=stdin)
        return [] if p.returncode == -signal.SIGKILL else [f"{' '.join(args)}: not reached: exit {p.returncode} {p.stdout}{p.stderr}"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Cause:
    """Makes a point be reached while the week is played: ends sessions, asks a service to stop, or starts a second instance."""

    def __init__(self, stack, case):
        self.stack, self.case = stack, case
        self.over = threading.Event()
        self.thread = threading.Thread(target={"session": self.end_sessions, "stop": self.stop, "instance": self.second}[case.cause])
        self.thread.start()

    def end(self):
        self.over.set()
        self.thread.join()

    def until_obeyed(self, seconds):
        deadline = time.time() + seconds
        while self.stack.left(self.case.actor) and not self.over.is_set() and time.time() < deadline:
            time.sleep(0.05)
        return self.over.is_set() or not self.stack.left(self.case.actor)

    def end_sessions(self):
        while not self.until_obeyed(0.3):
            self.stack.administrator("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
                                     f"'openitem-{self.case.actor}'")

    def stop(self):
        self.over.wait(0.3 * self.case.nth)
        while not self.until_obeyed(0):
            try:
                os.kill(self.stack.pid(self.case.actor), signal.SIGTERM)
            except (OSError, IndexError, ValueError):  # between two lives
                pass
            self.until_obeyed(1)

    def second(self):
        upper = self.case.actor.upper()
        with open(os.path.join(self.stack.home, "env"), encoding="utf-8") as f:
            env = dict(line.strip().replace('"', "").split("=", 1) for line in f if line.startswith("OPENITEM_"))
        env.update({"OPENITEM_INSTANCE": "second", f"OPENITEM_{upper}_ADMIN": f"127.0.0.1:{free_port()}",
                    "OPENITEM_KAFKA_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS)})
        with open(os.path.join(self.stack.home, "logs", self.case.actor + "-second.log"), "ab") as log:
            while not self.over.is_set() and self.stack.left(self.case.actor):
                p = subprocess.Popen([os.path.join(BUILD, "openitem-" + self.case.actor)], env=env, stdout=log, stderr=log)
                self.until_obeyed(4)
                p.terminate()
                p.wait(10)
                self.until_obeyed(SESSION_TIMEOUT_MS / 1000 + 4)


class Pair:
    def __init__(self, before=None, mutant=0):
        """before: what to do with `faults` when its servers run and nothing else does. mutant: a bug that its services have."""
        self.faults, self.peace = Faults("sweep"), Stack("sweep-peace")
        for stack in (self.faults, self.peace):
            stack.env["OPENITEM_LANES"] = LANES
        if mutant:
            self.faults.env["OPENITEM_SERVICE_ENV"] += " FAULT_MUTANT"
            self.faults.env["FAULT_MUTANT"] = str(mutant)
        self.before = before
        self.played = [lambda s: s.tool("play", "-", stdin=week.birth())]  # what a stack has behind it, undisturbed
        self.weeks = 0
        self.pool = ThreadPoolExecutor(4)

    def both(self, fn):
        """fn(stack) on both at once."""
        return list(self.pool.map(fn, (self.faults, self.peace)))

    def __enter__(self):
        try:
            self.both(self.bear)
        except BaseException:
            self.__exit__(Failed)
            raise
        return self

    def __exit__(self, kind, *_):
        self.both(lambda s: s.__exit__(kind))

    def bear(self, stack):
        if stack is self.faults:
            stack.no_orders()
            if os.path.exists(stack.home):
                stack.down()
            if self.before:
                stack.shell("deploy/up", "--no-services", "--build-dir", BUILD)
                self.before(stack)
            stack.shell("deploy/up", "--build-dir", BUILD)
        else:
            stack.__enter__()
        for play in self.played:
            play(stack)

    def digests(self):
        return self.both(lambda s: s.digest())

    def outcomes(self, stack):
        """How many of each kind each service has decided: what the digest cannot see (a day opened that nobody heard of)."""
        return {f"{s} {row[0]}": row[1] for s in SERVICES if s != "reporting"
                for row in stack.sql(s, "SELECT type, count(*) FROM outcome GROUP BY 1")}

    def differences(self):
        faults, peace = self.digests()
        if faults == peace:
            one, two = self.both(self.outcomes)
            return [f"{kind}: {one.get(kind, 0)} outcomes, undisturbed {two.get(kind, 0)}" for kind in sorted({**one, **two})
                    if one.get(kind) != two.get(kind)]
        sections = [{r["section"]: (r["rows"], r["digest"]) for r in s.list("verify", "--sections")} for s in (self.faults, self.peace)]
        differ = [f"{name}: {one[0]} rows" if (one := sections[0].get(name)) else name for name in sections[1]
                  if sections[0].get(name) != sections[1][name] and name != "all"]
        return [f"digest {faults}, undisturbed {peace}: {', '.join(differ)}"]

    def renew(self):
        """After a round with problems that are not a single case's: another `faults`, at the place where `peace` is."""
        keep = self.faults.home + f"-failed-{self.weeks}"
        subprocess.run(["cp", "-r", os.path.join(self.faults.home, "logs"), keep], check=False)
        print(f"#   logs kept in {keep}; another stack", flush=True)
        self.bear(self.faults)
        wrong = self.differences()
        if wrong:
            raise Failed(f"the same weeks undisturbed on a new stack: {wrong[0]}")

    def poison(self, stack, number):
        """A record for the dead letters: its topic is read by the same gate."""
        Kafka(stack).send("crm.sales-order.v1", b"\xff poison", key=f"W{number:03d}".encode(), headers=[("ce_id", f"poison-{number}".encode())])

    def play_week(self, stack, text, number, cases):
        """Problems of the tool: a `play` that is a case dies, and is started again."""
        self.poison(stack, number)
        problems = {}
        for case in cases if stack is self.faults else ():
            if case.actor == "play":
                problems[case] = stack.killed(case.orders[0], "play", "-", stdin=text)
        stack.tool("play", "-", stdin=text)
        return problems

    def play(self, cases):
        """One week with these deaths. ({case: problems}, problems of all of them)"""
        number, self.weeks = self.weeks, self.weeks + 1
        text = week.Week(number).play_file()
        sizes = log_sizes(self.faults)
        services = [c for c in cases if c.actor in SERVICES]
        for case in services:
            self.faults.order(case.actor, case.orders)
        causes = [Cause(self.faults, c) for c in services if c.cause]
        problems, common = {c: [] for c in cases}, []
        try:
            tool, _ = self.both(lambda s: self.play_week(s, text, number, cases))
            problems.update(tool)
        except Failed as e:
            common.append(str(e))
        self.wait_for_orders([c for c in services if not c.never])
        for cause in causes:
            cause.end()
        for case in services:
            problems[case] += judge_orders(self.faults, case)
        self.faults.no_orders()
        self.played.append(lambda s: self.play_week(s, text, number, ()))
        self.end_round(common, services, sizes, problems)
        return problems, common

    def wait_for_orders(self, services):
        deadline = time.time() + ORDERS_WAIT_S
        while any(self.faults.left(c.actor) for c in services) and time.time() < deadline:
            time.sleep(0.05)

    def end_round(self, common, services, sizes, problems):
        try:
            common += self.differences()
        except Failed as e:
            common.append(str(e))
        for case in services:
            problems[case] += judge_log(self.faults, case, sizes[case.actor])

    def verify(self):
        """The books and the dead letters of both, in the end."""
        for stack, p in zip(("faults", "peace"), self.both(lambda s: s.run("verify"))):
            if p.returncode != 0:
                yield f"{stack}: {p.stdout}{p.stderr}"
        letters = self.both(lambda s: s.sql("intake", "SELECT count(*) FROM outcome WHERE dead_record <> ''"))
        if letters[0] != letters[1]:
            yield f"dead letters: {letters[0]}, undisturbed {letters[1]}"


def log_sizes(stack):
    return {s: os.path.getsize(os.path.join(stack.home, "logs", s + ".log")) for s in SERVICES}


def judge_orders(stack, case):
    left = stack.left(case.actor)
    if case.never and left != case.orders:
        yield "reached, although tests/kill/points.py says that it never is"
    if not case.never and left:
        yield f"not reached: {' '.join(left)} was left of {' '.join(case.orders)}"


def judge_log(stack, case, since):
    """The supervisor saw the deaths that were ordered and no other; the service itself complains of nothing."""
    with open(os.path.join(stack.home, "logs", case.actor + ".log"), "rb") as f:
        f.seek(since)
        lines = [json.loads(line) for line in f.read().decode(errors="replace").splitlines() if line.startswith("{")]
    ends = [x["msg"] for x in lines if x.get("instance") == "supervisor" and "ended with" in x["msg"]]
    expected = 0 if case.never else sum(not line.startswith("~") for line in case.orders)
    if sum("status 137" in x for x in ends) != expected or len(ends) != expected:
        yield f"{expected} deaths ordered, the supervisor saw {ends}"
    for x in lines:
        if x["level"] == "error":
            yield f"its log: {x}"
