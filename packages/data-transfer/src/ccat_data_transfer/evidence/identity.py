"""Which object a copy is: text by which it is known again, and by which a replacement is told from it.

It names the marker of the place, so that no copy of a place has it, and never the number of the device, which
changes when a machine starts anew. Of files it is taken after the last act that moves their times.
"""

from ccat_data_transfer.storage.interface import ObjectInfo, Storage

UNKNOWN = "-"
"""Stands where there is nothing: a place without a marker, a store without versions."""


def identity_of(storage: Storage, info: ObjectInfo) -> str:
    """Return the identity of an object: ``disk:<marker>:<inode>:…`` or ``s3:<marker>:<etag>:…``."""
    assert info.mark is not None, "a place that is asked for one object says which it is"
    return f"{storage.kind}:{_marker(storage)}:{info.mark}"


def identity_of_files(storage: Storage) -> str:
    """Return the identity of the files of a package at a place, as filed or as staged."""
    return f"files:{_marker(storage)}:{UNKNOWN}"


def _marker(storage: Storage) -> str:
    return UNKNOWN if storage.marker_id is None else str(storage.marker_id)
