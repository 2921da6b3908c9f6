"""Stage 7, deleting: what may go now and does, and why the rest stays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.deletion.deficit import bytes_to_free
from ccat_data_transfer.deletion.proof import LIVING, Candidate, copies_of, find_obstacles
from ccat_data_transfer.planning.reasons import Obstacles, is_one_of, set_reason
from ccat_data_transfer.planning.topology import Obstacle, Place, Topology
from ccat_data_transfer.planning.verifying import verify_archive_copies
from ccat_ops_db.enumerations import (
    CopyKind,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    Deletion,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
    RetentionPolicy,
)
from ccat_ops_db.waiting import WaitingReason

BATCH = 500
"""Candidates that are judged in one statement."""


@dataclass(frozen=True)
class Found:
    """Something that could go, its bytes, and what was last said of it."""

    candidate: Candidate
    size: int
    reason: str | None
    detail: str | None


def plan_deletion(session: Session, topology: Topology) -> int:
    """Open deletions that the rule allows and the location's policy wants; return how many."""
    policies = {policy.id: policy for policy in session.scalars(select(RetentionPolicy))}
    planned = 0
    for place in topology.places.values():
        if place.site_id not in topology.sites or place.location_type is LocationType.LONG_TERM_ARCHIVE:
            continue
        policy = policies.get(place.retention_policy_id or "")
        if policy is None:
            _all_wait(
                session, topology, place, WaitingReason.NO_RETENTION_POLICY, f"{place.id} keeps everything"
            )
        elif policy.trigger is DeletionTrigger.UNDER_PRESSURE:
            planned += _plan_under_pressure(session, topology, place, policy)
        else:
            planned += _delete_what_may_go(session, topology, place, policy, None)
    return planned


def _plan_under_pressure(session: Session, topology: Topology, place: Place, policy: RetentionPolicy) -> int:
    deficit = bytes_to_free(session, place)
    if deficit == 0:
        _all_wait(
            session,
            topology,
            place,
            WaitingReason.BELOW_WATERMARK,
            f"{place.id} deletes above {place.watermark_high:g} % of its space",
        )
        return 0
    return _delete_what_may_go(session, topology, place, policy, deficit)


def _delete_what_may_go(
    session: Session, topology: Topology, place: Place, policy: RetentionPolicy, deficit: int | None
) -> int:
    """Open deletions of what may go, archived longest first, until the deficit (None: everything) is met."""
    planned, only_said, staying = 0, place.deletion_mode is DeletionMode.DRY_RUN, _Staying(place.id)
    for batch in _candidates(session, topology, place):
        for found, obstacle in _judge(session, topology, batch):
            if obstacle is not None:
                staying.note(found, obstacle)
                continue
            if deficit is not None and deficit <= 0:
                staying.note(
                    found, Obstacle(WaitingReason.BELOW_WATERMARK, f"{place.id} frees enough already")
                )
                continue
            deficit = None if deficit is None else deficit - found.size
            if only_said:
                obstacle = Obstacle(WaitingReason.DELETION_DRY_RUN, f"{place.id} only says that it would go")
                staying.note(found, obstacle)
                continue
            _open_deletion(session, topology, place, policy, found.candidate, found.size)
            planned += 1
    staying.write(session, topology.at)
    return planned


def _judge(
    session: Session, topology: Topology, batch: Sequence[Found]
) -> Iterator[tuple[Found, Obstacle | None]]:
    obstacles = find_obstacles(session, [found.candidate for found in batch], topology.at)
    too_old = [
        found.candidate.package_id
        for found in batch
        if (obstacle := obstacles[found.candidate]) and obstacle.reason is WaitingReason.VERIFICATION_TOO_OLD
    ]
    if too_old:
        verify_archive_copies(session, topology, too_old)
    for found in batch:
        yield found, obstacles[found.candidate]


