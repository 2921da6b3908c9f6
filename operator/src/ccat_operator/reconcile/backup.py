"""Backups by pg_dump: written under another name, read back, then renamed; the newest few are kept."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import URL

UNFINISHED = ".unfinished"


class Series(StrEnum):
    """Backups of a series push out the oldest of their own: routine never costs what a migration needs."""

    MIGRATION = ".dump"
    """Before a migration."""
    ROUTINE = ".routine.dump"
    """By the clock, or because somebody asked."""


class BackupError(RuntimeError):
    """There is no backup; the message says why and what to do."""


@dataclass(frozen=True)
class Backup:
    """A backup that can be read."""

    file: str
    size: int
    """Bytes."""
    entries: int
    """Tables, indexes and so on that it lists."""


def back_up(
    url: URL,
    folder: Path,
    revision: str,
    now: datetime,
    keep: int,
    programs: Path | None = None,
    series: Series = Series.MIGRATION,
) -> Backup:
    """Write a backup of a database to a folder, and remove the oldest.

    Parameters
    ----------
    url : URL
        Owner's address of the database.
    folder : Path
        Must exist: it is where a volume is mounted.
    revision : str
        Of the schema, for the name of the file.
    now : datetime
        For the name of the file.
    keep : int
        How many backups of this database and series are kept, with the new one.
    programs : Path, optional
        Folder of pg_dump and pg_restore.
    series : Series
        What it is for: the end of its name.

    Raises
    ------
    BackupError
        If it cannot be written or read back. What was written of it is removed.
    """
    stem, part = _plain(url.database or ""), _plain(revision)
    final = folder / f"{stem}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{part}{series}"
    unfinished = final.with_name(final.name + UNFINISHED)
    try:
        _remove_what_died(folder, stem)
        with _held(unfinished):
            dump_arguments = ["--format=custom", "--no-password", f"--file={unfinished}"]
            _run("pg_dump", dump_arguments, url, programs, folder)
            _synchronise(unfinished)
            entries = read_back(unfinished, programs)
            unfinished.rename(final)
        _synchronise(folder)
        for old in backups(folder, stem, series)[:-keep]:
            old.unlink(missing_ok=True)
        return Backup(final.name, final.stat().st_size, entries)
    except FileExistsError:
        raise BackupError(f"{unfinished.name} is being written by another; wait for it") from None
    except OSError as error:
        raise BackupError(f"{error.strerror or error}: {folder}; {_remedy(folder)}") from None


def read_back(file: Path, programs: Path | None = None) -> int:
    """Read a backup to its end; return how many entries it lists.

    Raises
    ------
    BackupError
        If it is not whole.
    """
    listed = _run("pg_restore", ["--list", str(file)], None, programs, file.parent)
    entries = sum(1 for line in listed.splitlines() if line and not line.startswith(";"))
    # The list stands at the beginning: a file that was cut short is only found by reading all of it.
    _run("pg_restore", ["--file=/dev/null", str(file)], None, programs, file.parent)
    return entries


def restore(url: URL, file: Path, programs: Path | None = None) -> None:
    """Restore a backup into an empty database, all or nothing.

    Raises
    ------
    BackupError
        If it cannot be restored.
    """
    # Roles are of the server, not of the backup: they and their rights are made anew.
    arguments = ["--single-transaction", "--no-owner", "--no-privileges", "--exit-on-error", "--no-password"]
    _run("pg_restore", [*arguments, f"--dbname={url.database}", str(file)], url, programs, file.parent)


def backups(folder: Path, stem: str, series: Series) -> list[Path]:
    """Return the backups of a database, oldest first; another's name may begin alike."""
    form = re.compile(rf"{re.escape(stem)}-\d{{8}}T\d{{6}}Z-[A-Za-z0-9_-]*{re.escape(series)}")
    return sorted(path for path in folder.iterdir() if form.fullmatch(path.name))


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", text)


@contextmanager
def _held(unfinished: Path) -> Iterator[None]:
    """Make a file that others leave alone while this process lives; it is gone afterwards."""
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        unfinished.unlink(missing_ok=True)
        os.close(descriptor)


def _remove_what_died(folder: Path, stem: str) -> None:
    """Remove what backups left that were killed: nobody holds it any more."""
    for left in folder.glob(f"{stem}-*{UNFINISHED}"):
        descriptor = os.open(left, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def _run(name: str, arguments: list[str], url: URL | None, programs: Path | None, folder: Path) -> str:
    program = str(programs / name) if programs is not None else shutil.which(name)
    if program is None:
        raise BackupError(f"{name} is not on the PATH; set CCAT_OPERATOR_POSTGRESQL_PROGRAMS to its folder")
    done = subprocess.run(
        [program, *arguments],
        env={"PATH": os.defpath, "LC_ALL": "C", **(_connection(url) if url is not None else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"{name} ended with status {done.returncode}"
        if done.returncode < 0:
            said = f"{name} was ended: {signal.strsignal(-done.returncode)}"
        raise BackupError(f"{said[-800:]}; {_remedy(folder)}")
    return done.stdout


def _connection(url: URL) -> dict[str, str]:
    """Return the environment from which libpq's programs take an address: arguments are for all to see."""
    names = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST", "port": "PGPORT"}
    environment = {
        "PGHOST": url.host,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password is not None else None,
        "PGDATABASE": url.database,
        "PGCONNECT_TIMEOUT": "10",
        **{names[key]: str(value) for key, value in url.query.items() if key in names},
    }
    return {name: value for name, value in environment.items() if value}


def _remedy(folder: Path) -> str:
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return f"{folder} must be a folder of a mounted volume that user {os.getuid()} may write to"
    if not _is_writable(folder):
        return (
            f"user {os.getuid()} may not write to {folder}: check the volume's owner, or fsGroup of the Job"
        )
    return f"the volume has {free // 1_000_000} MB free; make room, or take a larger one, and run it again"


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
