"""Start, finish and file, whether the API is there or not: what it does not take now waits in the spool.

Kept is everything but a definite refusal: a problem document of the API that says the request itself is
wrong. Silence, an answer of something else, a bad token or a failing service say nothing against it. Order is
kept: as long as something waits for an API, new requests go behind it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import httpx

from . import calls
from .calls import Call
from .client import Client
from .errors import ApiAwayError, ApiError, CcatError, ConflictError
from .http_messages import parsed
from .identity import new_id
from .policy import Bounds
from .records import Execution, Filing, NewFile
from .spool import Spool, SpooledRequest

Answer = TypeVar("Answer")

REFUSALS = frozenset({400, 409, 413, 415, 422})
"""Statuses with which the API says that the request itself is wrong."""

SILENCE_SECONDS = 10.0
"""After so much silence a bulk request is given up."""


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


@dataclass(frozen=True)
class Replay:
    """What a replay did.

    Attributes
    ----------
    sent : int
        Requests that the API took.
    refused : int
        Requests that it refused; they are set aside with the reason.
    waiting : int
        Requests that still wait for this API.
    stopped_by : CcatError or None
        Why it stopped before the end.
    """

    sent: int
    refused: int
    waiting: int
    stopped_by: CcatError | None = None


class Recorder:
    """Sends what instruments record, through the spool when need be.

    Parameters
    ----------
    client : Client
        The client; its settings say where the spool is and when it is used.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.spool = Spool(client.settings.spool_folder)

    def start(
        self,
        obs_unit: str,
        modules: Sequence[str],
        *,
        started_at: datetime | None = None,
        execution_id: UUID | None = None,
    ) -> tuple[UUID, Receipt[Execution]]:
        """Start an execution; return its id, which is known at once, and the receipt."""
        identifier = execution_id or new_id()
        if started_at is not None:
            return identifier, self._submit(_start(identifier, obs_unit, modules, started_at))
        receipt = self._submit(
            _start(identifier, obs_unit, modules, None),
            _Late(_start(identifier, obs_unit, modules, datetime.now(UTC)), assumed=("started_at",)),
        )
        return identifier, receipt

    def finish(
        self, execution_id: UUID, status: str, *, ended_at: datetime | None = None, **facts: Any
    ) -> Receipt[Execution]:
        """Finish an execution; further facts as in the API (``mean_pwv`` in mm, ``comment``, …)."""
        if ended_at is not None:
            return self._submit(calls.finish_execution(execution_id, status, ended_at=ended_at, **facts))
        late = calls.finish_execution(execution_id, status, ended_at=datetime.now(UTC), **facts)
        return self._submit(
            calls.finish_execution(execution_id, status, **facts), _Late(late, assumed=("ended_at",))
        )

    def file(self, files: Sequence[NewFile]) -> Receipt[Filing]:
        """File many files, all or none."""
        return self._submit(calls.file_bulk(files))

    def replay(self, *, lock_seconds: float = 0) -> Replay:
        """Send what waits for this API, in order.

        Parameters
        ----------
        lock_seconds : float
            For so long another process that is replaying is waited for.
        """
        return self._replay(_forget, _forget_refusal, lock_seconds)

    def _submit(self, call: Call[Answer], late: "_Late[Answer] | None" = None) -> Receipt[Answer]:
        settings = self.client.settings
        if self.spool.first(settings.api_url) is None:
            try:
                return Receipt(self._sent(call))
            except CcatError as error:
                if not _may_pass(error):
                    raise
                self.spool.append(_spooled(late or _Late(call), settings.api_url))
                return Receipt(None, spooled=True, reason=error)
        late = late or _Late(call)
        request = _spooled(late, settings.api_url)
        self.spool.append(request)
        return self._submit_behind_others(request, late.call)

    def _submit_behind_others(self, request: SpooledRequest, call: Call[Answer]) -> Receipt[Answer]:
        answers: dict[str, bytes] = {}
        refusals: dict[str, CcatError] = {}
        replay = self._replay(
            answers.__setitem__, refusals.__setitem__, self.client.settings.spool_after_seconds
        )
        if request.idempotency_key in answers:
            return Receipt(parsed(call, answers[request.idempotency_key]))
        left = self.spool.find(request.idempotency_key)
        if left is None:
            return Receipt(None)
        if left.refusal is not None:
            self.spool.remove(left.sequence)
            raise refusals.get(request.idempotency_key) or CcatError(left.refusal)
        return Receipt(None, spooled=True, reason=replay.stopped_by)

    def _replay(
        self,
        answered: Callable[[str, bytes], None],
        refused: Callable[[str, CcatError], None],
        lock_seconds: float,
    ) -> Replay:
        api_url = self.client.settings.api_url
        sent = set_aside = 0
        stopped_by: CcatError | None = None
        if self.spool.first(api_url) is None:
            return Replay(0, 0, 0)
        with self.spool.replay_lock(lock_seconds) as locked:
            while locked and (request := self.spool.first(api_url)) is not None:
                try:
                    answer = self._sent(_call_of(request), request.assumed).model_dump_json().encode()
                except CcatError as error:
                    if _may_pass(error):
                        stopped_by = error
                        break
                    refused(request.idempotency_key, error)
                    self.spool.refuse(request.sequence, str(error))
                    set_aside += 1
                else:
                    answered(request.idempotency_key, answer)
                    # Dying before this line sends the request once more; its key and ids make that harmless.
                    self.spool.remove(request.sequence)
                    sent += 1
        return Replay(sent, set_aside, self.spool.count(api_url), stopped_by)

    def _sent(self, call: Call[Answer], assumed: Sequence[str] = ()) -> Answer:
        """Send a request once, and return the answer; a start or finish that is there already is one."""
        try:
            return self._sent_in_parts(call)
        except ConflictError:
            same = self._same_execution(call, assumed)
            if same is None:
                raise
            return call.parse(same.model_dump_json().encode())

    def _sent_in_parts(self, call: Call[Answer]) -> Answer:
        """Send a request; a bulk filing that something on the way finds too large is sent in halves."""
        try:
            return self.client.send(call, bounds=self._bounds(call))
        except (ApiError, ApiAwayError) as error:
            halves = call.halves() if error.status == httpx.codes.REQUEST_ENTITY_TOO_LARGE else None
            if halves is None:
                raise
        first, second = halves
        answered = self._sent_in_parts(first)
        try:
            rest = self._sent_in_parts(second)
        except ApiError as error:
            error.shift_lines((first.body or b"").count(b"\n"))
            raise
        # Only bulk filings have halves.
        return cast(Answer, calls.sum_of(cast(Filing, answered), cast(Filing, rest)))

    def _bounds(self, call: Call[Any]) -> Bounds:
        if call.content_type == calls.NDJSON:
            return Bounds(0, silence=SILENCE_SECONDS)
        return Bounds(0, attempt=self.client.settings.spool_after_seconds)

    def _same_execution(self, call: Call[Any], assumed: Sequence[str]) -> Execution | None:
        """Return the execution that a refused start or finish speaks of, if it has the same facts.

        The request reached the service before the connection broke, and the service filled in its own time.

        Parameters
        ----------
        call : Call
            What was refused.
        assumed : sequence of str
            Fields of its body that the client filled in.
        """
        if call.content_type == calls.NDJSON:
            return None
        facts = json.loads(call.body or b"{}")
        identifier = facts.get("id") or call.path.rsplit("/", 1)[-1].partition(":")[0]
        try:
            existing = self.client.send(calls.execution(UUID(identifier)), bounds=self._bounds(call))
        except ApiError:
            return None
        known = json.loads(existing.model_dump_json())
        given = {name: value for name, value in facts.items() if name not in assumed}
        return existing if all(_equal(known.get(name), value) for name, value in given.items()) else None


