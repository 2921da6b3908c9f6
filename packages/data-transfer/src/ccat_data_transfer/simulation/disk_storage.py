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
from ccat_data_transfer.storage.disk import LOOK_AFTER_REMOVALS, OURS
from ccat_data_transfer.storage.disk_removal import is_as_seen
from ccat_data_transfer.storage.disk_upload import LOCK_PAUSES
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    Buffer,
    Expected,
    FileToRemove,
    Leftover,
    ObjectInfo,
    Reader,
    Removal,
    RemoveObject,
    Upload,
    Usage,
    Waiting,
    do_nothing,
    is_same_file,
)
from ccat_data_transfer.storage.names import (
    REMOVING_PREFIX,
    STAGING_PREFIX,
    begun_as,
    checked,
    is_temporary_of,
    temporary_name,
)
from ccat_ops_db.enumerations import Ability


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
            if path.startswith(folder) and not path.rpartition("/")[2].startswith(OURS):
                yield _info(path, inode)

    def time_there(self) -> int:
        """See `Storage.time_there`."""
        self.act("time")
        return self.disk.now_ns()

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
            if path in disk.names:
                raise Permanent("exists", "something has that name already", path=path)
        except BaseException:
            self.schedule.refuse_the_dead()
            disk.unlink(temporary)
            raise
        disk.sync(inode)
        disk.rename(temporary, path)
        disk.sync_folder(path)
        self.note("put", path, None, new)
        return _info(path, inode)

    def leftovers(self, waiting: Callable[[], None]) -> Iterator[Leftover]:
        """See `Storage.leftovers`."""
        self.act("look for leftovers")
        unpacked: dict[str, int] = {}
        for path, inode in sorted(self.disk.names.items()):
            waiting()
            top, slash, _ = path.partition("/")
            changed_ns = max(inode.mtime_ns, inode.ctime_ns)
            begun = begun_as(path.rpartition("/")[2])
            if slash and top.startswith(STAGING_PREFIX):
                unpacked[top] = max(unpacked.get(top, 0), changed_ns)
            elif begun is not None:
                yield Leftover(path, begun, changed_ns, _info(path, inode).mark or "")
        for folder, changed_ns in unpacked.items():
            begun = begun_as(folder)
            if begun is not None:
                yield Leftover(folder, begun, changed_ns, folder)

    def time_of_changes(self) -> int:
        """See `Storage.time_of_changes`."""
        return self.time_there()

    def remove_leftover(self, leftover: Leftover) -> bool:
        """See `Storage.remove_leftover`."""
        self.confirm_place()
        self.act("collect", leftover.path)
        if leftover.begun.kind == "unpacked":
            inside = [path for path in self.disk.names if path.startswith(f"{leftover.path}/")]
            for path in inside:
                self.disk.unlink(path)
            return bool(inside)
        inode = self.disk.names.get(leftover.path)
        if inode is None or _info(leftover.path, inode).mark != leftover.mark:
            return False
        self._unlink(leftover.path)
        return True

    def put_back(self, leftover: Leftover, name: str) -> bool:
        """See `Storage.put_back`."""
        self.confirm_place()
        folder, slash, _ = leftover.path.rpartition("/")
        target = folder + slash + name
        self.act("put back", target)
        inode = self.disk.names.get(leftover.path)
        if inode is None:
            return True
        if target in self.disk.names:
            return False
        self.note("rename", leftover.path, inode.content)
        self.disk.rename(leftover.path, target)
        return True

    @contextlib.contextmanager
    def removing(self) -> Iterator[RemoveObject]:
        """See `Storage.removing`."""
        touched: list[str] = []

        def remove(path: str, mark: str | None = None, /) -> Removal:
            checked(path)
            if len(touched) % LOOK_AFTER_REMOVALS == 0:
                self.confirm_place()
            found = self.stat(path)
            touched.append(path)
            if found is None:
                return Removal.GONE
            self.act("unlink", path)
            inode = self.disk.names.get(path)
            if inode is None:
                return Removal.GONE
            if mark is not None and not self.is_same(mark, _info(path, inode).mark or ""):
                return Removal.CHANGED
            self._unlink(path)
            return Removal.REMOVED

        yield remove
        for path in touched:
            self.disk.sync_folder(path)

    def is_same(self, mark: str, found: str) -> bool:
        """See `Storage.is_same`."""
        return is_same_file(mark, found, lasting_inodes=Ability.LASTING_INODES not in self.unable)

    @contextlib.contextmanager
    def removing_files(
        self, work_id: str, tag: str, waiting: Callable[[], None]
    ) -> Iterator[Callable[[FileToRemove], Removal]]:
        """See `Storage.removing_files`."""
        self.confirm_place()
        removal = SimulatedRemoval(self, work_id, tag, waiting)
        yield removal.remove
        for path in removal.touched:
            self.disk.sync_folder(path)

    def open_upload(
        self,
        path: str,
        work_id: str,
        expected: Expected,
        *,
        tag: str | None = None,
        confirm: Callable[[], None] = do_nothing,
        resume: bool = True,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Upload:
        """See `Storage.open_upload`."""
        checked(path)
        self.act("open", path)
        upload = SimulatedDiskUpload(self, self.disk, path, work_id, tag or "0", expected, confirm)
        upload.open(resume=resume)
        return upload

    def resume_point(self, path: str, work_id: str) -> int:
        """See `Storage.resume_point`."""
        checked(path)
        self.act("resume point", path)
        inode = self.disk.names.get(temporary_beside(path, work_id))
        return inode.content.size if inode else 0

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """See `Storage.remove_temporary`."""
        checked(path)
        self.act("remove temporary", path)
        self.remove_partials(path, work_id)

    def remove_partials(self, path: str, work_id: str | None, but: str = "") -> None:
        """Remove what a work, or all (null), wrote for an object and did not publish, but for one name."""
        folder, _, name = path.rpartition("/")
        for found in list(self.disk.names):
            inner, _, last = found.rpartition("/")
            if inner == folder and found != but and is_temporary_of(last, name, work_id):
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
        tag: str,
        expected: Expected,
        confirm: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._disk = disk
        self._path = path
        self._work_id = work_id
        self._tag = tag
        self._expected = expected
        self._confirm = confirm
        self._position = 0

    def open(self, *, resume: bool) -> None:
        """See `storage.disk_upload.DiskUpload.open`."""
        for pause in (*LOCK_PAUSES, 0.0):
            self._temporary = temporary_beside(self._path, self._work_id)
            self._inode = self._opened()
            if self._inode.locked_by is None:
                break
            self._storage.schedule.sleep(pause)
        else:
            self._temporary = temporary_beside(self._path, self._work_id, self._tag)
            self._inode = self._opened()
            resume = False
        self._inode.locked_by = self
        self._storage.process.on_kill.append(self._close)
        if not resume or self._inode.content.size > self._expected.size:
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

    @property
    def kept(self) -> int:
        """See `Upload.kept`."""
        return self._position if self._temporary == temporary_beside(self._path, self._work_id) else 0

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """See `Upload.finish`."""
        self._disk.write(self._inode, self._inode.content.part(0, self._position))
        if mtime_ns is not None:
            self._inode.mtime_ns = mtime_ns
        self._storage.act("sync", self._temporary)
        self._disk.sync(self._inode)
        self._confirm()
        self._storage.confirm_place()
        if self._temporary not in self._disk.names:
            raise Transient("upload_gone", "another worker removed what was written", path=self._path)
        still_ours = self._disk.names.get(self._temporary) is self._inode
        if self._inode.content.size != self._expected.size or not still_ours:
            raise Integrity("written_file_changed", "the temporary file was replaced", path=self._path)
        self._storage.remove_partials(self._path, self._work_id, but=self._temporary)
        self._storage.act("publish", self._path)
        if self._path in self._disk.names:
            raise Permanent("exists", "another object took the name meanwhile", path=self._path)
        if self._disk.names.get(self._temporary) is not self._inode:
            raise Transient("upload_gone", "another worker removed what was written", path=self._path)
        self._disk.rename(self._temporary, self._path)
        self._storage.note("link", self._path, None, self._inode.content)
        self._storage.act("published", self._path)
        self._disk.sync_folder(self._path)
        self._close()
        return _info(self._path, self._inode)

    def discard(self) -> None:
        """See `Upload.discard`."""
        self._storage.act("discard", self._temporary)
        if self._disk.names.get(self._temporary) is self._inode:
            self._disk.unlink(self._temporary)
        self._close()

    def _opened(self) -> Inode:
        inode = self._disk.names.get(self._temporary) or self._disk.create(self._temporary)
        self._storage.note("write", self._temporary)
        return inode

    def _close(self) -> None:
        if self._inode.locked_by is self:
            self._inode.locked_by = None
        if self._close in self._storage.process.on_kill:
            self._storage.process.on_kill.remove(self._close)


class SimulatedRemoval:
    """See `storage.disk_removal.DiskRemoval`, of which this is the model."""

    def __init__(
        self, storage: SimulatedDiskStorage, work_id: str, tag: str, waiting: Callable[[], None]
    ) -> None:
        self._storage = storage
        self._disk = storage.disk
        self._stem = f"{REMOVING_PREFIX}{work_id}-"
        self._tag = tag
        self._waiting = waiting
        self.touched: list[str] = []

    def remove(self, file: FileToRemove) -> Removal:
        """See `storage.disk_removal.DiskRemoval.remove`."""
        folder, slash, _ = checked(file.path).rpartition("/")
        self.touched.append(file.path)
        own = f"{folder}{slash}{self._stem}{self._tag}-{file.number}"
        self._storage.act("look for leftovers", file.path)
        stays = [one for one in self._left(folder + slash, file) if not self._take_over(one, own, file)]
        found = self._remove(own, file)
        return Removal.CHANGED if stays else found

    def _left(self, prefix: str, file: FileToRemove) -> list[str]:
        stem, end = prefix + self._stem, f"-{file.number}"
        return [path for path in self._disk.names if path.startswith(stem) and path.endswith(end)]

    def _remove(self, own: str, file: FileToRemove) -> Removal:
        self._storage.act("open", file.path)
        inode = self._disk.names.get(file.path)
        if inode is None:
            return Removal.GONE
        if not is_as_seen(file, inode.content.size, inode.mtime_ns, inode.ctime_ns) and not (
            self._is_unchanged(inode, file)
        ):
            return Removal.CHANGED
        seen = _look(inode)
        self._storage.act("move away", file.path)
        if file.path not in self._disk.names:
            return Removal.GONE
        if own in self._disk.names:
            return Removal.CHANGED
        self._rename(file.path, own)
        return self._unlink(own, file, inode, seen)

    def _take_over(self, left: str, own: str, file: FileToRemove) -> bool:
        self._storage.act("take over", left)
        if left != own:
            if left not in self._disk.names:
                return True
            if own in self._disk.names:
                return False
            self._rename(left, own)
        inode = self._disk.names.get(own)
        if inode is None:
            return True
        if self._is_unchanged(inode, file):
            self._unlink(own, file, inode, _look(inode))
            return True
        return self._put_back(own, file)

    def _is_unchanged(self, inode: Inode, file: FileToRemove) -> bool:
        self._storage.act("read", file.path, inode.content.size)
        self._waiting()
        return inode.content.checksum("sha256") == f"sha256:{file.sha256.hex()}"

    def _unlink(self, own: str, file: FileToRemove, inode: Inode, seen: tuple[int, int]) -> Removal:
        self._storage.act("look again", file.path)
        now = self._disk.names.get(own)
        if now is None:
            return Removal.GONE
        if now is not inode or _look(now) != seen:
            self._put_back(own, file)
            return Removal.CHANGED
        self._storage.act("unlink", file.path)
        if own not in self._disk.names:
            return Removal.GONE
        self._disk.unlink(own)
        self._storage.note("unlink", file.path, inode.content)
        return Removal.REMOVED

    def _put_back(self, own: str, file: FileToRemove) -> bool:
        self._storage.act("put back", file.path)
        if own not in self._disk.names:
            return True
        if file.path in self._disk.names:
            return False
        self._rename(own, file.path)
        return True

    def _rename(self, old: str, new: str) -> None:
        self._storage.note("rename", old, self._disk.names[old].content)
        self._disk.rename(old, new)


def _look(inode: Inode) -> tuple[int, int]:
    return inode.content.size, inode.mtime_ns


def temporary_beside(path: str, work_id: str, tag: str | None = None) -> str:
    """Return the temporary name of one work, or of one attempt at it, beside a path."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + temporary_name(name, work_id, tag)


def _info(path: str, inode: Inode) -> ObjectInfo:
    size = inode.content.size
    mark = f"{inode.number}:{size}:{inode.mtime_ns}:{inode.ctime_ns}"
    return ObjectInfo(path, size, inode.mtime_ns, mark=mark)
