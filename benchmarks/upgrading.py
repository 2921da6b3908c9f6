"""How long an upgrade holds up whoever reads and writes, while the database has a million files.

The migration command of the operator adds columns and an index to the table of files while readers and
writers go on. First somebody reads in a transaction that stays open, so that it has to give way at the lock
limit, again and again. There is no rival: what counts is the longest that any reader or writer waited.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import create_engine

from ccat_ops_db.settings import synchronous
from harness import OUTPUT_FOLDER
from observatory import seed, write_history
from servers import fresh_database

LOCK_LIMIT_SECONDS = 2.0
BUSY = 75
"""Status of the command when it gave way; it is run again, as its Job does."""

_REVISIONS = Path(__file__).parents[1] / "tests" / "integration" / "kubernetes" / "revisions"
_READ = "SELECT relative_path, size FROM raw_data_file_view WHERE raw_data_package_id = md5('package7')::uuid"
_WRITE = "UPDATE raw_data_series SET last_filed_at = last_filed_at WHERE id = md5('series7')::uuid"


def main() -> None:
    """Fill a database, upgrade it, print what was waited."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--packages", type=int, default=200_000)
    arguments = parser.parse_args()
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(synchronous(url))
        seed(engine, Path(folder))
        engine.dispose()
        write_history(url, arguments.packages, max(1, arguments.files // arguments.packages))
        revisions = Path(folder) / "revisions"
        revisions.mkdir()
        shutil.copy(_REVISIONS / "u1_add_notes.py", revisions)
        with Asking(url, _READ) as reader, Asking(url, _WRITE) as writer:
            seconds, tries = _upgrade(url, revisions)
        _report(arguments.files, seconds, tries, {"reader": reader, "writer": writer})


class Asking:
    """One statement again and again, until the end of the ``with``; how long each took, in seconds."""

    def __init__(self, url: str, statement: str) -> None:
        self.seconds: list[float] = []
        self._url, self._statement = url, statement
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "Asking":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _ask(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._ending.wait(0.005):
                self.seconds.append(_timed(lambda: connection.execute(self._statement)))


def _timed(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def _upgrade(url: str, revisions: Path) -> tuple[float, int]:
    """Migrate, again as often as the command gives way; return seconds and tries."""
    begun, tries = time.monotonic(), 1
    with psycopg.connect(url) as notebook:
        notebook.execute(_READ)
        if _migrate(url, revisions):
            raise RuntimeError("a table in use was locked")
    while not _migrate(url, revisions):
        tries += 1
    return time.monotonic() - begun, tries + 1


def _migrate(url: str, revisions: Path) -> bool:
    """Run the command; say whether it did its work, or gave way."""
    command = [str(Path(sys.executable).with_name("ccat-operator")), "migrate"]
    environment = {
        **os.environ,
        "CCAT_OPS_DB_ENVIRONMENT": "development",
        "CCAT_OPS_DB_DATABASE_URL": url,
        "CCAT_OPS_DB_MIGRATIONS": str(revisions),
    }
    limit = f"--lock-timeout={LOCK_LIMIT_SECONDS:g}s"
    done = subprocess.run([*command, limit], env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, BUSY):
        raise RuntimeError(done.stderr)
    return done.returncode == 0


def _report(files: int, seconds: float, tries: int, asking: dict[str, Asking]) -> None:
    told: dict[str, object] = {
        "files": files,
        "upgrade_seconds": round(seconds, 2),
        "tries": tries,
        "lock_limit_seconds": LOCK_LIMIT_SECONDS,
    }
    print(f"upgrade of {files} files: {seconds:.1f} s in {tries} tries, lock limit {LOCK_LIMIT_SECONDS:g} s")
    for who, one in asking.items():
        longest = max(one.seconds)
        told[who] = {"statements": len(one.seconds), "longest_seconds": round(longest, 3)}
        verdict = "met" if longest <= LOCK_LIMIT_SECONDS * 1.05 else "missed"
        print(f"  {who}: {len(one.seconds)} statements, the longest took {longest:.3f} s: {verdict}")
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    (OUTPUT_FOLDER / "upgrading.json").write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
