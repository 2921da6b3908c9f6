"""The synchronous client."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import httpx

from . import calls, policy
from .calls import Call
from .http_messages import Body, client_arguments, connection_error, transport_arguments, unreachable
from .limits import Limit, SilenceLimit, Sockets
from .operations import Operations
from .policy import Bounds, Close, Listener, Moved, Pause, Read, Result, Send, Step, Steps
from .records import Page
from .settings import Settings, load_settings

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Client(Operations):
    """A client of the API; use it as a context manager. A process that is forked may use it, too.

    Its methods are the operations of `ccat_ops_db_client.calls`. Every request is repeated with growing,
    random pauses while the API is away (no connection, 429, 502, 503, 504; ``Retry-After`` is obeyed). That
    is safe: writes carry ids and an ``Idempotency-Key`` made here.

    Parameters
    ----------
    settings : Settings, optional
        From the environment when not given.
    on_retry : callable, optional
        Is told each error after which a request is repeated.
    on_moved : callable, optional
        Is told the address when the API is only to be asked by https; it is followed from then on.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        on_retry: Listener = policy.say_nothing,
        on_moved: Callable[[str], None] = policy.follow_in_silence,
    ) -> None:
        self.settings = settings or load_settings()
        self._address = self.settings.api_url
        self._on_retry, self._on_moved = on_retry, on_moved
        self._begin_connections()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self, call: Call[Answer], *, retry_seconds: float | None = None, bounds: Bounds | None = None
    ) -> Answer:
        """Send a call and return its answer.

        Raises
        ------
        ApiAwayError
            The API did not answer for `retry_seconds` (default: of the settings; 0: one attempt), or within
            `bounds`.
        ApiError
            It refused the request.
        UnexpectedAnswerError
            Something else answered.
        """
        seconds = self.settings.retry_seconds if retry_seconds is None else retry_seconds
        steps = policy.answer(call, self.settings, self._address, bounds or Bounds(seconds), self._on_retry)
        return self._carry_out(steps)

    def iterate(self, call: Call[Page[Item]]) -> Iterator[Item]:
        """Yield the items of a list, page by page."""
        page = self.send(call)
        yield from page.items
        while page.next_cursor:
            call = calls.with_cursor(call, page.next_cursor)
            page = self.send(call)
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
        call = calls.package_content(package_id, location)
        response = self._carry_out(policy.content(call, self.settings, self._address, first_byte, last_byte))
        try:
            yield response
        except httpx.RequestError as error:
            raise unreachable(error, response.request) from error
        finally:
            response.close()

    def _begin_connections(self) -> None:
        self._process = os.getpid()
        self._sockets = Sockets()
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(**transport_arguments(self.settings)),
            **client_arguments(self.settings),
        )

    def _carry_out(self, steps: Steps[Answer]) -> Answer:
        # Who was forked must not ask on the connections of the other: each would get the other's answers.
        if self._process != os.getpid():
            self._begin_connections()
        try:
            step = next(steps)
            while True:
                step = steps.send(self._result(step))
        except StopIteration as done:
            answer: Answer = done.value
            return answer

    def _result(self, step: Step) -> Result:
        match step:
            case Send(request, None):
                return _or_error(lambda: self._http.send(request, stream=True))
            case Send(request, Limit() as limit):
                return _or_error(lambda: self._sent_within(request, limit))
            case Read(response):
                return _or_error(lambda: _read(response, SilenceLimit(self.settings.read_timeout)))
            case Close(response):
                response.close()
            case Moved(address):
                self._address = address
                self._on_moved(address)
            case Pause(seconds):
                time.sleep(seconds)
        return None

    def _sent_within(self, request: httpx.Request, limit: Limit) -> httpx.Response:
        """Send a request in a thread: nothing else ends the search for a name, or an answer that trickles."""
        ends: SimpleQueue[httpx.Response | Exception] = SimpleQueue()
        request.extensions = {**request.extensions, "trace": self._sockets.note}

        def send() -> None:
            try:
                ends.put(_read(self._http.send(request, stream=True), limit))
            except Exception as error:
                ends.put(error)

        threading.Thread(target=send, name="ccat-request", daemon=True).start()
        while True:
            try:
                end = ends.get(timeout=limit.left())
                break
            except Empty:
                if limit.left() == 0:
                    self._sockets.cut()
                    raise httpx.ReadTimeout("no answer in time") from None
        if isinstance(end, Exception):
            raise end
        return end


def _read(response: httpx.Response, limit: Limit) -> httpx.Response:
    try:
        body = Body(response, limit)
        for piece in response.iter_raw():
            body.add(piece)
    finally:
        response.close()
    return body.response()


def _or_error(step: Callable[[], httpx.Response]) -> httpx.Response | httpx.RequestError:
    try:
        return step()
    except Exception as error:
        return connection_error(error)
