"""Taking places out of service, and back."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.models import Suspension, SuspensionEnd
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.places import queries
from ccat_ops_db_api.places.schemas import Suspend
from ccat_ops_db_api.platform.database import database_now, take_turns
from ccat_ops_db_api.platform.errors import invalid
from ccat_ops_db_api.platform.etags import etag_of, require_match
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.references import ReferenceKind, reference
from ccat_ops_db_api.platform.site import own_site
from ccat_ops_db_api.platform.statements import end


async def suspend(
    session: AsyncSession,
    request: Request,
    principal: Principal,
    kind: ReferenceKind,
    name: str,
    body: Suspend,
) -> None:
    """Take a place out of service; work that is under way there goes on. Suspended twice is suspended.

    Nobody else's row is written: this site says so, and every site acts on it.

    Raises
    ------
    Problem
        404 if there is none, 412 if it is not what the client saw, 422 for a time that is past.
    """
    require_match(request, etag_of(await reference(session, kind, name), kind.volatile))
    now = await database_now(session)
    if body.until is not None and body.until <= now:
        raise invalid("until", f"{body.until.isoformat()} is past")
    await take_turns(session, f"{kind.table.name} {name}")
    if await queries.suspensions(session, kind.table, name):
        return
    said = principal.said(own_site(request), now, body.reason)
    session.add(Suspension(**{queries.SUBJECTS[kind.table]: name}, until=body.until, **said))
    await session.flush()
    await _tell(session, kind, name, "suspended", said)


async def resume(
    session: AsyncSession, request: Request, principal: Principal, kind: ReferenceKind, name: str
) -> None:
    """Take a place back into service. What is in service stays so, but is tried at once if it is paused.

    Raises
    ------
    Problem
        404 if there is none, 412 if it is not what the client saw.
    """
    require_match(request, etag_of(await reference(session, kind, name), kind.volatile))
    in_force = await queries.suspensions(session, kind.table, name)
    said = principal.said(own_site(request), await database_now(session), None)
    if await queries.try_at_once(session, kind.table, name, said["created_at"]):
        await _tell(session, kind, name, "tried", said)
    ended = [await end(session, SuspensionEnd.suspension_id, suspension, said) for suspension, _ in in_force]
    if any(ended):
        await _tell(session, kind, name, "resumed", {**said, "reason": in_force[0][1]})


async def _tell(
    session: AsyncSession, kind: ReferenceKind, name: str, what: str, said: Mapping[str, Any]
) -> None:
    await tell(
        session,
        site_id=said["site_id"],
        at=said["created_at"],
        actor=said["caller"],
        action=f"{kind.table.name}.{what}",
        subject_type=kind.table.name,
        subject_id=name,
        message=f"{name} {what} by {said['caller']}" + (f": {said['reason']}" if said["reason"] else ""),
    )
