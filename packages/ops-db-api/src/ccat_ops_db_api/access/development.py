"""Accounts of the sign-in that takes any role: in development only."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Role, User, UserRole
from ccat_ops_db_api.access.queries import RoleRow
from ccat_ops_db_api.platform.errors import Problem, conflict, invalid

PROVIDER = "development"
"""What vouches for these accounts; nobody else's account is taken for one."""


async def development_roles(session: AsyncSession) -> list[RoleRow]:
    """Return the roles that can be taken."""
    rows = await session.execute(
        select(Role.id, Role.description).where(Role.retired_at.is_(None)).order_by(Role.id)
    )
    return [RoleRow(*row) for row in rows]


async def development_user(session: AsyncSession, role: str, now: datetime) -> UUID:
    """Return the account ``development-<role>``, made or found, which has the role.

    Raises
    ------
    Problem
        422 if there is no such role, 409 if somebody else has that account's name, 403 if it is closed.
    """
    known = await session.scalar(select(Role.id).where(Role.id == role, Role.retired_at.is_(None)))
    if known is None:
        raise invalid("role", f"there is no role {role!r}; GET /auth/providers lists them")
    name = f"{PROVIDER}-{role}"
    # Two requests at once: the second waits here and then finds the account of the first.
    await session.execute(
        insert(User)
        .values(
            id=new_id(),
            name=name,
            full_name=f"{role.capitalize()} (development)",
            provider=PROVIDER,
            external_id=role,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    found = (
        await session.execute(
            select(User.id, User.disabled_at).where(User.provider == PROVIDER, User.external_id == role)
        )
    ).one_or_none()
    if found is None:
        raise conflict(f"there is an account {name!r} that this sign-in did not make; choose another role")
    if found.disabled_at is not None:
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden", f"the account {name!r} is closed")
    await session.execute(insert(UserRole).values(user_id=found.id, role_id=role).on_conflict_do_nothing())
    user_id: UUID = found.id
    return user_id
