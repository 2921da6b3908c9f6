"""Folders and temporaries that survive crashes and other processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from .errors import PathError, PathReason
from .network_file_systems import is_on_disk_of_this_computer
from .paths import shown

PART = ".part"
"""How names of fresh temporaries end."""


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


@contextmanager
def fresh_temporary(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Yield a new file beside `path` with its name; it is gone at the end, unless it was renamed.

    It is locked as long as its process lives, so that `clear_abandoned` knows whether it does.
    """
    while True:
        temporary = path.with_name(f"{path.name}.{uuid4()}{PART}")
        with temporary.open("xb") as stream:
            try:
                # Not by somebody who clears, in the moment between.
                if _is_locked_at_once(stream.fileno()) and _is_named(stream.fileno(), temporary):
                    yield stream, temporary
                    return
            finally:
                temporary.unlink(missing_ok=True)


def clear_abandoned(folder: Path, pattern: str) -> None:
    """Remove the temporaries in a folder whose processes have ended.

    Who writes one has it locked. Where other computers write, too, or nobody can lock, all is left.
    """
    if not is_on_disk_of_this_computer(folder):
        return
    for path in folder.glob(pattern):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_named(descriptor, path):
                    path.unlink()
            finally:
                os.close(descriptor)


def _is_locked_at_once(descriptor: int) -> bool:
    """Lock a file; say whether nobody else has it locked. Where there are no locks nobody has."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _is_named(descriptor: int, path: Path) -> bool:
    try:
        named = path.lstat()
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
