"""Byte ranges of requests (RFC 9110, section 14)."""

from __future__ import annotations

import re

_SINGLE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range lies wholly outside of the object."""


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return first byte and number of bytes that a range header asks for.

    Null means the whole object: without a header, with several ranges (a server may ignore them), and with
    one that is not understood.

    Raises
    ------
    UnsatisfiableRangeError
        No byte of the object is in the range.
    """
    match = _SINGLE.fullmatch(header or "")
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return _last(int(match[2]), size)
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < first:
        return None
    if first >= size:
        raise UnsatisfiableRangeError
    return first, last - first + 1


def _last(count: int, size: int) -> tuple[int, int]:
    count = min(count, size)
    if count == 0:
        raise UnsatisfiableRangeError
    return size - count, count
