"""One small company, and the digest of its books when nothing disturbs it: what a disturbed run must come to."""
import hashlib
import json
import os

from stack import BUILD, HOMES, SERVICES

ACCOUNTS, DAYS, SEED = 20, 45, 11
CACHE = os.path.join(HOMES, "digest")


def generate(stack):
    path = os.path.join(stack.home, "company.ndjson")
    stack.tool("generate", "--accounts", str(ACCOUNTS), "--days", str(DAYS), "--seed", str(SEED), "--out", path,
               "--truth", os.path.join(stack.home, "truth.ndjson"))
    return path


def days(path):
    """Business days of the company, in order."""
    with open(path) as f:
        return sorted({json.loads(line)["time"][:10] for line in f})


def fingerprint(path):
    """Of the company and of the programs: another build may rightly keep other books."""
    h = hashlib.sha256()
    for name in [path] + [os.path.join(BUILD, p) for p in ["openitem"] + ["openitem-" + s for s in SERVICES]]:
        with open(name, "rb") as f:
            h.update(hashlib.sha256(f.read()).digest())
    return h.hexdigest()


def remembered(path):
    try:
        with open(CACHE) as f:
            key, digest = f.read().split()
    except (OSError, ValueError):
        return None
    return digest if key == fingerprint(path) else None


def remember(path, digest):
    with open(CACHE, "w") as f:
        f.write(f"{fingerprint(path)} {digest}\n")


def undisturbed(stack, path):
    """Plays it on this stack, which must be new."""
    stack.tool("play", path)
    stack.tool("settle")
    stack.tool("verify")
    digest = stack.digest()
    remember(path, digest)
    return digest
