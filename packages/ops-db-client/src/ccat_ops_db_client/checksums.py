"""Checksums as the data centre writes them: ``algorithm:hex``, lower case."""

import hashlib
from collections.abc import Callable
from typing import Protocol

import blake3
import google_crc32c
import xxhash

DEFAULT_ALGORITHM = "xxh3-128"


class Hasher(Protocol):
    """What every streaming hash offers."""

    def update(self, data: memoryview, /) -> object:
        """Take the next bytes of the stream."""

    def hexdigest(self) -> str:
        """Return the digest so far, lower-case hex."""


def new_hasher(algorithm: str) -> Hasher:
    """Return a fresh streaming hash of one of `ALGORITHMS`.

    Raises
    ------
    ValueError
        The algorithm is unknown.
    """
    try:
        return _NEW[algorithm]()
    except KeyError:
        raise ValueError(
            f"unknown checksum algorithm {algorithm!r}; known are {', '.join(ALGORITHMS)}"
        ) from None


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


_NEW: dict[str, Callable[[], Hasher]] = {
    "xxh3-128": xxhash.xxh3_128,
    "sha256": hashlib.sha256,
    "blake3": blake3.blake3,
    "crc32c": _Crc32c,
    "md5": lambda: hashlib.md5(usedforsecurity=False),
}

ALGORITHMS = tuple(_NEW)
"""Names of the algorithms a file may be filed with."""
