"""Checksums as this system writes them: ``algorithm:hex``, lower case, one spelling only."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

import blake3
import google_crc32c
import xxhash

Buffer = bytes | bytearray | memoryview
"""Bytes that a hash takes without a copy."""


class Hasher(Protocol):
    """What every streaming hash offers."""

    def update(self, data: Buffer, /) -> object:
        """Take the next bytes of the stream."""

    def hexdigest(self) -> str:
        """Return the digest of the bytes so far in lower-case hex."""


class Checksum(NamedTuple):
    """A checksum with the algorithm that made it."""

    algorithm: str
    hexdigest: str


def new_hasher(algorithm: str) -> Hasher:
    """Return a fresh streaming hash.

    Parameters
    ----------
    algorithm : str
        One of `ALGORITHMS`.

    Raises
    ------
    ValueError
        The algorithm is unknown.
    """
    return _algorithm(algorithm).new()


def format_checksum(algorithm: str, hexdigest: str) -> str:
    """Return the canonical text ``algorithm:hex``.

    Raises
    ------
    ValueError
        The algorithm is unknown or the digest is not its number of lower-case hex digits.
    """
    digits = _algorithm(algorithm).digits
    if len(hexdigest) != digits or not _HEX.issuperset(hexdigest):
        raise ValueError(f"a {algorithm} checksum has {digits} lower-case hex digits, not {hexdigest!r}")
    return f"{algorithm}:{hexdigest}"


def parse_checksum(text: str) -> Checksum:
    """Take the canonical text apart; the inverse of `format_checksum`.

    Raises
    ------
    ValueError
        The text is not canonical.
    """
    algorithm, colon, hexdigest = text.partition(":")
    if not colon:
        raise ValueError(f"a checksum is written 'algorithm:hex', not {text!r}")
    format_checksum(algorithm, hexdigest)
    return Checksum(algorithm, hexdigest)


def _algorithm(name: str) -> "_Algorithm":
    try:
        return _ALGORITHMS[name]
    except KeyError:
        raise ValueError(f"unknown checksum algorithm {name!r}; known are {', '.join(ALGORITHMS)}") from None


class _Crc32c:
    """CRC-32C (Castagnoli, RFC 3720 appendix B.4), big-endian hex as in Google's and Amazon's storage."""

    # The library takes immutable bytes only and holds the interpreter's lock: short pieces let others run.
    _PIECE_BYTES = 256 * 1024

    def __init__(self) -> None:
        self._crc = 0

    def update(self, data: Buffer, /) -> None:
        view = memoryview(data)
        for start in range(0, len(view), self._PIECE_BYTES):
            self._crc = google_crc32c.extend(self._crc, bytes(view[start : start + self._PIECE_BYTES]))

    def hexdigest(self) -> str:
        return f"{self._crc:08x}"


class _Algorithm(NamedTuple):
    new: Callable[[], Hasher]
    digits: int


_HEX = frozenset("0123456789abcdef")

_ALGORITHMS = {
    "xxh3-128": _Algorithm(xxhash.xxh3_128, 32),
    "sha256": _Algorithm(hashlib.sha256, 64),
    "blake3": _Algorithm(blake3.blake3, 64),
    "crc32c": _Algorithm(_Crc32c, 8),
    "md5": _Algorithm(lambda: hashlib.md5(usedforsecurity=False), 32),
}

ALGORITHMS = tuple(_ALGORITHMS)
"""Names of the algorithms a file may be filed with."""
