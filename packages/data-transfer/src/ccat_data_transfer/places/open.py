"""From a location of the database to the place that holds its bytes, known by its marker."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING
from typing import cast as known_as
from uuid import UUID

from sqlalchemy import BindParameter, Engine, Select, Text, bindparam, cast, func, select
from sqlalchemy.orm import Session, selectin_polymorphic, sessionmaker

from ccat_data_transfer.failures import Configuration, PlaceUnavailable
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.places.marker import Marker, require
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.storage.interface import MEBIBYTE, LocationDescription, Storage
from ccat_data_transfer.storage.part_buffers import PartBuffers
from ccat_data_transfer.storage.registry import open_storage
from ccat_ops_db.enumerations import Ability, LocationType
from ccat_ops_db.models import (
    DataLocation,
    DiskDataLocation,
    PlaceAbility,
    PlaceMarker,
    S3DataLocation,
    TapeDataLocation,
)

if TYPE_CHECKING:
    from ccat_data_transfer.storage.s3 import S3Storage


def open_places(engine: Engine, settings: DataTransferSettings) -> Places:
    """Return what opens the places of a process, by its settings."""
    credentials = Credentials(settings.credentials_folder, allow_plain_http=settings.allow_http)
    sessions = sessionmaker(engine, expire_on_commit=False)
    return Places(sessions, credentials, settings.part_buffers * MEBIBYTE)


class Places:
    """Opens the places of locations, each for one unit of work: the next time another may be there.

    Parameters
    ----------
    sessions : sessionmaker
        Of the site's database.
    credentials : Credentials
        Where those of stores are found.
    part_buffer_bytes : int
        Memory for the parts of all transfers to and from stores.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        credentials: Credentials,
        part_buffer_bytes: int = 48 * MEBIBYTE,
    ) -> None:
        self._sessions = sessions
        self._credentials = credentials
        self._buffers = PartBuffers(part_buffer_bytes)
        self._stores: dict[LocationDescription, S3Storage] = {}
        self._lock = threading.Lock()

    def storage(self, location_id: str) -> Storage:
        """Open the place of a location and see that it is the one that was adopted.

        The storage that is returned stays with what was opened, whatever is mounted at its path meanwhile.
        Keep it no longer than the work lasts: while somebody has it, its disk cannot be unmounted.

        Raises
        ------
        PlaceUnavailable
            The place is not there, or is another one.
        Configuration
            If there is no such location, its kind of storage has no driver, or its credential is missing.
        """
        storage, on_record = self.unknown(location_id), self.marker_on_record(location_id)
        if on_record is None and self._is_read_only_source(location_id):
            storage.known_by(None, _refuse)
            return storage
        require(storage, on_record)
        assert on_record is not None, "without a marker on record it was refused"
        storage.known_by(on_record.id, self.look_again, on_record.unable)
        return storage

    def unknown(self, location_id: str) -> Storage:
        """Open what is at a location now, whether it is its place or not. For adoption alone."""
        description = self.describe(location_id)
        if description.kind != "s3":
            return open_storage(description, self._credentials)
        with self._lock:
            if description not in self._stores:
                store = open_storage(description, self._credentials, self._buffers)
                self._stores[description] = known_as("S3Storage", store)
            return self._stores[description].again()

    def marker_on_record(self, location_id: str) -> Marker | None:
        """Return the current marker of a location; null if it was never adopted."""
        with self._sessions() as session:
            row = session.execute(_marker_statement(), {"location_id": location_id}).one_or_none()
        if row is None:
            return None
        return Marker(row.id, location_id, row.identity, frozenset(map(Ability, row.unable or ())))

    def describe(self, location_id: str) -> LocationDescription:
        """Return where a location is.

        Raises
        ------
        Configuration
            As `storage`.
        """
        with self._sessions() as session:
            location = session.scalars(_location_statement(), {"location_id": location_id}).one_or_none()
        match location:
            case DiskDataLocation():
                return LocationDescription(
                    id=location.id,
                    kind="disk",
                    path=location.path,
                    host=location.host or "",
                    mount_point=location.mount_point,
                    create=location.create,
                )
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

    def look_again(self, storage: Storage) -> None:
        """See that an open place still is the one of its location; raises as `storage`."""
        location_id = storage.location_id
        on_record = self.marker_on_record(location_id)
        if on_record is None or on_record.id != storage.marker_id:
            raise PlaceUnavailable(
                location_id, f"{location_id} was adopted anew meanwhile; the work begins again"
            )
        require(storage, on_record)

    def _is_read_only_source(self, location_id: str) -> bool:
        location = DataLocation.__table__.c
        with self._sessions() as session:
            read_only = select(location.id).where(
                location.id == location_id,
                location.read_only,
                location.location_type == LocationType.SOURCE,
            )
            return session.execute(read_only).first() is not None


def _refuse(storage: Storage) -> None:
    location = storage.location_id
    raise PlaceUnavailable(
        location,
        f"{location} is a source that may only be read, and has no marker: nothing is removed there, and"
        f" nothing is called missing; put a marker there as ccat-transfer place adopt {location}"
        " --dry-run says",
    )


@cache
def _marker_statement() -> Select[UUID, str, Sequence[str]]:
    asked: BindParameter[str] = bindparam("location_id")
    unable = select(func.array_agg(cast(PlaceAbility.ability, Text))).where(
        PlaceAbility.data_location_id == asked, ~PlaceAbility.works
    )
    return select(PlaceMarker.id, PlaceMarker.identity, unable.scalar_subquery().label("unable")).where(
        PlaceMarker.data_location_id == asked, PlaceMarker.retired_at.is_(None)
    )


@cache
def _location_statement() -> Select[DataLocation]:
    kinds = [DiskDataLocation, S3DataLocation, TapeDataLocation]
    found = select(DataLocation).where(DataLocation.id == bindparam("location_id"))
    return found.options(selectin_polymorphic(DataLocation, kinds))
