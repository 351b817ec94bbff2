"""A private stack for a flow test: up, the tool, commands of the shell, down."""
import json
import os
import shutil
import subprocess
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("OPENITEM_TEST_BUILD", os.path.join(ROOT, "build", "gcc"))
HOMES = os.environ.get("OPENITEM_TEST_HOMES", os.path.join(ROOT, "build", "flow"))  # two runs at once need two of them
SERVICES = ("intake", "billing", "cash", "collections", "reporting")
SHARED = os.path.join(ROOT, "..", "shared", "data", "ar")


class Failed(Exception):
    pass


class Stack:
    def __init__(self, name):
        self.home = os.path.join(HOMES, name)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("OPENITEM_")}
        for keep in ("OPENITEM_CACHE", "OPENITEM_KAFKA_VERSION"):
            if keep in os.environ:
                self.env[keep] = os.environ[keep]
        self.env["OPENITEM_HOME"] = self.home

    def __enter__(self):
        if os.path.exists(self.home):
            self.down()
        self.shell("deploy/up", "--build-dir", BUILD)
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            for s in SERVICES:
                path = os.path.join(self.home, "logs", s + ".log")
                if os.path.exists(path):
                    print(f"# the end of {path}", file=sys.stderr)
                    print("".join(open(path, errors="replace").readlines()[-5:]), file=sys.stderr)
        if os.environ.get("OPENITEM_TEST_KEEP") is None:
            self.down()

    def down(self):
        self.shell("deploy/down", "--wipe")
        shutil.rmtree(self.home, ignore_errors=True)

    def shell(self, *args):
        p = subprocess.run([os.path.join(ROOT, args[0]), *args[1:]], env=self.env, capture_output=True, text=True, cwd=ROOT,
                           stdin=subprocess.DEVNULL)
        if p.returncode != 0:
            raise Failed(f"{' '.join(args)}: exit {p.returncode}\n{p.stdout}{p.stderr}")
        return p.stdout

    def tool(self, *args, codes=(0,), stdin=None):
        p = self.run(*args, stdin=stdin)
        if p.returncode not in codes:
            raise Failed(f"openitem {' '.join(args)}: exit {p.returncode}\n{p.stdout[-3000:]}{p.stderr[-3000:]}")
        return p.stdout

    def run(self, *args, stdin=None):
        return subprocess.run([os.path.join(BUILD, "openitem"), *args], env=self.env, capture_output=True, text=True, input=stdin)

    def start(self, *args):
        return subprocess.Popen([os.path.join(BUILD, "openitem"), *args], env=self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)

    def list(self, *args, codes=(0,)):
        """A list of the tool as dictionaries."""
        text = self.tool(*args, "--format", "json", codes=codes).strip()
        return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]

    def sql(self, service, query, suffix="DATABASE_RO", codes=(0,)):
        """Rows as lists of texts, as the service's reader (or, suffix DATABASE, as the service itself)."""
        p = self.psql(self.setting(f"OPENITEM_{service.upper()}_{suffix}"), query)
        if p.returncode not in codes:
            raise Failed(f"{query}: {p.stderr}")
        return [line.split("\x1f") for line in p.stdout.splitlines()]

    def psql(self, conninfo, query):
        return subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-c", query],
                              env=self.env, capture_output=True, text=True)

    def digest(self):
        return self.tool("verify", "--digest").strip()

    def pid(self, service):
        with open(os.path.join(self.home, "run", service + ".pid")) as f:
            return int(f.read().split()[0])

    def setting(self, name, file="env"):
        with open(os.path.join(self.home, file), encoding="utf-8") as f:
            for line in f:
                if line.startswith(name + "="):
                    return line.split("=", 1)[1].strip().strip('"')
        raise Failed(f"{name}: not in {self.home}/{file}")

    def superuser(self, database="openitem"):
        """Connection string of PostgreSQL's superuser: for pg_dump, and what only he may do."""
        conninfo = self.setting("OPENITEM_TEST_POSTGRES", os.path.join("secrets", "admin.env"))
        return conninfo.replace("dbname=postgres", f"dbname={database}")


class Tests:
    """Counts and prints: `ok - name`, `not ok - name` with what was wrong."""

    def __init__(self):
        self.failed = 0

    def check(self, name, problems):
        problems = [problems] if isinstance(problems, str) and problems else list(problems or [])
        self.failed += bool(problems)
        print(("not ok - " if problems else "ok - ") + name, flush=True)
        for p in problems[:20]:
            print("#   " + str(p).replace("\n", "\n#   "), flush=True)

    def attempt(self, name, fn, *args):
        begin = time.time()
        try:
            self.check(name, fn(*args))
        except Failed as e:
            self.check(name, str(e))
        except Exception:  # a fault of the test or an answer nobody expected: this test, not the file
            self.check(name, traceback.format_exc())
        print(f"#   {time.time() - begin:.1f} s", flush=True)

    def end(self):
        sys.exit(1 if self.failed else 0)
