"""Taking a scheduled deletion back: as long as no byte was touched, copies become again what they were."""

from sqlalchemy import ColumnElement, case, exists, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.deletion.proof import Candidate, copies_of
from ccat_ops_db.enumerations import LocationType, PhysicalCopyStatus
from ccat_ops_db.models import DataLocation, PhysicalCopy


def has_begun(session: Session, candidate: Candidate) -> bool:
    """Tell whether bytes of it may be gone already, so that there is no way back."""
    begun = select(PhysicalCopy.id).where(
        *copies_of(candidate), PhysicalCopy.status == PhysicalCopyStatus.DELETION_IN_PROGRESS
    )
    return session.execute(select(exists(begun))).scalar_one()


def undelete(session: Session, candidate: Candidate) -> None:
    """Give the copies of a scheduled deletion back the status that they had before."""
    location = DataLocation.__table__.c
    processing = select(location.id).where(location.location_type == LocationType.PROCESSING)
    before: ColumnElement[str] = case(
        (PhysicalCopy.data_location_id.in_(processing), PhysicalCopyStatus.STAGED),
        (PhysicalCopy.verified_at.is_not(None), PhysicalCopyStatus.VERIFIED),
        else_=PhysicalCopyStatus.PRESENT,
    )
    session.execute(
        update(PhysicalCopy)
        .where(*copies_of(candidate), PhysicalCopy.status == PhysicalCopyStatus.DELETION_SCHEDULED)
        .values(status=before)
        .execution_options(synchronize_session=False)
    )
