"""Reference data, accounts and rows that tests need, made through the models."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import prove_copy
from ccat_ops_db.enumerations import (
    CopyForm,
    CopyKind,
    DeletionMode,
    DeletionTrigger,
    ExecutionStatus,
    LocationType,
    OutageScope,
    PhysicalCopyStatus,
    Status,
    StorageType,
    TransferMethod,
)
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    ApiToken,
    DataTransfer,
    DataTransferRoute,
    DiskDataLocation,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    FixedSource,
    Instrument,
    InstrumentModule,
    Observatory,
    ObservingProgram,
    ObsUnit,
    Outage,
    Permission,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
    RawDataPackageMember,
    RawDataPackagePhysicalCopy,
    RetentionPolicy,
    Role,
    RolePermission,
    S3DataLocation,
    Site,
    Telescope,
    TokenRevocation,
    User,
    UserRole,
)
from ccat_ops_db.permissions import PERMISSIONS, PermissionName
from ccat_ops_db.tokens import create_token

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = "a-key-for-the-tests-of-the-api-0123456789"
CHECKSUM = "xxh3-128:" + "0123456789abcdef" * 2
SHA256 = "sha256:" + "0123456789abcdef" * 4
SOURCE, BUFFER = "ccat.chai-raw-data", "ccat.buffer"
ARCHIVE_BUFFER, ARCHIVE, PROCESSING = "cologne.buffer", "cologne.lta", "cologne.processing"
NOT_VERSION_7 = "5157ae10-ffce-4a3b-b8cd-1bb1412fa624"
NOBODY = "01a1fe17-7846-7643-95be-9c7f13718c67"
OBS_UNIT = "OrionKL-CO43"


def reference_data(session: Session) -> None:
    """Add an observatory with one telescope, two instruments, two sites and their locations."""
    session.add_all(
        [
            Observatory(id="ccat-observatory", name="CCAT Observatory"),
            Site(id="ccat", name="FYST", time_zone="America/Santiago", main=True),
            Site(id="cologne", name="Cologne", data_server_url="https://data.cologne.example"),
            ObservingProgram(id="GEco", name="Galactic Ecology"),
            FixedSource(id="Orion-KL", right_ascension=83.81, declination=-5.37),
            RetentionPolicy(id="source", trigger=DeletionTrigger.WHEN_ARCHIVED, min_archive_copies=1),
        ]
    )
    session.flush()
    session.add(
        Telescope(
            id="fyst",
            observatory_id="ccat-observatory",
            site_id="ccat",
            name="FYST",
            latitude=-22.98,
            longitude=-67.74,
            altitude=5600,
        )
    )
    session.flush()
    session.add_all(
        [
            Instrument(id="chai", telescope_id="fyst", name="CHAI"),
            Instrument(id="prime-cam", telescope_id="fyst", name="Prime-Cam"),
        ]
    )
    session.flush()
    session.add_all(
        [
            InstrumentModule(id="chai-lfa", instrument_id="chai", name="LFA", pixels=64),
            InstrumentModule(id="chai-hfa", instrument_id="chai", name="HFA", pixels=64),
            InstrumentModule(id="prime-cam-280", instrument_id="prime-cam", name="280 GHz"),
            ObsUnit(id=OBS_UNIT, observing_program_id="GEco", source_id="Orion-KL"),
        ]
    )
    _locations(session)


def token(
    session: Session,
    scopes: Iterable[str] = tuple(PermissionName),
    role: Iterable[str] = tuple(PermissionName),
    site: str | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Add a user with a role of its own and a token, and return the token's text."""
    name = f"user-{new_id()}"
    user = User(id=new_id(), name=name, created_at=NOW)
    session.add_all([user, Role(id=f"role-{name}")])
    session.flush()
    session.add(UserRole(user_id=user.id, role_id=f"role-{name}"))
    session.add_all(RolePermission(role_id=f"role-{name}", permission_id=right) for right in role)
    session.flush()
    return create_token(session, name, "test", list(scopes), site, expires_at, KEY, NOW)


