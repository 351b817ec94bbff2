"""A further PostgreSQL cluster of a benchmark, with the settings that deploy/ gives its own."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

from harness import ROOT, Failed, cpu_of

BIN = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False).stdout.strip()


class Cluster:
    """`with Cluster() as c:` c.conninfo(database), c.sql(database, text), c.port, c.cpu(). Trust on loopback, gone afterwards."""

    def __enter__(self):
        root = os.geteuid() == 0  # initdb and postgres refuse root
        self.run_as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if root else []
        self.home = tempfile.mkdtemp(prefix="openitem-bench-", dir="/var/tmp")
        if root:
            shutil.chown(self.home, "postgres", "postgres")
        self.data = os.path.join(self.home, "data")
        self.command("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--lc-collate=C", "--lc-ctype=C.UTF-8",
                     "--no-instructions")
        shutil.copyfile(os.path.join(ROOT, "deploy", "postgres", "postgresql.conf"), os.path.join(self.data, "postgresql.conf"))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.server = subprocess.Popen([*self.run_as, os.path.join(BIN, "postgres"), "-D", self.data, "-p", str(self.port)], cwd="/",
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while subprocess.run([os.path.join(BIN, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode != 0:
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise Failed("a further PostgreSQL did not start")
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.server.send_signal(2)  # fast shutdown
        self.server.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def command(self, name, *args):
        p = subprocess.run([*self.run_as, os.path.join(BIN, name), *args], cwd="/", capture_output=True, text=True, check=False)
        if p.returncode != 0:
            raise Failed(f"{name}: {p.stdout}{p.stderr}")

    def conninfo(self, database="postgres"):
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"

    def sql(self, database, text):
        """Rows as lists of texts; several statements are fine."""
        p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo(database), "-f", "-"],
                           input=text, capture_output=True, text=True, check=False)
        if p.returncode != 0:
            raise Failed(f"psql: {p.stderr}")
        return [line.split("\x1f") for line in p.stdout.splitlines()]

    def cpu(self):
        return cpu_of(self.server.pid)
