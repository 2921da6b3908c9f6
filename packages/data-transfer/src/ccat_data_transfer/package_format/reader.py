"""Reading a package: its index, one file by byte range, or everything in one verified stream."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from ccat_data_transfer.checksums import format_checksum, new_hasher
from ccat_ops_db.paths import validate_relative_path

from . import bag, tar
from .errors import PackageCorruptError
from .index import Member, PackageIndex, decode_index
from .stream import StreamMember, members_of

ReadRange = Callable[[int, int], bytes]
"""Returns the bytes of the tar at (offset, length); fewer only at the end of the object."""

CHUNK_BYTES = 4 * 1024 * 1024

# More than the longest paths make of an index; a larger tag file is not ours.
_MAX_TAG_BYTES = 256 * 1024 * 1024
# The last two tag files, their headers and the end of the archive padded to a whole record.
_TAIL_BYTES = bag.MAX_BAG_INFO_BYTES + tar.padded(bag.TAG_MANIFEST_BYTES) + 2 * tar.RECORD_BYTES


@dataclass(frozen=True, slots=True)
class VerifiedPackage:
    """What a verified package turned out to be; equal to what its writer reported.

    Attributes
    ----------
    size : int
        Bytes of the tar.
    checksum : str
        ``xxh3-128:…`` of the tar.
    manifest_checksum : str
        ``sha256:…`` of ``manifest-sha256.txt``.
    index : PackageIndex
        The index from inside the tar, found to be true.
    description : bytes
        ``ccat/package.json``.
    """

    size: int
    checksum: str
    manifest_checksum: str
    index: PackageIndex
    description: bytes


def file_ranges(descriptor: int) -> ReadRange:
    """Return a `ReadRange` over an open file."""

    def read_range(offset: int, length: int) -> bytes:
        return os.pread(descriptor, length, offset)

    return read_range


def file_chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in order."""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def find_index(read_range: ReadRange, size: int) -> PackageIndex:
    """Read the index out of the tar itself, with two ranged reads.

    Parameters
    ----------
    read_range : callable
        Access to the tar.
    size : int
        Bytes of the tar.

    Raises
    ------
    PackageCorruptError
        The tar has no such tail or the index is not the one the tag manifest names.
    """
    tail_bytes = min(size, _TAIL_BYTES)
    tail = read_range(size - tail_bytes, tail_bytes)
    bag_info, digests = _last_tags(tail)
    offset, length = bag.index_range(bag_info)
    if length > _MAX_TAG_BYTES or offset + length > size:
        raise PackageCorruptError(bag.INDEX, f"{length} bytes at {offset} cannot be the index")
    text = read_range(offset, length)
    if hashlib.sha256(text).hexdigest() != digests.get(bag.INDEX):
        raise PackageCorruptError(bag.INDEX, "it is not the index that the tag manifest names")
    return decode_index(text)


def read_member(read_range: ReadRange, member: Member) -> Iterator[bytes]:
    """Yield the content of one file in chunks. Use the bytes only after the last one came without an error.

    Raises
    ------
    PackageCorruptError
        The bytes are not those of the index.
    """
    hasher = hashlib.sha256()
    for start in range(0, member.size, CHUNK_BYTES):
        length = min(CHUNK_BYTES, member.size - start)
        chunk = read_range(member.offset + start, length)
        if len(chunk) != length:
            raise PackageCorruptError(member.path, f"the tar ends within it, at byte {start + len(chunk)}")
        hasher.update(chunk)
        yield chunk
    if hasher.hexdigest() != member.sha256:
        raise PackageCorruptError(member.path, f"its SHA-256 is {hasher.hexdigest()}, not {member.sha256}")


def verify_package(chunks: Iterable[bytes], expected_checksum: str | None) -> VerifiedPackage:
    """Read a whole tar once and prove it: its checksum, both manifests, the index, and every file.

    Parameters
    ----------
    chunks : iterable of bytes
        The tar from its first byte to its last.
    expected_checksum : str or None
        Canonical xxh3-128 that the database has of the tar. None when the database is what is being rebuilt:
        then the tar can only be proved consistent in itself.

    Raises
    ------
    PackageCorruptError
        The first thing found that is not right. A wrong file is named; if every file is right and the tar is
        not, the package as a whole is.
    """
    return consume_package(chunks, expected_checksum, _discard)


