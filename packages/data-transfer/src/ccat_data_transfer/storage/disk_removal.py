"""Removing files where others write, too: what they changed stays, whoever of us is stopped meanwhile.

Each file is looked at, moved away to a name that only this lease writes, looked at again, and removed; else
it is put back without replacing anything. So whoever was overtaken removes at most what it was to remove.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterator

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.failures import Configuration, classified
from ccat_data_transfer.storage.create_only import UNABLE_TO_RENAME, rename_noreplace, rename_to_free
from ccat_data_transfer.storage.interface import MEBIBYTE, FileToRemove, Removal
from ccat_data_transfer.storage.names import REMOVING_PREFIX, checked, checked_tag, checked_work_id
from ccat_data_transfer.storage.root_folder import FILE, RootFolder, sync_folder

MARGIN_NS = 2_000_000_000
"""File systems keep times to two seconds at worst (FAT)."""


class DiskRemoval:
    """The removal of files below a root by one lease.

    Parameters
    ----------
    root : RootFolder
        Place.
    work_id, tag : str
        Work, and tag of its lease.
    waiting : callable
        Called while a file is read; may raise to stop.
    """

    def __init__(self, root: RootFolder, work_id: str, tag: str, waiting: Callable[[], None]) -> None:
        self._root = root
        self._stem = f"{REMOVING_PREFIX}{checked_work_id(work_id)}-"
        self._tag = checked_tag(tag)
        self._waiting = waiting
        self._left: dict[str, dict[int, list[str]]] = {}

    def remove(self, file: FileToRemove) -> Removal:
        """Remove a file if it is the one that is meant, and what earlier attempts had moved away of it."""
        folder_path, _, name = checked(file.path).rpartition("/")
        with classified(file.path):
            try:
                with self._root.folder_of(file.path) as (folder, _), _writing(file.path):
                    if folder_path not in self._left:
                        self._left[folder_path] = self._look_around(folder)
                    own = f"{self._stem}{self._tag}-{file.number}"
                    left = self._left[folder_path].pop(file.number, [])
                    stays = [one for one in left if not self._take_over(folder, one, own, name, file)]
                    found = self._remove(folder, name, own, file)
            except FileNotFoundError:
                return Removal.GONE
            return Removal.CHANGED if stays else found

    def sync(self) -> None:
        """Make last what was removed: once for each folder, as each time waits for the disk."""
        for path in self._left:
            with (
                classified(path or self._root.path),
                contextlib.suppress(FileNotFoundError),
                self._root.folder(path.split("/") if path else []) as folder,
            ):
                sync_folder(folder)

    def _look_around(self, folder: int) -> dict[int, list[str]]:
        """Find what earlier attempts left in a folder, and whether files could be put back there."""
        _refuse_unable(folder)
        pattern = re.compile(re.escape(self._stem) + r"[0-9a-f-]+-([0-9]+)")
        found: dict[int, list[str]] = {}
        with os.scandir(folder) as entries:
            for entry in entries:
                match = pattern.fullmatch(entry.name)
                if match:
                    found.setdefault(int(match[1]), []).append(entry.name)
        return found

    def _remove(self, folder: int, name: str, own: str, file: FileToRemove) -> Removal:
        with _opened(folder, name) as descriptor:
            if descriptor is None:
                return Removal.CHANGED
            seen = os.fstat(descriptor)
            as_seen = is_as_seen(file, *_facts(seen)) and stat.S_ISREG(seen.st_mode)
            if not as_seen and not self._is_unchanged(descriptor, file):
                return Removal.CHANGED
            crash_point("storage.disk.before_remove")
            try:
                _move_away(folder, name, own)
            except FileExistsError:
                return Removal.CHANGED
            crash_point("storage.disk.moved_away")
            return self._unlink(folder, own, name, seen)

    def _take_over(self, folder: int, left: str, own: str, name: str, file: FileToRemove) -> bool:
        """Do the rest with what an earlier attempt moved away; tell whether nothing of it is left."""
        try:
            if left != own:
                _move_away(folder, left, own)
            crash_point("storage.disk.leftover_taken")
            with _opened(folder, own) as descriptor:
                if descriptor is not None:
                    seen = os.fstat(descriptor)
                    if self._is_unchanged(descriptor, file):
                        self._unlink(folder, own, name, seen)
                        return True
        except FileNotFoundError:
            return True
        except FileExistsError:
            return False
        return _put_back(folder, own, name)

    def _is_unchanged(self, descriptor: int, file: FileToRemove) -> bool:
        """Read a file and tell whether its bytes are those that are meant, and nobody writes them."""
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or before.st_size != file.size:
            return False
        hasher, position = hashlib.sha256(), 0
        buffer = memoryview(bytearray(min(MEBIBYTE, file.size)))
        while position < file.size and (count := os.preadv(descriptor, [buffer], position)):
            hasher.update(buffer[:count])
            position += count
            self._waiting()
        after = os.fstat(descriptor)
        return hasher.digest() == file.sha256 and _facts(after) == _facts(before)

    def _unlink(self, folder: int, own: str, name: str, seen: os.stat_result) -> Removal:
        """Remove what was moved away if it is what was looked at; else put it back."""
        now = os.stat(own, dir_fd=folder, follow_symlinks=False)
        if not os.path.samestat(now, seen) or _facts(now)[:2] != _facts(seen)[:2]:
            _put_back(folder, own, name)
            return Removal.CHANGED
        crash_point("storage.disk.before_unlink")
        os.unlink(own, dir_fd=folder)
        crash_point("storage.disk.removed")
        return Removal.REMOVED


def is_as_seen(file: FileToRemove, size: int, modified_ns: int, changed_ns: int) -> bool:
    """Tell whether nothing of a file has changed since its bytes were found right."""
    return (
        file.seen_at_ns is not None
        and (size, modified_ns) == (file.size, file.modified_ns)
        and changed_ns < file.seen_at_ns - MARGIN_NS
    )


def _facts(status: os.stat_result) -> tuple[int, int, int]:
    """Return size and times; the last one is moved by renaming, too."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextlib.contextmanager
