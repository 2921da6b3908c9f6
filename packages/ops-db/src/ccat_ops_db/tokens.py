"""API tokens: their text, the keyed hash that is kept of them, and making one.

A token reads ``ccat_<id>_<secret><crc>``. The id finds its row, the secret is kept only as an HMAC under the
service's key. The checksum at the end tells a mistyped or cut token from a wrong one without a look at the
database, and lets secret scanners find leaked ones.
"""

import hmac
import secrets
import string
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.identity import new_id
from ccat_ops_db.models import ApiToken, ApiTokenScope, Permission, Site, User

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
MARK = "ccat"
ID_LENGTH = 12
SECRET_LENGTH = 43
"""Characters of the secret: 256 bits at log2(62) bits each."""
CHECKSUM_LENGTH = 6
"""Characters of the CRC-32 at the end, base 62."""


class TokenError(ValueError):
    """A token cannot be made or has not the form of one; the message never repeats its secret."""


@dataclass(frozen=True)
class ParsedToken:
    """The two parts of a token's text."""

    prefix: str
    """Public part, ``ccat_<id>``: the key of its row (``ApiToken.prefix``)."""
    secret: str = field(repr=False)
    """Secret part, to be compared by its hash only."""


def issue_token() -> tuple[str, str, str]:
    """Return a new random token as its text, its prefix and its secret."""
    prefix = f"{MARK}_{_random_text(ID_LENGTH)}"
    secret = _random_text(SECRET_LENGTH)
    return f"{prefix}_{secret}{_checksum(prefix, secret)}", prefix, secret


def parse_token(text: str) -> ParsedToken:
    """Return the parts of a token's text.

    Raises
    ------
    ValueError
        If the text has not the form of a token or its checksum is wrong: it was mistyped or cut.
    """
    parts = text.split("_")
    if (
        len(parts) != 3
        or parts[0] != MARK
        or len(parts[1]) != ID_LENGTH
        or len(parts[2]) != SECRET_LENGTH + CHECKSUM_LENGTH
        or not set(parts[1] + parts[2]) <= set(ALPHABET)
    ):
        raise TokenError("not a token: one reads ccat_<id>_<secret>")
    prefix, secret = f"{MARK}_{parts[1]}", parts[2][:SECRET_LENGTH]
    if parts[2][SECRET_LENGTH:] != _checksum(prefix, secret):
        raise TokenError("the token was mistyped or cut: its checksum is wrong")
    return ParsedToken(prefix, secret)


def hash_secret(secret: str, key: str) -> str:
    """Return what is kept of a secret: its HMAC-SHA256 under the service's key, hex.

    Parameters
    ----------
    secret : str
        Secret part of a token.
    key : str
        Key of the service (``CCAT_OPS_DB_TOKEN_KEY``); not in the database, so that a copy of it is no use.
    """
    return hmac.new(key.encode(), secret.encode(), sha256).hexdigest()


def secret_matches(secret: str, key: str, secret_hash: str) -> bool:
    """Return whether a secret is the one whose hash is kept, in a time that tells nothing."""
    return hmac.compare_digest(hash_secret(secret, key), secret_hash)


def create_token(
    session: Session,
    user_name: str,
    name: str,
    scopes: Iterable[str],
    site_id: str | None,
    expires_at: datetime | None,
    key: str,
    at: datetime,
) -> str:
    """Add a token to the caller's transaction and return its text, which cannot be had again.

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
    site_id : str or None
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
    if site_id is not None and session.get(Site, site_id) is None:
        raise TokenError(f"there is no site {site_id!r}")
    if expires_at is not None and expires_at <= at:
        raise TokenError(f"the token would expire at {expires_at.isoformat()}, which is past")
    text, prefix, secret = issue_token()
    token = ApiToken(
        id=new_id(),
        user_id=user.id,
        name=name,
        prefix=prefix,
        secret_hash=hash_secret(secret, key),
        site_id=site_id,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    session.add_all(ApiTokenScope(api_token_id=token.id, permission_id=scope) for scope in wanted)
    session.flush()
    return text


def revoke_token(session: Session, prefix: str, at: datetime) -> ApiToken:
    """Revoke a token in the caller's transaction; revoking it again changes nothing.

    Raises
    ------
    TokenError
        If there is no such token.
    """
    token = session.scalars(select(ApiToken).where(ApiToken.prefix == prefix)).one_or_none()
    if token is None:
        raise TokenError(f"there is no token {prefix!r}")
    if token.revoked_at is None:
        token.revoked_at = at
        session.flush()
    return token


def _random_text(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(prefix: str, secret: str) -> str:
    value, text = zlib.crc32(f"{prefix}_{secret}".encode()), ""
    for _ in range(CHECKSUM_LENGTH):
        value, digit = divmod(value, len(ALPHABET))
        text = ALPHABET[digit] + text
    return text