def revoke_tokens(session: Session) -> None:
    """Revoke every token."""
    session.add_all(
        TokenRevocation(
            site_id="ccat", api_token_id=token_id, caller_kind="command", caller="me", created_at=NOW
        )
        for token_id in session.scalars(select(ApiToken.id))
    )
    session.flush()


def permissions(session: Session) -> None:
    """Add every permission."""
    session.add_all(Permission(id=name.value, description=text) for name, text in PERMISSIONS.items())
    session.flush()


def execution(
    session: Session,
    modules: Iterable[str] = ("chai-lfa",),
    status: ExecutionStatus = ExecutionStatus.RUNNING,
) -> UUID:
    """Add an execution."""
    row = ExecutedObsUnit(
        id=new_id(),
        site_id="ccat",
        telescope_id="fyst",
        obs_unit_id=OBS_UNIT,
        status=status,
        started_at=NOW - timedelta(hours=1),
        ended_at=None if status is ExecutionStatus.RUNNING else NOW,
        start_received_at=NOW,
    )
    session.add(row)
    session.flush()
    session.add_all(
        ExecutedObsUnitModule(executed_obs_unit_id=row.id, instrument_module_id=module, site_id="ccat")
        for module in modules
    )
    session.flush()
    return row.id


def package(
    session: Session, execution_id: UUID, files: int = 2, part: int = 1, *, sealed: bool = True
) -> UUID:
    """Add a package of CHAI LFA with its files and their copies at the source; sealed: also in the buffer."""
    names = [f"{execution_id}/{part}/scan {number}.fits" for number in range(files)]
    filed = file_of_chai(session, execution_id, names)
    package_id = add_package(session, filed, part, sealed=sealed)
    if sealed:
        at_source(session, package_id)
        copy_of(session, package_id, BUFFER)
    session.flush()
    return package_id


def file_of_chai(
    session: Session, execution_id: UUID, paths: Sequence[str], module: str = "chai-lfa"
) -> list[RawDataFile]:
    """File files of 1000 bytes of a module of CHAI."""
    facts = [FileFacts(path, 1000, CHECKSUM) for path in paths]
    return file_raw_data(session, execution_id, module, SOURCE, facts, NOW)


def add_package(
    session: Session,
    files: Sequence[RawDataFile],
    part: int = 1,
    *,
    sealed: bool = True,
    modified_ns: int = 1_763_726_400_123_456_789,
    last: int | None = None,
) -> UUID:
    """Add a package of the files that were just filed; `last`: its last number, if more are in its range."""
    package_id, size = new_id(), sum(file.size for file in files)
    facts: dict[str, Any] = {}
    if sealed:
        facts = {
            "sealed_at": NOW,
            "size": size + 10240,
            "checksum": CHECKSUM,
            "manifest_checksum": SHA256,
            "index_checksum": SHA256,
        }
    session.add(
        RawDataPackage(
            id=package_id,
            site_id="ccat",
            raw_data_series_id=files[0].raw_data_series_id,
            first_number=files[0].number,
            last_number=last or files[-1].number,
            part_number=part,
            created_at=NOW,
            file_count=len(files),
            payload_bytes=size,
            relative_path=f"2026/11/21/{package_id}.tar",
            **facts,
        )
    )
    session.flush()
    if sealed:
        session.add_all(
            RawDataPackageMember(
                raw_data_file_id=file.id,
                site_id="ccat",
                raw_data_package_id=package_id,
                tar_offset=512 * number,
                sha256=bytes.fromhex(SHA256.removeprefix("sha256:")),
                mtime_ns=modified_ns,
            )
            for number, file in enumerate(files, start=1)
        )
        session.flush()
    return package_id


