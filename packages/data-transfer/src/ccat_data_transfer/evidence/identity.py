"""Which object a copy is: text by which it is known again, and by which a replacement is told from it.

It names the marker of the place, so that no copy of a place has it, and never the number of the device, which
changes when a machine starts anew. Of files it is taken after the last act that moves their times.
"""

from uuid import UUID

from ccat_data_transfer.storage.interface import ObjectInfo, Storage

UNKNOWN = "-"
"""Stands where there is nothing: a place without a marker, a store without versions."""


def identity_of(storage: Storage, info: ObjectInfo) -> str:
    """Return the identity of an object: ``disk:<marker>:<inode>:…`` or ``s3:<marker>:<etag>:…``."""
    assert info.mark is not None, "a place that is asked for one object says which it is"
    return f"{storage.kind}:{_marker(storage)}:{info.mark}"


def identity_of_files(storage: Storage, seen_at_ns: int | None) -> str:
    """Return the identity of the files of a package at a place, as filed or as staged.

    `seen_at_ns` is the time at the place before they were read, or after they were written.
    """
    return f"files:{_marker(storage)}:{UNKNOWN if seen_at_ns is None else seen_at_ns}"


def time_of_files(identity: str, marker_id: UUID | None) -> int | None:
    """Return the time in the identity of files, if it is of a place with that marker; else null."""
    kind, _, rest = identity.partition(":")
    marker, _, seen_at = rest.partition(":")
    known = kind == "files" and marker == str(marker_id) and seen_at != UNKNOWN
    return int(seen_at) if known else None


def mark_of(identity: str, storage: Storage) -> str | None:
    """Return the mark in the identity of an object, if it is of the place as it is known now; else null."""
    start = f"{storage.kind}:{storage.marker_id}:"
    known = storage.marker_id is not None and identity.startswith(start)
    return identity.removeprefix(start) if known else None


def _marker(storage: Storage) -> str:
    return UNKNOWN if storage.marker_id is None else str(storage.marker_id)
