"""A place that is a folder of a file system, local or mounted."""

from __future__ import annotations

import contextlib
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from typing import Literal, Self

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Configuration, Permanent, classified
from ccat_data_transfer.storage import beneath
from ccat_data_transfer.storage.disk_upload import DiskUpload
from ccat_data_transfer.storage.interface import (
    MEBIBYTE,
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


class DiskStorage:
    """A folder and what is below it.

    Parameters
    ----------
    location_id : str
        ``<site>.<name>``.
    root : str
        Absolute path of the folder. It is looked at again with every call, because disks come and go.
    """

    kind: Literal["disk"] = "disk"

    def __init__(self, location_id: str, root: str) -> None:
        self.location_id = location_id
        self.root = root

    def check(self) -> None:
        """See `Storage.check`."""
        with classified(self.root), beneath.root_folder(self.root) as folder:
            os.fstatvfs(folder)

    def stat(self, path: str) -> ObjectInfo | None:
        """See `Storage.stat`."""
        with classified(path):
            try:
                with beneath.folder_of(self.root, checked(path)) as (folder, name):
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
        with classified(path), beneath.folder_of(self.root, checked(path)) as (folder, name):
            descriptor = os.open(name, os.O_RDONLY | beneath.FILE, dir_fd=folder)
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

        Links and special files are left out. A name that is not UTF-8 comes with backslashes, by which no
        method here accepts it: it can be reported and never touched.
        """
        segments = checked(prefix).split("/") if prefix else []
        with classified(prefix or self.root), contextlib.ExitStack() as stack:
            try:
                folder = stack.enter_context(beneath.open_folder(self.root, segments))
            except FileNotFoundError:
                return
            yield from _walk(folder, f"{prefix}/" if prefix else "")

    def usage(self) -> Usage:
        """See `Storage.usage`: of the whole file system; free is what the service's user can still write."""
        with classified(self.root), beneath.root_folder(self.root) as folder:
            status = os.fstatvfs(folder)
        return Usage(status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize)

    def put(self, path: str, content: bytes, *, checksum: str | None = None) -> ObjectInfo:
        """See `Storage.put`; the checksum is not kept."""
        with classified(path):
            folder, name = beneath.make_folder_of(self.root, checked(path))
            try:
                _write_and_rename(folder, name, content)
                return _info(path, os.stat(name, dir_fd=folder, follow_symlinks=False))
            finally:
                os.close(folder)

    @contextlib.contextmanager
    def removing(self) -> Iterator[Callable[[str], None]]:
        """See `Storage.removing`. Folders stay, as another process may be about to use them."""
        touched: set[str] = set()

        def remove(path: str) -> None:
            found = self.stat(path)
            # Also of what is gone: an attempt that died may have removed it and not made it last.
            touched.add(path.rpartition("/")[0])
            if found is not None:
                crash_point("storage.disk.before_remove")
                self._unlink(path)
                crash_point("storage.disk.removed")

        yield remove
        # Once for each folder: thousands of small files lie in one, and each time waits for the disk.
        for name in touched:
            self._sync_folder(name)

    def _unlink(self, path: str) -> None:
        with (
            classified(path),
            beneath.folder_of(self.root, path) as (folder, name),
            contextlib.suppress(FileNotFoundError),
        ):
            try:
                os.unlink(name, dir_fd=folder)
            except PermissionError as error:
                raise Configuration(
                    "permission_denied",
                    f"{error.strerror}: give the worker's user permission to write to the folder it is in",
                    path=path,
                ) from error

    def _sync_folder(self, path: str) -> None:
        segments = path.split("/") if path else []
        with (
            classified(path or self.root),
            contextlib.suppress(FileNotFoundError),
            beneath.open_folder(self.root, segments) as folder,
        ):
            os.fsync(folder)

    def set_aside(self, path: str, work_id: str) -> str:
        """See `Storage.set_aside`."""
        kept = quarantine_path(path, work_id)
        if self.stat(path) is None:
            return kept
        with classified(path), contextlib.ExitStack() as stack:
            target, new_name = beneath.make_folder_of(self.root, kept)
            stack.callback(os.close, target)
            folder, name = stack.enter_context(beneath.folder_of(self.root, path))
            os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=target)
            os.fsync(target)
            os.fsync(folder)
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
        with classified(path):
            folder, name = beneath.make_folder_of(self.root, checked(path))
        try:
            upload = DiskUpload(folder, name, work_id, path, expected, waiting)
            upload.open(resume=resume)
        except BaseException:
            os.close(folder)
            raise
        return upload

    def resume_point(self, path: str, work_id: str) -> int:
        """See `Storage.resume_point`."""
        with classified(path):
            try:
                with beneath.folder_of(self.root, checked(path)) as (folder, name):
                    temporary = temporary_name(name, work_id)
                    return os.stat(temporary, dir_fd=folder, follow_symlinks=False).st_size
            except FileNotFoundError:
                return 0

    def remove_temporary(self, path: str, work_id: str | None = None) -> None:
        """See `Storage.remove_temporary`."""
        with classified(path), contextlib.ExitStack() as stack:
            try:
                folder, name = stack.enter_context(beneath.folder_of(self.root, checked(path)))
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
    return ObjectInfo(path, status.st_size, status.st_mtime_ns)


def _walk(folder: int, prefix: str) -> Iterator[ObjectInfo]:
    for name, is_folder in _sorted_names(folder):
        shown = prefix + os.fsencode(name).decode("utf-8", "backslashreplace")
        if is_folder:
            try:
                inner = os.open(
                    name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
                )
            except (FileNotFoundError, NotADirectoryError):  # removed meanwhile
                continue
            try:
                yield from _walk(inner, shown + "/")
            finally:
                os.close(inner)
        elif not name.startswith(TEMPORARY_PREFIX):
            with contextlib.suppress(FileNotFoundError):
                yield _info(shown, os.stat(name, dir_fd=folder, follow_symlinks=False))


def _sorted_names(folder: int) -> list[tuple[str, bool]]:
    """Return names and whether they are folders."""
    with os.scandir(folder) as entries:
        found = [
            (entry.name, is_folder)
            for entry in entries
            if (is_folder := entry.is_dir(follow_symlinks=False)) or entry.is_file(follow_symlinks=False)
        ]
    return sorted(found)


def _write_and_rename(folder: int, name: str, content: bytes) -> None:
    temporary = temporary_name(name, f"put-{uuid.uuid4()}")
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | beneath.FILE, mode=0o644, dir_fd=folder
    )
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)