@dataclass(frozen=True)
class _Late(Generic[Answer]):
    """A request as it is spooled: with the time of now, which the service fills in when it comes at once."""

    call: Call[Answer]
    assumed: tuple[str, ...] = ()


def _start(
    identifier: UUID, obs_unit: str, modules: Sequence[str], started_at: datetime | None
) -> Call[Execution]:
    return calls.start_execution(obs_unit, modules, started_at=started_at, execution_id=identifier)


def _spooled(late: _Late[Any], api_url: str) -> SpooledRequest:
    call = late.call
    if call.body is None or call.idempotency_key is None:
        raise AssertionError("only writes are recorded")
    return SpooledRequest(
        call.idempotency_key,
        api_url,
        call.path,
        call.body,
        content_type=call.content_type,
        assumed=late.assumed,
    )


def _call_of(request: SpooledRequest) -> Call[Any]:
    return Call(
        "POST",
        request.path,
        (Filing if request.path.endswith(":bulk") else Execution).model_validate_json,
        body=request.body,
        content_type=request.content_type,
        idempotency_key=request.idempotency_key,
    )


def _may_pass(error: CcatError) -> bool:
    """Say whether the same request can succeed later: everything but a definite refusal of the API."""
    if isinstance(error, ApiError):
        return error.status not in REFUSALS or error.request_id is None
    return isinstance(error, ApiAwayError)


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


def _forget(key: str, answer: bytes) -> None:
    del key, answer


def _forget_refusal(key: str, error: CcatError) -> None:
    del key, error
