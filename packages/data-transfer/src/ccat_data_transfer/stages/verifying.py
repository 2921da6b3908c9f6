"""Stage 3, verifying: a copy is read, or asked for, where it is, and its state follows from what is found."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.evidence.decoys import read_decoys
from ccat_data_transfer.evidence.doubts import answer, doubt_place, one_at_a_time, open_doubts
from ccat_data_transfer.evidence.record import Reading, Watch, record, right, wrong
from ccat_data_transfer.evidence.suspicion import LAST_COPIES, WRONG_COPIES, wrong_for_the_first_time
from ccat_data_transfer.evidence.verdicts import FIRST_READINGS, is_verdict, was_wrong
from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.movers.interface import Expected, WrongCopyError
from ccat_data_transfer.planning.scrubbing import next_reading
from ccat_data_transfer.planning.tar_names import tars_at
from ccat_data_transfer.stages.archiving import method_between
from ccat_data_transfer.work.attempt import Attempt
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    CheckResult,
    DoubtCause,
    Finding,
    LocationType,
    PhysicalCopyStatus,
    Severity,
)
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import (
    DataLocation,
    FixityCheck,
    PhysicalCopy,
    RawDataPackage,
)


def verify_copy(work: Attempt) -> None:
    """Compare a copy with its package; what two processes found wrong stays, and counts no more."""
    with work.sessions() as session:
        check = session.get_one(FixityCheck, work.id)
        copy = session.get_one(PhysicalCopy, check.physical_copy_id)
        package = session.get_one(RawDataPackage, copy.raw_data_package_id)
        doubts = open_doubts(session, copy.id)
        location = DataLocation.__table__.c
        location_type, scrub_interval = session.execute(
            select(location.location_type, location.scrub_interval).where(
                location.id == copy.data_location_id
            )
        ).one()
    assert package.size is not None, "only sealed packages are verified"
    assert package.checksum is not None, "only sealed packages are verified"
    storage = work.storage(copy.data_location_id)
    decoys_right = read_decoys(work, storage, check.decoys) if check.decoys else None
    watch = Watch(work)
    try:
        report = work.world.mover(method_between(storage, storage)).verify(
            storage,
            copy.relative_path,
            Expected(package.size, package.checksum),
            work.moved,
        )
    except WrongCopyError as failure:
        span = watch.stop()
        # What is read at another place, or not found there, is nothing about the copy.
        storage.confirm_place()
        found = wrong(storage, failure)
        result = CheckResult.MISSING if found.finding is Finding.MISSING else CheckResult.CORRUPT
        crash_point("verifying.before_commit")
        of_package = and_(
            PhysicalCopy.raw_data_package_id == copy.raw_data_package_id, PhysicalCopy.site_id == copy.site_id
        )
        with work.finishing(of_package, result=result, decoys_right=decoys_right) as session:
            one_at_a_time(session, copy.data_location_id)
            known_to_be_bad = is_verdict(
                session,
                copy.id,
                copy.data_location_id,
                location_type,
                found,
                worker=work.lease.owner,
                begun_at=span.begun_at,
            )
            reading = record(session, work, copy.id, copy.site_id, found, span, reason=check.reason)
            if known_to_be_bad:
                answer(session, doubts, copy.site_id, work.lease.owner, verification_id=reading)
                _note_bad(session, work, copy, location_type, result, failure)
            else:
                # It counts no more until it was read once more.
                _warn(session, copy, failure.category, f"{failure}; it is read once more by another process")
                _doubt_the_place(session, work, copy, found)
    else:
        span = watch.stop()
        storage.confirm_place()
        crash_point("verifying.before_commit")
        with work.finishing(
            PhysicalCopy.id == copy.id,
            result=CheckResult.VERIFIED,
            checksum=report.checksum,
            decoys_right=decoys_right,
        ) as session:
            found = right(storage, report)
            differs = check.reason not in FIRST_READINGS and was_wrong(session, copy.id)
            reading = record(session, work, copy.id, copy.site_id, found, span, reason=check.reason)
            answer(session, doubts, copy.site_id, work.lease.owner, verification_id=reading)
            again = next_reading(copy.id, span.ended_at, timedelta(seconds=scrub_interval))
            is_archive = location_type is LocationType.LONG_TERM_ARCHIVE
            _note_good(session, work, copy, storage.marker_id, again if is_archive else None)
            if differs:
                # That speaks against machines, memory or storage.
                said = f"{copy.relative_path} was read wrong at {copy.data_location_id}, and then right"
                _warn(session, copy, "readings_differ", said)
    crash_point("verifying.after_commit")


def _note_good(
    session: Session,
    work: Attempt,
    copy: PhysicalCopy,
    marker_id: UUID | None,
    next_check_at: datetime | None,
) -> None:
    """Note that a copy is right, and when it is to be read again; null: it is in no archive."""
    at = database_now(session)
    session.execute(
        update(PhysicalCopy)
        .where(
            PhysicalCopy.id == copy.id,
            PhysicalCopy.status.in_(READABLE),
        )
        .values(
            status=PhysicalCopyStatus.VERIFIED,
            place_marker_id=marker_id,
            next_check_at=next_check_at,
        )
        .execution_options(synchronize_session=False)
    )
    assert copy.raw_data_package_id is not None, "a tar is of a package"
    # What was bad under an earlier name has its successor now.
    names = session.scalars(
        select(PhysicalCopy.id).where(
            *tars_at(copy.raw_data_package_id, copy.data_location_id),
            PhysicalCopy.generation <= copy.generation,
        )
    )
    for copy_id in names.all():
        resolve_errors(session, subject_type="physical_copy", subject_id=copy_id, at=at)
    # Verified again later, it is not archived again.
    archived = next_check_at is not None and copy.status is PhysicalCopyStatus.PRESENT
    record_event(
        session,
        site_id=copy.site_id,
        at=at,
        actor=work.lease.owner,
        action="package.archived" if archived else "copy.verified",
        subject_type="raw_data_package",
        subject_id=copy.raw_data_package_id,
        message=f"verified at {copy.data_location_id}",
    )


def _warn(session: Session, copy: PhysicalCopy, category: str, message: str) -> None:
    record_error(
        session,
        site_id=copy.site_id,
        at=database_now(session),
        severity=Severity.WARNING,
        category=category,
        subject_type="physical_copy",
        subject_id=copy.id,
        data_location_id=copy.data_location_id,
        message=message,
    )


def _note_bad(
    session: Session,
    work: Attempt,
    copy: PhysicalCopy,
    location_type: LocationType,
    result: CheckResult,
    failure: Integrity,
) -> None:
    at = database_now(session)
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.id == copy.id, PhysicalCopy.status.in_(READABLE))
        .values(status=PhysicalCopyStatus(result.value))
        .execution_options(synchronize_session=False)
    )
    if location_type is LocationType.LONG_TERM_ARCHIVE:
        # The archive needs it again: whatever buffer of the site still has it is to plan its way on anew.
        session.execute(
            update(PhysicalCopy)
            .where(
                PhysicalCopy.raw_data_package_id == copy.raw_data_package_id,
                PhysicalCopy.site_id == copy.site_id,
                PhysicalCopy.id != copy.id,
                # A deletion that was scheduled cannot be proved any more and will be taken back.
                PhysicalCopy.status.in_((*READABLE, PhysicalCopyStatus.DELETION_SCHEDULED)),
            )
            .values(onward_planned_at=None)
            .execution_options(synchronize_session=False)
        )
    record_error(
        session,
        site_id=copy.site_id,
        at=at,
        severity=Severity.CRITICAL,
        category=failure.category,
        subject_type="physical_copy",
        subject_id=copy.id,
        data_location_id=copy.data_location_id,
        message=str(failure),
    )
    record_event(
        session,
        site_id=copy.site_id,
        at=at,
        actor=work.lease.owner,
        action=f"copy.{result.value}",
        subject_type="raw_data_package",
        subject_id=copy.raw_data_package_id,
        message=f"{copy.data_location_id}: {failure}",
    )


def _doubt_the_place(session: Session, work: Attempt, copy: PhysicalCopy, found: Reading) -> None:
    """Doubt the place of a copy that was read wrong, if others there were, too."""
    if found.marker_id is None:
        return
    wrong_copies = wrong_for_the_first_time(session, copy.data_location_id, found.marker_id)
    if len(wrong_copies) < WRONG_COPIES:
        return
    doubt_place(
        session,
        copy.data_location_id,
        DoubtCause.READINGS,
        f"{len(wrong_copies)} of the last {LAST_COPIES} copies that were read there were right before, and"
        " were read wrong now",
        work.lease.owner,
        work=("fixity_check", work.id),
    )
