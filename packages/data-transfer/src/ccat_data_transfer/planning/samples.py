"""Places in doubt: some copies there are read, and decoys where there are few, to find out about them."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from ccat_data_transfer.evidence.doubts import OF_READINGS, open_doubts_of_place, trust_place
from ccat_data_transfer.planning.one_by_one import Subject, one_by_one
from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.planning.verifying import open_check
from ccat_ops_db.enumerations import (
    CheckReason,
    CopyForm,
    Finding,
    ReadingMethod,
    Status,
)
from ccat_ops_db.evidence import READABLE, is_open
from ccat_ops_db.models import DataLocation, Doubt, FixityCheck, PhysicalCopy, PlaceMarker, Verification

SIZE = 10
"""Copies and decoys of a sample."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)
"""From one sample to the next, doubling."""


@dataclass(frozen=True)
class Sample:
    """What was read of a place to find out about it.

    Attributes
    ----------
    begun_at : datetime
        When it was drawn.
    is_done : bool
        Whether all of it was read, or is not read any more.
    read, right : int
        Copies and decoys that were read, and how many of them were right.
    """

    begun_at: datetime
    is_done: bool
    read: int
    right: int

    @property
    def speaks_for_the_place(self) -> bool:
        """Whether nine of ten were right."""
        return self.right > 0 and 10 * self.right >= 9 * max(self.read, 1)


def sample_doubted_places(session: Session, topology: Topology) -> int:
    """Draw samples of our places in doubt, and trust those again of which they were right."""

    def look(row: Row[*tuple[Any, ...]]) -> int:
        return _look(session, topology, row.data_location_id, row.doubted_at)

    places = [
        row
        for row in ask(session, _doubted(), sites=topology.sites)
        if row.data_location_id in topology.places
    ]
    return sum(done for _, done in one_by_one(session, places, look, _about))


def _about(row: Row[*tuple[Any, ...]]) -> Subject:
    return Subject("data_location", row.data_location_id, row.data_location_id.partition(".")[0])


@cache
def _doubted() -> Select[*tuple[Any, ...]]:
    location = DataLocation.__table__
    return (
        select(Doubt.data_location_id, func.min(Doubt.created_at).label("doubted_at"))
        .join(location, location.c.id == Doubt.data_location_id)
        .where(is_among(location.c.site_id, "sites"), Doubt.cause.in_(fixed(*OF_READINGS)), is_open())
        .group_by(Doubt.data_location_id)
        .order_by(Doubt.data_location_id)
    )


def _look(session: Session, topology: Topology, location_id: str, doubted_at: datetime) -> int:
    samples = _samples(session, location_id, doubted_at)
    if samples and not samples[-1].is_done:
        return 0
    if samples and samples[-1].speaks_for_the_place:
        _trust(session, location_id, samples[-1])
        return 1
    if samples:
        pause = min(FIRST_PAUSE * 2 ** min(len(samples) - 1, 10), LONGEST_PAUSE)
        if topology.at < samples[-1].begun_at + pause:
            return 0
    return _draw(session, topology, location_id, doubted_at)


def _trust(session: Session, location_id: str, sample: Sample) -> None:
    trust_place(
        session,
        location_id,
        open_doubts_of_place(session, location_id, *OF_READINGS),
        "planner",
        f"{sample.right} of {sample.read} copies and decoys that were read were right",
        sample_read=sample.read,
        sample_right=sample.right,
    )


