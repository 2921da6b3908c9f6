"""Telling what happened: the event in the transaction, and the planners' wake-up call with its commit."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.events import record_event

WORK_CHANNEL = "ccat_work"
"""Channel on which planners listen; the payload is the site with something to do."""


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


async def wake_planners(session: AsyncSession, sites: Iterable[str]) -> None:
    """Wake the planners of sites once the transaction is committed: PostgreSQL holds the call back."""
    names = sorted(set(sites))
    if names:
        await session.execute(select(*(func.pg_notify(WORK_CHANNEL, site) for site in names)))
