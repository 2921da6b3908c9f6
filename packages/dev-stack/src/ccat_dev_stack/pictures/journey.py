"""How packages of an invented night travel: each step takes as long as its bytes need, until now."""

from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from ccat_data_transfer.package_metadata import load_story, obscore
from ccat_dev_stack.pictures.night import (
    ARCHIVE,
    ARCHIVE_US,
    HOUR,
    INPUT,
    INPUT_US,
    NOW,
    OUTPUT,
    SECOND,
    Night,
    worker,
    xxh3,
)
from ccat_dev_stack.pictures.observing import Part, add_files
from ccat_dev_stack.pictures.steps import Package, Span, add_copy, check, lock, step, time_for
from ccat_ops_db.enumerations import (
    CheckReason,
    CopyForm,
    CopyKind,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    LongTermArchiveTransfer,
    PackageCreation,
    RawDataPackage,
    RawDataPackageMetadata,
    RawDataPackagePhysicalCopy,
)
from ccat_ops_db.waiting import WaitingReason

PACKAGING, LINK, LINK_US, READING, WRITING = 420e6, 125e6, 140e6, 700e6, 350e6
"""Bytes a second of what a package needs on its way."""
GRACE = 24 * HOUR
"""How long files stay at their source after their package was archived."""


def carry(night: Night, part: Part, cut: datetime | None = None) -> Package:
    """Package a part and send it on as far as it has come; not over a route that was cut before."""
    package = pack(night, part)
    if package.output_copy is None:
        return package
    sending = _span(night, package.sealed_at, package.size, LINK, "ccat-cologne")
    if cut is not None and sending.ended > cut:
        hold_at_route(night, package)
        add_source(night, package, None)
        return package
    sending_on = _span(night, _archived_at(sending.ended, package.size), package.size, LINK_US, "cologne-us")
    done = _archived_at(sending_on.ended, package.size) + SECOND
    removal = Span(done, done + 3 * SECOND, done + 5 * SECOND)
    planned = sending.planned if sending.planned <= NOW else None
    removed = removal.ended if removal.ended <= NOW else None
    at_telescope = (OUTPUT, package.output_copy)
    add_copy(
        night, package, OUTPUT, package.sealed_at, None, planned, copy=package.output_copy, deleted=removed
    )
    arrived = send(night, package, sending, at_telescope, INPUT, "ccat-cologne")
    archived = _archive(night, package, arrived, INPUT, ARCHIVE) if arrived else None
    if archived is not None:
        there = send(night, package, sending_on, (ARCHIVE, archived), INPUT_US, "cologne-us")
        if there is not None:
            _archive(night, package, there, INPUT_US, ARCHIVE_US)
    if done <= NOW:
        _delete(night, package, OUTPUT, "output-buffer", removal, 2)
    add_source(night, package, done)
    return package


def _span(night: Night, ready: datetime, size: int, rate: float, route: str) -> Span:
    """Return when a package that is ready goes over a route, on which one goes after the other."""
    planned = ready + SECOND
    return Span(planned, *night.turn(route, planned + SECOND, timedelta(seconds=size / rate)))


def _archived_at(sent: datetime, size: int) -> datetime:
    """Return when a package that was sent is verified in the archive of its destination."""
    verified = sent + time_for(size, READING)
    return verified + 4 * SECOND + time_for(size, WRITING) + time_for(size, READING)


