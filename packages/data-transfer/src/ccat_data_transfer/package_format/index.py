"""The byte index: where each file lies in the tar. One text, as a tag file inside and a sidecar beside it.

A member a line, so that it can be searched with `grep` and a file cut out with `dd`::

    {"schema": "ccat-package-index/1", "package_id": "…", "members": [
    {"path": "scan 1.fits", "offset": 3584, "size": 2880, "sha256": "…", "mtime": "1763726400.123456789"},
    …
    ]}

``offset`` and ``size`` are bytes of the content in the tar, ``mtime`` is decimal seconds since 1970-01-01 UTC
(text, because nanoseconds do not fit the numbers of every JSON reader).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from ccat_ops_db.paths import validate_relative_path

from .errors import MemberUnknownError, PackageCorruptError
from .tar import format_time, parse_time

INDEX_SCHEMA = "ccat-package-index/1"

FRAME_BYTES = 256
"""More than the text around the members of an index takes."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Member(NamedTuple):
    """One file of a package.

    Attributes
    ----------
    path : str
        Relative path as filed (in the tar it is below ``<package-uuid>/data/``).
    offset, size : int
        First byte and number of bytes of the content in the tar.
    sha256 : str
        Digest in lower-case hex.
    mtime_ns : int
        Modification time at the source in nanoseconds since 1970-01-01 UTC.
    """

    path: str
    offset: int
    size: int
    sha256: str
    mtime_ns: int


@dataclass(frozen=True)
class PackageIndex:
    """All members of a package in the order of the tar."""

    package_id: UUID
    members: Sequence[Member]

    def member(self, path: str) -> Member:
        """Return the member of that relative path.

        Raises
        ------
        MemberUnknownError
            There is none.
        """
        try:
            return self._by_path[path]
        except KeyError:
            raise MemberUnknownError(path, f"package {self.package_id} has no such file") from None

    @cached_property
    def _by_path(self) -> dict[str, Member]:
        return {member.path: member for member in self.members}


def encode_index(index: PackageIndex) -> bytes:
    """Return the JSON text of an index; the inverse of `decode_index`."""
    lines = ",\n".join(_member_line(member) for member in index.members)
    return f"{_head(index.package_id)}\n{lines}\n]}}\n".encode()


def decode_index(text: bytes) -> PackageIndex:
    """Read an index and check that every member is legal and that they do not overlap.

    Raises
    ------
    PackageCorruptError
        The text is not an index.
    """
    try:
        document = json.loads(text)
        if document["schema"] != INDEX_SCHEMA:
            raise ValueError(f"unknown schema {document['schema']!r}")
        members = [_member(item) for item in document["members"]]
        index = PackageIndex(UUID(document["package_id"]), members)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PackageCorruptError("", f"the index cannot be read: {error!r}") from None
    _refuse_overlap(members)
    return index


def line_bound(path: str) -> int:
    """Return an upper bound of what one member adds to an index in bytes."""
    widest = 2**63 - 1
    return len(_member_line(Member(path, widest, widest, "0" * 64, -widest * 10**9)).encode()) + len(",\n")


def _head(package_id: UUID) -> str:
    return f'{{"schema": "{INDEX_SCHEMA}", "package_id": "{package_id}", "members": ['


def _member_line(member: Member) -> str:
    return (
        f'{{"path": {_quoted(member.path)}, "offset": {member.offset}, "size": {member.size}, '
        f'"sha256": "{member.sha256}", "mtime": "{format_time(member.mtime_ns)}"}}'
    )


def _member(item: dict[str, Any]) -> Member:
    path, offset, size, sha256 = item["path"], item["offset"], item["size"], item["sha256"]
    validate_relative_path(path)
    if type(offset) is not int or type(size) is not int or offset < 0 or size < 0:
        raise ValueError(f"{path!r} has no place in the tar")
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{path!r} has no SHA-256")
    return Member(path, offset, size, sha256, parse_time(item["mtime"]))


def _refuse_overlap(members: Sequence[Member]) -> None:
    end = 0
    paths = set()
    for member in members:
        if member.offset < end or member.path in paths:
            raise PackageCorruptError(member.path, "the index lists it twice or over another member")
        paths.add(member.path)
        end = member.offset + member.size
