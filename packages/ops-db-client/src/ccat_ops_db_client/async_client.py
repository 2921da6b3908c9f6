"""The asynchronous client: the same methods as the synchronous one, awaited."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import httpx
import stamina

from . import calls
from .calls import Call
from .errors import ApiAwayError, UnexpectedAnswerError
from .exchange import (
    MAX_REDIRECTS,
    REDIRECTS,
    RetryRule,
    answer_of,
    client_arguments,
    error_of,
    redirect_request,
    request_of,
    say_nothing,
    unreachable,
)
from .identity import new_id
from .records import (
    Execution,
    Explanation,
    FiledFile,
    Filing,
    Instrument,
    Location,
    NewFile,
    Package,
    PackageIndex,
    Page,
    Progress,
    SiteInformation,
    StagingJob,
    Status,
)
from .settings import Settings, load_settings

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class AsyncClient:
    """A client of the API for asyncio; use it as an asynchronous context manager.

    Every request is repeated with growing, jittered pauses while the API is away (no connection, 429, 502,
    503, 504; ``Retry-After`` is obeyed). That is safe: writes carry ids and an ``Idempotency-Key`` made here.

    Parameters
    ----------
    settings : Settings, optional
        From the environment when not given.
    on_retry : callable, optional
        Is told each error after which a request is repeated.
    """

    def __init__(
        self, settings: Settings | None = None, *, on_retry: Callable[[ApiAwayError], None] = say_nothing
    ) -> None:
        self.settings = settings or load_settings()
        self._on_retry = on_retry
        self._http = httpx.AsyncClient(**client_arguments(self.settings))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def start_execution(
        self,
        obs_unit: str,
        modules: Sequence[str],
        *,
        started_at: datetime | None = None,
        execution_id: UUID | None = None,
    ) -> Execution:
        """Say that an obs unit is being executed with these modules."""
        return await self.send(
            calls.start_execution(
                obs_unit, modules, started_at=started_at, execution_id=execution_id or new_id()
            )
        )

    async def finish_execution(
        self, execution_id: UUID, status: str = "completed", **facts: Any
    ) -> Execution:
        """Say that an execution ended: ``completed``, ``aborted`` or ``failed``; `facts` as in the API."""
        return await self.send(calls.finish_execution(execution_id, {"status": status, **facts}))

    async def execution(self, execution_id: UUID) -> Execution:
        """Return an execution."""
        return await self.send(calls.execution(execution_id))

    def executions(self, **filters: Any) -> AsyncIterator[Execution]:
        """Yield the executions that fit, page by page."""
        return self.iterate(calls.executions({"limit": calls.PAGE_LIMIT, **filters}))

    async def progress(self, execution_id: UUID) -> Progress:
        """Return how far the data of an execution are."""
        return await self.send(calls.progress(execution_id))

    async def file_one(self, file: NewFile) -> FiledFile:
        """File one file."""
        return await self.send(calls.file_one(file))

    async def file_bulk(self, files: Sequence[NewFile]) -> Filing:
        """File many files, all or none."""
        return await self.send(calls.file_bulk(files))

    def filed_files(self, **filters: Any) -> AsyncIterator[FiledFile]:
        """Yield the filed files that fit, page by page."""
        return self.iterate(calls.filed_files({"limit": calls.PAGE_LIMIT, **filters}))

    def packages(self, **filters: Any) -> AsyncIterator[Package]:
        """Yield the packages that fit, page by page."""
        return self.iterate(calls.packages({"limit": calls.PAGE_LIMIT, **filters}))

    async def package(self, package_id: UUID) -> Package:
        """Return a package with its copies."""
        return await self.send(calls.package(package_id))

    async def package_index(self, package_id: UUID) -> PackageIndex:
        """Return where each file of a sealed package lies in its tar."""
        return await self.send(calls.package_index(package_id))

    async def stage(
        self,
        destination_location: str,
        *,
        execution_id: UUID | None = None,
        package_id: UUID | None = None,
        file_id: UUID | None = None,
        time_to_live: int | None = None,
        reason: str | None = None,
    ) -> StagingJob:
        """Ask for the data of one execution, package or file at a processing location."""
        return await self.send(
            calls.stage(
                destination_location,
                execution_id=execution_id,
                package_id=package_id,
                file_id=file_id,
                time_to_live=time_to_live,
                reason=reason,
            )
        )

    async def staging_job(self, job_id: UUID) -> StagingJob:
        """Return how far a staging job is."""
        return await self.send(calls.staging_job(job_id))

    async def site(self) -> SiteInformation:
        """Return the site that the API serves."""
        return await self.send(calls.site())

    def locations(self, **filters: Any) -> AsyncIterator[Location]:
        """Yield the data locations that fit."""
        return self.iterate(calls.locations({"limit": calls.PAGE_LIMIT, **filters}))

    def instruments(self, **filters: Any) -> AsyncIterator[Instrument]:
        """Yield the instruments with their modules."""
        return self.iterate(calls.instruments({"limit": calls.PAGE_LIMIT, **filters}))

    async def status(self) -> Status:
        """Return what is where, what moves and what waits."""
        return await self.send(calls.status())

    async def why(self, subject: str | UUID) -> Explanation:
        """Return why something waits; `subject` is any id."""
        return await self.send(calls.why(str(subject)))

    async def send(self, call: Call[Answer], *, retry_seconds: float | None = None) -> Answer:
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
        patience = self.settings.retry_seconds if retry_seconds is None else retry_seconds
        rule = RetryRule(patience, self._on_retry)
        async for attempt in stamina.retry_context(
            on=rule, attempts=None if patience else 1, timeout=patience or None, wait_max=10
        ):
            with attempt:
                return answer_of(call, await self._exchange(request_of(call, self.settings)))
        raise AssertionError("the last attempt returns or raises")

    async def iterate(self, call: Call[Page[Item]]) -> AsyncIterator[Item]:
        """Yield the items of a list, page by page."""
        page = await self.send(call)
        for item in page.items:
            yield item
        while page.next_cursor:
            page = await self.send(calls.with_cursor(call, page.next_cursor))
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
        request = request_of(calls.package_content(package_id, location), self.settings)
        if first_byte or last_byte is not None:
            request.headers["Range"] = f"bytes={first_byte}-{'' if last_byte is None else last_byte}"
        # The bytes of the tar count: they must not come in another encoding.
        request.headers["Accept-Encoding"] = "identity"
        response = await self._follow(request)
        try:
            if not response.is_success:
                await response.aread()
                raise error_of(response)
            yield response
        except httpx.TransportError as error:
            raise unreachable(error, response.request) from error
        finally:
            await response.aclose()

    async def _follow(self, request: httpx.Request) -> httpx.Response:
        for _ in range(MAX_REDIRECTS):
            response = await self._exchange(request, stream=True)
            if response.status_code not in REDIRECTS:
                return response
            await response.aclose()
            request = redirect_request(request, response)
        raise UnexpectedAnswerError(f"{self.settings.api_url} redirects without end")

    async def _exchange(self, request: httpx.Request, *, stream: bool = False) -> httpx.Response:
        try:
            return await self._http.send(request, stream=stream)
        except httpx.TransportError as error:
            raise unreachable(error, request) from error
