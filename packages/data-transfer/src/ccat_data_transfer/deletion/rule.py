"""The one rule of deletion. Nothing else in this code decides that bytes may go.

A copy of a package X at a location L may be deleted exactly if

* X is sealed,
* at least ``min_archive_copies`` copies at long-term archives other than L are verified, with X's checksum,
  last verified within ``max_proof_age`` under the marker that their place has now, at locations that
  are not under suspicion,
* each of them was confirmed by its archive in this very moment,
* no open work reads the copy,
* no hold covers it, no pin keeps it, its retention time has passed,
* and L is not a long-term archive: those are never emptied by policy.

The files of X at their source are a copy of X. The schema keeps ``min_archive_copies`` at 1 or more, and
this module does so again: no setting can weaken the rule.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    ScalarSelect,
    Select,
    Uuid,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import moment
from ccat_data_transfer.planning.topology import Obstacle
from ccat_ops_db.copy_locks import KEEPS_A_COPY
from ccat_ops_db.deletions import copies_of_deletion
from ccat_ops_db.enumerations import (
    ConfirmBy,
    CopyKind,
    HoldScope,
    LocationType,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.evidence import is_newest, trusted
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    ExecutedObsUnit,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    PlaceMarker,
    RawDataPackage,
    RetentionPolicy,
    Verification,
)
from ccat_ops_db.waiting import WaitingReason

LIVING = (PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.VERIFIED, PhysicalCopyStatus.STAGED)
DELETABLE = (
    *LIVING,
    PhysicalCopyStatus.DELETION_SCHEDULED,
    # Of an attempt that died between decision and removal: proved anew.
    PhysicalCopyStatus.DELETION_IN_PROGRESS,
)
CONFIRMATION_LIFETIME = timedelta(hours=2)
"""How long the word of an archive counts as "in this very moment": others may be read in full meanwhile."""


@dataclass(frozen=True)
class Candidate:
    """What is to be deleted at one location: a package, or one staged file of it."""

    package_id: UUID
    location_id: str
    kind: CopyKind
    file_id: UUID | None = None


@dataclass(frozen=True)
class ArchiveCopy:
    """A copy that a deletion relies on, and how it is to be confirmed.

    ``identity`` says which object it was that was read and found right.
    """

    copy_id: UUID
    location_id: str
    relative_path: str
    size: int
    checksum: str
    identity: str | None
    how: ConfirmBy


@dataclass(frozen=True)
class Confirmation:
    """An archive said at a time that it has a copy, whole and right."""

    copy_id: UUID
    at: datetime


class NotProvenError(Exception):
    """The deletion is not allowed now; ``obstacle`` says why."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.detail)
        self.obstacle = obstacle


def prove(
    session: Session, candidate: Candidate, confirmations: Iterable[Confirmation], at: datetime
) -> None:
    """Prove, in the deleting transaction, that a copy may go.

    The copies are locked against new readers until the transaction ends. The caller must change their status
    in the same transaction.

    Parameters
    ----------
    session : Session
        The deleting transaction, on the database of the site that owns the copies.
    candidate : Candidate
        What is to go.
    confirmations : iterable of Confirmation
        What archives confirmed just now.
    at : datetime
        Now.

    Raises
    ------
    NotProvenError
        If any condition of the rule does not hold.
    """
    session.execute(
        select(PhysicalCopy.id).where(*copies_of(candidate)).order_by(PhysicalCopy.id).with_for_update()
    )
    obstacle = find_obstacles(session, [candidate], at)[candidate]
    if obstacle is not None:
        raise NotProvenError(obstacle)
    fresh = {c.copy_id for c in confirmations if timedelta(0) <= at - c.at <= CONFIRMATION_LIFETIME}
    good = reliable_copies(session, candidate, at)
    confirmed = [copy for copy in good if copy.copy_id in fresh]
    needed = _needed_copies(_facts(session, [candidate], at)[0])
    if len(confirmed) < needed:
        raise NotProvenError(
            Obstacle(
                WaitingReason.ARCHIVE_NOT_CONFIRMED,
                f"{len(confirmed)} of {needed} archive copies confirmed now",
            )
        )


def find_obstacles(
    session: Session, candidates: Sequence[Candidate], at: datetime
) -> dict[Candidate, Obstacle | None]:
    """Return, for each candidate, the first condition that does not hold, short of asking the archives.

    Parameters
    ----------
    session : Session
        On the database of the site that owns the copies.
    candidates : sequence of Candidate
        All at one location and of one kind; they are judged in one statement.
    at : datetime
        Now.
    """
    found: dict[Candidate, Obstacle | None] = dict.fromkeys(
        candidates, Obstacle(WaitingReason.NOT_SEALED, "the package or the location is not known here")
    )
    for facts in _facts(session, candidates, at):
        found[candidates[facts.number]] = _judge(facts, at)
    return found


