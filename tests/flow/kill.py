#!/usr/bin/python3
"""Any service killed at any moment, and nothing is lost or doubled (issue 3: resolved when 4). Two stacks run side by side: on one the
company is played in peace, on the other every service is killed while it is played; the digests are equal."""
import json
import os
import random
import signal
import time

import plays
from stack import BUILD, SERVICES, Failed, Stack, Tests

KILLS = 2  # of each service, at least
SEED = int(os.environ.get("OPENITEM_TEST_SEED", "4"))


def wait_until(what, seconds, fn):
    deadline = time.time() + seconds
    while not fn():
        if time.time() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def running(stack, service):
    """The pid of a service that lives, or None while it is started again."""
    try:
        pid = stack.pid(service)
    except (OSError, IndexError, ValueError):
        return None
    return pid if alive(pid) else None


def kill_while_playing(stack, path, until):
    rng, done = random.Random(SEED), []
    plan = [s for s in SERVICES for _ in range(KILLS)]
    rng.shuffle(plan)
    play = stack.start("play", path, "--until", until)
    try:
        for service in plan:
            time.sleep(rng.uniform(0.05, 0.7))
            wait_until(f"{service} started again", 30, lambda s=service: running(stack, s))
            if play.poll() is not None:
                break
            pid = stack.pid(service)
            os.kill(pid, signal.SIGKILL)
            done.append(service)
            wait_until("its end", 5, lambda old=pid: not alive(old))
    finally:
        out = play.communicate()[0]
    print(f"#   seed {SEED}: {' '.join(done)}: {out.strip().splitlines()[-1] if out.strip() else ''}", flush=True)
    if play.returncode != 0:
        yield f"play: exit {play.returncode}: {out[-2000:]}"
    if len(done) < len(plan):
        yield f"the company was played before everything was killed: {done}"
    for service in SERVICES:
        wait_until(f"{service} started again", 30, lambda s=service: running(stack, s))
    stack.tool("settle")


def same_digest(stack, expected):
    digest = stack.digest()
    if digest != expected:
        yield f"digest {digest}, undisturbed {expected}"


def verify(stack):
    stack.tool("verify")


def supervised(stack):
    """The log of each service tells the deaths: the supervisor saw them, and nothing else went wrong."""
    for service in SERVICES:
        with open(os.path.join(stack.home, "logs", service + ".log")) as f:
            lines = [json.loads(line) for line in f if line.startswith("{")]
        deaths = [x for x in lines if x.get("instance") == "supervisor" and "status 137" in x["msg"]]
        if len(deaths) < KILLS:
            yield f"{service}: {len(deaths)} deaths in its log"
        other = [x["msg"] for x in lines if x.get("instance") == "supervisor" and "ended with" in x["msg"] and "status 137" not in x["msg"]]
        if other:
            yield f"{service}: {other}"
        for x in lines:
            if x["level"] == "error":
                yield f"{service}: {x}"


def terminated(stack, path, after):
    """SIGTERM while events flow: each ends within 5 s with exit 0, and `up` starts it again where it was."""
    play = stack.start("play", path, "--from", after)
    time.sleep(0.7)
    sizes = {s: os.path.getsize(os.path.join(stack.home, "logs", s + ".log")) for s in SERVICES}
    for service in SERVICES:
        pid, log, begin = stack.pid(service), os.path.join(stack.home, "logs", service + ".log"), time.time()
        os.kill(pid, signal.SIGTERM)
        wait_until(f"the end of {service}", 8, lambda old=pid: not alive(old))
        if time.time() - begin > 5:
            yield f"{service} took {time.time() - begin:.1f} s to end"

        def said(path=log, at=sizes[service]):
            with open(path, "rb") as f:
                f.seek(at)
                return f.read().decode()

        wait_until(f"the end of {service} in its log", 3, lambda: "ended with" in said())
        if "service ended with exit 0" not in said():
            yield f"{service}: {said()}"
    if play.poll() is not None:
        yield "the company was played before the services ended"
    stack.shell("deploy/up", "--build-dir", BUILD)
    out = play.communicate()[0]
    if play.returncode != 0:
        yield f"play: exit {play.returncode}: {out[-2000:]}"
    stack.tool("settle")


def apart(one, two):
    """Two homes: other ports, each its own books."""
    for name in ("OPENITEM_KAFKA_BROKERS", "OPENITEM_REDIS", "OPENITEM_CASH_ADMIN", "OPENITEM_CASH_DATABASE"):
        if one.setting(name) == two.setting(name):
            yield f"{name} is the same in both homes"
    if two.sql("reporting", "SELECT 1 FROM audit_record LIMIT 1"):
        yield "what was played on one stack came to the other one"


def main():
    tests = Tests()
    with Stack("kill") as stack:
        path = plays.generate(stack)
        with Stack("peace") as peace:
            tests.attempt("two homes side by side: played in peace on one of them, verify passes",
                          lambda: plays.undisturbed(peace, plays.generate(peace)) and apart(peace, stack))
        expected = plays.remembered(path)
        days = plays.days(path)
        last, after = days[len(days) * 4 // 5 - 1], days[len(days) * 4 // 5]
        tests.attempt("each service killed by SIGKILL while the company is played", kill_while_playing, stack, path, last)
        tests.attempt("the supervisor started each of them again, nothing else went wrong", supervised, stack)
        tests.attempt("SIGTERM while it is played: each service ends within 5 s with exit 0, up starts it again", terminated, stack, path, after)
        tests.attempt("the digest is that of the undisturbed run", same_digest, stack, expected)
        tests.attempt("AUD-05 verify after the kills", verify, stack)
    tests.end()


main()
