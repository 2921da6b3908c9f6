"""Trying on decoys what a file system can do."""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from collections.abc import Callable

from ccat_data_transfer.storage.create_only import rename_noreplace
from ccat_data_transfer.storage.interface import Probed
from ccat_data_transfer.storage.names import TEMPORARY_PREFIX
from ccat_data_transfer.storage.root_folder import FILE, RootFolder
from ccat_ops_db.enumerations import Ability


def probe_folder(root: RootFolder) -> dict[Ability, Probed]:
    """Try everything that files and folders may be asked for, below a root.

    Raises
    ------
    OSError
        Nothing can be written there at all.
    """
    name = f"{TEMPORARY_PREFIX}decoy-{uuid.uuid4()}"
    names = [f"{name}-{number}" for number in range(3)]
    folder = root.descriptor
    try:
        for each in names[:2]:
            os.close(_made(folder, each))
        return {
            Ability.CREATE_ONLY: _tried(lambda: _refuses(lambda: os.close(_made(folder, names[0])))),
            Ability.RENAME_NOREPLACE: _tried(lambda: _renames_to_free_names_only(folder, *names)),
            Ability.HARD_LINKS: _tried(lambda: _links(folder, *names)),
            Ability.FLOCK: _tried(lambda: _locks(folder, names[1])),
            Ability.FOLDER_FSYNC: _tried(lambda: _syncs(folder)),
            Ability.REMOVE: _tried(lambda: _removes(folder, names[1])),
        }
    finally:
        for each in names:
            with contextlib.suppress(OSError):
                os.unlink(each, dir_fd=folder)


def _tried(attempt: Callable[[], bool]) -> Probed:
    try:
        works = attempt()
    except OSError as error:
        return Probed(False, error.strerror)
    return Probed(works, None if works else "it does what it was to refuse")


def _refuses(act: Callable[[], object]) -> bool:
    try:
        act()
    except FileExistsError:
        return True
    return False


def _made(folder: int, name: str) -> int:
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | FILE, 0o600, dir_fd=folder)


def _renames_to_free_names_only(folder: int, old: str, taken: str, free: str) -> bool:
    if not _refuses(lambda: rename_noreplace(folder, old, taken)):
        return False
    rename_noreplace(folder, old, free)
    os.rename(free, old, src_dir_fd=folder, dst_dir_fd=folder)
    return True


def _links(folder: int, old: str, taken: str, free: str) -> bool:
    os.link(old, free, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    linked = os.path.samestat(os.stat(old, dir_fd=folder), os.stat(free, dir_fd=folder))
    os.unlink(free, dir_fd=folder)
    return linked and _refuses(lambda: os.link(old, taken, src_dir_fd=folder, dst_dir_fd=folder))


def _removes(folder: int, name: str) -> bool:
    os.unlink(name, dir_fd=folder)
    return name not in os.listdir(folder)


def _locks(folder: int, name: str) -> bool:
    first = os.open(name, os.O_RDWR | FILE, dir_fd=folder)
    second = os.open(name, os.O_RDWR | FILE, dir_fd=folder)
    try:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
    finally:
        os.close(second)
        os.close(first)


def _syncs(folder: int) -> bool:
    os.fsync(folder)
    return True
