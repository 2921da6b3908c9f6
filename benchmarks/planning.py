"""A pass of the planner with nothing due, while the database is full of finished work.

There is no rival that plans the same; the floor is as many empty statements as a pass has, on the same
connection: what the round trips alone cost.
"""

import argparse
import tempfile
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, event, text

from ccat_data_transfer.planning.planner import Planner
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.world_real import real_world
from ccat_ops_db.enumerations import Operation
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import synchronous
from harness import Case, Claim, judge, measure, report
from observatory import seed, write_history
from servers import fresh_database

TARGET_SECONDS = 0.010
SETTLED = 12
"""Passes after which the driver has prepared all statements and PostgreSQL has settled their plans."""


class Nobody:
    """A messenger that must not be needed."""

    def probe(self) -> None:
        """Take messages."""

    def send(self, queue: str, operation: Operation, work_id: UUID, lasts: float) -> None:
        """Refuse: nothing is due."""
        raise AssertionError(f"{operation} {work_id} is due")


def main() -> None:
    """Fill a database, measure the pass, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--packages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with fresh_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(synchronous(url))
        seed(engine, Path(folder))
        write_history(url, arguments.packages, max(1, arguments.files // arguments.packages))
        settings = DataTransferSettings()
        planner = Planner(real_world(engine, settings, messenger=Nobody()), settings)
        for _ in range(SETTLED):
            planner.run_pass()
        statements = _count(engine, planner)

        def empty_statements() -> None:
            with engine.connect() as connection:
                for _ in range(statements):
                    connection.execute(text("SELECT 1"))

        def wait() -> None:
            time.sleep(TARGET_SECONDS)

        cases = [
            Case("ours: pass with nothing due", planner.run_pass),
            Case(f"{statements} empty statements", empty_statements, is_floor=True),
            Case("10 ms", wait, is_floor=True),
        ]
        results = measure(cases, arguments.rounds)
        report(
            f"planner pass, {arguments.files} files and {arguments.packages} packages finished",
            cases,
            results,
            [judge(Claim("10 ms", "ours: pass with nothing due", ("10 ms",), 1.0), results)],
            {},
        )
        engine.dispose()


def _count(engine: Engine, planner: Planner) -> int:
    counted: list[int] = []

    def count(*_: object) -> None:
        counted.append(1)

    event.listen(engine, "before_cursor_execute", count)
    planner.run_pass()
    event.remove(engine, "before_cursor_execute", count)
    return len(counted)


if __name__ == "__main__":
    main()
