"""Reading an S3 object in order, by several ranges at the same time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from ccat_data_transfer.storage.interface import MEBIBYTE, Waiting
from ccat_data_transfer.storage.reporting_wait import await_result
from ccat_data_transfer.storage.s3_client import CONNECTIONS, S3Client

_RANGE_BYTES = 8 * MEBIBYTE


class S3Reader:
    """The bytes ``[start, end)`` of an object.

    One connection cannot fill a long link: its window is smaller than what is on the way. So as many ranges
    are under way as the buffer holds.

    Parameters
    ----------
    etag : str or None
        Mark of the content; when the object is replaced meanwhile, reading fails instead of mixing two.
    """

    def __init__(
        self,
        client: S3Client,
        key: str,
        etag: str | None,
        start: int,
        end: int,
        buffer_bytes: int,
        waiting: Waiting | None,
    ) -> None:
        self._client = client
        self._key = key
        self._headers = {"if-match": f'"{etag}"'} if etag else {}
        self._next = start
        self._end = end
        self._waiting = waiting
        # The buffer that is being read is one of these.
        self._parallel = max(1, min(CONNECTIONS, buffer_bytes // _RANGE_BYTES))
        self._threads = ThreadPoolExecutor(self._parallel, "s3-read")
        self._under_way: deque[Future[memoryview]] = deque()
        self._free: list[memoryview] = []
        self._current = memoryview(b"")
        self._position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def readinto(self, buffer: memoryview, /) -> int:
        """See `Reader.readinto`."""
        if self._position == len(self._current):
            self._fetch_ahead()
            if not self._under_way:
                return 0
            self._current = await_result(self._under_way.popleft(), self._waiting)
            self._position = 0
        count = min(len(buffer), len(self._current) - self._position)
        buffer[:count] = self._current[self._position : self._position + count]
        self._position += count
        return count

    def close(self) -> None:
        """See `Reader.close`; ranges that are under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._under_way.clear()
        self._free.clear()
        self._current = memoryview(b"")
        self._position = 0

    def _fetch_ahead(self) -> None:
        """Let every free connection fetch the next range, into a buffer that has been read."""
        if self._current.obj:
            self._free.append(memoryview(self._current.obj))
            self._current, self._position = memoryview(b""), 0
        while len(self._under_way) < self._parallel and self._next < self._end:
            count = min(_RANGE_BYTES, self._end - self._next)
            buffer = self._free.pop() if self._free else memoryview(bytearray(count))
            self._under_way.append(self._threads.submit(self._fetch, self._next, buffer[:count]))
            self._next += count

    def _fetch(self, first: int, buffer: memoryview) -> memoryview:
        headers = {**self._headers, "range": f"bytes={first}-{first + len(buffer) - 1}"}
        self._client.fetch(self._key, headers, buffer)
        return buffer
