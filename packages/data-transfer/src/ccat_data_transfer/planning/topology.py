"""Sites, locations and routes as one pass of the planner sees them, with their state."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, select
from sqlalchemy.orm import Session

from ccat_data_transfer.places.adopt import MAY_HOLD_FILES_OF_OTHERS
from ccat_data_transfer.planning.space import Counted, Limits, Room, load_space
from ccat_data_transfer.planning.statements import ask, fixed
from ccat_data_transfer.settings import DataTransferSettings
from ccat_ops_db.enumerations import (
    Ability,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    OutageScope,
    RouteType,
    StorageType,
)
from ccat_ops_db.evidence import is_open
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    DataTransferRouteWindow,
    Doubt,
    Outage,
    PlaceAbility,
    RetentionPolicy,
    S3DataLocation,
    Site,
)
from ccat_ops_db.outages import IN_FORCE, PLACE_CLOSED
from ccat_ops_db.waiting import WaitingReason


@dataclass(frozen=True)
class Obstacle:
    """Why something cannot go on now: the reason for machines, the detail for people."""

    reason: WaitingReason
    detail: str


@dataclass(frozen=True)
class Closed:
    """An outage because of which nothing new begins.

    ``next_probe_at`` is null where no work tries it: the workers of the location do.
    """

    category: str
    message: str
    next_probe_at: datetime | None

    def obstacle(
        self, what: str, at: datetime, reason: WaitingReason = WaitingReason.LOCATION_CIRCUIT_OPEN
    ) -> Obstacle | None:
        """Return why something cannot be used now; null when one unit of work is to try it."""
        if self.next_probe_at is not None and self.next_probe_at <= at:
            return None
        return Obstacle(reason, f"{what}: {self.message}")


Outages = dict[tuple[str, OutageScope, str], Closed]
"""By site, scope and what it is."""


@dataclass
class Place:
    """A location and its state in this pass.

    ``file_system`` is shared with all others on it, ``quota`` is its own. Either is null where nothing is
    known, or nothing limits it: a place that was never measured takes what comes, as stores do, which cannot
    be measured.
    """

    id: str
    site_id: str
    location_type: LocationType
    storage_type: StorageType
    priority: int
    read_only: bool
    concurrency: int
    package_size_limit: int
    package_age_limit: int
    settle_time: int
    retention_policy_id: str | None
    deletion_trigger: DeletionTrigger | None
    grace_period: int | None
    deletion_mode: DeletionMode
    scrub_interval: int
    scrub_bytes_per_day: int | None
    watermark_low: float
    watermark_high: float
    cannot_put_back: bool
    file_system: Room | None
    quota: Room | None
    out_of_service: Obstacle | None
    resting: Obstacle | None
    doubted: Obstacle | None
    credential: str | None = None
    promised: int = 0
    """Bytes that this pass has planned to bring here; only weighs one place against another."""

    @property
    def rooms(self) -> list[Room]:
        """What new work takes from."""
        return [room for room in (self.file_system, self.quota) if room is not None]

    def free_share(self, promised: int) -> float:
        """Return which share of its space is left when something more is written there."""
        return min(((room.free - promised) / max(room.total, 1) for room in self.rooms), default=1.0)

    def has_room(self, size: int, partial: int = 0) -> bool:
        """Tell whether work of a size fits, of which so much lies there already and is in no quota yet."""
        fits_quota = self.quota is None or size <= max(self.quota.free, 0)
        needed = max(size - partial, 0)
        return fits_quota and (self.file_system is None or needed <= max(self.file_system.free, 0))

    def take(self, size: int, partial: int) -> None:
        """Count work that was admitted."""
        if self.file_system is not None:
            self.file_system.free -= max(size - partial, 0)
        if self.quota is not None:
            self.quota.free -= size

    def obstacle(
        self, *, writing: bool, size: int = 0, partial: int = 0, of_sample: bool = False
    ) -> Obstacle | None:
        """Return why work of a size cannot use the location now, or None.

        Of the size so much lies there already as a partial file. In doubt it is used by those readings alone
        that find out about it.
        """
        closed = self.out_of_service or (None if of_sample else self.doubted) or self.resting
        if closed:
            return closed
        if not writing:
            return None
        if self.read_only:
            return Obstacle(WaitingReason.LOCATION_READ_ONLY, f"{self.id} is read-only")
        if self.file_system is not None and self.file_system.is_old:
            return self.unknown
        if not self.has_room(size, partial):
            free = max(0, min(room.free for room in self.rooms))
            return Obstacle(
                WaitingReason.NO_SPACE_AT_DESTINATION,
                f"{self.id} has {free:,} bytes to give, {size - partial:,} are needed",
            )
        return None

    @property
    def unknown(self) -> Obstacle:
        """Why nothing is decided by how full it is."""
        assert self.file_system is not None, "what was never measured limits nothing"
        since = f"{self.file_system.measured_at:%F %H:%M} UTC"
        return Obstacle(WaitingReason.SPACE_UNKNOWN, f"{self.id} was measured last on {since}")


@dataclass
class Route:
    """A route and its state in this pass."""

    id: str
    origin_site_id: str
    destination_site_id: str
    route_type: RouteType
    relay_site_id: str | None
    origin_location_id: str | None
    destination_location_id: str | None
    priority: int
    concurrency: int
    closed: Obstacle | None


@dataclass
class Topology:
    """Everything that a pass needs to know of places and ways."""

    at: datetime
    places: dict[str, Place]
    routes: dict[str, Route]
    sites: list[str]
    settings: DataTransferSettings
    random: Random
    outages: Outages = field(default_factory=dict)

    def is_on_trial(self, worker_at: str, place_id: str) -> bool:
        """Return whether the workers at a place try another one after failures."""
        site, place = worker_at.partition(".")[0], self.places[place_id]
        keys = (
            (place.site_id, OutageScope.LOCATION, place.id),
            (place.site_id, OutageScope.CREDENTIAL, place.credential or ""),
            (site, OutageScope.CREDENTIAL, place.credential or ""),
        )
        return any(key in self.outages for key in keys)

    def credential_refused(self, worker_at: str, place: Place) -> Obstacle | None:
        """Return why the workers at a place cannot use another one with the credential that they have."""
        wrong = self.outages.get(
            (worker_at.partition(".")[0], OutageScope.CREDENTIAL, place.credential or "")
        )
        return None if wrong is None else wrong.obstacle(place.id, self.at)

    def at_site(self, site_id: str, *types: LocationType) -> list[Place]:
        """Return the locations of some types at a site, preferred first."""
        found = [p for p in self.places.values() if p.site_id == site_id and p.location_type in types]
        return sorted(found, key=lambda place: (-place.priority, place.id))

    def of_type(self, location_type: LocationType) -> list[Place]:
        """Return the locations of a type at the sites that are planned for."""
        return [
            p for p in self.places.values() if p.location_type is location_type and p.site_id in self.sites
        ]


def load_topology(
    session: Session,
    sites: Iterable[str],
    at: datetime,
    settings: DataTransferSettings,
    random: Random,
    counted: Counted | None = None,
) -> Topology:
    """Read places and routes with their state; a fixed number of statements.

    Parameters
    ----------
    session : Session
        Open session.
    sites : iterable of str
        Those that are planned for.
    at : datetime
        Now.
    settings : DataTransferSettings
        Times.
    random : Random
        Jitter.
    counted : Counted, optional
        What the planner counted before at places with a quota.
    """
    outages = _outages(session)
    longest = timedelta(seconds=settings.usage_age_limit)
    places = _places(session, at, outages, counted or Counted(), longest)
    routes = _routes(session, at, outages)
    return Topology(at, places, routes, list(sites), settings, random, outages)


def _outages(session: Session) -> Outages:
    found = {}
    for row in ask(session, _CLOSED):
        by_workers = row.scope is OutageScope.LOCATION and row.category == PLACE_CLOSED
        tried_at = None if by_workers else row.next_probe_at
        found[row.site_id, row.scope, row.scope_id] = Closed(row.category, row.message, tried_at)
    return found


_CLOSED = select(
    Outage.site_id, Outage.scope, Outage.scope_id, Outage.category, Outage.message, Outage.next_probe_at
).where(IN_FORCE, Outage.closed_since.is_not(None))


_DOUBTED = (
    select(Doubt.data_location_id, Doubt.reason)
    .where(Doubt.data_location_id.is_not(None), is_open())
    .order_by(Doubt.created_at, Doubt.id)
)


def _of_credential(outages: Outages, row: RowMapping) -> Closed | None:
    """Return the outage of the credential of a location at its own site."""
    return outages.get((row["site_id"], OutageScope.CREDENTIAL, row["credential"] or ""))


def _places(
    session: Session, at: datetime, outages: Outages, counted: Counted, longest: timedelta
) -> dict[str, Place]:
    rows = ask(session, _places_with_state()).mappings().all()
    limits = [Limits(row["id"], row["reserve_bytes"], row["capacity_bytes"]) for row in rows]
    space = load_space(session, limits, counted, at, longest)
    places = {}
    doubts = {row.data_location_id: row.reason for row in ask(session, _DOUBTED)}
    for row in rows:
        out_of_service = resting = None
        if not row["site_enabled"] or row["site_suspended_at"]:
            why = row["site_suspended_reason"] or "disabled in the configuration"
            out_of_service = Obstacle(WaitingReason.SITE_DISABLED, f"site {row['site_id']}: {why}")
        elif not row["enabled"] or row["suspended_at"]:
            why = row["suspended_reason"] or "disabled in the configuration"
            out_of_service = Obstacle(WaitingReason.LOCATION_DISABLED, f"{row['id']}: {why}")
        here = (row["site_id"], OutageScope.LOCATION, row["id"])
        wrong = [each for each in (outages.get(here), _of_credential(outages, row)) if each is not None]
        if out_of_service is None:
            resting = next((found for each in wrong if (found := each.obstacle(row["id"], at))), None)
        doubted = None
        if row["id"] in doubts:
            doubted = Obstacle(WaitingReason.LOCATION_SUSPECT, f"{row['id']}: {doubts[row['id']]}")
        places[row["id"]] = Place(
            **{name: row[name] for name in Place.__dataclass_fields__ if name in row},
            file_system=space.file_systems.get(row["id"]),
            quota=space.quotas.get(row["id"]),
            out_of_service=out_of_service,
            resting=resting,
            doubted=doubted,
        )
    return places


@cache
def _places_with_state() -> Select[*tuple[Any, ...]]:
    columns = DataLocation.__table__.c
    return (
        select(
            *columns,
            DataLocation.suspended_at.label("suspended_at"),
            DataLocation.suspended_reason.label("suspended_reason"),
            Site.enabled.label("site_enabled"),
            Site.suspended_at.label("site_suspended_at"),
            Site.suspended_reason.label("site_suspended_reason"),
            RetentionPolicy.trigger.label("deletion_trigger"),
            RetentionPolicy.grace_period,
            S3DataLocation.__table__.c.credential,
            _cannot_put_back(columns.id).label("cannot_put_back"),
        )
        .select_from(DataLocation.__table__)
        .join(Site, Site.id == columns.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == columns.retention_policy_id)
        .outerjoin(S3DataLocation.__table__, S3DataLocation.__table__.c.id == columns.id)
        .where(columns.retired_at.is_(None))
        .order_by(columns.id)
    )


def _cannot_put_back(location_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Tell whether others write at a location, and its file system lets nothing be put back safely."""
    unable = (
        select(func.count())
        .where(
            PlaceAbility.data_location_id == location_id,
            PlaceAbility.ability.in_(fixed(Ability.RENAME_NOREPLACE, Ability.HARD_LINKS)),
            ~PlaceAbility.works,
        )
        .scalar_subquery()
    )
    others_write = DataLocation.__table__.c.location_type.in_(fixed(*MAY_HOLD_FILES_OF_OTHERS))
    return and_(others_write, unable == 2)


