"""A night through a proxy that lies: everything is recorded once, and in order.

Some lies are told, more in the long run; ``CCAT_TEST_DEEP=1`` tells every lie, as `make test-deep` does, and
prints the ledger.
"""

import os
import random
from pathlib import Path

import pytest

from . import seed
from .conftest import Api
from .lies import every_lie
from .night import Instrument, Night

DEEP = "CCAT_TEST_DEEP" in os.environ
INSTRUMENT = Instrument(seed.OBS_UNIT, "chai-lfa", seed.SOURCE)


@pytest.mark.parametrize("some", [30, pytest.param(90, marks=pytest.mark.long)])
def test_everything_is_recorded_once_and_in_order(api: Api, spool_folder: Path, some: int) -> None:
    lies = every_lie(range(100, 600))
    random.Random(7).shuffle(lies)
    night = Night(api.url, api.token, INSTRUMENT, lies if DEEP else lies[:some], spool_folder)
    ledger = night.record(12)
    print("\n".join([*ledger.told, *ledger.lines()]))
    assert (ledger.wrong, ledger.waiting, ledger.refused, ledger.lies_left) == ([], 0, [], 0)
