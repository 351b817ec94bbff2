#!/usr/bin/python3
"""What somebody can do who got hold of a service, of a port or of a topic (issue 4, section 6): roles, Redis, passwords, files, the admin
port, and text that wants to be something else."""
import glob
import os
import re
import socket
import stat
import subprocess
import threading
import time
import urllib.request

import nasty
from events import Kafka
from stack import BUILD, ROOT, SERVICES, Failed, Stack, Tests

DENIED, READ_ONLY = "42501", "25006"
APPEND_ONLY = {"intake": ("outcome", "inbox", "number_prefix"), "reporting": ("outcome", "audit_record", "ledger_line", "document", "notice"),
               "operator": ("redrive", "redrive_sent")}
OUTSIDE = ("CREATE DATABASE mine", "ALTER SYSTEM SET fsync = off")  # not within a transaction
SCHEMAS = SERVICES + ("operator",)


def component_pid(stack, name):
    with open(os.path.join(stack.home, "run", name + ".pid")) as f:
        return int(f.read().split()[0])


def get(stack, service, path, timeout=5):
    return urllib.request.urlopen(f"http://{stack.setting(f'OPENITEM_{service.upper()}_ADMIN')}{path}", timeout=timeout).read().decode()


# ---- the database -----------------------------------------------------------------------------------------------------------


def states(stack, conninfo, queries):
    """SQLSTATE of each, 00000 = done. One session for all."""
    text = "".join((f"{q};\n\\echo STATE :SQLSTATE\n" if q in OUTSIDE else f"BEGIN;\n{q};\n\\echo STATE :SQLSTATE\nROLLBACK;\n") for q in queries)
    p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-d", conninfo], env=stack.env, input=text, capture_output=True, text=True)
    found = re.findall(r"^STATE (\S+)$", p.stdout, re.M)
    if len(found) != len(queries):
        raise Failed(f"{conninfo}: {len(found)} answers to {len(queries)} queries: {p.stdout[-300:]}{p.stderr[-300:]}")
    return dict(zip(queries, found))


def table_of(schema):
    return "redrive" if schema == "operator" else "position"


def forbidden_to_all(me):
    """To every role of ours but the owner."""
    others = [s for s in SCHEMAS if s != me]
    mine = table_of(me)
    yield from (f"SELECT * FROM {o}.{table_of(o)} LIMIT 1" for o in others)
    yield from (f"INSERT INTO {o}.{table_of(o)} SELECT * FROM {o}.{table_of(o)}" for o in others)
    for table in APPEND_ONLY.get(me, ("outcome",)):
        column = "lane" if me != "operator" else "attempt"
        if me == "intake" and table != "outcome":
            column = "bucket" if table == "inbox" else "prefix"
        yield from (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE",
                    f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE", f"ALTER TABLE {table} DISABLE TRIGGER ALL", f"DROP TABLE {table} CASCADE",
                    f"CREATE RULE r AS ON INSERT TO {table} DO INSTEAD NOTHING", f"CREATE INDEX ON {table} ({column})",
                    f"CREATE TRIGGER t BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
                    f"COMMENT ON TABLE {table} IS 'mine'", f"ALTER TABLE {table} OWNER TO openitem_{me}")
    # Of its own, in any schema, also where nobody looks first.
    yield from (f"CREATE {what}" for what in (
        "TABLE mine (x int)", f"TABLE {me}.mine (x int)", "TABLE public.mine (x int)", "TEMP TABLE mine (x int)", "TABLE pg_temp.mine (x int)",
        "VIEW mine AS SELECT 1", "SEQUENCE mine", "TYPE mine AS (x int)", "DOMAIN mine AS int", "SCHEMA mine", "ROLE mine",
        "FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", f"OR REPLACE FUNCTION {me}.append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "FUNCTION public.now() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "EXTENSION dblink", "PUBLICATION mine", "FOREIGN DATA WRAPPER mine"))
    # The server: files, programs, other people, passwords, settings.
    yield from ("SELECT * FROM pg_authid", "SELECT passwd FROM pg_shadow", "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('.')",
                f"COPY {mine} TO PROGRAM 'cat'", f"COPY {mine} TO '/tmp/openitem-test-nasty'", "COPY (SELECT 1) TO PROGRAM 'cat'",
                "SELECT lo_import('/etc/passwd')", "SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'x')", "LOAD '/tmp/openitem-test-nasty.so'",
                "SET ROLE openitem_owner", "SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", f"SET ROLE openitem_{others[0]}",
                f"ALTER ROLE openitem_{me} SUPERUSER", f"ALTER ROLE openitem_{others[0]} PASSWORD 'x'",
                "SET session_replication_role = replica", "SET log_statement = 'all'", "CHECKPOINT", "SELECT pg_reload_conf()",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> current_user",
                "ALTER DATABASE openitem SET search_path = public", f"ALTER SCHEMA {me} RENAME TO mine", f"DROP SCHEMA {me} CASCADE")


