"""Stage 7, deleting: what the proof allows is removed at one location.

The decision is a transaction of its own: archives are asked, the rule is proved, the copies leave their
readable state. Only then bytes go. After a crash everything is proved anew.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.deletion.rule import (
    LIVING,
    ArchiveCopy,
    Candidate,
    Confirmation,
    NotProvenError,
    copies_of,
    prove,
    reliable_copies,
)
from ccat_data_transfer.evidence.identity import mark_of
from ccat_data_transfer.failures import Failure, Integrity
from ccat_data_transfer.movers.interface import Expected
from ccat_data_transfer.planning.topology import Obstacle
from ccat_data_transfer.stages.archiving import method_between
from ccat_data_transfer.stages.doubt import have_it_verified
from ccat_data_transfer.stages.looking import Seen, look_at
from ccat_data_transfer.stages.removing import Removed, remove_objects
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.lease import renew
from ccat_ops_db.database_time import database_now
from ccat_ops_db.deletions import deletion_has_begun, undelete
from ccat_ops_db.enumerations import ConfirmBy, PhysicalCopyStatus
from ccat_ops_db.events import record_event
from ccat_ops_db.models import Deletion, PhysicalCopy
from ccat_ops_db.waiting import WaitingReason

ASK_AGAIN_AFTER = 60.0
"""Seconds until a deletion that could not be proved is tried again."""


def delete_copies(work: Attempt) -> None:
    """Prove and remove one package's tar, or its files, at one location."""
    with work.sessions() as session:
        deletion = session.get_one(Deletion, work.id)
        candidate = Candidate(
            deletion.raw_data_package_id,
            deletion.data_location_id,
            deletion.kind,
            deletion.raw_data_file_id,
        )
        relied_on = reliable_copies(session, candidate, database_now(session))
    storage = work.storage(candidate.location_id)
    seen = look_at(work, storage, candidate)
    answers = [_confirm(work, copy) for copy in relied_on]
    confirmations = [answer for answer in answers if isinstance(answer, Confirmation)]
    crash_point("deleting.before_decision")
    try:
        decided = _decide(work, candidate, confirmations, seen)
    except NotProvenError as refusal:
        away = next((answer for answer in answers if isinstance(answer, Failure)), None)
        if away is not None:
            # Nothing speaks against it but that an archive cannot be asked.
            raise away from refusal
        _refrain(work, candidate, refusal.obstacle)
        return
    crash_point("deleting.after_decision")
    removed = remove_objects(work, storage, candidate, decided)
    crash_point("deleting.before_commit")
    gone = PhysicalCopy.id.in_([one.copy_id for one in decided])
    with work.finishing(gone) as session:
        _note_deleted(session, work, deletion, candidate, removed, gone)
    crash_point("deleting.after_commit")


def _confirm(work: Attempt, copy: ArchiveCopy) -> Confirmation | Failure | None:
    """Ask an archive for its copy now; None if it does not confirm it, a failure if it cannot be asked."""
    work.item_done()
    try:
        storage = work.storage(copy.location_id)
        if copy.how is ConfirmBy.FULL_READ or not _is_unchanged(storage, copy):
            work.world.mover(method_between(storage, storage)).verify(
                storage,
                copy.relative_path,
                Expected(copy.size, copy.checksum),
                work.moved,
            )
        storage.confirm_place()
    except Integrity as failure:
        # That is what sets a bad copy aside, and has it mended.
        have_it_verified(work, copy.copy_id, failure)
        return None
    except Failure as failure:
        return failure
    return Confirmation(copy.copy_id, work.now())


