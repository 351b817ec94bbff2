"""P9: memory of each service at full rate, and heap allocations per record in our own code, counted by a library that is preloaded (interpose/heap.c)."""
import mmap
import os
import signal
import struct
import subprocess
import threading
import time

from business_load import BEHIND_MAX, Load
from harness import BUILD, SERVICES, Failed

CALLERS = 512
SAMPLE_S = 0.5
ARENA_BYTES = 1 << 30  # BATCH_BYTES_HARD of common/run/loop.h: reserved, not used


class Heap:
    """What a service has counted so far."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)

    def read(self):
        """(calls of ours, of libraries, base of the program, {return address: calls})"""
        ours, libraries, base, _ = struct.unpack_from("<4Q", self.map)
        pairs = struct.unpack_from(f"<{2 * CALLERS}Q", self.map, 32)
        return ours, libraries, base, dict(zip(pairs[::2], pairs[1::2]))


def places(service, before, after):
    """Where our calls came from, most first: ["function file:line: calls"]"""
    base, calls = after[2], {a: n - before[3].get(a, 0) for a, n in after[3].items() if a and n > before[3].get(a, 0)}
    told = []
    for address, n in sorted(calls.items(), key=lambda kv: -kv[1])[:8]:
        where = subprocess.run(["addr2line", "-f", "-s", "-e", os.path.join(BUILD, "openitem-" + service), hex(address - base - 1)], capture_output=True, text=True, check=False)
        told.append(f"{' '.join(where.stdout.split())}: {n}")
    return told


def rss_mib(pid):
    with open(f"/proc/{pid}/statm", encoding="utf-8") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def parts_mib(pid):
    """Resident memory by what it is for: the arena of a batch (one large reservation), malloc (heap and its arenas of threads), the rest (programs, stacks)."""
    parts, kind = dict.fromkeys(("arena", "malloc", "rest"), 0.0), "rest"
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            first = line.split(None, 1)[0]
            if "-" in first and not first.endswith(":"):
                begin, end = (int(x, 16) for x in first.split("-"))
                named = len(line.split()) > 5
                kind = "arena" if not named and end - begin >= ARENA_BYTES else "malloc" if not named or "[heap]" in line else "rest"
            elif first == "Rss:":
                parts[kind] += int(line.split()[1]) / 1024
    return parts


class Memory:
    def __init__(self, bench, stack):
        self.bench, self.stack, self.processes = bench, stack, {}
        for s in SERVICES:
            path = os.path.join(stack.home, f"heap-{s}")
            preload = {"LD_PRELOAD": os.path.join(BUILD, "bench_heap.so"), "OPENITEM_BENCH_HEAP": path}
            self.processes[s] = bench.start_service(stack, s, **preload)
        self.heaps = {s: Heap(self.when_there(os.path.join(stack.home, f"heap-{s}"))) for s in SERVICES}
        self.samples = {s: [] for s in SERVICES}  # (seconds, MiB)

    @staticmethod
    def when_there(path):
        deadline = time.monotonic() + 10
        while not (os.path.exists(path) and os.path.getsize(path) > 0):
            if time.monotonic() > deadline:
                raise Failed(f"{path}: the service does not count")
            time.sleep(0.05)
        return path

    def sample(self, begun, until, load):
        while time.monotonic() < until:
            time.sleep(SAMPLE_S)
            for s, p in self.processes.items():
                if p.poll() is not None:
                    raise Failed(f"{s} ended with {p.returncode}")
                self.samples[s].append((time.monotonic() - begun, rss_mib(p.pid)))
            if load.problem is not None:
                raise Failed(f"load: {load.problem}")

    def hold_up(self, load, until):
        """Each service in turn stands still until it is as far behind as the load lets it be, and so takes its largest batch: what it needs at most it needs
        in the first minute."""
        for s, p in self.processes.items():
            os.kill(p.pid, signal.SIGSTOP)
            try:
                while load.behind()[s] < BEHIND_MAX and time.monotonic() < until:
                    time.sleep(0.02)
            finally:
                os.kill(p.pid, signal.SIGCONT)
            while load.behind()[s] > BEHIND_MAX / 2 and time.monotonic() < until:
                time.sleep(0.02)

    def peak(self, service, begin, end):
        return max(mib for t, mib in self.samples[service] if begin <= t <= end)

    def end(self):
        for p in self.processes.values():
            p.terminate()
        for p in self.processes.values():
            p.wait()


def memory(bench):
    """memory of each service at full rate, growth after the first minute, heap allocations per record in our code"""
    seconds, warm = bench.size(600, 18), bench.size(60, 9)
    with bench.stack("p9", services=False) as stack:
        m = Memory(bench, stack)
        try:
            load = Load(stack)
            load.start()
            load.in_full(120)
            begun = time.monotonic()
            holding = threading.Thread(target=m.hold_up, args=(load, begun + warm * 0.8))
            holding.start()
            m.sample(begun, begun + warm, load)
            holding.join()
            before, passed_before = {s: m.heaps[s].read() for s in SERVICES}, load.passed()
            parts_before = {s: parts_mib(p.pid) for s, p in m.processes.items()}
            m.sample(begun, begun + seconds, load)
            after, passed = {s: m.heaps[s].read() for s in SERVICES}, load.passed()
            parts = {s: parts_mib(p.pid) for s, p in m.processes.items()}
            load.end()
        finally:
            m.end()
        rate = {s: (passed[s] - passed_before[s]) / (seconds - warm) for s in SERVICES}
        bench.say(f"{load.orders} orders in {seconds} s; never more than {load.behind_worst} records behind; records/s: "
                  + ", ".join(f"{s} {r:.0f}" for s, r in rate.items()))
        most = {s: max(mib for _, mib in m.samples[s]) for s in SERVICES}
        grown = {s: m.peak(s, seconds - warm, seconds + 1) - m.peak(s, 0, warm) for s in SERVICES}
        calls = {s: (after[s][0] - before[s][0], after[s][1] - before[s][1]) for s in SERVICES}
        records = {s: max(1, passed[s] - passed_before[s]) for s in SERVICES}
        for s in SERVICES:
            bench.say(f"{s}: at most {most[s]:.1f} MiB, {grown[s]:+.2f} MiB from the peak of the first {warm} s to that of the last; heap calls per record: ours {calls[s][0] / records[s]:.5f}, "
                      f"libraries {calls[s][1] / records[s]:.2f}")
            bench.say(f"  {', '.join(f'{k} {parts_before[s][k]:.1f} -> {parts[s][k]:.1f} MiB' for k in parts[s])}")
            for place in places(s, before[s], after[s]):
                bench.say(f"  ours: {place}")
        bench.same("every service passed records", all(r > 0 for r in rate.values()), True)
        heaviest, grower, caller = (max(SERVICES, key=d.get) for d in (most, grown, {s: calls[s][0] / records[s] for s in SERVICES}))
        bench.row("P9a", f"memory of the heaviest service in {seconds} s at full rate ({heaviest})", "MiB", most[heaviest], "<= 96", of="ours", all=most, records_per_s=rate)
        bench.row("P9b", f"growth from the peak of the first {warm} s to that of the last, of who grew most ({grower})", "MiB", grown[grower], "<= 1", of="ours", all=grown)
        bench.row("P9c", f"heap allocations in our code per record after warm-up ({caller})", "calls", calls[caller][0] / records[caller], "<= 0", of="ours",
                  calls={s: c[0] for s, c in calls.items()}, libraries_per_record={s: round(c[1] / records[s], 2) for s, c in calls.items()})


BENCHMARKS = {"P9": memory}