def _routes(session: Session, at: datetime, outages: Outages) -> dict[str, Route]:
    # A route with several windows comes as several rows.
    rows = ask(session, _routes_with_state()).mappings().all()
    windows: dict[str, list[tuple[time, time]]] = {}
    for row in rows:
        if row["opens_at"] is not None:
            windows.setdefault(row["id"], []).append((row["opens_at"], row["closes_at"]))
    routes = {}
    for row in rows:
        closed = None
        outage = outages.get((row["origin_site_id"], OutageScope.ROUTE, row["id"]))
        if not row["enabled"] or row["suspended_at"]:
            why = row["suspended_reason"] or "disabled in the configuration"
            closed = Obstacle(WaitingReason.ROUTE_DISABLED, f"route {row['id']}: {why}")
        elif not _window_open(windows.get(row["id"], []), at.time()):
            times = ", ".join(
                f"{opens:%H:%M} to {closes:%H:%M}" for opens, closes in sorted(windows[row["id"]])
            )
            closed = Obstacle(WaitingReason.LINK_WINDOW_CLOSED, f"route {row['id']} is open {times} UTC")
        elif outage is not None:
            closed = outage.obstacle(f"route {row['id']}", at, WaitingReason.ROUTE_CIRCUIT_OPEN)
        routes[row["id"]] = Route(
            **{
                name: row[name]
                for name in Route.__dataclass_fields__
                if name in row and name != "concurrency"
            },
            concurrency=row["concurrency"] if outage is None else 1,
            closed=closed,
        )
    return routes


@cache
def _routes_with_state() -> Select[*tuple[Any, ...]]:
    columns, window = DataTransferRoute.__table__.c, DataTransferRouteWindow
    return (
        select(
            *columns,
            DataTransferRoute.suspended_at.label("suspended_at"),
            DataTransferRoute.suspended_reason.label("suspended_reason"),
            window.opens_at,
            window.closes_at,
        )
        .select_from(DataTransferRoute.__table__)
        .outerjoin(window, window.data_transfer_route_id == columns.id)
        .where(columns.retired_at.is_(None))
        .order_by(columns.id, window.opens_at)
    )


def _window_open(windows: list[tuple[time, time]], now: time) -> bool:
    if not windows:
        return True
    return any(
        opens <= now < closes if opens < closes else now >= opens or now < closes for opens, closes in windows
    )
