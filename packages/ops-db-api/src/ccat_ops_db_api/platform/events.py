"""Telling what happened, in the transaction in which it does."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.events import record_event


async def tell(
    session: AsyncSession,
    *,
    site_id: str,
    at: datetime,
    actor: str,
    action: str,
    subject_type: str,
    subject_id: object,
    message: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Append an event to the transaction."""
    await session.run_sync(
        lambda sync: record_event(
            sync,
            site_id=site_id,
            at=at,
            actor=actor,
            action=action,
            subject_type=subject_type,
            subject_id=subject_id,
            message=message,
            details=details,
        )
    )
