#!/usr/bin/python3
"""A service's database made again from the topics (issue 4, section 4): identical while the service works, killed and resumed, a damaged
row named, a database restored from a backup that stops and is brought forward."""
import json
import os
import re
import signal
import subprocess
import time

import events
from events import Kafka, bank_line, booked, customer, fulfilled
from stack import BUILD, SERVICES, Failed, Stack, Tests

ACCOUNTS, DAYS, SEED = 12, 24, 3
ORDERS, CUSTOMERS, PAYMENTS, COMMANDS = "crm.sales-order.v1", "crm.customer.v1", "bank.payment.v1", "ar.command.v1"
IBAN = "DE02500105170137075030"
LATE = "R-LATE"  # a customer whose orders come before it
WAITING = 70  # more than one page of a release, so the fact that frees them takes several transactions
RESTORED = ("intake", "billing", "cash", "collections")


def wait_until(what, seconds, fn):
    deadline = time.time() + seconds
    while not fn():
        if time.time() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def owner(stack, service, query):
    p = stack.psql(stack.setting(f"OPENITEM_{service.upper()}_DATABASE_OWNER"), query)
    if p.returncode != 0:
        raise Failed(f"{query}: {p.stderr}")
    return [line.split("\x1f") for line in p.stdout.splitlines()]


# ---- something to rebuild -----------------------------------------------------------------------------------------------------


def disturb(stack, kafka):
    """What a rebuild must get right besides a company's ordinary days: dead letters, duplicates, parked inputs and their release."""
    for n in range(4):
        kafka.send(ORDERS, b"\xff no order %d" % n, key=b"R-1", headers=kafka.headers(ORDERS, f"broken-{n}", "order_booked")
                   + ([("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")] if n % 2 else []))
    for n in range(WAITING):
        kafka.send_event(ORDERS, f"late-{n}", booked(LATE, f"SO-LATE-{n}", 1), key=LATE)
    for _ in range(2):
        kafka.send_event(ORDERS, "twice", booked(LATE, "SO-TWICE", 1), key=LATE)
    stack.tool("settle")
    kafka.send_event(CUSTOMERS, "late-customer", customer(LATE, iban=IBAN, since="2025-01-01"), key=LATE)
    kafka.send_event(ORDERS, "early", fulfilled("R-NONE", "SO-NONE", 2), key="R-NONE")  # parked for good
    stack.tool("settle")
    kafka.send_event(PAYMENTS, "payment", bank_line("R-PAY", 10000, iban=IBAN), key=events.BANK)  # a transfer to another lane
    kafka.send_event(COMMANDS, "no-such-block", {"account": LATE, "issuedBy": "test", "liftBlock": {"blockId": "none"}}, key=LATE)
    stack.tool("settle")


def generate(stack):
    path = os.path.join(stack.home, "company.ndjson")
    stack.tool("generate", "--accounts", str(ACCOUNTS), "--days", str(DAYS), "--seed", str(SEED), "--out", path,
               "--truth", os.path.join(stack.home, "truth.ndjson"))
    with open(path) as f:
        return path, sorted({json.loads(line)["time"][:10] for line in f})


def play(stack, path, *args):
    stack.tool("play", path, *args)


def rebuild(stack, service, *args, codes=(0,)):
    p = stack.run("rebuild", service, *args)
    if p.returncode not in codes:
        raise Failed(f"rebuild {service} {' '.join(args)}: exit {p.returncode}\n{p.stdout[-3000:]}{p.stderr[-3000:]}")
    return p


# ---- the tests ----------------------------------------------------------------------------------------------------------------


def set_up(stack, kafka, path, until):
    play(stack, path, "--until", until)
    disturb(stack, kafka)
    for service, what, query in (
            ("billing", "inputs were parked and released", f"SELECT count(*) >= {2 * WAITING} FROM outcome WHERE key = '{LATE}'"),
            ("billing", "an input is still parked", "SELECT count(*) > 0 FROM parked"),
            ("intake", "dead letters", "SELECT count(*) >= 4 FROM outcome WHERE dead_record <> ''"),
            ("cash", "a transfer", "SELECT count(*) > 0 FROM outcome WHERE out_topic = 'ar.transfer.v1'"),
            ("collections", "days were judged", "SELECT count(*) > 0 FROM outcome WHERE type LIKE '%day_judged%'")):
        if stack.sql(service, query) != [["t"]]:
            yield f"{what}: not so, this proves nothing"


