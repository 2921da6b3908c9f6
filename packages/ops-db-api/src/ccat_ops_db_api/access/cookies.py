"""The cookie of a session: its text, and what else is made of it under the service's key."""

import hmac
from datetime import timedelta

from fastapi import Response
from fastapi.security import APIKeyCookie

from ccat_ops_db.secret_texts import (
    SECRET_LENGTH,
    TAG_LENGTH,
    in_alphabet,
    keyed_hash,
    random_text,
    tag,
    tag_matches,
)

COOKIE = "__Host-ccat-session"
DEVELOPMENT_COOKIE = "ccat-session"
"""Browsers take a name with ``__Host-`` over TLS only, which a stack on one machine has not."""
CSRF_HEADER = "X-CSRF-Token"
_TAGGED = "session:"

cookie_scheme = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    description=(
        f"The cookie of a session, made by signing in; in development its name is `{DEVELOPMENT_COOKIE}`."
        " Whatever is not GET also needs `X-CSRF-Token`."
    ),
    auto_error=False,
)


def issue_cookie(key: str) -> tuple[str, str]:
    """Return a new random cookie as its text, and the hash that is kept of it."""
    secret = random_text(SECRET_LENGTH)
    return secret + tag(_TAGGED + secret, key), _hash(secret, key)


def hash_of_cookie(text: str, key: str) -> str | None:
    """Return the hash that is kept of a cookie, or None if this service never made such a text."""
    secret, text_tag = text[:SECRET_LENGTH], text[SECRET_LENGTH:]
    if len(text) != SECRET_LENGTH + TAG_LENGTH or not in_alphabet(text):
        return None
    return _hash(secret, key) if tag_matches(_TAGGED + secret, text_tag, key) else None


def csrf_token(secret_hash: str, key: str) -> str:
    """Return what a page of ours shows of its session in ``X-CSRF-Token``, and no other page knows."""
    return keyed_hash(f"csrf:{secret_hash}", key)


def csrf_token_matches(given: str, secret_hash: str, key: str) -> bool:
    """Return whether it is that of the session, in a time that tells nothing."""
    return hmac.compare_digest(csrf_token(secret_hash, key).encode(), given.encode(errors="replace"))


def cookie_name(*, development: bool) -> str:
    """Return the name of the cookie."""
    return DEVELOPMENT_COOKIE if development else COOKIE


def give_cookie(response: Response, text: str, longest: timedelta, *, development: bool) -> None:
    """Have the browser keep the cookie, at the longest so long; scripts and other sites do not get it."""
    response.set_cookie(
        cookie_name(development=development),
        text,
        max_age=int(longest.total_seconds()),
        path="/",
        secure=not development,
        httponly=True,
        samesite="lax",
    )


def take_cookie(response: Response, *, development: bool) -> None:
    """Have the browser forget the cookie."""
    response.delete_cookie(
        cookie_name(development=development),
        path="/",
        secure=not development,
        httponly=True,
        samesite="lax",
    )


def _hash(secret: str, key: str) -> str:
    return keyed_hash(_TAGGED + secret, key)
