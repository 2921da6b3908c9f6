"""How the asynchronous client connects: a search for a name that nobody answers holds no program up.

Python looks names up in threads for whose end a program waits, and nothing ends such a search before its
time. Here they are looked up in threads that end with the program.
"""

import asyncio
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpcore
import httpx


class AsyncTransport(httpx.AsyncHTTPTransport):
    """The transport of httpx with names looked up here."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # There is no argument for it. A pool that does not know it looks names up in its own way.
        self._pool._network_backend = _Network(self._pool._network_backend)


class _Network(httpcore.AsyncNetworkBackend):
    """Connects by address.

    Parameters
    ----------
    network : AsyncNetworkBackend
        What makes the connections.
    """

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a name that takes the connection, as the other client does."""
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in await _addresses(host, port, timeout):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)


async def _addresses(host: str, port: int, timeout: float | None) -> list[str]:
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def say(addresses: list[str] | Exception) -> None:
        if found.done():
            return
        if isinstance(addresses, Exception):
            found.set_exception(httpcore.ConnectError(str(addresses)))
        else:
            found.set_result(addresses)

    def look() -> None:
        addresses: list[str] | Exception
        try:
            looked_up = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in looked_up))
        except (OSError, UnicodeError) as error:
            addresses = error
        # Nobody waits any more if the loop is closed.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(say, addresses)

    threading.Thread(target=look, name="ccat-name", daemon=True).start()
    try:
        async with asyncio.timeout(timeout):
            return await found
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"no name server says where {host} is") from None