def while_it_runs(stack, path, after, until):
    """The company goes on; each service is rebuilt under it, goes on by itself, and its operator removes what was replaced."""
    background = stack.start("play", path, "--from", after, "--until", until)
    pids = {s: stack.pid(s) for s in SERVICES}
    try:
        for service in SERVICES:
            out = rebuild(stack, service).stdout
            if not re.search(r"is rebuilt: \d+ outcomes, \d+ inputs, identical", out) or "DIFFERS" in out:
                yield f"{service}: {out[-1500:]}"
            if owner(stack, service, f"SELECT to_regnamespace('{service}_before_rebuild') IS NOT NULL") != [["t"]]:
                yield f"{service}: what was replaced is not there"
            if f"{service}_before_rebuild" not in rebuild(stack, service, codes=(1,)).stderr:
                yield f"{service}: a second rebuild does not say that the first one's remains are there"
            rebuild(stack, service, "--drop-old")
    finally:
        out = background.communicate()[0]
    if background.returncode != 0:
        yield f"play: exit {background.returncode}: {out[-2000:]}"
    stack.tool("settle")
    stack.tool("verify")
    if {s: stack.pid(s) for s in SERVICES} != pids:
        yield "a service was started again"


def to_the_end(stack):
    """A projection up to where the logs end, whatever live had read."""
    before = stack.digest()
    owner(stack, "reporting", "UPDATE reporting.position SET next_offset = 0 WHERE topic = 'ar.cash.v1'")  # it would read those again
    out = rebuild(stack, "reporting", "--to-end").stdout
    if "not compared" not in out:
        yield out
    rebuild(stack, "reporting", "--drop-old")
    stack.tool("settle")
    if stack.digest() != before:
        yield "the digest is another one"
    if rebuild(stack, "cash", "--to-end", codes=(2,)).stdout:
        yield "cash decides: --to-end is not for it"
    if "pending" in stack.tool("migrate", "--status"):
        yield stack.tool("migrate", "--status")


def hints(stack):
    """Identical: it is the same database, so what Redis remembers of it still counts."""
    born = stack.sql("intake", "SELECT id FROM birth")
    rebuild(stack, "intake")
    rebuild(stack, "intake", "--drop-old")
    if stack.sql("intake", "SELECT id FROM birth") != born:
        yield "an identical database has another birth id"
    rebuild(stack, "intake", "--force")
    rebuild(stack, "intake", "--drop-old")
    if stack.sql("intake", "SELECT id FROM birth") == born:
        yield "a database that was not compared has the birth id of the one before"


def progress_of(stack, service):
    """Outcomes and inputs in the shadow; 0 while there is none."""
    if owner(stack, service, f"SELECT to_regclass('{service}_rebuild.lane') IS NULL") == [["t"]]:
        return 0
    return int(owner(stack, service, f"SELECT (SELECT count(*) FROM {service}_rebuild.outcome)"
                                     f" + (SELECT coalesce(sum(next_offset), 0) FROM {service}_rebuild.position)")[0][0])


