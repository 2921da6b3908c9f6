"""SQL of access: the token with what it may, in one statement; its last use, many in one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import String, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.models import ApiToken, ApiTokenScope, Permission, Role, RolePermission, User, UserRole


class TokenRow(NamedTuple):
    """A token, its owner, and the permissions that both have."""

    id: UUID
    name: str
    prefix: str
    secret_hash: str
    site_id: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    user_name: str
    full_name: str | None
    disabled_at: datetime | None
    permissions: list[str]


async def find_token(session: AsyncSession, prefix: str) -> TokenRow | None:
    """Return the token with this prefix, with its scopes as far as its owner has them too."""
    row = (await session.execute(_TOKEN, {"token_prefix": prefix})).one_or_none()
    return TokenRow(*row) if row is not None else None


async def write_last_uses(session: AsyncSession, uses: Mapping[UUID, datetime]) -> None:
    """Write when tokens were last used; never an earlier time over a later one."""
    for token_id, used_at in uses.items():
        await session.execute(
            update(ApiToken)
            .where(
                ApiToken.id == token_id,
                (ApiToken.last_used_at.is_(None)) | (ApiToken.last_used_at < used_at),
            )
            .values(last_used_at=used_at)
        )


def _statement() -> Any:
    owners = exists(
        select(UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .join(RolePermission, RolePermission.role_id == Role.id)
        .join(Permission, Permission.id == RolePermission.permission_id)
        .where(
            UserRole.user_id == ApiToken.user_id,
            RolePermission.permission_id == ApiTokenScope.permission_id,
            Role.retired_at.is_(None),
            Permission.retired_at.is_(None),
        )
        .correlate(ApiToken, ApiTokenScope)
    )
    scopes = (
        select(func.array_agg(ApiTokenScope.permission_id))
        .where(ApiTokenScope.api_token_id == ApiToken.id, owners)
        .correlate(ApiToken)
        .scalar_subquery()
    )
    nothing = array([], type_=String)
    return (
        select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.prefix,
            ApiToken.secret_hash,
            ApiToken.site_id,
            ApiToken.expires_at,
            ApiToken.revoked_at,
            User.name,
            User.full_name,
            User.disabled_at,
            func.coalesce(scopes, nothing, type_=ARRAY(String)),
        )
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.prefix == bindparam("token_prefix", type_=String))
    )


_TOKEN = _statement()
