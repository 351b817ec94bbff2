#!/usr/bin/env python3
"""Free loopback ports for one OPENITEM_HOME, taken by binding and recorded.

usage: ports.py HOME KEEP NAME...

HOME/run/ports holds one "name port" line per NAME. A recorded port stays when it is free (or when NAME is in KEEP,
comma separated: its process is running and holds it); otherwise a new one is picked, and the name is printed if it had
another port before. Two homes never collide, also while one of them is down: a registry per user lists which home
recorded which port. Ports come from below the kernel's ephemeral range, so no outgoing connection can sit on one.
"""
import fcntl
import os
import random
import socket
import sys

LOWEST_PORT = 20000
PICK_TRIES_MAX = 2000


def read_pairs(path):
    """Lines "a b" of a file as a list of pairs; a missing file is an empty one."""
    try:
        with open(path, encoding="utf-8") as file:
            return [tuple(line.rstrip("\n").split(" ", 1)) for line in file if " " in line]
    except FileNotFoundError:
        return []


def write_pairs(path, pairs):
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        file.writelines(f"{a} {b}\n" for a, b in pairs)
    os.replace(temporary, path)


def open_registry():
    """Locked until the process ends. O_NOFOLLOW: /var/tmp is everybody's."""
    path = f"/var/tmp/openitem-ports-{os.getuid()}"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.fstat(fd).st_uid != os.getuid():
        sys.exit(f"{path} belongs to somebody else")
    fcntl.flock(fd, fcntl.LOCK_EX)
    return os.fdopen(fd, "r+", encoding="utf-8")


def still_recorded(port, home):
    return any(recorded == port for _, recorded in read_pairs(os.path.join(home, "run/ports")))


def bind(port):
    """A socket that holds the port until we exit, or None. SO_REUSEADDR: connections in TIME_WAIT do not count."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(1)  # two sockets with SO_REUSEADDR may both bind; only one may listen
        return sock
    except OSError:
        sock.close()
        return None


def highest_port():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="utf-8") as file:
        ephemeral_low = int(file.read().split()[0])
    return ephemeral_low - 1 if ephemeral_low > LOWEST_PORT + 1000 else 60999


def pick(reserved):
    for _ in range(PICK_TRIES_MAX):
        port = random.randint(LOWEST_PORT, highest_port())
        if port not in reserved:
            sock = bind(port)
            if sock:
                return port, sock
    sys.exit("no free port on 127.0.0.1")


def main():
    home, keep, names = os.path.realpath(sys.argv[1]), set(sys.argv[2].split(",")), sys.argv[3:]
    record_path = os.path.join(home, "run/ports")
    record = {name: int(port) for name, port in read_pairs(record_path)}

    registry = open_registry()
    others = [(port, other) for port, other in (line.rstrip("\n").split(" ", 1) for line in registry if " " in line)
              if other != home and still_recorded(port, other)]
    reserved = {int(port) for port, _ in others} | set(record.values())

    held, moved = [], []
    for name in names:
        if name in keep and name in record:
            continue
        sock = bind(record[name]) if name in record else None
        if not sock:
            if name in record:
                moved.append(name)
            record[name], sock = pick(reserved)
            reserved.add(record[name])
        held.append(sock)

    write_pairs(record_path, sorted(record.items()))
    registry.seek(0)
    registry.truncate()
    registry.writelines(f"{port} {other}\n" for port, other in others + [(port, home) for port in record.values()])
    registry.flush()
    for name in moved:
        print(name)


if __name__ == "__main__":
    main()
