"""Ways between sites and through disks: how long bytes take, what is cut, and how many went where."""

from collections import Counter

from ccat_data_transfer.failures import Transient
from ccat_data_transfer.simulation.schedule import Schedule

LOCAL_RATE = 200e6
"""Bytes a second that a disk gives or takes."""

BLOCK_BYTES = 8 * 1024 * 1024
"""How much goes between two acts of a transfer, if nothing else is set."""


class Links:
    """The ways between sites.

    Parameters
    ----------
    schedule : Schedule
        Whose time the bytes take.
    block_bytes : int
        How much goes between two acts of a transfer.
    """

    def __init__(self, schedule: Schedule, block_bytes: int = BLOCK_BYTES) -> None:
        self.block_bytes = block_bytes
        self.rates: dict[frozenset[str], float] = {}
        self.cut: set[frozenset[str]] = set()
        self.crossed: Counter[frozenset[str]] = Counter()
        self._schedule = schedule

    def use(self, here: str, there: str, act: str, size: int = 0) -> None:
        """Act at a place of another site, or of the same, with so many bytes; it takes its time.

        Raises
        ------
        Transient
            The way between the sites is cut, or was while the bytes were under way.
        """
        way = frozenset((here, there))
        self._refuse_cut(way, here, there)
        rate = LOCAL_RATE if here == there else self.rates.get(way, LOCAL_RATE)
        self._schedule.pass_on(act, size / rate)
        self._refuse_cut(way, here, there)
        if here != there:
            self.crossed[way] += size

    def _refuse_cut(self, way: frozenset[str], here: str, there: str) -> None:
        if way in self.cut:
            raise Transient("network", f"no way from {here} to {there}; it is tried again")
