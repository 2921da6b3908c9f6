"""A night that needs somebody: the route is cut, the buffer fills, work was given up."""

from datetime import timedelta

from sqlalchemy import update

from ccat_dev_stack.pictures.green_night import SPACE, UNITS
from ccat_dev_stack.pictures.night import FILES, HOUR, INPUT, MINUTE, NOW, OUTPUT, TERA, Night
from ccat_ops_db.enumerations import ExecutionStatus, FailureClass, Severity, Status
from ccat_ops_db.events import record_error
from ccat_ops_db.models import DataLocation, LocationHealth, PackageCreation, RawDataPackage, RouteHealth

WAITING = 14
GIVEN_UP = 3


def fill(night: Night) -> None:
    """Add a night whose first hours were well."""
    for number in range(12):
        unit, module = UNITS[number % len(UNITS)]
        at = NOW - 30 * HOUR + number * HOUR
        night.archive(night.package(night.observe(unit, module, at, 42 * MINUTE), module, at + 45 * MINUTE))
    _cut_route(night)
    _given_up(night)
    _bad_file(night)
    _places(night)
    stuck = night.observe(*UNITS[2], NOW - 26 * HOUR, MINUTE, ExecutionStatus.RUNNING)
    night.file(stuck, UNITS[2][1], NOW - 25 * HOUR, None, FILES)


def _cut_route(night: Night) -> None:
    for number in range(WAITING):
        unit, module = UNITS[number % len(UNITS)]
        at = NOW - 15 * HOUR + number * HOUR
        package = night.package(night.observe(unit, module, at, 42 * MINUTE), module, at + 45 * MINUTE)
        night.send(
            package,
            NOW,
            status=Status.PENDING,
            created_at=package.at + MINUTE,
            started_at=None,
            finished_at=None,
            bytes_done=0,
            waiting_reason="route_circuit_open",
            waiting_detail="ccat-cologne failed 6 times in a row; next attempt at 07:51:00 UTC",
            waiting_since=NOW - 14 * HOUR if number < WAITING - 1 else package.at + MINUTE,
            next_attempt_at=NOW + 9 * MINUTE,
        )
    night.session.add(
        RouteHealth(
            data_transfer_route_id="ccat-cologne",
            site_id="ccat",
            consecutive_failures=6,
            open_until=NOW + 9 * MINUTE,
        )
    )
    record_error(
        night.session,
        site_id="ccat",
        at=NOW - 14 * HOUR,
        severity=Severity.ERROR,
        category="connection",
        subject_type="data_transfer_route",
        subject_id="ccat-cologne",
        message="s3.cologne.example.org: the connection timed out after 30 s, 6 times in a row",
    )


def _given_up(night: Night) -> None:
    for number in range(GIVEN_UP):
        at = NOW - (20 + number) * HOUR
        unit, module = UNITS[number]
        package = night.package(night.observe(unit, module, at, 42 * MINUTE), module, at + 45 * MINUTE)
        transfer = night.send(
            package,
            at + HOUR,
            status=Status.FAILED,
            attempt=5,
            bytes_done=package.size // 3,
            error_class=FailureClass.PERMANENT,
            error_category="access_denied",
            error_message="cologne.input-buffer: the credential cologne-input-buffer may not write here"
            " (AccessDenied)",
        )
        record_error(
            night.session,
            site_id="ccat",
            at=at + HOUR,
            severity=Severity.ERROR,
            category="access_denied",
            subject_type="data_transfer",
            subject_id=transfer.id,
            message=transfer.error_message or "",
            data_location_id=INPUT,
        )


def _bad_file(night: Night) -> None:
    unit, module = UNITS[1]
    at = NOW - 5 * HOUR
    execution = night.observe(unit, module, at, 42 * MINUTE)
    package = night.new_id(at + 45 * MINUTE)
    night.session.add(
        RawDataPackage(
            id=package,
            site_id="ccat",
            executed_obs_unit_id=execution,
            instrument_module_id=module,
            part_number=1,
            source_location_id="ccat.chai-raw-data",
            created_at=at + 45 * MINUTE,
            file_count=FILES,
            payload_bytes=FILES * 412_316_160,
            relative_path=f"{at:%Y/%m/%d}/{package}.tar",
        )
    )
    night.session.flush()
    night.file(execution, module, at, package, FILES)
    creation = night.work(
        PackageCreation,
        at + 45 * MINUTE,
        at + HOUR,
        FILES * 412_316_160,
        status=Status.FAILED,
        attempt=1,
        bytes_done=0,
        raw_data_package_id=package,
        source_location_id="ccat.chai-raw-data",
        destination_location_id=OUTPUT,
        error_class=FailureClass.PERMANENT,
        error_category="checksum_mismatch",
        error_message="chai-lfa-000003.fits: its bytes are not those that were filed (checksum differs)",
    )
    record_error(
        night.session,
        site_id="ccat",
        at=at + HOUR,
        severity=Severity.ERROR,
        category="checksum_mismatch",
        subject_type="package_creation",
        subject_id=creation.id,
        message=creation.error_message or "",
        data_location_id="ccat.chai-raw-data",
    )


def _places(night: Night) -> None:
    for location, (share, total) in (SPACE | {"ccat.output-buffer": (0.91, 200 * TERA)}).items():
        night.measure(location, share, total, growth=0.012 if location == OUTPUT else 0.0)
    night.session.execute(
        update(DataLocation)
        .where(DataLocation.id == "cologne.processing")
        .values(
            suspended_at=NOW - timedelta(days=2),
            suspended_by="a.operator (session)",
            suspended_reason="its disks are exchanged",
        )
    )
    night.session.add(
        LocationHealth(
            data_location_id="us.lta",
            site_id="us",
            consecutive_failures=0,
            suspect_since=NOW - 3 * HOUR,
            suspect_reason="12 of 20 copies were found wrong within 10 minutes",
        )
    )
    record_error(
        night.session,
        site_id="us",
        at=NOW - 3 * HOUR,
        severity=Severity.CRITICAL,
        category="location_suspect",
        subject_type="data_location",
        subject_id="us.lta",
        message="us.lta: 12 of 20 copies were found wrong within 10 minutes",
        data_location_id="us.lta",
    )
