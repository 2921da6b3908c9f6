"""The real engine under attack in a simulated world: nothing is lost, and all is well in the end.

``CCAT_TEST_DEEP=1`` tries thousands of seeds, as `make test-deep` does. A seed that fails replays: it alone
decides what happens.
"""

import os

import pytest

from ccat_data_transfer.simulation.invariants import SAME_TAR_AGAIN, InvariantBrokenError
from ccat_data_transfer.simulation.scenario import Attack

from .conftest import RunAttack

SEEDS = 5_000 if "CCAT_TEST_DEEP" in os.environ else 3
KNOWN = (SAME_TAR_AGAIN,)


def test_a_quiet_night_replays(attack: RunAttack) -> None:
    quiet = Attack(observations=1, every=10**9)
    first, again = attack(quiet, 1), attack(quiet, 1)
    assert first.happened == []
    assert first.trace == again.trace


@pytest.mark.parametrize("seed", range(1, 1 + SEEDS))
def test_a_night_of_faults(attack: RunAttack, seed: int) -> None:
    outcome = attack(Attack(tolerated=KNOWN), seed)
    assert outcome.happened != []


def test_a_night_in_which_workers_sleep_longer_than_their_lease(attack: RunAttack) -> None:
    outcome = attack(Attack(faults=("sleep",), tolerated=KNOWN, every=60), 1)
    assert outcome.happened != []


@pytest.mark.xfail(
    strict=True,
    raises=InvariantBrokenError,
    reason="an archive that is not mounted is an empty one: its copies are missing, and it takes new ones",
)
def test_nights_with_an_unmounted_archive(attack: RunAttack) -> None:
    for seed in range(1, 5):
        attack(Attack(faults=("unmount",), tolerated=KNOWN), seed)
