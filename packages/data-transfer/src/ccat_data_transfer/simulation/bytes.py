"""Bytes that need not be there: an object is a list of extents, and its checksum follows from the list.

An extent is a piece of something that was written once somewhere, its origin, or it is literal: small things
such as indexes and headers are their true bytes. Equal lists are equal bytes, so that copies of a package of
terabytes are compared in microseconds, and one flipped bit is told for certain. What is literal as a whole
has its true checksum, so that the same tests are passed by real bytes and by these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from ccat_data_transfer.checksums import format_checksum, new_hasher

DAMAGE = "damage "
"""How the origin of a damaged byte begins."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A piece of bytes: literal ones, or some of an origin."""

    origin: str
    offset: int
    length: int
    literal: bytes = b""

    def part(self, start: int, end: int) -> Extent:
        """Return a piece of it."""
        offset = self.offset + start if self.origin else 0
        return Extent(self.origin, offset, end - start, self.literal[start:end])

    def followed_by(self, other: Extent) -> Extent | None:
        """Return both as one, null if they are not neighbours of one origin."""
        if self.origin != other.origin or (self.origin and self.offset + self.length != other.offset):
            return None
        return Extent(self.origin, self.offset, self.length + other.length, self.literal + other.literal)


@dataclass(frozen=True)
class Content:
    """The bytes of an object, or of a piece of one. Immutable; ``len`` is the number of bytes."""

    extents: tuple[Extent, ...] = ()

    @staticmethod
    def of(data: bytes | bytearray | memoryview | Content) -> Content:
        """Return literal bytes as content; content as it is."""
        if isinstance(data, Content):
            return data
        literal = bytes(data)
        return Content((Extent("", 0, len(literal), literal),)) if literal else Content()

    @staticmethod
    def new(origin: str, size: int) -> Content:
        """Return bytes that nobody has written before, under a unique name."""
        return Content((Extent(origin, 0, size),)) if size else Content()

    @staticmethod
    def joined(pieces: Iterable[Content]) -> Content:
        """Return pieces after one another; neighbours become one."""
        found: list[Extent] = []
        for piece in pieces:
            for extent in piece.extents:
                both = found[-1].followed_by(extent) if found else None
                if both is None:
                    found.append(extent)
                else:
                    found[-1] = both
        return Content(tuple(found))

    def __repr__(self) -> str:
        return f"<{self.size:,} bytes of {len(self.extents)} extents{', damaged' * self.is_damaged}>"

    def __len__(self) -> int:
        return self.size

    @cached_property
    def size(self) -> int:
        """Bytes."""
        return sum(extent.length for extent in self.extents)

    def __add__(self, other: Content) -> Content:
        return Content.joined((self, other))

    def part(self, start: int, end: int) -> Content:
        """Return the bytes from `start` to before `end`, as far as there are any."""
        found, position = [], 0
        for extent in self.extents:
            first, last = max(start - position, 0), min(end - position, extent.length)
            if first < last:
                found.append(extent.part(first, last))
            position += extent.length
        return Content(tuple(found))

    @property
    def is_literal(self) -> bool:
        """Tell whether the true bytes are known."""
        return not any(extent.origin for extent in self.extents)

    @property
    def literal(self) -> bytes:
        """The true bytes.

        Raises
        ------
        ValueError
            They are not there: nothing in the engine reads the bytes of files by itself.
        """
        if not self.is_literal:
            raise ValueError("these bytes exist by their origin only")
        return b"".join(extent.literal for extent in self.extents)

    @property
    def is_damaged(self) -> bool:
        """Tell whether a byte of it is not as it was written."""
        return any(extent.origin.startswith(DAMAGE) for extent in self.extents)

    def has(self, other: Content) -> bool:
        """Tell whether other bytes, which must be of one origin, are in it as a whole."""
        return all(
            any(
                extent.origin == wanted.origin
                and extent.offset <= wanted.offset
                and wanted.offset + wanted.length <= extent.offset + extent.length
                for extent in self.extents
            )
            for wanted in other.extents
        )

    def shown(self) -> bytes:
        """Return literal bytes, with zeros for all others: for who looks for what is literal in it."""
        return b"".join(extent.literal or bytes(extent.length) for extent in self.extents)

    def damaged(self, at: int, damage: str) -> Content:
        """Return the same with one other byte, which is like no other."""
        byte = Content.new(DAMAGE + damage, 1)
        return Content.joined((self.part(0, at), byte, self.part(at + 1, self.size)))

    def checksum(self, algorithm: str) -> str:
        """Return the checksum as ``algorithm:hex``: the true one of literal bytes, else that of the list."""
        hasher = ContentHasher(algorithm)
        hasher.update(self)
        return format_checksum(algorithm, hasher.hexdigest())


class ContentHasher:
    """A hash of content that passes in pieces; it does not depend on how it was cut."""

    def __init__(self, algorithm: str) -> None:
        self._algorithm = algorithm
        self._pieces: list[Content] = []

    def update(self, data: bytes | bytearray | memoryview | Content, /) -> None:
        """Take the next piece."""
        self._pieces.append(Content.of(data))

    def hexdigest(self) -> str:
        """Return the digest of the pieces so far in lower-case hex."""
        whole = Content.joined(self._pieces)
        hasher = new_hasher(self._algorithm)
        if whole.is_literal:
            hasher.update(whole.literal)
        else:
            for extent in whole.extents:
                described = hashlib.sha256(extent.literal).hexdigest() if extent.literal else extent.origin
                hasher.update(f"{described} {extent.offset} {extent.length}\n".encode())
        return hasher.hexdigest()
