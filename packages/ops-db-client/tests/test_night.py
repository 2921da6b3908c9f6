"""A night through a proxy that lies: everything is recorded once, and in order."""

from pathlib import Path

from . import seed
from .conftest import Api
from .lies import every_lie
from .night import Instrument, Night

INSTRUMENT = Instrument(seed.OBS_UNIT, "chai-lfa", seed.SOURCE)


def test_everything_is_recorded_once_and_in_order(api: Api, spool_folder: Path) -> None:
    night = Night(api.url, api.token, INSTRUMENT, every_lie(range(100, 600, 23)), spool_folder)
    ledger = night.record(12)
    print("\n".join([*ledger.told, *ledger.lines()]))
    assert (ledger.wrong, ledger.waiting, ledger.refused, ledger.lies_left) == ([], 0, [], 0)