def _is_unchanged(storage: Storage, copy: ArchiveCopy) -> bool:
    """Tell whether a copy is the very object that was read and found right, so that it need not be read.

    Raises
    ------
    Integrity
        If it is gone, or was replaced or written to since.
    """
    proved = copy.identity and mark_of(copy.identity, storage)
    if not proved:
        return False
    found = storage.stat(copy.relative_path)
    if found is None or found.mark is None or not storage.is_same(proved, found.mark):
        raise Integrity(
            "copy_touched", f"{copy.location_id} has not what was verified", path=copy.relative_path
        )
    # Another owner moves the time of the last change; so does who writes and puts the other times back.
    return found.mark == proved


def _decide(
    work: Attempt, candidate: Candidate, confirmations: list[Confirmation], seen: Sequence[Seen]
) -> list[Seen]:
    """Decide that copies go, of those that were looked at, and return them: there is no way back."""
    looked_at = PhysicalCopy.id.in_([one.copy_id for one in seen])
    with work.sessions.begin() as session:
        prove(session, candidate, confirmations, database_now(session))
        # Locked are the copies, then the work: who was overtaken, or cancelled, decides nothing.
        renew(session, work.lease, timedelta(seconds=work.settings.lease))
        # A deletion that was cancelled and is retried begins with copies that were given back.
        for status, before in (
            (PhysicalCopyStatus.DELETION_SCHEDULED, LIVING),
            (PhysicalCopyStatus.DELETION_IN_PROGRESS, (PhysicalCopyStatus.DELETION_SCHEDULED,)),
        ):
            session.execute(
                update(PhysicalCopy)
                .where(*copies_of(candidate), looked_at, PhysicalCopy.status.in_(before))
                .values(status=status)
                .execution_options(synchronize_session=False)
            )
        going = select(PhysicalCopy.id).where(
            looked_at, PhysicalCopy.status == PhysicalCopyStatus.DELETION_IN_PROGRESS
        )
        decided = set(session.scalars(going))
    return [one for one in seen if one.copy_id in decided]


def _refrain(work: Attempt, candidate: Candidate, obstacle: Obstacle) -> None:
    """Do not delete: ask again later where only an archive was silent, or bytes are gone already."""
    with work.sessions() as session:
        at = database_now(session)
        begun = session.execute(deletion_has_begun(and_(*copies_of(candidate)))).scalar_one()
    if begun or obstacle.reason is WaitingReason.ARCHIVE_NOT_CONFIRMED:
        with work.handing_over(
            waiting_reason=obstacle.reason,
            waiting_detail=obstacle.detail,
            waiting_since=at,
            next_attempt_at=at + timedelta(seconds=ASK_AGAIN_AFTER),
        ):
            return
    # The copy is wanted again, perhaps as the last good one: it must be readable, and be judged anew.
    ours = and_(*copies_of(candidate))
    with work.finishing(ours, error_category="withdrawn", error_message=obstacle.detail) as session:
        session.execute(undelete(and_(*copies_of(candidate))))
        record_event(
            session,
            site_id=candidate.location_id.split(".", 1)[0],
            at=at,
            actor=work.lease.owner,
            action="deletion.withdrawn",
            subject_type="raw_data_package",
            subject_id=candidate.package_id,
            message=f"{candidate.kind} at {candidate.location_id} stays: {obstacle.detail}",
        )


def _note_deleted(
    session: Session,
    work: Attempt,
    deletion: Deletion,
    candidate: Candidate,
    removed: Removed,
    gone: ColumnElement[bool],
) -> None:
    at = database_now(session)
    session.execute(
        update(PhysicalCopy)
        .where(gone, PhysicalCopy.status == PhysicalCopyStatus.DELETION_IN_PROGRESS)
        .values(status=PhysicalCopyStatus.DELETED, deleted_at=at)
        .execution_options(synchronize_session=False)
    )
    record_event(
        session,
        site_id=deletion.site_id,
        at=at,
        actor=work.lease.owner,
        action="copy.deleted",
        subject_type="raw_data_package",
        subject_id=candidate.package_id,
        message=f"{removed} at {candidate.location_id}: {deletion.requested_by}, {deletion.reason}",
    )
