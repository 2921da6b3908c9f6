"""A spool file that is damaged or older is replaced by a new one, with what can be read of it."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid4

from .durable import sync_folder
from .spool_tables import FILL_LANES, REQUEST_COLUMNS, VERSION, make_tables

COMPANIONS = ("-wal", "-journal", "-shm")
"""What SQLite keeps beside a file; it belongs to the file of that name, whichever that is."""

_HALF_MADE = ("new", "copy")

SET_ASIDE = "set-aside-"
"""What the name of a damaged file gets, before a number."""


def is_sound(path: Path) -> bool:
    """Say whether a file can be used; another process may have replaced it meanwhile."""
    try:
        with closing(sqlite3.connect(f"file:{quote(bytes(path))}?mode=rw", uri=True)) as database:
            version = database.execute("PRAGMA user_version").fetchone()
            check = database.execute("PRAGMA integrity_check(1)").fetchone()
            return bool(version == (VERSION,) and check == ("ok",))
    except (sqlite3.Error, UnicodeDecodeError):
        return False


def replace_damaged(path: Path, kept: Path) -> int:
    """Put a new file in place of a damaged one, which is kept; return how many requests it has.

    Nobody else may use it meanwhile. What was beside the old one must be gone before the new one has its
    name: it would be taken for that of the new one. Without it the old one is not whole; so as soon as the
    new one is, whoever finds it ends what was begun.

    Raises
    ------
    OSError, sqlite3.Error
    """
    new, copy = (path.with_name(f"{path.name}.{kind}-{uuid4()}") for kind in _HALF_MADE)
    try:
        for suffix in ("", *COMPANIONS[:2]):
            if beside(path, suffix).exists():
                shutil.copyfile(beside(path, suffix), beside(copy, suffix))
        with closing(sqlite3.connect(new, isolation_level=None)) as database:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
            make_tables(database)
            database.execute("BEGIN IMMEDIATE")
            count = _copy_requests(copy, database)
            database.execute(FILL_LANES)
            database.execute("COMMIT")
        kept.hardlink_to(path)
        new.rename(_replacement(path))
        sync_folder(path.parent)
        finish_replacement(path)
    finally:
        for suffix in ("", *COMPANIONS):
            beside(copy, suffix).unlink(missing_ok=True)
        new.unlink(missing_ok=True)
    return count


def half_made(path: Path) -> list[Path]:
    """Return what is only there while a file is replaced, or because somebody was killed meanwhile."""
    return [found for kind in _HALF_MADE for found in path.parent.glob(f"{path.name}.{kind}-*")]


def is_unfinished(path: Path) -> bool:
    """Say whether who replaced a file died before the new one had its name."""
    return _replacement(path).exists()


def finish_replacement(path: Path) -> None:
    """Give the new file its name; nobody else may use it meanwhile.

    Raises
    ------
    OSError
    """
    for kept in path.parent.glob(f"{path.name}.{SET_ASIDE}*"):
        if kept.samefile(path):
            for suffix in COMPANIONS:
                if beside(path, suffix).exists():
                    beside(path, suffix).rename(beside(kept, suffix))
    sync_folder(path.parent)
    _replacement(path).rename(path)
    sync_folder(path.parent)


def beside(path: Path, suffix: str) -> Path:
    """Return the path of what SQLite keeps beside a file."""
    return path.with_name(f"{path.name}{suffix}")


def _replacement(path: Path) -> Path:
    return path.with_name(f"{path.name}.replacement")


def _copy_requests(source: Path, database: sqlite3.Connection) -> int:
    """Copy what can be read, from both ends: one bad page hides those behind it."""
    columns = ", ".join(("sequence", *REQUEST_COLUMNS, "refusal"))
    places = ", ".join("?" * (len(REQUEST_COLUMNS) + 2))
    for order in ("ASC", "DESC"):
        try:
            with closing(sqlite3.connect(source)) as old:
                # Also of a file that is shorter than it says.
                old.execute("PRAGMA writable_schema = ON")
                for row in old.execute(f"SELECT {columns} FROM request ORDER BY sequence {order}"):
                    if _is_whole(row):
                        database.execute(f"INSERT OR IGNORE INTO request ({columns}) VALUES ({places})", row)
            break
        # What SQLite says of a damaged file has words out of it, which may be no text.
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue
    return int(database.execute("SELECT count(*) FROM request").fetchone()[0])


def _is_whole(row: tuple[object, ...]) -> bool:
    """Say whether a row of a damaged file can be a request."""
    facts = dict(zip(REQUEST_COLUMNS, row[1:], strict=False))
    try:
        UUID(str(facts["idempotency_key"]))
        datetime.fromisoformat(str(facts["spooled_at"]))
        json.loads(str(facts["assumed"]))
    except ValueError:
        return False
    return isinstance(facts["body"], bytes)
