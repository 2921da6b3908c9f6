"""What every invented night is made of: rows with fixed ids, their events, and what lies where when."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import marker_at, measure_place, proof_of
from ccat_ops_db.enumerations import Status
from ccat_ops_db.models import Base, DataLocation, Event, PhysicalCopy, Work

NOW = datetime(2026, 3, 14, 6, 0, 18, tzinfo=UTC)
"""The moment of all pictures: three in the morning at the telescope."""
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TERA = 1_000_000_000_000

OUTPUT, INPUT, INPUT_US = "ccat.output-buffer", "cologne.input-buffer", "us.input-buffer"
ARCHIVE, ARCHIVE_US = "cologne.lta", "us.lta"
SPACE = {
    "ccat.chai-raw-data": 12 * TERA,
    "ccat.primecam-raw-data": 60 * TERA,
    OUTPUT: 7_500_000_000_000,
    INPUT: 40 * TERA,
    "cologne.processing": 30 * TERA,
    INPUT_US: 40 * TERA,
    "us.processing": 30 * TERA,
}
"""What each file system or quota has, bytes."""
OWN_USE = 0.002
"""Which share of a file system it takes for itself."""

_Work = TypeVar("_Work", bound=Work)


@dataclass(frozen=True)
class Stay:
    """Bytes that lie at a location from one moment to another."""

    location: str
    size: int
    since: datetime
    until: datetime | None


@dataclass
class Night:
    """Adds the rows of a night; ids are the same in each run.

    Parameters
    ----------
    session : Session
        On a database with the observatory's configuration.
    """

    session: Session
    stays: list[Stay] = field(default_factory=list)
    markers: dict[str, UUID] = field(default_factory=dict)
    _rows: list[Base] = field(default_factory=list)
    _afterwards: list[Callable[[Session], object]] = field(default_factory=list)
    _numbers: int = field(default=0)
    _free_at: dict[str, datetime] = field(default_factory=dict)

    def adopt_all(self, at: datetime) -> None:
        """Give each place a marker, under which its copies are found right."""
        for location_id in self.session.scalars(select(DataLocation.id).order_by(DataLocation.id)).all():
            self.markers[location_id] = marker_at(self.session, location_id, at)

    def new_id(self, at: datetime) -> UUID:
        """Return the next UUIDv7, of a moment."""
        self._numbers += 1
        digest = int.from_bytes(sha256(str(self._numbers).encode()).digest()[:10])
        milliseconds = int(at.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 7 << 76 | (digest >> 4 & 0xFFF) << 64 | 2 << 62 | digest >> 18)

    def turn(self, resource: str, wanted: datetime, length: timedelta) -> tuple[datetime, datetime]:
        """Return when something that does one thing at a time begins and ends what is wanted of it."""
        began = max(wanted, self._free_at.get(resource, wanted))
        self._free_at[resource] = began + length
        return began, began + length

    def add(self, rows: Iterable[Base]) -> None:
        """Add rows, which are written together in the end."""
        self._rows += rows

    def add_read_copy(self, copy: PhysicalCopy, checksum: str | None, at: datetime | None) -> None:
        """Add a copy; with a moment: that was read and found right then."""
        self.add([copy])
        if at is not None:
            copy.place_marker_id = self.markers[copy.data_location_id]
            self.add([proof_of(copy, checksum, at, copy.place_marker_id)])

    def afterwards(self, deed: Callable[[Session], object]) -> None:
        """Have something done when the rows are written."""
        self._afterwards.append(deed)

    def write(self) -> None:
        """Write the rows, those that others refer to first, and do what was to be done afterwards."""
        for table in Base.metadata.sorted_tables:
            self.session.add_all(row for row in self._rows if row.__table__ is table)
            self.session.flush()
        self._rows.clear()
        for deed in self._afterwards:
            deed(self.session)
        self._afterwards.clear()

    def stay(self, location: str, size: int, since: datetime, until: datetime | None = None) -> None:
        """Note that bytes lie somewhere, of which the measurements of the location tell."""
        self.stays.append(Stay(location, size, since, until))

    def work(self, kind: type[_Work], /, created: datetime, **values: Any) -> _Work:
        """Add a piece of work; pending unless the values say otherwise."""
        common = {"id": self.new_id(created), "status": Status.PENDING, "created_at": created}
        row = kind(**(common | values))
        self._rows.append(row)  # type: ignore[arg-type]  # each is of a table
        return row

    def tell(
        self,
        at: datetime,
        actor: str,
        action: str,
        subject: object,
        message: str,
        *,
        subject_type: str = "raw_data_package",
        site: str = "ccat",
        details: dict[str, Any] | None = None,
    ) -> None:
        """Record an event."""
        row = Event(
            id=self.new_id(at),
            site_id=site,
            occurred_at=at,
            actor=actor,
            action=action,
            subject_type=subject_type,
            subject_id=str(subject),
            message=message,
            details=details,
        )
        self.add([row])

    def measure(self) -> None:
        """Add a day of measurements of all locations: what lies there, and what the file system takes."""
        for location, total in SPACE.items():
            for hours in range(24, -1, -1):
                at = NOW - hours * HOUR - 24 * SECOND
                used = int(total * OWN_USE) + self._lying(location, at)
                measure_place(self.session, location, at, used, total)

    def _lying(self, location: str, at: datetime) -> int:
        return sum(
            it.size
            for it in self.stays
            if it.location == location and it.since <= at and (it.until is None or it.until > at)
        )


def worker(location: str) -> str:
    """Return the name of the worker of a location's site."""
    return f"{location.partition('.')[0]}-worker-0-17"


def xxh3(text: str) -> str:
    """Return what looks like the checksum of some bytes."""
    return f"xxh3-128:{sha256(text.encode()).hexdigest()[:32]}"
