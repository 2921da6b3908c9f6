"""The marker by which a place is known, and whether what is found is the place that is meant.

A marker is a small object in the root of a place. What stands in it (its id and the location) can be copied
with the place; which object it is (inode and time of change, or the store's own marks) cannot. Both must be
those on record.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ccat_data_transfer.failures import PlaceUnavailable
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_ops_db.enumerations import Ability


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker as it is found in a place, or as it is on record.

    Attributes
    ----------
    id : UUID
        Made at the adoption.
    location_id : str
        Location that was adopted.
    identity : str
        Which object it is.
    unable : set of Ability
        What the place cannot do, as a probe found out.
    """

    id: UUID
    location_id: str
    identity: str
    unable: frozenset[Ability] = frozenset()

    @property
    def lasting_inodes(self) -> bool:
        """Whether the file system of the place keeps the numbers of its inodes, as far as is known."""
        return Ability.LASTING_INODES not in self.unable


def document(marker_id: UUID, location_id: str, at: datetime) -> bytes:
    """Return what stands in a new marker."""
    fields = {
        "about": "CCAT data centre: this place is known by this file. Do not change, copy or remove it.",
        "id": str(marker_id),
        "location": location_id,
        "written_at": at.isoformat(timespec="seconds"),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def find_marker(storage: Storage) -> Marker | None:
    """Read the marker of a place; null if it has none.

    Raises
    ------
    PlaceUnavailable
        It cannot be read, or is none of ours.
    """
    found = storage.read_marker()
    if found is None:
        return None
    try:
        fields = json.loads(found.content)
        return Marker(UUID(fields["id"]), str(fields["location"]), found.identity)
    except (ValueError, KeyError, TypeError):
        raise PlaceUnavailable(
            storage.location_id,
            f"what has the name of the marker of {storage.location_id} is none; find out who wrote"
            f" {MARKER_NAME} there, and restore or remove it; it goes on by itself",
        ) from None


def require(storage: Storage, on_record: Marker | None) -> None:
    """See that a place has the current marker of its location.

    Parameters
    ----------
    storage : Storage
        The place that was found.
    on_record : Marker or None
        Current marker of the location.

    Raises
    ------
    PlaceUnavailable
        It has not; with the remedy.
    """
    location = storage.location_id
    found = find_marker(storage)
    if on_record is None:
        raise PlaceUnavailable(
            location,
            f"{location} was not adopted yet; on a machine that sees the place: ccat-transfer place adopt"
            f" {location} --new",
        )
    if found is None:
        raise PlaceUnavailable(
            location,
            f"the marker of {location} is not there ({MARKER_NAME}): its disk is not mounted, or the location"
            f" leads elsewhere; mount the disk or correct the location, and it goes on by itself",
        )
    if found.location_id != location:
        raise PlaceUnavailable(
            location,
            f"this is the place of {found.location_id}, not of {location}; correct the path of one of them",
        )
    if found.id != on_record.id or not is_same(found.identity, on_record.identity, on_record.lasting_inodes):
        what = (
            "has another marker" if found.id != on_record.id else "is a copy, or its root changed its owner"
        )
        raise PlaceUnavailable(
            location,
            f"what is there now is not the place that {location} was: it {what}; put the right disk there, or"
            f" see the runbook 'wrong disk mounted' before: ccat-transfer place adopt {location} --reason …",
        )


def is_same(found: str, on_record: str, lasting_inodes: bool) -> bool:
    """Tell whether two identities are those of one object; without lasting inodes by its time of change."""
    if lasting_inodes or not found.startswith("disk:"):
        return found == on_record
    return _kind_and_time(found) == _kind_and_time(on_record)


def only_inode_differs(found: str, on_record: str) -> bool:
    """Tell whether an object of a disk has another inode and is otherwise the same."""
    return (
        found != on_record and found.startswith("disk:") and is_same(found, on_record, lasting_inodes=False)
    )


def _kind_and_time(identity: str) -> tuple[str, str]:
    kind, _, rest = identity.partition(":")
    return kind, rest.rpartition(":")[2]
