"""The synchronous client."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import httpx

from . import calls, policy
from .calls import Call
from .http_messages import client_arguments, unreachable
from .operations import Operations
from .policy import Close, Listener, Pause, Read, Result, Send, Step, Steps
from .records import Page
from .settings import Settings, load_settings

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Client(Operations):
    """A client of the API; use it as a context manager.

    Its methods are the operations of `ccat_ops_db_client.calls`. Every request is repeated with growing,
    random pauses while the API is away (no connection, 429, 502, 503, 504; ``Retry-After`` is obeyed). That
    is safe: writes carry ids and an ``Idempotency-Key`` made here.

    Parameters
    ----------
    settings : Settings, optional
        From the environment when not given.
    on_retry : callable, optional
        Is told each error after which a request is repeated.
    """

    def __init__(self, settings: Settings | None = None, *, on_retry: Listener = policy.say_nothing) -> None:
        self.settings = settings or load_settings()
        self._on_retry = on_retry
        self._http = httpx.Client(**client_arguments(self.settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, call: Call[Answer], *, retry_seconds: float | None = None) -> Answer:
        """Send a call and return its answer.

        Raises
        ------
        ApiAwayError
            The API did not answer for `retry_seconds` (default: of the settings; 0: one attempt).
        ApiError
            It refused the request.
        UnexpectedAnswerError
            Something else answered.
        """
        seconds = self.settings.retry_seconds if retry_seconds is None else retry_seconds
        return self._carry_out(policy.answer(call, self.settings, seconds, self._on_retry))

    def iterate(self, call: Call[Page[Item]]) -> Iterator[Item]:
        """Yield the items of a list, page by page."""
        page = self.send(call)
        yield from page.items
        while page.next_cursor:
            page = self.send(calls.with_cursor(call, page.next_cursor))
            yield from page.items

    @contextmanager
    def open_content(
        self,
        package_id: UUID,
        *,
        first_byte: int = 0,
        last_byte: int | None = None,
        location: str | None = None,
    ) -> Iterator[httpx.Response]:
        """Open the bytes of a package, both ends inclusive; follows the redirect to the data server.

        One attempt: who reads knows from where to go on after a break.

        Raises
        ------
        ApiAwayError, ApiError, UnexpectedAnswerError
        """
        response = self._carry_out(policy.content(package_id, location, self.settings, first_byte, last_byte))
        try:
            yield response
        except httpx.TransportError as error:
            raise unreachable(error, response.request) from error
        finally:
            response.close()

    def _carry_out(self, steps: Steps[Answer]) -> Answer:
        try:
            step = next(steps)
            while True:
                step = steps.send(self._result(step))
        except StopIteration as done:
            answer: Answer = done.value
            return answer

    def _result(self, step: Step) -> Result:
        try:
            match step:
                case Send(request, stream):
                    return self._http.send(request, stream=stream)
                case Read(response):
                    response.read()
                case Close(response):
                    response.close()
                case Pause(seconds):
                    time.sleep(seconds)
        except httpx.TransportError as error:
            return error
        return None