def allowed_nothing(stack, conninfo, queries, also=()):
    for query, state in states(stack, conninfo, list(queries)).items():
        if state != DENIED and state not in also:
            yield f"{query}: {state}, expected {DENIED}"


def rights(stack):
    for s in SCHEMAS:
        yield from (f"{s}: {x}" for x in allowed_nothing(stack, stack.setting(f"OPENITEM_{s.upper()}_DATABASE"), [*forbidden_to_all(s), *OUTSIDE]))


def readers(stack):
    """A reader that turns its transaction writable still has no right to write."""
    for s in SCHEMAS:
        table = table_of(s)
        writable = ("SET TRANSACTION READ WRITE; " + q for q in (
            f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM {table}", f"TRUNCATE {table} CASCADE", f"LOCK TABLE {table} IN SHARE MODE",
            *forbidden_to_all(s)))
        conninfo = stack.setting(f"OPENITEM_{s.upper()}_DATABASE_RO")
        yield from (f"the reader of {s}: {x}" for x in allowed_nothing(stack, conninfo, writable))
        yield from (f"the reader of {s}: {x}" for x in allowed_nothing(stack, conninfo, [f"DELETE FROM {table}", "CREATE TABLE mine (x int)"], (READ_ONLY,)))


def search_path(stack):
    """No way to put something of one's own before what a statement means, nor to reach what one may not name."""
    for s in SERVICES:
        tries = ["SET search_path = public, reporting, pg_catalog; SELECT count(*) FROM audit_record", "SET search_path = operator; SELECT * FROM redrive"]
        if s == "reporting":
            tries[0] = "SET search_path = cash; SELECT * FROM item"
        conninfo = stack.setting(f"OPENITEM_{s.upper()}_DATABASE")
        yield from (f"{s}: {x}" for x in allowed_nothing(stack, conninfo, tries, ("42P01",)))
        # Set by the server, not by the connection string: a caller without one lands in its own schema.
        if stack.psql(conninfo, "SHOW search_path").stdout.strip() != s:
            yield f"{s}: search_path is {stack.psql(conninfo, 'SHOW search_path').stdout}"
        for database in ("postgres", "template1"):
            p = stack.psql(conninfo.replace("dbname=openitem", f"dbname={database}"), "SELECT 1")
            if p.returncode == 0 or "permission denied" not in p.stderr:
                yield f"{s} may connect to {database}: {p.stderr}"
        seen = stack.psql(conninfo, "SELECT query FROM pg_stat_activity WHERE usename <> current_user AND query NOT IN ('', '<insufficient privilege>')")
        if seen.stdout.strip() or seen.returncode != 0:
            yield f"{s} sees statements of others: {seen.stdout}{seen.stderr}"


