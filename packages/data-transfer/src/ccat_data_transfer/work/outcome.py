"""What follows when work fails: tried again, kept until the condition passes, or put aside for a person."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Row, case, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ccat_data_transfer.failures import Failure, PlaceUnavailable
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.lease import Lease, release
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import FailureClass, Severity, Status
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.models import DataTransfer, LocationHealth, RouteHealth
from ccat_ops_db.waiting import WaitingReason

GIVEN_UP_AT_ONCE = (FailureClass.CONFIGURATION, FailureClass.PERMANENT)
SEVERITIES = {
    FailureClass.TRANSIENT: Severity.WARNING,
    FailureClass.RESOURCE: Severity.WARNING,
    FailureClass.INTEGRITY: Severity.CRITICAL,
    FailureClass.CONFIGURATION: Severity.ERROR,
    FailureClass.PERMANENT: Severity.ERROR,
}
ALARM_AFTER = 8
"""Interruptions in a row after which a warning becomes an error: some 20 minutes with the usual back-off."""

NOT_OF_THE_PLACE = ("database_unavailable", "database_busy", "location_suspect", "being_written")
"""Passing failures that say nothing about the route or location, so that no circuit counts them."""

RECORDED_OF_THE_LOCATION = "location_suspect"
"""A failure that is recorded once as an error of its location, not of each piece of work there too."""


def fail(
    session: Session, lease: Lease, failure: Failure, settings: DataTransferSettings, random: Random
) -> None:
    """Write down a failure and what follows from its class, in the caller's transaction.

    Connections that were lost and conditions that do not hold yet never use up attempts.

    Raises
    ------
    LeaseLostError
        If the lease does not hold any more; then the row belongs to somebody else.
    """
    kind, at = KINDS[lease.operation], database_now(session)
    row = session.execute(
        select(
            kind.table.attempt,
            kind.table.interruptions,
            kind.table.site_id,
            getattr(kind.table, kind.location).label("location"),
        ).where(kind.table.id == lease.work_id)
    ).one()
    passing = failure.failure_class in (FailureClass.TRANSIENT, FailureClass.RESOURCE)
    attempt = row.attempt if passing else row.attempt + 1
    interruptions = row.interruptions + 1 if passing else 0
    given_up = failure.failure_class in GIVEN_UP_AT_ONCE or attempt >= settings.max_attempts
    pause = back_off(interruptions if passing else attempt, settings, random)
    next_attempt_at = at + timedelta(seconds=pause)
    message = storable(str(failure))
    release(
        session,
        lease,
        Status.FAILED if given_up else Status.PENDING,
        attempt=attempt,
        interruptions=interruptions,
        next_attempt_at=None if given_up else next_attempt_at,
        finished_at=at if given_up else None,
        error_class=failure.failure_class,
        error_category=failure.category,
        error_message=message,
        waiting_reason=_reason(failure, given_up),
        waiting_detail=message,
        waiting_since=at,
    )
    if failure.category != RECORDED_OF_THE_LOCATION:
        record_error(
            session,
            site_id=row.site_id,
            at=at,
            severity=severity_of(failure.failure_class, interruptions),
            category=failure.category,
            subject_type=kind.name,
            subject_id=lease.work_id,
            data_location_id=row.location,
            message=message,
        )
    if given_up:
        record_event(
            session,
            site_id=row.site_id,
            at=at,
            actor=lease.owner,
            action=f"{lease.operation}.given_up",
            subject_type=kind.name,
            subject_id=lease.work_id,
            message=message,
        )
    if failure.failure_class is FailureClass.TRANSIENT and failure.category not in NOT_OF_THE_PLACE:
        _count_failure(session, lease, row, failure, settings, at)


def hand_back(session: Session, lease: Lease) -> None:
    """Give a row back untouched, to be taken up again at once."""
    release(session, lease, Status.PENDING, next_attempt_at=None)


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


def note_success(session: Session, lease: Lease) -> None:
    """Close the circuits of the locations and the route that the work used, as far as they are its site's."""
    kind = KINDS[lease.operation]
    used = [getattr(kind.table, name) for name in (kind.location, kind.writes) if name is not None]
    session.execute(
        update(LocationHealth)
        .where(
            LocationHealth.data_location_id.in_(used),
            kind.table.id == lease.work_id,
            LocationHealth.site_id == kind.table.site_id,
            LocationHealth.consecutive_failures > 0,
        )
        .values(consecutive_failures=0, open_until=None)
        .execution_options(synchronize_session=False)
    )
    if kind.table is DataTransfer:
        route = select(DataTransfer.data_transfer_route_id).where(DataTransfer.id == lease.work_id)
        session.execute(
            update(RouteHealth)
            .where(
                RouteHealth.data_transfer_route_id == route.scalar_subquery(),
                RouteHealth.consecutive_failures > 0,
            )
            .values(consecutive_failures=0, open_until=None)
        )


def _reason(failure: Failure, given_up: bool) -> WaitingReason:
    if given_up:
        return WaitingReason.GIVEN_UP
    if failure.category in ("no_space", "quota_exceeded"):
        return WaitingReason.NO_SPACE_AT_DESTINATION
    return WaitingReason.BACK_OFF


def _count_failure(
    session: Session,
    lease: Lease,
    row: Row[*tuple[Any, ...]],
    failure: Failure,
    settings: DataTransferSettings,
    at: datetime,
) -> None:
    """Count towards the circuit breaker of the route, or of the location where no route is used.

    A place that is not there is counted itself; if it is of another site, that site finds out.
    """
    location = failure.location_id if isinstance(failure, PlaceUnavailable) else row.location
    if location.partition(".")[0] != row.site_id:
        return
    rest_until = at + timedelta(seconds=settings.circuit_rest)
    if KINDS[lease.operation].table is DataTransfer and not isinstance(failure, PlaceUnavailable):
        route = session.execute(
            select(DataTransfer.data_transfer_route_id).where(DataTransfer.id == lease.work_id)
        ).scalar_one()
        counted = insert(RouteHealth).values(
            data_transfer_route_id=route, site_id=row.site_id, consecutive_failures=1
        )
        health: type[RouteHealth] | type[LocationHealth] = RouteHealth
        key = "data_transfer_route_id"
    else:
        counted = insert(LocationHealth).values(
            data_location_id=location, site_id=row.site_id, consecutive_failures=1
        )
        health = LocationHealth
        key = "data_location_id"
    failures = health.consecutive_failures + 1
    session.execute(
        counted.on_conflict_do_update(
            index_elements=[key, "site_id"],
            set_={
                "consecutive_failures": failures,
                "open_until": case(
                    (failures >= settings.circuit_failures, rest_until), else_=health.open_until
                ),
            },
        )
    )
