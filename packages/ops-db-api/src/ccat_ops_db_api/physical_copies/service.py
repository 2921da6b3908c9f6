"""Asking for copies to be verified."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import CheckReason, CopyForm, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import PhysicalCopy
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.physical_copies import queries
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import busy, conflict
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import require_own_row

LEAVING = {
    PhysicalCopyStatus.DELETION_SCHEDULED,
    PhysicalCopyStatus.DELETION_IN_PROGRESS,
    PhysicalCopyStatus.DELETED,
}


async def verify(
    session: AsyncSession, request: Request, principal: Principal, copy_id: UUID
) -> tuple[UUID, bool]:
    """Ask for a full reading of a copy; return the check's id and whether it is new.

    Raises
    ------
    Problem
        404 if there is no such copy, 409 if it is deleted or about to be.
    """
    await require_own_row(session, request, PhysicalCopy, copy_id, "physical copy")
    copy = await queries.locked(session, copy_id)
    if copy.status in LEAVING:
        raise conflict(f"physical copy {copy_id} is {copy.status}; there is nothing to verify")
    if copy.form is CopyForm.FILES:
        raise conflict(f"physical copy {copy_id} is no tar: files are read when they are packaged")
    now = await database_now(session)
    check_id = await queries.open_check(session, _check(copy, now))
    if check_id is None:
        open_check = await queries.check_of(session, copy_id)
        if open_check is None:
            raise busy(f"a check of physical copy {copy_id} ended this moment")
        return open_check, False
    await tell(
        session,
        site_id=copy.site_id,
        at=now,
        actor=principal.actor,
        action="fixity_check.requested",
        subject_type="physical_copy",
        subject_id=copy_id,
        message=f"verification at {copy.data_location_id} asked for by {principal.actor}",
    )
    return check_id, True


def _check(copy: Any, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "site_id": copy.site_id,
        "physical_copy_id": copy.id,
        "data_location_id": copy.data_location_id,
        "reason": CheckReason.REQUEST,
        "status": Status.PENDING,
        "created_at": now,
        "bytes_total": copy.size,
    }