def killed(stack):
    """Killed in the middle, it goes on where it was."""
    slowly = dict(stack.env, OPENITEM_BATCH_EVENTS_MAX="2")
    for service in SERVICES:
        rebuild(stack, service, "--dry-run", "--restart")
        whole = progress_of(stack, service)
        owner(stack, service, f"SET client_min_messages = warning; DROP SCHEMA {service}_rebuild CASCADE")
        p = subprocess.Popen([os.path.join(BUILD, "openitem"), "rebuild", service, "--dry-run"], env=slowly, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(f"a first step in {service}_rebuild", 20, lambda s=service: progress_of(stack, s) > 0 or p.poll() is not None)
        p.kill()
        p.wait()
        done = progress_of(stack, service)
        if not 0 < done < whole:
            yield f"{service}: killed at {done} of {whole}: this proves nothing"
        p = rebuild(stack, service, "--dry-run")
        if "going on with what stands" not in p.stderr or "DIFFERS" in p.stdout:
            yield f"{service}: resumed: {p.stdout[-1500:]}{p.stderr}"
        if progress_of(stack, service) != whole:
            yield f"{service}: {progress_of(stack, service)} instead of {whole}"


DAMAGE = {
    "intake": ("UPDATE intake.bank_account SET entity = 'XX99' WHERE bank_account = (SELECT min(bank_account) FROM intake.bank_account)",
               "bank_account", "entity"),
    "billing": ("UPDATE billing.series SET last_number = last_number + 1 WHERE (lane, entity) IN (SELECT lane, entity FROM billing.series LIMIT 1)",
                "series", "last_number"),
    "cash": ("UPDATE cash.item SET open_minor = open_minor - 1 WHERE (lane, document_id) IN (SELECT lane, document_id FROM cash.item LIMIT 1)",
             "item", "open_minor"),
    "collections": ("DELETE FROM collections.subject WHERE (lane, account) IN (SELECT lane, account FROM collections.subject LIMIT 1)",
                    "subject", "only rebuilt"),
    "reporting": ("UPDATE reporting.item SET dunning_level = dunning_level + 7 WHERE (lane, document_id) IN"
                  " (SELECT lane, document_id FROM reporting.item LIMIT 1)", "item", "dunning_level"),
}


def damaged(stack):
    """A row that nobody may change, changed by the owner: named, nothing swapped; --force puts it right."""
    before = stack.digest()
    for service, (query, table, what) in DAMAGE.items():
        owner(stack, service, query)
        p = rebuild(stack, service, codes=(1,))
        lines = [line for line in p.stdout.splitlines() if "DIFFERS" in line]
        if not any(line.split()[0] == table and what in line for line in lines) or {line.split()[0] for line in lines} != {table}:
            yield f"{service}: {lines} {p.stderr}"
        if "nothing was changed" not in p.stderr:
            yield f"{service}: {p.stderr}"
        if owner(stack, service, f"SELECT to_regnamespace('{service}_before_rebuild') IS NULL") != [["t"]]:
            yield f"{service}: swapped all the same"
        rebuild(stack, service, "--force")
        rebuild(stack, service, "--drop-old")
        if "DIFFERS" in rebuild(stack, service, "--dry-run").stdout:
            yield f"{service}: not put right"
    stack.tool("verify")
    if stack.digest() != before:
        yield "the digest is another one"


# ---- restored from a backup -----------------------------------------------------------------------------------------------------


def dump(stack, service):
    path = os.path.join(stack.home, f"{service}.sql")
    p = subprocess.run(["pg_dump", "-n", service, "-f", path, "-d", stack.superuser()], env=stack.env, capture_output=True, text=True)
    if p.returncode != 0:
        raise Failed(f"pg_dump {service}: {p.stderr}")
    return path


def restore(stack, service, path):
    p = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", stack.superuser(), "-c",
                        f"SET client_min_messages = warning; DROP SCHEMA {service} CASCADE", "-f", path], env=stack.env, capture_output=True, text=True)
    if p.returncode != 0:
        raise Failed(f"restoring {service}: {p.stderr}")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def restored(stack, kafka, path, dumps, after):
    """Each deciding service stops at once and names the command; rebuilt, it goes on without a restart; the books are what they were."""
    before = stack.digest()
    for service in RESTORED:
        pid = stack.pid(service)
        os.kill(pid, signal.SIGTERM)
        wait_until(f"the end of {service}", 8, lambda p=pid: not alive(p))
    for service in RESTORED:
        restore(stack, service, dumps[service])
    stack.shell("deploy/up", "--build-dir", BUILD)
    pids = {s: stack.pid(s) for s in SERVICES}
    for service in RESTORED:
        def stopped(s=service):
            return stack.sql(s, "SELECT stopped FROM lane WHERE stopped <> ''")
        wait_until(f"{service} stops", 15, stopped)
        why = stopped()
        if not all("database_older_than_stream" in x[0] and f"openitem rebuild {service}" in x[0] for x in why):
            yield f"{service}: {why[:3]}"
    for service in RESTORED:
        out = rebuild(stack, service).stdout
        if not re.search(rf"{service} was older than its stream: [1-9]\d* outcomes on [1-9]\d* lanes were added", out):
            yield f"{service}: {out}"
    if {s: stack.pid(s) for s in SERVICES} != pids:
        yield "a service was started again"
    stack.tool("settle")
    for service in RESTORED:
        if stack.sql(service, "SELECT lane, stopped FROM lane WHERE stopped <> ''"):
            yield f"{service}: lanes are still stopped"
    stack.tool("verify")
    if stack.digest() != before:
        yield "the digest is another one than before the restore"
    play(stack, path, "--from", after)
    kafka.send_event(ORDERS, "twice", booked(LATE, "SO-TWICE", 1), key=LATE)
    stack.tool("settle")
    stack.tool("verify")
    for service in SERVICES:
        if service in RESTORED:
            rebuild(stack, service, "--drop-old")
        if "DIFFERS" in rebuild(stack, service, "--dry-run", "--restart").stdout:
            yield f"{service}: differs afterwards"


def main():
    tests = Tests()
    with Stack("rebuild") as stack:
        kafka = Kafka(stack)
        path, days = generate(stack)
        third, two, last = days[len(days) // 3], days[len(days) * 2 // 3], days[len(days) * 5 // 6]
        tests.attempt("a company, dead letters, parked inputs and a release of several transactions", set_up, stack, kafka, path, third)
        dumps = {}
        after = days[days.index(third) + 1]
        tests.attempt("each of the five services rebuilt while it works: identical, and it goes on", while_it_runs, stack, path, after, two)
        tests.attempt("Redis hints: an identical database keeps its birth, another one gets a new one", hints, stack)
        tests.attempt("reporting up to where the logs end", to_the_end, stack)
        tests.attempt("a rebuild that was killed goes on where it was", killed, stack)
        tests.attempt("a damaged row is named with its table, key and column, and nothing is swapped", damaged, stack)
        for service in RESTORED:
            dumps[service] = dump(stack, service)
        play(stack, path, "--from", days[days.index(two) + 1], "--until", last)
        tests.attempt("restored from a backup: stops and names the command; rebuilt, it goes on; same digest", restored, stack, kafka, path,
                      dumps, days[days.index(last) + 1])
    tests.end()


main()
