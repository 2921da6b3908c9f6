"""Packing and unpacking simulated bytes: the order of a package's parts is the real one."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from ccat_data_transfer.checksums import Hasher
from ccat_data_transfer.failures import Configuration, classified
from ccat_data_transfer.movers.streaming import Passage, StreamingMover
from ccat_data_transfer.package_format import (
    Member,
    PackageContents,
    PackageCorruptError,
    PackageFormatError,
    SourceFile,
    SourceFileError,
    SourceMissingError,
    WrittenPackage,
    find_index,
)
from ccat_data_transfer.package_format.pipeline import MemberDigest
from ccat_data_transfer.package_format.writer import PackageWriter
from ccat_data_transfer.packer import NewPackage, Unpacking, for_reading_only
from ccat_data_transfer.simulation.acts import SimulatedReader
from ccat_data_transfer.simulation.bytes import Content, ContentHasher
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.simulation.disks import Disk, Inode
from ccat_data_transfer.storage.interface import Reader, Storage, Waiting


def simulated_mover(method: str) -> StreamingMover:
    """Return the real mover of a method, through which simulated bytes pass."""
    kinds = ("disk", "s3")
    return StreamingMover(
        method,
        frozenset((a, b) for a in kinds for b in kinds if (a == b == "disk") == (method == "posix")),  # type: ignore[misc]
        Passage(_blocks, ContentHasher),
    )


@contextmanager
def _blocks(
    open_reader: Callable[[], Reader], hasher: Hasher, waiting: Waiting
) -> Iterator[Iterator[memoryview]]:
    with open_reader() as reader:
        yield _blocks_of(reader, hasher)


def _blocks_of(reader: Any, hasher: Any) -> Iterator[memoryview]:
    while (block := reader.next_block(reader.block_bytes)).size:
        hasher.update(block)
        yield block


class SimulatedPacker:
    """See `packer.Packer`."""

    def remove_leftovers(self, new: NewPackage) -> None:
        """See `Packer.remove_leftovers`."""
        storage = _on_disk(new.target)
        storage.act("remove leftovers", new.path)
        folder, _, name = new.path.rpartition("/")
        pattern = re.compile(re.escape(f".{name}.") + r"([0-9a-f-]+)\.part")
        for path in list(storage.disk.names):
            inner, _, found = path.rpartition("/")
            match = pattern.fullmatch(found)
            if inner == folder and match and match[1] != new.attempt:
                storage.disk.unlink(path)

    def write(
        self, new: NewPackage, contents: PackageContents, source: Storage, on_progress: Callable[[int], None]
    ) -> WrittenPackage:
        """See `Packer.write`."""
        target, disk = _on_disk(new.target), _on_disk(new.target).disk
        target.act("create", new.path)
        inode = _fresh(disk, _temporary(new))
        target.note("write", _temporary(new))
        pipeline = _Pipeline(target, disk, inode, new.path, on_progress)
        written = PackageWriter(contents, _Source(_on_disk(source)), pipeline).write()
        target.act("sync", new.path)
        disk.sync(inode)
        return written

    def bad_files(
        self, files: Sequence[SourceFile], source: Storage, on_progress: Callable[[int], None]
    ) -> list[SourceFileError]:
        """See `Packer.bad_files`."""
        reading, found = _Source(_on_disk(source)), []
        for file in files:
            try:
                PackageWriter(for_reading_only(file), reading, _Nowhere(reading.storage, on_progress)).write()
            except SourceFileError as error:
                found.append(error)
        return found

    def publish(self, new: NewPackage) -> None:
        """See `Packer.publish`."""
        storage = _on_disk(new.target)
        storage.confirm_place()
        storage.act("publish", new.path)
        disk, temporary = storage.disk, _temporary(new)
        if new.path in disk.names:
            if temporary in disk.names:
                disk.unlink(temporary)
        elif temporary in disk.names:
            storage.note("link", new.path, None, disk.names[temporary].content)
            disk.rename(temporary, new.path)
        else:
            raise FileNotFoundError(new.path)
        disk.sync_folder(new.path)

    def discard(self, new: NewPackage) -> None:
        """See `Packer.discard`."""
        storage = _on_disk(new.target)
        storage.act("discard", new.path)
        storage.disk.unlink(_temporary(new))

    def unpack(self, unpacking: Unpacking, checksum: str | None) -> None:
        """See `Packer.unpack`."""
        tar = _read(unpacking)
        if checksum is not None and tar.checksum(checksum.partition(":")[0]) != checksum:
            raise PackageCorruptError("", "the tar has another checksum")
        try:
            index = find_index(lambda at, length: tar.part(at, at + length).shown(), tar.size)
        except PackageFormatError as error:
            raise PackageCorruptError("", str(error)) from error
        _put_in_place(unpacking, [(member, _of(tar, member)) for member in index.members])

    def unpack_member(self, unpacking: Unpacking, member: Member) -> None:
        """See `Packer.unpack_member`."""
        _put_in_place(unpacking, [(member, _of(_read(unpacking), member))])


class _Source:
    """See `package_format.writer.Source`."""

    def __init__(self, storage: SimulatedDiskStorage) -> None:
        storage.check()
        self.storage = storage
        self._open: list[Inode] = []

    def open_file(self, path: str) -> tuple[int, os.stat_result]:
        self.storage.act("open", path)
        inode = self.storage.disk.names.get(path)
        if inode is None:
            raise SourceMissingError(path, f"{path.rpartition('/')[2]!r} does not exist")
        self._open.append(inode)
        return cast(int, (self.storage, inode, path)), _status(inode)

    def close_file(self, descriptor: int) -> None:
        self._open.pop()

    def status_now(self, path: str) -> os.stat_result | None:
        inode = self.storage.disk.names.get(path)
        return None if inode is None else _status(inode)


class _Pipeline:
    """See `package_format.writer.Pipeline`."""

    def __init__(
        self,
        storage: SimulatedDiskStorage,
        disk: Disk,
        inode: Inode,
        path: str,
        on_progress: Callable[[int], None],
    ) -> None:
        self._storage = storage
        self._disk = disk
        self._inode = inode
        self._path = path
        self._on_progress = on_progress
        self._pieces: list[Content] = []
        self.position = 0

    @property
    def checksum(self) -> str:
        return self._inode.content.checksum("xxh3-128")

    def write(self, data: bytes) -> None:
        self._append(Content.of(data))

    def read_from(self, descriptor: int, size: int, digest: MemberDigest) -> int:
        storage, inode, path = cast(tuple[SimulatedDiskStorage, Inode, str], descriptor)
        reader = SimulatedReader(storage, path, lambda: inode.content, 0, size)
        pieces = []
        while (block := reader.next_block(storage.block_bytes)).size:
            pieces.append(block)
            self._append(block)
            self._write_out()
            self._on_progress(self.position)
        content = Content.joined(pieces)
        if content.size == size:
            sha256 = content.checksum("sha256").partition(":")[2]
            digest.conclude(sha256, content.checksum(digest.algorithm).partition(":")[2])
        return content.size

    def wait_until_written(self) -> None:
        self._write_out()
        self._on_progress(self.position)

    def _append(self, content: Content) -> None:
        self._pieces.append(content)
        self.position += content.size

    def _write_out(self) -> None:
        size = sum(piece.size for piece in self._pieces)
        self._storage.act("write", self._path, size)
        with classified():
            self._disk.write(self._inode, Content.joined((self._inode.content, *self._pieces)))
        self._pieces.clear()


class _Nowhere(_Pipeline):
    """Takes the bytes of a package that is only read."""

    def __init__(self, storage: SimulatedDiskStorage, on_progress: Callable[[int], None]) -> None:
        super().__init__(storage, storage.disk, Inode(0, 0, 0), "", on_progress)

    def _write_out(self) -> None:
        self._pieces.clear()


def _temporary(new: NewPackage) -> str:
    folder, slash, name = new.path.rpartition("/")
    return f"{folder}{slash}.{name}.{new.attempt}.part"


def _read(unpacking: Unpacking) -> Content:
    pieces = []
    with unpacking.source.open_read(unpacking.path) as opened:
        reader = cast(SimulatedReader, opened)
        while (block := reader.next_block(reader.block_bytes)).size:
            unpacking.moved(block.size)
            pieces.append(block)
    return Content.joined(pieces)


def _of(tar: Content, member: Member) -> Content:
    content = tar.part(member.offset, member.offset + member.size)
    if content.checksum("sha256") != f"sha256:{member.sha256}":
        raise PackageCorruptError(member.path, "it is not what was packaged")
    return content


def _put_in_place(unpacking: Unpacking, members: list[tuple[Member, Content]]) -> None:
    storage = _on_disk(unpacking.target)
    disk = storage.disk
    storage.act("remove leftovers", unpacking.folder)
    prefix = f".staging-{unpacking.work_id}-"
    for path in [path for path in disk.names if path.startswith(prefix)]:
        disk.unlink(path)
    temporary = prefix + unpacking.attempt
    try:
        for number, (member, content) in enumerate(members):
            storage.act("write", member.path, content.size)
            storage.note("write", f"{temporary}/{number}")
            inode = _fresh(disk, f"{temporary}/{number}")
            with classified(member.path):
                disk.write(inode, content)
            inode.mtime_ns = member.mtime_ns
            disk.sync(inode)
        storage.confirm_place()
        for number, (member, content) in enumerate(members):
            target = f"{unpacking.folder}/{member.path}"
            storage.act("put in place", target)
            before = disk.names.get(target)
            disk.rename(f"{temporary}/{number}", target)
            storage.note("rename", target, before.content if before else None, content)
            disk.sync_folder(target)
    finally:
        storage.schedule.refuse_the_dead()
        for path in [path for path in disk.names if path.startswith(f"{temporary}/")]:
            disk.unlink(path)


def _fresh(disk: Disk, path: str) -> Inode:
    if path in disk.names:
        disk.unlink(path)
    return disk.create(path)


def _status(inode: Inode) -> os.stat_result:
    seconds = inode.mtime_ns // 10**9
    return os.stat_result(
        (0o100644, inode.number, 1, inode.links, 0, 0, inode.content.size, seconds, seconds, seconds),
        {"st_mtime_ns": inode.mtime_ns},
    )


def _on_disk(storage: Storage) -> SimulatedDiskStorage:
    if not isinstance(storage, SimulatedDiskStorage):
        raise Configuration(
            "not_on_disk", f"{storage.location_id} must be on disk for this; it is on {storage.kind}"
        )
    return storage
