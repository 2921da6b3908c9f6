"""Opening things below a root folder without ever leaving it: no symbolic link is followed, on no segment.

Every function takes the descriptor of the root or of a folder; a path is walked segment by segment with
``openat(2)``, so that nobody can slip a link under it between a check and its use.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ccat_data_transfer.failures import Transient

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that nobody writes to must not hang; it means nothing for regular files.
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def root_folder(root: str) -> Iterator[int]:
    """Give the descriptor of the root itself, which may be a link: it is the operator's setting.

    Raises
    ------
    Transient
        It is not there. This is never read as "there is nothing": a disk may not be mounted.
    """
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Transient(
            "place_unavailable",
            f"the folder of the location is not there ({error.strerror}); mount the disk, "
            "or correct the path of the location",
            path=root,
        ) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def folder_of(root: str, path: str) -> Iterator[tuple[int, str]]:
    """Give the descriptor of the folder that `path` is in, and the name in it.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    NotADirectoryError
        A segment on the way is a link or a file.
    """
    *folders, name = path.split("/")
    with open_folder(root, folders) as descriptor:
        yield descriptor, name


@contextmanager
def open_folder(root: str, segments: list[str]) -> Iterator[int]:
    """Give the descriptor of a folder below the root; raises as `folder_of` does."""
    with root_folder(root) as top, contextlib.ExitStack() as stack:
        descriptor = top
        for segment in segments:
            inner = os.open(segment, _FOLDER, dir_fd=descriptor)
            stack.callback(os.close, inner)
            descriptor = inner
        yield descriptor


def make_folder_of(root: str, path: str) -> tuple[int, str]:
    """Return what `folder_of` gives, and make missing folders, durably. The caller closes the descriptor."""
    *folders, name = path.split("/")
    with root_folder(root) as top:
        descriptor = os.dup(top)
    try:
        for segment in folders:
            inner = _make_folder(descriptor, segment)
            os.close(descriptor)
            descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, name


def _make_folder(folder: int, segment: str) -> int:
    try:
        return os.open(segment, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):  # another process makes it right now
            os.mkdir(segment, dir_fd=folder)
        os.fsync(folder)
        return os.open(segment, _FOLDER, dir_fd=folder)
