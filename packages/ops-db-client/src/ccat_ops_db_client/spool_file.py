"""The SQLite file of the spool: how it is opened, kept open, and made anew when it is damaged.

Who uses the file has a shared lock on its folder; who replaces the file has it alone. A file that cannot be
read is kept under another name, and what can be read of it goes into a new one.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from urllib.parse import quote
from weakref import WeakSet, finalize

from .durable import PART, clear_abandoned, fresh_temporary, make_folder
from .errors import SpoolError
from .network_file_systems import is_on_disk_of_this_computer
from .spool_mending import (
    COMPANIONS,
    SET_ASIDE,
    finish_replacement,
    half_made,
    is_sound,
    is_unfinished,
    replace_damaged,
)
from .spool_request import text_of_column
from .spool_tables import NO_INSERTS, SCHEMA, VERSION, make_tables

NAME = "spool.sqlite3"
PATIENCE = 30.0
"""So long another process is waited for that has the file, in seconds."""

_STUCK_SECONDS = 10.0
_STUCK_PATIENCE = 0.05
_POLL_SECONDS = 0.02
_PAGES_AT_ONCE = 2000
_RESERVE = "reserve"
_RESERVED_BYTES = 256 * 1024
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


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
    patience : float
        So long another process is waited for that has the file, in seconds.
    """

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._path = folder / NAME
        self._patience = patience
        self._stuck_until = 0.0
        self._empties_log = False
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        self._close_database: Callable[[], object] = lambda: None
        self._opened_file: tuple[int, int] | None = None
        _files.add(self)

    def exists(self) -> bool:
        """Say whether it was ever made.

        Raises
        ------
        SpoolError
            Nobody may look.
        """
        try:
            self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise unusable(self._folder, error) from error
        return True

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open it for a question; an empty one in memory, which takes nothing, where there is none.

        Raises
        ------
        SpoolError
            It cannot be used.
        """
        if self.exists():
            with self._transaction("BEGIN", "rw") as database:
                yield database
        else:
            with closing(sqlite3.connect(":memory:")) as database:
                database.executescript(SCHEMA + NO_INSERTS)
                try:
                    yield database
                except sqlite3.IntegrityError as error:
                    raise SpoolError(
                        f"nothing can be put into the spool {self._folder}, which is not there ({error})",
                        "see who removed it; what is recorded next makes a new one",
                    ) from error

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
            raise unusable(self._folder, error) from error
        with self._transaction("BEGIN IMMEDIATE", "rwc") as database:
            yield database
        if self._empties_log:
            self._empty_log()

    def shrink(self) -> None:
        """Give the room of what was taken out back to the disk, in steps that keep nobody out for long."""
        with suppress(SpoolError):
            left = True
            while left and self.exists():
                with self._transaction("BEGIN IMMEDIATE", "rw") as database:
                    database.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
                    left = database.execute("PRAGMA freelist_count").fetchone() != (0,)
            self._empty_log()

    def reserve(self) -> None:
        """Keep room for taking out requests while the disk is full; only what is kept besides takes more.

        Raises
        ------
        SpoolError
            There is no such room: the disk is full.
        """
        reserve = self._folder / _RESERVE
        try:
            if reserve.exists():
                return
            make_folder(self._folder, mode=0o700)
            with fresh_temporary(reserve) as (stream, part):
                stream.write(bytes(_RESERVED_BYTES))
                stream.flush()
                part.rename(reserve)
        except OSError as error:
            raise unusable(self._folder, error) from error

    def make_room(self) -> None:
        """Give up the room that is kept for taking out requests if the disk is full."""
        self._empties_log = self.is_tight()
        if self._empties_log:
            self._empty_log()
            with suppress(OSError):
                (self._folder / _RESERVE).unlink()

    def clear_abandoned(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        clear_abandoned(self._folder, f"*{PART}")
        if is_on_disk_of_this_computer(self._folder) and (left := half_made(self._path)):
            # Whoever replaces the file has the folder; while others use it, it is for the next time.
            with suppress(SpoolError, OSError), self._folder_locked(fcntl.LOCK_EX, 0):
                for path in left:
                    path.unlink(missing_ok=True)

    def is_tight(self) -> bool:
        """Say whether the disk is as good as full."""
        try:
            disk = os.statvfs(self._folder)
        except OSError:
            return False
        return disk.f_bavail * disk.f_frsize < _RESERVED_BYTES

    def set_aside(self) -> list[Path]:
        """Return the files that could not be read and were replaced."""
        return sorted(
            path for path in self._folder.glob(f"{NAME}.{SET_ASIDE}*") if not path.name.endswith(COMPANIONS)
        )

    def _empty_log(self) -> None:
        with self._lock, suppress(sqlite3.Error):
            if self._database is not None:
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close_and_keep_out(self) -> None:
        """Close it, and let nobody open it until `let_in`."""
        self._lock.acquire()
        self._close()

    def let_in(self) -> None:
        """Let it be opened again."""
        self._lock.release()

    @contextmanager
    def _transaction(self, begin: str, mode: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with self._folder_locked(fcntl.LOCK_SH):
                    if is_unfinished(self._path):
                        raise _UnfinishedError
                    database = self._open(mode)
                    database.execute(begin)
                    version = int(database.execute("PRAGMA user_version").fetchone()[0])
                    if version != VERSION:
                        raise _OtherVersionError(version)
                    yield database
                    database.execute("COMMIT")
            except UnicodeDecodeError as error:
                # What SQLite says of a damaged file has words out of it.
                self._close()
                raise self._replaced("is damaged") from error
            except (sqlite3.Error, _OtherVersionError, _UnfinishedError) as error:
                self._close()
                raise self._mended(error) from error
            except BaseException:
                # Closing takes back what was not committed.
                self._close()
                raise

    def _open(self, mode: str) -> sqlite3.Connection:
        stuck = time.monotonic() < self._stuck_until
        patience = f"PRAGMA busy_timeout = {round(1000 * (_STUCK_PATIENCE if stuck else self._patience))}"
        if self._database is not None and self._opened_file == self._present_file():
            self._database.execute(patience)
            return self._database
        # Somebody removed or replaced the file; what is written into a file without a name is lost.
        self._close()
        database = sqlite3.connect(
            f"file:{quote(os.fsencode(self._path))}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        database.text_factory = text_of_column
        self._database = database
        # Also when this object goes, and at the end of the program: so nothing is left in the log.
        self._close_database = finalize(self, database.close)
        database.execute(patience)
        if database.execute("PRAGMA user_version").fetchone() == (0,):
            # Only before the first table; later it would be a change of its own each time.
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._choose_journal(database)
        database.execute("PRAGMA synchronous = EXTRA")
        if database.execute("PRAGMA user_version").fetchone() == (0,):
            make_tables(database)
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
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _close(self) -> None:
        self._close_database()
        self._database = None

    def _mended(self, wrong: "sqlite3.Error | _OtherVersionError | _UnfinishedError") -> SpoolError:
        """Return the error for a file that cannot be used; a damaged or older one was replaced."""
        if isinstance(wrong, _UnfinishedError):
            return self._replaced("was being replaced")
        if isinstance(wrong, _OtherVersionError):
            if wrong.version > VERSION:
                return SpoolError(
                    f"the spool {self._folder} was written by a newer version of this program",
                    "install that version here, or set CCAT_SPOOL_FOLDER to another folder",
                )
            return self._replaced("is of an older version")
        code = getattr(wrong, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_BUSY:
            self._stuck_until = time.monotonic() + _STUCK_SECONDS
        return self._replaced(f"is damaged ({wrong})") if code in _DAMAGED else unusable(self._folder, wrong)

    def _replaced(self, why: str) -> SpoolError:
        try:
            with self._folder_locked(fcntl.LOCK_EX):
                if is_unfinished(self._path):
                    finish_replacement(self._path)
                if is_sound(self._path):
                    return SpoolError(f"the spool {self._folder} was replaced this moment", "try again")
                kept = self._path.with_name(f"{NAME}.{SET_ASIDE}{time.time_ns()}")
                count = replace_damaged(self._path, kept)
        except (OSError, sqlite3.Error) as error:
            return unusable(self._folder, error)
        return SpoolError(
            f"the spool {self._folder} {why}; {count} requests could be read and wait in a new file",
            f"try again; what it was is kept as {kept}",
        )

    @contextmanager
    def _folder_locked(self, kind: int, patience: float | None = None) -> Iterator[None]:
        """Have the folder locked; where the file system has no such locks, only who shares it may go on."""
        try:
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise unusable(self._folder, error) from error
        try:
            self._lock_folder(descriptor, kind, self._patience if patience is None else patience)
            yield
        finally:
            os.close(descriptor)

    def _lock_folder(self, descriptor: int, kind: int, patience: float) -> None:
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise unusable(self._folder, error) from error
                time.sleep(_POLL_SECONDS)
            except OSError as error:
                if kind == fcntl.LOCK_EX:
                    raise unusable(self._folder, error) from error
                return
            else:
                return


def unusable(folder: Path, error: Exception) -> SpoolError:
    """Return the error that a spool cannot be used, and the remedy."""
    return SpoolError(
        f"the spool {folder} cannot be used ({error})",
        "make room and see that you may write there, or set CCAT_SPOOL_FOLDER to another folder",
    )


class _UnfinishedError(Exception):
    """Who replaced the file died before the new one had its name."""


class _OtherVersionError(Exception):
    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


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
