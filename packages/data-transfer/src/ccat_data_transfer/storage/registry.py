"""Which kind of place is opened by what."""

from collections.abc import Callable

from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import LocationDescription, Storage, StorageKind
from ccat_data_transfer.storage.part_buffers import PartBuffers


def open_storage(
    location: LocationDescription, credentials: Credentials, buffers: PartBuffers | None = None
) -> Storage:
    """Open a place, whatever marker it has. Of a store nothing is asked; `Storage.check` does that.

    Parameters
    ----------
    location : LocationDescription
        The place.
    credentials : Credentials
        Where the credential that it names is found.
    buffers : PartBuffers, optional
        Those of the process, for what goes to and from stores; null: of its own.

    Raises
    ------
    Configuration
        The credential is missing or the address cannot be.
    PlaceUnavailable
        The folder is not there.
    """
    return _OPENERS[location.kind](location, credentials, buffers)


def _open_disk(location: LocationDescription, credentials: Credentials, _: PartBuffers | None) -> Storage:
    return DiskStorage(location.id, location.path, mount_point=location.mount_point)


def _open_s3(location: LocationDescription, credentials: Credentials, buffers: PartBuffers | None) -> Storage:
    # Imported where it is used: it takes longer to import than everything else that a command needs.
    from ccat_data_transfer.storage.s3 import S3Storage

    return S3Storage(location, credentials, buffers)


_Open = Callable[[LocationDescription, Credentials, PartBuffers | None], Storage]

_OPENERS: dict[StorageKind, _Open] = {
    "disk": _open_disk,
    "s3": _open_s3,
}