def reliable_copies(session: Session, candidate: Candidate, at: datetime) -> list[ArchiveCopy]:
    """Return the archive copies elsewhere that the rule may count, still to be confirmed."""
    facts = next(iter(_facts(session, [candidate], at)), None)
    if facts is None or facts.max_proof_age is None:
        return []
    asked = {
        "package_id": candidate.package_id,
        "location_id": candidate.location_id,
        "oldest": at - timedelta(seconds=facts.max_proof_age),
    }
    return [
        ArchiveCopy(
            copy.id,
            copy.data_location_id,
            copy.relative_path,
            copy.size,
            copy.checksum_found,
            copy.identity,
            _how(facts, verified_at=copy.proved_at, adopted_at=copy.adopted_at),
        )
        for copy in session.execute(_reliable_statement(), asked)
        if copy.checksum_found is not None and copy.proved_at is not None
    ]


@cache
def _reliable_statement() -> Select[*tuple[Any, ...]]:
    return (
        _verified_elsewhere(bindparam("package_id", type_=Uuid()), bindparam("location_id"))
        .with_only_columns(
            PhysicalCopy.id,
            PhysicalCopy.data_location_id,
            PhysicalCopy.relative_path,
            PhysicalCopy.size,
            Verification.checksum_found,
            Verification.proved_at,
            PlaceMarker.adopted_at,
            Verification.identity,
        )
        .where(Verification.proved_at >= moment("oldest"))
        .order_by(PhysicalCopy.id)
    )


def _how(facts: Row[*tuple[Any, ...]], *, verified_at: datetime, adopted_at: datetime) -> ConfirmBy:
    """Return how a copy is to be confirmed: what a person called the same place is read again."""
    how: ConfirmBy = facts.confirm_by
    return ConfirmBy.FULL_READ if verified_at < adopted_at else how


def copies_of(candidate: Candidate) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that select the living copies that a deletion would remove."""
    copies = copies_of_deletion(
        candidate.package_id, candidate.location_id, candidate.kind, candidate.file_id
    )
    return (copies, PhysicalCopy.status.in_(DELETABLE))


def _judge(facts: Row[*tuple[Any, ...]], at: datetime) -> Obstacle | None:
    if facts.location_type is LocationType.LONG_TERM_ARCHIVE:
        return Obstacle(WaitingReason.LAST_COPY, "a long-term archive is never emptied by policy")
    if facts.min_archive_copies is None:
        return Obstacle(WaitingReason.NO_RETENTION_POLICY, f"{facts.location_id} has no retention policy")
    if facts.sealed_at is None or facts.being_made:
        return Obstacle(WaitingReason.NOT_SEALED, "the package is not complete")
    needed = _needed_copies(facts)
    if facts.fresh < needed:
        return _too_few(facts.verified, facts.fresh, needed)
    if facts.reader:
        return Obstacle(WaitingReason.IN_USE, f"read by {facts.reader}")
    if facts.hold:
        return Obstacle(WaitingReason.HOLD, facts.hold)
    until = facts.sealed_at + timedelta(seconds=facts.retention_time)
    if until > at:
        return Obstacle(WaitingReason.RETENTION, f"kept until {until:%F %H:%M:%S} UTC")
    if facts.pinned_until and facts.pinned_until > at:
        return Obstacle(WaitingReason.PINNED, f"pinned until {facts.pinned_until:%F %H:%M:%S} UTC")
    return None


def _too_few(verified: int, fresh: int, needed: int) -> Obstacle:
    if verified == 0:
        return Obstacle(WaitingReason.NOT_ARCHIVED, f"0 of {needed} verified archive copies")
    if verified < needed:
        return Obstacle(
            WaitingReason.WAITING_FOR_SECOND_ARCHIVE, f"{verified} of {needed} verified archive copies"
        )
    return Obstacle(
        WaitingReason.VERIFICATION_TOO_OLD, f"{fresh} of {needed} archive copies were verified lately enough"
    )


def _needed_copies(facts: Row[*tuple[Any, ...]]) -> int:
    return max(1, int(facts.min_archive_copies))


def _facts(
    session: Session, candidates: Sequence[Candidate], at: datetime
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return a row of facts for each candidate whose package and location are known."""
    if not candidates:
        return []
    location_id, kind = candidates[0].location_id, candidates[0].kind
    if any(c.location_id != location_id or c.kind is not kind for c in candidates):
        raise ValueError("candidates of one call are of one location and kind")
    asked = {
        "numbers": list(range(len(candidates))),
        "package_ids": [c.package_id for c in candidates],
        "file_ids": [c.file_id for c in candidates],
        "location_id": location_id,
        "at": at,
    }
    return session.execute(_facts_statement(kind), asked).all()


