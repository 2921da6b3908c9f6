"""A place that is a folder of a file system, local or mounted."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, Self

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Configuration, Permanent, PlaceUnavailable, classified
from ccat_data_transfer.storage import disk_leftovers
from ccat_data_transfer.storage.create_only import publish_new
from ccat_data_transfer.storage.disk_probe import probe_folder
from ccat_data_transfer.storage.disk_removal import DiskRemoval, cannot_put_back
from ccat_data_transfer.storage.disk_upload import DiskUpload
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
    Expected,
    FileToRemove,
    Leftover,
    MarkerObject,
    ObjectInfo,
    Probed,
    Reader,
    Removal,
    RemoveObject,
    Upload,
    Usage,
    Waiting,
    do_nothing,
    is_same_file,
)
from ccat_data_transfer.storage.known_place import KnownPlace
from ccat_data_transfer.storage.names import (
    MARKER_NAME,
    REMOVING_PREFIX,
    TEMPORARY_PREFIX,
    checked,
    is_temporary_of,
    temporary_name,
)
from ccat_data_transfer.storage.root_folder import CLOSED, FILE, RootFolder, remove_folder, sync_folder
from ccat_ops_db.enumerations import Ability

OURS = (TEMPORARY_PREFIX, REMOVING_PREFIX)
"""How names begin that are no objects."""

LOOK_AFTER_REMOVALS = 500
"""So many small files are removed between two looks at the marker."""

MARKER_BYTES = 64 * 1024
"""Longest marker that is read."""


class DiskStorage(KnownPlace):
    """A folder and what is below it. It is opened once; what is mounted at its path later is not meant.

    Parameters
    ----------
    location_id : str
        ``<site>.<name>``.
    path : str
        Absolute path of the folder.
    mount_point : bool
        Whether it must be the root of a mounted file system.

    Raises
    ------
    PlaceUnavailable
        It cannot be opened, or is not what it must be. This is never read as "there is nothing": a disk may
        not be mounted.
    """

    kind: Literal["disk"] = "disk"

    def __init__(self, location_id: str, path: str, *, mount_point: bool = False) -> None:
        self.location_id = location_id
        try:
            self.root = RootFolder(path)
            mounted = not mount_point or self.root.is_mount_point()
        except OSError as error:
            raise PlaceUnavailable(
                location_id,
                f"the folder of {location_id} cannot be opened ({error.strerror}); mount the disk, or correct"
                " the path of the location; it goes on by itself",
                path=path,
            ) from error
        if not mounted:
            raise PlaceUnavailable(
                location_id,
                f"nothing is mounted at the folder of {location_id}, which is a mount point; mount the disk;"
                " it goes on by itself",
                path=path,
            )

    def check(self) -> None:
        """See `Storage.check`."""
        with classified(self.root.path):
            os.fstatvfs(self.root.descriptor)

    def read_marker(self) -> MarkerObject | None:
        """See `Storage.read_marker`."""
        try:
            descriptor = os.open(MARKER_NAME, os.O_RDONLY | FILE, dir_fd=self.root.descriptor)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable_marker(error) from error
        try:
            status = os.fstat(descriptor)
            _refuse_irregular(status, MARKER_NAME)
            content = os.pread(descriptor, MARKER_BYTES, 0)
        except OSError as error:
            raise self._unreadable_marker(error) from error
        finally:
            os.close(descriptor)
        return MarkerObject(content, f"disk:{status.st_ino}:{status.st_ctime_ns}")

    def write_marker(self, content: bytes, *, replace: bool = False) -> None:
        """See `Storage.write_marker`."""
        folder = self.root.descriptor
        with classified(MARKER_NAME):
            temporary = _written(folder, MARKER_NAME, content)
            try:
                if replace:
                    os.rename(temporary, MARKER_NAME, src_dir_fd=folder, dst_dir_fd=folder)
                else:
                    publish_new(folder, temporary, MARKER_NAME)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=folder)
            sync_folder(folder)

    def is_empty(self) -> bool:
        """See `Storage.is_empty`."""
        with classified(self.root.path), os.scandir(self.root.descriptor) as entries:
            # What every new file system has.
            return not {entry.name for entry in entries} - {MARKER_NAME, "lost+found"}

    def probe(self) -> Mapping[Ability, Probed]:
        """See `Storage.probe`."""
        with classified(self.root.path):
            return probe_folder(self.root)

    def time_there(self) -> int | None:
        """See `Storage.time_there`."""
        name, folder = f"{TEMPORARY_PREFIX}decoy-{uuid.uuid4()}", self.root.descriptor
        try:
            decoy = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, 0o600, dir_fd=folder)
        except OSError:
            return None
        try:
            return os.fstat(decoy).st_ctime_ns
        finally:
            os.close(decoy)
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=folder)

    def file_system(self) -> str:
        """See `Storage.file_system`."""
        with classified(self.root.path):
            return self.root.file_system()

    def _unreadable_marker(self, error: OSError) -> PlaceUnavailable:
        return PlaceUnavailable(
            self.location_id,
            f"the marker of {self.location_id} cannot be read ({error.strerror}); give the worker's user"
            " permission to read it, and look at the disk; it goes on by itself",
            path=f"{self.root.path}/{MARKER_NAME}",
        )

    def stat(self, path: str) -> ObjectInfo | None:
        """See `Storage.stat`."""
        with classified(path):
            try:
                with self.root.folder_of(checked(path)) as (folder, name):
                    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                return None
        if stat.S_ISDIR(status.st_mode):
            return None
        _refuse_irregular(status, path)
        return _info(path, status)

    def exists(self, path: str) -> bool:
        """See `Storage.exists`."""
        return self.stat(path) is not None

    def open_descriptor(self, path: str) -> int:
        """Open a regular file for reading and return its descriptor, which the caller closes.

        Raises
        ------
        Failure
            ``missing``, ``symbolic_link``, ``not_a_file``, ``permission_denied`` and so on.
        """
        with classified(path), self.root.folder_of(checked(path)) as (folder, name):
            descriptor = os.open(name, os.O_RDONLY | FILE, dir_fd=folder)
            try:
                _refuse_irregular(os.fstat(descriptor), path)
            except BaseException:
                os.close(descriptor)
                raise
            return descriptor

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Storage.read_range`."""
        content = bytearray(length)
        with self.open_read(path, offset=offset, length=length) as reader:
            view = memoryview(content)
            filled = 0
            while filled < length and (count := reader.readinto(view[filled:])):
                filled += count
            view.release()
        del content[filled:]
        return bytes(content)

    def open_read(
        self,
        path: str,
        *,
        offset: int = 0,
        length: int | None = None,
        buffer_bytes: int = 48 * MEBIBYTE,
        waiting: Waiting | None = None,
    ) -> Reader:
        """See `Storage.open_read`; the kernel reads ahead, nothing is buffered here."""
        return _DiskReader(self.open_descriptor(path), path, offset, length)

    def drop_cache(self, path: str) -> None:
        """See `Storage.drop_cache`. Network file systems may ignore it."""
        descriptor = self.open_descriptor(path)
        try:
            with classified(path):
                os.fsync(descriptor)  # only clean pages are dropped
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """See `Storage.list`.

        Links and special files are left out, and folders that are closed for us. A name that is not UTF-8
        comes with backslashes, by which no method here accepts it: it can be reported and never touched.
        """
        segments = checked(prefix).split("/") if prefix else []
        with classified(prefix or self.root.path), contextlib.suppress(FileNotFoundError):
            for found in self.root.walk(segments, passing=CLOSED):
                path = f"{prefix}/{found.path}" if prefix else found.path
                if found.kind != "file" or found.name.startswith(OURS) or path == MARKER_NAME:
                    continue
                with contextlib.suppress(FileNotFoundError):
                    status = os.stat(found.name, dir_fd=found.folder, follow_symlinks=False)
                    yield _info(os.fsencode(path).decode("utf-8", "backslashreplace"), status)

    def usage(self) -> Usage:
        """See `Storage.usage`: of the whole file system; free is what the service's user can still write."""
        with classified(self.root.path):
            status = os.fstatvfs(self.root.descriptor)
        return Usage(status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize)

    def put(self, path: str, content: bytes, *, checksum: str | None = None) -> ObjectInfo:
        """See `Storage.put`; the checksum is not kept."""
        with classified(path), self.root.made_folder_of(checked(path)) as (folder, name):
            temporary = _written(folder, name, content)
            try:
                self.confirm_place()
                publish_new(folder, temporary, name)
            except FileExistsError:
                raise Permanent("exists", "something has that name already", path=path) from None
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=folder)
            sync_folder(folder)
            return _info(path, os.stat(name, dir_fd=folder, follow_symlinks=False))

    def leftovers(self, waiting: Callable[[], None]) -> Iterator[Leftover]:
        """See `Storage.leftovers`."""
        with classified(self.root.path):
            yield from disk_leftovers.leftovers(self.root, waiting)

    def time_of_changes(self) -> int | None:
        """See `Storage.time_of_changes`."""
        return self.time_there()

    def remove_leftover(self, leftover: Leftover) -> bool:
        """See `Storage.remove_leftover`."""
        self.confirm_place()
        with classified(leftover.path):
            if leftover.begun.kind != "unpacked":
                return disk_leftovers.remove_file_if(self.root, leftover)
            if not disk_leftovers.is_still(self.root, leftover):
                return False
            remove_folder(self.root, leftover.path)
            return True

    def put_back(self, leftover: Leftover, name: str) -> bool:
        """See `Storage.put_back`."""
        self.confirm_place()
        with classified(leftover.path):
            return disk_leftovers.put_back(self.root, leftover, name)

    @contextlib.contextmanager
    def removing(self) -> Iterator[RemoveObject]:
        """See `Storage.removing`. Folders stay, as another process may be about to use them."""
        touched: set[str] = set()
        looked = itertools.count()

        def remove(path: str, mark: str | None = None, /) -> Removal:
            if next(looked) % LOOK_AFTER_REMOVALS == 0:
                self.confirm_place()
            found = self.stat(path)
            # Also of what is gone: an attempt that died may have removed it and not made it last.
            touched.add(path.rpartition("/")[0])
            if found is None:
                return Removal.GONE
            crash_point("storage.disk.before_remove")
            removed = self._unlink(path, mark)
            crash_point("storage.disk.removed")
            return removed

        yield remove
        # Once for each folder: thousands of small files lie in one, and each time waits for the disk.
        for name in touched:
            self._sync_folder(name)

    def _unlink(self, path: str, mark: str | None) -> Removal:
        with classified(path):
            try:
                with self.root.folder_of(path) as (folder, name):
                    if mark is not None and not self.is_same(mark, _mark_of(name, folder)):
                        return Removal.CHANGED
                    os.unlink(name, dir_fd=folder)
            except FileNotFoundError:
                return Removal.GONE
            except PermissionError as error:
                raise Configuration(
                    "permission_denied",
                    f"{error.strerror}: give the worker's user permission to write to the folder it is in",
                    path=path,
                ) from error
        return Removal.REMOVED

    def is_same(self, mark: str, found: str) -> bool:
        """See `Storage.is_same`: renaming or another owner moves only the time of the last change."""
        return is_same_file(mark, found, lasting_inodes=Ability.LASTING_INODES not in self.unable)

    def _sync_folder(self, path: str) -> None:
        segments = path.split("/") if path else []
        with (
            classified(path or self.root.path),
            contextlib.suppress(FileNotFoundError),
            self.root.folder(segments) as folder,
        ):
            sync_folder(folder)

    @contextlib.contextmanager
    def removing_files(
        self, work_id: str, tag: str, waiting: Callable[[], None]
    ) -> Iterator[Callable[[FileToRemove], Removal]]:
        """See `Storage.removing_files`."""
        if {Ability.RENAME_NOREPLACE, Ability.HARD_LINKS} <= self.unable:
            raise cannot_put_back()
        self.confirm_place()
        removal = DiskRemoval(self.root, work_id, tag, waiting)
        yield removal.remove
        removal.sync()

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
        with classified(path):
            *segments, name = checked(path).split("/")
            folder = self.root.enter(segments, make=True)

        def confirm_all() -> None:
            confirm()
            self.confirm_place()

        try:
            upload = DiskUpload(
                folder,
                name,
                work_id,
                tag or uuid.uuid4().hex[:16],
                path,
                expected,
                waiting,
                confirm_all,
                locks=Ability.FLOCK not in self.unable,
            )
            upload.open(resume=resume)
        except BaseException:
            os.close(folder)
            raise
        return upload

    def resume_point(self, path: str, work_id: str) -> int:
        """See `Storage.resume_point`."""
        with classified(path):
            try:
                with self.root.folder_of(checked(path)) as (folder, name):
                    temporary = temporary_name(name, work_id)
                    return os.stat(temporary, dir_fd=folder, follow_symlinks=False).st_size
            except FileNotFoundError:
                return 0

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """See `Storage.remove_temporary`."""
        with classified(path), contextlib.ExitStack() as stack:
            try:
                folder, name = stack.enter_context(self.root.folder_of(checked(path)))
            except FileNotFoundError:
                return
            with os.scandir(folder) as entries:
                found = [entry.name for entry in entries if is_temporary_of(entry.name, name, work_id)]
            for temporary in found:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(temporary, dir_fd=folder)


