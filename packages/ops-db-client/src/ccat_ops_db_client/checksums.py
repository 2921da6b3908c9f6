"""Checksums as the data centre writes them: ``algorithm:hex``, lower case."""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import blake3
import google_crc32c
import xxhash


class Algorithm(StrEnum):
    """Algorithms that a file may be filed with."""

    XXH3_128 = "xxh3-128"
    SHA256 = "sha256"
    BLAKE3 = "blake3"
    CRC32C = "crc32c"
    MD5 = "md5"


class Hasher(Protocol):
    """What every streaming hash offers."""

    def update(self, data: memoryview, /) -> object:
        """Take the next bytes of the stream."""

    def hexdigest(self) -> str:
        """Return the digest so far, lower-case hex."""


def new_hasher(algorithm: Algorithm) -> Hasher:
    """Return a fresh streaming hash."""
    return _NEW[algorithm]()


class _Crc32c:
    """CRC-32C (RFC 3720, appendix B.4), big-endian hex."""

    # The library takes immutable bytes only and holds the interpreter's lock: short pieces let others run.
    _PIECE_BYTES = 256 * 1024

    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: memoryview, /) -> None:
        for start in range(0, len(data), self._PIECE_BYTES):
            self._crc = google_crc32c.extend(self._crc, bytes(data[start : start + self._PIECE_BYTES]))

    def hexdigest(self) -> str:
        return f"{self._crc:08x}"


_NEW: dict[Algorithm, Callable[[], Hasher]] = {
    Algorithm.XXH3_128: xxhash.xxh3_128,
    Algorithm.SHA256: hashlib.sha256,
    Algorithm.BLAKE3: blake3.blake3,
    Algorithm.CRC32C: _Crc32c,
    Algorithm.MD5: lambda: hashlib.md5(usedforsecurity=False),
}