def _open_deletion(
    session: Session,
    topology: Topology,
    place: Place,
    policy: RetentionPolicy,
    candidate: Candidate,
    size: int,
) -> None:
    deletion_id = new_id()
    grace_until = topology.at + timedelta(seconds=policy.grace_period)
    session.execute(
        insert(Deletion).values(
            id=deletion_id,
            site_id=place.site_id,
            raw_data_package_id=candidate.package_id,
            raw_data_file_id=candidate.file_id,
            data_location_id=place.id,
            kind=candidate.kind,
            requested_by=f"policy {policy.id}",
            reason=f"{policy.trigger}",
            grace_until=grace_until,
            next_attempt_at=grace_until,
            created_at=topology.at,
            bytes_total=size,
            waiting_reason=WaitingReason.GRACE_PERIOD if policy.grace_period else None,
            waiting_detail=f"can be cancelled until {grace_until:%F %H:%M:%S} UTC"
            if policy.grace_period
            else None,
            waiting_since=topology.at if policy.grace_period else None,
        )
    )
    session.execute(
        update(PhysicalCopy)
        .where(*copies_of(candidate))
        .values(
            status=PhysicalCopyStatus.DELETION_SCHEDULED,
            waiting_reason=None,
            waiting_detail=None,
            waiting_since=None,
        )
        .execution_options(synchronize_session=False)
    )
    record_event(
        session,
        site_id=place.site_id,
        at=topology.at,
        actor=f"policy {policy.id}",
        action="deletion.scheduled",
        subject_type="raw_data_package",
        subject_id=candidate.package_id,
        message=f"{candidate.kind} at {place.id}, {size:,} bytes, because {policy.trigger}",
    )


def _candidates(session: Session, topology: Topology, place: Place) -> Iterator[list[Found]]:
    """Yield what could go at a location, archived longest first, in batches of one kind."""
    if place.location_type is LocationType.SOURCE:
        found = _packages_at_source(session, place)
    else:
        found = _copies_at(session, topology, place)
    for kind in CopyKind:
        of_kind = [thing for thing in found if thing.candidate.kind is kind]
        for start in range(0, len(of_kind), BATCH):
            yield of_kind[start : start + BATCH]


def _packages_at_source(session: Session, place: Place) -> list[Found]:
    # Each pass gives all files of a package the same reason: one of them tells it.
    one_file = (
        select(PhysicalCopy.waiting_reason, PhysicalCopy.waiting_detail)
        .join(RawDataFile, RawDataFile.id == PhysicalCopy.raw_data_file_id)
        .where(
            RawDataFile.raw_data_package_id == RawDataPackage.id,
            PhysicalCopy.data_location_id == place.id,
            PhysicalCopy.status.in_(LIVING),
        )
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(RawDataPackage.id, RawDataPackage.payload_bytes, one_file)
        .outerjoin(one_file, true())
        .where(
            RawDataPackage.source_location_id == place.id,
            RawDataPackage.sealed_at.is_not(None),
            RawDataPackage.source_removed_at.is_(None),
            ~_has_open_deletion(RawDataPackage.id, place, CopyKind.RAW_DATA_FILE),
            _may_have_news(RawDataPackage.id, one_file.c.waiting_reason),
        )
        .order_by(RawDataPackage.sealed_at)
    )
    return [
        Found(Candidate(package_id, place.id, CopyKind.RAW_DATA_FILE), size, reason, detail)
        for package_id, size, reason, detail in rows
    ]


