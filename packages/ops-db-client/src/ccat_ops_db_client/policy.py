"""When a request is sent, repeated and given up: a generator of steps that a client carries out.

No input or output here: `Client` and `AsyncClient` carry out the same steps, one blocking, one awaiting.
"""

import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import httpx

from .calls import Call
from .errors import ApiAwayError, ApiError, UnexpectedAnswerError
from .http_messages import (
    REDIRECTS,
    answer_of,
    error_of,
    redirect_request,
    request_of,
    secure_address,
    timeout_of,
    unreachable,
)
from .limits import MOST_BYTES, Limit, SilenceLimit, Upload
from .settings import Settings

Answer = TypeVar("Answer")

MAX_REDIRECTS = 5
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0

Listener = Callable[[ApiAwayError], None]
"""Is told each error after which a request is repeated."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; the result is the response, or the error of the connection.

    Its body is read, unless there is no limit. At the limit it is given up with a `httpx.ReadTimeout`.
    """

    request: httpx.Request
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class Read:
    """Read the body of a response and close it; the result is the response with it."""

    response: httpx.Response


@dataclass(frozen=True, slots=True)
class Close:
    """Close a response without reading it."""

    response: httpx.Response


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Moved:
    """Ask the API by this address from now on, and say so."""

    address: str


Step = Send | Read | Close | Pause | Moved
Result = httpx.Response | httpx.RequestError | None
Steps = Generator[Step, Result, Answer]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a request is tried, in seconds.

    Attributes
    ----------
    repeat : float
        For so long it is repeated while the API is away; 0: one attempt.
    attempt : float or None
        So long an attempt takes at most; null: as long as something goes on.
    silence : float or None
        After so much silence an attempt is given up, and bytes that come one by one are silence; null: as in
        the settings.
    answer_bytes : int or None
        What is longer is no answer of the API; null: any that fits into memory.
    """

    repeat: float
    attempt: float | None = None
    silence: float | None = None
    answer_bytes: int | None = None


class Pauses:
    """The growing, random pauses between the attempts of one request.

    Parameters
    ----------
    seconds : float
        For so long a request is repeated; 0: one attempt.
    """

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._longest = FIRST_PAUSE

    def after(self, error: ApiAwayError) -> float | None:
        """Return the pause after a failed attempt, in seconds; null: give up."""
        if not error.passes:
            return None
        # All who were sent away at once must not come back at once.
        if error.retry_after is not None:
            pause = error.retry_after + random.uniform(0, 1)
        else:
            pause = random.uniform(self._longest / 2, self._longest)
            self._longest = min(2 * self._longest, LONGEST_PAUSE)
        return pause if time.monotonic() + pause < self._deadline else None


def say_nothing(error: ApiAwayError) -> None:
    """Take an error after which a request is repeated; the default listener."""
    del error


def follow_in_silence(address: str) -> None:
    """Take the address to which the API has moved; the default listener."""
    del address


def answer(
    call: Call[Answer], settings: Settings, address: str, bounds: Bounds, listener: Listener
) -> Steps[Answer]:
    """Send a call until it is answered, and return the answer.

    Parameters
    ----------
    call : Call
        What is asked.
    settings : Settings
        Who asks, and how long is waited.
    address : str
        Where the API is.
    bounds : Bounds
        How long it is tried.
    listener : callable
        Is told each error after which the call is repeated.

    Raises
    ------
    ApiAwayError, ApiError, UnexpectedAnswerError
    """
    pauses = Pauses(bounds.repeat)
    timeout = timeout_of(settings, bounds.silence)
    while True:
        try:
            limit = _limit(bounds, settings)
            request = _watched(request_of(call, settings, address, timeout), limit)
            response = yield from _response(request, limit)
            if (secure := secure_address(address, request, response)) is None:
                return answer_of(call, response)
            request = _watched(request_of(call, settings, secure, timeout), limit)
            response = yield from _response(request, limit)
            try:
                answered = answer_of(call, response)
            except ApiError:
                yield Moved(secure)
                raise
            # Only now: what said so may not have been the API.
            yield Moved(secure)
            return answered
        except ApiAwayError as error:
            pause = pauses.after(error)
            if pause is None:
                raise
            listener(error)
        yield Pause(pause)


def content(
    call: Call[bytes], settings: Settings, address: str, first_byte: int, last_byte: int | None
) -> Steps[httpx.Response]:
    """Open the bytes of a package, both ends inclusive, by way of the redirect to the data server.

    One attempt: who reads knows from where to go on after a break.

    Raises
    ------
    ApiAwayError, ApiError, UnexpectedAnswerError
    """
    request = request_of(call, settings, address, timeout_of(settings))
    if first_byte or last_byte is not None:
        request.headers["Range"] = f"bytes={first_byte}-{'' if last_byte is None else last_byte}"
    # The bytes of the tar count: they must not come in another encoding.
    request.headers["Accept-Encoding"] = "identity"
    for _ in range(MAX_REDIRECTS):
        response = yield from _response(request, None)
        if response.is_success:
            return response
        if response.status_code not in REDIRECTS:
            raise error_of((yield from _done(Read(response))))
        yield Close(response)
        request = redirect_request(request, response)
    raise UnexpectedAnswerError(f"{settings.api_url} redirects without end")


def _limit(bounds: Bounds, settings: Settings) -> Limit:
    most_bytes = MOST_BYTES if bounds.answer_bytes is None else bounds.answer_bytes
    if bounds.attempt is not None:
        return Limit(bounds.attempt, most_bytes)
    silence = settings.read_timeout if bounds.silence is None else bounds.silence
    return SilenceLimit(silence, most_bytes)


def _watched(request: httpx.Request, limit: Limit) -> httpx.Request:
    request.stream = Upload(request.content, limit)
    return request


def _response(request: httpx.Request, limit: Limit | None) -> Steps[httpx.Response]:
    result = yield Send(request, limit)
    if isinstance(result, httpx.RequestError):
        raise unreachable(result, request) from result
    assert isinstance(result, httpx.Response)
    return result


def _done(step: Read) -> Steps[httpx.Response]:
    result = yield step
    if isinstance(result, httpx.RequestError):
        raise unreachable(result, step.response.request) from result
    assert isinstance(result, httpx.Response)
    return result