def _opened(folder: int, name: str) -> Iterator[int | None]:
    """Open what has a name, for reading; null if it is a link."""
    try:
        descriptor = os.open(name, os.O_RDONLY | FILE, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _move_away(folder: int, name: str, own: str) -> None:
    """Rename to a name that only this lease writes, and replace nothing."""
    try:
        rename_noreplace(folder, name, own)
    except OSError as error:
        if error.errno not in UNABLE_TO_RENAME:
            raise
        with contextlib.suppress(FileNotFoundError):
            os.stat(own, dir_fd=folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), own) from None
        os.rename(name, own, src_dir_fd=folder, dst_dir_fd=folder)


def _put_back(folder: int, own: str, name: str) -> bool:
    """Give a file its name back; tell whether that could be, or it had it already."""
    try:
        rename_to_free(folder, own, name)
    except FileExistsError:
        there, moved = (os.stat(one, dir_fd=folder, follow_symlinks=False) for one in (name, own))
        if not os.path.samestat(there, moved):
            return False
        os.unlink(own, dir_fd=folder)
    crash_point("storage.disk.put_back")
    return True


def _refuse_unable(folder: int) -> None:
    """Refuse to remove anything where it could not be put back, as a decoy shows."""
    names = [f"{REMOVING_PREFIX}decoy-{uuid.uuid4()}-{letter}" for letter in "ab"]
    os.close(os.open(names[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, 0o600, dir_fd=folder))
    try:
        rename_to_free(folder, *names)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        raise cannot_put_back() from error
    finally:
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)


def cannot_put_back() -> Configuration:
    """Return what it means that a file system lets nothing be put back safely."""
    return Configuration(
        "place_misconfigured",
        "the file system neither has hard links nor renames to free names only: files of others cannot be put"
        " back safely there, so that none is removed; use another file system, or no retention policy",
    )


@contextlib.contextmanager
def _writing(path: str) -> Iterator[None]:
    """Say of a refusal which permission is missing: that to write to the folder."""
    try:
        yield
    except PermissionError as error:
        raise Configuration(
            "permission_denied",
            f"{error.strerror}: give the worker's user permission to write to the folder it is in",
            path=path,
        ) from error
