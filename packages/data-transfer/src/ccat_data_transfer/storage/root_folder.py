"""A root folder that is opened once, and everything below it, which is opened from there.

A path is walked segment by segment with ``openat(2)`` from the descriptor of the root, and no symbolic link
is followed, on no segment: nobody can slip a link or another disk under it between a check and its use. No
step leads to another file system (``EXDEV``): what is mounted below a root is not part of the place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import weakref
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that nobody writes to must not hang; it means nothing for regular files.
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

UNABLE_TO_SYNC = frozenset({errno.EINVAL, errno.EOPNOTSUPP})
"""What file systems answer, such as CIFS, that take no request to make the names in a folder last."""

CLOSED = frozenset({errno.EACCES, errno.EPERM})
"""Folders that are closed for us, such as ``lost+found``, hold nothing of ours."""


class Entry(NamedTuple):
    """Something that a walk comes by.

    Attributes
    ----------
    folder : int
        Descriptor of the folder that it is in; valid until the next entry is asked for.
    path : str
        Below the folder that is walked.
    name : str
        The last part of the path.
    kind : {"file", "folder", "other"}
        A folder comes after all that is in it; others are links, pipes and the like.
    """

    folder: int
    path: str
    name: str
    kind: Literal["file", "folder", "other"]


@dataclass
class _Level:
    """A folder on the way of a walk: what is left to see in it, and which folder it is."""

    path: str
    names: Iterator[tuple[str, Literal["file", "folder", "other"]]]
    identity: tuple[int, int]


class RootFolder:
    """A folder and what is below it, whatever is mounted or renamed at its path after it was opened.

    The descriptor lives as long as the object: a thread that hangs in a dead file system never finds another
    folder under its number.

    Parameters
    ----------
    path : str or Path
        The root itself may be a link: it is the operator's setting.

    Raises
    ------
    OSError
        It cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self.descriptor)
        self._device = os.fstat(self.descriptor).st_dev

    def enter(self, segments: Sequence[str], *, make: bool = False) -> int:
        """Return the descriptor of a folder below the root; the caller closes it.

        Parameters
        ----------
        segments : sequence of str
            Names on the way; none: the root itself.
        make : bool
            Whether folders that are missing are made, durably.

        Raises
        ------
        FileNotFoundError, NotADirectoryError, OSError
            A segment is missing, is a file, is a link (``ELOOP``), or is on another file system (``EXDEV``);
            ``filename`` is the segment.
        """
        current = os.dup(self.descriptor)
        for segment in segments:
            try:
                following = self.step(current, segment, make=make)
            finally:
                os.close(current)
            current = following
        return current

    def step(self, folder: int, segment: str, *, make: bool = False) -> int:
        """Return the descriptor of one folder in another; otherwise as `enter`."""
        inner = _made(folder, segment) if make else _opened(folder, segment)
        if os.fstat(inner).st_dev != self._device:
            os.close(inner)
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), segment)
        return inner

    def walk(self, segments: Sequence[str] = (), *, passing: Container[int] = ()) -> Iterator[Entry]:
        """Yield everything below a folder, in the order of the names, to any depth.

        One descriptor is open at a time. What is removed meanwhile is left out, and so are folders that
        cannot be entered because of an error that is `passing`.

        Raises
        ------
        FileNotFoundError, NotADirectoryError, OSError
            As `enter`, of the folder itself; of one in it that is on another file system.
        """
        folder = self.enter(segments)
        levels = [_Level("", _names(folder), _identity(folder))]
        try:
            while True:
                level = levels[-1]
                name, kind = next(level.names, ("", "folder"))
                if not name:
                    levels.pop()
                    above = self._above(folder, segments, levels)
                    os.close(folder)
                    folder = above
                    if not levels:
                        return
                    outer, _, name = level.path.rpartition("/")
                    if outer == levels[-1].path:
                        yield Entry(folder, level.path, name, "folder")
                    continue
                path = f"{level.path}/{name}" if level.path else name
                if kind != "folder":
                    yield Entry(folder, path, name, kind)
                    continue
                try:
                    inner = self.step(folder, name)
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError as error:
                    if error.errno in passing:
                        continue
                    raise
                os.close(folder)
                folder = inner
                levels.append(_Level(path, _names(folder), _identity(folder)))
        finally:
            if folder >= 0:
                os.close(folder)

    def _above(self, folder: int, segments: Sequence[str], levels: list[_Level]) -> int:
        """Return the descriptor of the folder that a walk came from, or of the next above that is there.

        Whoever moves a folder meanwhile leads the walk nowhere else. What is gone is taken from the levels;
        -1 if nothing is left.
        """
        if levels:
            with contextlib.suppress(FileNotFoundError):
                above = os.open("..", FOLDER, dir_fd=folder)
                if _identity(above) == levels[-1].identity:
                    return above
                os.close(above)
        while levels:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return self.enter([*segments, *filter(None, levels[-1].path.split("/"))])
            levels.pop()
        return -1

    @contextmanager
    def folder(self, segments: Sequence[str]) -> Iterator[int]:
        """Give the descriptor of a folder below the root; raises as `enter` does."""
        descriptor = self.enter(segments)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def folder_of(self, path: str) -> Iterator[tuple[int, str]]:
        """Give the descriptor of the folder that `path` is in, and the name in it; raises as `enter` does."""
        *segments, name = path.split("/")
        with self.folder(segments) as descriptor:
            yield descriptor, name

    @contextmanager
    def made_folder_of(self, path: str) -> Iterator[tuple[int, str]]:
        """Give what `folder_of` gives, and make folders that are missing."""
        *segments, name = path.split("/")
        descriptor = self.enter(segments, make=True)
        try:
            yield descriptor, name
        finally:
            os.close(descriptor)

    def is_mount_point(self) -> bool:
        """Tell whether it is the root of what is mounted there, also of a folder that is bound there."""
        above = os.open("..", FOLDER, dir_fd=self.descriptor)
        try:
            return _mount_of(above) != _mount_of(self.descriptor)
        finally:
            os.close(above)

    def file_system(self) -> str:
        """Return the number of its file system; where it has none (NFS, FUSE), what is mounted."""
        number = os.fstatvfs(self.descriptor).f_fsid
        return f"{number:x}" if number else _mounted(_mount_of(self.descriptor))


