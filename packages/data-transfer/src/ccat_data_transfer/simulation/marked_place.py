"""The marker of a simulated place."""

from collections.abc import Mapping

from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.storage.interface import MarkerObject, Probed
from ccat_data_transfer.storage.known_place import KnownPlace
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_ops_db.enumerations import Ability


class Medium:
    """What a marker lies on: a disk or a bucket."""

    marker: MarkerObject | None = None

    def has_objects(self) -> bool:
        """Tell whether it has anything else."""
        raise NotImplementedError


class MarkedPlace(KnownPlace):
    """What simulated places on disks and in stores share."""

    location_id: str

    @property
    def medium(self) -> Medium:
        """What is there now."""
        raise NotImplementedError

    def read_marker(self) -> MarkerObject | None:
        """See `Storage.read_marker`."""
        return self.medium.marker

    def write_marker(self, content: bytes, *, replace: bool = False) -> None:
        """See `Storage.write_marker`."""
        medium = self.medium
        if medium.marker is not None and not replace:
            raise Permanent("exists", "there is a marker already", path=MARKER_NAME)
        number = 1 if medium.marker is None else int(medium.marker.identity.rpartition(":")[2]) + 1
        medium.marker = MarkerObject(content, f"simulated:{self.location_id}:{number}")

    def is_empty(self) -> bool:
        """See `Storage.is_empty`."""
        return not self.medium.has_objects()

    def file_system(self) -> str:
        """See `Storage.file_system`."""
        return f"simulated:{self.location_id}"

    def probe(self) -> Mapping[Ability, Probed]:
        """See `Storage.probe`: what it can do is given by who makes it."""
        return {}
