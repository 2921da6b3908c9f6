"""Writing a file so that it is completely there, durably, or not there at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Callable
from typing import Self

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Integrity, Permanent, Transient, classified
from ccat_data_transfer.storage.interface import MEBIBYTE, Buffer, Expected, ObjectInfo, Waiting
from ccat_data_transfer.storage.names import temporary_name
from ccat_data_transfer.storage.reporting_wait import run_reporting
from ccat_data_transfer.storage.root_folder import FILE

_ADOPT_BYTES = 2 * MEBIBYTE
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class DiskUpload:
    """One file being written under a temporary name beside its target.

    The temporary file is locked while it is open, so that a worker that lost its lease and its successor
    never write into it at the same time; the lock ends with the process.

    Parameters
    ----------
    folder : int
        Descriptor of the folder; this object closes it in the end.
    name, work_id, path : str
        Target name in the folder, work, and the path to show in errors.
    confirm : callable
        Called before the file gets its name; what it raises keeps it from that.
    """

    def __init__(
        self,
        folder: int,
        name: str,
        work_id: str,
        path: str,
        expected: Expected,
        waiting: Waiting | None,
        confirm: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._name = name
        self._temporary = temporary_name(name, work_id)
        self._path = path
        self._expected = expected
        self._waiting = waiting
        self._confirm = confirm
        self._descriptor = -1
        self._position = 0

    def open(self, *, resume: bool) -> None:
        """Open and lock the temporary file, the one that is there or a new one."""
        with classified(self._path):
            self._descriptor = self._open_locked()
            crash_point("storage.disk.partial_opened")
            if not resume or os.fstat(self._descriptor).st_size > self._expected.size:
                os.ftruncate(self._descriptor, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._close()

    def adopt(self, update: Callable[[memoryview], object]) -> int:
        """See `Upload.adopt`: what an earlier attempt left is read back, so its bytes count as stored."""
        buffer = memoryview(bytearray(_ADOPT_BYTES))
        with classified(self._path):
            while count := os.preadv(self._descriptor, [buffer], self._position):
                update(buffer[:count])
                self._position += count
                if self._waiting is not None:
                    self._waiting()
        return self._position

    def write(self, block: Buffer, /) -> None:
        """See `Upload.write`."""
        view = memoryview(block)
        with classified(self._path):
            while view:
                count = os.pwrite(self._descriptor, view, self._position)
                self._position += count
                view = view[count:]
        crash_point("storage.disk.written")

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """See `Upload.finish`."""
        with classified(self._path):
            os.ftruncate(self._descriptor, self._position)
            if mtime_ns is not None:
                os.utime(self._descriptor, ns=(mtime_ns, mtime_ns))
            crash_point("storage.disk.before_sync")
            run_reporting(lambda: os.fsync(self._descriptor), self._waiting)
            status = os.fstat(self._descriptor)
            if status.st_size != self._expected.size or not self._is_still_ours():
                raise Integrity(
                    "written_file_changed",
                    f"the temporary file has {status.st_size:,} bytes instead of {self._expected.size:,}, or"
                    " was replaced while it was written; find out who else writes there",
                    path=self._path,
                )
            self._confirm()
            crash_point("storage.disk.before_publish")
            self._publish()
            crash_point("storage.disk.published")
            os.fsync(self._folder)
        self._close()
        return ObjectInfo(self._path, status.st_size, status.st_mtime_ns)

    def discard(self) -> None:
        """See `Upload.discard`."""
        with classified(self._path):
            self._unlink_temporary()
        self._close()

    def _open_locked(self) -> int:
        while True:
            descriptor = os.open(
                self._temporary, os.O_RDWR | os.O_CREAT | FILE, mode=0o644, dir_fd=self._folder
            )
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise Transient(
                    "being_written", "another worker still writes it for the same work", path=self._path
                ) from None
            except BaseException:
                os.close(descriptor)
                raise
            if self._same_file(descriptor) and os.fstat(descriptor).st_nlink == 1:
                return descriptor
            # Published between our open and our lock, or a crash came between its two names: it is not a
            # temporary any more, and writing to it would change the published file.
            if self._same_file(descriptor):
                self._unlink_temporary()
            os.close(descriptor)

    def _publish(self) -> None:
        """Give the file its name, without ever replacing another."""
        try:
            publish_new(self._folder, self._temporary, self._name)
        except FileExistsError:
            raise self._name_is_taken() from None

    def _name_is_taken(self) -> Permanent:
        return Permanent(
            "exists", "another process put an object of that name there meanwhile", path=self._path
        )

    def _is_still_ours(self) -> bool:
        return self._same_file(self._descriptor)

    def _same_file(self, descriptor: int) -> bool:
        try:
            named = os.stat(self._temporary, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(descriptor))

    def _unlink_temporary(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._temporary, dir_fd=self._folder)

    def _close(self) -> None:
        for descriptor in (self._descriptor, self._folder):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._folder = -1


def publish_new(folder: int, temporary: str, name: str) -> None:
    """Give a temporary file its name in the same folder, without ever replacing another.

    Raises
    ------
    FileExistsError
        Something has that name.
    """
    try:
        os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        crash_point("storage.disk.named_twice")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        return
    if _exists(folder, name):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