def catalog(stack):
    """The same asked of the server, for every table there is: what tries cannot cover."""
    ours = "(SELECT rolname FROM pg_roles WHERE rolname ~ '^openitem_' AND rolname <> 'openitem_owner')"
    for what, query in (
        ("rights in another schema", f"""SELECT r.rolname || ' ' || n.nspname || '.' || c.relname FROM {ours} r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY ('{{{','.join(SCHEMAS)}}}') AND c.relkind IN ('r', 'v', 'p', 'm', 'S') AND split_part(r.rolname, '_', 2) <> n.nspname
            AND c.relname <> 'schema_migration' AND has_any_column_privilege(r.rolname, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')"""),
        ("another schema to be used or filled", f"""SELECT r.rolname || ' ' || n.nspname FROM {ours} r, pg_namespace n WHERE n.nspname !~ '^pg_|^information_schema$'
            AND (has_schema_privilege(r.rolname, n.oid, 'CREATE') OR split_part(r.rolname, '_', 2) <> n.nspname AND has_schema_privilege(r.rolname, n.oid, 'USAGE'))"""),
        ("readers that may write", f"""SELECT r.rolname || ' ' || c.oid::regclass FROM {ours} r, pg_class c WHERE r.rolname ~ '_ro$' AND c.relkind = 'r'
            AND c.relnamespace <> 'pg_catalog'::regnamespace AND has_table_privilege(r.rolname, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')"""),
        ("ledger and outcomes that may be changed", f"""SELECT r.rolname || ' ' || c.oid::regclass FROM {ours} r, pg_class c
            WHERE c.relname IN ('outcome', 'audit_record', 'ledger_line', 'document', 'notice', 'inbox', 'number_prefix', 'redrive', 'redrive_sent')
            AND c.relnamespace <> 'cash'::regnamespace AND has_table_privilege(r.rolname, c.oid, 'UPDATE, DELETE, TRUNCATE')
            AND NOT (c.relname = 'document' AND c.relnamespace <> 'reporting'::regnamespace)"""),
        # take_checkpoint writes one row that its caller has no say in, roll_aging sums of committed rows, aging_waits says yes or no; their names
        # were bound when they were made (prosqlbody), and only reporting may roll.
        ("functions that run with another's rights", """SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND pronamespace <> 'pg_catalog'::regnamespace
            AND NOT (oid::regprocedure::text IN ('reporting.take_checkpoint()', 'reporting.roll_aging(bigint)', 'reporting.aging_waits()')
            AND prosqlbody IS NOT NULL)"""),
        ("rolling by others than reporting", f"""SELECT rolname FROM {ours} r WHERE rolname <> 'openitem_reporting'
            AND has_function_privilege(rolname, 'reporting.roll_aging(bigint)', 'EXECUTE')"""),
        ("things that the owner does not own", """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_|^information_schema$' AND c.relowner <> 'openitem_owner'::regrole"""),
        ("roles that are more than ordinary, or members of another", f"""SELECT rolname FROM pg_roles WHERE rolname ~ '^openitem_'
            AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid))"""),
        ("passwords that are not SCRAM", "SELECT rolname FROM pg_authid WHERE rolcanlogin AND rolpassword NOT LIKE 'SCRAM-SHA-256$%'"),
        ("a change of an outcome by the owner that nothing refuses", """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'r'
            AND c.relname IN ('audit_record', 'ledger_line', 'redrive', 'redrive_sent', 'inbox')
            AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only' AND t.tgenabled = 'O')"""),
    ):
        p = stack.psql(stack.superuser(), query)
        if p.returncode != 0 or p.stdout.strip():
            yield f"{what}: {p.stdout}{p.stderr}"
    p = stack.psql(stack.setting("OPENITEM_REPORTING_DATABASE_OWNER"), "DELETE FROM reporting.ledger_line")
    if p.returncode == 0 or "append-only" not in p.stderr:
        yield f"the owner may delete ledger lines without dropping the trigger: {p.stdout}{p.stderr}"
    if stack.sql("reporting", "SELECT count(*) > 0 FROM ledger_line") != [["t"]]:
        yield "there is no ledger to protect: this test proves nothing"


# ---- Redis ------------------------------------------------------------------------------------------------------------------


