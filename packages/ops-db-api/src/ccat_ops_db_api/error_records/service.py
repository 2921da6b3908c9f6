"""Acknowledging errors."""

from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.models import ErrorAcknowledgement
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.error_records import queries
from ccat_ops_db_api.platform.database import database_now, take_turns
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import own_site


async def acknowledge(session: AsyncSession, request: Request, principal: Principal, error_id: UUID) -> None:
    """Note that a person knows of an error, of whichever site; the first one stays named."""
    await take_turns(session, f"error_record {error_id}")
    error = await queries.to_acknowledge(session, error_id)
    if error is None:
        return
    site, now = own_site(request), await database_now(session)
    session.add(ErrorAcknowledgement(error_record_id=error_id, **principal.said(site, now, None)))
    await session.flush()
    await tell(
        session,
        site_id=site,
        at=now,
        actor=principal.actor,
        action="error_record.acknowledged",
        subject_type="error_record",
        subject_id=error_id,
        message=f"{error.category} of {error.subject_type} {error.subject_id} acknowledged",
    )
