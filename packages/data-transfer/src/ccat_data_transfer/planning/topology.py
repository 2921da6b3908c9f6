"""Sites, locations and routes as one pass of the planner sees them, with their state."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Subquery, and_, func, select, true, union_all
from sqlalchemy.orm import Session

from ccat_data_transfer.places.adopt import MAY_HOLD_FILES_OF_OTHERS
from ccat_data_transfer.planning.statements import ask, fixed
from ccat_data_transfer.settings import DataTransferSettings
from ccat_ops_db.enumerations import (
    Ability,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    OutageScope,
    RouteType,
    Status,
    StorageType,
    VerificationMethod,
)
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    DataTransferRoute,
    DataTransferRouteWindow,
    LocationUsage,
    LongTermArchiveTransfer,
    Outage,
    PackageCreation,
    PlaceAbility,
    RetentionPolicy,
    S3DataLocation,
    Site,
    StagingItem,
)
from ccat_ops_db.outages import DOUBT, IN_FORCE, PLACE_CLOSED
from ccat_ops_db.waiting import WaitingReason


@dataclass(frozen=True)
class Obstacle:
    """Why something cannot go on now: the reason for machines, the detail for people."""

    reason: WaitingReason
    detail: str


@dataclass(frozen=True)
class Closed:
    """An outage because of which nothing new begins.

    ``next_probe_at`` is null where no work tries it: a person ends it, or the workers of the location do.
    """

    category: str
    message: str
    next_probe_at: datetime | None

    def obstacle(
        self, what: str, at: datetime, reason: WaitingReason = WaitingReason.LOCATION_CIRCUIT_OPEN
    ) -> Obstacle | None:
        """Return why something cannot be used now; null when one unit of work is to try it."""
        if self.category == DOUBT:
            return Obstacle(WaitingReason.LOCATION_SUSPECT, f"{what}: {self.message}")
        if self.next_probe_at is not None and self.next_probe_at <= at:
            return None
        return Obstacle(reason, f"{what}: {self.message}")


Outages = dict[tuple[str, OutageScope, str], Closed]
"""By site, scope and what it is."""


@dataclass
class Place:
    """A location and its state in this pass.

    ``free`` is what new work may still use, bytes: space that is free now, less the configured reserve, less
    what admitted work has reserved and not yet written. None where nothing is known or nothing limits it.
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
    verification_method: VerificationMethod
    watermark_low: float
    watermark_high: float
    used: int | None
    total: int | None
    measured_at: datetime | None
    cannot_put_back: bool
    free: int | None
    out_of_service: Obstacle | None
    resting: Obstacle | None
    credential: str | None = None
    promised: int = 0
    """Bytes that this pass has planned to bring here; only weighs one place against another."""

    def obstacle(self, *, writing: bool, size: int = 0) -> Obstacle | None:
        """Return why work of a size cannot use the location now, or None."""
        if self.out_of_service or self.resting:
            return self.out_of_service or self.resting
        if not writing:
            return None
        if self.read_only:
            return Obstacle(WaitingReason.LOCATION_READ_ONLY, f"{self.id} is read-only")
        if self.free is not None and size > self.free:
            return Obstacle(
                WaitingReason.NO_SPACE_AT_DESTINATION,
                f"{self.id} has {max(self.free, 0):,} bytes to give, {size:,} are needed",
            )
        return None


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
    session: Session, sites: Iterable[str], at: datetime, settings: DataTransferSettings, random: Random
) -> Topology:
    """Read places and routes with their state; a fixed number of statements."""
    outages = _outages(session)
    places, routes = _places(session, at, outages), _routes(session, at, outages)
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


def _of_credential(outages: Outages, row: RowMapping) -> Closed | None:
    """Return the outage of the credential of a location at its own site."""
    return outages.get((row["site_id"], OutageScope.CREDENTIAL, row["credential"] or ""))


def _places(session: Session, at: datetime, outages: Outages) -> dict[str, Place]:
    places = {}
    for row in ask(session, _places_with_state()).mappings():
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
        limits = [total for total in (row["capacity_bytes"], row["total_bytes"]) if total is not None]
        total = min(limits) if limits else None
        free = None
        if total is not None and row["used_bytes"] is not None:
            free = total - row["used_bytes"] - row["reserve_bytes"] - int(row["reserved_bytes"] or 0)
        places[row["id"]] = Place(
            **{name: row[name] for name in Place.__dataclass_fields__ if name in row},
            used=row["used_bytes"],
            total=total,
            free=free,
            out_of_service=out_of_service,
            resting=resting,
        )
    return places


@cache
def _places_with_state() -> Select[*tuple[Any, ...]]:
    usage = (
        select(LocationUsage.used_bytes, LocationUsage.total_bytes, LocationUsage.measured_at)
        .where(LocationUsage.data_location_id == DataLocation.id)
        .order_by(LocationUsage.measured_at.desc())
        .limit(1)
        .lateral()
    )
    reserved = _reserved_bytes()
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
            usage.c.used_bytes,
            usage.c.total_bytes,
            usage.c.measured_at,
            reserved.c.reserved_bytes,
            _cannot_put_back(columns.id).label("cannot_put_back"),
        )
        .select_from(DataLocation.__table__)
        .join(Site, Site.id == columns.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == columns.retention_policy_id)
        .outerjoin(S3DataLocation.__table__, S3DataLocation.__table__.c.id == columns.id)
        .outerjoin(usage, true())
        .outerjoin(reserved, reserved.c.location == columns.id)
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


def _reserved_bytes() -> Subquery:
    """Sum what admitted work will still write, by location."""
    inbound = [
        select(
            kind.destination_location_id.label("location"),
            func.greatest(kind.bytes_total - kind.bytes_done, 0).label("size"),
        ).where(
            kind.status.in_(fixed(Status.SCHEDULED, Status.IN_PROGRESS)),
            kind.destination_location_id.is_not(None),
        )
        for kind in (PackageCreation, DataTransfer, LongTermArchiveTransfer, StagingItem)
    ]
    open_work = union_all(*inbound).subquery()
    return (
        select(open_work.c.location, func.sum(open_work.c.size).label("reserved_bytes"))
        .group_by(open_work.c.location)
        .subquery()
    )


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