def redis_rights(stack):
    host, port = stack.setting("OPENITEM_REDIS").split(":")
    env = dict(stack.env, REDISCLI_AUTH=open(stack.setting("OPENITEM_REDIS_PASSWORD_FILE")).read().strip())

    def redis(*args, user=("--user", stack.setting("OPENITEM_REDIS_USER"))):
        return subprocess.run(["redis-cli", "-h", host, "-p", port, "--no-auth-warning", *user, *args], env=env, capture_output=True, text=True).stdout

    for line in ("FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "RANDOMKEY", "CONFIG GET *", "CONFIG SET dir /tmp", "GET other", "SET other 1", "MGET oi:a other",
                 "DEL oi:a", "EXPIRE oi:a 1", "RENAME oi:a oi:b", "COPY oi:a other", "EVAL return(1) 0", "FUNCTION LIST", "SCRIPT FLUSH", "DEBUG SLEEP 1",
                 "SHUTDOWN", "REPLICAOF no one", "MODULE LIST", "MONITOR", "CLIENT LIST", "ACL LIST", "ACL SETUSER x on", "SUBSCRIBE x", "PUBLISH x y",
                 "SAVE", "BGREWRITEAOF", "SLOWLOG GET", "DBSIZE", "SELECT 1", "SWAPDB 0 1", "MIGRATE 127.0.0.1 1 oi:a 0 1", "DUMP oi:a", "OBJECT ENCODING oi:a"):
        answer = redis(*line.split())
        if "NOPERM" not in answer and "DEBUG command not allowed" not in answer:
            yield f"redis: openitem may {line}: {answer}"
    for args, expected in ((["PING"], "PONG"), (["SET", "oi:test", "1"], "OK"), (["GET", "oi:test"], "1")):
        if redis(*args).strip() != expected:
            yield f"redis: openitem may not even {args}: {redis(*args)}"
    env.pop("REDISCLI_AUTH")
    for args in (["GET", "oi:x"], ["PING"], ["CONFIG", "GET", "*"]):
        if "NOAUTH" not in redis(*args, user=()):
            yield f"redis answers {args} without a password: {redis(*args, user=())}"
    for user in ("default", "openitem", "admin"):
        env["REDISCLI_AUTH"] = "wrong"
        if "PONG" in redis("PING", user=("--user", user)):
            yield f"redis lets {user} in with a wrong password"


# ---- passwords --------------------------------------------------------------------------------------------------------------


class Watch:
    """Command lines of every process there is, also of those that live for a moment only."""

    def __init__(self):
        self.seen, self.over = {}, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        looks = {}  # a process changes its command line when it becomes a program: several looks, then it is known
        while not self.over.wait(0.05):
            now = [p for p in os.listdir("/proc") if p.isdigit()]
            for pid in now:
                if looks.get(pid, 0) < 6:
                    looks[pid] = looks.get(pid, 0) + 1
                    try:
                        with open(f"/proc/{pid}/cmdline", errors="replace") as f:
                            self.seen.setdefault(f.read(), pid)
                    except OSError:
                        pass
            looks = {p: looks[p] for p in now}

    def end(self):
        self.over.set()
        self.thread.join()
        return {f"command line {line[:60]!r}": line for line in self.seen if line}


def passwords_of(stack):
    found = {}
    for path in glob.glob(os.path.join(stack.home, "secrets", "*")):
        name, text = os.path.basename(path), open(path).read().strip()
        if name.startswith("pgpass-"):
            found[name] = text.rsplit(":", 1)[1]
        elif name.endswith(".password"):
            found[name] = text
    if len(found) < 15 or len(set(found.values())) != len(found) or min(len(v) for v in found.values()) < 16:
        raise Failed(f"expected a password of its own for each of 13 roles and 2 Redis users: {sorted(found)}")
    return found


