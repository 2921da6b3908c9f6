"""Turns itself into a program that holds a lock for as long as it lives.

Run by path, never imported: ``python -I launch.py --lock FILE [--account UID:GID] [--log FILE] -- COMMAND…``.
It uses nothing but the standard library, so that it starts in a few milliseconds.

The lock is what makes crashes harmless. It is taken before the command starts and inherited by everything
the command starts, so a free lock proves that nothing is left of it, and a second start of the same name ends
here, whoever asks for it. The process id is written by the process itself before it becomes the command:
there is no moment at which a program runs and nobody knows its id, even when its starter is killed.
"""

import fcntl
import json
import os
import sys
import time

ALREADY_RUNNING = 75
"""Exit status when another process holds the lock (EX_TEMPFAIL of sysexits.h)."""

CANNOT_EXECUTE = 126


def main(arguments: list[str]) -> int:
    """Take the lock, write who holds it, become the command."""
    split = arguments.index("--")
    options = dict(zip(arguments[:split:2], arguments[1:split:2], strict=True))
    command = arguments[split + 1 :]

    lock = os.open(options["--lock"], os.O_RDWR | os.O_CREAT, 0o600)
    if not taken(lock):
        return ALREADY_RUNNING
    if os.getsid(0) != os.getpid():
        os.setsid()
    if "--log" in options:
        log = os.open(options["--log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
    holder = {"pid": os.getpid(), "started": start_ticks(), "command": options.get("--fingerprint", "")}
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps(holder).encode(), 0)
    if "--account" in options:
        uid, gid = (int(part) for part in options["--account"].split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.set_inheritable(lock, True)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        print(f"cannot start {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return CANNOT_EXECUTE


def taken(lock: int) -> bool:
    """Take the lock; whoever only looks whether it is free holds it for some microseconds."""
    for _ in range(20):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def start_ticks() -> int:
    """Return when this process started, in clock ticks since boot (field 22 of proc(5) ``stat``)."""
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as stat:
        return int(stat.read().rpartition(")")[2].split()[19])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
