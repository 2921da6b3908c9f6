"""The methods that both clients have: each is an operation of `calls`, sent by the client it is asked of."""

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from . import calls
from .calls import Call
from .records import Page

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Sends(Protocol):
    """A client whose `send` returns the answer."""

    def send(self, call: Call[Answer], /) -> Answer:
        """Send a call."""

    def iterate(self, call: Call[Page[Item]], /) -> Iterator[Item]:
        """Yield the items of a list."""


class SendsAsynchronously(Protocol):
    """A client whose `send` is awaited."""

    async def send(self, call: Call[Answer], /) -> Answer:
        """Send a call."""

    def iterate(self, call: Call[Page[Item]], /) -> AsyncIterator[Item]:
        """Yield the items of a list."""


class Operation(Generic[Parameters, Answer]):
    """A method that sends one call and returns its answer, or what is to be awaited for it.

    Parameters
    ----------
    call : callable
        Makes the call; the method has its parameters and its documentation.
    """

    def __init__(self, call: Callable[Parameters, Call[Answer]]) -> None:
        self.call = call
        self.__doc__ = call.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...

    @overload
    def __get__(self, client: Sends, owner: type) -> Callable[Parameters, Answer]: ...

    @overload
    def __get__(
        self, client: SendsAsynchronously, owner: type
    ) -> Callable[Parameters, Awaitable[Answer]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        """Return the method of a client."""
        if client is None:
            return self

        @functools.wraps(self.call)
        def send(*given: Any, **named: Any) -> Any:
            return client.send(self.call(*given, **named))

        return send


class Listing(Generic[Parameters, Item]):
    """A method that yields the items of a list, page by page.

    Parameters
    ----------
    call : callable
        Makes the call of the first page.
    """

    def __init__(self, call: Callable[Parameters, Call[Page[Item]]]) -> None:
        self.call = call
        self.__doc__ = call.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...

    @overload
    def __get__(self, client: Sends, owner: type) -> Callable[Parameters, Iterator[Item]]: ...

    @overload
    def __get__(
        self, client: SendsAsynchronously, owner: type
    ) -> Callable[Parameters, AsyncIterator[Item]]: ...

    def __get__(self, client: Any, owner: type) -> Any:
        """Return the method of a client."""
        if client is None:
            return self

        @functools.wraps(self.call)
        def iterate(*given: Any, **named: Any) -> Any:
            return client.iterate(self.call(*given, **named))

        return iterate


class Operations:
    """What can be asked of the API."""

    start_execution = Operation(calls.start_execution)
    finish_execution = Operation(calls.finish_execution)
    execution = Operation(calls.execution)
    executions = Listing(calls.executions)
    progress = Operation(calls.progress)
    file_one = Operation(calls.file_one)
    file_bulk = Operation(calls.file_bulk)
    filed_files = Listing(calls.filed_files)
    packages = Listing(calls.packages)
    package = Operation(calls.package)
    package_index = Operation(calls.package_index)
    stage = Operation(calls.stage)
    staging_job = Operation(calls.staging_job)
    site = Operation(calls.site)
    locations = Listing(calls.locations)
    instruments = Listing(calls.instruments)
    status = Operation(calls.status)
    why = Operation(calls.why)
