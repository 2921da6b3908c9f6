"""Reading an S3 object in order, by several ranges at the same time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from ccat_data_transfer.storage.interface import MEBIBYTE, Waiting
from ccat_data_transfer.storage.part_buffers import PartBuffers
from ccat_data_transfer.storage.reporting_wait import await_result
from ccat_data_transfer.storage.s3_client import CONNECTIONS, S3Client

_RANGE_BYTES = 8 * MEBIBYTE


class S3Reader:
    """The bytes ``[start, end)`` of an object.

    One connection cannot fill a long link: its window is smaller than what is on the way. So as many ranges
    are under way as there is room for.

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
        buffers: PartBuffers,
        waiting: Waiting | None,
    ) -> None:
        self._client = client
        self._key = key
        self._etag = etag
        self._next = start
        self._end = end
        self._waiting = waiting
        self._buffers = buffers
        # The buffer that is being read is one of these.
        self._parallel = max(1, min(CONNECTIONS, buffer_bytes // _RANGE_BYTES))
        self._threads = ThreadPoolExecutor(self._parallel, "s3-read")
        self._under_way: deque[tuple[Future[None], memoryview]] = deque()
        self._current = memoryview(b"")
        self._position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def readinto(self, buffer: memoryview, /) -> int:
        """See `Reader.readinto`."""
        if self._position == len(self._current):
            self._give_back_current()
            self._fetch_ahead()
            if not self._under_way:
                return 0
            fetched, fetching = self._under_way[0]
            await_result(fetched, self._waiting)
            self._under_way.popleft()
            self._current = fetching
        count = min(len(buffer), len(self._current) - self._position)
        buffer[:count] = self._current[self._position : self._position + count]
        self._position += count
        return count

    def close(self) -> None:
        """See `Reader.close`; ranges that are under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for fetched, buffer in self._under_way:
            self._buffers.give_back_after(fetched, buffer)
        self._under_way.clear()
        self._give_back_current()
        self._next = self._end

    def _give_back_current(self) -> None:
        if self._current:
            self._buffers.give_back(self._current)
        self._current, self._position = memoryview(b""), 0

    def _fetch_ahead(self) -> None:
        """Let every free connection fetch the next range, as far as there are buffers."""
        while len(self._under_way) < self._parallel and self._next < self._end:
            count = min(_RANGE_BYTES, self._end - self._next)
            take = self._buffers.take_if_room if self._under_way else self._buffers.take
            if (buffer := take(count)) is None:
                return
            self._under_way.append((self._threads.submit(self._fetch, self._next, buffer), buffer))
            self._next += count

    def _fetch(self, first: int, buffer: memoryview) -> None:
        self._client.fetch(self._key, first, buffer, self._etag)
