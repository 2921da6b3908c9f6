"""Stage 1, packaging: which filed files become packages now, and why the others wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, Select, and_, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.package_format import SourceFile, split_into_parts
from ccat_data_transfer.planning.one_by_one import Subject, one_by_one
from ccat_data_transfer.planning.reasons import is_one_of, not_locked, set_reason
from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.topology import Place, Topology
from ccat_ops_db.enumerations import ExecutionStatus, LocationType, Status, StorageType
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id, time_of_id
from ccat_ops_db.models import (
    DataLocation,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    ObsUnit,
    PackageCreation,
    RawDataFile,
    RawDataPackage,
    RawDataSeries,
)
from ccat_ops_db.reports.words import duration, size
from ccat_ops_db.waiting import WaitingReason

PLANNER = "planner"
OVERHEAD_PER_PACKAGE = 1 << 17
OVERHEAD_PER_FILE = 1 << 13
"""Bytes reserved besides the files' own: description and tag files; header, manifest and index line."""


@dataclass(frozen=True)
class Limits:
    """When files of a source become packages: at a size, bytes, at an age, and when none follows."""

    size: int
    age: timedelta
    settle: timedelta

    @classmethod
    def of(cls, place: Place | None) -> "Limits":
        """Return those of a source, or the usual ones of a source that is not in use any more."""
        if place is None:
            return cls(50_000_000_000, timedelta(hours=1), timedelta(minutes=1))
        age, settle = timedelta(seconds=place.package_age_limit), timedelta(seconds=place.settle_time)
        return cls(place.package_size_limit, age, settle)


def plan_packaging(session: Session, topology: Topology) -> int:
    """Form packages of files that are due and open the work of writing them; return how many."""

    def plan(series: Row[*tuple[Any, ...]]) -> int:
        return _plan_series(session, topology, series)

    def about(series: Row[*tuple[Any, ...]]) -> Subject:
        return Subject("executed_obs_unit", series.executed_obs_unit_id, series.site_id)

    due = ask(session, _due(), sites=topology.sites, at=topology.at).all()
    formed = sum(count for _, count in one_by_one(session, due, plan, about))
    _choose_buffers(session, topology)
    return formed


@cache
def _due() -> Select[*tuple[Any, ...]]:
    """Return the series to be looked at: those whose time has come, and those of which no file follows."""
    place = DataLocation.__table__.c
    settles_at = RawDataSeries.last_filed_at + place.settle_time * literal(timedelta(seconds=1), Interval())
    return (
        select(
            RawDataSeries.id,
            RawDataSeries.site_id,
            RawDataSeries.executed_obs_unit_id,
            RawDataSeries.instrument_module_id,
            RawDataSeries.source_location_id,
            ExecutedObsUnit.status,
            ObsUnit.priority,
        )
        .join(ExecutedObsUnit, ExecutedObsUnit.id == RawDataSeries.executed_obs_unit_id)
        .join(ObsUnit, ObsUnit.id == ExecutedObsUnit.obs_unit_id)
        .join(DataLocation.__table__, place.id == RawDataSeries.source_location_id)
        .where(
            is_among(RawDataSeries.site_id, "sites"),
            RawDataSeries.filed_count > RawDataSeries.packaged_count,
            or_(
                RawDataSeries.review_at <= moment("at"),
                and_(
                    ExecutedObsUnit.status.not_in(fixed(ExecutionStatus.RUNNING)), settles_at <= moment("at")
                ),
            ),
        )
        .order_by(RawDataSeries.id)
    )


