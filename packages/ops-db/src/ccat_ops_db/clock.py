"""The one source of time.

Every decision gets its time from a :class:`Clock`, and SQL that decides gets it as a parameter, so that the
same planner runs on the wall clock and on a virtual one.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the data centre asks of time."""

    def utc_now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go backwards, for measuring spans."""
        ...


class SystemClock:
    """The clock of the machine."""

    def utc_now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()
