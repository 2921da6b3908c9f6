"""Which copies a deletion removes, and the way back as long as no byte of them was touched."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, Update, and_, case, exists, select, update

from ccat_ops_db.enumerations import CopyKind, LocationType, PhysicalCopyStatus
from ccat_ops_db.evidence import is_right
from ccat_ops_db.models import DataLocation, PhysicalCopy


def copies_of_deletion(
    package_id: UUID, location_id: str, kind: CopyKind, file_id: UUID | None
) -> ColumnElement[bool]:
    """Return the condition that selects the copies that a deletion removes.

    Parameters
    ----------
    package_id : UUID
        Package that is removed.
    location_id : str
        Where it is removed.
    kind : CopyKind
        The package, or one staged file of it.
    file_id : UUID or None
        That file.
    """
    at_location = PhysicalCopy.data_location_id == location_id
    if kind is CopyKind.RAW_DATA_PACKAGE:
        return and_(PhysicalCopy.raw_data_package_id == package_id, at_location)
    return and_(PhysicalCopy.raw_data_file_id == file_id, at_location)


def deletion_has_begun(copies: ColumnElement[bool]) -> Select[tuple[bool]]:
    """Return the question whether bytes may be gone already, also in an earlier attempt: no way back."""
    begun = select(PhysicalCopy.id).where(
        copies, PhysicalCopy.status == PhysicalCopyStatus.DELETION_IN_PROGRESS
    )
    return select(exists(begun))


def undelete(copies: ColumnElement[bool]) -> Update:
    """Return the statement that gives copies back the status that they had before they were scheduled."""
    processing = select(DataLocation.id).where(DataLocation.location_type == LocationType.PROCESSING)
    before = case(
        (PhysicalCopy.data_location_id.in_(processing), PhysicalCopyStatus.STAGED),
        (is_right(), PhysicalCopyStatus.VERIFIED),
        else_=PhysicalCopyStatus.PRESENT,
    )
    return (
        update(PhysicalCopy)
        .where(copies, PhysicalCopy.status == PhysicalCopyStatus.DELETION_SCHEDULED)
        .values(status=before)
        .execution_options(synchronize_session=False)
    )
