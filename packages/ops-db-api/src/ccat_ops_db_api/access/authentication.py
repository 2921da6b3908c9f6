"""Who asks, and whether they may: tokens, sessions, and the right that each route declares."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import SignInWay
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.tokens import parse_token, secret_matches
from ccat_ops_db_api.access.cookies import (
    CSRF_HEADER,
    cookie_name,
    cookie_scheme,
    csrf_token,
    csrf_token_matches,
    hash_of_cookie,
)
from ccat_ops_db_api.access.origins import csrf_problem, refuse_other_pages
from ccat_ops_db_api.access.principal import Credential, CredentialKind, Principal
from ccat_ops_db_api.access.queries import (
    SessionRow,
    TokenRow,
    find_session,
    find_tokens,
    roles_that_give,
)
from ccat_ops_db_api.access.sessions import IDLE_END, LAST_USE_PERIOD
from ccat_ops_db_api.platform.database import Transaction
from ccat_ops_db_api.platform.errors import Problem
from ccat_ops_db_api.platform.routes import SAFE_METHODS

bearer = HTTPBearer(
    scheme_name="token",
    bearerFormat="ccat_<id>_<secret>",
    description="A token of this data centre. The list of an operation names the permission that it needs.",
    auto_error=False,
)


async def authenticate(
    request: Request,
    session: Transaction,
    _bearer: Annotated[object, Depends(bearer)],
    _cookie: Annotated[object, Depends(cookie_scheme)],
) -> Principal:
    """Return who asks: by ``Authorization`` if it is there, by the cookie otherwise.

    Raises
    ------
    Problem
        401 without a valid credential, 403 if a page of another origin had an unsafe request sent with the
        cookie, 429 when somebody asks too often.
    """
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthenticated(_GIVE_A_TOKEN)
        return _of_token(await valid_token(request, session, text.strip()))
    cookie = request.cookies.get(cookie_name(development=request.app.state.development))
    if cookie is None:
        raise unauthenticated(f"{_GIVE_A_TOKEN}, or sign in")
    return await _by_cookie(request, session, cookie)


async def authorize(
    scopes: SecurityScopes, principal: Annotated[Principal, Depends(authenticate)], session: Transaction
) -> Principal:
    """Return who asks, if they may.

    Raises
    ------
    Problem
        403 without the permission of the route.
    """
    for scope in scopes.scopes:
        if scope not in principal.permissions:
            raise await _forbidden(session, principal, scope)
    return principal


def requires(permission: PermissionName) -> Any:
    """Return the dependency that a route declares: who asks must have the permission."""
    return Security(authorize, scopes=[permission.value])


def requires_credential() -> Any:
    """Return the dependency of the route that every valid token or session may use."""
    return Security(authorize, scopes=[])


async def valid_token(request: Request, session: AsyncSession, text: str) -> TokenRow:
    """Return the token with this text.

    A text that this service never made is refused without a look at the database. One that it made is always
    looked up, so that strangers at the same address lock nobody out.

    Raises
    ------
    Problem
        401 if it is not valid, 429 if it asks too often or its address has given too many wrong texts.
    """
    state = request.app.state
    try:
        token = parse_token(text, state.token_key)
    except ValueError as error:
        _count_failure(request)
        raise unauthenticated(str(error)) from None
    state.rate_limit.take(token.prefix)
    found = await find_tokens(session, token.prefix)
    row = next((it for it in found if secret_matches(token.secret, state.token_key, it.secret_hash)), None)
    if row is None:
        raise unauthenticated("the token is not known here")
    if row.disabled_at is not None:
        raise unauthenticated("the account of the token's owner is closed")
    ended = _end_of_token(row.revoked_at, row.expires_at, row.valid_at, row.now, state.settings.site_id)
    if ended is not None:
        raise unauthenticated(ended)
    state.last_use.note(row.id, row.now)
    return row


def unauthenticated(detail: str, slug: str = "unauthenticated") -> Problem:
    """Return the problem that nobody valid asks."""
    headers = {"WWW-Authenticate": 'Bearer realm="ccat"'}
    return Problem(HTTPStatus.UNAUTHORIZED, slug, detail, headers=headers)


_GIVE_A_TOKEN = "give a token: Authorization: Bearer ccat_<id>_<secret>"


def _of_token(row: TokenRow) -> Principal:
    return Principal(
        user_id=row.user_id,
        user_name=row.user_name,
        full_name=row.full_name,
        credential=Credential(CredentialKind.TOKEN, row.id, row.name, row.expires_at),
        permissions=frozenset(row.permissions),
        asked_at=row.now,
    )


async def _by_cookie(request: Request, session: AsyncSession, cookie: str) -> Principal:
    state = request.app.state
    secret_hash = hash_of_cookie(cookie, state.token_key)
    if secret_hash is None:
        _count_failure(request)
        raise unauthenticated("the cookie is not of this service; sign in")
    unsafe = request.method not in SAFE_METHODS
    if unsafe:
        refuse_other_pages(request, origin_needed=False)
    state.session_rate_limit.take(secret_hash)
    row = await find_session(session, secret_hash)
    ended = "it is not known any more" if row is None else _end_of_session(row, state)
    if row is None or ended is not None:
        raise unauthenticated(f"the session has ended: {ended}", "session-ended")
    if unsafe and not csrf_token_matches(request.headers.get(CSRF_HEADER, ""), secret_hash, state.token_key):
        raise csrf_problem(
            f"the header {CSRF_HEADER} is missing or not that of the session; GET /me tells it"
        )
    if row.now - row.last_used_at >= LAST_USE_PERIOD:
        state.session_use.note(row.id, row.now)
    return principal_of_session(row, csrf_token(secret_hash, state.token_key))


def principal_of_session(row: SessionRow, token: str) -> Principal:
    """Return who is signed in."""
    return Principal(
        user_id=row.user_id,
        user_name=row.user_name,
        full_name=row.full_name,
        credential=Credential(
            kind=CredentialKind.SESSION,
            id=row.id,
            name=row.token_name if row.token_name is not None else row.way.value,
            expires_at=row.expires_at,
            way=row.way,
            csrf_token=token,
        ),
        permissions=frozenset(row.permissions),
        asked_at=row.now,
    )


def _end_of_session(row: SessionRow, state: Any) -> str | None:
    """Return why a session has ended, or None."""
    if row.disabled_at is not None:
        return "the account is closed"
    if row.way is SignInWay.DEVELOPMENT and not state.development_sign_in:
        return "it was made in development"
    if row.expires_at <= row.now:
        return f"it lasted until {row.expires_at.isoformat()}"
    if row.last_used_at + IDLE_END <= row.now:
        return f"it was not used since {row.last_used_at.isoformat()}"
    return _end_of_token(
        row.token_revoked_at, row.token_expires_at, row.token_valid_at, row.now, state.settings.site_id
    )


def _end_of_token(
    revoked_at: datetime | None, expires_at: datetime | None, only_at: str | None, now: datetime, site_id: str
) -> str | None:
    """Return why a token is not valid, or None."""
    if revoked_at is not None:
        return "the token was revoked"
    if expires_at is not None and expires_at <= now:
        return f"the token expired at {expires_at.isoformat()}"
    if only_at is not None and only_at != site_id:
        return f"the token is only valid at site {only_at}, this is {site_id}"
    return None


def _count_failure(request: Request) -> None:
    address = request.client.host if request.client is not None else ""
    request.app.state.failure_limit.take(address)


async def _forbidden(session: AsyncSession, principal: Principal, permission: str) -> Problem:
    roles = await roles_that_give(session, permission)
    given = f"roles that give it: {', '.join(roles)}" if roles else "no role gives it"
    of_token = (
        "; both the token and its owner must have it"
        if principal.credential.kind is CredentialKind.TOKEN or principal.credential.way is SignInWay.TOKEN
        else ""
    )
    return Problem(
        HTTPStatus.FORBIDDEN,
        "forbidden",
        f"this needs the permission {permission}, which {principal.actor} does not have ({given}){of_token}",
        extensions={"permission": permission, "roles": roles},
    )
