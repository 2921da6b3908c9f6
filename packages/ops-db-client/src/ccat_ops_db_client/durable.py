"""Folders and temporaries that survive crashes and other processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import PathError, PathReason
from .paths import shown


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it, each on disk when this returns.

    Raises
    ------
    OSError
        It cannot be made.
    """
    missing = [level for level in (folder, *folder.parents) if not level.exists()]
    for level in reversed(missing):
        level.mkdir(mode=mode, exist_ok=True)
        sync_folder(level.parent)


def make_folder_inside(folder: Path, top: Path) -> None:
    """Make a folder below `top`, which is there.

    Raises
    ------
    PathError
        A symbolic link on the way leads out of `top`; nothing was made.
    OSError
        It cannot be made.
    """
    if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(top)):
        raise PathError(
            f"{shown(folder)} leads out of {shown(top)}", "choose another folder", PathReason.NOT_COPIED
        )
    make_folder(folder)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_temporary(path: Path) -> Iterator[int]:
    """Open a temporary for one process at a time and yield its descriptor.

    What a dead process left is opened again, with its bytes. Others wait; when the holder has removed or
    renamed the temporary, the next one gets a new one.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_named(descriptor, path):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
