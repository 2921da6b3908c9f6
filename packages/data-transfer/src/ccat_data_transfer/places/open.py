"""From a location of the database to the storage that holds its bytes."""

import threading

from sqlalchemy import select
from sqlalchemy.orm import Session, selectin_polymorphic, sessionmaker

from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.storage.interface import LocationDescription, Storage
from ccat_data_transfer.storage.registry import open_storage
from ccat_ops_db.models import DataLocation, DiskDataLocation, S3DataLocation, TapeDataLocation


class Places:
    """Opens the storage of locations, and keeps it open as long as its description stays the same."""

    def __init__(self, sessions: sessionmaker[Session], credentials: Credentials) -> None:
        self._sessions = sessions
        self._credentials = credentials
        self._open: dict[LocationDescription, Storage] = {}
        self._lock = threading.Lock()

    def storage(self, location_id: str) -> Storage:
        """Return the storage of a location.

        Raises
        ------
        Configuration
            If there is no such location, its kind of storage has no driver, or its credential is missing.
        """
        description = self._describe(location_id)
        with self._lock:
            if description not in self._open:
                self._open[description] = open_storage(description, self._credentials)
            return self._open[description]

    def _describe(self, location_id: str) -> LocationDescription:
        with self._sessions() as session:
            location = session.scalars(
                select(DataLocation)
                .where(DataLocation.id == location_id)
                .options(
                    selectin_polymorphic(DataLocation, [DiskDataLocation, S3DataLocation, TapeDataLocation])
                )
            ).one_or_none()
        match location:
            case DiskDataLocation():
                return LocationDescription(id=location.id, kind="disk", path=location.path)
            case S3DataLocation():
                return LocationDescription(
                    id=location.id,
                    kind="s3",
                    endpoint=location.endpoint,
                    bucket=location.bucket,
                    prefix=location.prefix,
                    region=location.region,
                    credential=location.credential,
                )
            case None:
                raise Configuration(
                    "unknown_location",
                    f"there is no location {location_id!r}; apply the configuration that names it",
                )
        raise Configuration(
            "no_driver", f"{location_id} is on {location.storage_type}, which has no driver in this release"
        )
