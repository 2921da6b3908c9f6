"""Observations that flow through a site while something happens to it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from harness import trees
from harness.api import Api
from harness.archive import Archive
from harness.ccat import Ccat
from harness.counting import assert_archived_once
from harness.deployment import Deployment
from harness.journey import NewFolder
from harness.observing import file, start, wait_removed
from harness.trees import Tree
from harness.waiting import wait_for

LARGE_BYTES = 20_000_000
# Takes its workers long enough to be caught at it.
LARGER_BYTES = 300_000_000
SMALL_FILES = 100


@dataclass(frozen=True)
class Flowing:
    """An observation that is on its way."""

    execution_id: str
    trees: Mapping[str, Tree]


LetFlow = Callable[[str], Flowing]
NothingLost = Callable[[Flowing], None]


def let_flow(
    name: str, deployment: Deployment, instrument: Ccat, new_folder: NewFolder, size: int = LARGE_BYTES
) -> Flowing:
    """File an observation with a large file and many small ones, and finish it."""
    folder = new_folder(name)
    trees.write(folder / "large" / "large.fits", bytes(range(256)) * (size // 256))
    trees.write_many_small_files(folder / "small", SMALL_FILES, seed=len(name))
    tops = {"chai-lfa": folder / "large", "chai-hfa": folder / "small"}
    execution_id = start(instrument, *tops)
    file(instrument, execution_id, tops)
    filed = {module: trees.tree(top, deployment.source_folder) for module, top in tops.items()}
    instrument("obs", "finish", execution_id)
    return Flowing(execution_id, filed)


def assert_nothing_lost(
    flowing: Flowing, database: str, deployment: Deployment, ccat: Ccat, api: Api, archive: Archive
) -> None:
    """Wait until it is through; count in the database, whose address is given, and in the archive."""
    wait_removed(ccat, flowing.execution_id)
    assert_archived_once(flowing.execution_id, flowing.trees, database, api, archive)
    for tree in flowing.trees.values():
        assert not any((deployment.source_folder / path).exists() for path in tree)


def wait_for_work(database: str, kind: str, execution_id: str) -> None:
    """Wait until a worker has work of a kind on the large package of an execution in hand."""
    with psycopg.connect(database, autocommit=True) as connection:
        wait_for(
            f"somebody does a {kind} of {execution_id}",
            lambda: _work(connection, kind, execution_id),
            lambda rows: any(status == "in_progress" for status, _ in rows),
            limit_seconds=240,
            first_pause=0.001,
        )


@contextmanager
def work_in_hand(database: str, kind: str, execution_id: str) -> Iterator[None]:
    """Wait for the same, and let the worker not end that work meanwhile: its row is locked."""
    with psycopg.connect(database) as connection:

        def in_hand() -> bool:
            connection.rollback()
            rows = connection.execute(f"{_WORK[kind]} FOR UPDATE OF w", {"execution": execution_id})
            return any(status == "in_progress" for status, _ in rows.fetchall())

        wait_for(f"somebody does a {kind} of {execution_id}", in_hand, bool, 240, first_pause=0.001)
        yield


def work(database: str, kind: str, execution_id: str) -> list[tuple[str, int]]:
    """Return status and fencing number of that work."""
    with psycopg.connect(database) as connection:
        return _work(connection, kind, execution_id)


def _work(connection: psycopg.Connection, kind: str, execution_id: str) -> list[tuple[str, int]]:
    return connection.execute(_WORK[kind], {"execution": execution_id}).fetchall()


_WORK = {
    "package_creation": """
        SELECT w.status, w.fencing
        FROM package_creation w JOIN raw_data_package p ON p.id = w.raw_data_package_id
        JOIN raw_data_series s ON s.id = p.raw_data_series_id
        WHERE s.executed_obs_unit_id = %(execution)s AND s.instrument_module_id = 'chai-lfa'
    """,
    "fixity_check": """
        SELECT w.status, w.fencing
        FROM fixity_check w JOIN physical_copy c ON c.id = w.physical_copy_id
        JOIN raw_data_package p ON p.id = c.raw_data_package_id
        JOIN raw_data_series s ON s.id = p.raw_data_series_id
        WHERE s.executed_obs_unit_id = %(execution)s AND s.instrument_module_id = 'chai-lfa'
        AND c.data_location_id LIKE 'cologne.%%'
    """,
}