def places_of(stack):
    """Everywhere a password must not stand: {place: text}."""
    files = [p for d in ("logs", "run", "demo") for p in glob.glob(os.path.join(stack.home, d, "*"))] + [os.path.join(stack.home, "env")]
    files += [p for p in glob.glob(os.path.join(stack.home, "data", "*")) + [os.path.join(stack.home, "data", "redis", n) for n in ("redis.conf", "users.acl")]]
    places = {p: open(p, errors="replace").read() for p in files if os.path.isfile(p)}
    for s in SERVICES:
        for what in (s, s + ".supervisor"):
            with open(f"/proc/{component_pid(stack, what)}/environ") as f:
                places[f"environment of {what}"] = f.read()
        for path in ("/metrics", "/version", "/readyz"):
            places[f"{path} of {s}"] = get(stack, s, path)
        env = {k: v for k, v in (x.split("=", 1) for x in places[f"environment of {s}"].split("\0") if x)}
        p = subprocess.run([os.path.join(BUILD, "openitem-" + s), "--print-config"], env=env, capture_output=True, text=True, timeout=60)
        if p.returncode != 0 or f"OPENITEM_{s.upper()}_DATABASE=" not in p.stdout:
            raise Failed(f"openitem-{s} --print-config: exit {p.returncode}: {p.stdout}{p.stderr}")
        places[f"openitem-{s} --print-config"] = p.stdout + p.stderr
    return places


def passwords(stack, watch, said):
    found, places = passwords_of(stack), {**places_of(stack), **said, **watch.end()}
    if not any("psql" in p for p in places):
        yield "no psql was seen at work: this test proves nothing"
    for name, password in found.items():
        for place, text in places.items():
            if password in text:
                yield f"the password of {name} stands in {place}"


WRONG = "wr0ng-hunter2"


def wrong_passwords(stack):
    """What is said about a password that does not work, or a connection string that cannot be read, is said without it."""
    address = re.sub(r" passfile=\S+", "", stack.setting("OPENITEM_CASH_DATABASE"))
    passfile = os.path.join(stack.home, "wrong-passfile")
    with open(passfile, "w") as f:
        f.write(f"127.0.0.1:*:*:*:{WRONG}\n")
    os.chmod(passfile, 0o600)
    services = dict(stack.env, OPENITEM_KAFKA_BROKERS=stack.setting("OPENITEM_KAFKA_BROKERS"), OPENITEM_LANES="12", OPENITEM_CASH_ADMIN="127.0.0.1:0")
    for how in (f"{address} passfile={passfile}", f"{address} password={WRONG}", f"{address} password = {WRONG}\n", f"{address} {WRONG} password=x",
                f"postgresql://openitem_cash:{WRONG}/x@127.0.0.1/openitem", f"postgresql://openitem_cash:{WRONG}@127.0.0.1:1/openitem"):
        for what, command, env in (
            ("openitem-cash", [os.path.join(BUILD, "openitem-cash")], dict(services, OPENITEM_CASH_DATABASE=how)),
            ("openitem-cash --print-config", [os.path.join(BUILD, "openitem-cash"), "--print-config"], dict(services, OPENITEM_CASH_DATABASE=how)),
            ("openitem items", [os.path.join(BUILD, "openitem"), "items"], dict(stack.env, OPENITEM_REPORTING_DATABASE_RO=how)),
            ("openitem status", [os.path.join(BUILD, "openitem"), "status"], dict(stack.env, OPENITEM_CASH_DATABASE_RO=how)),
            ("openitem migrate", [os.path.join(BUILD, "openitem"), "migrate", "cash"], dict(stack.env, OPENITEM_CASH_DATABASE_OWNER=how)),
        ):
            try:
                p = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=3)
                out, code = p.stdout + p.stderr, p.returncode
            except subprocess.TimeoutExpired as e:  # a service waits for a database that is away
                out, code = ((e.stdout or b"") + (e.stderr or b"")).decode(), None
            if WRONG in out:
                yield f"{what} with {how!r}: {out[-400:]}"
            if code == 0 and "--print-config" not in what:
                yield f"{what} with {how!r}: exit 0"
    os.unlink(passfile)


# ---- files and ports --------------------------------------------------------------------------------------------------------


