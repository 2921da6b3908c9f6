"""Requests that wait on disk while even the local API is away.

One SQLite file: an append is a transaction that is on disk when it returns (``synchronous=EXTRA``), any
number of processes append and replay at once, and a process that dies leaves either the whole request or
nothing of it. Tokens are never written; who replays sends his own.

Requests of one execution are a lane: they are sent in order, and what holds one lane holds no other.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import spool_away, spool_lanes, spool_lease
from .calls import JSON
from .errors import SpoolError
from .spool_away import Away
from .spool_file import PATIENCE, SpoolFile, unusable
from .spool_incoming import Incoming
from .spool_lease import Lease, is_taken, must_be_watched, take_lease, watch
from .spool_request import COLUMNS, SpooledRequest, request_of, row_of
from .spool_tables import FILL_LANES, INSERT, THIS_REQUEST, Row

MOST_LINES = 1000
MOST_BYTES = 1024**2
"""Bulk filings that follow each other are sent as one, up to so many lines and bytes."""


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
    patience : float
        So long another process is waited for that has the file, in seconds.
    """

    def __init__(
        self, folder: Path, now: Callable[[], float] = time.time, patience: float = PATIENCE
    ) -> None:
        self.folder = folder
        self._file = SpoolFile(folder, patience)
        self._incoming = Incoming(folder)
        self._now = now

    def append(self, request: SpooledRequest) -> None:
        """Keep a request; it is on disk when this returns. The same key again changes nothing.

        While the file cannot be changed, it is kept beside it.

        Raises
        ------
        SpoolError
            It could not be kept.
        """
        self._file.reserve()
        try:
            self._take_in_all()
            with self._begin() as database:
                _insert(database, row_of(request))
        except SpoolError as error:
            if self._file.is_tight():
                raise
            try:
                self.append_beside(request)
            except SpoolError:
                raise error from None

    def append_beside(self, request: SpooledRequest) -> None:
        """Keep a request beside the file, which cannot be changed now.

        Raises
        ------
        SpoolError
            It could not be kept.
        """
        self._file.reserve()
        try:
            self._incoming.put(row_of(request))
        except OSError as error:
            raise unusable(self.folder, error) from error

    def has_waiting(self, api_url: str, lane: str) -> bool:
        """Say whether something waits in a lane, or whether nobody can say it now."""
        with self.read() as database:
            waits = spool_lanes.has_waiting(database, api_url, lane)
        return waits or bool(self._incoming.files())

    def next(self, api_url: str) -> list[SpooledRequest]:
        """Return what is to be sent next to an API, as one request; nothing if no lane is due.

        It is the first request of the lane that did not fail, or failed longest ago. Bulk filings behind it
        in its lane come along.
        """
        found: list[SpooledRequest] = []
        lines = size = 0
        with self.read() as database:
            lane = spool_lanes.next_lane(database, api_url, self._now())
            rows = database.execute(
                f"SELECT {COLUMNS} FROM request WHERE api_url = ? AND lane = ? AND refusal IS NULL"
                " ORDER BY sequence",
                (api_url, lane),
            )
            for request in map(request_of, rows):
                lines, size = lines + request.body.count(b"\n"), size + len(request.body)
                too_much = lines > MOST_LINES or size > MOST_BYTES
                if found and (request.content_type == JSON or too_much):
                    break
                found.append(request)
                if request.content_type == JSON:
                    break
        return found

    def due_in(self, api_url: str) -> float | None:
        """Return after how many seconds something is to be sent; null if nothing waits but what is parked."""
        with self.read() as database:
            earliest = spool_lanes.earliest(database, api_url)
            away = spool_away.known(database, api_url)
        if earliest is None:
            return None
        now = self._now()
        until = max(earliest, away.until.timestamp() if away and spool_away.lasts(away, now) else 0.0)
        return until - now if now < until <= now + spool_lanes.LONGEST_HOLD else 0.0

    def count(self, api_url: str) -> int:
        """Return how many requests wait for an API."""
        with self.read() as database:
            (count,) = database.execute(
                "SELECT count(*) FROM request WHERE api_url = ? AND refusal IS NULL", (api_url,)
            ).fetchone()
        return int(count)

    def addresses(self) -> dict[str, int]:
        """Return how many requests wait, by the address of the API for which they were written."""
        with self.read() as database:
            return dict(
                database.execute(
                    "SELECT api_url, count(*) FROM request WHERE refusal IS NULL GROUP BY 1 ORDER BY 1"
                )
            )

    def waiting(self) -> list[SpooledRequest]:
        """Return all waiting requests, in order, with their bodies."""
        return self._select("refusal IS NULL")

    def refused(self) -> list[SpooledRequest]:
        """Return the requests that the API refused, in order, with their bodies."""
        return self._select("refusal IS NOT NULL")

    def remove(self, sequence: int) -> bool:
        """Take a request out; say whether it was there. What is behind it is not held any more."""
        with self.change() as database:
            row = database.execute(
                "SELECT api_url, lane FROM request WHERE sequence = ?", (sequence,)
            ).fetchone()
            if row is not None:
                database.execute("DELETE FROM request WHERE sequence = ?", (sequence,))
                spool_lanes.settle(database, *row)
        return row is not None

    def sent(self, requests: list[SpooledRequest]) -> None:
        """Take out what the API took; neither it nor the lane is held any more.

        While the disk is full there may be room to take out few at a time.
        """
        try:
            self._take_out(requests)
        except SpoolError:
            if len(requests) == 1:
                raise
            middle = len(requests) // 2
            self.sent(requests[:middle])
            self.sent(requests[middle:])

    def _take_out(self, requests: list[SpooledRequest]) -> None:
        api_url, lane = requests[0].api_url, requests[0].lane
        with self.change() as database:
            database.executemany(
                f"DELETE FROM request WHERE {THIS_REQUEST}",
                [(request.sequence, request.idempotency_key) for request in requests],
            )
            spool_lanes.settle(database, api_url, lane)
            spool_away.forget(database, api_url)

    def refuse(self, request: SpooledRequest, reason: str, part: SpooledRequest | None = None) -> None:
        """Set a request aside, with the reason, or a part of it if the rest was taken.

        It keeps its place. The ones behind it may go on.
        """
        kept = part or request
        with self.change() as database:
            # The same part may be there already, if somebody died between sending and noting it.
            database.execute(
                "UPDATE OR REPLACE request SET refusal = ?, body = ?, idempotency_key = ?"
                f" WHERE {THIS_REQUEST}",
                (reason, kept.body, kept.idempotency_key, request.sequence, request.idempotency_key),
            )
            spool_lanes.settle(database, request.api_url, request.lane)

    def set_aside(self, sequence: int, reason: str) -> None:
        """Set a request aside that cannot be sent, by its number: all else of it may be damaged."""
        with self.change() as database:
            row = database.execute(
                "SELECT api_url, lane FROM request WHERE sequence = ?", (sequence,)
            ).fetchone()
            database.execute("UPDATE request SET refusal = ? WHERE sequence = ?", (reason, sequence))
            if row is not None:
                spool_lanes.settle(database, *row)

    def hold(self, request: SpooledRequest, reason: str, retry_after: float = 0) -> None:
        """Hold the lane of a request for a while; after many attempts and an hour it is parked."""
        with self.change() as database:
            this = (request.sequence, request.idempotency_key)
            spool_lanes.hold(database, this, reason, self._now(), retry_after)

    def pass_over(self, request: SpooledRequest, reason: str) -> None:
        """Let the other lanes come first next time: what holds one request up may let others through."""
        with self.change() as database:
            spool_lanes.pass_over(database, (request.sequence, request.idempotency_key), reason)

    def release_lanes(self, api_url: str) -> None:
        """Let all lanes be tried at once, also parked ones, and an API that is away."""
        with self.change() as database:
            spool_lanes.mend(database)
            spool_lanes.release(database, api_url)
            spool_away.ask_again(database, api_url)

    def mend_lanes(self) -> None:
        """Mend what says whose turn it is, if something changed it in the file."""
        with self.change() as database:
            spool_lanes.mend(database)

    def ask_again(self, api_url: str) -> None:
        """Let an API that did not answer be asked at once."""
        if self.away(api_url) is not None:
            with self.change() as database:
                spool_away.ask_again(database, api_url)

    def mark_away(self, api_url: str, reason: str, retry_after: float = 0) -> None:
        """Remember that an API did not answer, for all processes that use this spool."""
        with self._begin() as database:
            spool_away.mark(database, api_url, reason, retry_after, self._now())

    def mark_present(self, api_url: str) -> None:
        """Forget that an API did not answer."""
        if self.away(api_url) is not None:
            with self.change() as database:
                spool_away.forget(database, api_url)

    def away(self, api_url: str) -> Away | None:
        """Return that an API did not answer when it was asked last; null if it did."""
        with self.read() as database:
            return spool_away.known(database, api_url)

    def counts_as_away(self, api_url: str) -> Away | None:
        """Return that an API did not answer a moment ago, so that it need not be asked; null to ask it."""
        away = self.away(api_url)
        return away if away and spool_away.lasts(away, self._now()) else None

    def take_back_refused(self) -> int:
        """Let the refused requests wait again, at their old place; return how many."""
        with self.change() as database:
            changed = database.execute("UPDATE request SET refusal = NULL WHERE refusal IS NOT NULL")
            database.execute("DELETE FROM lane")
            database.execute(FILL_LANES)
            return changed.rowcount

    def readdress(self, old_url: str, new_url: str) -> int:
        """Send what waits for one address of the API to another; return how many requests."""
        with self.change() as database:
            changed = database.execute("UPDATE request SET api_url = ? WHERE api_url = ?", (new_url, old_url))
            database.execute("DELETE FROM lane WHERE api_url IN (?, ?)", (old_url, new_url))
            database.execute(FILL_LANES)
            return changed.rowcount

    def shrink(self) -> None:
        """Give the room of what was taken out back to the disk."""
        self._file.shrink()

    def clear_abandoned(self) -> None:
        """Remove what processes left in the folder that were killed while they wrote."""
        self._file.clear_abandoned()
        self._incoming.clear_abandoned()

    @contextmanager
    def lease(self, name: str, seconds: float, way: str = "") -> Iterator[Lease | None]:
        """Hold a right that one process has at a time; yields null if it did not come within `seconds`."""
        self._file.make_room()
        lease = take_lease(self._begin, self.change, name, seconds, way)
        try:
            yield lease
        finally:
            if lease is not None:
                # It ends with the process in any case.
                with suppress(SpoolError):
                    lease.release()

    def is_leased(self, name: str) -> bool:
        """Say whether a process holds a right."""
        with self.read() as database:
            taken, unknown = is_taken(database, name), must_be_watched(database, name)
        if unknown:
            with self.change() as database:
                watch(database, name)
        return taken

    def end_lease_of_another_way(self, name: str, way: str) -> None:
        """Take a right from a process of this computer that holds it and goes another way."""
        with self.read() as database:
            if not spool_lease.goes_another_way(database, name, way):
                return
        with self.change() as database:
            if spool_lease.goes_another_way(database, name, way):
                spool_lease.end(database, name)

    def exists(self) -> bool:
        """Say whether anything was ever spooled here."""
        return self._file.exists() or bool(self._incoming.files())

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a question; what is kept beside it is taken in before."""
        if self._incoming.files():
            self._file.make_room()
            self._take_in_all()
        with self._file.read() as database:
            yield database

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a change, which is on disk at the end; where there is none, nothing is made."""
        self._file.make_room()
        with self._begin() if self.exists() else self._file.read() as database:
            yield database

    def _take_in_all(self) -> None:
        """Take in what is kept beside the file.

        Raises
        ------
        SpoolError
            Some of it cannot be read now; what comes later must not come before it.
        """
        before: list[Path] = []
        while (files := self._incoming.files()) and files != before:
            before = files
            with self._begin():
                pass
        if files:
            raise SpoolError(f"{files[0]} cannot be read now", "see that you may read it")

    @contextmanager
    def _begin(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a change, or make it; what is kept beside it is taken in."""
        taken: list[Path] = []
        with self._file.change() as database:
            for path, row in self._incoming.rows():
                _insert(database, row)
                taken.append(path)
            yield database
        # Dying before this line takes them in once more; their keys and ids make that harmless.
        for path in taken:
            with suppress(OSError):
                path.unlink()

    def unreadable(self) -> list[Path]:
        """Return the files that could not be read, and were set aside."""
        return [*self._file.set_aside(), *self._incoming.unreadable()]

    def _select(self, condition: str) -> list[SpooledRequest]:
        with self.read() as database:
            rows = database.execute(f"SELECT {COLUMNS} FROM request WHERE {condition} ORDER BY sequence")
            return [request_of(row) for row in rows]


def _insert(database: sqlite3.Connection, row: Row) -> None:
    inserted = database.execute(INSERT, row)
    if inserted.rowcount == 1:
        spool_lanes.add(database, str(row[1]), str(row[2]), inserted.lastrowid or 0)
