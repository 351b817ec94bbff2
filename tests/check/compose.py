#!/usr/bin/python3
"""docker-compose.yml and deploy/Dockerfile by our own rules; nothing is run. Each rule is first shown a file that breaks it. `ok`/`not ok` lines."""
import copy
import os
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SERVICES = ("intake", "billing", "cash", "collections", "reporting")
ONE_SHOT = ("roles", "migrate", "topics", "tool")
PINNED = re.compile(r"^[a-z0-9./-]+:\d+(\.\d+)+(-slim)?$")


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def ours(c):
    return {n: s for n, s in c["services"].items() if s["image"].startswith("openitem:")}


# ---- docker-compose.yml -----------------------------------------------------------------------------------------------------------


def images_are_pinned(c):
    for name, s in c["services"].items():
        if not PINNED.match(s.get("image", "")):
            yield f"{name}: {s.get('image')}"


def ports_are_local(c):
    for name, s in c["services"].items():
        for port in s.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"{name}: {port}"
        if s.get("network_mode") == "host":
            yield f"{name}: on the host's network"


def health_checks(c):
    """Whatever runs on says when it is ready; a one-shot ends instead, and is not started again."""
    for name, s in c["services"].items():
        if name in ONE_SHOT:
            if s.get("restart", "no") != "no" or "healthcheck" in s:
                yield f"{name}: runs once"
        elif s.get("restart") != "unless-stopped" or not s.get("healthcheck", {}).get("test"):
            yield f"{name}: no health check, or not started again"


def dependencies(c):
    for name, s in c["services"].items():
        for other, how in s.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            if other not in c["services"] or how.get("condition") != wanted:
                yield f"{name} depends on {other}: {how}, expected {wanted}"
    for name in SERVICES:
        missing = {"migrate", "topics", "kafka", "postgres"} - set(c["services"].get(name, {}).get("depends_on", {}))
        if missing:
            yield f"{name} does not wait for {missing}"
    for name, other in (("migrate", "roles"), ("roles", "postgres"), ("topics", "kafka"), ("intake", "redis")):
        if other not in c["services"][name].get("depends_on", {}):
            yield f"{name} does not wait for {other}"


def volumes(c):
    """Data lie in named volumes; anything of the checkout is read-only, and is there."""
    used = set()
    for name, s in c["services"].items():
        for v in s.get("volumes", []):
            source, _, rest = v.partition(":")
            if source.startswith(("/", ".", "~")):
                if not rest.endswith(":ro") or not os.path.exists(os.path.join(ROOT, source)):
                    yield f"{name}: {v}"
            else:
                used.add(source)
    for v in used ^ set(c["volumes"]):
        yield f"volume {v}: not declared, or not used"
    for name in ("kafka", "postgres"):
        if not c["services"][name].get("volumes"):
            yield f"{name}: no volume"


def unprivileged(c):
    for name, s in c["services"].items():
        if s.get("privileged") or s.get("cap_add") or str(s.get("user", "")) in ("root", "0"):
            yield f"{name}: privileged"
    for name, s in ours(c).items():
        if not s.get("read_only") or s.get("cap_drop") != ["ALL"] or "no-new-privileges:true" not in s.get("security_opt", []):
            yield f"{name}: read_only, cap_drop ALL, no-new-privileges"


def programs(c):
    """One image; the first word of the command is a program that the Dockerfile puts there."""
    there = set(re.findall(r"/src/build/(openitem[a-z-]*)", text("deploy/Dockerfile")))
    wanted = {n: "openitem-" + n for n in SERVICES} | {"migrate": "openitem", "topics": "openitem", "tool": "openitem"}
    if set(wanted) != set(ours(c)):
        yield f"ours: {sorted(ours(c))}, expected {sorted(wanted)}"
    for name, program in wanted.items():
        s = c["services"].get(name, {})
        if (s.get("command") or [""])[0] != program or "entrypoint" in s or program not in there:
            yield f"{name}: {s.get('command')}, expected {program}"
        if s.get("build", {}).get("dockerfile") != "deploy/Dockerfile":
            yield f"{name}: would be looked for in a registry"