def _plan_series(session: Session, topology: Topology, series: Row[*tuple[Any, ...]]) -> int:
    # Who files holds the same lock: what was counted is there, and what follows has higher numbers.
    counted = session.execute(
        select(
            RawDataSeries.packaged_count,
            RawDataSeries.oldest_unpackaged_at,
            RawDataSeries.last_filed_at,
            (RawDataSeries.filed_bytes - RawDataSeries.packaged_bytes).label("size"),
        )
        .where(RawDataSeries.id == series.id, RawDataSeries.filed_count > RawDataSeries.packaged_count)
        .with_for_update(key_share=True)
    ).one_or_none()
    if counted is None:
        return 0
    limits = Limits.of(topology.places.get(series.source_location_id))
    more = _why_more_may_come(series, counted, limits, topology.at)
    formed = 0
    if more is None or counted.size >= limits.size:
        formed = _form_packages(
            session, series, counted, limits.size, topology.at, only_full_ones=more is not None
        )
    _say_whether_more_come(session, series, limits, topology.at, more)
    _look_again_when_of_age(session, series, limits.age)
    return formed


def _why_more_may_come(
    series: Row[*tuple[Any, ...]], counted: Row[*tuple[Any, ...]], limits: Limits, at: datetime
) -> WaitingReason | None:
    """Return why files wait for others to share their package; None: they do not."""
    if at >= counted.oldest_unpackaged_at + limits.age:
        return None
    if series.status is ExecutionStatus.RUNNING:
        return WaitingReason.EXECUTION_RUNNING
    return WaitingReason.FILES_MAY_FOLLOW if at < counted.last_filed_at + limits.settle else None


def _say_whether_more_come(
    session: Session,
    series: Row[*tuple[Any, ...]],
    limits: Limits,
    at: datetime,
    more: WaitingReason | None,
) -> None:
    detail = None
    if more is WaitingReason.EXECUTION_RUNNING:
        detail = (
            f"packaged at {size(limits.size)}, {duration(limits.age)} after the oldest file, or at its end"
        )
    elif more is not None:
        detail = f"packaged when no file was filed for {duration(limits.settle)}"
    set_reason(
        session,
        ExecutedObsUnitModule,
        and_(
            ExecutedObsUnitModule.executed_obs_unit_id == series.executed_obs_unit_id,
            ExecutedObsUnitModule.instrument_module_id == series.instrument_module_id,
        ),
        more,
        detail,
        at,
    )


def _look_again_when_of_age(session: Session, series: Row[*tuple[Any, ...]], age: timedelta) -> None:
    session.execute(
        update(RawDataSeries)
        .where(RawDataSeries.id == series.id)
        .values(review_at=RawDataSeries.oldest_unpackaged_at + literal(age, Interval()))
        .execution_options(synchronize_session=False)
    )


def _form_packages(
    session: Session,
    series: Row[*tuple[Any, ...]],
    counted: Row[*tuple[Any, ...]],
    limit: int,
    at: datetime,
    *,
    only_full_ones: bool,
) -> int:
    rows = session.execute(
        select(RawDataFile.relative_path, RawDataFile.size, RawDataFile.checksum)
        .where(RawDataFile.raw_data_series_id == series.id, RawDataFile.number > counted.packaged_count)
        .order_by(RawDataFile.number)
    )
    parts = split_into_parts([_as_source_file(*row) for row in rows], limit)
    if only_full_ones:
        parts = parts[:-1]
    first = counted.packaged_count + 1
    for files in parts:
        _form_package(session, series, first, files, at)
        first += len(files)
    return len(parts)


def _as_source_file(path: str, size: int, checksum: str) -> SourceFile:
    try:
        return SourceFile(path, size, checksum)
    except ValueError as error:
        raise Permanent("cannot_be_planned", f"{path} cannot be packaged: {error}") from error


