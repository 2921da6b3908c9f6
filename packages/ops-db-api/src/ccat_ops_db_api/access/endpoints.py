"""``/me`` and ``/auth``: who asks, what they may, signing in and out."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import SignInWay
from ccat_ops_db_api.access.authentication import principal_of_session, requires_credential, valid_token
from ccat_ops_db_api.access.cookies import (
    cookie_name,
    csrf_token,
    give_cookie,
    hash_of_cookie,
    issue_cookie,
    take_cookie,
)
from ccat_ops_db_api.access.development import development_roles, development_user
from ccat_ops_db_api.access.origins import refuse_foreign_host, refuse_other_pages
from ccat_ops_db_api.access.principal import CredentialKind, Principal
from ccat_ops_db_api.access.queries import find_session, roles_and_site
from ccat_ops_db_api.access.schemas import (
    CredentialDescription,
    DevelopmentRole,
    DevelopmentSignIn,
    Me,
    RoleDescription,
    RoleSource,
    RoleToSignIn,
    SignedOut,
    SiteDescription,
    TokenToSignIn,
    UserDescription,
    WaysToSignIn,
)
from ccat_ops_db_api.access.sessions import LONGEST, Signing, end_session, make_session
from ccat_ops_db_api.platform.database import Transaction, database_now
from ccat_ops_db_api.platform.errors import conflict
from ccat_ops_db_api.platform.site import own_site

log = structlog.get_logger()

COOKIE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Set-Cookie": {"description": "The cookie of the session.", "schema": {"type": "string"}},
            "Cache-Control": {"description": "`no-store`.", "schema": {"type": "string"}},
        }
    }
}


def not_stored(response: Response) -> None:
    """Have nobody on the way keep an answer that is of one session."""
    response.headers["Cache-Control"] = "no-store"


router = APIRouter(tags=["access"], dependencies=[Depends(not_stored)])
development_router = APIRouter(tags=["access"], dependencies=[Depends(not_stored)])
"""What exists in development only."""


@router.get("/me", operation_id="get_me")
async def get_me(
    request: Request, principal: Annotated[Principal, requires_credential()], session: Transaction
) -> Me:
    """Tell who asks, by which token or session, and what that may; any valid one may ask."""
    return await _me(request, session, principal)


@router.get("/auth/providers", operation_id="get_ways_to_sign_in")
async def get_ways_to_sign_in(request: Request, session: Transaction) -> WaysToSignIn:
    """Tell how one can sign in here. Needs no credential."""
    development = None
    if request.app.state.development_sign_in:
        roles = await development_roles(session)
        development = DevelopmentSignIn(
            roles=[DevelopmentRole(id=role.id, description=role.description) for role in roles]
        )
    return WaysToSignIn(providers=[], token=True, development=development)


@router.post("/auth/token", operation_id="sign_in_with_token", responses=COOKIE_ANSWER)
async def sign_in_with_token(
    request: Request, response: Response, session: Transaction, body: TokenToSignIn
) -> Me:
    """Make a session from a token: it has the token's permissions and ends with it.

    Only a page of the own origin can: `Origin` must be there. A session that the browser had ends.
    """
    refuse_other_pages(request, origin_needed=True)
    token = await valid_token(request, session, body.token.get_secret_value())
    signing = Signing(token.user_id, SignInWay.TOKEN, token.id, token.expires_at)
    return await _sign_in(request, response, session, signing)


@development_router.post("/auth/development", operation_id="sign_in_in_development", responses=COOKIE_ANSWER)
async def sign_in_in_development(
    request: Request, response: Response, session: Transaction, body: RoleToSignIn
) -> Me:
    """Make a session with any role, of an account that is made for it. Exists in development only.

    Only a page of the own origin on this machine can: `Origin` must be there and `Host` is checked.
    """
    refuse_foreign_host(request)
    refuse_other_pages(request, origin_needed=True)
    user_id = await development_user(session, body.role, await database_now(session))
    return await _sign_in(request, response, session, Signing(user_id, SignInWay.DEVELOPMENT))


@router.post("/auth/logout", operation_id="sign_out", responses=COOKIE_ANSWER)
async def sign_out(
    request: Request,
    response: Response,
    principal: Annotated[Principal, requires_credential()],
    session: Transaction,
) -> SignedOut:
    """End the session with which this is asked, and have the browser forget its cookie."""
    if principal.credential.kind is not CredentialKind.SESSION:
        raise conflict("this was asked with a token, which has no session to end; ask without Authorization")
    await end_session(session, principal.credential.id)
    take_cookie(response, development=request.app.state.development)
    log.info("signed_out", user=principal.user_name, session=str(principal.credential.id))
    return SignedOut(end_session_url=None)


async def _sign_in(request: Request, response: Response, session: AsyncSession, signing: Signing) -> Me:
    """Make the session, always with a new cookie, and answer as ``GET /me`` would with it."""
    state = request.app.state
    cookie, secret_hash = issue_cookie(state.token_key)
    had = hash_of_cookie(request.cookies.get(cookie_name(development=state.development), ""), state.token_key)
    await make_session(session, signing, secret_hash, had, await database_now(session))
    row = await find_session(session, secret_hash)
    assert row is not None
    give_cookie(response, cookie, LONGEST, development=state.development)
    log.info("signed_in", user=row.user_name, way=row.way.value, session=str(row.id))
    return await _me(request, session, principal_of_session(row, csrf_token(secret_hash, state.token_key)))


async def _me(request: Request, session: AsyncSession, principal: Principal) -> Me:
    credential = principal.credential
    site_id = own_site(request)
    roles, site_name = await roles_and_site(session, principal.user_id, site_id)
    source = RoleSource.DEVELOPMENT if credential.way is SignInWay.DEVELOPMENT else RoleSource.ACCOUNT
    return Me(
        user=UserDescription(id=principal.user_id, name=principal.user_name, full_name=principal.full_name),
        credential=CredentialDescription(
            kind=credential.kind,
            id=credential.id,
            name=credential.name,
            way=credential.way,
            expires_at=credential.expires_at,
        ),
        permissions=sorted(principal.permissions),
        roles=[RoleDescription(id=role.id, description=role.description, source=source) for role in roles],
        csrf_token=credential.csrf_token,
        site=SiteDescription(id=site_id, name=site_name),
    )
