"""Stage 3, verifying: a copy is read, or asked for, where it is, and its state follows from what is found."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.evidence.doubts import answer, open_doubts
from ccat_data_transfer.evidence.record import Watch, record, right, wrong
from ccat_data_transfer.failures import Integrity, Transient
from ccat_data_transfer.movers.interface import Expected, VerifyReport, WrongCopyError
from ccat_data_transfer.stages.archiving import method_between
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.outages import doubt_location
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import (
    CheckResult,
    LocationType,
    PhysicalCopyStatus,
    Severity,
    Status,
)
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import (
    DataLocation,
    FixityCheck,
    PhysicalCopy,
    RawDataPackage,
)
from ccat_ops_db.outages import DOUBT
from ccat_ops_db.waiting import WaitingReason, remedy_at
from ccat_ops_db.waiting_catalogue import CATALOGUE

SUSPICION_WINDOW = timedelta(minutes=10)
SUSPICION_FAILURES = 5
"""So many bad copies at one location within the window make the location suspect, not its copies."""


def verify_copy(work: Attempt) -> None:
    """Compare a copy with its package; set it aside if it is corrupt."""
    with work.sessions() as session:
        check = session.get_one(FixityCheck, work.id)
        copy = session.get_one(PhysicalCopy, check.physical_copy_id)
        package = session.get_one(RawDataPackage, copy.raw_data_package_id)
        doubts = open_doubts(session, copy.id)
        location = DataLocation.__table__.c
        location_type = session.execute(
            select(location.location_type).where(location.id == copy.data_location_id)
        ).scalar_one()
    assert package.size is not None, "only sealed packages are verified"
    assert package.checksum is not None, "only sealed packages are verified"
    storage = work.storage(copy.data_location_id)
    watch = Watch(work)
    try:
        report = work.world.mover(method_between(storage, storage)).verify(
            storage,
            copy.relative_path,
            Expected(package.size, package.checksum),
            check.method,
            work.moved,
        )
    except WrongCopyError as failure:
        span = watch.stop()
        # What is read at another place, or not found there, is nothing about the copy.
        storage.confirm_place()
        _refuse_to_believe_a_sick_place(work, check, failure)
        result = CheckResult.MISSING if failure.category == "copy_missing" else CheckResult.CORRUPT
        if result is CheckResult.CORRUPT:
            storage.set_aside(copy.relative_path, str(work.id))
        crash_point("verifying.before_commit")
        of_package = and_(
            PhysicalCopy.raw_data_package_id == copy.raw_data_package_id, PhysicalCopy.site_id == copy.site_id
        )
        with work.finishing(of_package, result=result) as session:
            found = wrong(storage, failure)
            record(session, work, copy.id, copy.site_id, found, span, reason=check.reason)
            answer(session, doubts, copy.site_id, check.id)
            _note_bad(session, work, copy, location_type, result, failure)
    else:
        span = watch.stop()
        storage.confirm_place()
        crash_point("verifying.before_commit")
        with work.finishing(
            PhysicalCopy.id == copy.id, result=CheckResult.VERIFIED, checksum=report.checksum
        ) as session:
            found = right(storage, report)
            record(session, work, copy.id, copy.site_id, found, span, reason=check.reason)
            answer(session, doubts, copy.site_id, check.id)
            _note_good(session, work, copy, location_type, report, storage.marker_id)
    crash_point("verifying.after_commit")


def _note_good(
    session: Session,
    work: Attempt,
    copy: PhysicalCopy,
    location_type: LocationType,
    report: VerifyReport,
    marker_id: UUID | None,
) -> None:
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
        )
        .execution_options(synchronize_session=False)
    )
    resolve_errors(session, subject_type="physical_copy", subject_id=copy.id, at=at)
    # Verified again later, it is not archived again.
    archived = location_type is LocationType.LONG_TERM_ARCHIVE and copy.status is PhysicalCopyStatus.PRESENT
    record_event(
        session,
        site_id=copy.site_id,
        at=at,
        actor=work.lease.owner,
        action="package.archived" if archived else "copy.verified",
        subject_type="raw_data_package",
        subject_id=copy.raw_data_package_id,
        message=f"verified at {copy.data_location_id} by {report.method.replace('_', ' ')}",
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


def _refuse_to_believe_a_sick_place(work: Attempt, check: FixityCheck, failure: Integrity) -> None:
    """Doubt the location, not its copies, when many of them fail at once.

    Raises
    ------
    Transient
        If the location is in doubt (now or before). No copy changes then.
    """
    with work.sessions.begin() as session:
        at = database_now(session)
        bad = _recent_bad_results(session, check.data_location_id, at)
        if bad + 1 < SUSPICION_FAILURES:
            return
        minutes = SUSPICION_WINDOW // timedelta(minutes=1)
        reason = (
            f"{bad} copies were corrupt or missing within {minutes} min, and then one more;"
            f" the latest: {failure}"
        )
        doubt_location(session, check.data_location_id, reason, at)
        record_error(
            session,
            site_id=check.site_id,
            at=at,
            severity=Severity.CRITICAL,
            category=DOUBT,
            subject_type="data_location",
            subject_id=check.data_location_id,
            data_location_id=check.data_location_id,
            message=f"{check.data_location_id} is in doubt: {reason}. {_remedy(check.data_location_id)}",
        )
    raise Transient(
        DOUBT,
        f"{check.data_location_id} is in doubt: {reason}. {_remedy(check.data_location_id)}",
    )


def _remedy(location: str) -> str:
    return remedy_at(CATALOGUE[WaitingReason.LOCATION_SUSPECT].remedy, location)


def _recent_bad_results(session: Session, location_id: str, at: datetime) -> int:
    statement = (
        select(func.count())
        .select_from(FixityCheck)
        .where(
            FixityCheck.data_location_id == location_id,
            FixityCheck.status == Status.COMPLETED,
            FixityCheck.result != CheckResult.VERIFIED,
            FixityCheck.finished_at > at - SUSPICION_WINDOW,
        )
    )
    return session.execute(statement).scalar_one()
