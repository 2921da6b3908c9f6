"""Memory for the parts of objects on their way to and from stores."""

from __future__ import annotations

import mmap
import threading
from concurrent.futures import Future
from typing import Any

from ccat_data_transfer.storage.interface import MEBIBYTE


def new_buffer(size: int) -> memoryview:
    """Return memory that goes back to the system as soon as nobody has it.

    From the heap of the process it would not: pieces of this size leave holes there, which stay.
    """
    return memoryview(mmap.mmap(-1, size))


class PartBuffers:
    """The part buffers of a process, shared by all its transfers.

    One long transfer is faster with many parts on their way, but many transfers together must not have more
    memory than a worker has. So each always gets one buffer, and further ones only while there is room.

    Parameters
    ----------
    most_bytes : int
        Room for all of them; exceeded only by first buffers of transfers that begin while there is none.
    """

    def __init__(self, most_bytes: int = 48 * MEBIBYTE) -> None:
        self._most_bytes = most_bytes
        self._taken_bytes = 0
        self._kept: list[memoryview] = []
        self._lock = threading.Lock()

    @property
    def taken_bytes(self) -> int:
        """What transfers have."""
        return self._taken_bytes

    @property
    def kept_bytes(self) -> int:
        """What is kept for the next transfer."""
        return sum(map(len, self._kept))

    def take(self, size: int) -> memoryview:
        """Return a buffer for a transfer that has none."""
        with self._lock:
            return self._take(size)

    def take_if_room(self, size: int) -> memoryview | None:
        """Return one more buffer for a transfer that has one; null if there is no room."""
        with self._lock:
            return self._take(size) if self._taken_bytes + size <= self._most_bytes else None

    def give_back(self, buffer: memoryview) -> None:
        """Take a buffer back that nobody reads or writes any more; without transfers none is kept."""
        with self._lock:
            self._taken_bytes -= len(buffer)
            self._kept.append(buffer)
            self._keep_within_room()

    def give_back_after(self, using: Future[Any], buffer: memoryview) -> None:
        """Take a buffer back as soon as what uses it has ended, or was cancelled."""
        using.add_done_callback(lambda _: self.give_back(buffer))

    def _take(self, size: int) -> memoryview:
        self._taken_bytes += size
        if self._kept and len(self._kept[-1]) == size:
            return self._kept.pop()
        self._keep_within_room()
        return new_buffer(size)

    def _keep_within_room(self) -> None:
        while self._kept and (
            not self._taken_bytes or self._taken_bytes + self.kept_bytes > self._most_bytes
        ):
            self._kept.pop(0)
