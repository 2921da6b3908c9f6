"""Stage 7, deleting: what may go now and does, and why the rest stays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.deletion.deficit import Deficits
from ccat_data_transfer.deletion.rule import LIVING, Candidate, copies_of, find_obstacles
from ccat_data_transfer.planning.one_by_one import Subject, one_by_one
from ccat_data_transfer.planning.reasons import Obstacles, is_one_of, reason_parameters, setting_reason
from ccat_data_transfer.planning.statements import ask, fixed, is_among
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
    RawDataFileView,
)
from ccat_ops_db.waiting import WaitingReason

BATCH = 500
"""Candidates that are judged in one statement."""


@dataclass(frozen=True)
class Found:
    """Something that could go, its bytes, since when it is there, and what was last said of it."""

    candidate: Candidate
    size: int
    since: tuple[datetime, UUID]
    reason: str | None
    detail: str | None


def plan_deletion(session: Session, topology: Topology) -> int:
    """Open deletions that the rule allows and the location's policy wants; return how many."""
    deficits = Deficits(session, topology.places.values())
    judged = []
    for place in topology.places.values():
        if place.site_id not in topology.sites or place.location_type is LocationType.LONG_TERM_ARCHIVE:
            continue
        all_stay = _why_all_stay(place, deficits)
        if all_stay is not None:
            _say_of_all(session, topology, place, all_stay)
        else:
            judged.append(place)
    staying = {place.id: _Staying(place.id) for place in judged}
    going = _choose(deficits, _what_may_go(session, topology, judged, staying), staying)

    def open_deletion(chosen: tuple[Place, Found]) -> None:
        place, found = chosen
        _open_deletion(session, topology, place, found.candidate, found.size)

    def about(chosen: tuple[Place, Found]) -> Subject:
        place, found = chosen
        return Subject("raw_data_package", found.candidate.package_id, place.site_id)

    planned = sum(1 for _ in one_by_one(session, going, open_deletion, about))
    for each in staying.values():
        each.write(session, topology.at)
    return planned


def _why_all_stay(place: Place, deficits: Deficits) -> Obstacle | None:
    """Return why nothing at all goes at a place; null if it is to be judged."""
    if place.deletion_trigger is None:
        return Obstacle(WaitingReason.NO_RETENTION_POLICY, f"{place.id} keeps everything")
    if place.cannot_put_back:
        return Obstacle(WaitingReason.PLACE_MISCONFIGURED, f"{place.id} lets nothing be put back")
    if place.deletion_trigger is not DeletionTrigger.UNDER_PRESSURE or deficits.left(place):
        return None
    if place.file_system is not None and place.file_system.is_old:
        return place.unknown
    percent = f"{place.watermark_high:g} % of its space"
    return Obstacle(WaitingReason.BELOW_WATERMARK, f"{place.id} deletes above {percent}")


def _what_may_go(
    session: Session, topology: Topology, places: Sequence[Place], staying: Mapping[str, "_Staying"]
) -> list[tuple[Place, Found]]:
    """Return what the rule lets go, archived longest first, and note of the rest why it stays."""
    may_go = []
    for place_id, candidates in _candidates(session, places).items():
        for batch in _batches(candidates):
            for found, obstacle in _judge(session, topology, batch):
                if obstacle is None:
                    may_go.append((topology.places[place_id], found))
                else:
                    staying[place_id].note(found, obstacle)
    return sorted(may_go, key=lambda each: each[1].since)


def _choose(
    deficits: Deficits, may_go: Sequence[tuple[Place, Found]], staying: Mapping[str, "_Staying"]
) -> list[tuple[Place, Found]]:
    """Return what goes: everything, or under pressure until enough does, at whichever place of a disk."""
    going = []
    for place, found in may_go:
        if place.deletion_trigger is DeletionTrigger.UNDER_PRESSURE and not deficits.left(place):
            enough = Obstacle(WaitingReason.BELOW_WATERMARK, f"{place.id} frees enough already")
            staying[place.id].note(found, enough)
            continue
        deficits.take(place, found.size)
        if place.deletion_mode is DeletionMode.DRY_RUN:
            only_said = Obstacle(WaitingReason.DELETION_DRY_RUN, f"{place.id} only says that it would go")
            staying[place.id].note(found, only_said)
        else:
            going.append((place, found))
    return going


