"""Unpacking: files appear under their names only after they were proved, durable and with their times.

The temporary folder lies at the same place as the target.
"""

import errno
import os
from collections.abc import Callable, Iterable
from itertools import groupby

from ccat_data_transfer.storage.root_folder import RootFolder, remove_folder, sync_folder

from .durable import new_file
from .errors import TargetSymlinkError
from .index import Member
from .reader import ReadRange, VerifiedPackage, consume_package, read_member
from .stream import StreamMember


def do_nothing() -> None:
    """Ask for nothing before files are put in place."""


def extract_package(
    chunks: Iterable[bytes],
    expected_checksum: str | None,
    root: RootFolder,
    folder: str,
    temporary: str,
    before_publishing: Callable[[], None] = do_nothing,
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
    root : RootFolder
        Place that the two folders are below.
    folder : str
        Made if needed.
    temporary : str
        Folder to unpack in; what an earlier attempt left there is removed first.
    before_publishing : callable
        Called when all is proved; what it raises keeps the files from their names.

    Raises
    ------
    PackageCorruptError
        The tar is not what it must be.
    TargetSymlinkError
        A folder of the tree exists as a symbolic link; nothing is written through it.
    OSError
        The target cannot be written.
    """
    remove_folder(root, temporary)
    paths: list[str] = []

    def receive(member: StreamMember, path: str) -> None:
        _write_file(root, f"{temporary}/{len(paths)}", member.content(), member.mtime_ns)
        paths.append(path)

    try:
        verified = consume_package(chunks, expected_checksum, receive)
        before_publishing()
        _put_in_place(root, temporary, paths, folder)
    finally:
        remove_folder(root, temporary)
    return verified


def extract_member(
    read_range: ReadRange,
    member: Member,
    root: RootFolder,
    folder: str,
    temporary: str,
    before_publishing: Callable[[], None] = do_nothing,
) -> str:
    """Unpack one file by its byte range, otherwise as `extract_package`, and return where it is now."""
    remove_folder(root, temporary)
    try:
        _write_file(root, f"{temporary}/0", read_member(read_range, member), member.mtime_ns)
        before_publishing()
        _put_in_place(root, temporary, [member.path], folder)
    finally:
        remove_folder(root, temporary)
    return f"{folder}/{member.path}"


def _write_file(root: RootFolder, path: str, content: Iterable[bytes | memoryview], mtime_ns: int) -> None:
    with new_file(root, path) as descriptor:
        for piece in content:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.utime(descriptor, ns=(mtime_ns, mtime_ns))


def _put_in_place(root: RootFolder, temporary: str, paths: list[str], folder: str) -> None:
    """Move the files named 0, 1, … in `temporary` to `paths` in `folder`, durably."""
    os.close(_entered(root, folder))
    if not paths:
        return
    with root.folder(temporary.split("/")) as unpacked:
        for inner, numbered in groupby(enumerate(paths), lambda item: item[1].rpartition("/")[0]):
            target = _entered(root, f"{folder}/{inner}" if inner else folder)
            try:
                for number, path in numbered:
                    name = path.rpartition("/")[2]
                    os.rename(str(number), name, src_dir_fd=unpacked, dst_dir_fd=target)
                sync_folder(target)
            finally:
                os.close(target)


def _entered(root: RootFolder, folder: str) -> int:
    """Open a folder, making what is missing, never through a symbolic link."""
    try:
        return root.enter(folder.split("/"), make=True)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise TargetSymlinkError(
                folder, f"{error.filename!r} exists there and is not a folder"
            ) from error
        raise
