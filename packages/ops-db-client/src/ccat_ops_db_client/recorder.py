"""Start, finish and file, whether the API is there or not: what it does not take now waits in the spool.

Kept is everything but a definite refusal: a problem document of the API that says the request itself is
wrong. Silence, an answer of something else, a bad token or a failing service say nothing against it. Order is
kept within an execution: while one of its requests waits, new ones go behind it.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar, Unpack
from uuid import UUID

from . import calls
from .background import end_of_another_way, is_at_work, replay_in_thread
from .calls import Call, EndFacts
from .client import Client
from .errors import ApiAwayError, CcatError, SpoolError
from .facts import check_time
from .identity import new_id
from .network_file_systems import check_spool_folder
from .policy import Bounds
from .records import Execution, Filing, NewFile, Page
from .replay import Replay, replay
from .sending import may_pass, send_once
from .settings import Settings
from .spool import Spool
from .spool_request import SpooledRequest

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Ask(Protocol):
    """Sends a question and returns its answer."""

    def __call__(self, call: Call[Answer], /) -> Answer:
        """Ask."""


def pages(ask: Ask, call: Call[Page[Item]]) -> Iterator[Item]:
    """Yield the items of a list, page by page."""
    page = ask(call)
    yield from page.items
    while page.next_cursor:
        call = calls.with_cursor(call, page.next_cursor)
        page = ask(call)
        yield from page.items


PATIENCE = 2.0
"""So long a call waits for another process that has the spool, in seconds; then it is kept beside it."""


@dataclass(frozen=True)
class Receipt(Generic[Answer]):
    """What became of a request.

    Attributes
    ----------
    answer : object or None
        The API's answer; null when the request waits in the spool, or another process sent it.
    spooled : bool
        Whether it waits in the spool.
    reason : CcatError or None
        Why it waits; null also if it is because something before it waits.
    """

    answer: Answer | None
    spooled: bool = False
    reason: CcatError | None = None


class Recorder:
    """Sends what instruments record, through the spool when need be.

    Parameters
    ----------
    client : Client
        The client; its settings say where the spool is and when it is used.
    in_background : callable
        Is told the settings when something waits that nobody sends, and sees to it; a thread by default.
    """

    def __init__(
        self, client: Client, in_background: Callable[[Settings], object] = replay_in_thread
    ) -> None:
        self.client = client
        check_spool_folder(client.settings)
        self.spool = Spool(client.settings.spool_folder, patience=PATIENCE)
        self._in_background = in_background

    def start(
        self,
        obs_unit: str,
        modules: Sequence[str],
        *,
        started_at: datetime | None = None,
        execution_id: UUID | None = None,
    ) -> tuple[UUID, Receipt[Execution]]:
        """Start an execution; return its id, which is known at once, and the receipt.

        Without a time it started now, by the clock of this computer, whenever it is recorded.
        """
        identifier = execution_id or new_id()
        if started_at is not None:
            check_time(started_at)
        call = calls.start_execution(
            obs_unit, modules, started_at=started_at or datetime.now(UTC), execution_id=identifier
        )
        return identifier, self._submit(identifier, call, () if started_at else ("started_at",))

    def finish(
        self,
        execution_id: UUID,
        status: str = "completed",
        *,
        ended_at: datetime | None = None,
        **facts: Unpack[EndFacts],
    ) -> Receipt[Execution]:
        """Finish an execution: ``completed``, ``aborted`` or ``failed``; `facts` as in `calls.EndFacts`.

        Without a time it ended now, by the clock of this computer.
        """
        if ended_at is not None:
            check_time(ended_at)
        call = calls.finish_execution(execution_id, status, ended_at=ended_at or datetime.now(UTC), **facts)
        return self._submit(execution_id, call, () if ended_at else ("ended_at",))

    def file(self, files: Sequence[NewFile]) -> Receipt[Filing]:
        """File many files of one execution, all or none; of several, those of each.

        A batch that something on the way finds too large is filed in parts.
        """
        executions = dict.fromkeys(file.execution_id for file in files)
        receipts = [
            self._submit(
                execution, calls.file_bulk([file for file in files if file.execution_id == execution])
            )
            for execution in executions
        ]
        answers = [receipt.answer for receipt in receipts if receipt.answer is not None]
        waiting = [receipt for receipt in receipts if receipt.spooled]
        if waiting:
            return Receipt(None, spooled=True, reason=waiting[0].reason)
        return Receipt(functools.reduce(calls.sum_of, answers, Filing(filed=0, already_filed=0)))

    def ask(self, call: Call[Answer], /) -> Answer:
        """Ask once what is only needed if the API is there; one that counts as away is not asked.

        Raises
        ------
        ApiAwayError, ApiError
        """
        settings = self.client.settings
        with suppress(SpoolError):
            if away := self.spool.counts_as_away(settings.api_url):
                raise ApiAwayError(away.reason)
        try:
            return self.client.send(call, bounds=Bounds(0, attempt=settings.spool_after_seconds))
        except ApiAwayError as error:
            with suppress(SpoolError):
                self.spool.mark_away(settings.api_url, error.message, error.retry_after or 0)
            raise

    def replay(self, *, lock_seconds: float = 0, limit_seconds: float = math.inf) -> Replay:
        """Send what waits for this API and is due; see `ccat_ops_db_client.replay.replay`."""
        return replay(self.client, self.spool, lock_seconds=lock_seconds, limit_seconds=limit_seconds)

    def send_in_background(self) -> None:
        """See to it that what waits is sent by itself, also what a computer that went down left behind.

        It is not needed for anything to be kept: whatever goes wrong here, the next one that records does it.
        """
        settings, spool = self.client.settings, self.spool
        # Besides the spool: no memory or no room for a process or a thread.
        with suppress(CcatError, OSError, RuntimeError):
            if not settings.replay_in_background or spool.due_in(settings.api_url) is None:
                return
            end_of_another_way(spool, settings)
            if not is_at_work(spool, settings.api_url):
                self._in_background(settings)

    def _submit(self, execution: UUID, call: Call[Answer], assumed: tuple[str, ...] = ()) -> Receipt[Answer]:
        """Send a request or keep it; the fields `assumed` were filled in here, before the first attempt.

        An attempt that was given up may be taken all the same, and late: it must say what the kept one says.
        """
        api_url, lane = self.client.settings.api_url, str(execution)
        spooled = _spooled(call, api_url, lane, assumed)
        try:
            away, waits = self.spool.counts_as_away(api_url), self.spool.has_waiting(api_url, lane)
        except SpoolError as error:
            return self._submit_past(call, spooled, error)
        reason: CcatError | None = None
        if away is not None:
            reason = ApiAwayError(away.reason)
        elif not waits:
            try:
                answer = send_once(self.client, call, assumed)
            except CcatError as error:
                if not may_pass(error):
                    raise
                reason = error
            else:
                # It is recorded; what the spool knows of the API is not worth an error.
                with suppress(SpoolError):
                    self.spool.mark_present(api_url)
                self.send_in_background()
                return Receipt(answer)
        try:
            self.spool.append(spooled)
        except SpoolError as error:
            raise _kept_nowhere(error, reason) from error
        if away is None and isinstance(reason, ApiAwayError):
            with suppress(SpoolError):
                self.spool.mark_away(api_url, reason.message, reason.retry_after or 0)
        self.send_in_background()
        return Receipt(None, spooled=True, reason=reason)

    def _submit_past(self, call: Call[Answer], spooled: SpooledRequest, error: SpoolError) -> Receipt[Answer]:
        """Keep a request beside the spool, which does not say what waits; send it if that is impossible."""
        try:
            self.spool.append_beside(spooled)
        except SpoolError:
            try:
                return Receipt(send_once(self.client, call, spooled.assumed))
            except CcatError as failed:
                if not may_pass(failed):
                    raise
                raise _kept_nowhere(error, failed) from failed
        self.send_in_background()
        return Receipt(None, spooled=True, reason=error)


def _kept_nowhere(error: SpoolError, because: CcatError | None) -> SpoolError:
    """Return the error that a request was neither taken nor kept."""
    if because is None:
        return error
    return SpoolError(f"{because.message}; and {error.message}", error.remedy)


def _spooled(call: Call[Any], api_url: str, lane: str, assumed: tuple[str, ...]) -> SpooledRequest:
    if call.body is None or call.idempotency_key is None:
        raise AssertionError("only writes are recorded")
    return SpooledRequest(
        call.idempotency_key,
        api_url,
        call.path,
        call.body,
        lane=lane,
        content_type=call.content_type,
        assumed=assumed,
    )