def _judge(
    session: Session, topology: Topology, batch: Sequence[Found]
) -> Iterator[tuple[Found, Obstacle | None]]:
    obstacles = find_obstacles(session, [found.candidate for found in batch], topology.at)
    too_old = [
        found.candidate
        for found in batch
        if (obstacle := obstacles[found.candidate]) and obstacle.reason is WaitingReason.VERIFICATION_TOO_OLD
    ]
    if too_old:
        # As one thing: what is held up is asked again with the next pass.
        def verify(candidates: Sequence[Candidate]) -> int:
            ids = [candidate.package_id for candidate in candidates]
            return verify_archive_copies(session, topology, ids)

        list(one_by_one(session, [too_old], verify, _about_first))
    for found in batch:
        yield found, obstacles[found.candidate]


def _about_first(candidates: Sequence[Candidate]) -> Subject:
    first = candidates[0]
    return Subject("raw_data_package", first.package_id, first.location_id.partition(".")[0])


def _open_deletion(
    session: Session, topology: Topology, place: Place, candidate: Candidate, size: int
) -> None:
    deletion_id, actor = new_id(), f"policy {place.retention_policy_id}"
    grace_until = topology.at + timedelta(seconds=place.grace_period or 0)
    # Copies are locked before work is, everywhere.
    session.execute(
        select(PhysicalCopy.id).where(*copies_of(candidate)).order_by(PhysicalCopy.id).with_for_update()
    )
    session.execute(
        insert(Deletion).values(
            id=deletion_id,
            site_id=place.site_id,
            raw_data_package_id=candidate.package_id,
            raw_data_file_id=candidate.file_id,
            data_location_id=place.id,
            kind=candidate.kind,
            requested_by=actor,
            reason=f"{place.deletion_trigger}",
            grace_until=grace_until,
            next_attempt_at=grace_until,
            created_at=topology.at,
            bytes_total=size,
            waiting_reason=WaitingReason.GRACE_PERIOD if place.grace_period else None,
            waiting_detail=f"can be cancelled until {grace_until:%F %H:%M:%S} UTC"
            if place.grace_period
            else None,
            waiting_since=topology.at if place.grace_period else None,
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
        actor=actor,
        action="deletion.scheduled",
        subject_type="raw_data_package",
        subject_id=candidate.package_id,
        message=f"{candidate.kind} at {place.id}, {size:,} bytes, because {place.deletion_trigger}",
    )


def _candidates(session: Session, places: Sequence[Place]) -> dict[str, list[Found]]:
    """Return what could go at some places, archived longest first."""
    buffers = [place.id for place in places if place.location_type is LocationType.BUFFER]
    found: dict[str, list[Found]] = {}
    if places:
        copies = ask(session, _copies(), places=[place.id for place in places], buffers=buffers)
        for kind, package_id, place_id, file_id, size, created_at, copy_id, reason, detail in copies:
            candidate, since = Candidate(package_id, place_id, kind, file_id), (created_at, copy_id)
            found.setdefault(place_id, []).append(Found(candidate, size, since, reason, detail))
    return found


def _batches(candidates: Sequence[Found]) -> Iterator[Sequence[Found]]:
    """Yield candidates in batches of one kind."""
    for kind in CopyKind:
        of_kind = [found for found in candidates if found.candidate.kind is kind]
        for start in range(0, len(of_kind), BATCH):
            yield of_kind[start : start + BATCH]


@cache
def _copies() -> Select[*tuple[Any, ...]]:
    package_id = func.coalesce(PhysicalCopy.raw_data_package_id, RawDataFileView.raw_data_package_id)
    place_id, file_id = PhysicalCopy.data_location_id, PhysicalCopy.raw_data_file_id
    return (
        select(
            PhysicalCopy.kind,
            package_id,
            place_id,
            file_id,
            PhysicalCopy.size,
            PhysicalCopy.created_at,
            PhysicalCopy.id,
            PhysicalCopy.waiting_reason,
            PhysicalCopy.waiting_detail,
        )
        .outerjoin(RawDataFileView, RawDataFileView.id == file_id)
        .where(
            is_among(place_id, "places"),
            PhysicalCopy.status.in_(fixed(*LIVING)),
            # A package in a buffer whose way on is not planned waits for that: no question yet.
            or_(PhysicalCopy.onward_planned_at.is_not(None), ~is_among(place_id, "buffers")),
            ~_has_open_deletion(package_id, place_id, PhysicalCopy.kind, file_id),
            _may_have_news(package_id, PhysicalCopy.waiting_reason),
        )
        .order_by(PhysicalCopy.created_at, PhysicalCopy.id)
    )


def _may_have_news(package_id: Any, reason: Any) -> ColumnElement[bool]:
    """Tell whether it is worth judging: what no archive has, and says so, piles up while a link is down."""
    archived, location = aliased(PhysicalCopy), DataLocation.__table__.c
    # No EXISTS: PostgreSQL may answer one from a list of all that was ever archived.
    in_an_archive = (
        select(archived.id)
        .where(
            archived.raw_data_package_id == package_id,
            archived.status.in_(fixed(PhysicalCopyStatus.VERIFIED)),
            archived.data_location_id == location.id,
            location.location_type.in_(fixed(LocationType.LONG_TERM_ARCHIVE)),
        )
        .limit(1)
        .scalar_subquery()
    )
    return or_(reason.is_distinct_from(WaitingReason.NOT_ARCHIVED), in_an_archive.is_not(None))


def _has_open_deletion(package_id: Any, place_id: Any, kind: Any, file_id: Any = None) -> ColumnElement[bool]:
    """Tell whether a deletion is open; one that a person cancelled stays so until it is retried."""
    return exists().where(
        Deletion.raw_data_package_id == package_id,
        Deletion.data_location_id == place_id,
        Deletion.kind == kind,
        Deletion.raw_data_file_id.is_not_distinct_from(file_id),
        Deletion.status.not_in(fixed(Status.COMPLETED)),
    )


class _Staying:
    """What stays at a location and why; only news is written, a statement for each reason and kind."""

    def __init__(self, location_id: str) -> None:
        self._location_id = location_id
        self._packages, self._files = Obstacles(), Obstacles()

    def note(self, found: Found, obstacle: Obstacle) -> None:
        """Note why something stays."""
        if (found.reason, found.detail) == (obstacle.reason, obstacle.detail):
            return
        candidate = found.candidate
        if candidate.file_id is None:
            self._packages.add(obstacle, candidate.package_id)
        else:
            self._files.add(obstacle, candidate.file_id)

    def write(self, session: Session, at: datetime) -> None:
        """Write what was noted."""
        here = and_(PhysicalCopy.data_location_id == self._location_id, PhysicalCopy.status.in_(LIVING))

        def packages(ids: Sequence[UUID]) -> ColumnElement[bool]:
            return and_(here, is_one_of(PhysicalCopy.raw_data_package_id, ids))

        def files(ids: Sequence[UUID]) -> ColumnElement[bool]:
            return and_(here, is_one_of(PhysicalCopy.raw_data_file_id, ids))

        self._packages.write(session, PhysicalCopy, packages, at)
        self._files.write(session, PhysicalCopy, files, at)


def _say_of_all(session: Session, topology: Topology, place: Place, obstacle: Obstacle) -> None:
    """Write that everything at a location stays, and why."""
    why = reason_parameters(obstacle.reason, obstacle.detail, topology.at)
    session.execute(_saying_of_all(), {"place": place.id, **why})


@cache
def _saying_of_all() -> Any:
    here = and_(PhysicalCopy.data_location_id == bindparam("place"), PhysicalCopy.status.in_(fixed(*LIVING)))
    return setting_reason(PhysicalCopy, here)
