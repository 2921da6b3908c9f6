"""Doubts of other sites about copies of ours: each copy is read where it is."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, insert, select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.one_by_one import one_by_one
from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_data_transfer.planning.statements import ask, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.planning.verifying import open_check
from ccat_ops_db.enumerations import CheckReason, Status, VerificationMethod
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Doubt, DoubtAnswer, FixityCheck, PhysicalCopy


def answer_doubts(session: Session, topology: Topology) -> int:
    """Have the copies of our sites read that others doubt; return how many doubts were answered."""

    def answer(doubt: Row[*tuple[Any, ...]]) -> None:
        session.execute(
            insert(DoubtAnswer).values(
                id=new_id(),
                site_id=doubt.site_id,
                doubt_id=doubt.id,
                fixity_check_id=_reading(session, topology, doubt),
            )
        )

    doubts = ask(session, _unanswered(), sites=topology.sites).all()
    return sum(1 for _ in one_by_one(session, doubts, answer))


def _reading(session: Session, topology: Topology, doubt: Row[*tuple[Any, ...]]) -> UUID | None:
    """Return the reading of a copy, opened now or open already; None where there is nothing to be read."""
    try:
        open_check(
            session,
            doubt.physical_copy_id,
            site_id=doubt.site_id,
            data_location_id=doubt.data_location_id,
            reason=CheckReason.REQUEST,
            method=VerificationMethod.FULL_READ,
            priority=0,
            size=doubt.size,
            at=topology.at,
        )
    except CopyNotReadableError:
        return None
    found: UUID | None = session.execute(
        select(FixityCheck.id).where(
            FixityCheck.physical_copy_id == doubt.physical_copy_id, FixityCheck.status != Status.COMPLETED
        )
    ).scalar_one_or_none()
    return found


@cache
def _unanswered() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Doubt.id,
            Doubt.physical_copy_id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.size,
        )
        .join(PhysicalCopy, PhysicalCopy.id == Doubt.physical_copy_id)
        .where(
            is_among(PhysicalCopy.site_id, "sites"),
            ~exists().where(DoubtAnswer.doubt_id == Doubt.id, DoubtAnswer.site_id == PhysicalCopy.site_id),
        )
        .order_by(Doubt.physical_copy_id, Doubt.id)
    )
