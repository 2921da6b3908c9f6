"""Addresses of bytes at a site's data server, signed by who may decide and checked by who has the bytes.

The API knows who asks and what exists; the data server has the bytes and knows nobody. The API hands out an
address that names one object, ends soon and cannot be changed; both share one secret.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from ccat_ops_db.paths import validate_relative_path
from ccat_ops_db.settings import SHORTEST_KEY

DEVELOPMENT_SECRET = "development-data-server-secret-that-nobody-may-use-elsewhere"
"""Shared by everybody who sets none; refused outside of development."""

_VERSION = "ccat-data-1"
_LOCATION = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*")
_EXPIRES = re.compile(r"[0-9]{1,12}")
_BYTES = re.compile(r"[0-9]{1,18}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Member:
    """A file in a tar, which an address can give as if it lay there alone.

    Attributes
    ----------
    offset, length : int
        First byte and number of bytes of its content in the tar.
    name : str
        What a download is called.
    sha256 : str
        Of its content, hex.
    """

    offset: int
    length: int
    name: str
    sha256: str


class SignatureRefusedError(Exception):
    """An address is not, or not any more, one that was signed with this secret.

    Attributes
    ----------
    code : str
        ``signature-missing``, ``signature-invalid`` or ``signature-expired``.
    reason : str
        What is wrong and what to do, in plain words.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def is_weak_secret(secret: str) -> bool:
    """Return whether a secret may not be used outside of development."""
    return len(secret) < SHORTEST_KEY or secret == DEVELOPMENT_SECRET


def sign_url(
    base_url: str,
    location_id: str,
    path: str,
    *,
    secret: str,
    expires_at: datetime,
    method: str = "GET",
    member: Member | None = None,
) -> str:
    """Return the address at which an object can be read until a time.

    Parameters
    ----------
    base_url : str
        Address of the data server of the location's site.
    location_id : str
        Location of the copy, ``<site>.<name>``.
    path : str
        Path of the copy below the location.
    secret : str
        What API and data server share.
    expires_at : datetime
        Aware; the address is good before this second.
    method : str
        HTTP method that it is good for; what is good for GET is good for HEAD too.
    member : Member, optional
        The one file of the tar that it gives; by default all of the object.

    Raises
    ------
    ValueError
        The location or the path cannot be, or the time has no zone.
    """
    if not _LOCATION.fullmatch(location_id):
        raise ValueError(f"{location_id!r} is not the id of a location")
    if expires_at.tzinfo is None:
        raise ValueError("the time at which an address expires needs a zone")
    validate_relative_path(path)
    expires = str(int(expires_at.timestamp()))
    signature = _signature(method, location_id, path, expires, secret, member)
    part = {} if member is None else _query_of(member)
    query = urlencode({**part, "expires": expires, "signature": signature})
    return f"{base_url.rstrip('/')}/packages/{location_id}/{quote(path, safe='/')}?{query}"


def check_signature(
    method: str,
    location_id: str,
    path: str,
    *,
    expires: str | None,
    signature: str | None,
    secret: str,
    now: datetime,
    member: Member | None = None,
) -> None:
    """Accept a request for an object, or raise why not.

    Parameters
    ----------
    method, location_id, path : str
        What is asked for.
    expires, signature : str or None
        From the query of the address.
    now : datetime
        Aware.
    member : Member, optional
        From the query of the address (`member_of_query`).

    Raises
    ------
    SignatureRefusedError
        The address was not signed for this with this secret, or has expired.
    """
    if not expires or not signature:
        raise SignatureRefusedError(
            "signature-missing", "the address is not signed; ask the API for the package's content"
        )
    asked = "GET" if method == "HEAD" else method
    wanted = _signature(asked, location_id, path, expires, secret, member)
    given = signature.encode("utf-8", "surrogateescape")
    if not _EXPIRES.fullmatch(expires) or not hmac.compare_digest(wanted.encode(), given):
        raise SignatureRefusedError(
            "signature-invalid", "the signature does not fit the address; ask the API for a new one"
        )
    if now.timestamp() >= int(expires):
        ended = datetime.fromtimestamp(int(expires), UTC)
        raise SignatureRefusedError(
            "signature-expired",
            f"the address expired at {ended:%Y-%m-%dT%H:%M:%SZ}; ask the API for a new one",
        )


def member_of_query(query: Mapping[str, str]) -> Member | None:
    """Return the member that the query of an address names; None if it names none.

    Raises
    ------
    SignatureRefusedError
        It names one in part, or with figures that are none.
    """
    names = ("offset", "length", "name", "sha256")
    if not any(name in query for name in names):
        return None
    offset, length, name, sha256 = (query.get(part, "") for part in names)
    if not (_BYTES.fullmatch(offset) and _BYTES.fullmatch(length) and _SHA256.fullmatch(sha256) and name):
        raise SignatureRefusedError(
            "signature-invalid", "the address names a part of the object wrongly; ask the API for a new one"
        )
    return Member(int(offset), int(length), name, sha256)


def _query_of(member: Member) -> dict[str, str]:
    return {
        "offset": str(member.offset),
        "length": str(member.length),
        "name": member.name,
        "sha256": member.sha256,
    }


def _signature(
    method: str, location_id: str, path: str, expires: str, secret: str, member: Member | None
) -> str:
    parts = [_VERSION, method, location_id, path, expires]
    if member is not None:
        parts += _query_of(member).values()
    # With lengths, so that no two requests share one text, whatever characters they have.
    text = "".join(f"{len(part)}:{part}," for part in parts)
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
