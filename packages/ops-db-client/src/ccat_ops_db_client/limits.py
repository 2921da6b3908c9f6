"""How long a request may take, whatever it waits for: a name, a connection, or bytes that come one by one."""

import socket
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import httpx

MOST_BYTES = 256 * 1024**2
"""A longer answer is none of the API."""

_PIECE_BYTES = 64 * 1024
_A_SIGN_OF_LIFE = 4096


class Limit:
    """The end of a request: so many seconds after its begin.

    Parameters
    ----------
    seconds : float
        How long.
    most_bytes : int
        What is longer is no answer of the API.
    """

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return for how many seconds it is waited on; 0 at the end."""
        return max(self._end - time.monotonic(), 0.0)

    def passed(self, count: int) -> None:
        """Take notice of bytes that went or came."""


class SilenceLimit(Limit):
    """The end of a request that may take long, if only something goes on: a few bytes now and then do not."""

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(seconds, most_bytes)
        self._seconds = seconds
        self._count = 0

    def passed(self, count: int) -> None:
        """Take notice of bytes that went or came."""
        self._count += count
        if self._count >= _A_SIGN_OF_LIFE:
            self._count, self._end = 0, time.monotonic() + self._seconds


class Upload(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a request, in pieces of which a limit takes notice.

    Parameters
    ----------
    body : bytes
        The body.
    limit : Limit
        The limit.
    """

    def __init__(self, body: bytes, limit: Limit) -> None:
        self._body, self._limit = body, limit

    def __iter__(self) -> Iterator[bytes]:
        for begin in range(0, len(self._body), _PIECE_BYTES):
            piece = self._body[begin : begin + _PIECE_BYTES]
            yield piece
            self._limit.passed(len(piece))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class Sockets:
    """The connections of a client, to be cut when a request is given up: nothing else ends its thread."""

    def __init__(self) -> None:
        self._open: WeakSet[socket.socket] = WeakSet()

    def note(self, event: str, information: Mapping[str, Any]) -> None:
        """Remember a connection that was made; the trace of a request."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._open.add(information["return_value"].get_extra_info("socket"))

    def cut(self) -> None:
        """Cut all connections: they lead to the same API."""
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
