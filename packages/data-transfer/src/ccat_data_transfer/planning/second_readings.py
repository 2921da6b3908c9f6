"""Second readings: what one process read wrong another one reads, before anything is concluded from it."""

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, exists, select
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.evidence.verdicts import pause_before_second
from ccat_data_transfer.planning.one_by_one import one_by_one, row_of
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.planning.verifying import open_check
from ccat_ops_db.enumerations import WRONG, CheckReason, CopyForm, Status
from ccat_ops_db.evidence import READABLE, is_newest
from ccat_ops_db.models import DataLocation, FixityCheck, PhysicalCopy, Verification


def plan_second_readings(session: Session, topology: Topology) -> int:
    """Have the copies of our sites read once more that were read wrong; return how many."""

    def read(row: Row[*tuple[Any, ...]]) -> int:
        return open_check(
            session,
            row.id,
            site_id=row.site_id,
            data_location_id=row.data_location_id,
            reason=CheckReason.SECOND_READING,
            priority=row.priority or 0,
            size=row.size,
            at=topology.at,
            data_transfer_id=row.data_transfer_id,
            excluded_worker=row.worker,
            not_before=row.recorded_at + pause_before_second(row.location_type),
        )

    found = ask(session, _read_wrong(), sites=topology.sites).all()
    return sum(opened for _, opened in one_by_one(session, found, read, row_of("physical_copy")))


@cache
def _read_wrong() -> Select[*tuple[Any, ...]]:
    """Return the copies whose newest finding is wrong, and which nobody is about to read."""
    location = DataLocation.__table__
    being_read = aliased(FixityCheck)
    return (
        select(
            PhysicalCopy.id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.size,
            Verification.worker,
            Verification.recorded_at,
            FixityCheck.data_transfer_id,
            FixityCheck.priority,
            location.c.location_type,
        )
        .select_from(PhysicalCopy)
        .join(Verification, is_newest(Verification))
        .join(location, location.c.id == PhysicalCopy.data_location_id)
        .outerjoin(FixityCheck, FixityCheck.id == Verification.work_id)
        .where(
            is_among(PhysicalCopy.site_id, "sites"),
            PhysicalCopy.status.in_(fixed(*READABLE)),
            PhysicalCopy.form.in_(fixed(CopyForm.TAR)),
            Verification.finding != fixed("right")[0],
            Verification.finding.in_(fixed(*WRONG)),
            ~exists().where(
                being_read.physical_copy_id == PhysicalCopy.id,
                being_read.status.not_in(fixed(Status.COMPLETED, Status.CANCELLED)),
            ),
        )
        .order_by(PhysicalCopy.id)
    )
