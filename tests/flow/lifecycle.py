#!/usr/bin/python3
"""Watching it, and what it does when a component is away (issue 3, sections 5 and 6): health and metrics, Redis killed, PostgreSQL and
Kafka stopped and stopped dead. One company is played through all of it: its digest is the undisturbed one."""
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import plays
from stack import BUILD, SERVICES, Failed, Stack, Tests

AWAY_S = 10


def get(stack, service, path):
    """(status, body)"""
    try:
        with urllib.request.urlopen(f"http://{stack.setting(f'OPENITEM_{service.upper()}_ADMIN')}{path}", timeout=5) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def component_pid(stack, name):
    with open(os.path.join(stack.home, "run", name + ".pid")) as f:
        return int(f.read().split()[0])


def family(pid):
    """A process and its children (PostgreSQL has some)."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid] + [int(p) for p in found]


def freeze(stack, name):
    pids = family(component_pid(stack, name))
    for pid in pids:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            pass
    return pids


def thaw(pids):
    for pid in reversed(pids):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass


def log_lines(stack, service, since=0):
    with open(os.path.join(stack.home, "logs", service + ".log"), "rb") as f:
        f.seek(since)
        return [json.loads(line) for line in f.read().decode().splitlines() if line.startswith("{")]


def log_sizes(stack):
    return {s: os.path.getsize(os.path.join(stack.home, "logs", s + ".log")) for s in SERVICES}


# ---- watching it ------------------------------------------------------------------------------------------------------------


def health(stack):
    for s in SERVICES:
        for path, word in (("/livez", '"live":true'), ("/readyz", '"ready":true'), ("/healthz", '"live":true'), ("/version", f'"{s}"')):
            status, body = get(stack, s, path)
            if status != 200 or word not in body:
                yield f"{s}{path}: {status} {body}"


def metrics(stack):
    for s in SERVICES:
        status, body = get(stack, s, "/metrics")
        p = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True)
        if status != 200 or p.returncode != 0 or p.stdout.strip() or p.stderr.strip():
            yield f"{s}: promtool check metrics: exit {p.returncode} {p.stdout}{p.stderr}"
        names = set(re.findall(r"^# TYPE (\S+)", body, re.M))
        for name in ("openitem_kafka_consumer_lag_records", "openitem_messaging_consumed_messages_total", "openitem_ready",
                     "openitem_outbox_pending_records", "process_cpu_seconds_total"):
            if name not in names:
                yield f"{s}: no {name}"
        for name in names:
            if not name.startswith(("openitem_", "process_")):
                yield f"{s}: {name} has another prefix"
    consumed = get(stack, "reporting", "/metrics")[1]
    if not re.search(r'^openitem_messaging_consumed_messages_total\{.*topic="ar.billing.v1".*\} [1-9]', consumed, re.M):
        yield "reporting's count of consumed messages stands still"


def logs_are_json(stack):
    for s in SERVICES:
        with open(os.path.join(stack.home, "logs", s + ".log")) as f:
            for line in f:
                try:
                    missing = {"ts", "level", "msg", "service"} - set(json.loads(line))
                except ValueError:
                    missing = {"JSON"}
                if missing:
                    yield f"{s}: {missing} missing in {line[:200]}"
                    break


# ---- components away --------------------------------------------------------------------------------------------------------


class Player:
    """Plays a part of the company in the background, while something is away."""

    def __init__(self, stack, path, part):
        self.stack, self.args = stack, ["play", path, "--from", part[0], "--until", part[1]]
        self.process = stack.start(*self.args)
        time.sleep(0.7)

    def end(self):
        """A play that met the outage may give up (exit 3): playing again publishes the same events and goes on."""
        out = self.process.communicate()[0]
        last = out.strip().splitlines()[-1] if out.strip() else ""
        print(f"#   play: exit {self.process.returncode}: {last}", flush=True)
        if self.process.returncode == 3:
            self.stack.tool(*self.args)
        elif self.process.returncode != 0:
            raise Failed(f"play: exit {self.process.returncode}: {out[-2000:]}")
        self.stack.tool("settle")


def redis_away(stack, path, part):
    """Frozen, then dead, then back: nobody waits for it, and nothing is asked of it."""
    player = Player(stack, path, part)
    frozen = freeze(stack, "redis")
    time.sleep(2)
    ready = {s: get(stack, s, "/readyz")[0] for s in SERVICES}
    if set(ready.values()) != {200}:
        yield f"not ready while Redis is frozen: {ready}"
    for pid in frozen:
        os.kill(pid, signal.SIGKILL)
    player.end()
    if not player.process.returncode == 0:
        yield f"play: exit {player.process.returncode} without Redis"
    # Everything again, without Redis: the database knows every event.
    before = [counts(stack), stack.digest()]
    stack.tool(*player.args)
    stack.tool("settle")
    if [counts(stack), stack.digest()] != before:
        yield "the same events again changed the books while Redis was away"
    up(stack)


def counts(stack):
    return [stack.sql(s, "SELECT count(*) FROM outcome")[0][0] for s in ("intake", "billing", "cash")]


def up(stack):
    stack.shell("deploy/up", "--build-dir", BUILD)


def waited(stack, sizes, away, back):
    """Each service said once that it waits, and once that it goes on; none died."""
    for s in SERVICES:
        lines = log_lines(stack, s, sizes[s])
        said = [x["msg"] for x in lines]
        if said.count(away) > 1 or said.count(back) > said.count(away):
            yield f"{s} said `{away}` {said.count(away)} times, `{back}` {said.count(back)} times"
        if sum(x["level"] in ("warn", "error") for x in lines) > 12:
            yield f"{s} said too much: {[(x['level'], x['msg'], x.get('error', '')) for x in lines][:12]}"
        if any(x.get("instance") == "supervisor" for x in lines):
            yield f"{s} died: {[x for x in lines if x.get('instance') == 'supervisor']}"


def ready_again(stack):
    deadline = time.time() + 30
    while not all(get(stack, s, "/readyz")[0] == 200 for s in SERVICES):
        if time.time() > deadline:
            raise Failed(f"not ready again: {[get(stack, s, '/readyz') for s in SERVICES]}")
        time.sleep(0.1)


def postgres_stopped(stack, path, part):
    player, sizes = Player(stack, path, part), log_sizes(stack)
    pid = component_pid(stack, "postgres")
    os.kill(pid, signal.SIGINT)  # as deploy/down ends it: sessions are cut
    deadline = time.time() + 30
    while os.path.exists(f"/proc/{pid}"):
        if time.time() > deadline:
            raise Failed("PostgreSQL does not stop")
        time.sleep(0.05)
    time.sleep(AWAY_S)
    unready = [s for s in SERVICES if get(stack, s, "/readyz")[0] == 200]
    if unready:
        yield f"ready without PostgreSQL: {unready}"
    dead = [s for s in SERVICES if get(stack, s, "/livez")[0] != 200]
    if dead:
        yield f"not alive: {dead}"
    up(stack)
    ready_again(stack)
    player.end()
    yield from waited(stack, sizes, "waiting for postgresql", "postgresql is back")
    silent = [s for s in SERVICES if "waiting for postgresql" not in [x["msg"] for x in log_lines(stack, s, sizes[s])]]
    if silent:
        yield f"said nothing of it: {silent}"


def frozen(stack, path, part, name, seconds):
    player, sizes = Player(stack, path, part), log_sizes(stack)
    pids = freeze(stack, name)
    time.sleep(seconds)
    thaw(pids)
    ready_again(stack)
    player.end()
    away, back = ("waiting for postgresql", "postgresql is back") if name == "postgres" else ("waiting for kafka", "kafka is back")
    yield from waited(stack, sizes, away, back)


def kafka_stopped(stack, path, part):
    player, sizes = Player(stack, path, part), log_sizes(stack)
    pid = component_pid(stack, "kafka")
    os.kill(pid, signal.SIGKILL)
    time.sleep(5)
    unready = [s for s in SERVICES if get(stack, s, "/readyz")[0] == 200]
    if unready:
        yield f"ready without Kafka: {unready}"
    up(stack)
    ready_again(stack)
    player.end()
    yield from waited(stack, sizes, "waiting for kafka", "kafka is back")


def terminated_frozen(stack, path, part):
    """SIGTERM while neither Kafka nor PostgreSQL answers: each ends within 5 s with exit 0 all the same, and goes on where it was."""
    player, sizes = Player(stack, path, part), log_sizes(stack)
    pids = freeze(stack, "kafka") + freeze(stack, "postgres")
    time.sleep(1)
    services, begin, took = {s: stack.pid(s) for s in SERVICES}, time.time(), {}
    for pid in services.values():
        os.kill(pid, signal.SIGTERM)
    while len(took) < len(services) and time.time() < begin + 8:
        took.update({s: time.time() - begin for s, pid in services.items() if s not in took and gone(pid)})
        time.sleep(0.02)
    thaw(pids)
    for s in SERVICES:
        if took.get(s, 99) > 5:
            yield f"{s} did not end within 5 s"
    time.sleep(0.5)
    for s in SERVICES:
        last = log_lines(stack, s, sizes[s])[-1]["msg"]
        if last != "service ended with exit 0: not started again":
            yield f"{s}: {last}"
    up(stack)
    player.end()


def same_digest(stack, path):
    expected, digest = plays.remembered(path), stack.digest()
    if expected is None:
        with Stack("peace") as peace:
            expected = plays.undisturbed(peace, plays.generate(peace))
    if digest != expected:
        yield f"digest {digest}, undisturbed {expected}"


def each_event_once(stack):
    """What went in against what was let through: nothing lost, nothing doubled."""
    with open(os.path.join(stack.home, "company.ndjson")) as f:
        ids = {(e["source"], e["id"]) for e in map(json.loads, f)}
    got = stack.sql("intake", "SELECT source, event_id FROM inbox")
    got_ids = {(a, b) for a, b in got}
    if len(got) != len(got_ids):
        yield "an event stands twice in the inbox"
    if ids - got_ids:
        yield f"{len(ids - got_ids)} events are missing: {sorted(ids - got_ids)[:5]}"
    twice = stack.sql("billing", "SELECT event_id, count(*) FROM outcome GROUP BY 1 HAVING count(*) > 1")
    if twice:
        yield f"billing outcomes that stand twice: {twice[:5]}"


def verify(stack):
    stack.tool("verify")


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def ended(home, pids):
    left = [p for p in pids if not gone(p)]
    if left:
        yield f"still running after deploy/down: {left}"
    if os.path.exists(home):
        yield f"{home} is still there after deploy/down --wipe"


def main():
    tests = Tests()
    with Stack("lifecycle") as stack:
        path = plays.generate(stack)
        all_days = plays.days(path)
        edges = [len(all_days) * n // 6 for n in range(7)]
        parts = [(all_days[a], all_days[b - 1]) for a, b in zip(edges, edges[1:])]
        tests.attempt("/livez /readyz /healthz /version", health, stack)
        tests.attempt("Redis frozen and killed while events flow: nothing changes but speed", redis_away, stack, path, parts[0])
        tests.attempt("/metrics: promtool check metrics, the names", metrics, stack)
        tests.attempt("PostgreSQL stopped for 10 s: services wait, say so once, go on", postgres_stopped, stack, path, parts[1])
        tests.attempt("PostgreSQL frozen for 5 s", frozen, stack, path, parts[2], "postgres", 5)
        tests.attempt("Kafka frozen for 10 s", frozen, stack, path, parts[3], "kafka", AWAY_S)
        tests.attempt("Kafka killed and started again", kafka_stopped, stack, path, parts[4])
        tests.attempt("SIGTERM while Kafka and PostgreSQL are frozen: ended within 5 s with exit 0", terminated_frozen, stack, path, parts[5])
        tests.attempt("AUD-05 verify after all that", verify, stack)
        tests.attempt("the digest is that of the undisturbed run", same_digest, stack, path)
        tests.attempt("each event once: nothing lost, nothing doubled", each_event_once, stack)
        tests.attempt("logs are JSON lines", logs_are_json, stack)
        home, pids = stack.home, [component_pid(stack, n) for n in SERVICES + ("kafka", "redis", "postgres")]
    tests.attempt("deploy/down leaves nothing running and nothing behind", ended, home, pids)
    tests.end()


main()
