"""P12: instructions per input of each core, and of the batch loop without I/O, as callgrind counts them: the same on every run, so a slow change shows
on any machine. The reference is results/instructions.json, written by every full run; --quick (CI) fails at more than GROWTH of it, unless README.md
says why under "Instructions that grew"."""
import json
import os
import re
import shutil
import subprocess

from harness import BUILD, HERE, Failed, Ratio, output_of
from table import README, load, save

RECORDED = os.path.join(HERE, "results", "instructions.json")
COMPANY = (30, 45)  # accounts, days of `openitem generate`; --quick does the same, or nothing could be compared
GROWTH = 1.10
SERVICES = ("intake", "billing", "cash", "collections", "reporting")
# Counted: the loop. Not counted in it: what stands in for libraries (instructions_io.h). Counted again within that: what a book and the loop do when they
# are called from there. callgrind turns counting over when one of these begins and when it ends.
TOGGLES = ("batch_run", "standin_load", "standin_save", "bus_header", "bus_header_at", "bus_record_release", "bus_produce", "bus_drain", "delivered",
           "book_questions", "book_answer_row", "book_answer_done")
CORE = ("core_step", "bench_want", "bench_decode")
# The plainest variants of libc and libcrypto, so that the processor does not matter.
PLAIN = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-BMI2,-MOVBE,-ERMS", "OPENSSL_ia32cap": "0", "PATH": os.environ["PATH"], "LC_ALL": "C"}


def inclusive(path):
    """{function: instructions with all it calls}"""
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", path], capture_output=True, text=True, errors="replace",
                          check=True, env=PLAIN).stdout
    costs = {}
    for m in re.finditer(r"^\s*([\d,]+) \(.*?\)\s+\S*?:(\w+)(?:\s|$)", text, re.M):
        costs[m[2]] = max(costs.get(m[2], 0), int(m[1].replace(",", "")))
    return costs


def count(bench):
    """({name: instructions per input}, what the program said)"""
    if shutil.which("valgrind") is None:
        raise Failed("valgrind is missing (deploy/lib.sh, PACKAGES_TESTS)")
    folder = os.path.join(os.environ["OPENITEM_TEST_HOMES"], "p12")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    command = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *(f"--toggle-collect={f}" for f in TOGGLES),
               *(f"--dump-after=measured_{s}" for s in SERVICES), os.path.join(BUILD, "bench_instructions"), *map(str, COMPANY)]
    p = subprocess.run(command, capture_output=True, text=True, env=PLAIN, check=False)
    if p.returncode != 0:
        raise Failed(f"bench_instructions: exit {p.returncode}\n{p.stdout[-1000:]}{p.stderr[-3000:]}")
    said, per_input, loop, inputs = json.loads(p.stdout), {}, 0, 0
    for i, service in enumerate(SERVICES, 1):
        costs, n = inclusive(f"{folder}/out.{i}"), said[service]["inputs"]
        core = sum(costs.get(f, 0) for f in CORE)
        per_input[service] = round(core / n)
        loop, inputs = loop + costs["batch_run"] - core, inputs + n
        bench.say(f"{service}: {n} inputs in {said[service]['batches']} batches, core {core / n:,.0f}, loop {(costs['batch_run'] - core) / n:,.0f} instructions per input")
    return {**per_input, "loop": round(loop / inputs)}, said


def allowed():
    """{name: (from, to)} of the table "Instructions that grew"."""
    with open(README, encoding="utf-8") as f:
        part = f.read().partition("## Instructions that grew")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| *([a-z]+) *\| *([\d,]+) *\| *([\d,]+) *\| *\S", part, re.M)
    return {name: (int(a.replace(",", "")), int(b.replace(",", ""))) for name, a, b in rows}


def complaints(now, before, grown):
    """What grew by more than GROWTH without a line that says why."""
    found = []
    for name, n in now.items():
        base = before.get(name, n)
        known, to = grown.get(name, (None, 0))
        if n > GROWTH * base and not (known == base and n <= GROWTH * to):
            found.append(f"{name}: {n:,} instructions per input, recorded are {base:,} ({n / base - 1:+.0%}); make it less, or write the line | {name} | {base} | {n} | "
                         'why | under "Instructions that grew" of tests/bench/README.md')
    return found


def instructions(bench):
    """instructions per input of each core and of the batch loop without I/O, beside those of the commit that was measured last"""
    compiler, recorded = output_of("gcc", "--version").split("\n")[0], load(RECORDED, None)
    now, said = count(bench)
    same_compiler = recorded is not None and recorded["compiler"] == compiler and recorded["company"] == list(COMPANY)
    if not same_compiler:
        print(f"skipped - P12: no reference for {compiler}", flush=True)
    before = recorded["instructions"] if same_compiler else now
    for letter, (name, n) in zip("abcdef", now.items()):
        base = before.get(name, n)
        what = "the batch loop without I/O, all services" if name == "loop" else f"core of {name}" + (" (decode, gate)" if name == "intake" else "")
        bench.row(f"P12{letter}", what + "; beside: as recorded before", "instructions/input", n, "<= 1.1", base, Ratio(n / base, n / base, n / base, n, base, 1))
    if bench.quick:
        bench.same("no core and not the loop takes more than 10 % more instructions than recorded", complaints(now, before, allowed()), [])
    else:
        save(RECORDED, {"compiler": compiler, "company": list(COMPANY), "inputs": {s: said[s]["inputs"] for s in SERVICES}, "instructions": now})


BENCHMARKS = {"P12": instructions}
