"""A database for simulated worlds, and attacks in it."""

from collections.abc import Callable, Iterator

import pytest
import structlog

from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.scenario import Attack, Outcome, run_attack
from ccat_dev_stack.testing import NewDatabase

from ..lock_order import LockOrder

RunAttack = Callable[[Attack, int], Outcome]


@pytest.fixture(scope="session")
def simulated_database(lock_order: LockOrder) -> SimulatedDatabase:
    database = SimulatedDatabase()
    lock_order.watch(database.engine)
    return database


@pytest.fixture
def attack(
    simulated_database: SimulatedDatabase,
    new_database: NewDatabase,
    migrated_template: str,
    lock_order: LockOrder,
) -> Iterator[RunAttack]:
    """Run an attack in a database of its own."""

    def run(attack: Attack, seed: int) -> Outcome:
        return run_attack(attack, seed, simulated_database, new_database(template=migrated_template))

    with structlog.testing.capture_logs() as entries:
        yield run
    for entry in entries[-40:]:
        print(entry)
    assert "\n\n".join(lock_order.take()) == ""
