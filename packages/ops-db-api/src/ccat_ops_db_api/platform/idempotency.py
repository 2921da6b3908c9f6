"""``Idempotency-Key``: the same request again gets the same answer and does nothing again."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.database_time import ops_now, time_after
from ccat_ops_db.models import IdempotencyKey
from ccat_ops_db_api.access.principal import Principal
from ccat_ops_db_api.platform.errors import Problem
from ccat_ops_db_api.platform.fields import LONGEST_NAME

KEPT = timedelta(days=1)


def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=LONGEST_NAME,
            pattern="^[!-~]+$",
            description="Any text; the same one within a day gets the same answer again.",
        ),
    ] = None,
) -> str | None:
    """Return the key that the client chose."""
    return idempotency_key


Key = Annotated[str | None, Depends(idempotency_key)]
"""The ``Idempotency-Key`` of a request, if it has one."""


async def once(
    request: Request,
    session: AsyncSession,
    principal: Principal,
    key: str | None,
    work: Callable[[], Awaitable[Response]],
    body_digest: bytes | None = None,
) -> Response:
    """Do the work of a request, unless a request with this key did it: then answer as that was answered.

    The key is kept in the transaction of the work, so that either both are there or none. Two requests with
    the same key at once wait for each other.

    Parameters
    ----------
    request : Request
        The request; its body has been read, or its digest is given.
    session : AsyncSession
        Transaction of the request.
    principal : Principal
        Who asks: keys of different users are different keys.
    key : str or None
        The key; None does the work.
    work : callable
        Does the work and returns the answer.
    body_digest : bytes, optional
        sha256 of a body that was streamed.

    Raises
    ------
    Problem
        422 if the key was used for another request.
    """
    if key is None:
        return await work()
    digest = body_digest if body_digest is not None else hashlib.sha256(await request.body()).digest()
    fingerprint = hashlib.sha256(
        b"\0".join([request.method.encode(), str(request.url.path).encode(), digest])
    ).hexdigest()
    lock = int.from_bytes(
        hashlib.sha256(principal.user_id.bytes + key.encode()).digest()[:8], "big", signed=True
    )
    await session.execute(select(func.pg_advisory_xact_lock(lock)))
    known = (
        await session.execute(
            select(IdempotencyKey).where(
                IdempotencyKey.user_id == principal.user_id, IdempotencyKey.key == key
            )
        )
    ).scalar_one_or_none()
    if known is not None:
        return _again(known, fingerprint)
    response = await work()
    if response.status_code < HTTPStatus.BAD_REQUEST:
        session.add(
            IdempotencyKey(
                user_id=principal.user_id,
                key=key,
                request_hash=fingerprint,
                created_at=ops_now(),
                response_status=response.status_code,
                response_body=bytes(response.body).decode(),
                response_etag=response.headers.get("etag"),
            )
        )
        await session.flush()
    return response


async def forget_old_keys(session: AsyncSession) -> None:
    """Remove keys that are older than a day."""
    await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < time_after(-KEPT)))


def _again(known: IdempotencyKey, fingerprint: str) -> Response:
    if known.request_hash != fingerprint:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "idempotency-key-reused",
            "this Idempotency-Key was used for another request; choose a new one",
        )
    headers = {"Idempotent-Replay": "true", **({"ETag": known.response_etag} if known.response_etag else {})}
    return Response(known.response_body, known.response_status, headers, "application/json")
