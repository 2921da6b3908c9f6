"""A database for simulated worlds, and attacks in it."""

from collections.abc import Callable, Iterator

import pytest
import structlog

from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.scenario import Attack, Outcome, run_attack
from ccat_dev_stack.services.postgresql import Postgresql
from ccat_dev_stack.testing import process_database

from ..lock_order import LockOrder

RunAttack = Callable[[Attack, int], Outcome]


@pytest.fixture(scope="session")
def simulated_database(
    postgresql_server: Postgresql, migrated_template: str, lock_order: LockOrder
) -> Iterator[SimulatedDatabase]:
    """Give the database of all worlds of this process: what it planned once it keeps."""
    with process_database(postgresql_server, migrated_template) as url:
        database = SimulatedDatabase(url)
        lock_order.watch(database.engine)
        yield database
        database.end()


@pytest.fixture
def attack(simulated_database: SimulatedDatabase, lock_order: LockOrder) -> Iterator[RunAttack]:
    """Run attacks."""

    def run(attack: Attack, seed: int) -> Outcome:
        return run_attack(attack, seed, simulated_database)

    with structlog.testing.capture_logs() as entries:
        yield run
    for entry in entries[-40:]:
        print(entry)
    assert "\n\n".join(lock_order.take()) == ""
