"""What a file costs in the write-ahead log, from filing to its removal at the source, and updates of its row.

Files are filed through the API, and packaged, archived and removed by the real planner and the real stages.
The log is that of the whole server: nothing else may use it meanwhile.
"""

import argparse
import hashlib
import logging
import os
import shutil
import sys
import time
from pathlib import Path

import psycopg
import structlog
from sqlalchemy import create_engine

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.settings import synchronous
from filing import lines, new_execution, post
from harness import OUTPUT_FOLDER
from observatory import seed
from pipeline import Pipeline
from servers import api, fresh_database, token

TARGET_BYTES = 1100
"""Of the log, for each file."""
SIZE = 1000


def main() -> int:
    """Measure and say whether the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--packages", type=int, default=4)
    parser.add_argument("--folder", type=Path, default=OUTPUT_FOLDER / "wal", help="where the files go")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    share = arguments.files // arguments.packages
    with fresh_database() as url, psycopg.connect(url, autocommit=True) as connection:
        [full_pages] = connection.execute("SHOW full_page_writes").fetchone() or ("on",)
        engine = create_engine(synchronous(url))
        seed(engine, arguments.folder)
        pipeline = Pipeline(engine, arguments.folder)
        writer = token(engine, [PermissionName.WRITE_DATA])
        content = os.urandom(SIZE)
        checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
        with api(url) as port:
            before = _position(connection)
            for number in range(arguments.packages):
                paths = [_path(number, file) for file in range(share)]
                for path in paths:
                    there = arguments.folder / "ccat.raw" / path
                    there.parent.mkdir(parents=True, exist_ok=True)
                    there.write_bytes(content)
                facts = dict.fromkeys(paths, (SIZE, checksum))
                post(port, writer, lines(new_execution(url), facts), share)
            filed = _position(connection)
        connection.execute(
            "UPDATE executed_obs_unit SET status = 'completed', ended_at = now(), end_received_at = now()"
        )
        pipeline.work()
        done = _position(connection)
        # Statistics of other connections are there when they have nothing more to do.
        updates = _updates(connection)
        engine.dispose()
    shutil.rmtree(arguments.folder)
    filing, rest = (filed - before) / arguments.files, (done - filed) / arguments.files
    print(f"{filing:,.0f} bytes of the log for each file filed, {rest:,.0f} until it is removed")
    print(f"{filing + rest:,.0f} in all (at most {TARGET_BYTES:,}); full_page_writes is {full_pages}")
    print(f"{updates} updates of rows of files (none)")
    return int(filing + rest > TARGET_BYTES or updates > 0)


def _path(package: int, file: int) -> str:
    """Return a path of 70 characters."""
    return f"2026/11/21/chai-lfa/execution-{package:06}/".ljust(55, "x") + f"/{file:09}.fits"


def _position(connection: psycopg.Connection) -> int:
    [position] = connection.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone() or (0,)
    return int(position)


def _updates(connection: psycopg.Connection) -> int:
    deadline = time.monotonic() + 10
    while True:
        connection.execute("SELECT pg_stat_clear_snapshot()")
        row = connection.execute(
            "SELECT n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'raw_data_file'"
        ).fetchone()
        assert row is not None
        if row[0] or time.monotonic() > deadline:
            return int(row[1])
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