def settings_of(service):
    """(all that this service must be told, all that it may be) as its code asks for them."""
    code = text("common/run/settings.c")
    own = {w: f"OPENITEM_{service.upper()}_{w.upper()}" for w in ("database", "admin")}
    asked = re.findall(r"conf_(\w+)\(c, (\"\w+\"|\w+)", code)
    names = [(how, name.strip('"') if name.startswith('"') else own.get(name)) for how, name in asked]
    names = [(how, name + "_FILE" if how == "secret" else name) for how, name in names if name and how != "allow"]
    gate = {name for _, name in names if "REDIS" in name}
    return ({name for how, name in names if how.startswith("required")} | (gate if service == "intake" else set()) | {own["admin"]},
            {name for _, name in names} - (set() if service == "intake" else gate))


def settings(c):
    for name in SERVICES:
        given = {k for k in c["services"][name].get("environment", {}) if k.startswith("OPENITEM_")}
        must, may = settings_of(name)
        if must - given or given - may:
            yield f"{name}: missing {sorted(must - given)}, unknown {sorted(given - may)}"
    schemas = SERVICES + ("operator",)
    for name, suffixes in (("migrate", ("OWNER",)), ("tool", ("RO",))):
        missing = {f"OPENITEM_{s.upper()}_DATABASE_{x}" for s in schemas for x in suffixes} - set(c["services"][name]["environment"])
        if missing:
            yield f"{name}: missing {sorted(missing)}"
    lanes = {s["environment"].get("OPENITEM_LANES") for s in ours(c).values()}
    if len(lanes) != 1 or None in lanes:
        yield f"lanes: {lanes}"


def secrets(c):
    """No password in the file; what a service names under /run/secrets it is given, no other service's, and deploy/secrets makes it."""
    with tempfile.TemporaryDirectory() as made:
        subprocess.run([os.path.join(ROOT, "deploy", "secrets"), made], check=True, capture_output=True)
        files = set(os.listdir(made))
        with open(os.path.join(made, "role-passwords")) as f:
            roles = set(re.findall(r"^\\set (\w+) '\w{40}'$", f.read(), re.M))
    for name, s in c["services"].items():
        told = yaml.safe_dump([s.get("environment", {}), s.get("command"), s.get("entrypoint")], width=10000)
        named, given = set(re.findall(r"/run/secrets/([\w.-]+)", told)), set(s.get("secrets", []))
        if named != given and given != {"postgres"}:
            yield f"{name}: names {sorted(named)}, is given {sorted(given)}"
        for k, v in s.get("environment", {}).items():
            if "PASSWORD" in k and not k.endswith("_FILE") or re.search(r"password\s*=", str(v)):
                yield f"{name}: {k} holds a password"
        for secret in given - set(c["secrets"]):
            yield f"{name}: {secret} is not declared"
    for secret, where in c["secrets"].items():
        if os.path.basename(where["file"]) not in files:
            yield f"{secret}: deploy/secrets does not make {where['file']}"
    wanted = set(re.findall(r":'(\w+_password)'", text("deploy/postgres/roles.sql")))
    if wanted != roles:
        yield f"roles.sql wants {sorted(wanted ^ roles)}"


# ---- deploy/Dockerfile ---------------------------------------------------------------------------------------------------------------


def stages(dockerfile):
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", dockerfile, flags=re.M)).strip().split("\n")
    found = []
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        if word:
            found[-1].append((word, rest.strip()))
    return found


