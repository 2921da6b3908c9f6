"""Names that every kind of place checks and makes the same way."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Literal, NamedTuple, cast
from uuid import UUID

from ccat_data_transfer.failures import Permanent
from ccat_ops_db.paths import MARKER_PATH, MAX_SEGMENT_BYTES, validate_relative_path

MAX_PLACE_PATH_BYTES = 4096
"""Longest path at a place (Linux ``PATH_MAX``): that of a file comes below folders of ours."""

TEMPORARY_PREFIX = ".partial-"

REMOVING_PREFIX = ".ccat-removing-"
"""How the names begin to which files are moved away that are being removed where others write, too."""

MARKER_NAME = MARKER_PATH
"""Object in the root of each place by which it is known; no data has this name."""

STAGING_PREFIX = ".staging-"
"""How the names begin of folders in which files are unpacked."""

PART_SUFFIX = ".part"
"""How the names end of tars and indexes that are being made."""

_WORK_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_TAG = re.compile(r"[0-9a-f-]{1,31}")
_WORK_AND_TAG = re.compile(rf"({_WORK_ID.pattern})(?:_{_TAG.pattern})?")


_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TAGGED = r"[0-9]+-[0-9a-f]{8}"
_BEGUN = {
    "partial": re.compile(rf"{re.escape(TEMPORARY_PREFIX)}.+\.(?P<work>{_UUID})(?:_{_TAGGED})?"),
    "put": re.compile(
        rf"(?:{re.escape(TEMPORARY_PREFIX)}(?:.+\.put|decoy)|{re.escape(REMOVING_PREFIX)}decoy)-{_UUID}(?:-[ab])?"
    ),
    "tar": re.compile(rf"\.(?P<target>.+\.tar|.+\.index\.json)\.{_TAGGED}{re.escape(PART_SUFFIX)}"),
    "unpacked": re.compile(rf"{re.escape(STAGING_PREFIX)}(?P<work>{_UUID})-{_TAGGED}"),
    "moved away": re.compile(rf"{re.escape(REMOVING_PREFIX)}(?P<work>{_UUID})-{_TAGGED}-(?P<number>[0-9]+)"),
}

BegunKind = Literal["partial", "put", "tar", "unpacked", "moved away", "upload"]
"""What was begun: a copy, a small file, a tar or index, unpacked files, a removal where others write, an
upload to a store that nothing points to."""


class Begun(NamedTuple):
    """What a name that only we give says.

    Attributes
    ----------
    kind : str
        What was begun.
    work_id : UUID or None
        Work that began it; null: the name does not say.
    target : str or None
        Name beside it that a tar or index was to get.
    number : int or None
        Number of the file that was moved away.
    """

    kind: BegunKind
    work_id: UUID | None = None
    target: str | None = None
    number: int | None = None


def begun_as(name: str) -> Begun | None:
    """Return what a name says that only we give to what is no object yet, or no more; null of any other."""
    for kind, pattern in _BEGUN.items():
        if match := pattern.fullmatch(name):
            said = match.groupdict()
            work_id, number = said.get("work"), said.get("number")
            return Begun(
                cast(BegunKind, kind),
                None if work_id is None else UUID(work_id),
                said.get("target"),
                None if number is None else int(number),
            )
    return None


def checked(path: str) -> str:
    """Return the path if it is a legal relative path.

    Raises
    ------
    Permanent
        It is not, with the reason.
    """
    try:
        return validate_relative_path(path, MAX_PLACE_PATH_BYTES)
    except ValueError as error:
        raise Permanent("illegal_path", f"not a legal relative path: {error}", path=repr(path)) from None


def package_path(tar: str) -> str:
    """Return the path of the package that a tar is of: ``<id>.g2.tar`` → ``<id>.tar``."""
    return re.sub(r"\.g[0-9]+\.tar$", ".tar", tar)


def temporary_name(name: str, work_id: str, tag: str | None = None) -> str:
    """Return the name beside `name` that one unit of work writes to until it is finished.

    Parameters
    ----------
    tag : str, optional
        Of the lease (hexadecimal digits and dashes): the name is that of one attempt alone.
    """
    own = "" if tag is None else f"_{checked_tag(tag)}"
    return temporary_stem(name) + checked_work_id(work_id) + own


def temporary_stem(name: str) -> str:
    """Return how the temporary names of all work for `name` begin.

    After it comes nothing but the id of the work and the tag of a lease, which have no dot: so the
    temporaries of ``a`` and of ``a.b`` differ. A long name is replaced by a digest, because the whole must
    stay a legal name.
    """
    if len(os.fsencode(name)) > MAX_SEGMENT_BYTES - len(TEMPORARY_PREFIX) - 65 - 32:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return f"{TEMPORARY_PREFIX}{name}."


def is_temporary_of(candidate: str, name: str, work_id: str | None) -> bool:
    """Return whether `candidate` is a temporary name for `name`: of one unit of work, or of any (null)."""
    stem = temporary_stem(name)
    if not candidate.startswith(stem):
        return False
    found = _WORK_AND_TAG.fullmatch(candidate, len(stem))
    return found is not None and work_id in (None, found[1])


def checked_work_id(work_id: str) -> str:
    """Return the id of a unit of work if it can be part of a name.

    Raises
    ------
    ValueError
        It cannot: a mistake in the program, not of an input.
    """
    if not _WORK_ID.fullmatch(work_id):
        raise ValueError(f"a work id has letters, digits and dashes, at most 64: not {work_id!r}")
    return work_id


def checked_tag(tag: str) -> str:
    """Return the tag of a lease if it can be part of a name; raises as `checked_work_id`."""
    if not _TAG.fullmatch(tag):
        raise ValueError(f"a tag has hexadecimal digits and dashes, at most 31: not {tag!r}")
    return tag