@cache
def _facts_statement(kind: CopyKind) -> Select[*tuple[Any, ...]]:
    location_id: BindParameter[str] = bindparam("location_id")
    asked = (
        func.unnest(
            bindparam("numbers", type_=ARRAY(Integer())),
            bindparam("package_ids", type_=ARRAY(Uuid())),
            bindparam("file_ids", type_=ARRAY(Uuid())),
        )
        .table_valued(
            column("number", Integer()), column("package_id", Uuid()), column("file_id", Uuid()), name="asked"
        )
        .render_derived()
    )
    package_id, file_id = asked.c.package_id, asked.c.file_id
    location = DataLocation.__table__.c
    verified = _verified_elsewhere(package_id, location_id)
    age = func.extract("epoch", moment("at") - Verification.proved_at)
    being_made = exists().where(
        PackageCreation.raw_data_package_id == package_id, PackageCreation.status != Status.COMPLETED
    )
    return (
        select(
            asked.c.number,
            location.id.label("location_id"),
            location.location_type,
            RawDataPackage.sealed_at,
            being_made.label("being_made"),
            RetentionPolicy.min_archive_copies,
            RetentionPolicy.max_proof_age,
            RetentionPolicy.retention_time,
            RetentionPolicy.confirm_by,
            verified.scalar_subquery().label("verified"),
            verified.where(age <= RetentionPolicy.max_proof_age).scalar_subquery().label("fresh"),
            _reader(kind, location_id, package_id, file_id).label("reader"),
            _hold(location_id, package_id).label("hold"),
            _pin(kind, location_id, package_id, file_id).label("pinned_until"),
        )
        .select_from(asked)
        .join(RawDataPackage, RawDataPackage.id == package_id)
        .join(DataLocation.__table__, location.id == location_id)
        .outerjoin(RetentionPolicy, RetentionPolicy.id == location.retention_policy_id)
    )


def _verified_elsewhere(
    package_id: ColumnElement[UUID], location_id: ColumnElement[str]
) -> Select[*tuple[Any, ...]]:
    """Count the trusted copies at other archives; the finding of each and its marker are joined."""
    location = DataLocation.__table__.alias("archive")
    return (
        select(func.count())
        .select_from(PhysicalCopy)
        .join(location, location.c.id == PhysicalCopy.data_location_id)
        .join(Verification, is_newest(Verification))
        .join(PlaceMarker, PlaceMarker.id == Verification.place_marker_id)
        .where(
            PhysicalCopy.raw_data_package_id == package_id,
            PhysicalCopy.data_location_id != location_id,
            location.c.location_type == LocationType.LONG_TERM_ARCHIVE,
            trusted(),
        )
    )


def _copies(
    kind: CopyKind,
    location_id: ColumnElement[str],
    package_id: ColumnElement[UUID],
    file_id: ColumnElement[UUID],
) -> tuple[ColumnElement[bool], ...]:
    here = PhysicalCopy.data_location_id == location_id
    if kind is CopyKind.RAW_DATA_PACKAGE:
        return here, PhysicalCopy.raw_data_package_id == package_id
    return here, PhysicalCopy.raw_data_file_id == file_id


def _reader(
    kind: CopyKind,
    location_id: ColumnElement[str],
    package_id: ColumnElement[UUID],
    file_id: ColumnElement[UUID],
) -> ScalarSelect[Any]:
    return (
        select(func.concat(PhysicalCopyLock.work_table, " ", PhysicalCopyLock.work_id))
        .join(PhysicalCopy, PhysicalCopy.id == PhysicalCopyLock.physical_copy_id)
        .where(*_copies(kind, location_id, package_id, file_id), KEEPS_A_COPY)
        .limit(1)
        .scalar_subquery()
    )


def _pin(
    kind: CopyKind,
    location_id: ColumnElement[str],
    package_id: ColumnElement[UUID],
    file_id: ColumnElement[UUID],
) -> ScalarSelect[Any]:
    return (
        select(func.max(PhysicalCopy.pinned_until))
        .where(*_copies(kind, location_id, package_id, file_id), PhysicalCopy.status.in_(DELETABLE))
        .scalar_subquery()
    )


def _hold(location_id: ColumnElement[str], package_id: ColumnElement[UUID]) -> ScalarSelect[Any]:
    execution = RawDataPackage.executed_obs_unit_id
    program = (
        select(ObsUnit.observing_program_id)
        .join(ExecutedObsUnit, ExecutedObsUnit.obs_unit_id == ObsUnit.id)
        .where(ExecutedObsUnit.id == execution)
        # Of the package that is judged, two statements further out, not of any.
        .correlate(RawDataPackage)
        .scalar_subquery()
    )
    return (
        select(
            func.concat(DeletionHold.scope, " hold by ", DeletionHold.created_by, ": ", DeletionHold.reason)
        )
        .where(
            DeletionHold.lifted_at.is_(None),
            or_(
                DeletionHold.scope == HoldScope.GLOBAL,
                DeletionHold.held_site_id == DataLocation.__table__.c.site_id,
                DeletionHold.data_location_id == location_id,
                DeletionHold.observing_program_id == program,
                DeletionHold.executed_obs_unit_id == execution,
                DeletionHold.raw_data_package_id == package_id,
            ),
        )
        .order_by(DeletionHold.created_at)
        .limit(1)
        .scalar_subquery()
    )