def dockerfile(d):
    found = stages(d)
    if len(found) != 2:
        yield f"{len(found)} stages"
        return
    for stage in found:
        if not PINNED.match(stage[0][1].split(" ")[0]):
            yield f"FROM {stage[0][1]}"
        for word, rest in stage:
            if word == "RUN" and "apt-get install" in rest and not ("--no-install-recommends" in rest and "rm -rf /var/lib/apt/lists" in rest):
                yield f"RUN {rest[:60]}"
            if word in ("ADD", "ENV", "ARG"):
                yield f"{word} {rest}"
            for source in rest.split()[:-1] if word == "COPY" and not rest.startswith("--from") else []:
                if not os.path.exists(os.path.join(ROOT, source)) or f"!{source}\n" not in text(".dockerignore"):
                    yield f"COPY {source}: not there, or kept out by .dockerignore"
    last = " ".join(rest for word, rest in found[-1] if word == "RUN")
    if re.search(r"build-essential|cmake|-dev\b|compiler", last):
        yield "the image holds what it was built with"
    users = [rest for word, rest in found[-1] if word == "USER"]
    if not users or not users[-1].isdigit() or users[-1] == "0" or found[-1][-1][0] != "CMD":
        yield f"USER {users}, last {found[-1][-1]}"
    listed = set(re.findall(r"\b(lib[a-z-]+-dev)\b", re.search(r"PACKAGES_STACK=\((.*?)\)", text("deploy/lib.sh"), re.S)[1])) - {"libcmocka-dev"}
    missing = listed - set(re.findall(r"\b(lib[a-z-]+-dev)\b", d))
    if missing:
        yield f"built without {sorted(missing)}"


# ---- the rules, and files that break them --------------------------------------------------------------------------------------------


def broken(c, path, value):
    """A copy with one thing changed; None = taken away."""
    c = copy.deepcopy(c)
    *where, last = path.split("/")
    at = c["services"]
    for key in where:
        at = at[key]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return c


RULES = {
    images_are_pinned: [("kafka/image", "apache/kafka:latest"), ("redis/image", "redis:7")],
    ports_are_local: [("postgres/ports", ["5432:5432"]), ("kafka/ports", ["0.0.0.0:9094:9094"])],
    health_checks: [("cash/healthcheck", None), ("migrate/restart", "always")],
    dependencies: [("billing/depends_on/migrate", None), ("intake/depends_on/redis", {"condition": "service_started"})],
    volumes: [("postgres/volumes", ["data:/var/lib/postgresql/data"]), ("roles/volumes", ["./deploy/postgres/roles.sql:/roles.sql"])],
    unprivileged: [("reporting/user", "root"), ("cash/read_only", None)],
    programs: [("cash/command", ["openitem-billing"]), ("intake/build", None)],
    settings: [("cash/environment/OPENITEM_CASH_DATABASE", None), ("intake/environment/OPENITEM_REDIS", None),
               ("billing/environment/OPENITEM_BILING_ADMIN", ":1"), ("reporting/environment/OPENITEM_LANES", "64")],
    secrets: [("redis/environment", {"REDIS_PASSWORD": "x"}), ("cash/secrets", ["pgpass-owner"])],
}
DOCKERFILES = [("USER 10001", ""), ("USER 10001", "USER root"), ("debian:12.11-slim", "debian:latest"), ("COPY services services", "COPY deploy deploy"),
               ("--no-install-recommends", ""), ("librdkafka-dev", "")]


def main():
    compose, failed = yaml.safe_load(text("docker-compose.yml")), 0
    image = text("deploy/Dockerfile")
    for rule, breaks in RULES.items():
        findings = list(rule(compose))
        findings += [f"does not see {path} = {value}" for path, value in breaks if not list(rule(broken(compose, path, value)))]
        failed += report(rule.__name__.replace("_", " "), findings)
    findings = list(dockerfile(image)) + [f"does not see {a} -> {b}" for a, b in DOCKERFILES if not list(dockerfile(image.replace(a, b, 1)))]
    failed += report("Dockerfile", findings)
    return 1 if failed else 0


def report(name, findings):
    print(("not ok - " if findings else "ok - ") + "compose: " + name)
    for finding in findings:
        print("#   " + finding)
    return bool(findings)


sys.exit(main())
