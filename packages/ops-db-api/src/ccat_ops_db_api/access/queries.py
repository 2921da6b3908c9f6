"""SQL of access: who asks and what they may, in one statement; last uses, many in one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.database_time import ops_now
from ccat_ops_db.enumerations import SignInWay
from ccat_ops_db.models import (
    ApiToken,
    ApiTokenScope,
    Permission,
    Role,
    RolePermission,
    Site,
    TokenUse,
    User,
    UserRole,
    UserSession,
)

TOKEN_USE_PERIOD = timedelta(minutes=15)
"""A use is written if the last one that was written is older: each one is sent to all sites."""


class TokenRow(NamedTuple):
    """A token, its owner, and the permissions that both have."""

    id: UUID
    name: str
    prefix: str
    secret_hash: str
    valid_at: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    user_id: UUID
    user_name: str
    full_name: str | None
    disabled_at: datetime | None
    permissions: list[str]
    now: datetime
    """The database's time, by which it is decided whether the token is valid."""


class SessionRow(NamedTuple):
    """A session, who is signed in, the token that it was made from, and what it may."""

    id: UUID
    way: SignInWay
    expires_at: datetime
    last_used_at: datetime
    token_name: str | None
    token_valid_at: str | None
    token_expires_at: datetime | None
    token_revoked_at: datetime | None
    user_id: UUID
    user_name: str
    full_name: str | None
    disabled_at: datetime | None
    permissions: list[str]
    now: datetime


class RoleRow(NamedTuple):
    """A role and who has it."""

    id: str
    description: str | None


async def find_tokens(session: AsyncSession, prefix: str) -> list[TokenRow]:
    """Return the tokens with this prefix, with their scopes as far as their owners have them too.

    A prefix is random; only a site that means harm makes one that another has.
    """
    return [TokenRow(*row) for row in await session.execute(_TOKEN, {"token_prefix": prefix})]


async def find_session(session: AsyncSession, secret_hash: str) -> SessionRow | None:
    """Return the session with this hash: its user's permissions, or those of the token it was made from."""
    row = (await session.execute(_SESSION, {"session_hash": secret_hash})).one_or_none()
    return SessionRow(*row) if row is not None else None


async def roles_and_site(
    session: AsyncSession, user_id: UUID, site_id: str
) -> tuple[list[RoleRow], str | None]:
    """Return the roles of a user and the name of a site."""
    site_name = select(Site.name).where(Site.id == site_id).scalar_subquery()
    rows = await session.execute(
        select(site_name, Role.id, Role.description)
        .select_from(User)
        .outerjoin(UserRole, UserRole.user_id == User.id)
        .outerjoin(Role, (Role.id == UserRole.role_id) & Role.retired_at.is_(None))
        .where(User.id == user_id)
        .order_by(Role.id)
    )
    found = rows.all()
    roles = [RoleRow(role, description) for _, role, description in found if role is not None]
    return roles, found[0][0] if found else None


async def roles_that_give(session: AsyncSession, permission: str) -> list[str]:
    """Return the roles in use that give a permission."""
    return list(
        await session.scalars(
            select(Role.id)
            .join(RolePermission, RolePermission.role_id == Role.id)
            .where(RolePermission.permission_id == permission, Role.retired_at.is_(None))
            .order_by(Role.id)
        )
    )


async def write_token_uses(session: AsyncSession, site_id: str, uses: Mapping[UUID, datetime]) -> None:
    """Write when tokens were last used at this site, each at most every quarter of an hour.

    In the order of their keys, so that processes which write at once wait for each other and not in a circle.
    """
    for token_id, used_at in sorted(uses.items()):
        use = upsert(TokenUse).values(api_token_id=token_id, site_id=site_id, used_at=used_at)
        await session.execute(
            use.on_conflict_do_update(
                index_elements=["api_token_id", "site_id"],
                set_={"used_at": used_at},
                where=TokenUse.used_at <= used_at - TOKEN_USE_PERIOD,
            )
        )


async def write_session_uses(session: AsyncSession, uses: Mapping[UUID, datetime]) -> None:
    """Write when sessions were last used; never an earlier time over a later one."""
    for session_id, used_at in sorted(uses.items()):
        await session.execute(
            update(UserSession)
            .where(UserSession.id == session_id, UserSession.last_used_at < used_at)
            .values(last_used_at=used_at)
        )


_OWNERS = (
    select(RolePermission.permission_id)
    .join(Role, Role.id == RolePermission.role_id)
    .join(UserRole, UserRole.role_id == Role.id)
    .join(Permission, Permission.id == RolePermission.permission_id)
    .where(UserRole.user_id == User.id, Role.retired_at.is_(None), Permission.retired_at.is_(None))
    .correlate(User)
)
"""Permissions of a user's roles."""


def _as_array(permissions: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(permissions, array([], type_=String), type_=ARRAY(String))


def _scopes() -> ColumnElement[Any]:
    """Scopes of a token that its owner's roles still give."""
    return (
        select(func.array_agg(ApiTokenScope.permission_id))
        .where(ApiTokenScope.api_token_id == ApiToken.id, ApiTokenScope.permission_id.in_(_OWNERS))
        .correlate(ApiToken, User)
        .scalar_subquery()
    )


def _valid_at() -> ColumnElement[Any]:
    """The only site at which a token is valid: the one it is bound to, or where it was made, unless at main.

    So a site other than the main one cannot give rights at others.
    """
    made_at_main = select(Site.main).where(Site.id == ApiToken.site_id).correlate(ApiToken).scalar_subquery()
    return case((made_at_main, ApiToken.bound_site_id), else_=ApiToken.site_id)


def _rights_of_roles() -> ColumnElement[Any]:
    owners = _OWNERS.distinct().subquery()
    return select(func.array_agg(owners.c.permission_id)).scalar_subquery()


_TOKEN: Select[*tuple[Any, ...]] = (
    select(
        ApiToken.id,
        ApiToken.name,
        ApiToken.prefix,
        ApiToken.secret_hash,
        _valid_at(),
        ApiToken.expires_at,
        ApiToken.revoked_at,
        User.id,
        User.name,
        User.full_name,
        User.disabled_at,
        _as_array(_scopes()),
        ops_now(),
    )
    .join(User, User.id == ApiToken.user_id)
    .where(ApiToken.prefix == bindparam("token_prefix", type_=String))
)
_SESSION: Select[*tuple[Any, ...]] = (
    select(
        UserSession.id,
        UserSession.way,
        UserSession.expires_at,
        UserSession.last_used_at,
        ApiToken.name,
        _valid_at(),
        ApiToken.expires_at,
        ApiToken.revoked_at,
        User.id,
        User.name,
        User.full_name,
        User.disabled_at,
        _as_array(
            case(
                (UserSession.api_token_id.is_(None), _rights_of_roles()),
                else_=_scopes(),
            )
        ),
        ops_now(),
    )
    .join(User, User.id == UserSession.user_id)
    .outerjoin(ApiToken, ApiToken.id == UserSession.api_token_id)
    .where(UserSession.secret_hash == bindparam("session_hash", type_=String))
)