def files(stack):
    """The stack was started under umask 0."""
    away = os.path.join(stack.home, "data", "postgres")
    tops = [stack.home] + ([os.path.dirname(os.path.realpath(away))] if os.path.islink(away) else [])
    for top in tops:
        for folder, folders, names in os.walk(top):
            for name in folders + names:
                path = os.path.join(folder, name)
                mode = os.lstat(path).st_mode
                if stat.S_ISSOCK(mode):
                    yield f"{path} is a socket: this stack has none"
                if mode & 0o022 and not stat.S_ISLNK(mode):
                    yield f"{path} can be written by others: {mode & 0o777:o}"
    for name, wanted in (("secrets", 0o700), ("logs", 0o700), ("data/kafka", 0o700), ("data/redis", 0o700), ("data/redis/users.acl", 0o600)):
        mode = os.stat(os.path.join(stack.home, name)).st_mode & 0o777
        if mode != wanted:
            yield f"{name} has mode {mode:o}, expected {wanted:o}"
    cluster = os.path.join(os.path.realpath(away), "cluster")
    for path in (os.path.realpath(away), cluster):
        if os.stat(path).st_mode & 0o077:
            yield f"{path} can be read by others"
    for path in glob.glob(os.path.join(stack.home, "secrets", "*")):
        if os.stat(path).st_mode & 0o777 != 0o600:
            yield f"{path} has mode {os.stat(path).st_mode & 0o777:o}, expected 600"


def loopback(stack):
    pids = {component_pid(stack, name) for name in SERVICES + ("kafka", "redis", "postgres")}
    seen = set()
    for line in subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True).stdout.splitlines():
        owners = {int(p) for p in re.findall(r"pid=(\d+)", line)} & pids
        address = line.split()[3].rsplit(":", 1)[0]
        seen |= owners
        if owners and address not in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"):
            yield f"listens on {address}: {line}"
    if seen != pids:
        yield f"{len(pids - seen)} of our processes listen nowhere"
    for line in subprocess.run(["ss", "-lxpH"], capture_output=True, text=True).stdout.splitlines():
        if {int(p) for p in re.findall(r"pid=(\d+)", line)} & pids:
            yield f"a Unix socket: {line}"


def threads(stack, service):
    return len(os.listdir(f"/proc/{stack.pid(service)}/task"))


def admin_port(stack):
    """A byte a second, headers without an end, noise: whoever asks properly is answered all the same."""
    host, port = stack.setting("OPENITEM_CASH_ADMIN").split(":")
    before, slow = threads(stack, "cash"), []
    for n in range(100):
        s = socket.create_connection((host, int(port)), timeout=5)
        s.sendall((b"GET /livez HTTP/1.1\r\nx: ", b"GET /met", b"\x16\x03\x01\x02\x00", b"POST /livez HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")[n % 4])
        slow.append(s)
    for second in range(12):  # longer than the server waits for a silent one
        for s in slow:
            try:
                s.sendall(b"x")
            except OSError:  # it was closed: as good
                pass
        begin = time.time()
        if '"live":true' not in get(stack, "cash", "/livez"):
            yield "not live"
        if time.time() - begin > 2:
            yield f"/livez took {time.time() - begin:.1f} s beside {len(slow)} slow clients"
        time.sleep(0.5)
    if threads(stack, "cash") > before:
        yield f"{threads(stack, 'cash')} threads, before {before}"
    for s in slow:
        s.close()
    with socket.create_connection((host, int(port)), timeout=5) as s:
        try:
            s.sendall(b"GET /livez HTTP/1.1\r\nx: " + b"a" * (1 << 20) + b"\r\n\r\n")
            answer = s.recv(4096)
        except OSError:
            answer = b""
        if b" 200 " in answer.split(b"\r\n")[0]:
            yield "1 MiB of headers was accepted"
    for path in ("/../../etc/passwd", "/metrics/%2e%2e", "/livez?x=" + "y" * 4000, "/%00", "//livez"):
        with socket.create_connection((host, int(port)), timeout=5) as s:
            s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            status = s.recv(4096).split(b"\r\n")[0]
        if b" 200 " in status and not path.startswith("/livez?"):
            yield f"GET {path}: {status}"
    stack.tool("settle")


