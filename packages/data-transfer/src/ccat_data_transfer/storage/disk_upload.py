"""Writing a file so that it is completely there, durably, or not there at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Self

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Integrity, Permanent, Transient, classified
from ccat_data_transfer.storage.create_only import publish_new
from ccat_data_transfer.storage.interface import MEBIBYTE, Buffer, Expected, ObjectInfo, Waiting
from ccat_data_transfer.storage.names import is_temporary_of, temporary_name
from ccat_data_transfer.storage.reporting_wait import run_reporting
from ccat_data_transfer.storage.root_folder import FILE, sync_folder

LOCK_PAUSES = (15.0, 15.0)
"""Seconds between asking for a lock that somebody holds; who still has it then is stopped."""

_ADOPT_BYTES = 2 * MEBIBYTE
_UNABLE_TO_LOCK = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL})


class DiskUpload:
    """One file being written under a temporary name beside its target.

    The temporary file is locked while it is open, so that a worker that lost its lease and its successor
    never write into it at the same time; the lock ends with the process. Where that cannot be, because the
    holder is stopped or the file system has no locks, the attempt writes a file of its own from the start.

    Parameters
    ----------
    folder : int
        Descriptor of the folder; this object closes it in the end.
    name, work_id, tag, path : str
        Target name in the folder, work, tag of its lease, and the path to show in errors.
    confirm : callable
        Called before the file gets its name; what it raises keeps it from that.
    locks : bool
        Whether locks of the file system keep anybody out.
    """

    def __init__(
        self,
        folder: int,
        name: str,
        work_id: str,
        tag: str,
        path: str,
        expected: Expected,
        waiting: Waiting | None,
        confirm: Callable[[], None],
        *,
        locks: bool,
    ) -> None:
        self._folder = folder
        self._name = name
        self._work_id = work_id
        self._tag = tag
        self._temporary = temporary_name(name, work_id)
        self._path = path
        self._expected = expected
        self._waiting = waiting
        self._confirm = confirm
        self._locks = locks
        self._descriptor = -1
        self._position = 0

    def open(self, *, resume: bool) -> None:
        """Open the temporary file that is there, or a new one, and lock it; or one of this attempt's own."""
        with classified(self._path):
            is_locked = self._locks and self._open_locked()
            if not is_locked:
                self._temporary = temporary_name(self._name, self._work_id, self._tag)
                self._descriptor = self._open_temporary()
            crash_point("storage.disk.partial_opened")
            if not is_locked or not resume or os.fstat(self._descriptor).st_size > self._expected.size:
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

    @property
    def kept(self) -> int:
        """See `Upload.kept`: a file of this attempt alone is of no use to the next."""
        return self._position if self._temporary == temporary_name(self._name, self._work_id) else 0

    def finish(self, *, mtime_ns: int | None = None) -> ObjectInfo:
        """See `Upload.finish`."""
        with classified(self._path):
            os.ftruncate(self._descriptor, self._position)
            if mtime_ns is not None:
                os.utime(self._descriptor, ns=(mtime_ns, mtime_ns))
            crash_point("storage.disk.before_sync")
            run_reporting(lambda: os.fsync(self._descriptor), self._waiting)
            self._confirm()
            status = os.fstat(self._descriptor)
            if status.st_nlink == 0 and not self._has_temporary():
                raise self._gone()
            if status.st_size != self._expected.size or not self._is_still_ours():
                raise Integrity(
                    "written_file_changed",
                    f"the temporary file has {status.st_size:,} bytes instead of {self._expected.size:,}, or"
                    " was replaced while it was written; find out who else writes there",
                    path=self._path,
                )
            # Before, so that nobody of this work who wakes later has anything left to publish.
            self._remove_others()
            crash_point("storage.disk.before_publish")
            self._publish()
            crash_point("storage.disk.published")
            sync_folder(self._folder)
        self._close()
        return ObjectInfo(self._path, status.st_size, status.st_mtime_ns)

    def discard(self) -> None:
        """See `Upload.discard`."""
        with classified(self._path):
            self._unlink_temporary()
        self._close()

    def _open_locked(self) -> bool:
        """Open and lock the temporary file of the work; tell whether that could be."""
        pauses = iter(LOCK_PAUSES)
        while True:
            descriptor = self._open_temporary()
            if self._lock(descriptor):
                # Not if it was published, or removed, between our open and our lock.
                if self._is_private(descriptor):
                    self._descriptor = descriptor
                    return True
                os.close(descriptor)
                continue
            os.close(descriptor)
            pause = next(pauses, None) if self._locks else None
            if pause is None:
                return False
            run_reporting(partial(time.sleep, pause), self._waiting)

    def _lock(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _UNABLE_TO_LOCK:
                self._locks = False
            elif not isinstance(error, BlockingIOError):
                os.close(descriptor)
                raise
            return False
        return True

    def _open_temporary(self) -> int:
        """Open the temporary file, or make it.

        After a crash between its two names it is the published file: to write to it would change that.
        """
        while True:
            descriptor = os.open(
                self._temporary, os.O_RDWR | os.O_CREAT | FILE, mode=0o644, dir_fd=self._folder
            )
            if os.fstat(descriptor).st_nlink == 1:
                return descriptor
            if self._same_file(descriptor):
                self._unlink_temporary()
            os.close(descriptor)

    def _is_private(self, descriptor: int) -> bool:
        return self._same_file(descriptor) and os.fstat(descriptor).st_nlink == 1

    def _remove_others(self) -> None:
        """Remove what other attempts of this work wrote for the name."""
        with os.scandir(self._folder) as entries:
            found = [entry.name for entry in entries if self._is_of_other_attempt(entry.name)]
        for name in found:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._folder)

    def _is_of_other_attempt(self, name: str) -> bool:
        return name != self._temporary and is_temporary_of(name, self._name, self._work_id)

    def _publish(self) -> None:
        """Give the file its name, without ever replacing another."""
        try:
            publish_new(self._folder, self._temporary, self._name)
        except FileExistsError:
            raise Permanent(
                "exists", "another process put an object of that name there meanwhile", path=self._path
            ) from None
        except FileNotFoundError:
            raise self._gone() from None

    def _gone(self) -> Transient:
        return Transient(
            "upload_gone", "another worker finished it or removed what was written", path=self._path
        )

    def _has_temporary(self) -> bool:
        try:
            os.stat(self._temporary, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

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
