"""What a benchmark gets: a private stack, rounds in which the sides take turns, CPU seconds by component, and a row for the table.

A benchmark is a function of a file pNN_*.py, named in its BENCHMARKS = {"P1": function}; it takes a Bench and says rows.
Rates are per second, so more is better; times are as they are, so less is better: `target` says which ratio is meant."""
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
os.environ.setdefault("OPENITEM_TEST_HOMES", os.path.join(ROOT, "build", "bench"))  # before stack.py looks
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))

from stack import BUILD, SERVICES, Failed, Stack  # noqa: E402  (also for the benchmarks)

COMPONENTS = ("postgres", "kafka", "redis")
TICKS = os.sysconf("SC_CLK_TCK")

Ratio = namedtuple("Ratio", "median min max ours beside n")  # of ours to beside, round by round; ours, beside: medians


def parse_target(text):
    """(holds(x), text): ">= 0.50", "<= 2 ms"; the number decides, what follows is its unit."""
    m = re.match(r"(>=|<=)\s*([0-9.]+)", text)
    if not m:
        raise ValueError(f"target {text!r}: expected >= or <= and a number")
    limit = float(m[2])
    return (lambda x: x >= limit) if m[1] == ">=" else (lambda x: x <= limit)


def number(x):
    """Three digits that mean something."""
    if x is None:
        return ""
    if abs(x) >= 100:
        return f"{x:,.0f}"
    return f"{x:.3g}" if abs(x) < 10 else f"{x:.1f}"


# ---- CPU seconds ------------------------------------------------------------------------------------------------------------


