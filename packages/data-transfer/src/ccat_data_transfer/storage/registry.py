"""Which kind of place is opened by what."""

from collections.abc import Callable

from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import LocationDescription, Storage, StorageKind
from ccat_data_transfer.storage.s3 import S3Storage


def open_storage(location: LocationDescription, credentials: Credentials) -> Storage:
    """Open a place, whatever marker it has. Of a store nothing is asked; `Storage.check` does that.

    Parameters
    ----------
    location : LocationDescription
        The place.
    credentials : Credentials
        Where the credential that it names is found.

    Raises
    ------
    Configuration
        The credential is missing or the address cannot be.
    PlaceUnavailable
        The folder is not there.
    """
    return _OPENERS[location.kind](location, credentials)


def _open_disk(location: LocationDescription, credentials: Credentials) -> Storage:
    return DiskStorage(location.id, location.path, mount_point=location.mount_point)


def _open_s3(location: LocationDescription, credentials: Credentials) -> Storage:
    return S3Storage(location, credentials)


_OPENERS: dict[StorageKind, Callable[[LocationDescription, Credentials], Storage]] = {
    "disk": _open_disk,
    "s3": _open_s3,
}
