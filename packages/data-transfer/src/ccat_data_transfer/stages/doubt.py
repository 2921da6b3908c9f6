"""Doubting a copy that work could not read: it is verified where it is, which sets it aside if it is bad."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import insert, select

from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_data_transfer.planning.verifying import open_check
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.outcome import storable
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CallerKind, CheckReason, DoubtCause
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Doubt, PhysicalCopy


@contextmanager
def doubting(work: Attempt, copy_id: UUID) -> Iterator[None]:
    """Have the copy verified that the body reads, if the body fails for want of right bytes."""
    try:
        yield
    except Integrity as failure:
        have_it_verified(work, copy_id, failure)
        raise


def have_it_verified(work: Attempt, copy_id: UUID, why: Exception) -> None:
    """Doubt a copy, so that it counts no more, and have it read, unless it is known to be bad already.

    Who reads it is the site of the copy; a doubt of another site has to arrive there.
    """
    with contextlib.suppress(CopyNotReadableError), work.sessions.begin() as session:
        copy = session.execute(
            select(PhysicalCopy.site_id, PhysicalCopy.data_location_id, PhysicalCopy.size).where(
                PhysicalCopy.id == copy_id
            )
        ).one()
        kind = KINDS[work.lease.operation]
        site_id = session.execute(select(kind.table.site_id).where(kind.table.id == work.id)).scalar_one()
        session.execute(
            insert(Doubt).values(
                id=new_id(),
                site_id=site_id,
                physical_copy_id=copy_id,
                cause=DoubtCause.BYTES,
                work_table=kind.name,
                work_id=work.id,
                caller_kind=CallerKind.ENGINE,
                caller=work.lease.owner,
                created_at=database_now(session),
                reason=storable(str(why)),
            )
        )
        if site_id != copy.site_id:
            return
        open_check(
            session,
            copy_id,
            site_id=copy.site_id,
            data_location_id=copy.data_location_id,
            reason=CheckReason.REQUEST,
            priority=0,
            size=copy.size,
            at=database_now(session),
        )