def pack(night: Night, part: Part, **creation: Any) -> Package:
    """Add a package with the work of making it; sealed if that is done."""
    size = part.payload + len(part.files) * 1024 + 20_480
    planned = part.formed_at
    seconds = timedelta(seconds=4 + size / PACKAGING)
    span = Span(planned, *night.turn("packaging", planned + 2 * SECOND, seconds))
    is_sealed = span.ended <= NOW and not creation
    identifier = night.new_id(planned)
    seal = f"sha256:{sha256(identifier.bytes).hexdigest()}"
    row = RawDataPackage(
        id=identifier,
        site_id="ccat",
        raw_data_series_id=part.series,
        first_number=part.files[0].number,
        last_number=part.files[-1].number,
        part_number=part.number,
        created_at=planned,
        file_count=len(part.files),
        payload_bytes=part.payload,
        relative_path=f"{planned:%Y/%m/%d}/{identifier}.tar",
    )
    if is_sealed:
        row.sealed_at, row.size, row.checksum = span.ended, size, xxh3(str(identifier))
        row.manifest_checksum = row.index_checksum = seal
    night.add([row])
    output_copy = night.new_id(span.ended) if is_sealed else None
    package = Package(identifier, part, size, span.ended, output_copy, row)
    night.tell(
        planned,
        "planner",
        "package.formed",
        package.id,
        f"{len(part.files)} files, {part.payload:,} bytes, part {part.number}",
    )
    step(
        night,
        PackageCreation,
        span,
        size,
        OUTPUT,
        raw_data_package_id=package.id,
        source_location_id=part.source,
        destination_location_id=OUTPUT,
        **creation,
    )
    if package.output_copy is None:
        add_files(night, part.series, part.files)
        for file in part.files:
            night.stay(part.source, file.size, file.filed_at)
        return package
    night.tell(
        span.ended, worker(OUTPUT), "package.sealed", package.id, f"{len(part.files)} files in {size:,} bytes"
    )
    return package


def add_source(night: Night, package: Package, archived: datetime | None) -> None:
    """Add the files of a sealed package at their source; they go a day after it was archived."""
    part, status, removed = package.part, PhysicalCopyStatus.VERIFIED, None
    if archived is not None and archived <= NOW:
        span = Span(archived, archived + GRACE, archived + GRACE + 6 * SECOND)
        is_gone = span.ended <= NOW
        status = PhysicalCopyStatus.DELETED if is_gone else PhysicalCopyStatus.DELETION_SCHEDULED
        removed = span.ended if is_gone else None
        _delete(night, package, part.source, "source", span, len(part.files))
    add_files(night, part.series, part.files, package.id)
    for file in part.files:
        night.stay(part.source, file.size, file.filed_at, removed)
    row = RawDataPackagePhysicalCopy(
        id=night.new_id(package.sealed_at),
        site_id="ccat",
        form=CopyForm.FILES,
        raw_data_package_id=package.id,
        data_location_id=part.source,
        relative_path=package.row.relative_path.removesuffix(".tar"),
        status=status,
        size=part.payload,
        created_at=package.sealed_at,
        deleted_at=removed,
    )
    night.add_read_copy(row, package.row.manifest_checksum, package.sealed_at)
    night.afterwards(partial(_describe, package.id))


def _describe(package: UUID, session: Session) -> None:
    described = obscore(load_story(session, package))
    session.add(RawDataPackageMetadata(raw_data_package_id=package, site_id="ccat", **described))


def _delete(night: Night, package: Package, location: str, policy: str, span: Span, objects: int) -> None:
    kind = CopyKind.RAW_DATA_PACKAGE
    grace_until = span.began if span.began - span.planned >= GRACE else span.planned
    waits = span.began > NOW
    night.tell(
        span.planned,
        f"policy {policy}",
        "deletion.scheduled",
        package.id,
        f"{kind} at {location}, {package.size:,} bytes, because when_archived",
    )
    step(
        night,
        Deletion,
        span,
        package.size,
        location,
        raw_data_package_id=package.id,
        data_location_id=location,
        kind=kind,
        requested_by=f"policy {policy}",
        reason="when_archived",
        grace_until=grace_until,
        next_attempt_at=grace_until,
        waiting_reason=WaitingReason.GRACE_PERIOD if waits else None,
        waiting_detail=f"can be cancelled until {grace_until:%F %H:%M:%S} UTC" if waits else None,
        waiting_since=span.planned if waits else None,
    )
    if span.ended <= NOW:
        night.tell(
            span.ended,
            worker(location),
            "copy.deleted",
            package.id,
            f"{objects} objects at {location}: policy {policy}, when_archived",
        )


