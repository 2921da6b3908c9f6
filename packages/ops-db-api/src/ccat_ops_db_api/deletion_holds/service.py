"""Placing and lifting holds."""

from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import HoldScope
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DeletionHold
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.deletion_holds import queries
from ccat_ops_db_api.deletion_holds.schemas import FIELD_OF_SCOPE, PlaceHold
from ccat_ops_db_api.platform.database import database_now
from ccat_ops_db_api.platform.errors import conflict, invalid
from ccat_ops_db_api.platform.events import tell
from ccat_ops_db_api.platform.site import own_site, require_owner


async def place(
    session: AsyncSession, request: Request, principal: Principal, body: PlaceHold
) -> tuple[UUID, bool]:
    """Place a hold; return its id and whether it is new.

    Raises
    ------
    Problem
        422 for things that do not exist or a time that is past, 409 for an id of another hold.
    """
    now = await database_now(session)
    if body.until is not None and body.until <= now:
        raise invalid("until", f"{body.until.isoformat()} is past")
    covered = None if body.scope is HoldScope.GLOBAL else getattr(body, FIELD_OF_SCOPE[body.scope])
    if covered is not None and not await queries.known(session, body.scope, covered):
        raise invalid(FIELD_OF_SCOPE[body.scope], f"there is no {body.scope} {covered}")
    hold_id = body.id or new_id()
    values = {
        "id": hold_id,
        "site_id": own_site(request),
        "scope": body.scope,
        "created_by": principal.actor,
        "created_at": now,
        "reason": body.reason,
        "until": body.until,
        **{column.name: getattr(body, field) for field, column in queries.COLUMN_OF_FIELD.items()},
    }
    if not await queries.insert_hold(session, values):
        await _require_same(session, hold_id, values)
        return hold_id, False
    await tell(
        session,
        site_id=own_site(request),
        at=now,
        actor=principal.actor,
        action="deletion_hold.placed",
        subject_type="deletion_hold",
        subject_id=hold_id,
        message=f"hold on {body.scope} {covered or ''}: {body.reason}",
    )
    return hold_id, True


async def lift(
    session: AsyncSession, request: Request, principal: Principal, hold: DeletionHold, reason: str | None
) -> None:
    """Lift a hold; lifted twice is lifted.

    Raises
    ------
    Problem
        409 if another site owns it.
    """
    require_owner(request, hold.site_id, f"deletion hold {hold.id}")
    if hold.lifted_at is not None:
        return
    now = await database_now(session)
    hold.lifted_at, hold.lifted_by = now, principal.actor
    await session.flush()
    await tell(
        session,
        site_id=hold.site_id,
        at=now,
        actor=principal.actor,
        action="deletion_hold.lifted",
        subject_type="deletion_hold",
        subject_id=hold.id,
        message=f"hold lifted by {principal.actor}" + (f": {reason}" if reason else ""),
    )


async def _require_same(session: AsyncSession, hold_id: UUID, values: dict[str, object]) -> None:
    hold = await queries.locked(session, hold_id)
    facts = ("scope", "reason", "until", *(column.name for column in queries.COLUMN_OF_FIELD.values()))
    if hold is None or any(getattr(hold, fact) != values[fact] for fact in facts):
        raise conflict(f"deletion hold {hold_id} was placed with other facts; make a new id")
