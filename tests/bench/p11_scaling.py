"""P11: the whole chain with 1, 2 and 4 instances of each service; all in one PostgreSQL, and each service in one of its own."""
import contextlib
import os
import re
import time

import chain
from cluster import Cluster
from harness import ROOT, SERVICES, Failed, cpu_of

SECRET_NAMES = [f"{s}{suffix}" for s in SERVICES for suffix in ("", "_ro")]


def roles(stack, cluster, service):
    """Roles and schema of one service in its own cluster, as deploy/ makes them, with the same passwords."""
    lines = [f"\\set services '{service}'"]
    for name in ("owner", *SECRET_NAMES, "operator", "operator_ro"):
        with open(os.path.join(stack.home, "secrets", "pgpass-" + name), encoding="utf-8") as f:
            lines.append(f"\\set {name}_password '{f.read().strip().rsplit(':', 1)[1]}'")
    with open(os.path.join(ROOT, "deploy", "postgres", "roles.sql"), encoding="utf-8") as f:
        lines.append(f.read())
    cluster.sql("postgres", "CREATE DATABASE openitem")
    cluster.sql("openitem", "\n".join(lines))


def move(stack, clusters):
    """The services' settings name their own clusters from now on: that is all of it."""
    path = os.path.join(stack.home, "env")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for service, cluster in clusters.items():
        roles(stack, cluster, service)
        text = re.sub(rf'(OPENITEM_{service.upper()}_DATABASE\w*="host=\S+ port=)\d+', rf"\g<1>{cluster.port}", text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    stack.tool("migrate")


def spread(stack, instances):
    """Waits until each instance of each service has lanes."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        owners = [stack.sql(s, "SELECT count(DISTINCT owner) FROM lane WHERE owner <> ''")[0][0] for s in SERVICES]
        if all(int(n) >= instances for n in owners):
            return
        time.sleep(0.2)
    raise Failed(f"{instances} instances: lanes are not spread: {dict(zip(SERVICES, owners))}")


def point(bench, stack, company, running, clusters, instances):
    """One burst with so many instances; those that run stay. What saturates is in the CPU shares."""
    for service in SERVICES:
        while len(running[service]) < instances:
            running[service].append(bench.start_service(stack, service, f"bench-{len(running[service]) + 1}"))
    spread(stack, instances)
    company.publish(bench.size(1000, 50), 0)  # rebalanced and warm
    stack.tool("settle")
    n = bench.size(10000, 200)
    before = {s: sum(cpu_of(p.pid) for p in running[s]) for s in SERVICES}
    pg_before = sum(c.cpu() for c in clusters.values())
    out = chain.run(bench, stack, company, n, n)
    used = {s: sum(cpu_of(p.pid) for p in running[s]) - before[s] for s in SERVICES}
    used["postgres"] = sum(c.cpu() for c in clusters.values()) - pg_before
    shares = {name: us for name, us in out["cpu"].items() if name not in SERVICES}
    for name, seconds in used.items():
        shares[name] = round(shares.get(name, 0) + seconds / (2 * n) * 1e6, 1)
    busy = sum(shares.values()) * out["per_s"] / 1e6 / (os.cpu_count() or 1)
    return out["per_s"], {name: us for name, us in shares.items() if us > 0}, busy


def end(running):
    for p in (p for ps in running.values() for p in ps):
        p.terminate()
    for p in (p for ps in running.values() for p in ps):
        p.wait()


def curve(bench, name, own_clusters, counts):
    """{instances of each service: (events per second, CPU us per event by component, share of all cores)}"""
    points = {}
    with contextlib.ExitStack() as exits:
        stack = exits.enter_context(bench.stack("p11", services=False))
        clusters = {s: exits.enter_context(Cluster()) for s in SERVICES} if own_clusters else {}
        if clusters:
            move(stack, clusters)
        running = {s: [] for s in SERVICES}
        exits.callback(end, running)
        for service in SERVICES:
            running[service].append(bench.start_service(stack, service, "bench-1"))
        company = chain.Company(stack, "B", bench.size(5000, 100))
        company.publish(bench.size(40000, 600), 0)
        stack.tool("settle")
        for instances in counts:
            points[instances] = point(bench, stack, company, running, clusters, instances)
            per_s, cpu, busy = points[instances]
            bench.say(f"{name}, {instances} of each: {per_s:.0f}/s, {busy * 100:.0f} % of all cores; CPU us per event {cpu}")
        bench.same(f"{name}: items and AR control tie out", stack.sql("reporting", "SELECT coalesce(sum(abs(items_minor - control_minor)), 0) FROM tie_out")[0][0], "0")
    return points


def row(bench, id, what, ours, beside):
    per_s, cpu, busy = ours
    bench.row(id, what, "/s", per_s, ">= 0.9", beside=beside[0], ratio=bench.ratio([(per_s, beside[0])]), share_of_all_cores=round(busy, 2), cpu_us_per_event=cpu)


def scaling(bench):
    """Whole chain with 1, 2 and 4 instances of each service; one PostgreSQL, and one per service."""
    own = curve(bench, "one PostgreSQL per service", True, bench.size((1, 2, 4), (1, 2)))
    if bench.quick:  # P5 has the other
        row(bench, "P11d", "whole chain, a PostgreSQL per service: 2 instances of each beside 1", own[2], own[1])
        return
    one = curve(bench, "one PostgreSQL", False, (1, 2, 4))
    row(bench, "P11a", "whole chain, one PostgreSQL: 2 instances of each service beside 1", one[2], one[1])
    row(bench, "P11b", "the same, 4 beside 1", one[4], one[1])
    row(bench, "P11c", "whole chain, 1 instance of each: a PostgreSQL per service beside one", own[1], one[1])
    row(bench, "P11d", "whole chain, a PostgreSQL per service: 2 instances of each beside 1", own[2], own[1])
    row(bench, "P11e", "the same, 4 beside 1", own[4], own[1])


BENCHMARKS = {"P11": scaling}
