"""What is where, what moves, what waits: the one report behind the status pages."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import (
    CopyKind,
    LocationType,
    PhysicalCopyStatus,
    Severity,
    Status,
)
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    ErrorRecord,
    Event,
    ExecutedObsUnitModule,
    LongTermArchiveTransfer,
    PhysicalCopy,
)
from ccat_ops_db.reports.attention import attention
from ccat_ops_db.reports.attention_item import Attention
from ccat_ops_db.reports.facts import Facts, Today
from ccat_ops_db.reports.flow import FlowStep, flow
from ccat_ops_db.reports.load_facts import load_facts
from ccat_ops_db.reports.location_status import LocationStatus, location_statuses
from ccat_ops_db.reports.package_counts import package_counts
from ccat_ops_db.reports.sums import Sums, load_sums
from ccat_ops_db.reports.verdict import Verdict, verdict
from ccat_ops_db.reports.work_rows import work_rows

LONGEST_LIST = 100
RECENT_EVENTS = 10


@dataclass(frozen=True)
class WorkCount:
    """How much work of one operation has one status."""

    operation: str
    status: str
    count: int
    bytes_done: int
    bytes_total: int


@dataclass(frozen=True)
class WaitingCount:
    """How many things of a kind wait for one reason, and since when the first of them."""

    subject_type: str
    reason: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True)
class Movement:
    """A transfer that is under way; bytes of this attempt."""

    id: UUID
    operation: str
    package_id: UUID | None
    source: str | None
    destination: str | None
    bytes_done: int
    bytes_total: int
    since: datetime | None


@dataclass(frozen=True)
class RecentEvent:
    """Something that happened just now."""

    id: UUID
    occurred_at: datetime
    site: str
    actor: str
    action: str
    subject_type: str
    subject_id: str
    message: str


@dataclass(frozen=True)
class SignOfLife:
    """When something was last heard of. What leaves no trace in the database is not in the list."""

    what: str
    site: str | None
    at: datetime


@dataclass(frozen=True)
class StatusReport:
    """The status of everything that this database knows."""

    site: str
    at: datetime
    counted_at: datetime
    locations: list[LocationStatus]
    work: list[WorkCount]
    waiting: list[WaitingCount]
    packages: dict[str, int]
    transfers: list[Movement]
    errors: dict[str, int]
    recent: list[RecentEvent]
    verdict: Verdict
    attention: list[Attention]
    flow: list[FlowStep]
    today: Today
    signs_of_life: list[SignOfLife]


def status_report(session: Session, site_id: str, at: datetime, sums: Sums | None = None) -> StatusReport:
    """Return what is where, what moves and what waits.

    With sums its cost follows what is under way and what is at sources and buffers, not what was ever
    archived: work is counted while it is open.

    Parameters
    ----------
    session : Session
        Open session.
    site_id : str
        Site at which the report is made.
    at : datetime
        Now.
    sums : Sums, optional
        What there is in all, some seconds old; it is found out now by default.
    """
    sums = sums or load_sums(session, at)
    packages, not_removed, overdue = package_counts(session, at, sums)
    facts = load_facts(session, at, overdue)
    items = attention(facts)
    return StatusReport(
        site=site_id,
        at=at,
        counted_at=sums.at,
        locations=location_statuses(session, sums.stored),
        work=_work(session),
        waiting=_waiting(session),
        packages=packages,
        transfers=_transfers(session),
        errors=_errors(session),
        recent=_recent(session),
        verdict=verdict(facts, items, packages),
        attention=items,
        flow=flow(facts, not_removed),
        today=facts.today,
        signs_of_life=_signs_of_life(facts),
    )


def _signs_of_life(facts: Facts) -> list[SignOfLife]:
    """Return when the telescope and the workers of each site, who measure its locations, were heard of."""
    seen: dict[str, datetime] = {}
    for place in facts.places:
        if place.measured_at is not None:
            seen[place.site] = max(seen.get(place.site, place.measured_at), place.measured_at)
    signs = [SignOfLife("telescope", None, facts.heard_at)] if facts.heard_at is not None else []
    return signs + [SignOfLife("workers", site, at) for site, at in sorted(seen.items())]


def _work(session: Session) -> list[WorkCount]:
    found = session.execute(_count_work())
    return [WorkCount(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in found]


# Statements over all kinds of work are large: each is put together once.


@cache
def _count_work() -> Select[Any]:
    rows = work_rows(lambda kind, _: kind.status != Status.COMPLETED).subquery()
    return (
        select(
            rows.c.operation,
            rows.c.status,
            func.count(),
            func.sum(rows.c.bytes_done),
            func.sum(rows.c.bytes_total),
        )
        .group_by(rows.c.stage, rows.c.operation, rows.c.status)
        .order_by(rows.c.stage, rows.c.status)
    )


def _waiting(session: Session) -> list[WaitingCount]:
    return [WaitingCount(*row) for row in session.execute(_count_waiting())]


@cache
def _count_waiting() -> Select[Any]:
    rows = work_rows(
        lambda kind, _: and_(
            kind.waiting_reason.is_not(None), kind.status.in_([Status.PENDING, Status.SCHEDULED])
        )
    ).subquery()
    work = select(
        rows.c.subject_type.label("subject_type"),
        rows.c.waiting_reason.label("reason"),
        rows.c.waiting_since.label("since"),
    )
    # Copies in archives are many and wait for nothing but a further archive, files at sources for any: the
    # reason is on the buffer's.
    copies = (
        select(literal("physical_copy"), PhysicalCopy.waiting_reason, PhysicalCopy.waiting_since)
        .join(DataLocation, DataLocation.id == PhysicalCopy.data_location_id)
        .where(
            DataLocation.location_type.not_in([LocationType.LONG_TERM_ARCHIVE, LocationType.SOURCE]),
            PhysicalCopy.kind == CopyKind.RAW_DATA_PACKAGE,
            PhysicalCopy.status != PhysicalCopyStatus.DELETED,
            PhysicalCopy.waiting_reason.is_not(None),
        )
    )
    modules = select(
        literal("executed_obs_unit"),
        ExecutedObsUnitModule.waiting_reason,
        ExecutedObsUnitModule.waiting_since,
    ).where(ExecutedObsUnitModule.waiting_reason.is_not(None))
    everything = union_all(work, copies, modules).subquery()
    return (
        select(everything.c.subject_type, everything.c.reason, func.count(), func.min(everything.c.since))
        .group_by(everything.c.subject_type, everything.c.reason)
        .order_by(func.min(everything.c.since))
    )


def _transfers(session: Session) -> list[Movement]:
    return [Movement(*row) for row in session.execute(_moving())]


@cache
def _moving() -> Select[Any]:
    rows = work_rows(
        lambda kind, _: kind.status == Status.IN_PROGRESS, (DataTransfer, LongTermArchiveTransfer)
    ).subquery()
    return (
        select(
            rows.c.id,
            rows.c.operation,
            rows.c.package_id,
            rows.c.from_location,
            rows.c.to_location,
            rows.c.bytes_done,
            rows.c.bytes_total,
            rows.c.started_at,
        )
        .order_by(rows.c.started_at)
        .limit(LONGEST_LIST)
    )


def _errors(session: Session) -> dict[str, int]:
    found = session.execute(
        select(cast(ErrorRecord.severity, String), func.count())
        .where(ErrorRecord.resolved_at.is_(None))
        .group_by(ErrorRecord.severity)
    )
    counted: dict[str, int] = {str(row[0]): row[1] for row in found}
    return {severity.value: counted.get(severity.value, 0) for severity in Severity}


def _recent(session: Session) -> list[RecentEvent]:
    columns: list[ColumnElement[Any]] = [
        Event.__table__.c[name]
        for name in (
            "id",
            "occurred_at",
            "site_id",
            "actor",
            "action",
            "subject_type",
            "subject_id",
            "message",
        )
    ]
    found = session.execute(
        select(*columns).order_by(Event.occurred_at.desc(), Event.id.desc()).limit(RECENT_EVENTS)
    )
    return [RecentEvent(*row) for row in found]