def hold_at_route(night: Night, package: Package, **values: Any) -> DataTransfer:
    """Add the transfer of a package that cannot leave the telescope."""
    assert package.output_copy is not None, "only sealed packages travel"
    planned = package.sealed_at + SECOND
    add_copy(night, package, OUTPUT, package.sealed_at, None, planned, copy=package.output_copy)
    waiting = {"waiting_reason": WaitingReason.ROUTE_CIRCUIT_OPEN, "waiting_since": planned}
    row = night.work(
        DataTransfer,
        planned,
        site_id="ccat",
        bytes_total=package.size,
        **(waiting | values),
        **_route(package, (OUTPUT, package.output_copy), INPUT, "ccat-cologne"),
    )
    lock(night, package.output_copy, row, planned)
    _tell_of_plan(night, package, planned, OUTPUT, INPUT, "ccat-cologne")
    return row


def send(
    night: Night, package: Package, span: Span, source: tuple[str, UUID], to: str, route: str
) -> tuple[UUID, datetime] | None:
    """Send a package over a route; return its verified copy there and since when, if it got so far."""
    here, copy = source
    checked = Span(span.ended, span.ended + 2 * SECOND, span.ended + time_for(package.size, READING))
    if span.planned > NOW:
        return None
    _tell_of_plan(night, package, span.planned, here, to, route)
    values = _route(package, source, to, route) | {"sent_at": span.ended if span.ended <= NOW else None}
    if checked.ended <= NOW:
        values["finished_at"] = checked.ended + SECOND
    elif span.ended <= NOW:
        values |= {
            "status": Status.PENDING,
            "finished_at": None,
            "waiting_reason": WaitingReason.AWAITING_VERIFICATION,
            "waiting_detail": f"all bytes are at {to}",
            "waiting_since": span.ended,
        }
    row = step(night, DataTransfer, span, package.size, here, **values)
    if checked.ended > NOW:
        lock(night, copy, row, span.planned)
    if span.ended > NOW:
        return None
    night.tell(
        span.ended,
        worker(here),
        "transfer.sent",
        package.id,
        f"{here} to {to}, {package.size:,} of {package.size:,} bytes in this attempt",
        site=row.site_id,
    )
    onward = checked.ended + SECOND
    arrived = add_copy(night, package, to, span.ended, checked.ended, onward if onward <= NOW else None)
    done = check(night, package, arrived, to, checked, CheckReason.ARRIVAL, data_transfer_id=row.id)
    return (arrived, checked.ended) if done else None


def _archive(
    night: Night, package: Package, arrived: tuple[UUID, datetime], here: str, archive: str
) -> UUID | None:
    """Write a package that arrived into the archive; return its verified copy there, if it got so far."""
    copy, verified = arrived
    began = verified + 4 * SECOND
    span = Span(verified + SECOND, began, began + time_for(package.size, WRITING))
    if span.planned > NOW:
        return None
    row = step(
        night,
        LongTermArchiveTransfer,
        span,
        package.size,
        archive,
        raw_data_package_id=package.id,
        source_copy_id=copy,
        destination_location_id=archive,
        checksum=xxh3(str(package.id)) if span.ended <= NOW else None,
    )
    if span.ended > NOW:
        lock(night, copy, row, span.planned)
        return None
    text = f"{here} to {archive}, {package.size:,} bytes"
    night.tell(span.ended, worker(archive), "archive.written", package.id, text, site=row.site_id)
    checked = Span(span.ended, span.ended + 2 * SECOND, span.ended + time_for(package.size, READING))
    written = add_copy(night, package, archive, span.ended, checked.ended)
    done = check(night, package, written, archive, checked, CheckReason.ARRIVAL)
    return written if done else None


def _route(package: Package, source: tuple[str, UUID], to: str, route: str) -> dict[str, Any]:
    return {
        "raw_data_package_id": package.id,
        "source_copy_id": source[1],
        "source_location_id": source[0],
        "destination_location_id": to,
        "destination_path": package.path,
        "final_site_id": to.partition(".")[0],
        "data_transfer_route_id": route,
    }


def _tell_of_plan(night: Night, package: Package, at: datetime, here: str, to: str, route: str) -> None:
    site = to.partition(".")[0]
    text = f"{here} to {to} by route {route}, bound for {site}"
    night.tell(at, "planner", "transfer.planned", package.id, text, site=here.partition(".")[0])
