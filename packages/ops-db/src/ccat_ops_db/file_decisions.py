"""Deciding on files that are not as they were filed: to set them aside, or to file them anew."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import FileDecision, FileExceptionKind
from ccat_ops_db.events import record_event, resolve_errors
from ccat_ops_db.filing import file_again
from ccat_ops_db.models import RawDataFile, RawDataFileException, RawDataFileView, RawDataSeries
from ccat_ops_db.own_rows import own_rows


@dataclass(frozen=True)
class Which:
    """Which files are meant that nobody has decided on; what is None does not count.

    Attributes
    ----------
    files : collection of UUID or None
        These and no others.
    package_id, execution_id : UUID or None
        Of this package, or this execution.
    location_id : str or None
        At this source.
    kind : FileExceptionKind or None
        With which this is wrong.
    """

    files: Collection[UUID] | None = None
    package_id: UUID | None = None
    execution_id: UUID | None = None
    location_id: str | None = None
    kind: FileExceptionKind | None = None

    @property
    def names_nothing(self) -> bool:
        """Whether all files are meant."""
        return self == Which()


@dataclass(frozen=True)
class Facts:
    """What is filed of a file in place of what was: its bytes as they are now."""

    size: int
    checksum: str


@dataclass(frozen=True)
class Decider:
    """Who decides, why, and when."""

    name: str
    reason: str
    at: datetime


def undecided(session: Session, which: Which, most: int) -> list[RawDataFileView]:
    """Return files of this database that are not as they were filed, and that nobody has decided on.

    Parameters
    ----------
    session : Session
        Transaction.
    which : Which
        Which are meant.
    most : int
        No more than this, in the order in which they were found.
    """
    view, exception = RawDataFileView, RawDataFileException
    conditions: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (view.raw_data_package_id, which.package_id),
            (view.executed_obs_unit_id, which.execution_id),
            (view.source_location_id, which.location_id),
            (exception.kind, which.kind),
        )
        if value is not None
    ]
    if which.files is not None:
        conditions.append(view.id.in_(which.files))
    found = session.scalars(
        select(view)
        .join(exception, exception.raw_data_file_id == view.id)
        .where(exception.decision.is_(None), own_rows(exception.site_id), *conditions)
        .order_by(exception.first_seen_at, view.id)
        .limit(most)
    )
    return list(found)


def in_order(session: Session, files: Iterable[RawDataFileView]) -> list[RawDataFileView]:
    """Return files in the order in which they are decided on, with their series locked.

    Series come before exceptions, and both in the order of their ids: who locks in one order everywhere never
    waits in a circle.
    """
    ordered = sorted(files, key=lambda file: file.id)
    session.execute(
        select(RawDataSeries.id)
        .where(RawDataSeries.id.in_({file.raw_data_series_id for file in ordered}))
        .order_by(RawDataSeries.id)
        .with_for_update(key_share=True)
    )
    return ordered


def set_aside(session: Session, file_id: UUID, decider: Decider) -> bool:
    """Leave a file where it is, in no tar; False if nothing is wrong with it, or it was decided on.

    Its package goes on without it, and its path is its own as long as it is there.
    """
    exception = _locked(session, file_id)
    if exception is None:
        return False
    _decide(session, exception, decider, FileDecision.SET_ASIDE, "file.set_aside", "stays where it is")
    return True


def file_anew(session: Session, file_id: UUID, decider: Decider, facts: Facts | None = None) -> UUID | None:
    """File a file once more; None if nothing is wrong with it, or it was decided on.

    The old row keeps what was filed. The new one has the next revision of the path and the next number of the
    series, so that a later package carries it.

    Parameters
    ----------
    session : Session
        Transaction; the caller commits it.
    file_id : UUID
        The file.
    decider : Decider
        Who decides.
    facts : Facts or None
        Its bytes as they are now; None: as they were filed, for a file that was mended.

    Returns
    -------
    UUID or None
        The new file.
    """
    old = session.get_one(RawDataFile, file_id)
    session.get_one(RawDataSeries, old.raw_data_series_id, with_for_update={"key_share": True})
    exception = _locked(session, file_id)
    if exception is None:
        return None
    size, checksum = (facts.size, facts.checksum) if facts else (old.size, old.checksum)
    new = file_again(session, old, size, checksum, decider.at)
    exception.replaced_by_file_id = new.id
    told = f"filed anew as {new.id} with {size:,} bytes, {checksum}"
    _decide(session, exception, decider, FileDecision.FILED_ANEW, "file.filed_anew", told)
    return new.id


def _locked(session: Session, file_id: UUID) -> RawDataFileException | None:
    return session.scalars(
        select(RawDataFileException)
        .where(
            RawDataFileException.raw_data_file_id == file_id,
            RawDataFileException.decision.is_(None),
            own_rows(RawDataFileException.site_id),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _decide(
    session: Session,
    exception: RawDataFileException,
    decider: Decider,
    decision: FileDecision,
    action: str,
    told: str,
) -> None:
    exception.decision, exception.decided_at = decision, decider.at
    exception.decided_by, exception.reason = decider.name, decider.reason
    session.flush()
    subject: dict[str, Any] = {"subject_type": "raw_data_file", "subject_id": exception.raw_data_file_id}
    resolve_errors(session, at=decider.at, **subject)
    record_event(
        session,
        site_id=exception.site_id,
        at=decider.at,
        actor=decider.name,
        action=action,
        message=f"{told}: {decider.reason}",
        **subject,
    )
