"""Placing and lifting holds."""

from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import HoldScope
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DeletionHold, DeletionHoldEnd
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.deletion_holds import queries
from ccat_ops_db_api.deletion_holds.schemas import FIELD_OF_SCOPE, PlaceHold
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import invalid
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import own_site
from ccat_ops_db_api.platform.statements import end


async def place(session: AsyncSession, request: Request, principal: Principal, body: PlaceHold) -> UUID:
    """Place a hold; return its id.

    Raises
    ------
    Problem
        422 for things that do not exist or a time that is past.
    """
    now = await database_now(session)
    if body.until is not None and body.until <= now:
        raise invalid("until", f"{body.until.isoformat()} is past")
    covered = None if body.scope is HoldScope.GLOBAL else getattr(body, FIELD_OF_SCOPE[body.scope])
    if covered is not None and not await queries.known(session, body.scope, covered):
        raise invalid(FIELD_OF_SCOPE[body.scope], f"there is no {body.scope} {covered}")
    hold = DeletionHold(
        id=new_id(),
        site_id=own_site(request),
        scope=body.scope,
        created_by=principal.actor,
        created_at=now,
        reason=body.reason,
        until=body.until,
        **{column.name: getattr(body, field) for field, column in queries.COLUMN_OF_FIELD.items()},
    )
    session.add(hold)
    await session.flush()
    await tell(
        session,
        site_id=own_site(request),
        at=now,
        actor=principal.actor,
        action="deletion_hold.placed",
        subject_type="deletion_hold",
        subject_id=hold.id,
        message=f"hold on {body.scope} {covered or ''}: {body.reason}",
    )
    return hold.id


async def lift(
    session: AsyncSession, request: Request, principal: Principal, hold_id: UUID, reason: str | None
) -> None:
    """Lift a hold, of whichever site: it ends here at once, elsewhere when this arrives. Twice is once."""
    site, now = own_site(request), await database_now(session)
    if await queries.is_lifted(session, hold_id):
        return
    if not await end(session, DeletionHoldEnd.deletion_hold_id, hold_id, principal.said(site, now, reason)):
        return
    await tell(
        session,
        site_id=site,
        at=now,
        actor=principal.actor,
        action="deletion_hold.lifted",
        subject_type="deletion_hold",
        subject_id=hold_id,
        message=f"hold lifted by {principal.actor}" + (f": {reason}" if reason else ""),
    )
