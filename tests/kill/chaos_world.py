"""The stack as a target: its processes, second instances of its services, and what its databases say about who has committed what."""
import collections
import datetime as dt
import os
import select
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "flow"))

import checker_wire as wire  # noqa: E402
from stack import BUILD, ROOT, SERVICES, Failed, Stack  # noqa: E402

INFRASTRUCTURE = ("postgres", "redis", "kafka")
MARK = "\x02end"


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def signal_to(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def family(pid):
    """A process and its children: PostgreSQL has some."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid] + [int(p) for p in found]


def rss_kib(pid):
    try:
        with open(f"/proc/{pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))
    except (FileNotFoundError, ProcessLookupError, StopIteration):
        return 0


def wait_until(what, seconds, fn, pause=0.02):
    deadline = time.monotonic() + seconds
    while not fn():
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(pause)


class Sql:
    """A psql that stays: rows as tuples of texts. ConnectionError when it does not answer; the next call connects again."""

    def __init__(self, conninfo, env, seconds=5):
        self.conninfo, self.env, self.seconds, self.process, self.rest = conninfo, env, seconds, None, b""

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __call__(self, query):
        if self.process is None or self.process.poll() is not None:
            self.close()
            self.rest = b""
            self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo], env=self.env,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            self.process.stdin.write(f"{query};\n\\echo {MARK}\n".encode())
            self.process.stdin.flush()
            return self.answer()
        except (BrokenPipeError, OSError) as e:
            self.close()
            raise ConnectionError(str(e)) from e

    def answer(self):
        deadline, end = time.monotonic() + self.seconds, (MARK + "\n").encode()
        while not self.rest.endswith(end):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise OSError("no answer in time")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise OSError("psql ended")
            self.rest += data
        text, self.rest = self.rest[:-len(end)].decode(), b""
        return [tuple(line.split("\x1f")) for line in text.splitlines()]


LANES = " UNION ALL ".join(
    f"SELECT '{s}', l.lane, l.epoch, l.owner, coalesce(p.n, 0), l.stopped, l.seq, l.published_seq FROM {s}.lane l LEFT JOIN"
    f" (SELECT lane, sum(next_offset) AS n FROM {s}.position GROUP BY 1) p USING (lane)" for s in SERVICES)


class Lane:
    __slots__ = ("epoch", "owner", "position", "stopped", "seq", "published")

    def __init__(self, row):
        self.epoch, self.owner, self.position, self.stopped = int(row[2]), row[3], int(row[4]), row[5]
        self.seq, self.published = int(row[6]), int(row[7])


class Watch:
    """(service, lane) -> Lane, as the databases stand now."""

    def __init__(self, world):
        self.sql = Sql(world.stack.superuser(), world.stack.env, 2)

    def look(self):
        return {(r[0], int(r[1])): Lane(r) for r in self.sql(LANES)}

    def look_until(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.look()
            except ConnectionError:
                if time.monotonic() > deadline:
                    raise Failed(f"PostgreSQL does not answer within {seconds} s") from None
                time.sleep(0.05)

    def next_commit(self, before, since, fits, seconds=90):
        """Seconds from `since` (monotonic) to the first commit on a lane that `fits(key, before, now)`; None = not in time."""
        while time.monotonic() - since < seconds:
            try:
                now = self.look()
            except ConnectionError:
                now = {}
            took = time.monotonic() - since
            for key, lane in now.items():
                if key not in before or (lane.position > before[key].position and fits(key, before[key], lane)):
                    return took
            time.sleep(0.02)
        return None


class World:
    """What faults and load share."""

    def __init__(self, stack):
        self.stack, self.stopping = stack, False
        self.brokers = stack.setting("OPENITEM_KAFKA_BROKERS")
        self.lanes = int(stack.setting("OPENITEM_LANES"))
        self.classes = wire.load_classes(BUILD)
        self.companies, self.day = {}, dt.date(2026, 3, 2)
        self.days, self.days_lock = collections.OrderedDict(), threading.Lock()
        self.clerk_sql = Sql(self.stack.superuser(), stack.env)
        self.second = {}  # service -> Popen of a second instance
        self.stopped_services = set()

    # ---- the day, and what was published on it

    def next_day(self):
        from chaos_load import next_business_day
        self.day = next_business_day(self.day)

    def remember(self, record):
        with self.days_lock:
            self.days.setdefault(self.day, []).append(record)
            while len(self.days) > 12:
                self.days.popitem(last=False)

    # ---- processes

    def component_pid(self, name):
        with open(os.path.join(self.stack.home, "run", name + ".pid")) as f:
            return int(f.read().split()[0])

    def running(self, service):
        """The pid of the first instance, or None while it is started again."""
        try:
            pid = self.component_pid(service)
        except (OSError, IndexError, ValueError):
            return None
        return pid if alive(pid) else None

    def wait_running(self, service):
        wait_until(f"{service} started again", 30, lambda: self.running(service))
        return self.running(service)

    def up(self):
        """Starts what is missing."""
        self.stack.shell("deploy/up", "--build-dir", BUILD)

    def second_start(self, service):
        env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC", "OPENITEM_INSTANCE": "1", f"OPENITEM_{service.upper()}_ADMIN": "127.0.0.1:0"}
        names = ["OPENITEM_HOME", "OPENITEM_KAFKA_BROKERS", "OPENITEM_LANES", f"OPENITEM_{service.upper()}_DATABASE"]
        if service == "intake":
            names += ["OPENITEM_REDIS", "OPENITEM_REDIS_USER", "OPENITEM_REDIS_PASSWORD_FILE"]
        env |= {n: self.stack.setting(n) for n in names}
        with open(os.path.join(self.stack.home, "logs", service + "-1.log"), "ab") as log:
            self.second[service] = subprocess.Popen([os.path.join(BUILD, "openitem-" + service)], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        return self.second[service].pid

    def second_end(self, service, number):
        p = self.second.pop(service)
        p.send_signal(number)
        if number == signal.SIGTERM:
            try:
                p.wait(8)
            except subprocess.TimeoutExpired:
                p.kill()
        p.wait()
        return p.pid

    def close(self):
        """No second instance outlives us: nobody supervises it."""
        self.stopping = True
        for p in self.second.values():
            p.kill()
            p.wait()
        self.second.clear()
        self.clerk_sql.close()

    def second_reap(self):
        """Those that ended by themselves: a second instance has no supervisor."""
        for s in [s for s, p in self.second.items() if p.poll() is not None]:
            p = self.second.pop(s)
            yield f"the second instance of {s} ended with status {p.returncode}"

    # ---- Redis' administrator

    def redis(self, *args, seconds=10):
        host, port = self.stack.setting("OPENITEM_REDIS").split(":")
        with open(os.path.join(self.stack.home, "secrets", "redis-admin.password")) as f:
            env = dict(self.stack.env, REDISCLI_AUTH=f.read().strip())
        return subprocess.run(["redis-cli", "-h", host, "-p", port, "--no-auth-warning", "--user", "admin", *args], env=env, capture_output=True, text=True,
                              timeout=seconds).stdout.strip()


__all__ = ["BUILD", "INFRASTRUCTURE", "ROOT", "SERVICES", "Failed", "Sql", "Stack", "Watch", "World", "alive", "family", "rss_kib", "signal_to", "wait_until"]
