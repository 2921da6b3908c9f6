"""Writing a package in one pass over its files."""

import hashlib
import os
from dataclasses import dataclass
from typing import Protocol

from ccat_data_transfer.storage.root_folder import RootFolder

from . import bag, tar
from .contents import PackageContents, SourceFile
from .durable import new_file
from .errors import SourceChangedError, SourceGrownError, SourceShortError
from .index import Member, PackageIndex, encode_index
from .pipeline import MemberDigest, Progress, TarPipeline
from .source import SourceFolder

_ZEROS = bytes(tar.BLOCK_BYTES)


@dataclass(frozen=True, slots=True)
class WrittenPackage:
    """What is known of a package after it was written.

    Attributes
    ----------
    size : int
        Bytes of the tar.
    checksum : str
        ``xxh3-128:…`` of the tar.
    manifest_checksum : str
        ``sha256:…`` of ``manifest-sha256.txt``: one value that stands for every name and byte of the files.
    index : PackageIndex
        Where each file lies.
    index_json : bytes
        The same as text, byte for byte the tag file ``ccat/index.json``: the sidecar.
    """

    size: int
    checksum: str
    manifest_checksum: str
    index: PackageIndex
    index_json: bytes


def ignore_progress(written: int) -> None:
    """Take a report of progress and do nothing."""


def write_package(
    contents: PackageContents,
    source_folder: RootFolder,
    target: RootFolder,
    temporary: str,
    on_progress: Progress = ignore_progress,
) -> WrittenPackage:
    """Write a package to a temporary file, durably; `publish` then gives it its name.

    Each byte of a file is read once; while it passes it is checked against the filed size and checksum. A
    leftover of that name is removed, not written into: a stale writer keeps its own file.

    Parameters
    ----------
    contents : PackageContents
        What to write.
    source_folder : RootFolder
        Folder that the paths of the files are relative to.
    target : RootFolder
        Place to write at.
    temporary : str
        File to write there; its folder is made if needed. On errors it stays for the next attempt.
    on_progress : callable
        Called now and then with the bytes written so far. What it raises ends the writing and is passed on.

    Raises
    ------
    SourceFileError
        A file is not what was filed. The first one found is named.
    OSError
        The target cannot be written (no space, quota, …).
    """
    with new_file(target, temporary) as descriptor:
        return write_tar(contents, source_folder, descriptor, on_progress)


def write_tar(
    contents: PackageContents,
    source_folder: RootFolder,
    descriptor: int,
    on_progress: Progress = ignore_progress,
) -> WrittenPackage:
    """Write a package to an open descriptor (a file, a pipe), from its position on, without fsync.

    Otherwise as `write_package`.
    """
    with SourceFolder(source_folder) as source, TarPipeline(descriptor, on_progress) as pipeline:
        return PackageWriter(contents, source, pipeline).write()


class Source(Protocol):
    """Where the files of a package are."""

    def open_file(self, path: str) -> tuple[int, os.stat_result]:
        """See `SourceFolder.open_file`."""
        ...

    def close_file(self, descriptor: int) -> None:
        """Close a file."""
        ...

    def status_now(self, path: str) -> os.stat_result | None:
        """See `SourceFolder.status_now`."""
        ...


class Pipeline(Protocol):
    """What takes the bytes of a package; see `TarPipeline`."""

    @property
    def position(self) -> int:
        """Offset of the next byte."""
        ...

    @property
    def checksum(self) -> str:
        """Checksum of everything written."""
        ...

    def write(self, data: bytes) -> None:
        """Append bytes that belong to no file."""
        ...

    def read_from(self, descriptor: int, size: int, digest: MemberDigest) -> int:
        """Append bytes of an open file."""
        ...

    def wait_until_written(self) -> None:
        """Wait until all is hashed and written."""
        ...