def remove_folder(root: RootFolder, path: str) -> None:
    """Remove a folder with all that is in it, and follow no link; no error if there is none."""
    with contextlib.suppress(FileNotFoundError):
        for found in root.walk(path.split("/")):
            with contextlib.suppress(FileNotFoundError):
                if found.kind == "folder":
                    os.rmdir(found.name, dir_fd=found.folder)
                else:
                    os.unlink(found.name, dir_fd=found.folder)
        with root.folder_of(path) as (folder, name):
            os.rmdir(name, dir_fd=folder)


def sync_folder(folder: int) -> None:
    """Make the names in a folder last; a file system that takes no such request does it when it does."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in UNABLE_TO_SYNC:
            raise


def is_link(folder: int, name: str) -> bool:
    """Tell whether a name in a folder is a symbolic link."""
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _opened(folder: int, segment: str) -> int:
    try:
        return os.open(segment, FOLDER, dir_fd=folder)
    except OSError as error:
        # A link where a folder is wanted gives ENOTDIR, like a file there.
        if error.errno == errno.ENOTDIR and is_link(folder, segment):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), segment) from error
        raise


def _made(folder: int, segment: str) -> int:
    try:
        return _opened(folder, segment)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):  # another process makes it right now
            os.mkdir(segment, dir_fd=folder)
        sync_folder(folder)
        return _opened(folder, segment)


def _names(folder: int) -> Iterator[tuple[str, Literal["file", "folder", "other"]]]:
    with os.scandir(folder) as entries:
        return iter(sorted((entry.name, _kind(entry)) for entry in entries))


def _kind(entry: os.DirEntry[str]) -> Literal["file", "folder", "other"]:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


def _mount_of(descriptor: int) -> str:
    found = re.search(r"^mnt_id:\s*(\d+)", Path(f"/proc/self/fdinfo/{descriptor}").read_text(), re.MULTILINE)
    assert found is not None, "Linux says of each descriptor which mount it belongs to"
    return found[1]


def _mounted(mount: str) -> str:
    """Return what is mounted, such as ``server:/export``."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split(" ", 1)[0] == mount:
            return after.split(" ")[1]
    return "unknown"
