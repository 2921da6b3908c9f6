"""What processes do at simulated places, written down for the judge, and how they read there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self

from ccat_data_transfer.simulation.bytes import Content

Kind = Literal["create", "write", "link", "rename", "unlink", "put", "fault"]


@dataclass(frozen=True)
class Act:
    """One thing that was done to a name."""

    process: str
    place: str
    kind: Kind
    path: str
    before: Content | None = None
    after: Content | None = None
    medium: object | None = None
    """Disk or bucket where it was done."""


class ActsOnBytes(Protocol):
    """What a reader needs of a storage."""

    @property
    def block_bytes(self) -> int:
        """How much goes between two acts."""
        ...

    def act(self, what: str, path: str = "", size: int = 0) -> None:
        """Pass the baton before something is done at the place."""
        ...


class SimulatedReader:
    """See `storage.interface.Reader`; `next_block` gives what the engine's movers and packers take."""

    def __init__(
        self,
        storage: ActsOnBytes,
        path: str,
        content: Callable[[], Content],
        offset: int,
        length: int | None,
    ) -> None:
        self._storage = storage
        self._path = path
        self._content = content
        self._position = offset
        self._end = None if length is None else offset + length

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def block_bytes(self) -> int:
        """How much goes between two acts."""
        return self._storage.block_bytes

    def next_block(self, most: int) -> Content:
        """Return the next bytes, as they are when they are read; empty at the end."""
        last = self._position + most if self._end is None else min(self._end, self._position + most)
        self._storage.act("read", self._path, max(0, min(last, self._content().size) - self._position))
        block = self._content().part(self._position, last)
        self._position += block.size
        return block

    def readinto(self, buffer: memoryview, /) -> int:
        """See `Reader.readinto`."""
        block = self.next_block(len(buffer)).shown()
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """See `Reader.close`."""
