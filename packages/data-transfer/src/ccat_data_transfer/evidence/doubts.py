"""Doubts of copies, and what answers them: a reading that began when they were known, whatever it finds."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Doubt, DoubtAnswer


def open_doubts(session: Session, copy_id: UUID) -> Sequence[UUID]:
    """Return the doubts of a copy that a reading answers which begins now."""
    answered = exists().where(DoubtAnswer.doubt_id == Doubt.id)
    return session.scalars(
        select(Doubt.id).where(Doubt.physical_copy_id == copy_id, ~answered).order_by(Doubt.id)
    ).all()


def answer(session: Session, doubts: Sequence[UUID], site_id: str, check_id: UUID | None) -> None:
    """Answer doubts of a copy by a reading of it; without one: it is known to be bad, or is gone.

    Parameters
    ----------
    session : Session
        Of the transaction that writes down what was found.
    doubts : sequence of UUID
        Which were known before the reading began.
    site_id : str
        Site of the copy.
    check_id : UUID or None
        The check that read it.
    """
    if doubts:
        session.execute(
            insert(DoubtAnswer)
            .values(
                [
                    {"id": new_id(), "site_id": site_id, "doubt_id": doubt, "fixity_check_id": check_id}
                    for doubt in doubts
                ]
            )
            .on_conflict_do_nothing(index_elements=["doubt_id", "site_id"])
        )
