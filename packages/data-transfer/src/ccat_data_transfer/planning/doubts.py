"""Doubts about copies of ours: each copy is read where it is, and the reading answers them."""

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, exists, select
from sqlalchemy.orm import Session

from ccat_data_transfer.evidence.doubts import answer
from ccat_data_transfer.planning.one_by_one import Subject, one_by_one
from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.planning.verifying import LOST, open_check
from ccat_ops_db.enumerations import CheckReason, PhysicalCopyStatus, Status
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import Deletion, Doubt, DoubtAnswer, FixityCheck, PhysicalCopy, Verification


def read_doubted(session: Session, topology: Topology) -> int:
    """Have the copies of our sites read that are doubted; return of how many something was done."""

    def read(doubt: Row[*tuple[Any, ...]]) -> int:
        if doubt.status not in READABLE:
            return _answer_unread(session, doubt)
        try:
            return open_check(
                session,
                doubt.physical_copy_id,
                site_id=doubt.site_id,
                data_location_id=doubt.data_location_id,
                reason=CheckReason.REQUEST,
                priority=0,
                size=doubt.size,
                at=topology.at,
            )
        except CopyNotReadableError:  # decided to go a moment ago
            return 0

    def about(doubt: Row[*tuple[Any, ...]]) -> Subject:
        return Subject("physical_copy", doubt.physical_copy_id, doubt.site_id)

    doubts = ask(session, _unread(), sites=topology.sites).all()
    return sum(done for _, done in one_by_one(session, doubts, read, about))


def _answer_unread(session: Session, doubt: Row[*tuple[Any, ...]]) -> int:
    """Answer the doubt of a copy that is known to be bad, or is gone, by what made it so."""
    by: dict[str, Any] = {}
    if doubt.status in LOST:
        by["verification_id"] = session.scalars(
            select(Verification.id)
            .where(Verification.physical_copy_id == doubt.physical_copy_id)
            .order_by(Verification.number.desc())
        ).first()
    elif doubt.status is PhysicalCopyStatus.DELETED:
        by["deletion_id"] = session.scalars(
            select(Deletion.id)
            .where(
                Deletion.raw_data_package_id == doubt.raw_data_package_id,
                Deletion.data_location_id == doubt.data_location_id,
                Deletion.status == Status.COMPLETED,
            )
            .order_by(Deletion.id.desc())
        ).first()
    if not any(by.values()):
        return 0
    answer(session, [doubt.id], doubt.site_id, "planner", **by)
    return 1


@cache
def _unread() -> Select[*tuple[Any, ...]]:
    """Return the doubts of copies that nobody is about to read."""
    being_read = exists().where(
        FixityCheck.physical_copy_id == PhysicalCopy.id,
        FixityCheck.status.not_in(fixed(Status.COMPLETED, Status.CANCELLED)),
    )
    return (
        select(
            Doubt.id,
            Doubt.physical_copy_id,
            PhysicalCopy.status,
            PhysicalCopy.raw_data_package_id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.size,
        )
        .join(PhysicalCopy, PhysicalCopy.id == Doubt.physical_copy_id)
        .where(
            is_among(PhysicalCopy.site_id, "sites"),
            ~exists().where(DoubtAnswer.doubt_id == Doubt.id, DoubtAnswer.site_id == PhysicalCopy.site_id),
            ~being_read,
        )
        .order_by(Doubt.physical_copy_id, Doubt.id)
    )
