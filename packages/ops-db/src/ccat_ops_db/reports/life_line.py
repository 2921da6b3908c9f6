"""The life line of a package: what happened, what happens now, and what it waits for, in order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Operation, Status
from ccat_ops_db.models import Event, RawDataFile, RawDataPackage
from ccat_ops_db.reports.package_waiting import package_waiting
from ccat_ops_db.reports.work_rows import work_rows

MOST_STEPS = 200
"""A package that was staged a thousand times still has a readable life: its latest steps are told."""

TITLES: dict[Operation, str] = {
    Operation.PACKAGE_CREATION: "packaged at {source}",
    Operation.TRANSFER: "moved from {source} to {destination}",
    Operation.VERIFY: "verified at {source}",
    Operation.ARCHIVE_TRANSFER: "archived at {destination}",
    Operation.STAGING: "staged at {destination}",
    Operation.DELETION: "removed at {source}",
}
NOTABLE: dict[str, str] = {
    "copy.missing": "found missing",
    "copy.corrupt": "found corrupt",
    "package.repair_planned": "repair planned",
    "deletion.withdrawn": "removal withdrawn",
}
"""Events that no piece of work tells."""


class StepKind(StrEnum):
    """What a step of a life line is."""

    DONE = "done"
    NOW = "now"
    WAIT = "wait"
    FAILURE = "failure"


@dataclass(frozen=True)
class LifeStep:
    """A step of the life of a package.

    Attributes
    ----------
    kind : StepKind
        done; under way now; waits; or failed.
    title : str
        What happened or is to happen, with the locations.
    created_at : datetime
        When it was planned or happened.
    started_at, finished_at : datetime or None
        When the last attempt began, and when it ended.
    bytes_done, bytes_total : int or None
        Bytes of the step, where it moves or reads any.
    attempt : int or None
        Number of attempts so far.
    reason, detail : str or None
        Why it waits or failed; a code of `WaitingReason` and text.
    subject_type, subject_id : str
        What the step is about: a row of work, the package, or an event.
    """

    kind: StepKind
    title: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    bytes_done: int | None
    bytes_total: int | None
    attempt: int | None
    reason: str | None
    detail: str | None
    subject_type: str
    subject_id: str


def life_line(session: Session, package_id: UUID) -> list[LifeStep] | None:
    """Return the steps of the life of a package, the earliest first, in four statements.

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
    work = [_of_work(row) for row in _work(session, package_id)]
    notable = list(_notable(session, package_id))
    return sorted([filed, *work, *notable, *_waiting(session, package_id)], key=_place)


def _place(step: LifeStep) -> tuple[bool, datetime]:
    """Return where a step stands: what is not over comes after all that is."""
    return step.kind in (StepKind.WAIT, StepKind.NOW), step.started_at or step.created_at


def _filed(session: Session, package_id: UUID) -> LifeStep | None:
    row = session.execute(
        select(
            func.min(RawDataFile.filed_at),
            func.max(RawDataFile.filed_at),
            func.count(RawDataFile.id),
            func.sum(RawDataFile.size),
            RawDataPackage.source_location_id,
            RawDataPackage.created_at,
        )
        .select_from(RawDataPackage)
        .outerjoin(RawDataFile, RawDataFile.raw_data_package_id == RawDataPackage.id)
        .where(RawDataPackage.id == package_id)
        .group_by(RawDataPackage.id)
    ).one_or_none()
    if row is None:
        return None
    first, last, count, size, source, created_at = row
    title = f"{count} {'file' if count == 1 else 'files'} filed at {source}"
    size = int(size or 0)
    return LifeStep(
        StepKind.DONE,
        title,
        first or created_at,
        first,
        last,
        size,
        size,
        None,
        None,
        None,
        "raw_data_package",
        str(package_id),
    )


def _work(session: Session, package_id: UUID) -> Any:
    rows = work_rows(lambda _, column: column == package_id).subquery()
    return session.execute(select(rows).order_by(rows.c.created_at.desc(), rows.c.stage).limit(MOST_STEPS))


def _of_work(row: Any) -> LifeStep:
    title = TITLES[Operation(row.operation)].format(
        source=row.from_location or "a copy still to be chosen",
        destination=row.to_location or "a location still to be chosen",
    )
    reason, detail = row.waiting_reason, row.waiting_detail
    match Status(row.status):
        case Status.COMPLETED:
            kind, reason, detail = StepKind.DONE, None, None
        case Status.IN_PROGRESS:
            kind, reason, detail = StepKind.NOW, None, None
        case Status.FAILED:
            kind, reason, detail = StepKind.FAILURE, None, row.error_message
        case _:
            kind, detail = StepKind.WAIT, detail or row.error_message
    return LifeStep(
        kind,
        title,
        row.created_at,
        row.started_at,
        row.finished_at,
        row.bytes_done,
        row.bytes_total,
        row.attempt,
        reason,
        detail,
        row.subject_type,
        str(row.id),
    )


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
        yield LifeStep(kind, title, at, at, at, None, None, None, None, message, "event", str(event_id))


def _waiting(session: Session, package_id: UUID) -> Iterator[LifeStep]:
    """Tell why nothing is planned for a package that is not where it is to be."""
    waiting = package_waiting(RawDataPackage).lateral("waiting")
    row = session.execute(
        select(waiting.c.subject_type, waiting.c.reason, waiting.c.detail, waiting.c.since)
        .select_from(RawDataPackage)
        .join(waiting, RawDataPackage.id == package_id)
    ).one_or_none()
    if row is None or row.subject_type not in (None, "physical_copy") or row.reason is None:
        return
    yield LifeStep(
        StepKind.WAIT,
        "the next step",
        row.since,
        None,
        None,
        None,
        None,
        None,
        row.reason,
        row.detail,
        "raw_data_package",
        str(package_id),
    )
