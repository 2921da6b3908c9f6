"""What the telescope does in an invented night: observations, their files, and the parts that they make."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from math import asin, cos, degrees, radians, sin
from uuid import UUID

from ccat_data_transfer.package_format import SourceFile, split_into_parts
from ccat_dev_stack.pictures.night import HOUR, MINUTE, NOW, SECOND, Night, xxh3
from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db.models import (
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    RawDataFile,
    RawDataPackageMember,
    RawDataSeries,
)

PACKAGE_LIMIT = 50_000_000_000
FILES_AT_ONCE = 5
"""How many files an instrument files with one request."""


@dataclass(frozen=True)
class Module:
    """How a module of an instrument writes."""

    source: str
    bytes_per_second: int
    client: str
    """Who files its data: user and token."""


_CHAI = "chai (chai-data-acquisition)"
MODULES = {
    "chai-hfa": Module("ccat.chai-raw-data", 15_400_000, _CHAI),
    "chai-lfa": Module("ccat.chai-raw-data", 14_100_000, _CHAI),
    "prime-cam-280": Module("ccat.primecam-raw-data", 110_000_000, "prime-cam (prime-cam-data-acquisition)"),
}
TELESCOPE = "fyst (telescope-control)"


@dataclass(frozen=True)
class Target:
    """What is observed: its obs unit, the module, minutes in a row and where it is in the sky, degrees."""

    obs_unit: str
    module: str
    minutes: int
    right_ascension: float | None
    """None: wherever the sky drifts through."""
    declination: float


DRIFT = Target("Equator_PrimeCam_280", "prime-cam-280", 55, None, 0.0)
TARGETS = (
    Target("Orion-KL_PrimeCam_280", "prime-cam-280", 55, 83.81, -5.38),
    Target("IRC10216_CHAI_CO43", "chai-lfa", 41, 146.99, 13.28),
    DRIFT,
    Target("Jupiter_PrimeCam_280", "prime-cam-280", 10, 107.0, 22.9),
    Target("Orion-KL_CHAI_CO76", "chai-hfa", 48, 83.81, -5.38),
    DRIFT,
)
"""What is observed in turn, each while it is high enough."""
LOWEST = 30.0
DAY = range(13, 21)
"""Hours, UTC, in which the telescope is maintained."""
LATITUDE, LONGITUDE = -22.98564, -67.74028
DRIFT_HEIGHT = 45.0
SCAN = 0.3
"""How far a scan goes up and down, degrees."""


@dataclass(frozen=True)
class File:
    """A file of an observation."""

    id: UUID
    number: int
    path: str
    size: int
    written_until: datetime
    filed_at: datetime


@dataclass(frozen=True)
class Part:
    """Files that make a package, and when the planner formed it."""

    execution: UUID
    module: str
    series: UUID
    number: int
    formed_at: datetime
    files: tuple[File, ...]

    @property
    def payload(self) -> int:
        """Return the bytes of its files."""
        return sum(file.size for file in self.files)

    @property
    def source(self) -> str:
        """Return where its files were filed."""
        return MODULES[self.module].source


def observe_since(night: Night, began: datetime) -> Iterator[Part]:
    """Observe each hour until now, but by day; yield the parts in the order in which they are formed."""
    at, turn = began, 0
    while at < NOW:
        if at.hour not in DAY:
            while min(_heights(TARGETS[turn % len(TARGETS)], at)) < LOWEST:
                turn += 1
            target, turn = TARGETS[turn % len(TARGETS)], turn + 1
            yield from observe(night, target, at)
        at += HOUR


def _heights(target: Target, began: datetime) -> tuple[float, float]:
    """Return how high a target is when its observation begins and when it ends, degrees."""
    if target.right_ascension is None:
        return DRIFT_HEIGHT, DRIFT_HEIGHT
    latitude, declination = radians(LATITUDE), radians(target.declination)
    heights = []
    for at in (began, began + target.minutes * MINUTE):
        days = (at - datetime(2000, 1, 1, 12, tzinfo=UTC)) / timedelta(days=1)
        angle = radians(280.46062 + 360.98564737 * days + LONGITUDE - target.right_ascension)
        height = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(angle)
        heights.append(degrees(asin(height)))
    return heights[0], heights[1]


def observe(night: Night, target: Target, began: datetime) -> list[Part]:
    """Add an observation by one module with its files, those that are in no package yet among them."""
    unit, module, length = target.obs_unit, target.module, target.minutes * MINUTE
    execution, ended = night.new_id(began), began + length
    is_over = ended <= NOW
    heights = _heights(target, began)
    vapour = 0.38 + int(sha256(execution.bytes).hexdigest(), 16) % 17 / 100
    night.add(
        [
            ExecutedObsUnit(
                id=execution,
                site_id="ccat",
                telescope_id="fyst",
                obs_unit_id=unit,
                status=ExecutionStatus.COMPLETED if is_over else ExecutionStatus.RUNNING,
                started_at=began,
                start_received_at=began + SECOND,
                ended_at=ended if is_over else None,
                end_received_at=ended + SECOND if is_over else None,
                mean_pwv=round(vapour, 2) if is_over else None,
                elevation_min=round(min(heights) - SCAN, 1) if is_over else None,
                elevation_max=round(max(heights) + SCAN, 1) if is_over else None,
            ),
            ExecutedObsUnitModule(
                executed_obs_unit_id=execution, instrument_module_id=module, site_id="ccat"
            ),
        ]
    )
    _tell(night, began, "execution.started", execution, f"{unit} started with {module}")
    if is_over:
        _tell(night, ended, "execution.finished", execution, f"{unit} ended: completed")
    return _file(night, execution, module, began, length)


def _tell(night: Night, at: datetime, action: str, execution: UUID, message: str) -> None:
    night.tell(at, TELESCOPE, action, execution, message, subject_type="executed_obs_unit")


def _file(night: Night, execution: UUID, module: str, began: datetime, length: timedelta) -> list[Part]:
    parts: list[Part] = []
    pending: list[File] = []
    files = _files(night, execution, module, began, length)
    series = _series(night, execution, module, [file for file in files if file.filed_at <= NOW])
    batches = [files[start : start + FILES_AT_ONCE] for start in range(0, len(files), FILES_AT_ONCE)]
    for batch in batches:
        at, size = batch[0].filed_at, sum(file.size for file in batch)
        if at > NOW:
            break
        night.tell(
            at,
            MODULES[module].client,
            "raw_data_files.filed",
            execution,
            f"{len(batch)} files of {size} bytes filed",
            subject_type="executed_obs_unit",
            details={"files": len(batch), "bytes": size},
        )
        pending += batch
        is_last = batch is batches[-1] and began + length <= NOW
        if is_last or sum(file.size for file in pending) >= PACKAGE_LIMIT:
            by_path = {file.path: file for file in pending}
            found = split_into_parts(
                [SourceFile(file.path, file.size, xxh3(file.path)) for file in pending], PACKAGE_LIMIT
            )
            for part in found if is_last else found[:-1]:
                members = tuple(by_path[file.path] for file in part)
                parts.append(Part(execution, module, series, len(parts) + 1, at + 4 * SECOND, members))
                pending = [file for file in pending if file not in members]
    add_files(night, series, pending)
    for file in pending:
        night.stay(MODULES[module].source, file.size, file.filed_at)
    return parts


def _series(night: Night, execution: UUID, module: str, files: list[File]) -> UUID:
    """Add the series of what is filed until now; what is packaged of it, a trigger counts."""
    row = RawDataSeries(
        id=night.new_id(files[0].filed_at if files else NOW),
        site_id="ccat",
        executed_obs_unit_id=execution,
        instrument_module_id=module,
        source_location_id=MODULES[module].source,
        filed_count=len(files),
        filed_bytes=sum(file.size for file in files),
        packaged_count=0,
        packaged_bytes=0,
        oldest_unpackaged_at=files[0].filed_at if files else None,
        last_filed_at=files[-1].filed_at if files else None,
        review_at=files[-1].filed_at if files else None,
    )
    night.add([row])
    return row.id


def _files(night: Night, execution: UUID, module: str, began: datetime, length: timedelta) -> list[File]:
    rate, count = MODULES[module].bytes_per_second, length // MINUTE
    files = []
    for number in range(1, count + 1):
        last_of_batch = min(-(-number // FILES_AT_ONCE) * FILES_AT_ONCE, count)
        path = f"{began:%Y-%m-%d}/{execution}/{module}-{number:06d}.fits"
        # FITS comes in blocks of 2880 bytes, and no minute is quite like another.
        size = rate * 60 * (985 + int(sha256(path.encode()).hexdigest(), 16) % 30) // 1000 // 2880 * 2880
        filed = began + last_of_batch * MINUTE + 8 * SECOND
        files.append(File(night.new_id(filed), number, path, size, began + number * MINUTE, filed))
    return files


def add_files(
    night: Night,
    series: UUID,
    files: list[File] | tuple[File, ...],
    package: UUID | None = None,
) -> None:
    """Add files; in the tar of a package, or in none."""
    offset = 1536
    rows: list[RawDataFile | RawDataPackageMember] = []
    for file in files:
        rows.append(
            RawDataFile(
                id=file.id,
                site_id="ccat",
                raw_data_series_id=series,
                number=file.number,
                relative_path=file.path,
                size=file.size,
                checksum=xxh3(file.path),
                file_type="fits",
                written_from=file.written_until - MINUTE,
                written_until=file.written_until,
                filed_at=file.filed_at,
            )
        )
        if package is not None:
            rows.append(
                RawDataPackageMember(
                    raw_data_file_id=file.id,
                    site_id="ccat",
                    raw_data_package_id=package,
                    tar_offset=offset,
                    sha256=sha256(file.path.encode()).digest(),
                    mtime_ns=int(file.written_until.timestamp() * 1e9),
                )
            )
        offset += file.size + 1024
    night.add(rows)
