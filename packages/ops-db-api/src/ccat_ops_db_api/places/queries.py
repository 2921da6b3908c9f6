"""SQL of places."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.database_time import ops_now
from ccat_ops_db.enumerations import PhysicalCopyStatus
from ccat_ops_db.file_systems import measured, measured_before, own_bytes
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    DataTransferRouteWindow,
    DiskDataLocation,
    PhysicalCopy,
    RetentionPolicy,
    S3DataLocation,
    Site,
    Suspension,
    TapeDataLocation,
)
from ccat_ops_db.models.places import Suspendable
from ccat_ops_db.models.statements import SUSPENSION_IN_FORCE
from ccat_ops_db.outages import at_location, of_locations, of_routes, on_route, trial
from ccat_ops_db_api.platform.documents import Rows, list_of_objects, row_object

SITES = Site.__table__
LOCATIONS = DataLocation.__table__
ROUTES = DataTransferRoute.__table__
POLICIES = RetentionPolicy.__table__
A_YEAR = 365 * 86_400.0
"""A forecast further ahead says nothing."""

SUSPENSION = ("suspended_at", "suspended_by", "suspended_reason", "suspended_until")
SUBJECTS: Mapping[Any, str] = {
    model.__table__: model.suspended_in for model in (Site, DataLocation, DataTransferRoute)
}
"""Column of a suspension that names a row of a table."""


def sites() -> Rows:
    """Return sites as they are shown."""
    names = (
        "id",
        "name",
        "time_zone",
        "latitude",
        "longitude",
        "enabled",
        "main",
        "api_url",
        "data_server_url",
        "contact",
    )
    return select(*(SITES.c[name] for name in names), *_suspension(Site), SITES.c.retired_at)


def locations() -> Rows:
    """Return locations as they are shown, with how full they were when last measured."""
    disk, s3, tape = DiskDataLocation.__table__, S3DataLocation.__table__, TapeDataLocation.__table__
    health = of_locations()
    condition = health.alias("condition")
    state = (
        select(
            health.c.consecutive_failures,
            health.c.open_until,
            health.c.suspect_since,
            health.c.suspect_reason,
        )
        .where(health.c.data_location_id == LOCATIONS.c.id)
        .correlate(LOCATIONS)
    )
    settings = (
        "watermark_low",
        "watermark_high",
        "capacity_bytes",
        "reserve_bytes",
        "deletion_mode",
        "scrub_interval",
        "scrub_bytes_per_day",
        "concurrency",
        "package_size_limit",
        "package_age_limit",
        "settle_time",
        "leave_out_after",
    )
    return (
        select(
            LOCATIONS.c.id,
            LOCATIONS.c.site_id.label("site"),
            LOCATIONS.c.name,
            LOCATIONS.c.location_type,
            LOCATIONS.c.storage_type,
            LOCATIONS.c.instrument_id.label("instrument"),
            LOCATIONS.c.priority,
            LOCATIONS.c.enabled,
            LOCATIONS.c.read_only,
            *_suspension(DataLocation),
            *(LOCATIONS.c[name] for name in settings),
            LOCATIONS.c.retention_policy_id.label("retention_policy"),
            func.coalesce(disk.c.path, tape.c.mount_path).label("path"),
            disk.c.host,
            s3.c.endpoint,
            s3.c.bucket,
            s3.c.prefix,
            s3.c.region,
            s3.c.credential,
            tape.c.library,
            LOCATIONS.c.retired_at,
            row_object(_usage()).label("usage"),
            row_object(state).label("health"),
            _service(
                DataLocation,
                [Site, DataLocation],
                (condition.c.open_until, condition.c.message),
                (condition.c.suspect_since, condition.c.suspect_reason),
            ).label("service"),
        )
        .select_from(LOCATIONS)
        .join(SITES, SITES.c.id == LOCATIONS.c.site_id)
        .outerjoin(condition, condition.c.data_location_id == LOCATIONS.c.id)
        .outerjoin(disk, disk.c.id == LOCATIONS.c.id)
        .outerjoin(s3, s3.c.id == LOCATIONS.c.id)
        .outerjoin(tape, tape.c.id == LOCATIONS.c.id)
    )


async def packages_by_status(session: AsyncSession, location: str) -> dict[str, int]:
    """Return how many packages a location has with each status of their copies there."""
    copy = PhysicalCopy.__table__.c
    found = await session.execute(
        select(copy.status, func.count())
        .where(copy.data_location_id == location, copy.kind == literal_column("'raw_data_package'"))
        .group_by(copy.status)
    )
    counted: dict[PhysicalCopyStatus, int] = {row[0]: row[1] for row in found}
    return {status.value: counted.get(status, 0) for status in PhysicalCopyStatus}


def routes() -> Rows:
    """Return routes as they are shown."""
    window, health = DataTransferRouteWindow.__table__, of_routes()
    health_now = health.alias("health_now")
    windows = (
        select(
            cast(window.c.opens_at, String).label("opens_at"),
            cast(window.c.closes_at, String).label("closes_at"),
        )
        .where(window.c.data_transfer_route_id == ROUTES.c.id)
        .order_by(window.c.opens_at)
        .correlate(ROUTES)
    )
    state = (
        select(health.c.consecutive_failures, health.c.open_until)
        .where(health.c.data_transfer_route_id == ROUTES.c.id)
        .correlate(ROUTES)
    )
    return select(
        ROUTES.c.id,
        ROUTES.c.origin_site_id.label("origin_site"),
        ROUTES.c.destination_site_id.label("destination_site"),
        ROUTES.c.route_type,
        ROUTES.c.relay_site_id.label("relay_site"),
        ROUTES.c.origin_location_id.label("origin_location"),
        ROUTES.c.destination_location_id.label("destination_location"),
        ROUTES.c.method,
        ROUTES.c.priority,
        ROUTES.c.enabled,
        ROUTES.c.concurrency,
        ROUTES.c.bytes_per_second,
        list_of_objects(windows).label("windows"),
        *_suspension(DataTransferRoute),
        ROUTES.c.retired_at,
        row_object(state).label("health"),
        _service(
            DataTransferRoute, [DataTransferRoute], (health_now.c.open_until, health_now.c.message)
        ).label("service"),
    ).outerjoin(health_now, health_now.c.data_transfer_route_id == ROUTES.c.id)


def policies() -> Rows:
    """Return retention policies as they are shown."""
    names = (
        "id",
        "description",
        "trigger",
        "min_archive_copies",
        "max_proof_age",
        "retention_time",
        "grace_period",
        "confirm_by",
        "retired_at",
    )
    return select(*(POLICIES.c[name] for name in names))


def _usage() -> Rows:
    """Return how full a location is, and how fast its file system fills, from what was measured before.

    Of its file system and its quota that is told which is used up more.
    """
    now = measured(LOCATIONS.c.id).correlate(LOCATIONS).lateral("now_used")
    an_hour_before = now.c.measured_at - literal_column("interval '1 hour'")
    before = measured_before(now.c.file_system_id, an_hour_before).correlate(now).lateral("used_before")
    quota = LOCATIONS.c.capacity_bytes
    counted = select(
        case((quota.is_not(None), own_bytes(LOCATIONS.c.id).correlate(LOCATIONS))).label("bytes")
    )
    own = counted.correlate(LOCATIONS).lateral("own")
    share = cast(now.c.used_bytes, Float) / func.nullif(now.c.total_bytes, 0)
    share_of_quota = cast(own.c.bytes, Float) / quota
    seconds = cast(func.extract("epoch", now.c.measured_at - before.c.measured_at), Float)
    growth = (now.c.used_bytes - before.c.used_bytes) / seconds
    room = func.least(now.c.total_bytes - now.c.used_bytes, quota - own.c.bytes) - LOCATIONS.c.reserve_bytes
    left = func.greatest(room, 0.0) / func.nullif(growth, 0.0)
    full_at = now.c.measured_at + left * literal_column("interval '1 second'")
    by_quota = and_(quota.is_not(None), share_of_quota >= func.coalesce(share, 0.0))
    return (
        select(
            case((by_quota, own.c.bytes), else_=now.c.used_bytes).label("used_bytes"),
            case((by_quota, quota), else_=now.c.total_bytes).label("total_bytes"),
            func.coalesce(now.c.measured_at, ops_now()).label("measured_at"),
            func.greatest(share, share_of_quota).label("used_share"),
            growth.label("bytes_per_second"),
            case((and_(growth > 0, left < A_YEAR), full_at)).label("full_at"),
        )
        .select_from(own.outerjoin(now, true()).outerjoin(before, true()))
        .where(or_(quota.is_not(None), now.c.file_system_id.is_not(None)))
        .correlate(LOCATIONS)
    )


def _service(
    place: Any,
    switches: Sequence[Any],
    pause: tuple[ColumnElement[Any], ColumnElement[Any]],
    doubt: tuple[ColumnElement[Any], ColumnElement[Any]] | None = None,
) -> ColumnElement[Any]:
    """Return whether a place takes part, and if not since when, because of whom and until when.

    Parameters
    ----------
    place : type
        The place.
    switches : sequence of type
        Whose switches hold for it: the place and its site, the outer one first.
    pause : tuple of ColumnElement
        When its pause after failures ends, not null while it has not succeeded again; the latest failure.
    doubt : tuple, optional
        Since when and why it is in doubt.
    """
    nothing = cast(null(), String)

    def said(state: str, *facts: Any) -> ColumnElement[Any]:
        names = ("of", "since", "by", "reason", "next_at")
        parts = zip(names, facts, strict=True)
        return func.json_build_object("state", literal(state), *(each for part in parts for each in part))

    cases = [
        (
            each.suspended_at.is_not(None),
            said(
                "suspended",
                each.id,
                each.suspended_at,
                each.suspended_by,
                each.suspended_reason,
                each.suspended_until,
            ),
        )
        for each in switches
    ]
    cases += [
        (~each.enabled, said("disabled", each.id, nothing, literal("configuration"), nothing, nothing))
        for each in switches
    ]
    if doubt is not None:
        cases.append(
            (doubt[0].is_not(None), said("in_doubt", place.id, doubt[0], nothing, doubt[1], nothing))
        )
    open_until, failure = pause
    cases.append((open_until.is_not(None), said("paused", place.id, nothing, nothing, failure, open_until)))
    return case(*cases, else_=said("in_service", place.id, nothing, nothing, nothing, nothing))


def _suspension(model: type[Suspendable]) -> list[ColumnElement[Any]]:
    return [getattr(model, name).label(name) for name in SUSPENSION]


async def suspensions(session: AsyncSession, table: Any, name: str) -> list[tuple[UUID, str | None]]:
    """Return the key and the reason of each suspension in force of a place, the first one first."""
    found = await session.execute(
        select(Suspension.id, Suspension.reason)
        .where(getattr(Suspension, SUBJECTS[table]) == name, SUSPENSION_IN_FORCE)
        .order_by(Suspension.created_at, Suspension.id)
    )
    return [(row[0], row[1]) for row in found]


async def try_at_once(session: AsyncSession, table: Any, name: str, at: datetime) -> bool:
    """Have a location or route tried that is paused after failures; return whether one of our sites was."""
    if table not in PAUSED:
        return False
    return (await session.execute(trial(PAUSED[table](name), at))).first() is not None


PAUSED: Mapping[Any, Callable[[str], ColumnElement[bool]]] = {LOCATIONS: at_location, ROUTES: on_route}
"""Condition of the outages because of which a row of a table is paused."""


async def locations_of(session: AsyncSession, site: str) -> tuple[Any, list[str]]:
    """Return the row of a site, if it is there, and the names of its locations in use."""
    row = (await session.execute(select(SITES.c.name, SITES.c.main).where(SITES.c.id == site))).one_or_none()
    found = await session.execute(
        select(LOCATIONS.c.id)
        .where(LOCATIONS.c.site_id == site, LOCATIONS.c.retired_at.is_(None))
        .order_by(LOCATIONS.c.id)
    )
    return row, list(found.scalars())


async def all_sites(session: AsyncSession) -> list[str]:
    """Return the names of all sites in use."""
    found = await session.execute(select(SITES.c.id).where(SITES.c.retired_at.is_(None)).order_by(SITES.c.id))
    return list(found.scalars())
