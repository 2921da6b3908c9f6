"""Acknowledging errors."""

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.models import ErrorRecord
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import require_owner


async def acknowledge(
    session: AsyncSession, request: Request, principal: Principal, error: ErrorRecord
) -> None:
    """Note that a person knows of an error; the first one stays named.

    Raises
    ------
    Problem
        409 if another site owns it.
    """
    require_owner(request, error.site_id, f"error {error.id}")
    if error.acknowledged_at is not None:
        return
    now = await database_now(session)
    error.acknowledged_at, error.acknowledged_by = now, principal.actor
    await session.flush()
    await tell(
        session,
        site_id=error.site_id,
        at=now,
        actor=principal.actor,
        action="error_record.acknowledged",
        subject_type="error_record",
        subject_id=error.id,
        message=f"{error.category} of {error.subject_type} {error.subject_id} acknowledged",
    )
