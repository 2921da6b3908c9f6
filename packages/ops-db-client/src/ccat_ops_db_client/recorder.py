"""Start, finish and file, whether the API is there or not: what it cannot take now waits in the spool.

Order is kept: as long as something waits for an API, new requests go behind it. An error that the API answers
is raised and nothing is kept; only what it could not answer is spooled.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from . import calls
from .calls import Call
from .client import Client
from .errors import (
    ApiAwayError,
    ApiError,
    AuthenticationError,
    CcatError,
    ConflictError,
    PermissionDeniedError,
    ServerFailureError,
    UnexpectedAnswerError,
)
from .http_messages import parsed
from .identity import new_id
from .records import Execution, Filing, NewFile
from .spool import Spool, SpooledRequest

Answer = TypeVar("Answer")

# These say nothing against the request: whoever mends token or service can send it again as it is.
_STOPPING = (
    ApiAwayError,
    AuthenticationError,
    PermissionDeniedError,
    ServerFailureError,
    UnexpectedAnswerError,
)


@dataclass(frozen=True)
class Receipt(Generic[Answer]):
    """What became of a request: its answer; null when it waits in the spool or another process sent it."""

    answer: Answer | None
    spooled: bool = False


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

    def replay(self, *, retry_seconds: float = 0, lock_seconds: float = 0) -> Replay:
        """Send what waits for this API, in order.

        Parameters
        ----------
        retry_seconds : float
            For so long each request is repeated while the API is away; 0: one attempt.
        lock_seconds : float
            For so long another process that is replaying is waited for.
        """
        return self._replay(_forget, _forget_refusal, retry_seconds, lock_seconds)

    def _submit(self, call: Call[Answer], late: "_Late[Answer] | None" = None) -> Receipt[Answer]:
        settings = self.client.settings
        if self.spool.first(settings.api_url) is None:
            try:
                return Receipt(self.client.send(call, retry_seconds=settings.spool_after_seconds))
            except ApiAwayError:
                self.spool.append(_spooled(late or _Late(call), settings.api_url))
                return Receipt(None, spooled=True)
        late = late or _Late(call)
        request = _spooled(late, settings.api_url)
        self.spool.append(request)
        return self._submit_behind_others(request, late.call)

    def _submit_behind_others(self, request: SpooledRequest, call: Call[Answer]) -> Receipt[Answer]:
        answers: dict[str, bytes] = {}
        refusals: dict[str, CcatError] = {}
        replay = self._replay(
            answers.__setitem__,
            refusals.__setitem__,
            retry_seconds=0,
            lock_seconds=self.client.settings.spool_after_seconds,
        )
        if request.idempotency_key in answers:
            return Receipt(parsed(call, answers[request.idempotency_key]))
        left = self.spool.find(request.idempotency_key)
        if left is None:
            return Receipt(None)
        if left.refusal is not None:
            self.spool.remove(left.sequence)
            raise refusals.get(request.idempotency_key) or CcatError(left.refusal)
        if replay.stopped_by is not None and not isinstance(replay.stopped_by, ApiAwayError):
            self.spool.remove(left.sequence)
            raise replay.stopped_by
        return Receipt(None, spooled=True)

    def _replay(
        self,
        answered: Callable[[str, bytes], None],
        refused: Callable[[str, CcatError], None],
        retry_seconds: float,
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
                    answer = self._send(request, retry_seconds)
                except _STOPPING as error:
                    stopped_by = error
                    break
                except CcatError as error:
                    refused(request.idempotency_key, error)
                    self.spool.refuse(request.sequence, str(error))
                    set_aside += 1
                else:
                    answered(request.idempotency_key, answer)
                    # Dying before this line sends the request once more; its key and ids make that harmless.
                    self.spool.remove(request.sequence)
                    sent += 1
        return Replay(sent, set_aside, self.spool.count(api_url), stopped_by)

    def _send(self, request: SpooledRequest, retry_seconds: float) -> bytes:
        call = Call(
            "POST",
            request.path,
            _checked(Filing if request.path.endswith(":bulk") else Execution),
            body=request.body,
            content_type=request.content_type,
            idempotency_key=request.idempotency_key,
        )
        try:
            return self.client.send(call, retry_seconds=retry_seconds)
        except ConflictError:
            same = self._same_execution(request)
            if same is None:
                raise
            return same.model_dump_json().encode()

    def _same_execution(self, request: SpooledRequest) -> Execution | None:
        """Return the execution that a refused request speaks of, if it differs only in what was assumed.

        It reached the service before the connection broke, and the service filled in its own time.
        """
        if not request.assumed:
            return None
        facts = json.loads(request.body)
        identifier = facts.get("id") or request.path.rsplit("/", 1)[-1].partition(":")[0]
        try:
            existing = self.client.execution(UUID(identifier))
        except ApiError:
            return None
        known = json.loads(existing.model_dump_json())
        given = {name: value for name, value in facts.items() if name not in request.assumed}
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


def _checked(answer: type[BaseModel]) -> Callable[[bytes], bytes]:
    """Return what gives the text back if it is that answer: anything may listen at a wrong address."""

    def check(content: bytes) -> bytes:
        answer.model_validate_json(content)
        return content

    return check


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
