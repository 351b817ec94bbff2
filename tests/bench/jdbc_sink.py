"""The peer of P3: Kafka Connect with Debezium's JDBC sink, fetched through Maven as deploy/ fetches Kafka, one worker on loopback."""
import contextlib
import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from harness import HERE, Failed

PEER = os.path.join(HERE, "peer")
VERSION = "3.5.0.Final"


def library(stack):
    """The directory of the jars: in the cache of deploy/, complete or not at all."""
    cache = stack.env.get("OPENITEM_CACHE") or os.path.join(os.path.expanduser("~"), ".cache", "openitem")
    lib = os.path.join(cache, "jdbc-sink-" + VERSION)
    if os.path.isdir(lib):
        return lib
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jdbc-sink.", dir=cache) as work:
        shutil.copy(os.path.join(PEER, "pom.xml"), work)  # Maven likes to write beside the pom
        p = subprocess.run(["mvn", "-B", "--strict-checksums", "-f", os.path.join(work, "pom.xml"), "dependency:copy-dependencies",
                            "-DoutputDirectory=" + os.path.join(work, "lib")], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if p.returncode != 0:
            raise Failed(f"Maven could not fetch the JDBC sink:\n{p.stdout[-2000:]}{p.stderr[-2000:]}")
        with contextlib.suppress(OSError):  # another run was faster: as good
            os.rename(os.path.join(work, "lib"), lib)
    return lib


class Connect:
    """A stand-alone worker: `with Connect(bench, stack) as c:`, c.pid, `with c.connector(name, settings):`."""

    def __init__(self, stack):
        self.stack, self.home = stack, os.path.join(stack.home, "connect")
        self.log = os.path.join(stack.home, "logs", "connect.log")
        self.lib = library(stack)

    def __enter__(self):
        os.makedirs(self.home, exist_ok=True)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        with open(os.path.join(PEER, "worker.properties.in"), encoding="utf-8") as f:
            text = f.read()
        for name, value in (("BROKERS", self.stack.setting("OPENITEM_KAFKA_BROKERS")), ("PORT", str(self.port)), ("HOME", self.home)):
            text = text.replace(f"@{name}@", value)
        p = subprocess.run(["java", "-jar", glob.glob(os.path.join(self.lib, "ecj-*.jar"))[0], "-source", "17", "-target", "17", "-nowarn", "-cp",
                            ":".join(glob.glob(os.path.join(self.lib, "*.jar"))), "-d", self.home, os.path.join(PEER, "LineConverter.java")],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if p.returncode != 0:
            raise Failed(f"LineConverter.java:\n{p.stdout}{p.stderr}")
        properties = os.path.join(self.home, "worker.properties")
        with open(properties, "w", encoding="utf-8") as f:
            f.write(text)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["java", "-Xms1g", "-Xmx2g", "-XX:-UsePerfData", "-Dlog4j.configuration=file:" + os.path.join(PEER, "log4j.properties"), "-cp",
                 os.path.join(self.lib, "*") + ":" + self.home, "org.apache.kafka.connect.cli.ConnectStandalone", properties],
                cwd=self.home, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        try:
            self.await_("the worker", lambda: self.ask("GET", "/connectors") is not None, 90)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, method, path, body=None):
        """What it answers; None while it does not (yet)."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, headers={"Content-Type": "application/json"},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as e:
            if e.code in (404, 409):  # not there yet; the worker is busy with another connector
                return None
            raise Failed(f"Connect: {method} {path}: {e.code} {e.read()[:1000]!r}") from e
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def await_(self, what, done, seconds):
        deadline = time.monotonic() + seconds
        while not done():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"Connect: {what} did not come within {seconds} s; see {self.log}\n{self.complaints()}")
            time.sleep(0.1)

    def complaints(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return "".join([line for line in f if " ERROR " in line or "Exception" in line][-8:])[:4000]

    def check(self, name):
        """Failed when the connector or one of its tasks has failed."""
        status = self.ask("GET", f"/connectors/{name}/status") or {"connector": {}, "tasks": []}
        for part in [status["connector"], *status["tasks"]]:
            if part.get("state") == "FAILED":
                raise Failed(f"{name}: {part.get('trace', '')[:3000]}")

    @contextlib.contextmanager
    def connector(self, name, settings):
        def there():
            return self.ask("GET", f"/connectors/{name}") is not None

        self.await_(name, lambda: self.ask("POST", "/connectors", {"name": name, "config": {"name": name, **settings}}) is not None or there(), 60)
        try:
            yield
        finally:
            self.await_(f"the end of {name}", lambda: self.ask("DELETE", f"/connectors/{name}") is not None or not there(), 60)
