"""The SQLite file of the spool: its tables, and how it is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .durable import make_folder
from .errors import SpoolError

NAME = "spool.sqlite3"
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_key TEXT NOT NULL UNIQUE,
    api_url TEXT NOT NULL,
    lane TEXT NOT NULL,
    path TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    assumed TEXT NOT NULL,
    spooled_at TEXT NOT NULL,
    refusal TEXT
);
CREATE INDEX IF NOT EXISTS waiting ON request (api_url, lane, sequence) WHERE refusal IS NULL;
CREATE TABLE IF NOT EXISTS held_lane (
    api_url TEXT NOT NULL,
    lane TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    held_since REAL,
    last_attempt_at REAL NOT NULL,
    next_attempt_at REAL NOT NULL,
    reason TEXT NOT NULL,
    parked INTEGER NOT NULL,
    PRIMARY KEY (api_url, lane)
);
CREATE TABLE IF NOT EXISTS away (
    api_url TEXT PRIMARY KEY,
    since REAL NOT NULL,
    pause REAL NOT NULL,
    until REAL NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    process TEXT NOT NULL,
    expires_at REAL NOT NULL
);
"""


class SpoolFile:
    """The file in a folder; both are made with the first change. It is opened anew each time.

    Parameters
    ----------
    folder : Path
        Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def exists(self) -> bool:
        """Say whether it was ever made."""
        return (self._folder / NAME).exists()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open it for a question; an empty one in memory where there is none.

        Raises
        ------
        SpoolError
            It cannot be used.
        """
        if self.exists():
            with self._opened() as database:
                database.execute("BEGIN")
                yield database
        else:
            with closing(sqlite3.connect(":memory:")) as database:
                database.executescript(_SCHEMA)
                yield database

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Open it for a change, which is on disk at the end.

        Raises
        ------
        SpoolError
            It cannot be used, or there is no room.
        """
        try:
            make_folder(self._folder, mode=0o700)
        except OSError as error:
            raise self._failure(error) from error
        with self._opened() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._folder / NAME, timeout=BUSY_SECONDS, isolation_level=None)
            ) as database:
                database.execute("PRAGMA synchronous = EXTRA")
                if database.execute("PRAGMA user_version").fetchone() == (0,):
                    _make_tables(database)
                yield database
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> SpoolError:
        return SpoolError(
            f"the spool {self._folder} cannot be used ({error})",
            "make room and see that you may write there, or set CCAT_SPOOL_FOLDER to another folder",
        )


def _make_tables(database: sqlite3.Connection) -> None:
    database.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA.split(";"):
        database.execute(statement)
    database.execute("PRAGMA user_version = 1")
    database.execute("COMMIT")
