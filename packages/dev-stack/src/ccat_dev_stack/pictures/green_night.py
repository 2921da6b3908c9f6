"""A night in which all is well: what was observed is archived, the latest flows."""

from ccat_dev_stack.pictures.engine import DataTransferEngine
from ccat_dev_stack.pictures.journey import carry
from ccat_dev_stack.pictures.night import HOUR, MINUTE, NOW, Night
from ccat_dev_stack.pictures.observing import observe_since

BEGAN = NOW - 33 * HOUR - 31 * MINUTE
"""When the first observation began; the latest began half an hour ago."""


class GreenNight:
    """A day and a half of observations, all of which travel as they should."""

    def __init__(self, night: Night) -> None:
        self._night = night

    def fill(self) -> None:
        """Observe until now, and carry what was observed in the order in which it was packaged."""
        for part in sorted(observe_since(self._night, BEGAN), key=lambda part: part.formed_at):
            carry(self._night, part)
        self._night.measure()
        self._night.write()

    def go_on(self, engine: DataTransferEngine) -> None:
        """Have the planner look at it."""
        engine.plan()
