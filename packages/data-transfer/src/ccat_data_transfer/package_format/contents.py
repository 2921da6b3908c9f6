"""What goes into a package: the filed files, how large the tar becomes, and how many packages it takes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from ccat_data_transfer.checksums import parse_checksum
from ccat_ops_db.paths import validate_relative_path

from . import bag, index, tar

DEFAULT_LIMIT_BYTES = 50 * 10**9
"""Size limit of one package in bytes (decimal, as storage is sold)."""

MAX_MEMBERS = 20_000
"""Most files in one package. The index is held in memory, so the memory of a worker hangs on this number."""

_DESCRIPTION_BYTES = 64 * 1024
_DESCRIPTION_BYTES_PER_FILE = 1024


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One filed raw data file.

    Attributes
    ----------
    path : str
        Path relative to the source folder; below ``data/`` in the package.
    size : int
        Filed size in bytes.
    checksum : str
        Filed checksum, canonical ``algorithm:hex``.
    modified_ns : int or None
        Modification time that the tar is to say, nanoseconds since 1970-01-01 UTC; None: that of the file.

    Raises
    ------
    ValueError
        The path is illegal (`ccat_ops_db.paths`), the size negative or the checksum not canonical.
    """

    path: str
    size: int
    checksum: str
    modified_ns: int | None = None

    def __post_init__(self) -> None:
        try:
            validate_relative_path(self.path)
            parse_checksum(self.checksum)
        except ValueError as error:
            raise ValueError(f"{self.path!r}: {error}") from None
        if self.size < 0:
            raise ValueError(f"{self.path!r}: the size {self.size} is negative")


@dataclass(frozen=True, slots=True)
class PackageContents:
    """Everything that decides the bytes of a package: equal contents and equal files give an equal tar.

    Attributes
    ----------
    package_id : UUID
        Identifier of the package and name of its top folder.
    created : datetime
        Creation time of the package, with a zone. It must not change between attempts.
    files : sequence of SourceFile
        At least one and at most `MAX_MEMBERS`, in any order.
    description : mapping
        JSON-able content of ``ccat/package.json``: all that the database knows and a rebuild needs. The keys
        ``schema`` and ``package_id`` are added.
    bag_info : mapping of str to str
        More fields for ``bag-info.txt``, for example ``Source-Organization``.

    Raises
    ------
    ValueError
        No or too many files, a path twice, a path that is a folder of another, a time without a zone, a
        description that is not JSON or contradicts the package, a bag-info field that is not one line.
    """

    package_id: UUID
    created: datetime
    files: Sequence[SourceFile]
    description: Mapping[str, Any]
    bag_info: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.created.tzinfo is None:
            raise ValueError("the creation time has no zone")
        if not 0 < len(self.files) <= MAX_MEMBERS:
            raise ValueError(f"a package has 1 to {MAX_MEMBERS} files, not {len(self.files)}")
        object.__setattr__(self, "files", tuple(sorted_by_path(self.files)))
        _refuse_colliding_paths(self.files)
        bag.description_json(self.package_id, self.description)
        bag.validate_bag_info(self.bag_info)


def sorted_by_path(files: Iterable[SourceFile]) -> list[SourceFile]:
    """Return the files in the order of their UTF-8 paths: the order in the tar, on every machine."""
    return sorted(files, key=lambda file: file.path.encode())


def predict_size(contents: PackageContents) -> int:
    """Return an upper bound of the tar's size in bytes, without looking at the files.

    It is at most 1.5 KiB for each file and 50 KiB for the package too large. Reserve it before writing.
    """
    description = len(bag.description_json(contents.package_id, contents.description))
    return tar.end_of_archive_at(_overhead(description) + sum(map(_member_bound, contents.files)))


def split_into_parts(files: Iterable[SourceFile], limit: int = DEFAULT_LIMIT_BYTES) -> list[list[SourceFile]]:
    """Split files into packages of at most `limit` bytes and `MAX_MEMBERS` files each.

    Each part has neighbours, in the order that is given. A file that is larger than the limit gets a package
    of its own: files are never cut.

    Parameters
    ----------
    files : iterable of SourceFile
        Files of one series, in the order of their numbers.
    limit : int
        Bytes that a tar may have, with its headers, its index and a description of up to 64 KiB, and 1 KiB
        and the path for each file.
    """
    parts: list[list[SourceFile]] = []
    room = 0
    for file in files:
        described = index.line_bound(file.path) + _DESCRIPTION_BYTES_PER_FILE
        needed = _member_bound(file) + described
        if not parts or needed > room or len(parts[-1]) == MAX_MEMBERS:
            parts.append([])
            room = limit - _overhead(_DESCRIPTION_BYTES) - tar.RECORD_BYTES
        parts[-1].append(file)
        room -= needed
    return parts


def _refuse_colliding_paths(files: Sequence[SourceFile]) -> None:
    paths = {file.path for file in files}
    if len(paths) != len(files):
        twice = next(a.path for a, b in pairwise(files) if a.path == b.path)
        raise ValueError(f"{twice!r} is in the package twice")
    for path in paths:
        folder = path
        while folder := folder.rpartition("/")[0]:
            if folder in paths:
                raise ValueError(f"{folder!r} is a file and the folder of {path!r}")


def _overhead(description_bytes: int) -> int:
    """Return a bound of what the tag files take when there is no file at all."""
    texts = (
        len(bag.BAGIT_TEXT),
        description_bytes,
        0,  # manifest: counted with each member
        index.FRAME_BYTES,
        bag.MAX_BAG_INFO_BYTES,
        bag.TAG_MANIFEST_BYTES,
    )
    # One block more for each text that grows with the members: two roundings up instead of one.
    return sum(tar.BLOCK_BYTES + tar.padded(text) for text in texts) + 2 * tar.BLOCK_BYTES


def _member_bound(file: SourceFile) -> int:
    """Return a bound of what one file adds to a package: header, content, a line in manifest and index."""
    name = bag.payload_name(UUID(int=0), file.path)
    manifest = len(bag.manifest_line("0" * 64, bag.PAYLOAD + file.path).encode())
    header = tar.member_header_bound(name, file.size)
    return header + tar.padded(file.size) + manifest + index.line_bound(file.path)
