"""What is in the spool, for people: without the bodies, and piece by piece, for it may be much."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from .spool import Spool
from .spool_request import moment_of

_AT_ONCE = 500


@dataclass(frozen=True)
class Entry:
    """A request in the spool.

    Attributes
    ----------
    sequence : int
        Its number.
    api_url, path : str
        Where it goes.
    size : int
        Bytes of its body.
    lane : str
        Requests of a lane are sent in order; the id of the execution.
    spooled_at : datetime
        When it was spooled.
    refusal : str or None
        Why the API refused it; null while it waits.
    held_because : str or None
        Why its lane is held; null while it is not.
    parked : bool
        Whether its lane is only tried again when somebody asks for it.
    """

    sequence: int
    api_url: str
    path: str
    size: int
    lane: str
    spooled_at: datetime
    refusal: str | None
    held_because: str | None
    parked: bool


@dataclass(frozen=True)
class Counts:
    """How many requests wait, how many of them are parked, and how many were refused."""

    waiting: int
    parked: int
    refused: int


def counts(spool: Spool) -> Counts:
    """Count what is in the spool."""
    with spool.read() as database:
        # CROSS: from the few lanes that are parked to their requests, not from all requests to their lanes.
        waiting, parked, refused = database.execute(
            "SELECT (SELECT count(*) FROM request WHERE refusal IS NULL),"
            " (SELECT count(*) FROM lane CROSS JOIN request USING (api_url, lane)"
            " WHERE parked AND refusal IS NULL),"
            " (SELECT count(*) FROM request WHERE refusal IS NOT NULL)"
        ).fetchone()
    return Counts(waiting, parked, refused)


def waiting(spool: Spool) -> Iterator[Entry]:
    """Yield what waits, in order."""
    return _entries(spool, "refusal IS NULL")


def refused(spool: Spool) -> Iterator[Entry]:
    """Yield what the API refused, in order."""
    return _entries(spool, "refusal IS NOT NULL")


def _entries(spool: Spool, condition: str) -> Iterator[Entry]:
    last = 0
    while True:
        # Nothing is locked while the caller prints.
        with spool.read() as database:
            rows = database.execute(
                "SELECT sequence, request.api_url, path, length(body), request.lane, spooled_at, refusal,"
                " reason, coalesce(parked, 0) FROM request LEFT JOIN lane"
                " ON lane.api_url = request.api_url AND lane.lane = request.lane AND refusal IS NULL"
                f" WHERE sequence > ? AND {condition} ORDER BY sequence LIMIT ?",
                (last, _AT_ONCE),
            ).fetchall()
        for sequence, api_url, path, size, lane, spooled_at, refusal, reason, parked in rows:
            last = sequence
            yield Entry(
                sequence,
                api_url,
                path,
                size,
                lane,
                moment_of(str(spooled_at)),
                refusal,
                reason,
                bool(parked),
            )
        if len(rows) < _AT_ONCE:
            return
