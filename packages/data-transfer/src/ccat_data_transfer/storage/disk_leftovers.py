"""What was begun in a folder and is no object: found by its names, and removed if it is still that."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.storage.create_only import rename_to_free
from ccat_data_transfer.storage.interface import Leftover
from ccat_data_transfer.storage.names import STAGING_PREFIX, begun_as
from ccat_data_transfer.storage.root_folder import CLOSED, RootFolder, sync_folder

NOT_ENTERED = CLOSED | {errno.EXDEV}
"""Nor did we begin anything on another disk."""


def leftovers(root: RootFolder, waiting: Callable[[], None]) -> Iterator[Leftover]:
    """See `Storage.leftovers`: folder by folder from the root. A folder of unpacked files is one thing."""
    newest_inside = 0
    for found in root.walk(passing=NOT_ENTERED):
        waiting()
        top, slash, _ = found.path.partition("/")
        inside = bool(slash) and top.startswith(STAGING_PREFIX)
        begun = begun_as(found.name)
        if not inside and begun is None:
            continue
        try:
            status = os.stat(found.name, dir_fd=found.folder, follow_symlinks=False)
        except FileNotFoundError:
            continue
        changed_ns = max(status.st_mtime_ns, status.st_ctime_ns)
        if inside:
            newest_inside = max(newest_inside, changed_ns)
            continue
        assert begun is not None, "others were passed over"
        is_folder = found.kind == "folder"
        if (begun.kind == "unpacked") != is_folder or (is_folder and slash) or found.kind == "other":
            continue
        if is_folder:
            changed_ns, newest_inside = max(changed_ns, newest_inside), 0
        yield Leftover(found.path, begun, changed_ns, _mark(status, is_folder=is_folder))


def remove_file_if(root: RootFolder, leftover: Leftover) -> bool:
    """Remove a file if it is the one that was found."""
    try:
        with root.folder_of(leftover.path) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if _mark(status, is_folder=False) != leftover.mark:
                return False
            crash_point("storage.disk.before_collect")
            os.unlink(name, dir_fd=folder)
            sync_folder(folder)
    except FileNotFoundError:
        return False
    return True


def is_still(root: RootFolder, leftover: Leftover) -> bool:
    """Tell whether a folder is the one that was found."""
    try:
        with root.folder_of(leftover.path) as (folder, name):
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return _mark(status, is_folder=True) == leftover.mark


def put_back(root: RootFolder, leftover: Leftover, name: str) -> bool:
    """See `Storage.put_back`."""
    with root.folder_of(leftover.path) as (folder, moved):
        try:
            rename_to_free(folder, moved, name)
        except FileNotFoundError:
            return True
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                there, away = (os.stat(one, dir_fd=folder, follow_symlinks=False) for one in (name, moved))
                if not os.path.samestat(there, away):
                    return False
                os.unlink(moved, dir_fd=folder)
        sync_folder(folder)
    return True


def _mark(status: os.stat_result, *, is_folder: bool) -> str:
    if is_folder:
        return f"{status.st_ino}"
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
