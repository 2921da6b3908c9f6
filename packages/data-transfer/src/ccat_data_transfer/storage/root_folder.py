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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that nobody writes to must not hang; it means nothing for regular files.
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


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
        os.fsync(folder)
        return _opened(folder, segment)


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