def _times(pid):
    """(own, of children that have ended) CPU seconds; (0, 0) when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / TICKS, ended / TICKS


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
            return [int(p) for p in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def cpu_of(pid):
    """Of a process, the children it has and those it had."""
    own, ended = _times(pid)
    return own + ended + sum(cpu_of(child) for child in children(pid))


def cpu_of_stack(stack):
    """{component or service: CPU seconds so far} of everything that runs in the stack."""
    seconds = {}
    for name in COMPONENTS + SERVICES:
        with contextlib.suppress(OSError, IndexError, ValueError):
            seconds[name] = cpu_of(stack.pid(name))
    return seconds


class Meter:
    """`with bench.meter(stack) as m:` then m.seconds, m.cpu = {"postgres": s, ...}, m.per_event(n) in microseconds."""

    def __init__(self, stack):
        self.stack = stack

    def __enter__(self):
        self.before, self.begun = cpu_of_stack(self.stack), time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begun
        after = cpu_of_stack(self.stack)
        self.cpu = {name: max(0.0, s - self.before.get(name, 0.0)) for name, s in after.items()}

    def per_event(self, n, **clients):
        """clients: CPU seconds of programs that are not of the stack."""
        return {name: round(s / n * 1e6, 1) for name, s in {**self.cpu, **clients}.items() if s > 0}


# ---- the machine ------------------------------------------------------------------------------------------------------------


def fsyncs_per_second(folder, seconds=1.0):
    path, n = os.path.join(folder, "fsync-probe"), 0
    fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            os.pwrite(fd, b"x" * 8192, 0)
            os.fdatasync(fd)
            n += 1
        return n / (time.monotonic() - begun)
    finally:
        os.close(fd)
        os.unlink(path)


def stolen():
    """(CPU seconds that the hypervisor gave to others while ours wanted to run, CPU seconds of all the cores), since the machine started."""
    with open("/proc/stat", encoding="utf-8") as f:
        ticks = [int(n) for n in f.readline().split()[1:9]]  # user nice system idle iowait irq softirq steal
    return ticks[7] / TICKS, sum(ticks) / TICKS


def output_of(*command):
    p = subprocess.run(command, capture_output=True, text=True, check=False)
    return (p.stdout + p.stderr).strip()


def machine(folder):
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory = int(f.readline().split()[1]) // 1024 // 1024
    return {
        "cpu": model, "cores": os.cpu_count(), "memory_gib": memory, "kernel": os.uname().release,
        "fdatasync_per_s": round(fsyncs_per_second(folder)), "load_average": round(os.getloadavg()[0], 2),
        "postgresql": output_of("psql", "--version").split()[2], "compiler": output_of("gcc", "--version").split("\n")[0],
        "commit": output_of("git", "-C", ROOT, "rev-parse", "--short", "HEAD"), "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


POSTGRES_SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_compression", "checkpoint_timeout",
                     "work_mem", "autovacuum", "wal_level")


def postgres_settings(stack):
    rows = stack.sql("reporting", "SELECT name, current_setting(name) FROM unnest(ARRAY['" + "','".join(POSTGRES_SETTINGS) + "']) AS name")
    return dict(rows)


# ---- a benchmark ------------------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, quick=False, rounds=None):
        self.quick = quick
        self.rounds = rounds or (1 if quick else 5)
        self.rows, self.failures, self.settings = [], [], {}
        self.kept, self.keeping = {}, contextlib.ExitStack()

    def size(self, full, quick):
        return quick if self.quick else full

    def say(self, text):
        print(f"#   {text}", flush=True)

    @contextlib.contextmanager
    def stack(self, name, services=True, **env):
        """A stack as deploy/up makes it, with schemas and topics. services=False: the five are not running (stop_services)."""
        stack = Stack(name)
        stack.env.update(env)
        with stack:
            if not services:
                self.stop_services(stack)
            self.settings = self.settings or postgres_settings(stack)
            yield stack

    @staticmethod
    def stop_services(stack, *names):
        """Nobody starts them again; start_service does. The stack goes down all the same."""
        for name in names or SERVICES:
            pid = stack.pid(name)
            with open(os.path.join(stack.home, "run", name + ".supervisor.pid"), encoding="utf-8") as f:
                supervisor = int(f.read().split()[0])
            os.kill(supervisor, 15)
            deadline = time.monotonic() + 30
            while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
                time.sleep(0.02)

    @staticmethod
    def service_env(stack, service, instance="bench", **env):
        """The environment deploy/supervise gives a service, for another instance of it."""
        with open(os.path.join(stack.home, "env"), encoding="utf-8") as f:
            settings = dict(line.strip().replace('"', "").split("=", 1) for line in f if line.startswith("OPENITEM_"))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            settings[f"OPENITEM_{service.upper()}_ADMIN"] = f"127.0.0.1:{s.getsockname()[1]}"
        return {**os.environ, **settings, "OPENITEM_INSTANCE": instance, **env}

    @classmethod
    def start_service(cls, stack, service, instance="bench", **env):
        """A process of it (Popen), not supervised. The caller ends it: terminate(), wait()."""
        with open(os.path.join(stack.home, "logs", f"{service}-{instance}.log"), "ab") as log:
            return subprocess.Popen([os.path.join(BUILD, "openitem-" + service)], env=cls.service_env(stack, service, instance, **env),
                                    stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def keep(self, key, make):
        """What takes long to make, for whatever benchmarks use it: make(exit_stack) is asked once, until release."""
        if key not in self.kept:
            self.kept[key] = make(self.keeping)
        return self.kept[key]

    def release(self):
        self.kept.clear()
        self.keeping.close()

    def meter(self, stack):
        return Meter(stack)

    def interleave(self, ours, beside, what="", warm=0, most=None):
        """ours() and beside() by turns, each gives a figure (of at least the same work); the order changes from round to round.
        Ratio of ours to beside. warm: rounds before, which do not count. most: not more rounds than these."""
        pairs = []
        for i in range(warm + min(self.rounds, most or self.rounds)):
            sides = {}
            for side in ("ours", "beside") if i % 2 == 0 else ("beside", "ours"):
                sides[side] = (ours if side == "ours" else beside)()
            counted = i >= warm
            if counted:
                pairs.append((sides["ours"], sides["beside"]))
            self.say(f"{what} round {i + 1}{'' if counted else ' (warm-up)'}: ours {number(sides['ours'])}, beside {number(sides['beside'])}, "
                     f"ratio {number(sides['ours'] / sides['beside'])}")
        return self.ratio(pairs)

    @staticmethod
    def ratio(pairs):
        """Of [(ours, beside)], one per round."""
        ratios = [a / b for a, b in pairs]
        return Ratio(statistics.median(ratios), min(ratios), max(ratios), statistics.median(a for a, _ in pairs),
                     statistics.median(b for _, b in pairs), len(pairs))

    def row(self, id, what, unit, ours, target, beside=None, ratio=None, of="ratio", **more):
        """One row of the table. ratio: a Ratio. of="ours": the target is one of the figure itself. more: kept in latest.json (cpu=..., ...)."""
        judged = ours if of == "ours" else ratio.median
        met = parse_target(target)(judged)
        row = {"id": id, "what": what, "unit": unit, "ours": ours, "beside": beside, "ratio": ratio and ratio.median,
               "ratio_min": ratio and ratio.min, "ratio_max": ratio and ratio.max, "target": target, "met": met, **more}
        self.rows.append(row)
        beside_text = f", beside {number(beside)}, ratio {number(ratio.median)} ({number(ratio.min)} to {number(ratio.max)})" if ratio else ""
        print(f"{id} {what}: {number(ours)} {unit}{beside_text}; target {target}: {'met' if met else 'NOT MET'}", flush=True)
        for name, value in more.items():
            self.say(f"{name}: {json.dumps(value)}")

    def same(self, what, ours, beside):
        """The two sides computed the same."""
        if ours == beside:
            print(f"ok - {what}", flush=True)
            return
        self.failures.append(what)
        print(f"not ok - {what}\n#   ours   {str(ours)[:400]}\n#   beside {str(beside)[:400]}", flush=True)


def program(name, *args, env=None, stdin=None, timeout=None):
    """A program of the build, its output as JSON (the last line) or {}; Failed when it fails."""
    p = subprocess.run([os.path.join(BUILD, name), *map(str, args)], env=env, capture_output=True, text=True, input=stdin, timeout=timeout, check=False)
    if p.returncode != 0:
        raise Failed(f"{name} {' '.join(map(str, args))}: exit {p.returncode}\n{p.stdout[-2000:]}{p.stderr[-2000:]}")
    lines = p.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
