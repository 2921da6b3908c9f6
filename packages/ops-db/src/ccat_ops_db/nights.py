"""Nights: from noon to noon at the telescope, by mean solar time, named by the day on which they begin."""

from datetime import UTC, date, datetime, time, timedelta

HALF_A_DAY = timedelta(hours=12)
DEGREES_PER_HOUR = 15.0


def night_of(at: datetime, longitude: float) -> date:
    """Return the night to which a moment belongs.

    Parameters
    ----------
    at : datetime
        Aware.
    longitude : float
        Of the telescope, degrees, east positive.
    """
    return (at.astimezone(UTC) + _solar(longitude) - HALF_A_DAY).date()


def bounds_of(night: date, longitude: float) -> tuple[datetime, datetime]:
    """Return when a night begins and when it ends."""
    begins = datetime.combine(night, time(12), UTC) - _solar(longitude)
    return begins, begins + timedelta(days=1)


def _solar(longitude: float) -> timedelta:
    """Return mean solar time less UTC, to the second."""
    return timedelta(seconds=round(longitude / DEGREES_PER_HOUR * 3600))