class PackageWriter:
    """The order of a package's parts; see `bag`."""

    def __init__(self, contents: PackageContents, source: Source, pipeline: Pipeline) -> None:
        self._contents = contents
        self._source = source
        self._pipeline = pipeline
        self._payload = bag.payload_name(contents.package_id, "")
        self._tag_digests: dict[str, str] = {}
        self._created_ns = int(contents.created.timestamp()) * 10**9

    def write(self) -> WrittenPackage:
        """Write all parts; see `write_package`."""
        contents, pipeline = self._contents, self._pipeline
        self._add_tag(bag.BAGIT, bag.BAGIT_TEXT)
        self._add_tag(bag.DESCRIPTION, bag.description_json(contents.package_id, contents.description))

        index = self._add_files()
        manifest = "".join(bag.manifest_line(m.sha256, bag.PAYLOAD + m.path) for m in index.members).encode()
        self._add_tag(bag.MANIFEST, manifest)
        index_json = encode_index(index)
        index_offset = self._add_tag(bag.INDEX, index_json)

        payload = sum(member.size for member in index.members), len(index.members)
        index_range = index_offset, len(index_json)
        self._add_tag(
            bag.BAG_INFO,
            bag.bag_info(contents.package_id, contents.created, payload, index_range, contents.bag_info),
        )
        self._add_tag(bag.TAG_MANIFEST, bag.tag_manifest(self._tag_digests))
        pipeline.write(bytes(tar.end_of_archive_at(pipeline.position) - pipeline.position))
        pipeline.wait_until_written()
        return WrittenPackage(
            size=pipeline.position,
            checksum=pipeline.checksum,
            manifest_checksum=f"sha256:{self._tag_digests[bag.MANIFEST]}",
            index=index,
            index_json=index_json,
        )

    def _add_tag(self, name: str, content: bytes) -> int:
        """Append a tag file and return the offset of its content."""
        pipeline = self._pipeline
        self._tag_digests[name] = hashlib.sha256(content).hexdigest()
        pipeline.write(
            tar.member_header(
                bag.member_name(self._contents.package_id, name), len(content), self._created_ns
            )
        )
        offset = pipeline.position
        pipeline.write(content)
        pipeline.write(_ZEROS[: tar.padded(len(content)) - len(content)])
        return offset

    def _add_files(self) -> PackageIndex:
        passed = [self._add_file(file) for file in self._contents.files]
        self._pipeline.wait_until_written()
        members = [
            Member(file.path, offset, file.size, digest.sha256, mtime_ns)
            for file, (offset, mtime_ns, digest) in zip(self._contents.files, passed, strict=True)
        ]
        return PackageIndex(self._contents.package_id, members)

    def _add_file(self, file: SourceFile) -> tuple[int, int, MemberDigest]:
        """Append a file; return the offset of its content, its modification time and its digest to come."""
        pipeline = self._pipeline
        descriptor, before = self._source.open_file(file.path)
        try:
            _check_size(file, before.st_size)
            digest = MemberDigest(file.path, file.checksum)
            modified_ns = before.st_mtime_ns if file.modified_ns is None else file.modified_ns
            pipeline.write(tar.member_header(self._payload + file.path, file.size, modified_ns))
            offset = pipeline.position
            count = pipeline.read_from(descriptor, file.size, digest)
        finally:
            self._source.close_file(descriptor)
        self._check_unchanged(file, before, count)
        pipeline.write(_ZEROS[: tar.padded(file.size) - file.size])
        return offset, modified_ns, digest

    def _check_unchanged(self, file: SourceFile, before: os.stat_result, count: int) -> None:
        after = self._source.status_now(file.path)
        if after is None or after.st_ino != before.st_ino or after.st_dev != before.st_dev:
            raise SourceChangedError(file.path, "it was replaced or removed while it was read")
        if count < file.size:
            raise SourceShortError(
                file.path, f"it ended after {count:,} of {file.size:,} bytes while it was read"
            )
        _check_size(file, after.st_size)
        if after.st_mtime_ns != before.st_mtime_ns:
            raise SourceChangedError(file.path, "it was written to while it was read")


def _check_size(file: SourceFile, size: int) -> None:
    if size < file.size:
        raise SourceShortError(file.path, f"it has {size:,} bytes, filed were {file.size:,}")
    if size > file.size:
        raise SourceGrownError(file.path, f"it has {size:,} bytes, filed were {file.size:,}")