def _form_package(
    session: Session, series: Row[*tuple[Any, ...]], first: int, files: Sequence[SourceFile], at: datetime
) -> None:
    package_id = new_id()
    # Staging names folders by execution, module and part: a module that writes to two places has one count.
    part = session.execute(
        select(func.coalesce(func.max(RawDataPackage.part_number), 0) + 1)
        .join(RawDataSeries, RawDataSeries.id == RawDataPackage.raw_data_series_id)
        .where(
            RawDataSeries.executed_obs_unit_id == series.executed_obs_unit_id,
            RawDataSeries.instrument_module_id == series.instrument_module_id,
        )
    ).scalar_one()
    payload = sum(file.size for file in files)
    session.execute(
        insert(RawDataPackage).values(
            id=package_id,
            site_id=series.site_id,
            raw_data_series_id=series.id,
            first_number=first,
            last_number=first + len(files) - 1,
            part_number=part,
            created_at=at,
            file_count=len(files),
            payload_bytes=payload,
            relative_path=f"{time_of_id(package_id):%Y/%m/%d}/{package_id}.tar",
        )
    )
    session.execute(
        insert(PackageCreation).values(
            id=new_id(),
            site_id=series.site_id,
            raw_data_package_id=package_id,
            source_location_id=series.source_location_id,
            priority=series.priority,
            created_at=at,
            bytes_total=payload + OVERHEAD_PER_PACKAGE + OVERHEAD_PER_FILE * len(files),
        )
    )
    record_event(
        session,
        site_id=series.site_id,
        at=at,
        actor=PLANNER,
        action="package.formed",
        subject_type="raw_data_package",
        subject_id=package_id,
        message=f"{len(files)} files, {payload:,} bytes, part {part}",
    )


def _choose_buffers(session: Session, topology: Topology) -> None:
    """Give each package that is to be written a buffer of its site: with room for it, if there is one."""
    buffers = [
        place
        for place in topology.of_type(LocationType.BUFFER)
        if place.storage_type is StorageType.DISK and not place.read_only and not place.out_of_service
    ]
    homeless: dict[str, list[Row[*tuple[Any, ...]]]] = {}
    usable = [place.id for place in buffers]
    for work in ask(session, _homeless(), sites=topology.sites, buffers=usable):
        homeless.setdefault(work.site_id, []).append(work)
    for site_id, works in sorted(homeless.items()):
        here = [place for place in topology.at_site(site_id, LocationType.BUFFER) if place in buffers]
        if here:
            _assign(session, works, here)
        else:
            ids = [work.id for work in works if work.destination_location_id is None]
            set_reason(
                session,
                PackageCreation,
                is_one_of(PackageCreation.id, ids),
                WaitingReason.NO_BUFFER,
                f"site {site_id} has no enabled, writable buffer on disk",
                topology.at,
            )


@cache
def _homeless() -> Select[*tuple[Any, ...]]:
    return (
        select(
            PackageCreation.id,
            PackageCreation.site_id,
            PackageCreation.bytes_total,
            PackageCreation.partial_bytes,
            PackageCreation.destination_location_id,
        )
        .order_by(PackageCreation.id)
        .where(
            is_among(PackageCreation.site_id, "sites"),
            PackageCreation.status.in_(fixed(Status.PENDING)),
            or_(
                PackageCreation.destination_location_id.is_(None),
                PackageCreation.waiting_reason == WaitingReason.NO_SPACE_AT_DESTINATION,
                # Chosen before, out of service now, and not begun there.
                and_(
                    ~is_among(PackageCreation.destination_location_id, "buffers"),
                    PackageCreation.started_at.is_(None),
                ),
            ),
        )
    )


def _assign(session: Session, homeless: Sequence[Row[*tuple[Any, ...]]], buffers: list[Place]) -> None:
    chosen: dict[str, list[UUID]] = {}
    for work in homeless:
        buffer = next((place for place in buffers if _fits(work, place)), buffers[0]).id
        if buffer != work.destination_location_id:
            chosen.setdefault(buffer, []).append(work.id)
    for buffer, ids in chosen.items():
        session.execute(
            update(PackageCreation)
            .where(not_locked(PackageCreation, is_one_of(PackageCreation.id, ids)))
            .values(destination_location_id=buffer, partial_bytes=0)
            .execution_options(synchronize_session=False)
        )


def _fits(work: Row[*tuple[Any, ...]], place: Place) -> bool:
    """Tell whether a place can take a tar, of which a part may lie there already."""
    partial = work.partial_bytes if place.id == work.destination_location_id else 0
    return place.obstacle(writing=True, size=work.bytes_total, partial=partial) is None
