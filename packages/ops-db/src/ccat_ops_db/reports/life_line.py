"""The life line of a package: what happened, what happens now, and what it waits for, in order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import CheckResult, LocationType, Operation, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataLocation,
    ErrorRecord,
    Event,
    FixityCheck,
    PhysicalCopy,
    RawDataFileView,
    RawDataPackage,
)
from ccat_ops_db.outages import of_locations
from ccat_ops_db.package_state import trusted_archive_copies, wanted_archive_copies
from ccat_ops_db.reports.life_to_come import steps_to_come
from ccat_ops_db.reports.next_try import with_next_try
from ccat_ops_db.reports.package_waiting import package_waiting
from ccat_ops_db.reports.words import how_many
from ccat_ops_db.reports.work_rows import work_rows
from ccat_ops_db.waiting import WaitingReason

MOST_STEPS = 200
"""A package that was staged a thousand times still has a readable life: its latest steps are told."""


@dataclass(frozen=True)
class Tenses:
    """What a piece of work is called once it is done, while it goes on, before it, and when it failed."""

    done: str
    now: str
    wait: str
    failed: str


TITLES: dict[Operation, Tenses] = {
    Operation.PACKAGE_CREATION: Tenses(
        "Packaged at {source}",
        "Being packaged at {source}",
        "To be packaged at {source}",
        "Packaging at {source}",
    ),
    Operation.TRANSFER: Tenses(
        "Moved from {source} to {destination}",
        "Moving from {source} to {destination}",
        "To be moved from {source} to {destination}",
        "Moving from {source} to {destination}",
    ),
    Operation.VERIFY: Tenses(
        "Verified at {source}",
        "Being verified at {source}",
        "To be verified at {source}",
        "Verifying at {source}",
    ),
    Operation.ARCHIVE_TRANSFER: Tenses(
        "Archived at {destination}",
        "Being archived at {destination}",
        "To be archived at {destination}",
        "Archiving at {destination}",
    ),
    Operation.STAGING: Tenses(
        "Staged at {destination}",
        "Being staged at {destination}",
        "To be staged at {destination}",
        "Staging at {destination}",
    ),
    Operation.DELETION: Tenses(
        "Removed at {source}",
        "Being removed at {source}",
        "To be removed at {source}",
        "Removing at {source}",
    ),
}
NOTABLE: dict[str, str] = {
    "copy.missing": "Copy found missing",
    "copy.corrupt": "Copy found corrupt",
    "package.repair_planned": "Repair planned",
    "deletion.withdrawn": "Removal withdrawn",
}
"""Events that no piece of work tells."""


class StepKind(StrEnum):
    """What a step of a life line is."""

    DONE = "done"
    NOW = "now"
    WAIT = "wait"
    ATTEMPT = "attempt"
    """It failed, and was or is to be tried again."""
    FAILURE = "failure"
    NEXT = "next"


@dataclass(frozen=True)
class LifeStep:
    """A step of the life of a package.

    Attributes
    ----------
    kind : StepKind
        done; under way now; waits; an attempt that failed; failed; or next, of which no work tells yet.
    title : str
        What happened or is to happen, with the locations.
    created_at : datetime or None
        When it was planned or happened; None for what is next.
    started_at, finished_at : datetime or None
        When the last attempt began, and when it ended.
    bytes_done, bytes_total : int or None
        Bytes of the step, where it moves or reads any.
    bytes_per_second : float or None
        Mean rate of the attempt that is under way.
    next_at : datetime or None
        When it ends at that rate, or when it is tried again.
    attempt : int or None
        Number of attempts so far; of attempts that failed in one way, how many they were.
    reason, detail : str or None
        Why it waits or failed, a code of `WaitingReason` and text; on what it depends, if it is next.
    error_category : str or None
        Category of the error of the last attempt, a code of the catalogue of errors.
    subject_type, subject_id : str
        What the step is about: a row of work, the package, or an event.
    """

    kind: StepKind
    title: str
    created_at: datetime | None
    subject_type: str
    subject_id: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    bytes_done: int | None = None
    bytes_total: int | None = None
    bytes_per_second: float | None = None
    next_at: datetime | None = None
    attempt: int | None = None
    reason: str | None = None
    detail: str | None = None
    error_category: str | None = None


def archives_in_doubt(session: Session, package_id: UUID) -> list[str]:
    """Return the archives that have a verified copy of a package, but are in doubt now."""
    outage = of_locations()
    found = (
        select(PhysicalCopy.data_location_id)
        .distinct()
        .join(DataLocation, DataLocation.id == PhysicalCopy.data_location_id)
        .join(outage, outage.c.data_location_id == DataLocation.id)
        .where(
            PhysicalCopy.raw_data_package_id == package_id,
            PhysicalCopy.status == PhysicalCopyStatus.VERIFIED,
            DataLocation.location_type == LocationType.LONG_TERM_ARCHIVE,
            outage.c.suspect_since.is_not(None),
        )
        .order_by(PhysicalCopy.data_location_id)
    )
    return list(session.scalars(found))


def life_line(session: Session, package_id: UUID) -> list[LifeStep] | None:
    """Return the steps of the life of a package, the earliest first, in few statements.

    Parameters
    ----------
    session : Session
        Open session.
    package_id : UUID
        Package.

    Returns
    -------
    list of LifeStep or None
        None if there is no such package. At most `MOST_STEPS` pieces of work, the latest.
    """
    filed = _filed(session, package_id)
    if filed is None:
        return None
    rows = _work(session, package_id)
    work = [*map(_of_work, rows), *_attempts(session, rows)]
    notable = list(_notable(session, package_id))
    known = sorted([filed, *work, *notable, *_waiting(session, package_id)], key=_place)
    to_come = [
        LifeStep(StepKind.NEXT, step.title, None, "raw_data_package", str(package_id), detail=step.detail)
        for step in steps_to_come(session, package_id)
    ]
    return [*known, *to_come]


def _place(step: LifeStep) -> tuple[bool, datetime]:
    """Return where a step stands: what is not over comes after all that is."""
    at = step.started_at or step.created_at
    assert at is not None, "only what is next has no time"
    return step.kind in (StepKind.WAIT, StepKind.NOW), at


def _filed(session: Session, package_id: UUID) -> LifeStep | None:
    row = session.execute(
        select(
            func.min(RawDataFileView.filed_at),
            func.max(RawDataFileView.filed_at),
            func.count(RawDataFileView.id),
            func.sum(RawDataFileView.size),
            RawDataPackage.source_location_id,
            RawDataPackage.created_at,
        )
        .select_from(RawDataPackage)
        .outerjoin(RawDataFileView, RawDataFileView.raw_data_package_id == RawDataPackage.id)
        .where(RawDataPackage.id == package_id)
        .group_by(RawDataPackage.raw_data_series_id, RawDataPackage.created_at)
    ).one_or_none()
    if row is None:
        return None
    first, last, count, size, source, created_at = row
    size = int(size or 0)
    return LifeStep(
        StepKind.DONE,
        f"{how_many(count, 'file')} filed at {source}",
        first or created_at,
        "raw_data_package",
        str(package_id),
        started_at=first,
        finished_at=last,
        bytes_done=size,
        bytes_total=size,
    )


def _work(session: Session, package_id: UUID) -> Sequence[Any]:
    def told(kind: Any, column: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = column == package_id
        # A verification that found its copy bad is told by its event: the copy was not verified.
        good = FixityCheck.result.is_(None) | (FixityCheck.result == CheckResult.VERIFIED)
        return found & good if kind is FixityCheck else found

    rows = work_rows(told).subquery()
    newest = with_next_try(rows).order_by(rows.c.created_at.desc(), rows.c.stage)
    return session.execute(newest.limit(MOST_STEPS)).all()


def _of_work(row: Any) -> LifeStep:
    kind, title, reason, detail = _told(row, TITLES[Operation(row.operation)])
    rate, ends_at = _pace(row) if kind is StepKind.NOW else (None, None)
    return LifeStep(
        kind,
        _between(row, title),
        row.created_at,
        row.subject_type,
        str(row.id),
        started_at=row.started_at,
        finished_at=row.finished_at,
        bytes_done=row.bytes_done,
        bytes_total=row.bytes_total,
        bytes_per_second=rate,
        next_at=row.next_try if kind is StepKind.WAIT else ends_at,
        attempt=row.attempt,
        reason=reason,
        detail=detail,
        error_category=None if kind is StepKind.DONE else row.error_category,
    )


def _between(row: Any, title: str) -> str:
    """Return a title with the locations between which work goes on."""
    return title.format(
        source=row.from_location or "a copy still to be chosen",
        destination=row.to_location or "a location still to be chosen",
    )


def _attempts(session: Session, work: Sequence[Any]) -> Iterator[LifeStep]:
    """Tell of the attempts that failed; what work was given up for, the work itself tells."""
    of = {str(row.id): row for row in work}
    errors = session.scalars(
        select(ErrorRecord)
        .where(ErrorRecord.subject_id.in_(list(of)))
        .order_by(ErrorRecord.last_seen_at.desc())
        .limit(MOST_STEPS)
    )
    for error in errors:
        row = of[error.subject_id]
        if row.status == Status.FAILED and row.error_category == error.category:
            continue
        yield LifeStep(
            StepKind.ATTEMPT,
            _between(row, f"{TITLES[Operation(row.operation)].failed} failed"),
            error.first_seen_at,
            error.subject_type,
            error.subject_id,
            started_at=error.first_seen_at,
            finished_at=error.last_seen_at,
            attempt=error.count,
            detail=error.message,
            error_category=error.category,
        )


def _told(row: Any, title: Tenses) -> tuple[StepKind, str, str | None, str | None]:
    """Return of what kind work is now, what it is called, its reason and detail."""
    match Status(row.status):
        case Status.COMPLETED:
            return StepKind.DONE, title.done, None, None
        case Status.IN_PROGRESS:
            return StepKind.NOW, title.now, None, None
        case Status.CANCELLED:
            return (
                StepKind.FAILURE,
                f"{title.failed} was cancelled",
                WaitingReason.CANCELLED,
                row.error_message,
            )
        case Status.FAILED:
            return StepKind.FAILURE, f"{title.failed} failed", WaitingReason.GIVEN_UP, row.error_message
        case _:
            cause = row.waiting_detail or row.error_message
            detail = "; ".join(part for part in (cause, row.held_by) if part) or None
            return StepKind.WAIT, title.wait, row.waiting_reason, detail


def _pace(row: Any) -> tuple[float | None, datetime | None]:
    """Return the mean rate of an attempt that is under way, and when it ends at that rate."""
    if (
        None in (row.started_at, row.progressed_at)
        or row.progressed_at <= row.started_at
        or not row.bytes_done
    ):
        return None, None
    rate = row.bytes_done / (row.progressed_at - row.started_at).total_seconds()
    left = max(0, (row.bytes_total or 0) - row.bytes_done)
    return rate, row.progressed_at + timedelta(seconds=left / rate)


def _notable(session: Session, package_id: UUID) -> Iterator[LifeStep]:
    rows = session.execute(
        select(Event.id, Event.action, Event.occurred_at, Event.message)
        .where(Event.subject_id == str(package_id), Event.action.in_(NOTABLE))
        .order_by(Event.occurred_at.desc())
        .limit(MOST_STEPS)
    )
    for event_id, action, at, message in rows:
        kind = StepKind.FAILURE if action.startswith("copy.") else StepKind.DONE
        title = NOTABLE[action]
        yield LifeStep(kind, title, at, "event", str(event_id), started_at=at, finished_at=at, detail=message)


def _waiting(session: Session, package_id: UUID) -> Iterator[LifeStep]:
    """Tell why nothing is planned for a package that is not where it is to be."""
    waiting = package_waiting(RawDataPackage).lateral("waiting")
    row = session.execute(
        select(waiting.c.subject_type, waiting.c.reason, waiting.c.detail, waiting.c.since)
        .select_from(RawDataPackage)
        .join(waiting, RawDataPackage.id == package_id)
        .where(trusted_archive_copies() < wanted_archive_copies())
    ).one_or_none()
    if row is None or row.subject_type not in (None, "physical_copy") or row.reason is None:
        return
    yield LifeStep(
        StepKind.WAIT,
        "Waits for its next step",
        row.since,
        "raw_data_package",
        str(package_id),
        reason=row.reason,
        detail=row.detail,
    )
