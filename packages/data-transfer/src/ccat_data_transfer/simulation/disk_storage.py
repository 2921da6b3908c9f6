"""Places on simulated disks, as processes see them: the model of `storage.disk` and `storage.disk_upload`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Literal, Self, cast

from ccat_data_transfer.failures import Integrity, Permanent, Transient, classified
from ccat_data_transfer.simulation.acts import Act, SimulatedReader
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.disks import Disk, Host, Inode
from ccat_data_transfer.simulation.links import Links
from ccat_data_transfer.simulation.place import Medium, SimulatedPlace
from ccat_data_transfer.simulation.schedule import Process, Schedule
from ccat_data_transfer.storage.disk import LOOK_AFTER_REMOVALS
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    Buffer,
    Expected,
    ObjectInfo,
    Reader,
    Upload,
    Usage,
    Waiting,
)
from ccat_data_transfer.storage.names import (
    TEMPORARY_PREFIX,
    checked,
    is_temporary_of,
    quarantine_path,
    temporary_name,
)


class SimulatedDiskStorage(SimulatedPlace):
    """See `storage.interface.Storage`: a place on a disk, as a process of a host found it.

    It stays with that disk, whatever is mounted at its path later.

    Parameters
    ----------
    location_id : str
        ``<site>.<name>``.
    host : Host
        Where the process runs.
    path : str
        Where the disk is mounted.
    """

    kind: Literal["disk"] = "disk"

    def __init__(
        self,
        location_id: str,
        host: Host,
        path: str,
        schedule: Schedule,
        links: Links,
        process: Process,
        journal: Callable[[Act], None],
    ) -> None:
        super().__init__(location_id, host.site_id, links, process, journal)
        self.schedule = schedule
        self.disk = host.disk_at(path)

    @property
    def medium(self) -> Medium:
        """See `SimulatedPlace.medium`."""
        return self.disk

    def stat(self, path: str) -> ObjectInfo | None:
        """See `Storage.stat`."""
        checked(path)
        self.act("stat", path)
        inode = self.disk.names.get(path)
        return None if inode is None else _info(path, inode)

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Storage.read_range`."""
        return self._inode(path).content.part(offset, offset + length).shown()

    def open_read(
        self,
        path: str,
        *,
        offset: int = 0,
        length: int | None = None,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Reader:
        """See `Storage.open_read`."""
        inode = self._inode(path)
        return SimulatedReader(self, path, lambda: inode.content, offset, length)

    def drop_cache(self, path: str) -> None:
        """See `Storage.drop_cache`."""
        self._inode(path)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Storage.list`."""
        folder = f"{checked(prefix)}/" if prefix else ""
        self.act("list", prefix)
        for path, inode in sorted(self.disk.names.items()):
            if path.startswith(folder) and not path.rpartition("/")[2].startswith(TEMPORARY_PREFIX):
                yield _info(path, inode)

    def usage(self) -> Usage:
        """See `Storage.usage`."""
        self.act("usage")
        return Usage(self.disk.free, self.disk.capacity)

    def put(self, path: str, content: bytes, *, checksum: str | None = None) -> ObjectInfo:
        """See `Storage.put`."""
        checked(path)
        self.act("put", path, len(content))
        disk, new = self.disk, Content.of(content)
        # As with the real one, nobody else has that name.
        temporary = temporary_beside(path, f"put-{self.process.name}-{self.schedule.steps}")
        with classified(path):
            inode = disk.create(temporary)
            try:
                disk.write(inode, new)
            except OSError:
                disk.unlink(temporary)
                raise
        self.note("create", temporary)
        try:
            self.confirm_place()
        except BaseException:
            self.schedule.refuse_the_dead()
            disk.unlink(temporary)
            raise
        before = disk.names.get(path)
        disk.sync(inode)
        disk.rename(temporary, path)
        disk.sync_folder(path)
        self.note("put", path, before.content if before else None, new)
        return _info(path, inode)

    @contextlib.contextmanager
    def removing(self) -> Iterator[Callable[[str], None]]:
        """See `Storage.removing`."""
        touched: list[str] = []

        def remove(path: str) -> None:
            checked(path)
            if len(touched) % LOOK_AFTER_REMOVALS == 0:
                self.confirm_place()
            found = self.stat(path)
            touched.append(path)
            if found is not None:
                self.act("unlink", path)
                self._unlink(path)

        yield remove
        for path in touched:
            self.disk.sync_folder(path)

    def set_aside(self, path: str, work_id: str) -> str:
        """See `Storage.set_aside`."""
        kept = quarantine_path(path, work_id)
        if self.stat(path) is None:
            return kept
        self.confirm_place()
        self.act("set aside", path)
        disk = self.disk
        if path not in disk.names:
            raise Permanent("missing", "it does not exist", path=path)
        self.note("rename", path, disk.names[path].content)
        disk.rename(path, kept)
        disk.sync_folder(path)
        disk.sync_folder(kept)
        return kept

    def open_upload(
        self,
        path: str,
        work_id: str,
        expected: Expected,
        *,
        resume: bool = True,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Upload:
        """See `Storage.open_upload`."""
        checked(path)
        self.act("open", path)
        return SimulatedDiskUpload(self, self.disk, path, work_id, expected, resume=resume)

    def resume_point(self, path: str, work_id: str) -> int:
        """See `Storage.resume_point`."""
        checked(path)
        self.act("resume point", path)
        inode = self.disk.names.get(temporary_beside(path, work_id))
        return inode.content.size if inode else 0

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """See `Storage.remove_temporary`."""
        folder, _, name = checked(path).rpartition("/")
        self.act("remove temporary", path)
        for found in list(self.disk.names):
            if found.rpartition("/")[0] == folder and is_temporary_of(
                found.rpartition("/")[2], name, work_id
            ):
                self._unlink(found)

    def _unlink(self, path: str) -> None:
        inode = self.disk.names.get(path)
        if inode is not None:
            self.disk.unlink(path)
            self.note("unlink", path, inode.content)

    def _inode(self, path: str) -> Inode:
        checked(path)
        self.act("open", path)
        inode = self.disk.names.get(path)
        if inode is None:
            raise Permanent("missing", "it does not exist", path=path)
        return inode


class SimulatedDiskUpload:
    """See `storage.disk_upload.DiskUpload`, of which this is the model."""

    def __init__(
        self,
        storage: SimulatedDiskStorage,
        disk: Disk,
        path: str,
        work_id: str,
        expected: Expected,
        *,
        resume: bool,
    ) -> None:
        self._storage = storage
        self._disk = disk
        self._path = path
        self._temporary = temporary_beside(path, work_id)
        self._expected = expected
        self._position = 0
        self._inode = self._open_locked()
        if not resume or self._inode.content.size > expected.size:
            self._disk.write(self._inode, Content())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def adopt(self, update: Callable[[memoryview], object]) -> int:
        """See `Upload.adopt`."""
        content = self._inode.content
        self._storage.act("read", self._temporary, content.size)
        update(cast(memoryview, content))
        self._position = content.size
        return self._position

    def write(self, block: Buffer, /) -> None:
        """See `Upload.write`."""
        piece = Content.of(block)
        self._storage.act("write", self._temporary, piece.size)
        content, end = self._inode.content, self._position + piece.size
        with classified(self._path):
            self._disk.write(
                self._inode,
                Content.joined((content.part(0, self._position), piece, content.part(end, content.size))),
            )
        self._position = end

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """See `Upload.finish`."""
        self._disk.write(self._inode, self._inode.content.part(0, self._position))
        if mtime_ns is not None:
            self._inode.mtime_ns = mtime_ns
        self._storage.act("sync", self._temporary)
        self._disk.sync(self._inode)
        still_ours = self._disk.names.get(self._temporary) is self._inode
        if self._inode.content.size != self._expected.size or not still_ours:
            raise Integrity("written_file_changed", "the temporary file was replaced", path=self._path)
        self._storage.confirm_place()
        self._storage.act("publish", self._path)
        try:
            self._disk.link(self._temporary, self._path)
        except FileExistsError:
            raise Permanent("exists", "another object took the name meanwhile", path=self._path) from None
        except KeyError:
            raise Permanent("missing", "the temporary file is gone", path=self._path) from None
        self._storage.note("link", self._path, None, self._inode.content)
        self._storage.act("published", self._path)
        if self._temporary in self._disk.names:
            self._disk.unlink(self._temporary)
        self._disk.sync_folder(self._path)
        self._close()
        return _info(self._path, self._inode)

    def discard(self) -> None:
        """See `Upload.discard`."""
        self._storage.act("discard", self._temporary)
        if self._disk.names.get(self._temporary) is self._inode:
            self._disk.unlink(self._temporary)
        self._close()

    def _open_locked(self) -> Inode:
        inode = self._disk.names.get(self._temporary)
        if inode is not None and inode.links > 1:
            # A crash came between its two names: it is published.
            self._disk.unlink(self._temporary)
            inode = None
        if inode is None:
            inode = self._disk.create(self._temporary)
        self._storage.note("write", self._temporary)
        if inode.locked_by is not None:
            raise Transient("being_written", "another worker still writes it", path=self._path)
        inode.locked_by = self
        self._storage.process.on_kill.append(self._close)
        return inode

    def _close(self) -> None:
        if self._inode.locked_by is self:
            self._inode.locked_by = None
        if self._close in self._storage.process.on_kill:
            self._storage.process.on_kill.remove(self._close)


def temporary_beside(path: str, work_id: str) -> str:
    """Return the temporary name of one work beside a path."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + temporary_name(name, work_id)


def _info(path: str, inode: Inode) -> ObjectInfo:
    size = inode.content.size
    mark = f"{inode.number}:{size}:{inode.mtime_ns}:{inode.ctime_ns}"
    return ObjectInfo(path, size, inode.mtime_ns, mark=mark)