def at_source(
    session: Session, package_id: UUID, status: PhysicalCopyStatus = PhysicalCopyStatus.VERIFIED
) -> UUID:
    """Add the files of a sealed package at their source."""
    package = session.get_one(RawDataPackage, package_id)
    copy = RawDataPackagePhysicalCopy(
        id=new_id(),
        site_id="ccat",
        form=CopyForm.FILES,
        raw_data_package_id=package_id,
        data_location_id=SOURCE,
        relative_path=package.relative_path.removesuffix(".tar"),
        status=status,
        size=package.payload_bytes,
        created_at=NOW,
        deleted_at=NOW if status is PhysicalCopyStatus.DELETED else None,
    )
    session.add(copy)
    session.flush()
    prove_copy(session, copy, package.manifest_checksum, NOW)
    return copy.id


def copy_of(
    session: Session,
    package_id: UUID,
    location: str,
    status: PhysicalCopyStatus = PhysicalCopyStatus.VERIFIED,
) -> UUID:
    """Add a copy of a package at a location."""
    parent = session.get_one(RawDataPackage, package_id)
    copy = RawDataPackagePhysicalCopy(
        id=new_id(),
        kind=CopyKind.RAW_DATA_PACKAGE,
        site_id=location.split(".")[0],
        raw_data_package_id=package_id,
        data_location_id=location,
        relative_path=parent.relative_path,
        status=status,
        size=parent.size or 0,
        created_at=NOW,
        deleted_at=NOW if status is PhysicalCopyStatus.DELETED else None,
    )
    session.add(copy)
    session.flush()
    if status is PhysicalCopyStatus.VERIFIED:
        prove_copy(session, copy, parent.checksum, NOW)
    return copy.id


def transfer(session: Session, package_id: UUID, status: Status = Status.PENDING, **values: object) -> UUID:
    """Add a transfer of a package from the telescope's buffer to Cologne."""
    source = (
        session.query(PhysicalCopy).filter_by(raw_data_package_id=package_id, data_location_id=BUFFER).one()
    )
    row = DataTransfer(
        id=new_id(),
        site_id="ccat",
        raw_data_package_id=package_id,
        source_copy_id=source.id,
        source_location_id=BUFFER,
        destination_location_id=ARCHIVE_BUFFER,
        destination_path=source.relative_path,
        final_site_id="cologne",
        data_transfer_route_id="ccat-to-cologne",
        status=status,
        created_at=NOW,
        bytes_total=source.size,
        **values,
    )
    session.add(row)
    session.flush()
    return row.id


def _locations(session: Session) -> None:
    def disk(name: str, kind: LocationType, **values: object) -> DiskDataLocation:
        site, short = name.split(".")
        return DiskDataLocation(
            id=name,
            site_id=site,
            name=short,
            location_type=kind,
            storage_type=StorageType.DISK,
            path=f"/data/{name}",
            deletion_mode=DeletionMode.ENABLED,
            **values,
        )

    session.add_all(
        [
            disk(SOURCE, LocationType.SOURCE, instrument_id="chai", retention_policy_id="source"),
            disk("ccat.primecam-raw-data", LocationType.SOURCE, instrument_id="prime-cam"),
            disk(BUFFER, LocationType.BUFFER),
            disk(ARCHIVE_BUFFER, LocationType.BUFFER),
            disk(PROCESSING, LocationType.PROCESSING),
            S3DataLocation(
                id=ARCHIVE,
                site_id="cologne",
                name="lta",
                location_type=LocationType.LONG_TERM_ARCHIVE,
                storage_type=StorageType.S3,
                endpoint="https://s3.cologne.example",
                bucket="lta",
                credential="cologne-lta",
            ),
        ]
    )
    session.flush()
    session.add(
        DataTransferRoute(
            id="ccat-to-cologne",
            origin_site_id="ccat",
            destination_site_id="cologne",
            method=TransferMethod.S3,
        )
    )
    session.flush()


def outage(scope: str, scope_id: str, next_probe_at: datetime, site: str = "ccat") -> Outage:
    """Return an outage because of which nothing new begins until then."""
    return Outage(
        site_id=site,
        scope=OutageScope(scope),
        scope_id=scope_id,
        category="network",
        message="the connection failed",
        since=NOW,
        last_seen_at=NOW,
        count=5,
        closed_since=NOW,
        next_probe_at=next_probe_at,
    )
