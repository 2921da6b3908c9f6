"""Requests that wait on disk while even the local API is away.

One SQLite file: an append is a transaction that is on disk when it returns (``synchronous=EXTRA``), any
number of processes append and replay at once, and a process that dies leaves either the whole request or
nothing of it. Tokens are never written; who replays sends his own.

Requests of one execution are a lane: they are sent in order, and what holds one lane holds no other.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .calls import JSON
from .spool_file import SpoolFile
from .spool_lease import Lease, is_taken, take_lease

FIRST_PAUSE = 5.0
LONGEST_AWAY = 60.0
"""An API that did not answer is not asked for 5 s, then for twice as long each time, up to this; seconds."""

LONGEST_HOLD = 600.0
PARKED_AFTER_ATTEMPTS = 12
PARKED_AFTER_SECONDS = 3600.0

MOST_LINES = 1000
MOST_BYTES = 4 * 1024**2
"""Bulk filings that follow each other are sent as one, up to so many lines and bytes."""

_COLUMNS = (
    "sequence, idempotency_key, request.api_url, request.lane, path, content_type, body, assumed, spooled_at,"
    " refusal, held_lane.reason, coalesce(held_lane.parked, 0)"
)
_REQUESTS = (
    f"SELECT {_COLUMNS} FROM request LEFT JOIN held_lane"
    " ON held_lane.api_url = request.api_url AND held_lane.lane = request.lane"
)


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
    refusal : str or None
        Why the API refused it; null while it waits.
    held_because : str or None
        Why its lane is held; null while it is not.
    parked : bool
        Whether its lane is only tried again when somebody asks for it.
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
    refusal: str | None = None
    held_because: str | None = None
    parked: bool = False


@dataclass(frozen=True)
class Away:
    """That an API did not answer: since when, until when it is not asked again, and what answered instead."""

    since: datetime
    until: datetime
    reason: str


class Spool:
    """The spool in a folder, which is made when the first request comes.

    An object may be used by several threads and after a fork.

    Parameters
    ----------
    folder : Path
        Where it is.
    now : callable
        Tells the time, seconds since 1970. It may be wrong: because a clock was set nothing waits longer than
        the longest pause.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._file = SpoolFile(folder)
        self._now = now

    def append(self, request: SpooledRequest) -> None:
        """Keep a request; it is on disk when this returns. The same key again changes nothing.

        Raises
        ------
        SpoolError
            It could not be kept.
        """
        with self._file.change() as database:
            database.execute(
                "INSERT INTO request"
                " (idempotency_key, api_url, lane, path, content_type, body, assumed, spooled_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (idempotency_key) DO NOTHING",
                (
                    request.idempotency_key,
                    request.api_url,
                    request.lane,
                    request.path,
                    request.content_type,
                    request.body,
                    json.dumps(request.assumed),
                    request.spooled_at.isoformat(),
                ),
            )

    def has_waiting(self, api_url: str, lane: str) -> bool:
        """Say whether something waits in a lane."""
        return bool(
            self._select(
                "WHERE request.api_url = ? AND request.lane = ? AND refusal IS NULL LIMIT 1", api_url, lane
            )
        )

    def next(self, api_url: str) -> list[SpooledRequest]:
        """Return what is to be sent next to an API, as one request; nothing if no lane is due.

        It is the first request of the lane that did not fail, or failed longest ago. Bulk filings behind it
        in its lane come along.
        """
        now = self._now()
        first = self._select(
            "WHERE request.api_url = ? AND refusal IS NULL AND NOT coalesce(parked, 0)"
            " AND NOT coalesce(next_attempt_at > ? AND next_attempt_at <= ?, 0)"
            " ORDER BY coalesce(last_attempt_at, 0), sequence LIMIT 1",
            *(api_url, now, now + LONGEST_HOLD),
        )
        if not first or first[0].content_type == JSON:
            return first
        found: list[SpooledRequest] = []
        lines = size = 0
        with self._file.read() as database:
            rows = database.execute(
                f"{_REQUESTS} WHERE request.api_url = ? AND request.lane = ? AND refusal IS NULL"
                " ORDER BY sequence",
                (api_url, first[0].lane),
            )
            for request in map(_request, rows):
                lines, size = lines + request.body.count(b"\n"), size + len(request.body)
                too_much = lines > MOST_LINES or size > MOST_BYTES
                if found and (request.content_type == JSON or too_much):
                    break
                found.append(request)
        return found

    def due_in(self, api_url: str) -> float | None:
        """Return after how many seconds something is to be sent; null if nothing waits but what is parked."""
        with self._file.read() as database:
            (earliest,) = database.execute(
                "SELECT min(coalesce(next_attempt_at, 0)) FROM request LEFT JOIN held_lane"
                " ON held_lane.api_url = request.api_url AND held_lane.lane = request.lane"
                " WHERE request.api_url = ? AND refusal IS NULL AND NOT coalesce(parked, 0)",
                (api_url,),
            ).fetchone()
        if earliest is None:
            return None
        away, now = self.counts_as_away(api_url), self._now()
        until = max(float(earliest), away.until.timestamp() if away else 0.0)
        return until - now if now < until <= now + LONGEST_HOLD else 0.0

    def count(self, api_url: str) -> int:
        """Return how many requests wait for an API."""
        with self._file.read() as database:
            (count,) = database.execute(
                "SELECT count(*) FROM request WHERE api_url = ? AND refusal IS NULL", (api_url,)
            ).fetchone()
        return int(count)

    def waiting(self) -> list[SpooledRequest]:
        """Return all waiting requests, in order."""
        return self._select("WHERE refusal IS NULL ORDER BY sequence")

    def refused(self) -> list[SpooledRequest]:
        """Return the requests that the API refused, in order."""
        return self._select("WHERE refusal IS NOT NULL ORDER BY sequence")

    def remove(self, sequence: int) -> bool:
        """Take a request out; say whether it was there. What is behind it is not held any more."""
        if not self._file.exists():
            return False
        with self._file.change() as database:
            database.execute(
                "DELETE FROM held_lane WHERE (api_url, lane) IN"
                " (SELECT api_url, lane FROM request WHERE sequence = ?)",
                (sequence,),
            )
            return database.execute("DELETE FROM request WHERE sequence = ?", (sequence,)).rowcount == 1

    def sent(self, requests: list[SpooledRequest]) -> None:
        """Take out what the API took; neither it nor the lane is held any more."""
        api_url, lane = requests[0].api_url, requests[0].lane
        with self._file.change() as database:
            database.executemany(
                "DELETE FROM request WHERE sequence = ?", [(request.sequence,) for request in requests]
            )
            database.execute("DELETE FROM held_lane WHERE api_url = ? AND lane = ?", (api_url, lane))
            database.execute("DELETE FROM away WHERE api_url = ?", (api_url,))

    def refuse(self, request: SpooledRequest, reason: str) -> None:
        """Set a request aside, with the reason; the ones behind it may go on."""
        with self._file.change() as database:
            database.execute("UPDATE request SET refusal = ? WHERE sequence = ?", (reason, request.sequence))
            database.execute(
                "DELETE FROM held_lane WHERE api_url = ? AND lane = ?", (request.api_url, request.lane)
            )

    def hold(self, request: SpooledRequest, reason: str) -> None:
        """Hold the lane of a request for a while; after many attempts and an hour it is parked."""
        now = self._now()
        with self._file.change() as database:
            known = database.execute(
                "SELECT attempts, coalesce(held_since, ?) FROM held_lane WHERE api_url = ? AND lane = ?",
                (now, request.api_url, request.lane),
            ).fetchone()
            attempts, since = (known[0] + 1, known[1]) if known else (1, now)
            pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_HOLD)
            parked = attempts >= PARKED_AFTER_ATTEMPTS and now - since >= PARKED_AFTER_SECONDS
            database.execute(
                "INSERT OR REPLACE INTO held_lane VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (request.api_url, request.lane, attempts, since, now, now + pause, reason, parked),
            )

    def release_lanes(self, api_url: str) -> None:
        """Let all lanes be tried at once, also parked ones, and an API that is away."""
        if not self._file.exists():
            return
        with self._file.change() as database:
            database.execute(
                "UPDATE held_lane SET next_attempt_at = 0, parked = 0 WHERE api_url = ?", (api_url,)
            )
        self.ask_again(api_url)

    def ask_again(self, api_url: str) -> None:
        """Let an API that did not answer be asked at once."""
        if self.away(api_url) is not None:
            with self._file.change() as database:
                database.execute("UPDATE away SET until = 0 WHERE api_url = ?", (api_url,))

    def mark_away(self, api_url: str, reason: str, retry_after: float = 0) -> None:
        """Remember that an API did not answer, for all processes that use this spool."""
        now = self._now()
        with self._file.change() as database:
            known = database.execute("SELECT since, pause FROM away WHERE api_url = ?", (api_url,)).fetchone()
            since, pause = (known[0], min(2 * known[1], LONGEST_AWAY)) if known else (now, FIRST_PAUSE)
            until = now + min(max(pause, retry_after), LONGEST_AWAY)
            database.execute(
                "INSERT OR REPLACE INTO away VALUES (?, ?, ?, ?, ?)", (api_url, since, pause, until, reason)
            )

    def pass_over(self, request: SpooledRequest, reason: str) -> None:
        """Let the other lanes come first next time: what holds one request up may let others through."""
        now = self._now()
        with self._file.change() as database:
            database.execute(
                "INSERT INTO held_lane VALUES (?, ?, 0, NULL, ?, 0, ?, 0)"
                " ON CONFLICT DO UPDATE SET last_attempt_at = excluded.last_attempt_at",
                (request.api_url, request.lane, now, reason),
            )

    def mark_present(self, api_url: str) -> None:
        """Forget that an API did not answer."""
        if self.away(api_url) is not None:
            with self._file.change() as database:
                database.execute("DELETE FROM away WHERE api_url = ?", (api_url,))

    def away(self, api_url: str) -> Away | None:
        """Return that an API did not answer when it was asked last; null if it did."""
        with self._file.read() as database:
            row = database.execute(
                "SELECT since, until, reason FROM away WHERE api_url = ?", (api_url,)
            ).fetchone()
        return Away(_moment(row[0]), _moment(row[1]), row[2]) if row else None

    def counts_as_away(self, api_url: str) -> Away | None:
        """Return that an API did not answer a moment ago, so that it need not be asked; null to ask it."""
        away, now = self.away(api_url), self._now()
        return away if away and now < away.until.timestamp() <= now + LONGEST_AWAY else None

    def take_back_refused(self) -> int:
        """Let the refused requests wait again, at their old place; return how many."""
        if not self._file.exists():
            return 0
        with self._file.change() as database:
            return database.execute("UPDATE request SET refusal = NULL WHERE refusal IS NOT NULL").rowcount

    def readdress(self, old_url: str, new_url: str) -> int:
        """Send what waits for one address of the API to another; return how many requests."""
        if not self._file.exists():
            return 0
        with self._file.change() as database:
            changed = database.execute("UPDATE request SET api_url = ? WHERE api_url = ?", (new_url, old_url))
            return changed.rowcount

    @contextmanager
    def lease(self, name: str, seconds: float) -> Iterator[Lease | None]:
        """Hold a right that one process has at a time; yields null if it did not come within `seconds`."""
        lease = take_lease(self._file.change, name, seconds)
        try:
            yield lease
        finally:
            if lease is not None:
                lease.release()

    def is_leased(self, name: str) -> bool:
        """Say whether a process holds a right."""
        with self._file.read() as database:
            return is_taken(database, name)

    def _select(self, condition: str, *parameters: Any) -> list[SpooledRequest]:
        with self._file.read() as database:
            rows = database.execute(f"{_REQUESTS} {condition}", parameters).fetchall()
        return [_request(row) for row in rows]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _request(row: tuple[Any, ...]) -> SpooledRequest:
    sequence, key, api_url, lane, path, content_type, body, assumed, spooled_at, refusal, held, parked = row
    return SpooledRequest(
        idempotency_key=key,
        api_url=api_url,
        path=path,
        body=body,
        lane=lane,
        content_type=content_type,
        assumed=tuple(json.loads(assumed)),
        spooled_at=datetime.fromisoformat(spooled_at),
        sequence=sequence,
        refusal=refusal,
        held_because=held,
        parked=bool(parked),
    )