class _DiskReader:
    def __init__(self, descriptor: int, path: str, offset: int, length: int | None) -> None:
        self._descriptor = descriptor
        self._path = path
        self._position = offset
        self._left = length
        os.posix_fadvise(descriptor, offset, length or 0, os.POSIX_FADV_SEQUENTIAL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def readinto(self, buffer: memoryview, /) -> int:
        if self._left is not None:
            buffer = buffer[: self._left]
            if not buffer:
                return 0
        with classified(self._path):
            count = os.preadv(self._descriptor, [buffer], self._position)
        self._position += count
        if self._left is not None:
            self._left -= count
        return count

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _refuse_irregular(status: os.stat_result, path: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISLNK(status.st_mode):
        raise Permanent("symbolic_link", "it is a symbolic link; links are not followed", path=path)
    raise Permanent("not_a_file", "it is not a regular file", path=path)


def _info(path: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(path, status.st_size, status.st_mtime_ns, mark=_mark(status))


def _mark(status: os.stat_result) -> str:
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def _mark_of(name: str, folder: int) -> str:
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        return _mark(os.fstat(descriptor))
    finally:
        os.close(descriptor)


def _written(folder: int, name: str, content: bytes) -> str:
    """Write a small file durably under a temporary name, and return that."""
    temporary = temporary_name(name, f"put-{uuid.uuid4()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, mode=0o644, dir_fd=folder)
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    return temporary
