"""Who asks, and whether they may: tokens, their scopes, and the right that each route declares."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.tokens import parse_token, secret_matches
from ccat_ops_db_api.access.queries import TokenRow, find_token
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import Problem

bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="ccat_<id>_<secret>",
    description="A token of this data centre. The list of an operation names the permission that it needs.",
    auto_error=False,
)


@dataclass(frozen=True)
class Principal:
    """Who asks, by which token, and what that may."""

    token_id: UUID
    token_name: str
    token_prefix: str
    user_name: str
    full_name: str | None
    site_id: str | None
    expires_at: datetime | None
    permissions: frozenset[str]

    @property
    def actor(self) -> str:
        """Return the name for the record: the user and the token."""
        return f"{self.user_name} ({self.token_name})"


async def authenticate(
    request: Request,
    session: Transaction,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Principal:
    """Return who asks.

    Raises
    ------
    Problem
        401 without a valid token, 429 when the token asks too often.
    """
    if credentials is None:
        raise _unauthenticated("give a token: Authorization: Bearer ccat_<id>_<secret>")
    try:
        token = parse_token(credentials.credentials)
    except ValueError as error:
        raise _unauthenticated(str(error)) from None
    row = await find_token(session, token.prefix)
    state = request.app.state
    if row is None or not secret_matches(token.secret, state.token_key, row.secret_hash):
        raise _unauthenticated("the token is not known here")
    now = state.clock.utc_now()
    _refuse_invalid(row, now, state.settings.site_id)
    state.rate_limit.take(row.id)
    state.last_use.note(row.id, now)
    return Principal(
        token_id=row.id,
        token_name=row.name,
        token_prefix=row.prefix,
        user_name=row.user_name,
        full_name=row.full_name,
        site_id=row.site_id,
        expires_at=row.expires_at,
        permissions=frozenset(row.permissions),
    )


def authorize(scopes: SecurityScopes, principal: Annotated[Principal, Depends(authenticate)]) -> Principal:
    """Return who asks, if they may.

    Raises
    ------
    Problem
        403 without the permission of the route.
    """
    for scope in scopes.scopes:
        if scope not in principal.permissions:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "forbidden",
                f"this needs the permission {scope}, which token {principal.token_name!r} of"
                f" {principal.user_name} does not have; both the token and its owner must have it",
            )
    return principal


def requires(permission: PermissionName) -> Any:
    """Return the dependency that a route declares: who asks must have the permission."""
    return Security(authorize, scopes=[permission.value])


def requires_token() -> Any:
    """Return the dependency of the route that every valid token may use."""
    return Security(authorize, scopes=[])


def _refuse_invalid(row: TokenRow, now: datetime, site_id: str) -> None:
    if row.disabled_at is not None:
        raise _unauthenticated("the account of the token's owner is closed")
    if row.revoked_at is not None and row.revoked_at <= now:
        raise _unauthenticated("the token was revoked")
    if row.expires_at is not None and row.expires_at <= now:
        raise _unauthenticated(f"the token expired at {row.expires_at.isoformat()}")
    if row.site_id is not None and row.site_id != site_id:
        raise _unauthenticated(f"the token is only valid at site {row.site_id}, this is {site_id}")


def _unauthenticated(detail: str) -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthenticated",
        detail,
        headers={"WWW-Authenticate": 'Bearer realm="ccat"'},
    )
