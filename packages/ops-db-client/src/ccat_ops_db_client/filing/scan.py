"""Which files a command line means: every file below the given paths, or an error that names what is none."""

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ccat_ops_db_client.errors import PathError
from ccat_ops_db_client.paths import check_relative_path, text_of
from ccat_ops_db_client.terminal_text import printable

TEMPORARY_PREFIX = ".ccat-ingest-"
"""Names that begin so are copies under way, never data."""

REMOVED_WHILE_OPEN = re.compile(r"\.nfs[0-9a-fA-F]{8,}")
"""Name under which NFS keeps a file that was removed while it was open, until it is closed."""

GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
"""Errors of a name that is not there any more."""

_REFUSALS_SHOWN = 5
_KINDS = {
    stat.S_IFLNK: "is a symbolic link; file what it points to",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFBLK: "is a block device",
    stat.S_IFCHR: "is a character device",
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


def _say_nothing(path: Path) -> None:
    del path


def scan(paths: Iterable[Path], leave_out: Callable[[Path], object] = _say_nothing) -> list[FoundFile]:
    """Return every file that the paths mean, sorted by path, each once.

    A name that is gone when it is looked at is no file: instruments write ``x.tmp`` and rename it.

    Parameters
    ----------
    paths : iterable of Path
        Files and folders.
    leave_out : callable
        Is told each file that was removed while it was open and is only there until it is closed.

    Raises
    ------
    PathError
        Something is missing, unreadable, no regular file, or has a name that cannot be filed, also because
        another differs from it in the Unicode form only; all are named.
    """
    found: dict[Path, FoundFile] = {}
    refusals: list[str] = []
    for path in paths:
        for file in _files(path, refusals, leave_out):
            found.setdefault(file.path, file)
    refusals.extend(_twins(found))
    if refusals:
        raise _refused(refusals)
    return [found[path] for path in sorted(found)]


def _twins(paths: Iterable[Path]) -> Iterator[str]:
    """Yield what is wrong with paths that differ from another only in their Unicode form.

    Readers of bags compare paths after normalization (RFC 8493): a package must not have both.
    """
    known: dict[str, Path] = {}
    for path in sorted(paths):
        other = known.setdefault(unicodedata.normalize("NFC", text_of(path)), path)
        if other != path:
            yield f"{_escaped(other)} and {_escaped(path)} differ in their Unicode form only"


def _escaped(path: Path) -> str:
    """Return a path with its accents as code points: the two forms look the same."""
    return text_of(path).encode("ascii", "backslashreplace").decode("ascii")


def _files(argument: Path, refusals: list[str], leave_out: Callable[[Path], object]) -> Iterator[FoundFile]:
    try:
        # Only the last name decides what is filed: a folder above it may well be a symbolic link.
        last_name = Path(os.path.abspath(argument)).name  # noqa: PTH100
        top = Path(os.path.realpath(Path(os.path.abspath(argument)).parent)) / last_name  # noqa: PTH100
        status = top.lstat()
    except (OSError, ValueError) as error:
        refusals.append(f"{argument}: {_reason(error)}")
        return
    pending = [(top, last_name, status)]
    while pending:
        path, below, status = pending.pop()
        if stat.S_ISDIR(status.st_mode):
            pending.extend(_entries(path, below, refusals))
        elif not stat.S_ISREG(status.st_mode):
            refusals.append(f"{path} {_KINDS.get(stat.S_IFMT(status.st_mode), 'is no regular file')}")
        elif REMOVED_WHILE_OPEN.fullmatch(path.name):
            leave_out(path)
        elif not path.name.startswith(TEMPORARY_PREFIX):
            try:
                check_relative_path(text_of(path.name))
            except PathError as error:
                refusals.append(f"{path.parent}: {error.message}")
            else:
                yield FoundFile(path, text_of(below), status.st_size, status.st_mtime_ns)


def _entries(folder: Path, below: str, refusals: list[str]) -> list[tuple[Path, str, os.stat_result]]:
    try:
        with os.scandir(folder) as listing:
            names = [entry.name for entry in listing]
    except OSError as error:
        if error.errno not in GONE:
            refusals.append(f"{folder}: {_reason(error)}")
        return []
    entries = []
    for name in names:
        path = folder / name
        try:
            entries.append((path, f"{below}/{name}", path.lstat()))
        except OSError as error:
            if error.errno not in GONE:
                refusals.append(f"{path}: {_reason(error)}")
    return entries


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _refused(refusals: list[str]) -> PathError:
    shown = "; ".join(printable(refusal) for refusal in refusals[:_REFUSALS_SHOWN])
    more = len(refusals) - _REFUSALS_SHOWN
    listed = f"{shown}; and {more} more" if more > 0 else shown
    return PathError(f"nothing was filed: {listed}", "remove, rename or leave them out")
