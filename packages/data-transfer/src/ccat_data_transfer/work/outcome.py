"""What follows when work fails: it waits for what it needs, is tried again, or put aside for a person."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import String, cast, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.failures import ONE_KEY, Failure, Scope
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.kinds import KINDS, columns_of_way
from ccat_data_transfer.work.lease import Lease, release
from ccat_data_transfer.work.outages import Thing, end_outages, note_failure, open_things
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import FailureClass, OutageScope, Severity, Status
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.models import DataTransfer, ErrorRecord, S3DataLocation
from ccat_ops_db.own_rows import own_rows
from ccat_ops_db.waiting import WaitingReason

GIVEN_UP_AT_ONCE = (FailureClass.CONFIGURATION, FailureClass.PERMANENT)
PASSING = (FailureClass.TRANSIENT, FailureClass.RESOURCE)
SEVERITIES = {
    FailureClass.TRANSIENT: Severity.WARNING,
    FailureClass.RESOURCE: Severity.WARNING,
    FailureClass.INTEGRITY: Severity.CRITICAL,
    FailureClass.CONFIGURATION: Severity.ERROR,
    FailureClass.PERMANENT: Severity.ERROR,
}
ALARM_AFTER = 8
"""Interruptions in a row after which a warning becomes an error: some 20 minutes with the usual back-off."""


@dataclass(frozen=True)
class Used:
    """What a row of work uses.

    Attributes
    ----------
    site_id : str
        Its owner, whose workers do it.
    at : str
        Location whose workers do it.
    source, to : str or None
        Where it reads and writes.
    route : str or None
        Its route.
    """

    site_id: str
    at: str
    source: str | None
    to: str | None
    route: str | None

    @property
    def locations(self) -> list[str]:
        """Every location."""
        return [place for place in (self.at, self.source, self.to) if place is not None]

    def is_own(self, location: str) -> bool:
        """Return whether work that waits for a location is held back by it, and its site closes it."""
        return location in self.locations and location.partition(".")[0] == self.site_id


def used_by(session: Session, lease: Lease) -> Used:
    """Return what leased work uses."""
    kind = KINDS[lease.operation]
    statement = select(kind.table.site_id, *columns_of_way(kind)).where(kind.table.id == lease.work_id)
    return Used(*session.execute(statement).one())


def closed_place(used: Used, failure: Failure, credentials: Collection[str | None]) -> str | None:
    """Return the place that a failure closes for the worker that met it, if it does.

    A place of another site is that site's to close; what is sent there waits as for its route.

    Parameters
    ----------
    used : Used
        What the work uses.
    failure : Failure
        How it failed.
    credentials : collection of str
        Those of the places that it uses.
    """
    unknown = failure.scope is Scope.CREDENTIAL and failure.credential not in credentials
    if failure.scope is not Scope.PLACE and not unknown:
        return None
    location = failure.location_id or used.to or used.at
    return location if used.is_own(location) else None


def credentials_of(session: Session, used: Used) -> list[str | None]:
    """Return the names of the credentials of the places that work uses."""
    store = S3DataLocation.__table__.c
    return sorted(set(session.scalars(select(store.credential).where(store.id.in_(used.locations)))))


def fail(
    session: Session,
    lease: Lease,
    failure: Failure,
    settings: DataTransferSettings,
    random: Random,
    **reached: int,
) -> None:
    """Write down a failure and what follows from its scope and class, in the caller's transaction.

    What belongs to something else than the work costs it no attempt: where that is closed now, the work waits
    for it and not for a time of its own. A place is closed for its worker by `WorkerPlaces.close`.
    What the attempt ``reached`` are columns of the row.

    Raises
    ------
    LeaseLostError
        If the lease does not hold any more; then the row belongs to somebody else.
    """
    kind, at = KINDS[lease.operation], database_now(session)
    row = session.execute(
        select(kind.table.attempt, kind.table.interruptions).where(kind.table.id == lease.work_id)
    ).one()
    used, message = used_by(session, lease), storable(str(failure))
    waits_for = _note_at_its_scope(session, used, failure, message, settings, at)
    passing = (
        waits_for is not None
        or failure.scope is not Scope.WORK
        or failure.failure_class in PASSING
        or failure.category == ONE_KEY
    )
    attempt = row.attempt if passing else row.attempt + 1
    interruptions = row.interruptions + 1 if passing else 0
    given_up = not passing and (failure.failure_class in GIVEN_UP_AT_ONCE or attempt >= settings.max_attempts)
    pause = back_off(interruptions if passing else attempt, settings, random)
    waits = None if given_up or waits_for else at + timedelta(seconds=pause)
    release(
        session,
        lease,
        Status.FAILED if given_up else Status.PENDING,
        attempt=attempt,
        interruptions=interruptions,
        next_attempt_at=waits,
        finished_at=at if given_up else None,
        error_class=failure.failure_class,
        error_category=failure.category,
        error_message=message,
        waiting_reason=waits_for or _reason(failure, given_up),
        waiting_detail=message,
        waiting_since=at,
        **reached,
    )
    if waits_for is None:
        record_error(
            session,
            site_id=used.site_id,
            at=at,
            severity=severity_of(failure.failure_class, interruptions),
            category=failure.category,
            subject_type=kind.name,
            subject_id=lease.work_id,
            data_location_id=used.at,
            message=message,
        )
    if waits_for is not None and used.route is not None:
        _end_errors_of_work(session, used.route, failure.category, at)
    if given_up:
        record_event(
            session,
            site_id=used.site_id,
            at=at,
            actor=lease.owner,
            action=f"{lease.operation}.given_up",
            subject_type=kind.name,
            subject_id=lease.work_id,
            message=message,
        )


def _end_errors_of_work(session: Session, route: str, category: str, at: datetime) -> None:
    """End the errors that transfers had before their route was closed: they go on as that of the route."""
    waiting = select(cast(DataTransfer.id, String)).where(
        DataTransfer.data_transfer_route_id == route, DataTransfer.status == Status.PENDING
    )
    # What another transaction has in hand, it ends or counts itself.
    errors = session.scalars(
        select(ErrorRecord.id)
        .where(
            own_rows(ErrorRecord.site_id),
            ErrorRecord.category == category,
            ErrorRecord.subject_id.in_(waiting),
            ErrorRecord.resolved_at.is_(None),
        )
        .order_by(ErrorRecord.id)
        .with_for_update(skip_locked=True)
    ).all()
    session.execute(update(ErrorRecord).where(ErrorRecord.id.in_(errors)).values(resolved_at=at))


def hand_back(session: Session, lease: Lease, **reached: int) -> None:
    """Give a row back, with what the attempt came to, to be taken up again at once."""
    release(session, lease, Status.PENDING, next_attempt_at=None, **reached)


def back_off(failures: int, settings: DataTransferSettings, random: Random) -> float:
    """Return how long to wait after some failures in a row, seconds: doubling, capped, with jitter."""
    longest = min(settings.back_off_limit, settings.back_off_base * 2.0 ** min(failures - 1, 30))
    return longest * random.uniform(0.5, 1.0)


def severity_of(failure_class: FailureClass, interruptions: int) -> Severity:
    """Return how bad a failure is: one that does not pass becomes an alarm after a time."""
    severity = SEVERITIES[failure_class]
    return Severity.ERROR if severity is Severity.WARNING and interruptions >= ALARM_AFTER else severity


def storable(message: str) -> str:
    """Return a message as the database can keep it: names of files may have any bytes."""
    return message.encode(errors="backslashreplace").decode().replace("\0", "\\0")


def note_success(session: Session, lease: Lease, at: datetime) -> None:
    """End the outages of what the work used, as its site sees them."""
    table = KINDS[lease.operation].table
    failing = open_things(session, select(table.site_id).where(table.id == lease.work_id).scalar_subquery())
    if not failing:
        return
    used = used_by(session, lease)
    worked = {Thing(used.site_id, OutageScope.LOCATION, location) for location in used.locations}
    worked |= {
        Thing(used.site_id, OutageScope.CREDENTIAL, name) for name in credentials_of(session, used) if name
    }
    if used.route is not None:
        worked.add(Thing(used.site_id, OutageScope.ROUTE, used.route))
    if failing & worked:
        end_outages(session, sorted(failing & worked, key=repr), at)


def _reason(failure: Failure, given_up: bool) -> WaitingReason:
    if given_up:
        return WaitingReason.GIVEN_UP
    if failure.category in ("no_space", "quota_exceeded"):
        return WaitingReason.NO_SPACE_AT_DESTINATION
    return WaitingReason.BACK_OFF


def _note_at_its_scope(
    session: Session,
    used: Used,
    failure: Failure,
    message: str,
    settings: DataTransferSettings,
    at: datetime,
) -> WaitingReason | None:
    """Count a failure where it belongs; return for what the work waits, if that is closed now."""
    if failure.scope is Scope.WORK:
        return None
    credentials = credentials_of(session, used) if failure.scope is Scope.CREDENTIAL else []
    if closed_place(used, failure, credentials) is not None:
        return WaitingReason.LOCATION_CIRCUIT_OPEN
    closes_after, reason = settings.circuit_failures, WaitingReason.LOCATION_CIRCUIT_OPEN
    if failure.credential is not None and failure.credential in credentials:
        thing, closes_after = Thing(used.site_id, OutageScope.CREDENTIAL, failure.credential), 1
    elif used.route is not None:
        thing, reason = Thing(used.site_id, OutageScope.ROUTE, used.route), WaitingReason.ROUTE_CIRCUIT_OPEN
    else:
        location = failure.location_id or used.at
        if not used.is_own(location):
            return None
        thing = Thing(used.site_id, OutageScope.LOCATION, location)
    closed = note_failure(session, thing, failure.category, message, at, closes_after)
    return reason if closed else None
