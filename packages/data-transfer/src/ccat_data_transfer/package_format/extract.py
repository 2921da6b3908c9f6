"""Unpacking: files appear under their names only after they were proved, durable and with their times.

The temporary file or folder lies on the same file system as the target; `durable.temporary_path` makes its
name.
"""

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from .durable import make_folder, new_file
from .errors import TargetSymlinkError
from .index import Member
from .reader import ReadRange, VerifiedPackage, consume_package, read_member
from .stream import StreamMember

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def extract_package(
    chunks: Iterable[bytes], expected_checksum: str | None, folder: Path, temporary: Path
) -> VerifiedPackage:
    """Unpack a whole tar in one pass; below `folder` each file gets its filed relative path.

    Everything is first written to a temporary folder. Only when the tar's checksum, the manifests and every
    file are proved the files are moved to their names: a corrupt package leaves nothing there. Existing
    files of the same name are replaced, so that running again after a crash is harmless.

    Parameters
    ----------
    chunks : iterable of bytes
        The tar from its first byte to its last.
    expected_checksum : str or None
        As for `verify_package`.
    folder : Path
        Made if needed.
    temporary : Path
        Folder to unpack in; what an earlier attempt left there is removed first.

    Raises
    ------
    PackageCorruptError
        The tar is not what it must be.
    TargetSymlinkError
        A folder of the tree exists as a symbolic link; nothing is written through it.
    OSError
        The target cannot be written.
    """
    _make_empty(temporary)
    paths: list[str] = []

    def receive(member: StreamMember, path: str) -> None:
        _write_file(temporary / str(len(paths)), member.content(), member.mtime_ns)
        paths.append(path)

    try:
        verified = consume_package(chunks, expected_checksum, receive)
        _put_in_place(temporary, paths, folder)
    finally:
        shutil.rmtree(temporary)
    return verified


def extract_member(read_range: ReadRange, member: Member, folder: Path, temporary: Path) -> Path:
    """Unpack one file by its byte range, otherwise as `extract_package`, and return where it is now."""
    _make_empty(temporary)
    try:
        _write_file(temporary / "0", read_member(read_range, member), member.mtime_ns)
        _put_in_place(temporary, [member.path], folder)
    finally:
        shutil.rmtree(temporary)
    return folder / member.path


def _make_empty(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    make_folder(folder)


def _write_file(path: Path, content: Iterable[bytes | memoryview], mtime_ns: int) -> None:
    with new_file(path) as descriptor:
        for piece in content:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.utime(descriptor, ns=(mtime_ns, mtime_ns))


def _put_in_place(temporary: Path, paths: list[str], folder: Path) -> None:
    """Move the files named 0, 1, … in `temporary` to `paths` in `folder`, durably."""
    make_folder(folder)
    root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for inner, numbered in groupby(enumerate(paths), lambda item: item[1].rpartition("/")[0]):
            _move_into(temporary, list(numbered), root, inner)
    finally:
        os.close(root)


def _move_into(temporary: Path, numbered: list[tuple[int, str]], root: int, inner: str) -> None:
    target = _open_or_make(root, inner)
    try:
        for number, path in numbered:
            os.rename(temporary / str(number), path.rpartition("/")[2], dst_dir_fd=target)
        os.fsync(target)
    finally:
        os.close(target)


def _open_or_make(root: int, inner: str) -> int:
    """Open the folder `inner` below `root`, making what is missing, never through a symbolic link."""
    current = os.dup(root)
    for segment in inner.split("/") if inner else ():
        try:
            following = _open_or_make_one(current, segment)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                raise TargetSymlinkError(inner, f"{segment!r} exists there and is not a folder") from error
            raise
        finally:
            os.close(current)
        current = following
    return current


def _open_or_make_one(parent: int, name: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=parent)
        os.fsync(parent)
    return os.open(name, _FOLDER, dir_fd=parent)
