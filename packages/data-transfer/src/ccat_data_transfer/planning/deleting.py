"""Stage 7, deleting: what may go now and does, and why the rest stays."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.deletion.deficit import bytes_to_free
from ccat_data_transfer.deletion.proof import LIVING, Candidate, copies_of, find_obstacles
from ccat_data_transfer.planning.reasons import set_reason
from ccat_data_transfer.planning.topology import Obstacle, Place, Topology
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
from ccat_ops_db.models import Deletion, PhysicalCopy, RawDataFile, RawDataPackage, RetentionPolicy
from ccat_ops_db.waiting import WaitingReason

BATCH = 500
"""Candidates that are judged in one statement."""


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
    planned = 0
    for batch in _candidates(session, topology, place):
        sizes = dict(batch)
        for candidate, obstacle in find_obstacles(session, list(sizes), topology.at).items():
            if obstacle is None and place.deletion_mode is DeletionMode.DRY_RUN:
                obstacle = Obstacle(WaitingReason.DELETION_DRY_RUN, f"{place.id} only says that it would go")
            if obstacle is not None:
                _note(session, topology, candidate, obstacle)
                continue
            if deficit is not None and deficit <= 0:
                return planned
            _open_deletion(session, topology, place, policy, candidate, sizes[candidate])
            deficit = None if deficit is None else deficit - sizes[candidate]
            planned += 1
    return planned


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


def _candidates(session: Session, topology: Topology, place: Place) -> Iterator[list[tuple[Candidate, int]]]:
    """Yield what could go at a location with its bytes, oldest first, in batches of one kind."""
    if place.location_type is LocationType.SOURCE:
        rows = _packages_at_source(session, place)
        found = [(Candidate(row.id, place.id, CopyKind.RAW_DATA_FILE), row.payload_bytes) for row in rows]
    else:
        found = [
            (Candidate(row.package_id, place.id, row.kind, row.raw_data_file_id), row.size)
            for row in _copies_at(session, topology, place)
        ]
    for kind in CopyKind:
        of_kind = [(candidate, size) for candidate, size in found if candidate.kind is kind]
        for start in range(0, len(of_kind), BATCH):
            yield of_kind[start : start + BATCH]


def _packages_at_source(session: Session, place: Place) -> Sequence[Row[*tuple[Any, ...]]]:
    open_deletion = exists().where(
        Deletion.raw_data_package_id == RawDataPackage.id,
        Deletion.data_location_id == place.id,
        Deletion.status != Status.COMPLETED,
    )
    statement = (
        select(RawDataPackage.id, RawDataPackage.payload_bytes)
        .where(
            RawDataPackage.source_location_id == place.id,
            RawDataPackage.sealed_at.is_not(None),
            RawDataPackage.source_removed_at.is_(None),
            ~open_deletion,
        )
        .order_by(RawDataPackage.sealed_at)
    )
    return session.execute(statement).all()


def _copies_at(session: Session, topology: Topology, place: Place) -> Sequence[Row[*tuple[Any, ...]]]:
    statement = (
        select(
            PhysicalCopy.kind,
            func.coalesce(PhysicalCopy.raw_data_package_id, RawDataFile.raw_data_package_id).label(
                "package_id"
            ),
            PhysicalCopy.raw_data_file_id,
            PhysicalCopy.size,
        )
        .outerjoin(RawDataFile, RawDataFile.id == PhysicalCopy.raw_data_file_id)
        .where(PhysicalCopy.data_location_id == place.id, PhysicalCopy.status.in_(LIVING))
        .order_by(PhysicalCopy.created_at)
    )
    if place.location_type is LocationType.BUFFER:
        # A package whose way on is not planned waits for that; its deletion is no question yet.
        statement = statement.where(PhysicalCopy.onward_planned_at.is_not(None))
    if place.location_type is LocationType.PROCESSING:
        statement = statement.where(
            or_(PhysicalCopy.pinned_until.is_(None), PhysicalCopy.pinned_until <= topology.at)
        )
    return session.execute(statement).all()


def _note(session: Session, topology: Topology, candidate: Candidate, obstacle: Obstacle) -> None:
    set_reason(
        session,
        PhysicalCopy,
        and_(*copies_of(candidate)),
        obstacle.reason,
        obstacle.detail,
        topology.at,
    )


def _all_wait(session: Session, topology: Topology, place: Place, reason: WaitingReason, detail: str) -> None:
    set_reason(
        session,
        PhysicalCopy,
        (PhysicalCopy.data_location_id == place.id) & PhysicalCopy.status.in_(LIVING),
        reason,
        detail,
        topology.at,
    )
