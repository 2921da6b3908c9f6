"""Requests that wait on disk while even the local API is away.

One SQLite file: an append is a transaction that is on disk when it returns (``synchronous=EXTRA``), any
number of processes append and replay at once, and a process that dies leaves either the whole request or
nothing of it. Tokens are never written; who replays sends his own.
"""

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .calls import JSON
from .durable import make_folder
from .errors import SpoolError

DATABASE_NAME = "requests.sqlite3"
LOCK_NAME = "replay.lock"
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_key TEXT NOT NULL UNIQUE,
    api_url TEXT NOT NULL,
    path TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    assumed TEXT NOT NULL,
    spooled_at TEXT NOT NULL,
    refusal TEXT
)
"""
_COLUMNS = "sequence, idempotency_key, api_url, path, content_type, body, assumed, spooled_at, refusal"


@dataclass(frozen=True)
class SpooledRequest:
    """A request that waits.

    Attributes
    ----------
    idempotency_key : str
        By it the service knows a repetition.
    api_url, path : str
        Where it goes.
    body : bytes
        What is sent, of type `content_type`.
    assumed : tuple of str
        Fields of the body that the client filled in; an execution that has others there is still the same.
    spooled_at : datetime
        When it was spooled.
    sequence : int
        Place in the order; given by the spool.
    refusal : str or None
        Why the API refused it; null while it waits.
    """

    idempotency_key: str
    api_url: str
    path: str
    body: bytes
    content_type: str = JSON
    assumed: tuple[str, ...] = ()
    spooled_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sequence: int = 0
    refusal: str | None = None


class Spool:
    """The spool in a folder, which is made when the first request comes.

    Every method opens the file anew: an object may be used by several threads and after a fork.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, request: SpooledRequest) -> None:
        """Keep a request; it is on disk when this returns. The same key again changes nothing.

        Raises
        ------
        SpoolError
            It could not be kept.
        """
        with self._database() as database:
            database.execute(
                "INSERT INTO request"
                " (idempotency_key, api_url, path, content_type, body, assumed, spooled_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
                (
                    request.idempotency_key,
                    request.api_url,
                    request.path,
                    request.content_type,
                    request.body,
                    json.dumps(request.assumed),
                    request.spooled_at.isoformat(),
                ),
            )

    def first(self, api_url: str) -> SpooledRequest | None:
        """Return the oldest waiting request for an API."""
        found = self._select("WHERE refusal IS NULL AND api_url = ? ORDER BY sequence LIMIT 1", api_url)
        return found[0] if found else None

    def count(self, api_url: str) -> int:
        """Return how many requests wait for an API."""
        if not self._exists():
            return 0
        with self._database() as database:
            (count,) = database.execute(
                "SELECT count(*) FROM request WHERE refusal IS NULL AND api_url = ?", (api_url,)
            ).fetchone()
        return int(count)

    def find(self, idempotency_key: str) -> SpooledRequest | None:
        """Return the request of that key, waiting or refused."""
        found = self._select("WHERE idempotency_key = ?", idempotency_key)
        return found[0] if found else None

    def waiting(self) -> list[SpooledRequest]:
        """Return the requests that wait, in order."""
        return self._select("WHERE refusal IS NULL ORDER BY sequence")

    def refused(self) -> list[SpooledRequest]:
        """Return the requests that the API refused, in order."""
        return self._select("WHERE refusal IS NOT NULL ORDER BY sequence")

    def remove(self, sequence: int) -> bool:
        """Take a request out; say whether it was there."""
        if not self._exists():
            return False
        with self._database() as database:
            return database.execute("DELETE FROM request WHERE sequence = ?", (sequence,)).rowcount == 1

    def refuse(self, sequence: int, reason: str) -> None:
        """Set a request aside, with the reason; the ones behind it may go on."""
        with self._database() as database:
            database.execute("UPDATE request SET refusal = ? WHERE sequence = ?", (reason, sequence))

    def take_back_refused(self) -> int:
        """Let the refused requests wait again, at their old place; return how many."""
        if not self._exists():
            return 0
        with self._database() as database:
            return database.execute("UPDATE request SET refusal = NULL WHERE refusal IS NOT NULL").rowcount

    def readdress(self, old_url: str, new_url: str) -> int:
        """Send what waits for one address of the API to another; return how many requests."""
        if not self._exists():
            return 0
        with self._database() as database:
            changed = database.execute("UPDATE request SET api_url = ? WHERE api_url = ?", (new_url, old_url))
            return changed.rowcount

    @contextmanager
    def replay_lock(self, seconds: float) -> Iterator[bool]:
        """Hold the right to replay, one process at a time; yields whether it came within `seconds`."""
        self._make_folder()
        try:
            descriptor = os.open(self.folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._failure(error) from error
        try:
            yield _locked_within(descriptor, seconds)
        finally:
            os.close(descriptor)

    def _select(self, condition: str, *parameters: str) -> list[SpooledRequest]:
        if not self._exists():
            return []
        with self._database() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM request {condition}", parameters).fetchall()
        return [_request(row) for row in rows]

    def _exists(self) -> bool:
        return (self.folder / DATABASE_NAME).exists()

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        self._make_folder()
        try:
            with closing(
                sqlite3.connect(self.folder / DATABASE_NAME, timeout=BUSY_SECONDS, isolation_level=None)
            ) as database:
                database.execute("PRAGMA synchronous = EXTRA")
                database.execute("BEGIN IMMEDIATE")
                database.execute(_SCHEMA)
                yield database
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _make_folder(self) -> None:
        try:
            make_folder(self.folder, mode=0o700)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> SpoolError:
        return SpoolError(
            f"the spool {self.folder} cannot be used ({error})",
            "make room and see that you may write there, or set CCAT_SPOOL_FOLDER to another folder",
        )


def _locked_within(descriptor: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _request(row: tuple[int, str, str, str, str, bytes, str, str, str | None]) -> SpooledRequest:
    sequence, key, api_url, path, content_type, body, assumed, spooled_at, refusal = row
    return SpooledRequest(
        idempotency_key=key,
        api_url=api_url,
        path=path,
        body=body,
        content_type=content_type,
        assumed=tuple(json.loads(assumed)),
        spooled_at=datetime.fromisoformat(spooled_at),
        sequence=sequence,
        refusal=refusal,
    )
