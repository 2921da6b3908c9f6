"""Reading the facts: a constant number of statements, whose cost follows what is open and recent."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Uuid,
    case,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import DeletionMode, DeletionTrigger, LocationType
from ccat_ops_db.file_systems import measured, measured_before, own_bytes
from ccat_ops_db.models import (
    ApiToken,
    DataLocation,
    DataTransfer,
    DataTransferRoute,
    ErrorRecord,
    Event,
    ExecutedObsUnit,
    PhysicalCopy,
    RawDataPackage,
    RawDataSeries,
    RetentionPolicy,
    Site,
    Telescope,
    User,
)
from ccat_ops_db.nights import bounds_of, night_of
from ccat_ops_db.outages import of_locations, of_routes
from ccat_ops_db.reports.facts import (
    ArchiveCount,
    EndingToken,
    ErrorCount,
    Facts,
    OpenCount,
    Overdue,
    Passed,
    Place,
    SuspendedSite,
    Today,
    Way,
)
from ccat_ops_db.reports.needs_somebody import waits_for_somebody
from ccat_ops_db.reports.open_work import open_work

RECENTLY = timedelta(hours=1)
"""What passed in this time makes a rate, and tells whether something moves."""

LONGEST_RUN = timedelta(hours=24)
TOKEN_WARNING = timedelta(days=7)
FILED = "raw_data_files.filed"
HEARD = (FILED, "execution.started", "execution.finished")
"""Events that come from the telescope."""

PASSED = ("package.sealed", "transfer.sent", "archive.written", "package.archived", "copy.deleted")
"""Events that say that a package has passed a step of its way."""


def load_facts(session: Session, at: datetime, overdue: Overdue) -> Facts:
    """Read the facts; a constant number of statements, whose cost follows what is open and recent."""
    today, heard_at = _today(session, at)
    long_runs, longest = session.execute(
        select(func.count(), func.min(ExecutedObsUnit.started_at)).where(
            ExecutedObsUnit.status == "running", ExecutedObsUnit.started_at < at - LONGEST_RUN
        )
    ).one()
    return Facts(
        at=at,
        places=_places(session, at),
        ways=_ways(session, at),
        sites=_sites(session),
        work=_work(session, at),
        archives=_archives(session),
        errors=_errors(session),
        tokens=_tokens(session, at),
        overdue=overdue,
        long_runs=long_runs,
        longest_run_since=longest,
        today=today,
        heard_at=heard_at,
        passed=_passed(session, at),
        at_source=_at_source(session),
        at_buffers=_at_buffers(session),
    )


def _places(session: Session, at: datetime) -> list[Place]:
    location, outage, site = DataLocation.__table__.c, of_locations(), Site

    now = measured(location.id).correlate(location.id.table).lateral()
    before = measured_before(now.c.file_system_id, at - RECENTLY).correlate(now).lateral()
    deletes = (location.deletion_mode == DeletionMode.ENABLED) & (
        RetentionPolicy.trigger != DeletionTrigger.WHEN_UNPINNED
    )
    rows = session.execute(
        select(
            location.id,
            location.site_id,
            location.location_type,
            location.enabled & site.enabled,
            location.watermark_high,
            location.reserve_bytes,
            location.capacity_bytes,
            case((location.capacity_bytes.is_not(None), own_bytes(location.id))),
            now.c.used_bytes,
            now.c.total_bytes,
            now.c.measured_at,
            before.c.used_bytes,
            before.c.measured_at,
            func.coalesce(deletes, False),
            DataLocation.suspended_at,
            DataLocation.suspended_by,
            DataLocation.suspended_reason,
            func.coalesce(outage.c.consecutive_failures, 0),
            outage.c.open_until,
            outage.c.suspect_since,
            outage.c.suspect_reason,
        )
        .select_from(DataLocation.__table__)
        .join(site, site.id == location.site_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == location.retention_policy_id)
        .outerjoin(outage, outage.c.data_location_id == location.id)
        .outerjoin(now, true())
        .outerjoin(before, true())
        .where(location.retired_at.is_(None))
        .order_by(location.id)
    )
    return [Place(*row) for row in rows]


def _ways(session: Session, at: datetime) -> list[Way]:
    route, outage, sent = DataTransferRoute, of_routes(), Event.__table__.c
    moved = (
        select(func.max(sent.occurred_at))
        .select_from(Event.__table__)
        .join(DataTransfer, DataTransfer.raw_data_package_id == _package_of_event())
        .where(
            sent.action == "transfer.sent",
            sent.occurred_at > at - RECENTLY,
            DataTransfer.data_transfer_route_id == route.id,
        )
        .correlate(route)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            route.id,
            route.enabled,
            route.suspended_at,
            route.suspended_by,
            route.suspended_reason,
            func.coalesce(outage.c.consecutive_failures, 0),
            outage.c.open_until,
            moved,
            route.origin_site_id,
        )
        .outerjoin(outage, outage.c.data_transfer_route_id == route.id)
        .where(route.retired_at.is_(None))
        .order_by(route.id)
    )
    return [Way(*row) for row in rows]


def _sites(session: Session) -> list[SuspendedSite]:
    rows: Any = session.execute(
        select(Site.id, Site.suspended_at, Site.suspended_by, Site.suspended_reason).where(
            Site.suspended_at.is_not(None), Site.retired_at.is_(None)
        )
    )
    return [SuspendedSite(*row) for row in rows]


def _work(session: Session, at: datetime) -> list[OpenCount]:
    return [OpenCount(*row) for row in session.execute(_count_open_work(), {"now": at})]


@cache
def _count_open_work() -> Select[Any]:
    """Return the statement that groups what is open; it is large, so it is put together once."""
    rows = open_work().c
    common = (rows.kind, rows.reason, rows.place, rows.route, rows.error_category, rows.from_location)
    return select(
        *common,
        func.count(),
        cast(func.coalesce(func.sum(rows.bytes_total), 0), BigInteger),
        func.min(rows.since),
        func.min(rows.next_at),
        func.max(rows.progressed_at),
    ).group_by(*common)


def _archives(session: Session) -> list[ArchiveCount]:
    copy = PhysicalCopy
    archives = select(DataLocation.id).where(DataLocation.location_type == LocationType.LONG_TERM_ARCHIVE)
    rows = session.execute(
        select(
            copy.data_location_id,
            cast(copy.status, String()),
            func.count(),
            cast(func.sum(copy.size), BigInteger),
        )
        .where(
            copy.kind == "raw_data_package",
            copy.data_location_id.in_(archives),
            copy.status.in_(["present", "corrupt", "missing"]),
        )
        .group_by(copy.data_location_id, copy.status)
        .order_by(copy.data_location_id, copy.status)
    )
    return [ArchiveCount(*row) for row in rows]


def _errors(session: Session) -> list[ErrorCount]:
    return [ErrorCount(*row) for row in session.execute(_count_errors())]


@cache
def _count_errors() -> Select[Any]:
    error = ErrorRecord.__table__.c

    def latest(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.array_agg(aggregate_order_by(column, error.last_seen_at.desc()))[1]

    return (
        select(
            cast(error.severity, String()),
            func.count(),
            func.min(error.first_seen_at),
            latest(error.id),
            latest(error.message),
            latest(error.data_location_id),
        )
        .where(
            waits_for_somebody(error),
        )
        .group_by(error.severity)
    )


def _tokens(session: Session, at: datetime) -> list[EndingToken]:
    rows: Any = session.execute(
        select(ApiToken.name, User.name, ApiToken.expires_at)
        .join(User, User.id == ApiToken.user_id)
        .where(
            ApiToken.revoked_at.is_(None),
            User.disabled_at.is_(None),
            ApiToken.expires_at > at,
            ApiToken.expires_at < at + TOKEN_WARNING,
        )
        .order_by(ApiToken.expires_at)
    )
    return [EndingToken(*row) for row in rows]


def _today(session: Session, at: datetime) -> tuple[Today, datetime | None]:
    longitude = session.scalar(select(Telescope.longitude).order_by(Telescope.id).limit(1)) or 0.0
    night = night_of(at, longitude)
    since, _ = bounds_of(night, longitude)
    event = Event.__table__.c

    def total(name: str, *conditions: Any) -> ColumnElement[Any]:
        figure = func.sum(cast(event.details[name].as_string(), BigInteger))
        return cast(func.coalesce(figure.filter(*conditions) if conditions else figure, 0), BigInteger)

    files, size, recent, last = session.execute(
        select(
            total("files", event.occurred_at >= since),
            total("bytes", event.occurred_at >= since),
            total("bytes", event.occurred_at > at - RECENTLY),
            func.max(event.occurred_at),
        ).where(
            event.action == FILED,
            event.occurred_at >= func.least(literal(since), literal(at - RECENTLY)),
            event.occurred_at <= at,
        )
    ).one()
    heard = [
        select(func.max(event.occurred_at)).where(event.action == action).scalar_subquery()
        for action in HEARD
    ]
    heard_at = session.scalar(select(func.greatest(*heard)))
    seconds = (at - since).total_seconds()
    today = Today(
        night,
        since,
        files,
        size,
        size / seconds if seconds > 0 else None,
        recent / RECENTLY.total_seconds(),
        last,
    )
    return today, heard_at


def _passed(session: Session, at: datetime) -> dict[str, Passed]:
    event, package = Event.__table__.c, RawDataPackage
    rows = session.execute(
        select(
            event.action,
            func.count(package.id.distinct()),
            cast(func.coalesce(func.sum(package.size), 0), BigInteger),
            func.max(event.occurred_at),
        )
        .select_from(Event.__table__)
        .join(package, package.id == _package_of_event())
        .where(event.action.in_(PASSED), event.occurred_at > at - RECENTLY)
        .group_by(event.action)
    )
    found = {row[0]: Passed(*row[1:]) for row in rows}
    return {action: found.get(action, Passed(0, 0, None)) for action in PASSED}


def _package_of_event() -> ColumnElement[Any]:
    event = Event.__table__.c
    return cast(case((event.subject_type == "raw_data_package", event.subject_id)), Uuid())


def _at_source(session: Session) -> tuple[int, int]:
    unsealed = select(
        func.count().label("packages"),
        cast(func.coalesce(func.sum(RawDataPackage.payload_bytes), 0), BigInteger).label("bytes"),
    ).where(RawDataPackage.sealed_at.is_(None))
    waiting = func.sum(RawDataSeries.filed_bytes - RawDataSeries.packaged_bytes)
    loose = select(cast(func.coalesce(waiting, 0), BigInteger).label("bytes")).where(
        RawDataSeries.filed_count > RawDataSeries.packaged_count
    )
    columns: list[ColumnElement[Any]] = [*unsealed.subquery().c, loose.scalar_subquery()]
    packages, size, files = session.execute(select(*columns)).one()
    return packages, size + files


def _at_buffers(session: Session) -> tuple[int, int]:
    copy = PhysicalCopy
    buffers = select(DataLocation.id).where(DataLocation.location_type == LocationType.BUFFER)
    packages, size = session.execute(
        select(func.count(), cast(func.coalesce(func.sum(copy.size), 0), BigInteger)).where(
            copy.kind == "raw_data_package",
            copy.onward_planned_at.is_(None),
            copy.status.in_(["present", "verified"]),
            copy.data_location_id.in_(buffers),
        )
    ).one()
    return packages, size