def _samples(session: Session, location_id: str, doubted_at: datetime) -> list[Sample]:
    """Return the samples that were drawn since a place is doubted, in order."""
    ended = FixityCheck.status.in_((Status.COMPLETED, Status.FAILED, Status.CANCELLED))
    right = exists().where(
        Verification.work_id == FixityCheck.id,
        Verification.physical_copy_id == FixityCheck.physical_copy_id,
        Verification.finding == Finding.RIGHT,
    )
    # A copy that is read only because decoys need a reading is known to be wrong.
    counted = FixityCheck.decoys < SIZE
    rows = session.execute(
        select(
            FixityCheck.created_at,
            func.bool_and(ended),
            func.sum(FixityCheck.decoys) + func.count().filter(counted),
            func.coalesce(func.sum(FixityCheck.decoys_right), 0) + func.count().filter(and_(counted, right)),
        )
        .where(
            FixityCheck.data_location_id == location_id,
            FixityCheck.reason == CheckReason.SAMPLE,
            FixityCheck.created_at >= doubted_at,
        )
        .group_by(FixityCheck.created_at)
        .order_by(FixityCheck.created_at)
    )
    return [Sample(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


def _draw(session: Session, topology: Topology, location_id: str, doubted_at: datetime) -> int:
    """Have some copies read that were trusted when the place came into doubt; return how many."""
    # This pass may have begun before the doubt.
    at = max(topology.at, doubted_at)
    copies = session.execute(_copies(location_id, doubted_at)).all()
    trusted = [copy for copy in copies if copy.was_trusted]
    chosen = sorted(topology.random.sample(trusted, min(SIZE, len(trusted))), key=lambda copy: copy.id)
    _hold(session, chosen)
    read_only = topology.places[location_id].read_only
    decoys = 0 if read_only else SIZE - len(chosen)
    opened = 0
    for copy in chosen:
        if _have_read(session, copy, at, decoys=decoys if opened == 0 else 0):
            opened += 1
    if chosen or read_only:
        return opened
    for copy in copies:
        if _have_read(session, copy, at, decoys=SIZE):
            return 1
    if not copies:
        # Nothing is left there that could be wrong; what comes is read when it arrives.
        _trust(session, location_id, Sample(at, True, 0, 0))
        return 1
    return 0


def _copies(location_id: str, doubted_at: datetime) -> Select[*tuple[Any, ...]]:
    found, newest = aliased(Verification), aliased(Verification)
    confirms = and_(newest.method == ReadingMethod.UNCHANGED, newest.finding == Finding.RIGHT)
    # What samples found is no reason to leave a copy out of the next one.
    before = or_(
        newest.recorded_at < doubted_at,
        and_(newest.recorded_at == doubted_at, newest.reason != CheckReason.SAMPLE),
    )
    number = (
        select(func.max(newest.number))
        .where(newest.physical_copy_id == PhysicalCopy.id, before, ~confirms)
        .correlate(PhysicalCopy)
        .scalar_subquery()
    )
    was_trusted = (
        select(found.id)
        .join(PlaceMarker, PlaceMarker.id == found.place_marker_id)
        .where(
            found.physical_copy_id == PhysicalCopy.id,
            found.number == number,
            found.finding == Finding.RIGHT,
            PlaceMarker.data_location_id == location_id,
            PlaceMarker.retired_at.is_(None),
        )
        .correlate(PhysicalCopy)
        .exists()
    )
    return (
        select(
            PhysicalCopy.id,
            PhysicalCopy.site_id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.size,
            was_trusted.label("was_trusted"),
        )
        .where(
            PhysicalCopy.data_location_id == location_id,
            PhysicalCopy.form == CopyForm.TAR,
            PhysicalCopy.status.in_(READABLE),
        )
        .order_by(PhysicalCopy.id)
    )


def _hold(session: Session, copies: Sequence[Row[*tuple[Any, ...]]]) -> None:
    """Lock copies before any work is: who locks in one order everywhere never waits in a circle."""
    session.execute(
        select(PhysicalCopy.id)
        .where(PhysicalCopy.id.in_([copy.id for copy in copies]))
        .order_by(PhysicalCopy.id)
        .with_for_update(read=True, key_share=True)
    )


def _have_read(
    session: Session,
    copy: Row[*tuple[Any, ...]],
    at: datetime,
    *,
    decoys: int,
) -> bool:
    """Have a copy read at once, by a check that waits already or a new one; tell whether that is so."""
    with session.begin_nested():
        raised = session.execute(
            update(FixityCheck)
            .where(FixityCheck.physical_copy_id == copy.id, FixityCheck.status == Status.PENDING)
            .values(
                reason=CheckReason.SAMPLE,
                created_at=at,
                next_attempt_at=None,
                excluded_worker=None,
                decoys=decoys,
            )
            .returning(FixityCheck.id)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
    if raised is not None:
        return True
    with contextlib.suppress(CopyNotReadableError), session.begin_nested():
        opened = open_check(
            session,
            copy.id,
            site_id=copy.site_id,
            data_location_id=copy.data_location_id,
            reason=CheckReason.SAMPLE,
            priority=0,
            size=copy.size,
            at=at,
            decoys=decoys,
        )
        return bool(opened)
    return False