# ---- text -------------------------------------------------------------------------------------------------------------------


def everything_sent(stack, kafka, sent):
    """Each is let through or refused; what can be a name is let through, whatever it looks like."""
    stack.tool("settle")
    accepted = {r[0] for r in stack.sql("intake", "SELECT event_id FROM inbox WHERE event_id LIKE 'nasty-%'")}
    print(f"#   {len(sent)} texts in fields, {len(accepted)} let through", flush=True)
    fields = {}
    for id, (topic, path, text) in sent.items():
        plain = not nasty.DANGEROUS.search(text.replace("\n", ""))
        fields.setdefault((topic, tuple(p for p in path if isinstance(p, str))), []).append((plain and not nasty.CONTROL.search(text), id in accepted))
        if "\0" in text and id in accepted:
            yield f"{topic} {path}: a NUL was let through"
    for (topic, path), tries in fields.items():
        if len(tries) > 3 and not any(ok for plain, ok in tries if plain):
            yield f"{topic} {'.'.join(path)}: nothing was let through: this test proves nothing about it"
    tables = stack.psql(stack.superuser(), "SELECT count(*) FROM pg_tables WHERE schemaname = ANY ('{%s}')" % ",".join(SCHEMAS)).stdout.strip()
    if int(tables) < 40 or os.path.exists(nasty.MARKER):
        yield f"something was executed: {tables} tables, {nasty.MARKER} {os.path.exists(nasty.MARKER)}"


LISTS = (["aging"], ["aging", "--by", "entity"], ["items"], ["invoices"], ["unidentified"], ["unposted"], ["unapplied"], ["money"], ["worklist"], ["notices"], ["promises"], ["checkpoints"], ["dso"],
         ["notices", "--summary"], ["exceptions", "--all"], ["period"], ["aging", "--merge", "DE01"], ["status"], ["dlq", "ls"], ["dlq", "histogram"], ["dlq", "histogram", "--by", "day"], ["dlq", "audit"])


def lists(stack):
    for args in LISTS:
        yield from nasty.listed(stack, *args, codes=(0, 1))
    for format, texts in (("table", ("=1+2", "DROP TABLE", "\\xe2\\x80\\xae", "$(touch")), ("json", ("=1+2", "\\u202e")), ("csv", ("'=1+2", "\u202e"))):
        out = nasty.run(stack, "items", "--format", format)[1].decode()
        yield from (f"openitem items --format {format} does not show {text}: this test proves nothing" for text in texts if text not in out)
    code, out, said = nasty.run(stack, "dlq", "redrive", "--dry-run")
    yield from nasty.unsafe(out + said, "openitem dlq redrive --dry-run")
    for topic in ("crm.customer.v1", "crm.customer.v1-dlt", "ar.command.v1", "ar.intake.v1", "ar.billing.v1", "ar.cash.v1", "bank.payment.v1-dlt"):
        code, out, said = nasty.run(stack, "tail", "--topic", topic, "--since", "beginning")
        yield from nasty.unsafe(out + said, f"openitem tail --topic {topic}")
        yield from nasty.parsed(out, f"openitem tail --topic {topic}")
        if not out.strip():
            yield f"openitem tail --topic {topic} shows nothing"


