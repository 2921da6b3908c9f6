"""API tokens: their text, the keyed hash that is kept of them, and making one.

A token reads ``ccat_<id>_<secret><tag>``. The id finds its row, the secret is kept only as an HMAC under the
service's key. The tag at the end is one too: a token that was mistyped, cut or made up is refused without a
look at the database.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import CallerKind
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import ApiToken, ApiTokenScope, Permission, Site, TokenRevocation, User
from ccat_ops_db.secret_texts import (
    SECRET_LENGTH,
    TAG_LENGTH,
    in_alphabet,
    keyed_hash,
    random_text,
    tag,
    tag_matches,
)

MARK = "ccat"
ID_LENGTH = 12


class TokenError(ValueError):
    """A token cannot be made or has not the form of one; the message never repeats its secret."""


@dataclass(frozen=True)
class ParsedToken:
    """The two parts of a token's text."""

    prefix: str
    """Public part, ``ccat_<id>``: the key of its row (``ApiToken.prefix``)."""
    secret: str = field(repr=False)
    """Secret part, to be compared by its hash only."""


def issue_token(key: str) -> tuple[str, str, str]:
    """Return a new random token as its text, its prefix and its secret."""
    prefix, secret = f"{MARK}_{random_text(ID_LENGTH)}", random_text(SECRET_LENGTH)
    text = f"{prefix}_{secret}"
    return text + tag(text, key), prefix, secret


def parse_token(text: str, key: str) -> ParsedToken:
    """Return the parts of a token's text.

    Raises
    ------
    ValueError
        If the text has not the form of a token, or its tag is wrong: it was mistyped, cut or made up.
    """
    rest, text_tag = text[:-TAG_LENGTH], text[-TAG_LENGTH:]
    prefix = token_prefix(text)
    if not tag_matches(rest, text_tag, key):
        raise TokenError("the token was mistyped or cut, or is not of this data centre: its end is wrong")
    return ParsedToken(prefix, rest.removeprefix(f"{prefix}_"))


def token_prefix(text: str) -> str:
    """Return the public part of a token's text, whoever made it.

    Raises
    ------
    ValueError
        If the text has not the form of a token.
    """
    parts = text.split("_")
    if (
        len(parts) != 3
        or parts[0] != MARK
        or len(parts[1]) != ID_LENGTH
        or len(parts[2]) != SECRET_LENGTH + TAG_LENGTH
        or not in_alphabet(parts[1] + parts[2])
    ):
        raise TokenError("not a token: one reads ccat_<id>_<secret>")
    return f"{MARK}_{parts[1]}"


def hash_secret(secret: str, key: str) -> str:
    """Return what is kept of a token's secret, see `keyed_hash`."""
    return keyed_hash(secret, key)


def secret_matches(secret: str, key: str, secret_hash: str) -> bool:
    """Return whether a secret is the one whose hash is kept, in a time that tells nothing."""
    return hmac.compare_digest(hash_secret(secret, key), secret_hash)


def create_token(
    session: Session,
    user_name: str,
    name: str,
    scopes: Iterable[str],
    bound_site_id: str | None,
    expires_at: datetime | None,
    key: str,
    at: datetime,
) -> str:
    """Add a token to the caller's transaction and return its text, which cannot be had again.

    It belongs to the main site, so that it counts at every one.

    Parameters
    ----------
    session : Session
        Open session; the caller commits.
    user_name : str
        Owner. A token never allows more than its owner may.
    name : str
        What it is for.
    scopes : iterable of str
        Permissions that it asks for, ``action:resource``.
    bound_site_id : str or None
        The only site at which it is valid.
    expires_at : datetime or None
        Not valid after; None: does not expire.
    key : str
        Key of the service, see `hash_secret`.
    at : datetime
        Now.

    Returns
    -------
    str
        The token.

    Raises
    ------
    TokenError
        If the user, a scope or the site does not exist, or it would be expired at once.
    """
    user = session.scalars(select(User).where(User.name == user_name)).one_or_none()
    if user is None or user.disabled_at is not None:
        raise TokenError(f"there is no open account {user_name!r}")
    wanted = sorted(set(scopes))
    if not wanted:
        raise TokenError("a token needs at least one scope, for example read:observations")
    known = set(
        session.scalars(
            select(Permission.id).where(Permission.id.in_(wanted), Permission.retired_at.is_(None))
        )
    )
    if unknown := [scope for scope in wanted if scope not in known]:
        raise TokenError(f"there is no permission {', '.join(map(repr, unknown))}")
    if bound_site_id is not None and session.get(Site, bound_site_id) is None:
        raise TokenError(f"there is no site {bound_site_id!r}")
    if expires_at is not None and expires_at <= at:
        raise TokenError(f"the token would expire at {expires_at.isoformat()}, which is past")
    owner = session.scalars(select(Site.id).where(Site.main)).one_or_none()
    if owner is None:
        raise TokenError("there is no main site yet: apply a configuration first (opsdb config apply)")
    text, prefix, secret = issue_token(key)
    token = ApiToken(
        id=new_id(),
        site_id=owner,
        user_id=user.id,
        name=name,
        prefix=prefix,
        secret_hash=hash_secret(secret, key),
        bound_site_id=bound_site_id,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    session.add_all(
        ApiTokenScope(api_token_id=token.id, permission_id=scope, site_id=owner) for scope in wanted
    )
    session.flush()
    return text


def revoke_token(session: Session, prefix: str, site_id: str, caller: str, at: datetime) -> ApiToken | None:
    """Revoke a token in the caller's transaction; None if it was revoked already.

    Parameters
    ----------
    session : Session
        Open session; the caller commits.
    prefix : str
        Public part of the token.
    site_id : str
        Site where the one who revokes it stands: it counts there from now on, elsewhere when it arrives.
    caller : str
        Who revokes it.
    at : datetime
        Now.

    Raises
    ------
    TokenError
        If there is no such token.
    """
    token = session.scalars(select(ApiToken).where(ApiToken.prefix == prefix)).one_or_none()
    if token is None:
        raise TokenError(f"there is no token {prefix!r}")
    if token.revoked_at is not None:
        return None
    session.add(
        TokenRevocation(
            site_id=site_id,
            api_token_id=token.id,
            caller_kind=CallerKind.COMMAND,
            caller=caller,
            created_at=at,
        )
    )
    session.flush()
    session.expire(token, ["revoked_at"])
    return token
