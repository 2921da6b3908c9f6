"""Signatures of S3 requests: AWS Signature Version 4, header form, with the payload signed.

Source: AWS documentation, "Authenticating Requests: Using the Authorization Header (Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from ccat_data_transfer.places.credentials import S3Access

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

_ALGORITHM = "AWS4-HMAC-SHA256"


def quoted_path(path: str) -> str:
    """Return a path as it stands in the address and in the signature (encoded once, as S3 wants it)."""
    return quote(path, safe="/-_.~")


def quoted_query(query: Sequence[tuple[str, str]]) -> str:
    """Return a query as it stands in the address and in the signature."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed_headers(
    method: str,
    host: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    *,
    payload_sha256: str,
    access: S3Access,
    region: str,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a request with those that authorize it.

    Parameters
    ----------
    path, query : str
        As `quoted_path` and `quoted_query` give them.
    headers : Mapping
        Further headers, names in lower case; all are signed.
    payload_sha256 : str
        Hex digest of the body, which the server checks.
    now : datetime
        In UTC.
    """
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    signed = {**headers, "host": host, "x-amz-content-sha256": payload_sha256, "x-amz-date": moment}
    if access.session_token:
        signed["x-amz-security-token"] = access.session_token
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload_sha256}"
    to_sign = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{access.secret_access_key}".encode()
    for part in (*scope.split("/"), to_sign):
        digest = hmac.new(key, part.encode(), hashlib.sha256)
        key = digest.digest()
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={access.access_key_id}/{scope}, SignedHeaders={names}, "
        f"Signature={key.hex()}"
    )
    return signed
