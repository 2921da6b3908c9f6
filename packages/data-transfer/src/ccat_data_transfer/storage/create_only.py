"""Giving a file a name that is free, and never replacing what has it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os

from ccat_data_transfer.crash_points import crash_point

RENAME_NOREPLACE = 1

UNABLE_TO_RENAME = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_UNABLE_TO_LINK = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def rename_noreplace(folder: int, old: str, new: str) -> None:
    """Rename within a folder, and never replace another file.

    Raises
    ------
    OSError
        ``EEXIST``: the name is taken; ``EINVAL``: the file system cannot.
    """
    result = _libc.renameat2(folder, os.fsencode(old), folder, os.fsencode(new), RENAME_NOREPLACE)
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), new)


_libc = ctypes.CDLL(None, use_errno=True)


def rename_to_free(folder: int, old: str, new: str) -> None:
    """Rename within a folder, and never replace another file, also where that needs a second name.

    Raises
    ------
    FileExistsError
        Something has that name.
    FileNotFoundError
        Nothing has the old one.
    OSError
        ``EOPNOTSUPP``: the file system neither renames to free names only nor has hard links.
    """
    try:
        rename_noreplace(folder, old, new)
    except OSError as error:
        if error.errno not in UNABLE_TO_RENAME:
            raise
    else:
        return
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno in _UNABLE_TO_LINK:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP), new) from error
        raise
    crash_point("storage.disk.named_twice")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(old, dir_fd=folder)


def publish_new(folder: int, temporary: str, name: str) -> None:
    """Give a temporary file its name in the same folder, without replacing another.

    Where the file system has no way to do both at once, the name is looked at before: as no name is used
    twice, that costs order and no bytes.

    Raises
    ------
    FileExistsError
        Something has that name.
    FileNotFoundError
        The temporary file is gone.
    """
    try:
        rename_to_free(folder, temporary, name)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
    else:
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
