"""Leases in the file of the spool: a right that one process has at a time, and that ends with it.

No wall clock decides. On the computer of the holder time counts since its start; another one takes the lease
when it has seen no sign of life for the whole time of a lease.
"""

import os
import platform
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

LEASE_SECONDS = 120.0
_POLL_SECONDS = 0.05
_MORE_THAN_A_MOMENT = 3
"""So often the lease was renewed."""

Open = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Opens the file in a transaction."""

_given_back: set[str] = set()
"""Holders of this process that gave their lease back, whatever the file says."""


class Lease:
    """A right that is held.

    Parameters
    ----------
    database : callable
        Opens the file.
    name : str
        Which right.
    holder : str
        Who has it.
    """

    def __init__(self, database: Open, name: str, holder: str) -> None:
        self._database = database
        self._name = name
        self._holder = holder

    def renew(self) -> bool:
        """Hold it for longer; say whether it is still held."""
        with self._database() as database:
            return (
                database.execute(
                    "UPDATE lease SET expires_at = ?, beat = beat + 1 WHERE name = ? AND holder = ?",
                    (_since_start() + LEASE_SECONDS, self._name, self._holder),
                ).rowcount
                == 1
            )

    def release(self) -> None:
        """Give it back.

        What cannot be written on a full disk is remembered, so that this process at least may take it again.
        """
        _given_back.add(self._holder)
        with self._database() as database:
            database.execute("DELETE FROM lease WHERE name = ? AND holder = ?", (self._name, self._holder))
        _given_back.discard(self._holder)


def take_lease(make: Open, database: Open, name: str, seconds: float, way: str = "") -> Lease | None:
    """Take a lease, waiting for it up to `seconds`; null if another process keeps it.

    `make` opens the file even where there is none; the lease ends with the file. The holder goes a `way`; see
    `goes_another_way`.
    """
    deadline = time.monotonic() + seconds
    holder = f"{way} {uuid4()}"
    while not _taken(make, name, holder):
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)
    return Lease(database, name, holder)


def is_taken(database: sqlite3.Connection, name: str) -> bool:
    """Say whether a process that may be alive holds a lease."""
    row = _row(database, name)
    if row is None:
        return False
    holder, machine, process, beat, expires_at = row
    if holder in _given_back:
        return False
    now = _since_start()
    if machine == this_machine():
        return now < expires_at <= now + LEASE_SECONDS and not _has_ended(process)
    seen = _seen(database, name, holder, beat)
    return seen is None or not 0 <= now - seen >= LEASE_SECONDS


def goes_another_way(database: sqlite3.Connection, name: str, way: str) -> bool:
    """Say whether one of this computer holds a lease, for longer than a moment, and goes another way."""
    row = _row(database, name)
    if row is None:
        return False
    holder, machine, _, beat, _ = row
    return machine == this_machine() and beat >= _MORE_THAN_A_MOMENT and holder.partition(" ")[0] != way


def end(database: sqlite3.Connection, name: str) -> None:
    """Take a lease from its holder, who notices when he would renew it."""
    database.execute("DELETE FROM lease WHERE name = ?", (name,))


def must_be_watched(database: sqlite3.Connection, name: str) -> bool:
    """Say whether another computer's lease shows a sign of life that was not noted here yet."""
    row = _row(database, name)
    return row is not None and row[1] != this_machine() and _seen(database, name, row[0], row[3]) is None


def watch(database: sqlite3.Connection, name: str) -> None:
    """Note the sign of life of another computer's lease, if it is a new one."""
    if must_be_watched(database, name):
        holder, _, _, beat, _ = _row(database, name) or ("", "", "", 0, 0.0)
        database.execute(
            "INSERT OR REPLACE INTO lease_seen VALUES (?, ?, ?, ?, ?)",
            (name, this_machine(), holder, beat, _since_start()),
        )


def this_machine() -> str:
    """Return a name of this computer since its last start."""
    return f"{platform.node()}/{_text('/proc/sys/kernel/random/boot_id')}/{_link('/proc/self/ns/time')}"


def this_process() -> str:
    """Return a name of this process on this computer.

    The number alone says nothing: containers have numbers of their own, also on one computer and with one
    host name, and a number is given again.
    """
    numbers = _link("/proc/self/ns/pid") or str(uuid4())
    state = _state(os.getpid())
    return f"{numbers} {os.getpid()} {state[19] if state else ''}"


def _taken(database: Open, name: str, holder: str) -> bool:
    with database() as opened:
        if is_taken(opened, name):
            watch(opened, name)
            return False
        opened.execute(
            "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?, 0, ?)",
            (name, holder, this_machine(), this_process(), _since_start() + LEASE_SECONDS),
        )
        opened.execute("DELETE FROM lease_seen WHERE name = ?", (name,))
    return True


def _row(database: sqlite3.Connection, name: str) -> tuple[str, str, str, int, float] | None:
    found: tuple[str, str, str, int, float] | None = database.execute(
        "SELECT holder, machine, process, beat, expires_at FROM lease WHERE name = ?", (name,)
    ).fetchone()
    return found


def _seen(database: sqlite3.Connection, name: str, holder: str, beat: int) -> float | None:
    """Return when this computer saw a sign of life first, since its start; one from the future is none."""
    row = database.execute(
        "SELECT seen_at FROM lease_seen WHERE name = ? AND machine = ? AND holder = ? AND beat = ?",
        (name, this_machine(), holder, beat),
    ).fetchone()
    return None if row is None else float(row[0])


def _has_ended(process: str) -> bool:
    """Say whether a process of this computer is known to have ended; of other containers nobody knows."""
    numbers, _, rest = process.partition(" ")
    number, _, started = rest.partition(" ")
    if numbers != _link("/proc/self/ns/pid"):
        return False
    if not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    state = _state(int(number))
    return bool(state) and (state[0] in "ZX" or (started != "" and started != state[19]))


def _since_start() -> float:
    """Return the seconds since this computer started; nobody sets this clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _state(number: int) -> list[str]:
    """Return what the system says of a process from its state on, proc(5); empty where it says nothing."""
    # The name before it, field 2, may contain anything.
    fields = _text(f"/proc/{number}/stat").rpartition(")")[2].split()
    return fields if len(fields) > 19 else []


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""
