"""The clock of a machine: for waiting, rates, logs and what leaves the machine.

It may be wrong. What is decided about rows of the database is decided by its own time (`database_time`).
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
        """Return seconds for measuring spans: they never go backwards and go on while the machine sleeps."""
        ...


class SystemClock:
    """The clock of the machine."""

    def utc_now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since the machine was started, with those that it was suspended."""
        if _SINCE_BOOT is None:
            return time.monotonic()
        return time.clock_gettime(_SINCE_BOOT)


_SINCE_BOOT: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux only, whose plain monotonic clock stands still in suspend: a lease would seem to hold afterwards."""
