"""Files that are either completely there, under their name and on the disk, or not there at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ccat_data_transfer.storage.create_only import publish_new
from ccat_data_transfer.storage.root_folder import FILE, RootFolder, remove_folder, sync_folder


def temporary_path(target: str, attempt: str) -> str:
    """Return the temporary name beside `target` for one attempt.

    Give the tag of the lease as attempt: then a stale worker can neither write into nor publish what its
    successor writes.
    """
    folder, _, name = target.rpartition("/")
    return f"{folder}/.{name}.{attempt}.part" if folder else f".{name}.{attempt}.part"


def remove_leftovers(root: RootFolder, target: str, attempt: str) -> None:
    """Remove what other attempts left beside `target`. A stale worker loses only the name of its file."""
    inner, slash, name = target.rpartition("/")
    pattern = re.compile(re.escape(f".{name}.") + r"([0-9a-f-]+)\.part")
    found: list[re.Match[str]] = []
    with suppress(FileNotFoundError), root.folder_of(target) as (folder, _), os.scandir(folder) as entries:
        found = [match for entry in entries if (match := pattern.fullmatch(entry.name))]
    for match in found:
        if match[1] != attempt:
            try:
                remove_file(root, f"{inner}{slash}{match[0]}")
            except IsADirectoryError:
                remove_folder(root, f"{inner}{slash}{match[0]}")


@contextmanager
def new_file(root: RootFolder, path: str) -> Iterator[int]:
    """Make a new file, give its descriptor for writing, and fsync it at the end.

    A leftover of that name is removed first; folders are made. On an error the file stays as it is.
    """
    with root.made_folder_of(path) as (folder, name):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | FILE, 0o644, dir_fd=folder)
    try:
        yield descriptor
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(root: RootFolder, temporary: str, target: str) -> None:
    """Give a complete temporary file its final name beside it, durably. May run again after any crash.

    What has the name already is the result of an earlier attempt, and stays; the temporary file then goes.

    Raises
    ------
    FileNotFoundError
        Neither of the two exists.
    """
    written = temporary.rpartition("/")[2]
    with root.folder_of(target) as (folder, name):
        try:
            publish_new(folder, written, name)
        except FileExistsError:
            with suppress(FileNotFoundError):
                os.unlink(written, dir_fd=folder)
        except FileNotFoundError:
            os.stat(name, dir_fd=folder, follow_symlinks=False)
        sync_folder(folder)


def remove_file(root: RootFolder, path: str) -> None:
    """Remove a file; no error if there is none."""
    with suppress(FileNotFoundError), root.folder_of(path) as (folder, name):
        os.unlink(name, dir_fd=folder)
