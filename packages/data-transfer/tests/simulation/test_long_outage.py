"""Days without a link, a place or a credential, in a simulated world.

``CCAT_TEST_DEEP=1`` takes ten days instead of a quarter of one, as `make test-deep` does. `make test` takes
the link away only.
"""

import os

import pytest
import structlog

from ccat_data_transfer.simulation.database import SimulatedDatabase
from ccat_data_transfer.simulation.long_outage import Missing, run_long_outage

from ..lock_order import LockOrder

DAYS = 10 if "CCAT_TEST_DEEP" in os.environ else 0.25


@pytest.mark.parametrize(
    "missing",
    [one if one is Missing.LINK else pytest.param(one, marks=pytest.mark.long) for one in Missing],
)
def test_it_costs_no_work_and_no_command(
    simulated_database: SimulatedDatabase, lock_order: LockOrder, missing: Missing
) -> None:
    with structlog.testing.capture_logs():
        after = run_long_outage(missing, 1, simulated_database, DAYS)
    print(after)
    assert after.work >= 16
    assert lock_order.take() == []
