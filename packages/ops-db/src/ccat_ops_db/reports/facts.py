"""What the state of the data centre is judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ccat_ops_db.enumerations import LocationType

LATE = timedelta(hours=24)
"""A package that is not archived after this time is late."""


@dataclass(frozen=True)
class Place:
    """A location and its state; bytes.

    ``own`` is what its quota, the ``capacity``, is compared with; ``used`` and ``total`` are of its file
    system, whoever uses it. ``used_before`` was measured an hour ago or longer.
    """

    id: str
    site: str
    location_type: LocationType
    enabled: bool
    watermark_high: float
    reserve: int
    capacity: int | None
    own: int | None
    used: int | None
    total: int | None
    measured_at: datetime | None
    used_before: int | None
    measured_before: datetime | None
    deletes: bool
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_reason: str | None
    failures: int
    open_until: datetime | None
    suspect_since: datetime | None
    suspect_reason: str | None

    @property
    def share(self) -> float | None:
        """Return which share of it is used: of its file system or of its quota, whichever is more."""
        return max((used / limit for used, limit in self._limits), default=None)

    @property
    def growth(self) -> float | None:
        """Return how fast it fills, bytes a second; negative while it empties."""
        if None in (self.used, self.used_before, self.measured_at, self.measured_before):
            return None
        seconds = (self.measured_at - self.measured_before).total_seconds()  # type: ignore[operator]
        return (self.used - self.used_before) / seconds if seconds > 0 else None  # type: ignore[operator]

    @property
    def room(self) -> int | None:
        """Return how many bytes new work may still write: without the reserve, which it leaves free."""
        return min((limit - self.reserve - used for used, limit in self._limits), default=None)

    @property
    def _limits(self) -> list[tuple[int, int]]:
        pairs = ((self.used, self.total), (self.own, self.capacity))
        return [(used, limit) for used, limit in pairs if limit and used is not None]

    @property
    def no_room_at(self) -> datetime | None:
        """Return when new work has no room there if it goes on to fill as it does."""
        room, growth = self.room, self.growth
        if room is None or not growth or growth <= 0 or self.measured_at is None:
            return None
        seconds = room / growth
        return self.measured_at + timedelta(seconds=max(seconds, 0)) if seconds < 1e9 else None


@dataclass(frozen=True)
class Way:
    """A route and its state."""

    id: str
    enabled: bool
    suspended_at: datetime | None
    suspended_by: str | None
    suspended_reason: str | None
    failures: int
    open_until: datetime | None
    moved_at: datetime | None
    origin: str


@dataclass(frozen=True)
class SuspendedSite:
    """A site that a person took out of service."""

    id: str
    suspended_at: datetime
    suspended_by: str | None
    suspended_reason: str | None


@dataclass(frozen=True)
class OpenCount:
    """Open work that has all of this in common; bytes, as far as they are known. It reads at ``source``."""

    kind: str
    reason: str
    place: str | None
    route: str | None
    error_category: str | None
    source: str | None
    count: int
    bytes: int
    oldest: datetime
    next_at: datetime | None
    moved_at: datetime | None


@dataclass(frozen=True)
class ArchiveCount:
    """Copies at an archive that are not verified: only there, corrupt or missing."""

    location: str
    status: str
    count: int
    bytes: int


@dataclass(frozen=True)
class ErrorCount:
    """Open errors of a severity that nobody has acknowledged."""

    severity: str
    count: int
    since: datetime
    latest: UUID
    message: str
    location: str | None


@dataclass(frozen=True)
class EndingToken:
    """A token that ends soon."""

    name: str
    owner: str
    expires_at: datetime


@dataclass(frozen=True)
class Today:
    """What was filed since the night began; rates in bytes a second, one of them over the last hour."""

    night: date
    since: datetime
    files: int
    bytes: int
    bytes_per_second: float | None
    recent_bytes_per_second: float
    last_filed_at: datetime | None


@dataclass(frozen=True)
class Passed:
    """What passed a step lately."""

    packages: int
    bytes: int
    last: datetime | None


@dataclass(frozen=True)
class Overdue:
    """Packages that are not archived a day after they were formed."""

    packages: int
    bytes: int
    oldest: datetime | None


@dataclass(frozen=True)
class Facts:
    """Everything that rules look at."""

    at: datetime
    places: Sequence[Place]
    ways: Sequence[Way]
    sites: Sequence[SuspendedSite]
    work: Sequence[OpenCount]
    archives: Sequence[ArchiveCount]
    errors: Sequence[ErrorCount]
    tokens: Sequence[EndingToken]
    overdue: Overdue
    long_runs: int
    longest_run_since: datetime | None
    today: Today
    heard_at: datetime | None
    passed: dict[str, Passed]
    at_source: tuple[int, int]
    """Packages that are not sealed, and bytes that are filed and not in a sealed package."""
    at_buffers: tuple[int, int]
    """Packages at buffers whose way on is not planned, and their bytes."""
