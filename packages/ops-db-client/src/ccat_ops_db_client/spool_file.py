"""The SQLite file of the spool: its tables, and how it is opened."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from weakref import WeakSet, finalize

from .durable import make_folder
from .errors import SpoolError
from .network_file_systems import is_on_disk_of_this_computer

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
    """The file in a folder; both are made with the first change.

    On a disk of this computer it has a write-ahead log: while the file stays open, a change costs one flush
    to disk instead of five. That needs memory which all who have the file open share; so on any other file
    system it has a rollback journal.

    An object may be used by several threads and after a fork.

    Parameters
    ----------
    folder : Path
        Where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._close_database: Callable[[], object] = lambda: None
        self._opened_file: tuple[int, int] | None = None
        _files.add(self)

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
            with self._transaction("BEGIN") as database:
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
        with self._transaction("BEGIN IMMEDIATE") as database:
            yield database

    def close_and_keep_out(self) -> None:
        """Close it, and let nobody open it until `let_in`."""
        self._lock.acquire()
        self._close()

    def let_in(self) -> None:
        """Let it be opened again."""
        self._lock.release()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                database = self._open()
                database.execute(begin)
                yield database
                database.execute("COMMIT")
            except sqlite3.Error as error:
                self._close()
                raise self._failure(error) from error
            except BaseException:
                # Closing takes back what was not committed.
                self._close()
                raise

    def _open(self) -> sqlite3.Connection:
        if self._database is not None and self._opened_file == self._present_file():
            return self._database
        # Somebody removed the file; what is written into a file without a name is lost.
        self._close()
        database = sqlite3.connect(
            self._folder / NAME, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database = database
        # Also when this object goes, and at the end of the program: so nothing is left in the log.
        self._close_database = finalize(self, database.close)
        self._choose_journal(database)
        database.execute("PRAGMA synchronous = EXTRA")
        if database.execute("PRAGMA user_version").fetchone() == (0,):
            _make_tables(database)
        self._opened_file = self._present_file()
        return database

    def _choose_journal(self, database: sqlite3.Connection) -> None:
        wanted = "wal" if is_on_disk_of_this_computer(self._folder) else "delete"
        if database.execute("PRAGMA journal_mode").fetchone() != (wanted,):
            # Not while another has it open; both kinds keep what they were given. The next one tries again.
            with suppress(sqlite3.OperationalError):
                database.execute(f"PRAGMA journal_mode = {wanted}")

    def _present_file(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / NAME).stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _close(self) -> None:
        self._close_database()
        self._database = None

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


_files: WeakSet[SpoolFile] = WeakSet()
_forking = Lock()
_kept_out: list[SpoolFile] = []


def _before_fork() -> None:
    """Close all files: SQLite's locks belong to a process, and its memory must not be in two."""
    _forking.acquire()
    for file in list(_files):
        file.close_and_keep_out()
        _kept_out.append(file)


def _after_fork() -> None:
    while _kept_out:
        _kept_out.pop().let_in()
    _forking.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
