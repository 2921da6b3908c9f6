"""Send a start, finish or filing once, within bounds, and tell what an error says of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import NAMESPACE_OID, UUID, uuid5

import httpx

from . import calls
from .calls import Call
from .client import Client
from .errors import (
    ApiAwayError,
    ApiError,
    AuthenticationError,
    CcatError,
    ConflictError,
    FieldError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
)
from .limits import Limit
from .policy import Bounds
from .records import Execution, Filing

Answer = TypeVar("Answer")

REFUSALS = frozenset({400, 409, 413, 415, 422})
"""Statuses with which the API says that the request itself is wrong."""

SILENCE_SECONDS = 10.0
"""After so much silence a bulk request is given up."""

ANSWER_BYTES = 1024**2
"""No answer to what is recorded is longer."""


def send_once(client: Client, call: Call[Answer], assumed: Sequence[str] = ()) -> Answer:
    """Send a request once, and return the answer; a start or finish that is there already is one.

    A start or finish takes at most `spool_after_seconds` of the settings, whatever has to be asked besides.

    Parameters
    ----------
    client : Client
        The client.
    call : Call
        A start, a finish or a bulk filing. What something on the way finds too large is filed in halves.
    assumed : sequence of str
        Times of a start or finish that were filled in here. Nothing is refused for them: the service fills in
        those that it finds wrong, and an execution that is there with others is the same.

    Raises
    ------
    CcatError
        See `may_pass`.
    """
    return _sent_within(Limit(client.settings.spool_after_seconds), client, call, assumed)


def _sent_within(limit: Limit, client: Client, call: Call[Answer], assumed: Sequence[str]) -> Answer:
    try:
        return _send_in_parts(limit, client, call)
    except (InvalidRequestError, ConflictError) as error:
        if _may_be_for(assumed, error):
            return _sent_within(limit, client, _without(call, assumed), ())
        same = _same_execution(limit, client, call) if isinstance(error, ConflictError) else None
        if same is None:
            raise
        return call.parse(same.model_dump_json().encode())


def _may_be_for(assumed: Sequence[str], error: ApiError) -> bool:
    """Say whether a refusal may be for what was filled in here; a conflict does not say for which field."""
    if isinstance(error, ConflictError):
        return bool(assumed)
    return any(field.field in assumed for field in error.errors)


def _without(call: Call[Answer], assumed: Sequence[str]) -> Call[Answer]:
    """Return a start or finish without what was filled in here; a repetition of it is known as one."""
    facts = {name: value for name, value in json.loads(call.body or b"{}").items() if name not in assumed}
    key = str(uuid5(NAMESPACE_OID, f"{call.idempotency_key} without what was assumed"))
    return replace(call, body=json.dumps(facts).encode(), idempotency_key=key)


def may_pass(error: CcatError) -> bool:
    """Say whether the same request can succeed later: everything but a definite refusal of the API."""
    if isinstance(error, ApiError):
        return error.status not in REFUSALS or error.request_id is None
    return isinstance(error, ApiAwayError)


def named_lines(error: ApiError, lines: int) -> dict[int, FieldError]:
    """Return the lines of a bulk filing, from 1 to `lines`, that a refusal names, with what it says first."""
    named: dict[int, FieldError] = {}
    for entry in error.errors:
        if entry.line is not None and 1 <= entry.line <= lines:
            named.setdefault(entry.line, entry)
    return named


def concerns_one_execution(error: CcatError) -> bool:
    """Say whether other requests may succeed now: the API is there and knows the token."""
    return isinstance(error, ApiError) and not isinstance(error, AuthenticationError)


def _send_in_parts(limit: Limit, client: Client, call: Call[Answer]) -> Answer:
    try:
        return client.send(call, bounds=_bounds(limit, call))
    except (ApiError, ApiAwayError) as error:
        halves = call.halves() if error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE else None
        if halves is None:
            raise
    first, second = halves
    answered = _send_in_parts(limit, client, first)
    try:
        rest = _send_in_parts(limit, client, second)
    except ApiError as error:
        error.shift_lines((first.body or b"").count(b"\n"))
        raise
    # Only bulk filings have halves.
    return cast(Answer, calls.sum_of(cast(Filing, answered), cast(Filing, rest)))


def _bounds(limit: Limit, call: Call[Any]) -> Bounds:
    if call.content_type == calls.NDJSON:
        return Bounds(0, silence=SILENCE_SECONDS, answer_bytes=ANSWER_BYTES)
    return Bounds(0, attempt=limit.left(), answer_bytes=ANSWER_BYTES)


def _execution_of(call: Call[Any]) -> UUID:
    """Return which execution a start or finish speaks of."""
    return UUID(json.loads(call.body or b"{}").get("id") or call.path.rsplit("/", 1)[-1].partition(":")[0])


def _same_execution(limit: Limit, client: Client, call: Call[Any]) -> Execution | None:
    """Return the execution that a refused start or finish speaks of, if it has the same facts."""
    if call.content_type == calls.NDJSON:
        return None
    facts = json.loads(call.body or b"{}")
    try:
        existing = client.send(calls.execution(_execution_of(call)), bounds=_bounds(limit, call))
    except (NotFoundError, PermissionDeniedError):
        return None
    known = json.loads(existing.model_dump_json())
    return existing if all(_equal(known.get(name), value) for name, value in facts.items()) else None


def _equal(known: Any, given: Any) -> bool:
    if isinstance(known, list) and isinstance(given, list):
        return sorted(map(str, known)) == sorted(map(str, given))
    if isinstance(known, str) and isinstance(given, str):
        return known == given or _moment(known) == _moment(given) is not None
    return bool(known == given)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
