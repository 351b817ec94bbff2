"""Faults, each a method of Faults: does it, undoes it, and says how long the affected service took to the next commit."""
import os
import random
import shutil
import signal
import subprocess
import time

import chaos_load as load
from chaos_world import BUILD, ROOT, SERVICES, Failed, alive, family, signal_to, wait_until

COMPONENT_WAIT_S = 240


class Result:
    """kind, target; away_s = how long the component was gone (0: nothing was); back_s = from its return (a killed service: from the kill) to the next commit."""

    def __init__(self, kind, target, away_s, back_s, note=""):
        self.kind, self.target, self.away_s, self.back_s, self.note = kind, target, away_s, back_s, note

    def row(self):
        return {"kind": self.kind, "target": self.target, "away_s": round(self.away_s, 3), "back_s": None if self.back_s is None else round(self.back_s, 3), "note": self.note}


class Faults:
    def __init__(self, world, watch, rng, longest_s):
        self.world, self.watch, self.rng, self.longest_s = world, watch, rng, longest_s
        self.snapshot, self.backups, self.dumping, self.dumps = None, {}, None, 0
        self.rebuild = self.has_rebuild()
        self.again = load.Out(world, "again", None, random.Random(rng.random()))

    def has_rebuild(self):
        return self.world.stack.run("rebuild", "--help").returncode == 0

    def kinds(self):
        """(weight, method)"""
        yield 40, self.service_killed
        yield 16, self.service_frozen
        yield 6, self.second_started
        yield 3, self.second_stopped
        yield 2, self.second_killed
        yield 2, self.postgres_killed
        yield 4, self.postgres_frozen
        yield 5, self.redis_killed
        yield 3, self.redis_frozen
        yield 6, self.redis_flushed
        yield 3, self.redis_stale
        yield 1, self.kafka_killed
        yield 3, self.kafka_frozen
        yield 4, self.day_published_again
        if self.rebuild:
            yield 2, self.database_restored

    def pause_s(self):
        """1..longest, short ones more often."""
        return min(self.longest_s, 1 + self.rng.expovariate(8 / self.longest_s))

    # ---- looking

    def owned_by(self, before, service, pid):
        mine = {k for k, lane in before.items() if k[0] == service and lane.owner.endswith(f"pid {pid}")}
        return mine or {k for k in before if k[0] == service}

    def everybody(self, since, services=SERVICES):
        """Seconds until the last of these services has committed something."""
        worst = 0.0
        before = self.watch.look_until(30)
        for service in services:
            took = self.watch.next_commit(before, since, lambda k, b, n, s=service: k[0] == s)
            if took is None:
                return None
            worst = max(worst, took)
        return worst

    # ---- services

    def service_killed(self):
        service = self.rng.choice(SERVICES)
        pid = self.world.wait_running(service)
        before = self.watch.look_until(30)
        mine = self.owned_by(before, service, pid)
        since = time.monotonic()
        signal_to(pid, signal.SIGKILL)
        wait_until(f"the end of {service}", 10, lambda: not alive(pid))
        time.sleep(0.02)  # what its server process still commits is not the next commit
        before = self.watch.look_until(30)
        back = self.watch.next_commit(before, since, lambda k, b, n: k in mine and n.epoch > b.epoch)
        return Result("service killed", service, 0, back)

    def service_frozen(self):
        service = self.rng.choice(SERVICES)
        second = service in self.world.second and self.rng.random() < 0.5
        pid = self.world.second[service].pid if second else self.world.wait_running(service)
        mine = self.owned_by(self.watch.look_until(30), service, pid)
        signal_to(pid, signal.SIGSTOP)
        seconds = self.pause_s()
        time.sleep(seconds)
        before = self.watch.look_until(30)
        since = time.monotonic()
        signal_to(pid, signal.SIGCONT)
        return Result("service frozen", service + ("-1" if second else ""), seconds, self.watch.next_commit(before, since, lambda k, b, n: k in mine))

    def second_started(self):
        free = [s for s in SERVICES if s not in self.world.second]
        if not free:
            return self.second_stopped()
        service = self.rng.choice(free)
        before = self.watch.look_until(30)
        since = time.monotonic()
        pid = self.world.second_start(service)
        return Result("second instance started", service, 0, self.watch.next_commit(before, since, lambda k, b, n: k[0] == service and n.owner.endswith(f"pid {pid}")))

    def second_ended(self, kind, number):
        if not self.world.second:
            return self.second_started()
        service = self.rng.choice(sorted(self.world.second))
        mine = self.owned_by(self.watch.look_until(30), service, self.world.second[service].pid)
        since = time.monotonic()
        self.world.second_end(service, number)
        before = self.watch.look_until(30)
        return Result(kind, service, 0, self.watch.next_commit(before, since, lambda k, b, n: k in mine and n.epoch > b.epoch))

    def second_stopped(self):
        return self.second_ended("second instance stopped", signal.SIGTERM)

    def second_killed(self):
        return self.second_ended("second instance killed", signal.SIGKILL)

    # ---- what they stand on

    def component_start(self, name):
        script = f'set -euo pipefail; source deploy/lib.sh; source deploy/stack.sh; home_find; {name}_start'
        end = time.monotonic() + COMPONENT_WAIT_S
        while True:  # on a crowded machine a start outlasts the patience of deploy/
            p = subprocess.run(["bash", "-c", script], env=self.world.stack.env, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if p.returncode == 0:
                return
            if time.monotonic() > end:
                raise Failed(f"{name} does not start: {p.stdout[-500:]}{p.stderr[-500:]}")

    def killed(self, name, services, between=None):
        pid, begin = self.world.component_pid(name), time.monotonic()
        signal_to(pid, signal.SIGKILL)
        wait_until(f"the end of {name}", 20, lambda: not alive(pid))
        if between:
            between()
        time.sleep(self.rng.uniform(0, 2))
        self.component_start(name)
        since = time.monotonic()
        return Result(f"{name} killed", name, since - begin, self.everybody(since, services))

    def frozen(self, name, services):
        pids, seconds = family(self.world.component_pid(name)), self.pause_s()
        for pid in pids:
            signal_to(pid, signal.SIGSTOP)
        time.sleep(seconds)
        since = time.monotonic()
        for pid in reversed(pids):
            signal_to(pid, signal.SIGCONT)
        return Result(f"{name} frozen", name, seconds, self.everybody(since, services))

    def postgres_killed(self):
        return self.killed("postgres", SERVICES)

    def postgres_frozen(self):
        return self.frozen("postgres", SERVICES)

    def kafka_killed(self):
        return self.killed("kafka", SERVICES)

    def kafka_frozen(self):
        return self.frozen("kafka", SERVICES)

    # ---- Redis

    def redis_killed(self):
        return self.killed("redis", ("intake",))

    def redis_frozen(self):
        return self.frozen("redis", ("intake",))

    def redis_flushed(self):
        answer, since = self.world.redis("FLUSHALL"), time.monotonic()
        if answer != "OK":
            raise Failed(f"FLUSHALL: {answer}")
        return Result("redis flushed", "redis", 0, self.everybody(since, ("intake",)))

    def rdb(self):
        return os.path.join(self.world.stack.home, "data", "redis", "dump.rdb")

    def take_snapshot(self):
        """For later: what Redis knows now."""
        if self.world.redis("SAVE", seconds=30) == "OK":
            self.snapshot = self.rdb() + ".kept"
            shutil.move(self.rdb(), self.snapshot)

    def redis_stale(self):
        if self.snapshot is None:
            self.take_snapshot()
            time.sleep(3)
        result = self.killed("redis", ("intake",), lambda: shutil.copy(self.snapshot, self.rdb()))
        keys = self.world.redis("DBSIZE")
        os.remove(self.rdb())
        self.take_snapshot()
        return Result("redis restored from an older snapshot", "redis", result.away_s, result.back_s, f"{keys} keys")

    # ---- data

    def day_published_again(self):
        """Every record of an earlier day once more, anywhere in its topic."""
        with self.world.days_lock:
            days = list(self.world.days)
            day = self.rng.choice(days[:-1] or days)
            records = list(self.world.days[day])
        since = time.monotonic()
        for record in records:
            self.again.raw(*record)
        self.again.flush(30)
        return Result("a day published again", str(day), 0, self.everybody(since, ("intake",)), f"{len(records)} records")

    def dump_begin(self, service):
        """Beside everything else: on a large schema it takes minutes, and the service goes on. A file of its own: PostgreSQL may go away under it, and then the one before counts."""
        self.dumps += 1
        path = os.path.join(self.world.stack.home, f"backup-{service}-{self.dumps}.dump")
        self.dumping = service, path, subprocess.Popen(["pg_dump", "-Fc", f"--schema={service}", "-f", path, "-d", self.world.stack.superuser()], env=self.world.stack.env,
                                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def dump_end(self, wait=False):
        """Kept with where the lanes stand now: further than the backup, so what is published beyond that it cannot know."""
        if self.dumping is None or (not wait and self.dumping[2].poll() is None):
            return
        service, path, process = self.dumping
        if process.wait() == 0:  # otherwise PostgreSQL went away meanwhile
            self.backups[service] = path, {k: lane.seq for k, lane in self.watch.look_until(30).items() if k[0] == service}
        self.dumping = None

    def published_since(self, lanes):
        """Not only decided: what the backup does not know stands in a topic."""
        return any(lane.published > lanes[k] for k, lane in self.watch.look_until(30).items() if k in lanes)

    def supervisor_stop(self, service):
        pid = self.world.component_pid(service + ".supervisor")
        signal_to(pid, signal.SIGTERM)
        wait_until(f"the end of the supervisor of {service}", 15, lambda: not alive(pid))
        if service in self.world.second:
            self.world.second_end(service, signal.SIGTERM)

    def supervisor_start(self, service):
        script = f'set -euo pipefail; source deploy/lib.sh; source deploy/stack.sh; home_find; service_start {service}'
        subprocess.run(["bash", "-c", script], env=self.world.stack.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)

    def sql(self, *args, stdin=None):
        p = subprocess.run(args, env=self.world.stack.env, capture_output=True, text=True, input=stdin)
        if p.returncode != 0:
            raise Failed(f"{' '.join(args[:3])}: {p.stderr[-1000:]}")

    def database_restored(self):
        """One service's database as it was earlier, while topics and Redis went on: it must stop and say so; `openitem rebuild` brings it forward."""
        if not self.backups:
            if self.dumping is None:
                self.dump_begin(self.rng.choice(SERVICES))
            self.dump_end(wait=True)
        if not self.backups:
            return self.service_killed()  # PostgreSQL went away under the backup
        service = self.rng.choice(sorted(self.backups))
        if self.dumping is not None and self.dumping[0] == service:
            self.dump_end(wait=True)  # it holds locks on the schema
        path, lanes = self.backups.pop(service)
        wait_until(f"{service} to publish something after the backup", 120, lambda: service == "reporting" or self.published_since(lanes), 0.2)
        begin = time.monotonic()
        self.supervisor_stop(service)
        conninfo = self.world.stack.superuser()
        self.sql("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-c", f"DROP SCHEMA {service} CASCADE")
        self.sql("pg_restore", "--exit-on-error", "-d", conninfo, path)
        note = self.told_and_rebuilt(service)
        since = time.monotonic()
        return Result("database restored and rebuilt", service, since - begin, self.everybody(since, (service,)), note)

    def told_and_rebuilt(self, service):
        """While it runs: the service is stopped at the lanes concerned, and goes on by itself when its schema has been swapped."""
        stopped = {}

        def told():
            stopped.update({k: lane.stopped for k, lane in self.watch.look_until(30).items() if k[0] == service and lane.stopped})
            return bool(stopped)

        self.supervisor_start(service)
        if service != "reporting":  # a projection publishes nothing: it reads on from where its database stands
            wait_until(f"{service} with an older database to stop a lane", 60, told, 0.1)
            if any("database_older_than_stream" not in why for why in stopped.values()):
                raise Failed(f"{service}: {stopped}")
        begin = time.monotonic()
        self.world.stack.tool("rebuild", service, "--timeout", "120")
        took = time.monotonic() - begin
        self.world.stack.tool("rebuild", service, "--drop-old")
        return f"{len(stopped)} lanes stopped and said so; rebuilt in {took:.1f} s"


__all__ = ["BUILD", "Faults", "Result"]
