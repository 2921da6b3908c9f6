"""Opening the files of a source folder without leaving it: no symbolic link is followed, on no segment."""

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from .errors import (
    SourceFileError,
    SourceMissingError,
    SourceNotRegularError,
    SourceSymlinkError,
    SourceUnreadableError,
)

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that nobody writes to must not hang; it means nothing for regular files.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class SourceFolder:
    """The folder that filed paths are relative to. Keeps the folder of the last file open: files come sorted.

    The root itself may be a link: it is the operator's setting, not the instrument's.

    Raises
    ------
    OSError
        The root cannot be opened: the location is unusable, whatever the file.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._folder = self._root
        self._folder_path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave_folder()
        os.close(self._root)

    def open_file(self, path: str) -> tuple[int, os.stat_result]:
        """Open a regular file for reading.

        Returns
        -------
        descriptor : int
            To be closed by the caller.
        status : os.stat_result
            Of the open file.

        Raises
        ------
        SourceFileError
            Missing, a link, not regular, or unreadable.
        """
        folder, _, name = path.rpartition("/")
        if folder != self._folder_path:
            self._enter_folder(path, folder)
        try:
            descriptor = os.open(name, _FILE, dir_fd=self._folder)
        except OSError as error:
            raise self._explained(error, path, self._folder, name) from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise SourceNotRegularError(path, "it is not a regular file")
        return descriptor, status

    def close_file(self, descriptor: int) -> None:
        """Close a file."""
        os.close(descriptor)

    def status_now(self, path: str) -> os.stat_result | None:
        """Return the status of whatever has the name of the last opened file now, None if nothing has."""
        try:
            return os.stat(path.rpartition("/")[2], dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def _enter_folder(self, path: str, folder: str) -> None:
        self._leave_folder()
        for segment in folder.split("/") if folder else ():
            try:
                inner = os.open(segment, _FOLDER, dir_fd=self._folder)
            except OSError as error:
                raise self._explained(error, path, self._folder, segment) from error
            self._leave_folder()
            self._folder = inner
        self._folder_path = folder

    def _leave_folder(self) -> None:
        if self._folder != self._root:
            os.close(self._folder)
        self._folder = self._root
        self._folder_path = ""

    def _explained(self, error: OSError, path: str, folder: int, segment: str) -> SourceFileError:
        # A link where a folder is wanted gives ENOTDIR, like a file there: look which of the two it is.
        if error.errno in {errno.ELOOP, errno.ENOTDIR} and _is_link(folder, segment):
            return SourceSymlinkError(path, f"{segment!r} is a symbolic link; links are not followed")
        if error.errno == errno.ENOENT:
            return SourceMissingError(path, f"{segment!r} does not exist")
        if error.errno == errno.ENOTDIR:
            return SourceMissingError(path, f"{segment!r} on the way to it is not a folder")
        if error.errno in {errno.ENXIO, errno.ENODEV}:
            return SourceNotRegularError(path, "it is not a regular file")
        return SourceUnreadableError(path, f"it cannot be opened: {error.strerror}")


def _is_link(folder: int, name: str) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False
