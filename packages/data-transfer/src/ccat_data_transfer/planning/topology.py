"""Sites, locations and routes as one pass of the planner sees them, with their state."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Select, Subquery, func, select, true, union_all
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import ask, fixed
from ccat_data_transfer.settings import DataTransferSettings
from ccat_ops_db.enumerations import (
    DeletionMode,
    DeletionTrigger,
    LocationType,
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
    LocationHealth,
    LocationUsage,
    LongTermArchiveTransfer,
    PackageCreation,
    RetentionPolicy,
    RouteHealth,
    Site,
    StagingItem,
)
from ccat_ops_db.waiting import WaitingReason


@dataclass(frozen=True)
class Obstacle:
    """Why something cannot go on now: the reason for machines, the detail for people."""

    reason: WaitingReason
    detail: str


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
    free: int | None
    out_of_service: Obstacle | None
    resting: Obstacle | None
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
    return Topology(at, _places(session, at), _routes(session, at), list(sites), settings, random)


def _places(session: Session, at: datetime) -> dict[str, Place]:
    places = {}
    for row in ask(session, _places_with_state()).mappings():
        out_of_service = resting = None
        if not row["site_enabled"] or row["site_suspended_at"]:
            why = row["site_suspended_reason"] or "disabled in the configuration"
            out_of_service = Obstacle(WaitingReason.SITE_DISABLED, f"site {row['site_id']}: {why}")
        elif not row["enabled"] or row["suspended_at"]:
            why = row["suspended_reason"] or "disabled in the configuration"
            out_of_service = Obstacle(WaitingReason.LOCATION_DISABLED, f"{row['id']}: {why}")
        elif row["suspect_since"]:
            resting = Obstacle(WaitingReason.LOCATION_SUSPECT, f"{row['id']}: {row['suspect_reason']}")
        elif row["open_until"] and row["open_until"] > at:
            resting = Obstacle(
                WaitingReason.LOCATION_CIRCUIT_OPEN,
                f"{row['id']} rests until {row['open_until']:%H:%M:%S} UTC",
            )
        limits = [total for total in (row["capacity_bytes"], row["total_bytes"]) if total is not None]
        total = min(limits) if limits else None
        free = None
        if total is not None and row["used_bytes"] is not None:
            free = total - row["used_bytes"] - row["reserve_bytes"] - int(row["reserved_bytes"] or 0)
        places[row["id"]] = Place(
            **{
                name: row[name]
                for name in Place.__dataclass_fields__
                if name in row and name != "concurrency"
            },
            concurrency=_slots(row["concurrency"], row["open_until"]),
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
            LocationHealth.open_until,
            LocationHealth.suspect_since,
            LocationHealth.suspect_reason,
            usage.c.used_bytes,
            usage.c.total_bytes,
            usage.c.measured_at,
            reserved.c.reserved_bytes,
        )
        .select_from(DataLocation.__table__)
        .join(Site, Site.id == columns.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == columns.retention_policy_id)
        .outerjoin(LocationHealth, LocationHealth.data_location_id == columns.id)
        .outerjoin(usage, true())
        .outerjoin(reserved, reserved.c.location == columns.id)
        .where(columns.retired_at.is_(None))
        .order_by(columns.id)
    )


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


def _routes(session: Session, at: datetime) -> dict[str, Route]:
    # A route with several windows comes as several rows.
    rows = ask(session, _routes_with_state()).mappings().all()
    windows: dict[str, list[tuple[time, time]]] = {}
    for row in rows:
        if row["opens_at"] is not None:
            windows.setdefault(row["id"], []).append((row["opens_at"], row["closes_at"]))
    routes = {}
    for row in rows:
        closed = None
        if not row["enabled"] or row["suspended_at"]:
            why = row["suspended_reason"] or "disabled in the configuration"
            closed = Obstacle(WaitingReason.ROUTE_DISABLED, f"route {row['id']}: {why}")
        elif not _window_open(windows.get(row["id"], []), at.time()):
            times = ", ".join(
                f"{opens:%H:%M} to {closes:%H:%M}" for opens, closes in sorted(windows[row["id"]])
            )
            closed = Obstacle(WaitingReason.LINK_WINDOW_CLOSED, f"route {row['id']} is open {times} UTC")
        elif row["open_until"] and row["open_until"] > at:
            closed = Obstacle(
                WaitingReason.ROUTE_CIRCUIT_OPEN,
                f"route {row['id']} rests until {row['open_until']:%H:%M:%S} UTC",
            )
        routes[row["id"]] = Route(
            **{
                name: row[name]
                for name in Route.__dataclass_fields__
                if name in row and name != "concurrency"
            },
            concurrency=_slots(row["concurrency"], row["open_until"]),
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
            RouteHealth.open_until,
            window.opens_at,
            window.closes_at,
        )
        .select_from(DataTransferRoute.__table__)
        .outerjoin(RouteHealth, RouteHealth.data_transfer_route_id == columns.id)
        .outerjoin(window, window.data_transfer_route_id == columns.id)
        .where(columns.retired_at.is_(None))
        .order_by(columns.id, window.opens_at)
    )


def _slots(concurrency: int, open_until: datetime | None) -> int:
    """Return how much may run at once: where a circuit was open, one unit of work tries first."""
    return concurrency if open_until is None else 1


def _window_open(windows: list[tuple[time, time]], now: time) -> bool:
    if not windows:
        return True
    return any(
        opens <= now < closes if opens < closes else now >= opens or now < closes for opens, closes in windows
    )
