"""Reading an S3 object in order, by several ranges at the same time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from ccat_data_transfer.storage.interface import MEBIBYTE, Waiting
from ccat_data_transfer.storage.patience import await_result
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
        self._parallel = max(1, min(CONNECTIONS, buffer_bytes // _RANGE_BYTES - 1))  # and one is being read
        self._threads = ThreadPoolExecutor(self._parallel, "s3-read")
        self._under_way: deque[Future[bytes]] = deque()
        self._current = memoryview(b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def readinto(self, buffer: memoryview, /) -> int:
        """See `Reader.readinto`."""
        if not self._current:
            self._fetch_ahead()
            if not self._under_way:
                return 0
            self._current = memoryview(await_result(self._under_way.popleft(), self._waiting))
        count = min(len(buffer), len(self._current))
        buffer[:count] = self._current[:count]
        self._current = self._current[count:]
        return count

    def close(self) -> None:
        """See `Reader.close`; ranges that are under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._under_way.clear()
        self._current = memoryview(b"")

    def _fetch_ahead(self) -> None:
        while len(self._under_way) < self._parallel and self._next < self._end:
            last = min(self._next + _RANGE_BYTES, self._end) - 1
            self._under_way.append(self._threads.submit(self._fetch, self._next, last))
            self._next = last + 1

    def _fetch(self, first: int, last: int) -> bytes:
        headers = {**self._headers, "range": f"bytes={first}-{last}"}
        return self._client.request("GET", self._key, headers=headers).body