def one_by_one(stack, sent):
    """What takes a name on its command line: names that events have, and dead letters of all kinds."""
    for text in nasty.TEXTS[len(nasty.FORMULA) - 1:]:
        if "\0" not in text:
            for args in (["account", "--", text], ["explain", "--", text], ["explain", "--records", "--", text], ["explain", "--json", "--", text],
                         ["why-not", "--", text], ["history", "--", text], ["period", "close", "--entity", text, "--", text], ["aging", "--merge", text], ["items", "--account", text], ["dlq", "show", "--", text],
                         ["dlq", "ls", "--key", text], [text], ["aging", text], ["aging", "--as-of", text], ["dlq", "redrive", "--rate", text]):
                code, out, said = nasty.run(stack, *args)
                yield from nasty.unsafe(out + said, f"openitem {' '.join(map(nasty.show, args))}")
    seen = set()
    for r in stack.list("dlq", "ls"):
        kind = (r["topic"], r["reason"], r["message"])
        if kind not in seen and len(seen) < 25:
            seen.add(kind)
            place = f"{r['topic']}:{r['partition']}:{r['offset']}"
            for args in (["dlq", "show", place], ["dlq", "show", place, "--format", "json"]):
                code, out, said = nasty.run(stack, *args)
                yield from nasty.unsafe(out + said, f"openitem {' '.join(args)}")
                if code != 0:
                    yield f"openitem {' '.join(args)}: exit {code}: {said}"


def logs(stack):
    for path in glob.glob(os.path.join(stack.home, "logs", "*.log")):
        with open(path, "rb") as f:
            raw = f.read()
        if os.path.basename(path) in ("kafka.log", "postgres.log"):  # a stack trace and a statement are indented
            raw = raw.replace(b"\t", b" ")
        yield from nasty.unsafe(raw, path)


def names_of_files(stack):
    for folder, folders, names in os.walk(stack.home):
        for name in folders + names:
            if not re.fullmatch(r"[A-Za-z0-9._@+-]+", name):
                yield f"{folder}: {name!r}"


def verify(stack):
    """A stranger's statements need not add up, and verify says so; everything of ours must."""
    differ = {r["check"] for r in stack.list("verify", codes=(0, 1)) if r["result"] == "DIFFERS"}
    if differ - {"bank statements"}:
        yield f"differences: {differ}"


def demo(stack, said):
    p = subprocess.run([os.path.join(ROOT, "deploy", "demo")], env=dict(stack.env, OPENITEM_DEMO_ACCOUNTS="4", OPENITEM_DEMO_DAYS="12"), capture_output=True,
                       text=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    said["output of deploy/demo"] = p.stdout + p.stderr
    if p.returncode != 0 or "0 found a difference" not in p.stdout:
        yield f"exit {p.returncode}: {p.stdout[-1500:]}{p.stderr[-500:]}"


def main():
    tests, watch, said = Tests(), Watch(), {}
    mask = os.umask(0)
    with Stack("intruder") as stack:
        os.umask(mask)
        kafka = Kafka(stack)
        tests.attempt("files, directories and sockets under umask 0: private, and nobody else's to write", files, stack)
        tests.attempt("the demo plays", demo, stack, said)
        tests.attempt("everything listens on loopback only", loopback, stack)
        tests.attempt("roles: no other schema, no change of outcomes and ledger, nothing of their own, nothing of the server", rights, stack)
        tests.attempt("readers: nothing to write, also in a writable transaction", readers, stack)
        tests.attempt("search_path, other databases, others' statements", search_path, stack)
        tests.attempt("the catalog says the same of every table", catalog, stack)
        tests.attempt("Redis: an ACL user with the few commands it needs", redis_rights, stack)
        tests.attempt("admin port: slow clients, endless headers, noise", admin_port, stack)
        nasty.small_company(stack)
        sent = nasty.send_all(kafka)
        tests.attempt("hostile text in every field of every event: let through or refused, nothing executed", everything_sent, stack, kafka, sent)
        tests.attempt("every list in every format: safe on a terminal, JSON parses, no formula in CSV", lists, stack)
        tests.attempt("hostile names on the command line; dead letters one by one", one_by_one, stack, sent)
        tests.attempt("no raw control or bidirectional character in a log", logs, stack)
        tests.attempt("no file is called what an event says", names_of_files, stack)
        tests.attempt("a wrong password is never repeated", wrong_passwords, stack)
        tests.attempt("no password in logs, command lines, environments, metrics, the env file or the demo's output", passwords, stack, watch, said)
        tests.attempt("AUD-05 verify after all that", verify, stack)
    tests.end()


main()
