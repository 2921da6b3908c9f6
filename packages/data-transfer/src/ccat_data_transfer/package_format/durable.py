"""Files that are either completely there, under their name and on the disk, or not there at all."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def temporary_path(target: Path, attempt: str) -> Path:
    """Return the temporary name beside `target` for one attempt.

    Give the tag of the lease as attempt: then a stale worker can neither write into nor publish what its
    successor writes.
    """
    return target.with_name(f".{target.name}.{attempt}.part")


def remove_leftovers(target: Path, attempt: str) -> None:
    """Remove what other attempts left beside `target`. A stale worker loses only the name of its file."""
    pattern = re.compile(re.escape(f".{target.name}.") + r"([0-9a-f-]+)\.part")
    if not target.parent.is_dir():
        return
    for path in target.parent.iterdir():
        match = pattern.fullmatch(path.name)
        if match and match[1] != attempt:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[int]:
    """Make a new file, give its descriptor for writing, and fsync it at the end.

    A leftover of that name is removed first; folders are made. On an error the file stays as it is.
    """
    make_folder(path.parent)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(temporary: Path, target: Path) -> None:
    """Give a complete temporary file its final name, durably. May run again after a crash at any line.

    Raises
    ------
    FileNotFoundError
        Neither of the two exists.
    """
    try:
        temporary.rename(target)
    except FileNotFoundError:
        if not target.exists():
            raise
    sync_folder(target.parent)


def write_file(target: Path, content: bytes, attempt: str) -> None:
    """Write a small file durably and at once: a reader sees the old content or the new, never a part."""
    temporary = temporary_path(target, attempt)
    with new_file(temporary) as descriptor:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
    publish(temporary, target)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durably. No error if it exists, or another process makes it now."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for inner in reversed(missing):
        inner.mkdir(exist_ok=True)
        sync_folder(inner.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
