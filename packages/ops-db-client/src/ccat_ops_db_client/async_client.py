"""The client for asyncio."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self, TypeVar
from uuid import UUID

import httpx

from . import calls, policy
from .async_transport import AsyncTransport
from .calls import Call
from .http_messages import Body, client_arguments, connection_error, transport_arguments, unreachable
from .limits import Limit, SilenceLimit
from .operations import Operations
from .policy import Bounds, Close, Listener, Moved, Pause, Read, Result, Send, Step, Steps
from .records import Page
from .settings import Settings, load_settings

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class AsyncClient(Operations):
    """A client of the API for asyncio; use it as an asynchronous context manager.

    It has the methods of `Client`, awaited, and does the same.

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
        self._http = httpx.AsyncClient(
            transport=AsyncTransport(**transport_arguments(self.settings)),
            **client_arguments(self.settings),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(
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
        return await self._carry_out(steps)

    async def iterate(self, call: Call[Page[Item]]) -> AsyncIterator[Item]:
        """Yield the items of a list, page by page."""
        page = await self.send(call)
        for item in page.items:
            yield item
        while page.next_cursor:
            call = calls.with_cursor(call, page.next_cursor)
            page = await self.send(call)
            for item in page.items:
                yield item

    @asynccontextmanager
    async def open_content(
        self,
        package_id: UUID,
        *,
        first_byte: int = 0,
        last_byte: int | None = None,
        location: str | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Open the bytes of a package, both ends inclusive; follows the redirect to the data server.

        One attempt: who reads knows from where to go on after a break.

        Raises
        ------
        ApiAwayError, ApiError, UnexpectedAnswerError
        """
        call = calls.package_content(package_id, location)
        response = await self._carry_out(
            policy.content(call, self.settings, self._address, first_byte, last_byte)
        )
        try:
            yield response
        except httpx.RequestError as error:
            raise unreachable(error, response.request) from error
        finally:
            await response.aclose()

    async def _carry_out(self, steps: Steps[Answer]) -> Answer:
        try:
            step = next(steps)
            while True:
                step = steps.send(await self._result(step))
        except StopIteration as done:
            answer: Answer = done.value
            return answer

    async def _result(self, step: Step) -> Result:
        match step:
            case Send(request, None):
                return await _or_error(self._http.send(request, stream=True))
            case Send(request, Limit() as limit):
                return await _or_error(self._sent_within(request, limit))
            case Read(response):
                return await _or_error(_read(response, SilenceLimit(self.settings.read_timeout)))
            case Close(response):
                await response.aclose()
            case Moved(address):
                self._address = address
                self._on_moved(address)
            case Pause(seconds):
                await asyncio.sleep(seconds)
        return None

    async def _sent_within(self, request: httpx.Request, limit: Limit) -> httpx.Response:
        async def send() -> httpx.Response:
            return await _read(await self._http.send(request, stream=True), limit)

        task = asyncio.create_task(send())
        try:
            while not task.done() and limit.left() > 0:
                await asyncio.wait({task}, timeout=limit.left())
        finally:
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            raise httpx.ReadTimeout("no answer in time") from None


async def _read(response: httpx.Response, limit: Limit) -> httpx.Response:
    try:
        body = Body(response, limit)
        async for piece in response.aiter_raw():
            body.add(piece)
    finally:
        await response.aclose()
    return body.response()


async def _or_error(step: Awaitable[httpx.Response]) -> httpx.Response | httpx.RequestError:
    try:
        return await step
    except Exception as error:
        return connection_error(error)
