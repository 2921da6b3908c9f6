"""What it costs to tell consumers whose state changed, and to ask when nobody has anything to tell.

The same transactions with both consumers and with none, in many short rounds: what is looked for is less than
what disturbs a long one. Few rows: each transaction takes one transfer, as a
worker does. Filing: files and their copies by COPY, with the event of their filing. Many rows: one statement
changes the state of every transfer; nothing in production does that, it is the most that a row can cost.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine

from ccat_ops_db.changed_keys import take
from ccat_ops_db.enumerations import Consumer
from ccat_ops_db.settings import synchronous
from filing import copy_rows, new_execution, rows_to_copy
from harness import Case, Claim, judge, measure, report
from observatory import seed, write_history, write_open_work
from servers import fresh_database

TRANSACTIONS = 25
POLLS = 25
POLL_SECONDS = 0.001
BULK, ONE_ROW = 1 / 1.03, 1 / 1.15
"""Speeds with consumers against those without."""


def main() -> None:
    """Fill a database, measure, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--packages", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=80)
    arguments = parser.parse_args()
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(synchronous(url))
        seed(engine, Path(folder))
        write_history(url, arguments.packages, 1)
        write_open_work(url, arguments.packages, arguments.packages)
        with psycopg.connect(url, autocommit=True) as connection:
            writers = {
                f"{TRANSACTIONS} transactions of one row": lambda: _one_by_one(connection),
                f"filing {arguments.files} files": lambda: _file(url, connection, arguments.files),
                "all transfers in one statement": lambda: connection.execute(_ALL),
            }
            cases = [
                Case(_name(what, told), run, prepare=partial(_set_consumers, connection, told))
                for what, run in writers.items()
                for told in (True, False)
            ]
            results = measure(cases, arguments.rounds)
            one_by_one, filing, _ = writers
            claims = [
                Claim(one_by_one, _name(one_by_one, True), (_name(one_by_one, False),), ONE_ROW),
                Claim(filing, _name(filing, True), (_name(filing, False),), BULK),
            ]
            report(
                "writers with and without consumers",
                cases,
                results,
                [judge(claim, results) for claim in claims],
                {},
            )
            _set_consumers(connection, True)
        _measure_polls(engine, arguments.rounds)
        engine.dispose()


def _measure_polls(engine: Engine, rounds: int) -> None:
    def poll() -> None:
        for _ in range(POLLS):
            with engine.begin() as connection:
                take(connection, Consumer.PLANNER, 1000)

    def as_long_as_allowed() -> None:
        time.sleep(POLLS * POLL_SECONDS)

    cases = [Case("ours: polls of an empty queue", poll), Case("1 ms each", as_long_as_allowed)]
    results = measure(cases, rounds)
    claim = Claim("1 ms each", cases[0].name, (cases[1].name,), 1.0)
    report("polling an empty queue", cases, results, [judge(claim, results)], {"polls": POLLS})


def _name(what: str, told: bool) -> str:
    return f"{what}, {'both consumers' if told else 'no consumer'}"


def _set_consumers(connection: psycopg.Connection[Any], told: bool) -> None:
    connection.execute("TRUNCATE changed_key")
    connection.execute("DELETE FROM change_consumer")
    if told:
        connection.execute("INSERT INTO change_consumer VALUES ('planner'), ('deriver')")


def _one_by_one(connection: psycopg.Connection[Any]) -> None:
    for (key,) in connection.execute(_SOME, {"some": TRANSACTIONS}).fetchall():
        with connection.transaction():
            connection.execute(_ONE, {"key": key})


def _file(url: str, connection: psycopg.Connection[Any], files: int) -> None:
    execution = new_execution(url)
    copy_rows(url, *rows_to_copy(execution, files))
    connection.execute(_EVENT, {"execution": execution})


_SOME = "SELECT id FROM data_transfer ORDER BY id LIMIT %(some)s"
_ONE = """
    UPDATE data_transfer SET priority = priority + 1, fencing = fencing + 1, worker_clock = now(),
           started_at = now(), lease_owner = 'bench', lease_expires_at = now()
    WHERE id = %(key)s"""
_ALL = "UPDATE data_transfer SET priority = priority + 1"
_EVENT = """
    INSERT INTO event (id, site_id, occurred_at, actor, action, subject_type, subject_id, message)
    VALUES (gen_random_uuid(), 'ccat', now(), 'bench', 'raw_data_files.filed', 'executed_obs_unit',
            %(execution)s, 'filed')"""


if __name__ == "__main__":
    main()