def consume_package(
    chunks: Iterable[bytes], expected_checksum: str | None, receive: Callable[[StreamMember, str], None]
) -> VerifiedPackage:
    """As `verify_package`, and hand each filed file to `receive` as it passes.

    What `receive` gets is proved only when this function returns.

    Parameters
    ----------
    chunks, expected_checksum
        As for `verify_package`.
    receive : callable
        Called with each payload member and its relative path; must read the member's content to its end.
    """
    whole = _HashedChunks(chunks)
    tags: dict[str, bytes] = {}
    members: list[Member] = []
    package_id = ""
    for member in members_of(whole):
        folder, _, name = member.name.partition("/")
        package_id = package_id or folder
        if folder != package_id:
            raise PackageCorruptError(member.name, "it is outside the package's folder")
        if name.startswith(bag.PAYLOAD):
            path = _legal(name.removeprefix(bag.PAYLOAD))
            receive(member, path)
            members.append(Member(path, member.offset, member.size, member.sha256, member.mtime_ns))
        else:
            tags[name] = _read_tag(member, name)
    manifest_checksum = _prove(package_id, tags, members)
    if expected_checksum not in {None, whole.checksum}:
        raise PackageCorruptError("", f"the tar's checksum is {whole.checksum}, not {expected_checksum}")
    index = PackageIndex(UUID(package_id), members)
    return VerifiedPackage(whole.size, whole.checksum, manifest_checksum, index, tags[bag.DESCRIPTION])


class _HashedChunks:
    """The chunks of a tar, hashed as they pass."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hasher = new_hasher("xxh3-128")
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hasher.update(chunk)
            self.size += len(chunk)
            yield chunk

    @property
    def checksum(self) -> str:
        return format_checksum("xxh3-128", self._hasher.hexdigest())


def _discard(member: StreamMember, path: str) -> None:
    for _ in member.content():
        pass


def _legal(path: str) -> str:
    try:
        return validate_relative_path(path)
    except ValueError as error:
        raise PackageCorruptError(path, f"the tar has an illegal path: {error}") from None


def _read_tag(member: StreamMember, name: str) -> bytes:
    if name not in bag.TAGS or member.size > _MAX_TAG_BYTES:
        raise PackageCorruptError(name, "a package has no such file")
    return b"".join(bytes(piece) for piece in member.content())


def _prove(package_id: str, tags: dict[str, bytes], members: list[Member]) -> str:
    """Check every file against the manifests and the index; return the manifest's checksum."""
    if missing := [name for name in bag.TAGS if name not in tags]:
        raise PackageCorruptError("", f"the tar has no {', '.join(missing)}")
    digests = {name: hashlib.sha256(text).hexdigest() for name, text in tags.items()}
    _compare(bag.parse_manifest(tags[bag.TAG_MANIFEST]), digests, leave_out=bag.TAG_MANIFEST)
    _compare(
        bag.parse_manifest(tags[bag.MANIFEST]),
        {bag.PAYLOAD + member.path: member.sha256 for member in members},
        leave_out="",
    )
    index = decode_index(tags[bag.INDEX])
    if str(index.package_id) != package_id or list(index.members) != members:
        raise PackageCorruptError(bag.INDEX, "it does not describe this tar")
    return format_checksum("sha256", digests[bag.MANIFEST])


def _compare(listed: dict[str, str], found: dict[str, str], leave_out: str) -> None:
    for name in sorted((listed.keys() | found.keys()) - {leave_out}):
        if name not in found:
            raise PackageCorruptError(name, "it is in the manifest, not in the tar")
        if name not in listed:
            raise PackageCorruptError(name, "it is in the tar, not in the manifest")
        if listed[name] != found[name]:
            raise PackageCorruptError(name, f"its SHA-256 is {found[name]}, not {listed[name]}")


def _last_tags(tail: bytes) -> tuple[bytes, dict[str, str]]:
    """Return ``bag-info.txt`` and the tag manifest out of the last bytes of a tar."""
    found: dict[str, bytes] = {}
    for start in range(len(tail) - tar.BLOCK_BYTES, -1, -tar.BLOCK_BYTES):
        try:
            header = tar.parse_header(tail[start : start + tar.BLOCK_BYTES])
        except tar.InvalidHeaderError:
            continue
        content = start + tar.BLOCK_BYTES
        found[header.name.partition("/")[2]] = tail[content : content + header.size]
        if bag.BAG_INFO in found and bag.TAG_MANIFEST in found:
            return found[bag.BAG_INFO], bag.parse_manifest(found[bag.TAG_MANIFEST])
    raise PackageCorruptError("", "the tar does not end as a package does")
