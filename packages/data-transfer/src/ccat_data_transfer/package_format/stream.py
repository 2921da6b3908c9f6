"""Walking through the members of a tar that comes as a stream, each byte seen once."""

import hashlib
from collections.abc import Iterable, Iterator

from . import tar
from .errors import PackageCorruptError

_MAX_EXTENDED_BYTES = 64 * 1024
_ZERO_BLOCK = bytes(tar.BLOCK_BYTES)


class StreamMember:
    """A regular file of the tar while the stream stands at it.

    Attributes
    ----------
    name : str
        Full name in the tar.
    offset, size : int
        First byte and number of bytes of its content in the tar.
    mtime_ns : int
        Modification time in nanoseconds since 1970-01-01 UTC.
    sha256 : str
        Hex digest of the content; empty before the content was read to its end.
    """

    def __init__(self, header: tar.Header, offset: int, pieces: Iterator[memoryview]) -> None:
        self.name = header.name
        self.offset = offset
        self.size = header.size
        self.mtime_ns = header.mtime_ns
        self.sha256 = ""
        self._pieces = pieces

    def content(self) -> Iterator[memoryview]:
        """Yield the content in pieces that are valid until the next one is asked for. Read it once."""
        hasher = hashlib.sha256()
        for piece in self._pieces:
            hasher.update(piece)
            yield piece
        self.sha256 = hasher.hexdigest()


def members_of(chunks: Iterable[bytes]) -> Iterator[StreamMember]:
    """Yield the members of a package's tar in order; each must be read before the next is asked for.

    Raises
    ------
    PackageCorruptError
        Not a tar as we write it: other types of members, broken headers, a missing or early end.
    """
    stream = _Stream(chunks)
    while (block := stream.exactly(tar.BLOCK_BYTES)) != _ZERO_BLOCK:
        header = _header(stream, block)
        member = StreamMember(header, stream.position, stream.pieces(header.size, header.name))
        yield member
        if not member.sha256:
            raise RuntimeError(f"{member.name} was not read")
        if any(stream.exactly(tar.padded(header.size) - header.size)):
            raise PackageCorruptError(header.name, "it is not followed by zeros up to the next block")
    if stream.exactly(tar.BLOCK_BYTES) != _ZERO_BLOCK:
        raise PackageCorruptError("", f"the tar has one zero block in the middle, before {stream.position}")
    if any(map(any, stream.rest())) or stream.position % tar.RECORD_BYTES:
        raise PackageCorruptError("", "the end of the tar is not whole records of zeros")


class _Stream:
    """Chunks of any length, taken in the lengths that a tar needs."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self.position = 0

    def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        return b"".join(self.pieces(count, ""))

    def pieces(self, count: int, name: str) -> Iterator[memoryview]:
        """Yield the next `count` bytes as they come."""
        while count:
            if not self._chunk and not self._next_chunk():
                raise PackageCorruptError(name, f"the tar ends early, after {self.position} bytes")
            piece = self._chunk[:count]
            self._chunk = self._chunk[len(piece) :]
            self.position += len(piece)
            count -= len(piece)
            yield piece

    def rest(self) -> Iterator[memoryview]:
        """Yield everything that is left."""
        while self._chunk or self._next_chunk():
            self.position += len(self._chunk)
            yield self._chunk
            self._chunk = memoryview(b"")

    def _next_chunk(self) -> bool:
        for chunk in self._chunks:
            self._chunk = memoryview(chunk)
            if self._chunk:
                return True
        return False


def _header(stream: _Stream, block: bytes) -> tar.Header:
    start = stream.position - tar.BLOCK_BYTES
    try:
        header = tar.parse_header(block)
        if tar.is_extended(header):
            if header.size > _MAX_EXTENDED_BYTES:
                raise tar.InvalidHeaderError(f"{header.size} bytes of pax records")
            records = stream.exactly(tar.padded(header.size))[: header.size]
            header = tar.apply_extended(records, tar.parse_header(stream.exactly(tar.BLOCK_BYTES)))
    except tar.InvalidHeaderError as error:
        raise PackageCorruptError("", f"the header at byte {start} is broken: {error}") from None
    if not tar.is_regular(header):
        raise PackageCorruptError(header.name, "it is not a regular file; a package has nothing else")
    return header
