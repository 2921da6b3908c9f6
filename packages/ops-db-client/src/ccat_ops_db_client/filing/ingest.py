"""Copy files into a source location: whole or not at all, and never over something else."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ccat_ops_db_client.checksums import Algorithm
from ccat_ops_db_client.durable import (
    clear_abandoned,
    exclusive_temporary,
    make_folder_inside,
    sync_folder,
)
from ccat_ops_db_client.errors import FileGoneError, PathError, PathReason
from ccat_ops_db_client.paths import shown

from .read import Advance, ReadFile, checksum_of
from .scan import TEMPORARY_PREFIX, FoundFile


def ingest(file: FoundFile, target: Path, top: Path, algorithm: Algorithm, advance: Advance) -> ReadFile:
    """Copy a file and return the copy, with the checksum of the bytes that were read from the original.

    The copy has the original's modification time and is on disk when this returns. A file that is there
    already with the same content is taken as the copy.

    Parameters
    ----------
    file : FoundFile
        The original.
    target : Path
        Where the copy goes, below `top`.
    top : Path
        Folder of the source location, without symbolic links.
    algorithm : Algorithm
        Algorithm of the checksum.
    advance : callable
        Is told the number of bytes after each piece.

    Raises
    ------
    PathError
        Something else is there already, a folder on the way leads out of `top`, or there is no room.
    FileChangedError, FileGoneError
        The original changed meanwhile, or is gone.
    """
    try:
        make_folder_inside(target.parent, top)
        checksum = _copied(file, target, algorithm, advance)
        status = target.lstat()
    except OSError as error:
        raise PathError(
            f"{shown(file.path)} cannot be copied to {shown(target)} ({error.strerror or error})",
            f"see that you may write in {shown(top)} and that there is room",
            PathReason.NOT_COPIED,
        ) from error
    return ReadFile(FoundFile(target, file.below, status.st_size, status.st_mtime_ns), checksum)


def clear_copies(folders: Iterable[Path], top: Path) -> None:
    """Remove copies under way, in folders below `top`, whose processes have ended."""
    for folder in folders:
        if Path(os.path.realpath(folder)).is_relative_to(top):
            clear_abandoned(folder, f"{TEMPORARY_PREFIX}*")


def _copied(file: FoundFile, target: Path, algorithm: Algorithm, advance: Advance) -> str:
    if os.path.lexists(target):
        return _checksum_if_same(file, target, algorithm, advance)
    with _temporary(target) as (descriptor, temporary):
        if os.path.lexists(target):
            return _checksum_if_same(file, target, algorithm, advance)
        with open(descriptor, "wb", buffering=0, closefd=False) as stream:
            stream.truncate()
            checksum = checksum_of(file, algorithm, advance, write=lambda piece: _write(descriptor, piece))
        try:
            original = file.path.stat()
        except FileNotFoundError:
            raise FileGoneError(shown(file.path)) from None
        os.fchmod(descriptor, stat.S_IMODE(original.st_mode) & 0o777 | stat.S_IRUSR)
        os.utime(descriptor, ns=(original.st_atime_ns, file.mtime_ns))
        os.fsync(descriptor)
        try:
            # A link, unlike a rename, never replaces what another process put there meanwhile.
            os.link(temporary, target)
        except FileExistsError:
            return _checksum_if_same(file, target, algorithm, advance)
    sync_folder(target.parent)
    return checksum


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[int, Path]]:
    """Open the temporary of a target for one process at a time; what a dead process left is used again."""
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:32]
    temporary = target.parent / f"{TEMPORARY_PREFIX}{name}"
    with exclusive_temporary(temporary) as descriptor:
        try:
            yield descriptor, temporary
        finally:
            temporary.unlink(missing_ok=True)


def _checksum_if_same(file: FoundFile, target: Path, algorithm: Algorithm, advance: Advance) -> str:
    status = target.lstat()
    if stat.S_ISREG(status.st_mode) and status.st_size == file.size:
        with target.open("rb") as stream:
            same = True

            def compare(piece: memoryview) -> None:
                nonlocal same
                same = same and stream.read(len(piece)) == piece

            checksum = checksum_of(file, algorithm, advance, write=compare)
        if same:
            return checksum
    raise PathError(
        f"{shown(target)} is there already with other content than {shown(file.path)}",
        "give the file another name, or another folder with --into",
        PathReason.NOT_COPIED,
    )


def _write(descriptor: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]
