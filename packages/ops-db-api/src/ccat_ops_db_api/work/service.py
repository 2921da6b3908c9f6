"""Retrying and cancelling work."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import ENDED_WITHOUT, Status
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import Deletion, FixityCheck, StagingItem
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.physical_copies.queries import lock_copy
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import conflict
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.work import queries
from ccat_ops_db_api.work.kinds import Kind

Change = Callable[[AsyncSession, Principal, Kind, Any, str | None], Awaitable[None]]
"""Changes a row of work of this site that the transaction holds, for a reason."""

CANCELLED = "cancelled"


async def retry(
    session: AsyncSession, principal: Principal, kind: Kind, row: Any, reason: str | None
) -> None:
    """Give work that failed, was cancelled or waits for its next attempt another chance, at once.

    It starts as if it had never been tried; its error stays in the record.

    Raises
    ------
    Problem
        409 if it is none of these, if other work does the same by now, or if the copy that it reads is gone.
    """
    if row.status not in ENDED_WITHOUT and not _waits_for_its_time(row):
        raise conflict(
            f"{kind.noun} {row.id} is {row.status}; only work that failed, was cancelled or waits for its"
            " next attempt can be retried",
            "not-failed",
        )
    row_id, now = row.id, await database_now(session)
    await _take_source(session, kind, row, now)
    details = {
        "error_class": row.error_class,
        "error_category": row.error_category,
        "error_message": row.error_message,
        "attempt": row.attempt,
        "reason": reason,
    }
    try:
        async with session.begin_nested():
            row.status = Status.PENDING
            row.attempt = row.interruptions = row.bytes_done = row.dispatches = 0
            row.next_attempt_at = row.dispatched_at = row.finished_at = row.progressed_at = None
            row.error_class = row.error_category = row.error_message = None
            row.waiting_reason = row.waiting_detail = row.waiting_since = None
    except IntegrityError as error:
        # It was cancelled, so a person could have the same opened again.
        raise conflict(f"other work does by now what {kind.noun} {row_id} did", "done-by-other") from error
    await _tell(session, principal, kind, row, "retried", now, details)


def _waits_for_its_time(row: Any) -> bool:
    return row.status is Status.PENDING and row.next_attempt_at is not None


async def cancel(
    session: AsyncSession, principal: Principal, kind: Kind, row: Any, reason: str | None
) -> None:
    """Stop work for good unless a person retries it; cancelled twice is cancelled.

    A worker that is at it is refused by the next fencing number.

    Raises
    ------
    Problem
        409 if it is completed, or a deletion that has begun.
    """
    if row.status is Status.CANCELLED:
        return
    if row.status is Status.COMPLETED:
        raise conflict(f"{kind.noun} {row.id} is {row.status} already")
    if isinstance(row, Deletion) and (
        row.status is Status.IN_PROGRESS or await queries.has_begun(session, row)
    ):
        raise conflict(f"deletion {row.id} has begun: bytes may be gone in part, so it has to be completed")
    now = await database_now(session)
    was = row.status
    row.status = Status.CANCELLED
    row.fencing += 1
    row.lease_owner = row.lease_expires_at = row.next_attempt_at = row.dispatched_at = None
    row.finished_at = now
    row.error_class = None
    row.error_category = CANCELLED
    row.error_message = f"cancelled by {principal.actor}" + (f": {reason}" if reason else "")
    row.waiting_reason = row.waiting_detail = row.waiting_since = None
    await queries.unlock_copies(session, row.id, now)
    if isinstance(row, StagingItem):
        row.source_copy_id = None
    if isinstance(row, Deletion):
        await queries.give_back(session, row)
    await session.flush()
    await _tell(session, principal, kind, row, "cancelled", now, {"status": was, "reason": reason})


async def _take_source(session: AsyncSession, kind: Kind, row: Any, now: datetime) -> None:
    """Lock the copy that the work reads again: a cancelled one gave it free, and it may be gone since."""
    copy_id = row.physical_copy_id if kind.model is FixityCheck else getattr(row, "source_copy_id", None)
    if copy_id is None:
        return
    if await queries.site_of_copy(session, copy_id) != row.site_id:
        # Only its own site locks it. Unless it is reserved for the work still, the planner chooses anew.
        if not await queries.reserved(session, copy_id, row.id):
            row.source_copy_id = None
        return
    status = await queries.copy_status(session, copy_id)
    if kind.model is not FixityCheck and status not in READABLE:
        raise conflict(
            f"{kind.noun} {row.id} reads copy {copy_id}, which is {status}; the planner will choose"
            " another copy by itself, or tell in /why what is missing"
        )
    await lock_copy(session, copy_id, kind.table, row.id, now)


async def _tell(
    session: AsyncSession,
    principal: Principal,
    kind: Kind,
    row: Any,
    what: str,
    now: datetime,
    details: dict[str, Any],
) -> None:
    await tell(
        session,
        site_id=row.site_id,
        at=now,
        actor=principal.actor,
        action=f"{kind.table}.{what}",
        subject_type=kind.table,
        subject_id=row.id,
        message=f"{kind.noun} {row.id} {what} by {principal.actor}",
        details={name: value for name, value in details.items() if value is not None},
    )
