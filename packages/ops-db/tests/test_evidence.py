"""Whether a copy counts follows from what was found of it, on PostgreSQL and on SQLite alike."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion, marker_at
from ccat_ops_db import init_ccat_ops_db, models
from ccat_ops_db.enumerations import (
    CallerKind,
    CopyForm,
    DoubtCause,
    Finding,
    PhysicalCopyStatus,
    ReadingMethod,
)
from ccat_ops_db.evidence import trusted
from ccat_ops_db.identity import new_id

from . import rows


@pytest.fixture(params=["postgresql", "sqlite"])
def either(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session on a database of either kind."""
    if request.param == "postgresql":
        yield request.getfixturevalue("session")
        return
    scoped, engine = init_ccat_ops_db(database=":memory:")
    yield scoped()
    scoped.remove()
    engine.dispose()


@pytest.fixture
def copy(either: Session) -> UUID:
    """A copy at an archive that was adopted; nobody has read it."""
    world = rows.make_world(either)
    marker_at(either, world.archive, rows.NOW)
    return rows.add_copy(either, world.package, world.archive, PhysicalCopyStatus.PRESENT)


def prove(session: Session, copy: UUID, **other: Any) -> models.Verification:
    marker = marker_at(session, "cologne.lta", rows.NOW)
    return rows.add_verification(session, copy, **{"place_marker_id": marker} | other)


def counts(session: Session, copy: UUID) -> bool:
    return bool(session.scalar(select(trusted()).where(models.PhysicalCopy.id == copy)))


def test_a_copy_that_nobody_read_does_not_count(either: Session, copy: UUID) -> None:
    assert not counts(either, copy)


def test_a_copy_that_was_found_right_counts(either: Session, copy: UUID) -> None:
    prove(either, copy)
    assert counts(either, copy)


def test_the_newest_finding_counts_whatever_the_clocks_say(either: Session, copy: UUID) -> None:
    prove(either, copy)
    bad = {"finding": Finding.OTHER_CHECKSUM, "checksum_found": rows.SHA256, "proved_at": None}
    prove(either, copy, **bad, recorded_at=rows.NOW - timedelta(days=300))
    assert not counts(either, copy)
    prove(either, copy, proved_at=rows.NOW - timedelta(days=600))
    assert counts(either, copy)


def test_unchanged_confirms_and_proves_nothing(either: Session, copy: UUID) -> None:
    unchanged = {"method": ReadingMethod.UNCHANGED, "proved_at": None, "checksum_found": None}
    prove(either, copy, **unchanged)
    assert not counts(either, copy)
    prove(either, copy)
    prove(either, copy, **unchanged)
    assert counts(either, copy)
    prove(either, copy, **unchanged | {"finding": Finding.CHANGED})
    assert not counts(either, copy)


def as_deleted(session: Session, copy: UUID) -> None:
    lease_deletion(session, session.get_one(models.PhysicalCopy, copy), rows.NOW)
    change(session, copy, status=PhysicalCopyStatus.DELETION_SCHEDULED)


def as_corrupt(session: Session, copy: UUID) -> None:
    change(session, copy, status=PhysicalCopyStatus.CORRUPT)


def as_files(session: Session, copy: UUID) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE physical_copy DISABLE TRIGGER physical_copy_immutable"))
    change(session, copy, form=CopyForm.FILES)


def change(session: Session, copy: UUID, **values: Any) -> None:
    session.execute(update(models.PhysicalCopy).where(models.PhysicalCopy.id == copy).values(**values))


def with_other_checksum(session: Session, copy: UUID) -> None:
    prove(session, copy, checksum_found=rows.SHA256)


def with_other_size(session: Session, copy: UUID) -> None:
    prove(session, copy, size_found=1)


def without_marker(session: Session, copy: UUID) -> None:
    prove(session, copy, place_marker_id=None)


def under_an_old_marker(session: Session, copy: UUID) -> None:
    session.execute(update(models.PlaceMarker).values(retired_at=rows.NOW))
    marker_at(session, "cologne.lta", rows.NOW)


def doubted(session: Session, copy: UUID) -> UUID:
    """Have somebody at the other site doubt it."""
    doubt = models.Doubt(
        id=new_id(),
        site_id="ccat",
        physical_copy_id=copy,
        cause=DoubtCause.BYTES,
        work_table="staging_item",
        work_id=new_id(),
        caller_kind=CallerKind.ENGINE,
        caller="a worker",
        created_at=rows.NOW,
        reason="wrong bytes",
    )
    session.add(doubt)
    session.flush()
    return doubt.id


def at_a_doubted_place(session: Session, copy: UUID) -> None:
    session.add(rows.doubt("cologne.lta"))
    session.flush()


@pytest.mark.parametrize(
    "spoil",
    [
        as_deleted,
        as_corrupt,
        as_files,
        with_other_checksum,
        with_other_size,
        without_marker,
        under_an_old_marker,
        doubted,
        at_a_doubted_place,
    ],
)
def test_a_copy_does_not_count(either: Session, copy: UUID, spoil: Callable[[Session, UUID], object]) -> None:
    prove(either, copy)
    assert counts(either, copy)
    spoil(either, copy)
    assert not counts(either, copy)


def test_a_doubt_that_was_answered_is_over(either: Session, copy: UUID) -> None:
    prove(either, copy)
    doubt = doubted(either, copy)
    either.add(
        models.DoubtAnswer(
            id=new_id(),
            site_id="cologne",
            doubt_id=doubt,
            sample_read=10,
            sample_right=9,
            caller_kind=CallerKind.ENGINE,
            caller="planner",
            created_at=rows.NOW,
        )
    )
    either.flush()
    assert counts(either, copy)


def test_other_copies_count_as_before(either: Session, copy: UUID) -> None:
    package = either.scalars(select(models.RawDataPackage.id)).one()
    other = rows.add_copy(either, package, "cologne.lta", PhysicalCopyStatus.PRESENT)
    prove(either, other)
    doubted(either, copy)
    assert (counts(either, copy), counts(either, other)) == (False, True)
