"""What an explanation is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from ccat_ops_db.enumerations import Operation, Status
from ccat_ops_db.waiting import EXPLANATIONS, WaitingReason

DONE = "nothing: it is done"
NOT_PLANNED = "nothing; if it stays so, see that a planner runs at the site (ccat-transfer doctor)"

DOINGS: dict[Operation, str] = {
    Operation.PACKAGE_CREATION: "make the package at {source}",
    Operation.TRANSFER: "move it from {source} to {destination}",
    Operation.VERIFY: "verify the copy at {source}",
    Operation.ARCHIVE_TRANSFER: "archive it at {destination}",
    Operation.STAGING: "stage it at {destination}",
    Operation.DELETION: "delete it at {source}",
}


@dataclass(frozen=True)
class Step:
    """One step on the way of the data: what is to be done, how it stands, and what helps."""

    subject_type: str
    subject_id: str
    what: str
    status: str | None = None
    reason: str | None = None
    detail: str | None = None
    since: datetime | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class Explanation:
    """Why something is as it is: one sentence, and the steps behind it in the order of the way."""

    subject_type: str
    subject_id: str
    state: str | None
    summary: str
    steps: list[Step]


class Meaning(NamedTuple):
    """What a reason means and what helps."""

    text: str | None
    remedy: str | None


def meaning(reason: str | None) -> Meaning:
    """Return what a planner's reason means and what helps; nothing for one that is not known here."""
    try:
        return Meaning(*EXPLANATIONS[WaitingReason(reason)]) if reason is not None else Meaning(None, None)
    except ValueError:
        return Meaning(None, None)


def waiting_step(subject_type: str, subject_id: object, what: str, row: Any) -> Step:
    """Return the step of a row with a waiting reason and no status of work."""
    text, remedy = meaning(row.waiting_reason)
    return Step(
        subject_type,
        str(subject_id),
        what,
        getattr(row, "status", None),
        row.waiting_reason,
        row.waiting_detail or text,
        row.waiting_since,
        remedy,
    )


def work_step(row: Any) -> Step:
    """Return the step of a row of `work_rows`."""
    what = DOINGS[Operation(row.operation)].format(
        source=row.from_location or "a copy still to be chosen", destination=row.to_location or "?"
    )
    reason, detail, since = row.waiting_reason, row.waiting_detail, row.waiting_since
    match Status(row.status):
        case Status.COMPLETED:
            return Step(row.subject_type, str(row.id), what, row.status, since=row.finished_at)
        case Status.FAILED:
            reason, detail, since = WaitingReason.GIVEN_UP, row.error_message, row.finished_at
        case Status.IN_PROGRESS:
            reason, since = WaitingReason.IN_PROGRESS, row.started_at
            detail = f"{row.bytes_done} of {row.bytes_total} bytes"
        case Status.SCHEDULED:
            reason, since = reason or WaitingReason.DISPATCHED, since or row.created_at
        case Status.PENDING:
            since = since or row.created_at
    if row.error_message and detail != row.error_message:
        detail = "; ".join(
            part for part in (detail, f"the attempt before failed: {row.error_message}") if part
        )
    text, remedy = meaning(reason)
    return Step(
        row.subject_type,
        str(row.id),
        what,
        row.status,
        str(reason) if reason is not None else None,
        detail or text,
        since,
        remedy if reason is not None else NOT_PLANNED,
    )


def summary(subject: str, state: str | None, steps: Sequence[Step]) -> str:
    """Return the explanation in one sentence: the first step that is not done, and why."""
    opening = f"{subject} is {state}" if state else subject
    for step in steps:
        if step.status == Status.COMPLETED or (step.reason is None and step.status is None):
            continue
        text = meaning(step.reason).text
        if step.reason is None:
            return f"{opening}: to {step.what}, but no planner has said anything of it yet"
        because = text or step.reason
        detail = f" ({step.detail})" if step.detail and step.detail != text else ""
        return f"{opening}: to {step.what}: {because}{detail}"
    return f"{opening}: nothing waits"
