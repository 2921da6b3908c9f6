"""The files of a source folder, and in words of packages what is wrong with them."""

import errno
import os
import stat
from types import TracebackType
from typing import Self

from ccat_data_transfer.storage.root_folder import FILE, RootFolder

from .errors import (
    SourceFileError,
    SourceMissingError,
    SourceNotRegularError,
    SourceSymlinkError,
    SourceUnreadableError,
)


class SourceFolder:
    """What filed paths are relative to. Keeps the folder of the last file open: files come sorted."""

    def __init__(self, root: RootFolder) -> None:
        self._root = root
        self._folder = os.dup(root.descriptor)
        self._folder_path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._folder)

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
        try:
            if folder != self._folder_path:
                self._enter(folder)
            descriptor = os.open(name, os.O_RDONLY | FILE, dir_fd=self._folder)
        except OSError as error:
            raise _explained(error, path) from error
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

    def _enter(self, folder: str) -> None:
        entered = self._root.enter(folder.split("/") if folder else ())
        os.close(self._folder)
        self._folder, self._folder_path = entered, folder


def _explained(error: OSError, path: str) -> SourceFileError:
    segment = str(error.filename)
    if error.errno == errno.ELOOP:
        return SourceSymlinkError(path, f"{segment!r} is a symbolic link; links are not followed")
    if error.errno == errno.ENOENT:
        return SourceMissingError(path, f"{segment!r} does not exist")
    if error.errno == errno.ENOTDIR:
        return SourceMissingError(path, f"{segment!r} on the way to it is not a folder")
    if error.errno in {errno.ENXIO, errno.ENODEV}:
        return SourceNotRegularError(path, "it is not a regular file")
    return SourceUnreadableError(path, f"it cannot be opened: {error.strerror}")
