"""P8: reporting made again from the topics; beside: COPY BINARY of its rows."""
import os
import re
import subprocess
import time

from harness import BUILD, ROOT, Failed, number
from projection import Projection


def rebuild(stack, *args):
    """(seconds in all, of them until everything was read and written). It also compares every row with those in use."""
    begun = time.monotonic()
    p = subprocess.Popen([f"{BUILD}/openitem", "rebuild", "reporting", "--progress", "--format", "csv", *args], env=stack.env, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    filled, lines = 0.0, []
    for line in p.stdout:
        lines.append(line)
        if re.match(r"rebuild reporting [0-9]+/", line):
            filled = time.monotonic() - begun
    if p.wait() != 0:
        raise Failed(f"openitem rebuild reporting {' '.join(args)}: exit {p.returncode}\n{''.join(lines[-20:])}")
    return time.monotonic() - begun, filled


def digest(stack, p):
    """That of `openitem verify`, which would wait for the services that are not running here."""
    with open(os.path.join(ROOT, "services", "reporting", "sql", "digest.sql"), encoding="utf-8") as f:
        answer = stack.psql(p.owner + " options='-c search_path=reporting'", f.read())
    if answer.returncode != 0 or not answer.stdout:
        raise Failed(f"digest: {answer.stderr}")
    return answer.stdout


def rebuilding(bench):
    """rebuild of reporting from the log, digest equal, beside COPY BINARY of the rows"""
    records = bench.size(200000, 30000)
    with bench.stack("p8", services=False) as stack:
        p = Projection(bench, stack)
        p.publish(records)
        p.run_service(records)
        queries = p.queries({}, p.written(), records)
        before, pairs = digest(stack, p), []
        for i in range(bench.rounds):
            p.sql.rows("DROP SCHEMA raw CASCADE")
            p.make_raw()
            sides = [lambda: rebuild(stack, "--dry-run", "--restart"), lambda: p.copy(queries)[0]["seconds"]]
            took = {side: fn() for side, fn in (enumerate(sides) if i % 2 == 0 else reversed(list(enumerate(sides))))}
            pairs.append((records / took[0][0], records / took[1]))
            bench.say(f"round {i + 1}: rebuild {number(records / took[0][0])} records/s ({took[0][1]:.1f} s reading and writing of {took[0][0]:.1f} s; the rest compares), "
                      f"COPY {number(records / took[1])}, ratio {pairs[-1][0] / pairs[-1][1]:.3f}")
        rebuild(stack)
        bench.same("P8: the digest after a rebuild", digest(stack, p), before)
        ratio = bench.ratio(pairs)
        bench.row("P8", "openitem rebuild reporting, comparison of every row included; beside: COPY BINARY of the rows, 1,000 records per transaction", "records/s",
                  ratio.ours, ">= 0.5", ratio.beside, ratio)
        p.close()


BENCHMARKS = {"P8": rebuilding}
