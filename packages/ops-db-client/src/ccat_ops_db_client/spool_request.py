"""A request that waits in the spool, and as the row of its table."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from .calls import JSON, NDJSON
from .spool_tables import Row

COLUMNS = "sequence, idempotency_key, api_url, lane, path, content_type, body, assumed, spooled_at"
"""What `request_of` takes."""


_PATH = re.compile(r"/[!-~]*")


@dataclass(frozen=True)
class SpooledRequest:
    """A request that waits.

    Attributes
    ----------
    idempotency_key : str
        By it the service knows a repetition.
    api_url, path : str
        Where it goes.
    body : bytes
        What is sent, of type `content_type`.
    assumed : tuple of str
        Fields of the body that the client filled in; an execution that has others there is still the same.
    lane : str
        Requests of a lane are sent in order; the id of the execution.
    spooled_at : datetime
        When it was spooled.
    sequence : int
        Place in the order; given by the spool.
    """

    idempotency_key: str
    api_url: str
    path: str
    body: bytes
    content_type: str = JSON
    assumed: tuple[str, ...] = ()
    lane: str = ""
    spooled_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    sequence: int = 0


def row_of(request: SpooledRequest) -> Row:
    """Return a request as it is inserted."""
    return (
        request.idempotency_key,
        request.api_url,
        request.lane,
        request.path,
        request.content_type,
        request.body,
        json.dumps(request.assumed),
        request.spooled_at.isoformat(),
    )


def request_of(row: tuple[object, ...]) -> SpooledRequest:
    """Return the request of a row with `COLUMNS`; see `is_whole`."""
    sequence, key, api_url, lane, path, content_type, body, assumed, spooled_at = row
    assert isinstance(sequence, int)
    try:
        names = tuple(json.loads(str(assumed)))
    except (ValueError, TypeError):
        names = ()
    return SpooledRequest(
        idempotency_key=str(key),
        api_url=str(api_url),
        path=str(path),
        body=body if isinstance(body, bytes) else b"",
        lane=str(lane),
        content_type=str(content_type),
        assumed=names,
        spooled_at=moment_of(str(spooled_at)),
        sequence=sequence,
    )


def moment_of(text: str) -> datetime:
    """Return the time of a row; that from which one counts if it is damaged."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def text_of_column(content: bytes) -> str:
    """Return the text of a column; with a replacement character where it is damaged."""
    return content.decode(errors="replace")


def is_whole(request: SpooledRequest) -> bool:
    """Say whether a request can be sent; one that a bad disk or bad memory changed cannot."""
    if request.content_type not in {JSON, NDJSON} or not _PATH.fullmatch(request.path):
        return False
    try:
        UUID(request.idempotency_key)
        # Of many lines the service says which are wrong.
        return bool(request.body) if request.content_type == NDJSON else _is_object(request.body)
    except ValueError:
        return False


def _is_object(body: bytes) -> bool:
    return isinstance(json.loads(body), dict)
