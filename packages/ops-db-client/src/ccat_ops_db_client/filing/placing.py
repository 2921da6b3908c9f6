"""Which path each file gets in which source location, and which files would get the same."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ccat_ops_db_client.errors import PathError, PathReason
from ccat_ops_db_client.paths import check_relative_path, name_of, shown, text_of

from .left_out import LeftOut
from .scan import FoundFile
from .sources import Source, place_of


@dataclass(frozen=True, slots=True)
class Placed:
    """A file, the source location it is or comes in, and its path there."""

    file: FoundFile
    source: Source
    relative_path: str

    @property
    def target(self) -> Path:
        """Where the file is, or is copied to, in the source location."""
        return self.source.folder / name_of(self.relative_path)


def place_where_they_are(
    files: Sequence[FoundFile], sources: Sequence[Source]
) -> tuple[list[Placed], list[LeftOut]]:
    """Place each file in the source location that contains it; return also those that are in none."""
    placed: list[Placed] = []
    left_out: list[LeftOut] = []
    for file in files:
        try:
            source, relative_path = place_of(file.path, sources)
            placed.append(Placed(file, source, check_relative_path(relative_path)))
        except PathError as error:
            left_out.append(LeftOut.because_of(error, file.path))
    return placed, left_out


def place_copies(
    files: Sequence[FoundFile], source: Source, folder: str
) -> tuple[list[Placed], list[LeftOut]]:
    """Place a copy of each file below `folder` of a source location; return also what cannot have its path.

    Raises
    ------
    PathError
        Nothing can be below `folder`.
    """
    top = PurePosixPath(text_of(folder))
    check_relative_path(str(top / "x"))
    placed: list[Placed] = []
    left_out: list[LeftOut] = []
    for file in files:
        try:
            placed.append(Placed(file, source, check_relative_path(str(top / file.below))))
        except PathError as error:
            left_out.append(LeftOut.because_of(error, file.path))
    return placed, left_out


def apart(placed: Sequence[Placed]) -> tuple[list[Placed], list[list[Placed]]]:
    """Return those whose path is theirs alone, and the others in groups.

    Paths that differ in their Unicode form only are the same: readers of bags compare them after
    normalization (RFC 8493), and a package must not have both.
    """
    groups: dict[str, list[Placed]] = {}
    for item in placed:
        path = item.relative_path
        key = path if path.isascii() else unicodedata.normalize("NFC", path)
        groups.setdefault(key, []).append(item)
    return (
        [group[0] for group in groups.values() if len(group) == 1],
        [group for group in groups.values() if len(group) > 1],
    )


def same_name(item: Placed, other: Placed, *, other_is_filed: bool) -> LeftOut:
    """Return what is to be said of a file that would have the path of another."""
    path, others = item.file.path, other.file.path
    if item.relative_path == other.relative_path:
        error = PathError(
            f"{shown(path)} and {shown(others)} would both become {shown(name_of(item.relative_path))}",
            "copy them in with two commands and another --into",
            PathReason.SAME_NAME,
        )
    else:
        error = PathError(
            f"{code_points(path)} and {code_points(others)} differ in their Unicode form only"
            + (", and the second is filed already" if other_is_filed else ""),
            "rename the first" if other_is_filed else "rename one of them",
            PathReason.SAME_NAME,
        )
    return LeftOut.because_of(error, path)


def code_points(path: Path) -> str:
    """Return a path with its accents as code points: the two forms look the same."""
    return text_of(path).encode("ascii", "backslashreplace").decode("ascii")
