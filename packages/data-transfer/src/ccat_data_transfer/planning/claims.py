"""Claims: work that is to read a copy of another site asks for it, and the planner of that site answers.

Only the site of a copy decides whether it may go, and so only that site keeps it. The lock is its answer; it
protects work, not data: who reads without one finds no bytes, never wrong ones.
"""

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.one_by_one import Subject, one_by_one
from ccat_data_transfer.planning.onward import CopyNotReadableError, hold_copy
from ccat_data_transfer.planning.reasons import is_one_of
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import ClaimOutcome
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import CopyClaim, PhysicalCopy, PhysicalCopyLock

ASKED_AGAIN_AFTER = timedelta(minutes=10)
"""For so long a copy that was refused is not asked for again by the same work."""


def answer_claims(session: Session, topology: Topology) -> int:
    """Grant or refuse what others claim of copies of our sites; free those that they released."""

    def answer(claim: Row[*tuple[Any, ...]]) -> None:
        _answer(session, topology, claim)

    def about(claim: Row[*tuple[Any, ...]]) -> Subject:
        return Subject("physical_copy", claim.physical_copy_id, claim.copy_site_id)

    claims = ask(session, _unanswered(), sites=topology.sites).all()
    answered = sum(1 for _ in one_by_one(session, claims, answer, about))
    released = ask(session, _released(), sites=topology.sites).scalars().all()
    if released:
        session.execute(delete(PhysicalCopyLock).where(is_one_of(PhysicalCopyLock.id, released)))
    return answered + len(released)


def claim_copy(session: Session, topology: Topology, copy: Row[*tuple[Any, ...]], work: Any) -> None:
    """Ask the site of a copy to keep it for work of ours."""
    session.execute(
        insert(CopyClaim).values(
            id=new_id(),
            site_id=work.site_id,
            physical_copy_id=copy.id,
            copy_site_id=copy.site_id,
            work_table="staging_item",
            work_id=work.id,
            made_at=topology.at,
        )
    )


def release_claim(session: Session, topology: Topology, claim_id: UUID) -> None:
    """Give up a claim."""
    session.execute(update(CopyClaim).where(CopyClaim.id == claim_id).values(released_at=topology.at))


def release_claims(session: Session, topology: Topology, work_id: UUID) -> None:
    """Give up all claims of some work."""
    session.execute(
        update(CopyClaim)
        .where(CopyClaim.work_id == work_id, CopyClaim.released_at.is_(None))
        .values(released_at=topology.at)
    )


def was_refused(topology: Topology, work_id: UUID) -> ColumnElement[bool]:
    """Tell whether a copy was refused to work a short while ago."""
    return (
        exists()
        .where(
            CopyClaim.work_id == work_id,
            CopyClaim.physical_copy_id == PhysicalCopy.id,
            CopyClaim.released_at > topology.at - ASKED_AGAIN_AFTER,
            PhysicalCopyLock.claim_id == CopyClaim.id,
            PhysicalCopyLock.outcome == ClaimOutcome.REFUSED,
        )
        .correlate(PhysicalCopy)
    )


def _answer(session: Session, topology: Topology, claim: Row[*tuple[Any, ...]]) -> None:
    outcome, reason = ClaimOutcome.GRANTED, None
    try:
        hold_copy(session, claim.physical_copy_id, f"{claim.work_table} {claim.work_id}")
    except CopyNotReadableError as error:
        outcome, reason = ClaimOutcome.REFUSED, str(error)
    session.execute(
        insert(PhysicalCopyLock).values(
            id=new_id(),
            site_id=claim.copy_site_id,
            physical_copy_id=claim.physical_copy_id,
            work_table=claim.work_table,
            work_id=claim.work_id,
            created_at=topology.at,
            claim_id=claim.id,
            outcome=outcome,
            reason=reason,
        )
    )


@cache
def _unanswered() -> Select[*tuple[Any, ...]]:
    """Return claims of copies that are known here."""
    return (
        select(
            CopyClaim.id,
            CopyClaim.physical_copy_id,
            CopyClaim.copy_site_id,
            CopyClaim.work_table,
            CopyClaim.work_id,
        )
        .join(PhysicalCopy, PhysicalCopy.id == CopyClaim.physical_copy_id)
        .where(
            is_among(CopyClaim.copy_site_id, "sites"),
            PhysicalCopy.site_id == CopyClaim.copy_site_id,
            CopyClaim.released_at.is_(None),
            ~exists().where(PhysicalCopyLock.claim_id == CopyClaim.id),
        )
        .order_by(CopyClaim.physical_copy_id, CopyClaim.id)
    )


@cache
def _released() -> Select[UUID]:
    """Return the locks whose claims were given up; a refusal stays, and keeps nothing."""
    return (
        select(PhysicalCopyLock.id)
        .join(CopyClaim, CopyClaim.id == PhysicalCopyLock.claim_id)
        .where(
            is_among(PhysicalCopyLock.site_id, "sites"),
            PhysicalCopyLock.outcome.in_(fixed(ClaimOutcome.GRANTED)),
            CopyClaim.released_at.is_not(None),
        )
        .order_by(PhysicalCopyLock.id)
    )
