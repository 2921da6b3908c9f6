"""Leases in the file of the spool: a right that one process has at a time, and that ends with it."""

import os
import platform
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import uuid4

LEASE_SECONDS = 120.0
_POLL_SECONDS = 0.05

Open = Callable[[], AbstractContextManager[sqlite3.Connection]]
"""Opens the file in a transaction."""


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
                    "UPDATE lease SET expires_at = ? WHERE name = ? AND holder = ?",
                    (time.time() + LEASE_SECONDS, self._name, self._holder),
                ).rowcount
                == 1
            )

    def release(self) -> None:
        """Give it back."""
        with self._database() as database:
            database.execute("DELETE FROM lease WHERE name = ? AND holder = ?", (self._name, self._holder))


def take_lease(database: Open, name: str, seconds: float) -> Lease | None:
    """Take a lease, waiting for it up to `seconds`; null if another process keeps it."""
    deadline = time.monotonic() + seconds
    holder = str(uuid4())
    while not _taken(database, name, holder):
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)
    return Lease(database, name, holder)


def is_taken(database: sqlite3.Connection, name: str) -> bool:
    """Say whether a process that has not ended holds a lease."""
    now = time.time()
    row = database.execute("SELECT process, expires_at FROM lease WHERE name = ?", (name,)).fetchone()
    # An end that no lease can have comes from a clock that was set.
    return row is not None and now < row[1] <= now + LEASE_SECONDS and not _has_ended(row[0])


def _taken(database: Open, name: str, holder: str) -> bool:
    with database() as opened:
        if is_taken(opened, name):
            return False
        opened.execute(
            "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)",
            (name, holder, _this_process(), time.time() + LEASE_SECONDS),
        )
    return True


def _this_process() -> str:
    return f"{_this_machine()} {os.getpid()}"


def _this_machine() -> str:
    """Return a name of this machine since its last start; process numbers mean nothing elsewhere."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            boot = stream.read().strip()
    except OSError:
        boot = ""
    return f"{platform.node()}/{boot}"


def _has_ended(process: str) -> bool:
    """Say whether a process is known to have ended: only one of this machine can be."""
    machine, _, number = process.rpartition(" ")
    if machine != _this_machine():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
