"""Waiting requests that are sent as one, without the lines that the API refuses."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from . import calls
from .calls import Call
from .errors import ApiError, FieldError, InvalidRequestError, with_remedy
from .sending import named_lines
from .spool_request import SpooledRequest

_PLACE = ("execution_id", "module", "source_location")
"""What many lines have in common. The API names the first line that has it wrong."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What of a request was refused, and why.

    Attributes
    ----------
    request : SpooledRequest
        The request.
    part : SpooledRequest
        The lines of it that were refused, as a request of its own; the request itself if it is all of them.
    reason : str
        Why, with the path of each file.
    """

    request: SpooledRequest
    part: SpooledRequest
    reason: str


class Batch:
    """A start or finish, or bulk filings of one execution that are sent as one.

    Nothing of it is kept but in memory: until the API took the rest, all requests wait as they were, and
    whoever begins anew comes to the same lines and the same keys.

    Parameters
    ----------
    requests : sequence of SpooledRequest
        One, or several bulk filings that follow each other.
    """

    def __init__(self, requests: Sequence[SpooledRequest]) -> None:
        self._requests = requests
        self._lines = [(request, line) for request in requests for line in _lines(request)]
        self._refused: dict[int, tuple[FieldError, str]] = {}

    def call(self) -> Call[Any] | None:
        """Return what is to be sent: all but the lines that were refused; null if nothing is left."""
        body = b"".join(self._lines[position][1] for position in self._left())
        if not body:
            return None
        first, keys = self._requests[0], [request.idempotency_key for request in self._requests]
        key = keys[0] if len(keys) == 1 else str(uuid5(NAMESPACE_OID, " ".join(keys)))
        if self._refused:
            key = _key_of_part(key, body)
        return calls.kept(first.path, body, first.content_type, key)

    def leave_out(self, error: ApiError) -> bool:
        """Leave out the lines that a refusal names; say whether it names any."""
        left = self._left()
        named = named_lines(error, len(left))
        of_places = {
            _place(self._lines[left[line - 1]][1]): entry
            for line, entry in named.items()
            if entry.field in _PLACE and isinstance(error, InvalidRequestError)
        }
        for line, position in enumerate(left, 1):
            entry = named.get(line) or (of_places and of_places.get(_place(self._lines[position][1])))
            if entry:
                self._refused[position] = replace(entry, line=None), error.remedy
        return bool(named)

    def taken(self) -> list[SpooledRequest]:
        """Return the requests of which nothing was refused."""
        refused = self._refused_of()
        return [request for request in self._requests if request.idempotency_key not in refused]

    def refused(self) -> Iterator[Refused]:
        """Yield what was refused, in order."""
        of_requests = self._refused_of()
        for request in self._requests:
            if positions := of_requests.get(request.idempotency_key):
                yield Refused(request, self._part(request, positions), self._reason(request, positions))

    def _refused_of(self) -> dict[str, list[int]]:
        """Return the positions of refused lines by the keys of their requests."""
        found: dict[str, list[int]] = {}
        for position in sorted(self._refused):
            found.setdefault(self._lines[position][0].idempotency_key, []).append(position)
        return found

    def _left(self) -> list[int]:
        return [position for position in range(len(self._lines)) if position not in self._refused]

    def _part(self, request: SpooledRequest, positions: Sequence[int]) -> SpooledRequest:
        body = b"".join(self._lines[position][1] for position in positions)
        if body == request.body:
            return request
        # Another key: by its own one the service may know the whole.
        return replace(request, body=body, idempotency_key=_key_of_part(request.idempotency_key, body))

    def _reason(self, request: SpooledRequest, positions: Sequence[int]) -> str:
        paths: dict[FieldError, list[str]] = {}
        remedies: dict[str, None] = {}
        for position in positions:
            error, remedy = self._refused[position]
            paths.setdefault(error, []).append(_path(self._lines[position][1]))
            remedies[remedy] = None
        count = f"{len(positions)} of {len(_lines(request))} files were refused"
        reasons = "; ".join(_with_paths(error, named) for error, named in paths.items())
        return with_remedy(f"{count}: {reasons}", " ".join(filter(None, remedies)))


def _lines(request: SpooledRequest) -> list[bytes]:
    if request.content_type != calls.NDJSON:
        return [request.body]
    return [line + b"\n" for line in request.body.split(b"\n") if line]


def _key_of_part(key: str, body: bytes) -> str:
    """Return the key of a part of a request; that of the same part is the same."""
    return str(uuid5(NAMESPACE_OID, f"{key} {sha256(body).hexdigest()}"))


def _place(line: bytes) -> tuple[str, ...]:
    facts = _facts(line)
    return tuple(str(facts.get(name)) for name in _PLACE)


def _path(line: bytes) -> str:
    return str(_facts(line).get("relative_path", "a file without a path"))


def _with_paths(error: FieldError, paths: Sequence[str]) -> str:
    unsaid = [path for path in paths if path not in error.reason]
    return f"{error} ({', '.join(unsaid)})" if unsaid else str(error)


def _facts(line: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(line)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}
