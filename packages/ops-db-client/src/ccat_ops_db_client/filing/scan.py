"""Which files a command line means: every file below the given paths, and what is none by name."""

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ccat_ops_db_client.errors import PathError, PathReason
from ccat_ops_db_client.paths import PLACE_MARKER, reason_against, shown, text_of

from .left_out import LeftOut

TEMPORARY_PREFIX = ".ccat-ingest-"
"""Names that begin so are copies under way, never data."""

REMOVED_WHILE_OPEN = re.compile(r"\.nfs[0-9a-fA-F]{8,}")
"""Name under which NFS keeps a file that was removed while it was open, until it is closed."""

LOST_AND_FOUND = "lost+found"
"""Folder in which a file system puts what it finds of damaged files; it belongs to the file system."""

GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
"""Errors of a name that is not there any more."""

_KINDS = {
    stat.S_IFLNK: ("is a symbolic link", "file what it points to, or remove it"),
    stat.S_IFSOCK: ("is a socket", "remove it, or move it elsewhere"),
    stat.S_IFIFO: ("is a pipe", "remove it, or move it elsewhere"),
    stat.S_IFBLK: ("is a block device", "remove it, or move it elsewhere"),
    stat.S_IFCHR: ("is a character device", "remove it, or move it elsewhere"),
}
_REMEDIES = {
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
    errno.EACCES: "see that you may read it, and the folders above it",
    errno.EPERM: "see that you may read it, and the folders above it",
    errno.ELOOP: "name the file itself",
    errno.ENAMETOOLONG: "move it to a folder with a shorter path",
    errno.EIO: "see whether the disk is well",
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as the scan saw it.

    Attributes
    ----------
    path : Path
        Absolute path without symbolic links.
    below : str
        Path from the folder that holds the argument, as text: for an argument ``run/`` its files are
        ``run/…``.
    size : int
        Bytes.
    mtime_ns : int
        Modification time, nanoseconds since 1970-01-01 UTC.
    """

    path: Path
    below: str
    size: int
    mtime_ns: int

    @property
    def is_argument(self) -> bool:
        """Whether it was named itself, and not found in a folder."""
        return "/" not in self.below


@dataclass
class Found:
    """What a scan found.

    Attributes
    ----------
    files : list of FoundFile
        What can be read, sorted by path, each once.
    left_out : list of LeftOut
        What cannot be filed, and was named or found.
    ignored : list of Path
        Names that are no data: what was removed while it was open, copies under way, and the folder
        ``lost+found`` of a file system.
    """

    files: list[FoundFile] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    ignored: list[Path] = field(default_factory=list)


def scan(paths: Iterable[Path]) -> Found:
    """Look for every file that the paths mean.

    A name that is gone when it is looked at is no file: instruments write ``x.tmp`` and rename it. A path
    that was named itself must be there.
    """
    scan = _Scan()
    for path in paths:
        scan.look(path)
    return Found(
        [scan.files[path] for path in sorted(scan.files)], list(scan.left_out.values()), list(scan.ignored)
    )


class _Scan:
    """Collects what is found, each path once however often it was named."""

    def __init__(self) -> None:
        self.files: dict[Path, FoundFile] = {}
        self.left_out: dict[Path, LeftOut] = {}
        self.ignored: dict[Path, None] = {}

    def look(self, argument: Path) -> None:
        """Look at a path and at all below it."""
        try:
            # Only the last name decides what is filed: a folder above it may well be a symbolic link.
            last_name = Path(os.path.abspath(argument)).name  # noqa: PTH100
            top = Path(os.path.realpath(Path(os.path.abspath(argument)).parent)) / last_name  # noqa: PTH100
            pending = [(top, text_of(last_name), top.lstat())]
        except (OSError, ValueError) as error:
            self._leave_out(argument, error)
            return
        while pending:
            path, below, status = pending.pop()
            if path != top and _is_lost_and_found(path, status):
                self.ignored[path] = None
            elif stat.S_ISDIR(status.st_mode):
                pending.extend(self._entries(path, below, is_argument=path == top))
            else:
                self._take(path, below, status)

    def _take(self, path: Path, below: str, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            what, remedy = _KINDS.get(
                stat.S_IFMT(status.st_mode), ("is no regular file", "remove it, or move it elsewhere")
            )
            self._leave_out(path, PathError(f"{shown(path)} {what}", remedy, PathReason.NO_FILE))
        elif (
            path.name.startswith(TEMPORARY_PREFIX)
            or path.name == PLACE_MARKER
            or REMOVED_WHILE_OPEN.fullmatch(path.name)
        ):
            self.ignored[path] = None
        else:
            self.files.setdefault(path, FoundFile(path, below, status.st_size, status.st_mtime_ns))

    def _entries(
        self, folder: Path, below: str, *, is_argument: bool
    ) -> Iterator[tuple[Path, str, os.stat_result]]:
        """Yield what a folder holds, but what is left out by its name or gone."""
        for name in self._names(folder, is_argument=is_argument):
            path = folder / name
            text = text_of(name)
            if reason := reason_against(text):
                self._leave_out(path, PathError(f"{shown(path)} cannot be filed: {reason}", "rename it"))
                continue
            try:
                yield path, f"{below}/{text}", path.lstat()
            except PermissionError as error:
                # It is the folder that may not be searched, so that this is true of all in it.
                self._leave_out(folder, error)
                return
            except OSError as error:
                if error.errno not in GONE:
                    self._leave_out(path, error)

    def _names(self, folder: Path, *, is_argument: bool) -> list[str]:
        """Return the names in a folder; if reading it breaks off, those before."""
        names: list[str] = []
        try:
            with os.scandir(folder) as listing:
                names.extend(entry.name for entry in listing)
        except OSError as error:
            if is_argument or error.errno not in GONE:
                self._leave_out(folder, error)
        return names

    def _leave_out(self, path: Path, error: Exception) -> None:
        self.left_out.setdefault(path, _left_out(path, error))


def _is_lost_and_found(path: Path, status: os.stat_result) -> bool:
    """Say whether a path is the ``lost+found`` of a file system: at its top, and of root or its owner."""
    if path.name != LOST_AND_FOUND or not stat.S_ISDIR(status.st_mode):
        return False
    try:
        return path.parent.is_mount() and status.st_uid in {0, path.parent.stat().st_uid}
    except OSError:
        return False


def path_error(path: Path, error: OSError) -> PathError:
    """Return what a failed look at a path means."""
    return PathError(
        f"{shown(path)} cannot be read ({error.strerror or error})",
        _REMEDIES.get(error.errno or 0, "see that it can be read"),
        PathReason.UNREADABLE,
    )


def _left_out(path: Path, error: Exception) -> LeftOut:
    if isinstance(error, PathError):
        return LeftOut.because_of(error, path)
    if isinstance(error, OSError) and error.errno not in GONE:
        return LeftOut.because_of(path_error(path, error), path)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    missing = PathError(f"{shown(path)}: {reason}", "check the path", PathReason.MISSING)
    return LeftOut.because_of(missing, path)
