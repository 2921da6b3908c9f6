"""What an explanation is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ccat_ops_db.enumerations import Operation, Status
from ccat_ops_db.error_catalogue import error_entry, turn_of_given_up
from ccat_ops_db.reports.given_up import KEPT, remedy_of_given_up
from ccat_ops_db.reports.open_work import OpenWorkKind
from ccat_ops_db.waiting import Turn, WaitingReason, clause, remedy_at
from ccat_ops_db.waiting_catalogue import entry_of

DOINGS: dict[Operation, str] = {
    Operation.PACKAGE_CREATION: "make the package at {source}",
    Operation.TRANSFER: "move it from {source} to {destination}",
    Operation.VERIFY: "verify the copy at {source}",
    Operation.ARCHIVE_TRANSFER: "archive it at {destination}",
    Operation.STAGING: "stage it at {destination}",
    Operation.DELETION: "delete it at {source}",
}

KINDS_OF_WORK: dict[Operation, OpenWorkKind] = {
    Operation.PACKAGE_CREATION: OpenWorkKind.PACKAGE_CREATION,
    Operation.TRANSFER: OpenWorkKind.DATA_TRANSFER,
    Operation.VERIFY: OpenWorkKind.FIXITY_CHECK,
    Operation.ARCHIVE_TRANSFER: OpenWorkKind.ARCHIVE_TRANSFER,
    Operation.STAGING: OpenWorkKind.STAGING_ITEM,
    Operation.DELETION: OpenWorkKind.DELETION,
}


@dataclass(frozen=True)
class Step:
    """One step on the way of the data: what is to be done, how it stands, what to do, what happens next."""

    subject_type: str
    subject_id: str
    what: str
    status: str | None = None
    reason: str | None = None
    detail: str | None = None
    since: datetime | None = None
    remedy: str | None = None
    next: str | None = None
    next_at: datetime | None = None
    turn: Turn | None = None


@dataclass(frozen=True)
class Explanation:
    """Why something is as it is: one sentence, and the steps behind it in the order of the way."""

    subject_type: str
    subject_id: str
    state: str | None
    summary: str
    steps: list[Step]


def reason_step(
    subject_type: str,
    subject_id: object,
    what: str,
    reason: str | None,
    *,
    status: str | None = None,
    detail: str | None = None,
    since: datetime | None = None,
    next_at: datetime | None = None,
) -> Step:
    """Return a step with what the catalogue says of its reason; nothing for one that is not known here."""
    entry = entry_of(reason)
    return Step(
        subject_type,
        str(subject_id),
        what,
        status,
        str(reason) if reason is not None else None,
        detail or (clause(entry.meaning) if entry else None),
        since,
        remedy_at(entry.remedy, _location_of(subject_type, subject_id, detail)) if entry else None,
        entry.next if entry else None,
        next_at,
        entry.turn if entry else None,
    )


def _location_of(subject_type: str, subject_id: object, detail: str | None) -> str | None:
    """Return the location that a reason is about: the detail of the planner begins with it."""
    if subject_type == "data_location":
        return str(subject_id)
    name, colon, _ = (detail or "").partition(": ")
    return name if colon and "." in name and " " not in name else None


def waiting_step(subject_type: str, subject_id: object, what: str, row: Any) -> Step:
    """Return the step of a row with a waiting reason and no status of work."""
    return reason_step(
        subject_type,
        subject_id,
        what,
        row.waiting_reason,
        status=getattr(row, "status", None),
        detail=row.waiting_detail,
        since=row.waiting_since,
    )


def work_step(row: Any) -> Step:
    """Return the step of a row of `with_next_try`."""
    what = DOINGS[Operation(row.operation)].format(
        source=row.from_location or "a copy still to be chosen", destination=row.to_location or "?"
    )
    reason, detail, since = row.waiting_reason, row.waiting_detail, row.waiting_since
    match Status(row.status):
        case Status.COMPLETED:
            return Step(row.subject_type, str(row.id), what, row.status, since=row.finished_at)
        case Status.FAILED:
            reason, detail, since = WaitingReason.GIVEN_UP, row.error_message, row.finished_at
        case Status.CANCELLED:
            reason, detail, since = WaitingReason.CANCELLED, row.error_message, row.finished_at
        case Status.IN_PROGRESS:
            reason, since = WaitingReason.IN_PROGRESS, row.started_at
            detail = f"{row.bytes_done} of {row.bytes_total} bytes"
        case Status.SCHEDULED:
            reason, since = reason or WaitingReason.DISPATCHED, since or row.created_at
        case Status.PENDING:
            reason, since = reason or WaitingReason.NOT_PLANNED, since or row.created_at
    if row.error_message and detail != row.error_message:
        detail = "; ".join(
            part for part in (detail, f"the attempt before failed: {row.error_message}") if part
        )
    if row.status == Status.PENDING and row.held_by:
        detail = "; ".join(part for part in (detail, row.held_by) if part)
    step = reason_step(
        row.subject_type,
        row.id,
        what,
        reason,
        status=row.status,
        detail=detail,
        since=since,
        next_at=row.next_try if row.status == Status.PENDING else None,
    )
    of_creation = row.operation == Operation.PACKAGE_CREATION
    error = error_entry(row.error_category, of_creation=of_creation)
    if reason is WaitingReason.GIVEN_UP and error is not None:
        step = replace(
            step,
            remedy=remedy_of_given_up(row.error_category, of_creation=of_creation),
            next=f"{step.next} {KEPT[KINDS_OF_WORK[Operation(row.operation)]]}",
            turn=turn_of_given_up(row.error_category, of_creation=of_creation),
        )
    return step


def summary(subject: str, state: str | None, steps: Sequence[Step]) -> str:
    """Return the explanation in one sentence: the first step that is not done, and why."""
    opening = f"{subject} is {state}" if state else subject
    for step in steps:
        if step.status == Status.COMPLETED or (step.reason is None and step.status is None):
            continue
        entry = entry_of(step.reason)
        because = clause(entry.meaning) if entry is not None else step.reason
        detail = f" ({step.detail})" if step.detail and step.detail != because else ""
        return f"{opening}: to {step.what}: {because}{detail}"
    return f"{opening}: nothing waits"
