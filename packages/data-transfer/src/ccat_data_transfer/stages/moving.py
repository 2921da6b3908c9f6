"""Stage 2, moving: one package goes one hop, by the method of its route."""

from datetime import datetime, timedelta

import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccat_data_transfer.crash_points import crash_point
from ccat_data_transfer.movers.interface import Progress
from ccat_data_transfer.package_metadata import load_story, obscore
from ccat_data_transfer.planning.tar_names import TarName, bad_before, is_used
from ccat_data_transfer.stages.sending import Sending, send_tar
from ccat_data_transfer.stages.sidecars import metadata_document
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.throttle import RouteThrottle
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.events import record_event
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    DataTransferRoute,
    FixityCheck,
    PhysicalCopy,
    RawDataPackage,
)
from ccat_ops_db.waiting import WaitingReason


def send_package(work: Attempt) -> None:
    """Send the tar and its index; the transfer stays open until the receiver has verified them.

    Where other work has written a tar of that name meanwhile nothing is sent: the receiver judges that one.
    """
    with work.sessions() as session:
        transfer = session.get_one(DataTransfer, work.id)
        package = session.get_one(RawDataPackage, transfer.raw_data_package_id)
        route = session.get_one(DataTransferRoute, transfer.data_transfer_route_id)
        sending = _sending(session, transfer, package)
        is_written = is_used(session, sending.target_id, sending.name.path)
    report = None
    if not is_written:
        progress = throttled(work, route) if route.bytes_per_second else work.moved
        report = send_tar(work, sending, route.method, progress, lambda: crash_point("moving.before_send"))
    crash_point("moving.before_commit")
    at = _sending_time(work)
    waiting = {
        "waiting_reason": WaitingReason.AWAITING_VERIFICATION,
        "waiting_detail": f"all bytes are at {transfer.destination_location_id}",
        "waiting_since": at,
    }
    checksum = transfer.checksum if report is None else report.checksum
    with work.handing_over(sent_at=at, checksum=checksum, **waiting) as session:
        record_event(
            session,
            site_id=transfer.site_id,
            at=at,
            actor=work.lease.owner,
            action="transfer.sent",
            subject_type="raw_data_package",
            subject_id=package.id,
            message=f"{transfer.source_location_id} to {transfer.destination_location_id},"
            f" {report.sent_bytes if report else 0:,} of {package.size:,} bytes in this attempt",
        )
    crash_point("moving.after_commit")


def _sending(session: Session, transfer: DataTransfer, package: RawDataPackage) -> Sending:
    source_path = session.execute(
        select(PhysicalCopy.relative_path).where(PhysicalCopy.id == transfer.source_copy_id)
    ).scalar_one()
    bad = bad_before(session, package.id, transfer.destination_location_id, transfer.generation)
    return Sending(
        package,
        transfer.source_copy_id,
        transfer.source_location_id,
        source_path,
        transfer.destination_location_id,
        TarName(transfer.destination_path, transfer.generation, bad),
        _metadata(session, transfer),
    )


def _metadata(session: Session, transfer: DataTransfer) -> bytes | None:
    """Return what lies beside a package in an archive, if this hop leads straight into one."""
    location = DataLocation.__table__.c
    location_type = session.execute(
        select(location.location_type).where(location.id == transfer.destination_location_id)
    ).scalar_one()
    if location_type is not LocationType.LONG_TERM_ARCHIVE:
        return None
    return metadata_document(obscore(load_story(session, transfer.raw_data_package_id)))


def _sending_time(work: Attempt) -> datetime:
    """Return now, but after every verification of an earlier sending, even if time was set back since."""
    with work.sessions() as session:
        now = database_now(session)
        verified = session.execute(
            select(func.max(FixityCheck.created_at)).where(FixityCheck.data_transfer_id == work.id)
        ).scalar_one()
    return now if verified is None else max(now, verified + timedelta(microseconds=1))


def throttled(work: Attempt, route: DataTransferRoute) -> Progress:
    """Return a report of progress that also keeps to the route's speed limit."""
    assert route.bytes_per_second is not None, "only limited routes are throttled"
    throttle = RouteThrottle(
        redis.Redis.from_url(work.settings.broker_url.get_secret_value(), socket_timeout=3),
        route.id,
        route.bytes_per_second,
        route.concurrency,
        monotonic=work.clock.monotonic,
        pause=work.world.sleep,
    )

    def progress(count: int) -> None:
        work.moved(count)
        if count:
            throttle.let_through(count, lambda: work.moved(0))

    return progress
