"""Taking places out of service, and back."""

from datetime import datetime
from typing import Any

from fastapi import Request
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.places import queries
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import not_found
from ccat_ops_db_api.platform.etags import etag_of, require_match
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.references import ReferenceKind, reference
from ccat_ops_db_api.platform.site import own_site


async def suspend(
    session: AsyncSession, request: Request, principal: Principal, kind: ReferenceKind, name: str, reason: str
) -> None:
    """Take a place out of service; work that is under way there goes on. Suspended twice is suspended.

    Raises
    ------
    Problem
        404 if there is none, 412 if it is not what the client saw.
    """
    row = await _held(session, request, kind, name)
    if row.suspended_at is not None:
        return
    now = await database_now(session)
    change = {"suspended_at": now, "suspended_by": principal.actor, "suspended_reason": reason}
    await _change(session, request, principal, kind, name, change, "suspended", reason, now)


async def resume(
    session: AsyncSession, request: Request, principal: Principal, kind: ReferenceKind, name: str
) -> None:
    """Take a place back into service. What is in service stays so.

    Raises
    ------
    Problem
        404 if there is none, 412 if it is not what the client saw.
    """
    row = await _held(session, request, kind, name)
    if row.suspended_at is None:
        return
    change = dict.fromkeys(queries.SUSPENSION)
    now = await database_now(session)
    await _change(session, request, principal, kind, name, change, "resumed", row.suspended_reason, now)


async def _held(session: AsyncSession, request: Request, kind: ReferenceKind, name: str) -> Any:
    row = await queries.locked(session, kind.table, name)
    if row is None:
        raise not_found(kind.noun.replace("_", " "), repr(name))
    require_match(request, etag_of(await reference(session, kind, name), kind.volatile))
    return row


async def _change(
    session: AsyncSession,
    request: Request,
    principal: Principal,
    kind: ReferenceKind,
    name: str,
    change: dict[str, Any],
    what: str,
    reason: str | None,
    now: datetime,
) -> None:
    await session.execute(update(kind.table).where(kind.table.c.id == name).values(**change))
    await tell(
        session,
        site_id=own_site(request),
        at=now,
        actor=principal.actor,
        action=f"{kind.table.name}.{what}",
        subject_type=kind.table.name,
        subject_id=name,
        message=f"{name} {what} by {principal.actor}" + (f": {reason}" if reason else ""),
    )
