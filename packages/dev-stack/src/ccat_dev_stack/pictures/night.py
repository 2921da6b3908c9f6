"""What every invented night is made of: observations whose packages are somewhere on their way."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import (
    CheckReason,
    CheckResult,
    CopyKind,
    ExecutionStatus,
    PhysicalCopyStatus,
    Status,
    VerificationMethod,
)
from ccat_ops_db.events import record_event
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    FixityCheck,
    LocationUsage,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    RawDataFile,
    RawDataFilePhysicalCopy,
    RawDataPackage,
    RawDataPackagePhysicalCopy,
)

NOW = datetime(2026, 3, 14, 7, 42, 18, tzinfo=UTC)
"""The moment of all pictures: 04:42 at the telescope."""
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FILE_BYTES = 412_316_160
FILES = 8
OUTPUT, INPUT = "ccat.output-buffer", "cologne.input-buffer"
ARCHIVES = ("cologne.lta", "us.lta")
SOURCES = {"chai": "ccat.chai-raw-data", "prime-cam": "ccat.primecam-raw-data"}
TERA = 1_000_000_000_000


_Kind = TypeVar("_Kind")


@dataclass(frozen=True)
class Packaged:
    """A package of a night, with what its work refers to."""

    id: UUID
    execution: UUID
    source: str
    size: int
    at: datetime
    """When it was sealed."""
    output_copy: UUID


@dataclass
class Night:
    """Adds the rows of a night; ids are the same in each run.

    Parameters
    ----------
    session : Session
        On a database with the observatory's configuration.
    """

    session: Session
    _numbers: int = field(default=0)

    def new_id(self, at: datetime) -> UUID:
        """Return the next UUIDv7, of a moment."""
        self._numbers += 1
        digest = int.from_bytes(sha256(str(self._numbers).encode()).digest()[:10])
        milliseconds = int(at.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 7 << 76 | (digest >> 4 & 0xFFF) << 64 | 2 << 62 | digest >> 18)

    def observe(
        self,
        obs_unit: str,
        module: str,
        began: datetime,
        length: timedelta,
        status: ExecutionStatus = ExecutionStatus.COMPLETED,
    ) -> UUID:
        """Add an observation by one module."""
        identifier = self.new_id(began)
        is_over = status is not ExecutionStatus.RUNNING
        self._add(
            ExecutedObsUnit(
                id=identifier,
                site_id="ccat",
                obs_unit_id=obs_unit,
                status=status,
                started_at=began,
                start_received_at=began,
                ended_at=began + length if is_over else None,
                end_received_at=began + length if is_over else None,
                mean_pwv=0.42 if is_over else None,
                elevation_min=51.2 if is_over else None,
                elevation_max=63.8 if is_over else None,
            ),
            ExecutedObsUnitModule(
                executed_obs_unit_id=identifier, instrument_module_id=module, site_id="ccat"
            ),
        )
        self.tell(began, "instrument", "execution.started", identifier, f"{obs_unit} started with {module}")
        if is_over:
            self.tell(
                began + length, "instrument", "execution.finished", identifier, f"{obs_unit} ended: {status}"
            )
        return identifier

    def file(
        self, execution: UUID, module: str, at: datetime, package: UUID | None, files: int
    ) -> list[UUID]:
        """Add the files of an observation, with their copies at the source unless they are packaged."""
        source = _source_of(module)
        made = []
        for number in range(1, files + 1):
            identifier = self.new_id(at)
            made.append(identifier)
            path = f"{at:%Y-%m-%d}/{execution}/{module}-{number:06d}.fits"
            self._add(
                RawDataFile(
                    id=identifier,
                    site_id="ccat",
                    executed_obs_unit_id=execution,
                    instrument_module_id=module,
                    relative_path=path,
                    size=FILE_BYTES,
                    checksum=_checksum(path),
                    file_type="fits",
                    source_location_id=source,
                    filed_at=at + number * timedelta(seconds=30),
                    raw_data_package_id=package,
                    member_offset=None if package is None else 1536 + (number - 1) * (FILE_BYTES + 1024),
                    member_checksum=None
                    if package is None
                    else f"sha256:{sha256(path.encode()).hexdigest()}",
                    member_modified_ns=None if package is None else int(at.timestamp() * 1e9),
                ),
                RawDataFilePhysicalCopy(
                    id=self.new_id(at),
                    site_id="ccat",
                    raw_data_file_id=identifier,
                    data_location_id=source,
                    relative_path=path,
                    status=PhysicalCopyStatus.PRESENT,
                    size=FILE_BYTES,
                    created_at=at,
                ),
            )
        return made

    def package(self, execution: UUID, module: str, at: datetime) -> Packaged:
        """Add a sealed package at the telescope's buffer."""
        identifier, source = self.new_id(at), _source_of(module)
        size = FILES * (FILE_BYTES + 1024) + 20_480
        self._add(
            RawDataPackage(
                id=identifier,
                site_id="ccat",
                executed_obs_unit_id=execution,
                instrument_module_id=module,
                part_number=1,
                source_location_id=source,
                created_at=at,
                file_count=FILES,
                payload_bytes=FILES * FILE_BYTES,
                relative_path=f"{at:%Y/%m/%d}/{identifier}.tar",
                sealed_at=at + MINUTE,
                size=size,
                checksum=_checksum(str(identifier)),
                manifest_checksum=f"sha256:{sha256(identifier.bytes).hexdigest()}",
                index_checksum=f"sha256:{sha256(identifier.bytes).hexdigest()}",
            )
        )
        self.file(execution, module, at - 5 * MINUTE, identifier, FILES)
        sealed = at + MINUTE
        self.work(
            PackageCreation,
            at,
            sealed,
            size,
            raw_data_package_id=identifier,
            source_location_id=source,
            destination_location_id=OUTPUT,
        )
        self.tell(sealed, "worker", "package.sealed", identifier, f"{FILES} files in {size:,} bytes")
        copy = self.copy(identifier, OUTPUT, sealed, size)
        return Packaged(identifier, execution, source, size, sealed, copy)

    def archive(self, package: Packaged, *, remove: bool = True) -> None:
        """Send a package over, archive it twice, and remove it at the telescope."""
        sent, size = package.at + 4 * MINUTE, package.size
        self.send(package, sent)
        arrived = self.copy(package.id, INPUT, sent, size)
        self.check(arrived, INPUT, sent + MINUTE, size)
        for number, archive in enumerate(ARCHIVES):
            at = sent + (3 + 5 * number) * MINUTE
            self.work(
                LongTermArchiveTransfer,
                at,
                at + 2 * MINUTE,
                size,
                site_id=archive.partition(".")[0],
                raw_data_package_id=package.id,
                source_copy_id=arrived,
                destination_location_id=archive,
            )
            self.tell(at, "worker", "archive.written", package.id, f"{INPUT} to {archive}, {size:,} bytes")
            self.check(self.copy(package.id, archive, at, size), archive, at + 3 * MINUTE, size)
            self.tell(
                at + 3 * MINUTE,
                "worker",
                "package.archived",
                package.id,
                f"verified at {archive} by full_read",
            )
        if remove:
            self._remove(package, sent + 20 * MINUTE)

    def send(self, package: Packaged, at: datetime, **values: Any) -> DataTransfer:
        """Add a transfer to Cologne; completed unless the values say otherwise."""
        return self.work(
            DataTransfer,
            at - 3 * MINUTE,
            at,
            package.size,
            raw_data_package_id=package.id,
            source_copy_id=package.output_copy,
            source_location_id=OUTPUT,
            destination_location_id=INPUT,
            final_site_id="cologne",
            data_transfer_route_id="ccat-cologne",
            **values,
        )

    def check(self, copy: UUID, location: str, at: datetime, size: int) -> None:
        """Add a check of a copy that found it right."""
        self.work(
            FixityCheck,
            at - MINUTE,
            at,
            size,
            site_id=location.partition(".")[0],
            physical_copy_id=copy,
            data_location_id=location,
            reason=CheckReason.ARRIVAL,
            method=VerificationMethod.FULL_READ,
            result=CheckResult.VERIFIED,
            checksum=_checksum(str(copy)),
        )

    def copy(
        self,
        package: UUID,
        location: str,
        at: datetime,
        size: int,
        status: PhysicalCopyStatus = PhysicalCopyStatus.VERIFIED,
        **values: Any,
    ) -> UUID:
        """Add a copy of a package."""
        identifier = self.new_id(at)
        self._add(
            RawDataPackagePhysicalCopy(
                id=identifier,
                site_id=location.partition(".")[0],
                raw_data_package_id=package,
                data_location_id=location,
                relative_path=f"{at:%Y/%m/%d}/{package}.tar",
                status=status,
                size=size,
                created_at=at,
                checksum=_checksum(str(package)),
                verified_at=at + MINUTE,
                verified_by=VerificationMethod.FULL_READ,
                onward_planned_at=at + MINUTE,
                **values,
            )
        )
        return identifier

    def work(self, kind: type[_Kind], /, began: datetime, ended: datetime, size: int, **values: Any) -> _Kind:
        """Add a piece of work; completed unless the values say otherwise."""
        common: dict[str, Any] = {
            "id": self.new_id(began),
            "site_id": "ccat",
            "status": Status.COMPLETED,
            "created_at": began,
            "started_at": began + timedelta(seconds=20),
            "finished_at": ended,
            "bytes_done": size,
            "bytes_total": size,
            "attempt": 0,
        }
        row = kind(**(common | values))
        self._add(row)
        return row

    def measure(self, location: str, share: float, total: int, growth: float = 0.0) -> None:
        """Add a day of measurements of a location that ends at a share of its space."""
        for hours in range(24, -1, -1):
            self._add(
                LocationUsage(
                    data_location_id=location,
                    site_id=location.partition(".")[0],
                    measured_at=NOW - hours * HOUR - timedelta(seconds=24),
                    used_bytes=int(total * (share - growth * hours)),
                    total_bytes=total,
                )
            )

    def tell(self, at: datetime, actor: str, action: str, subject: object, message: str) -> None:
        """Record an event of a package or an execution."""
        of_package = action.partition(".")[0] not in ("execution", "raw_data_files")
        record_event(
            self.session,
            site_id="ccat",
            at=at,
            actor=actor,
            action=action,
            subject_type="raw_data_package" if of_package else "executed_obs_unit",
            subject_id=subject,
            message=message,
        )

    def _remove(self, package: Packaged, at: datetime) -> None:
        for location, kind in ((OUTPUT, CopyKind.RAW_DATA_PACKAGE), (package.source, CopyKind.RAW_DATA_FILE)):
            self.work(
                Deletion,
                at,
                at + MINUTE,
                package.size,
                raw_data_package_id=package.id,
                data_location_id=location,
                kind=kind,
                requested_by="policy",
                reason="archived",
                grace_until=at,
            )
        self.session.flush()
        gone = {"status": PhysicalCopyStatus.DELETED, "deleted_at": at + MINUTE}
        files = select(RawDataFile.id).where(RawDataFile.raw_data_package_id == package.id)
        for of in (
            PhysicalCopy.id == package.output_copy,
            PhysicalCopy.raw_data_file_id.in_(files),
        ):
            for copy in self.session.scalars(select(PhysicalCopy).where(of)):
                for status in (
                    PhysicalCopyStatus.DELETION_SCHEDULED,
                    PhysicalCopyStatus.DELETION_IN_PROGRESS,
                ):
                    copy.status = status
                    self.session.flush()
                for name, value in gone.items():
                    setattr(copy, name, value)
        row = self.session.get_one(RawDataPackage, package.id)
        row.source_removed_at = at + MINUTE
        self.tell(
            at + MINUTE, "worker", "copy.deleted", package.id, f"{FILES} objects at {package.source}: policy"
        )
        self.session.flush()

    def _add(self, *rows: Any) -> None:
        for row in rows:
            self.session.add(row)
            self.session.flush()


def _source_of(module: str) -> str:
    return SOURCES["prime-cam" if module.startswith("prime") else "chai"]


def _checksum(text: str) -> str:
    return f"xxh3-128:{sha256(text.encode()).hexdigest()[:32]}"