def _copies_at(session: Session, topology: Topology, place: Place) -> list[Found]:
    package_id = func.coalesce(PhysicalCopy.raw_data_package_id, RawDataFile.raw_data_package_id)
    statement = (
        select(
            PhysicalCopy.kind,
            package_id,
            PhysicalCopy.raw_data_file_id,
            PhysicalCopy.size,
            PhysicalCopy.waiting_reason,
            PhysicalCopy.waiting_detail,
        )
        .outerjoin(RawDataFile, RawDataFile.id == PhysicalCopy.raw_data_file_id)
        .where(
            PhysicalCopy.data_location_id == place.id,
            PhysicalCopy.status.in_(LIVING),
            ~_has_open_deletion(package_id, place, PhysicalCopy.kind, PhysicalCopy.raw_data_file_id),
            _may_have_news(package_id, PhysicalCopy.waiting_reason),
        )
        .order_by(PhysicalCopy.created_at)
    )
    if place.location_type is LocationType.BUFFER:
        # A package whose way on is not planned waits for that; its deletion is no question yet.
        statement = statement.where(PhysicalCopy.onward_planned_at.is_not(None))
    return [
        Found(Candidate(package, place.id, kind, file_id), size, reason, detail)
        for kind, package, file_id, size, reason, detail in session.execute(statement)
    ]


def _may_have_news(package_id: Any, reason: Any) -> ColumnElement[bool]:
    """Tell whether it is worth judging: what no archive has, and says so, piles up while a link is down."""
    archived, location = aliased(PhysicalCopy), DataLocation.__table__.c
    in_an_archive = exists().where(
        archived.raw_data_package_id == package_id,
        archived.status == PhysicalCopyStatus.VERIFIED,
        archived.data_location_id == location.id,
        location.location_type == LocationType.LONG_TERM_ARCHIVE,
    )
    return or_(reason.is_distinct_from(WaitingReason.NOT_ARCHIVED), in_an_archive)


def _has_open_deletion(package_id: Any, place: Place, kind: Any, file_id: Any = None) -> ColumnElement[bool]:
    """Tell whether a deletion is open; one that a person cancelled stays so until it is retried."""
    return exists().where(
        Deletion.raw_data_package_id == package_id,
        Deletion.data_location_id == place.id,
        Deletion.kind == kind,
        Deletion.raw_data_file_id.is_not_distinct_from(file_id),
        Deletion.status != Status.COMPLETED,
    )


class _Staying:
    """What stays at a location and why; only news is written, a statement for each reason and kind."""

    def __init__(self, location_id: str) -> None:
        self._location_id = location_id
        self._packages, self._files_of_packages, self._files = Obstacles(), Obstacles(), Obstacles()

    def note(self, found: Found, obstacle: Obstacle) -> None:
        """Note why something stays."""
        if (found.reason, found.detail) == (obstacle.reason, obstacle.detail):
            return
        candidate = found.candidate
        if candidate.kind is CopyKind.RAW_DATA_PACKAGE:
            self._packages.add(obstacle, candidate.package_id)
        elif candidate.file_id is None:
            self._files_of_packages.add(obstacle, candidate.package_id)
        else:
            self._files.add(obstacle, candidate.file_id)

    def write(self, session: Session, at: datetime) -> None:
        """Write what was noted."""
        here = and_(PhysicalCopy.data_location_id == self._location_id, PhysicalCopy.status.in_(LIVING))

        def packages(ids: Sequence[UUID]) -> ColumnElement[bool]:
            return and_(here, is_one_of(PhysicalCopy.raw_data_package_id, ids))

        def files(ids: Sequence[UUID]) -> ColumnElement[bool]:
            return and_(here, is_one_of(PhysicalCopy.raw_data_file_id, ids))

        def files_of_packages(ids: Sequence[UUID]) -> ColumnElement[bool]:
            of_packages = select(RawDataFile.id).where(is_one_of(RawDataFile.raw_data_package_id, ids))
            return and_(here, PhysicalCopy.raw_data_file_id.in_(of_packages))

        self._packages.write(session, PhysicalCopy, packages, at)
        self._files.write(session, PhysicalCopy, files, at)
        self._files_of_packages.write(session, PhysicalCopy, files_of_packages, at)


def _all_wait(session: Session, topology: Topology, place: Place, reason: WaitingReason, detail: str) -> None:
    set_reason(
        session,
        PhysicalCopy,
        (PhysicalCopy.data_location_id == place.id) & PhysicalCopy.status.in_(LIVING),
        reason,
        detail,
        topology.at,
    )
