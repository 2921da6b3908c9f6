"""How far the data of an execution is."""

from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion
from ccat_ops_db.enumerations import ExecutionStatus, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import PhysicalCopy
from ccat_ops_db.reports.progress import ExecutionProgress, execution_progress

from .. import rows


@pytest.fixture
def execution(session: Session, world: rows.World) -> UUID:
    """A completed execution without files."""
    return rows.add_execution(session, ExecutionStatus.COMPLETED)


def progress(session: Session, execution: UUID) -> ExecutionProgress:
    """Return the progress of an execution that is there."""
    found = execution_progress(session, execution)
    assert found is not None
    return found


def test_an_unknown_execution_has_none(session: Session) -> None:
    assert execution_progress(session, new_id()) is None


def test_an_execution_that_ended_without_files_is_done(session: Session, execution: UUID) -> None:
    found = progress(session, execution)
    assert (found.files, found.archived, found.removed_at_source) == (0, True, True)
    assert (found.archives_reached, found.archives_wanted) == (0, None)


def test_a_running_execution_is_never_done(session: Session, world: rows.World) -> None:
    running = rows.add_execution(session, ExecutionStatus.RUNNING)
    assert not progress(session, running).archived


def test_each_step_counts(session: Session, world: rows.World, execution: UUID) -> None:
    rows.add_file(session, execution)
    found = progress(session, execution)
    assert (found.files, found.bytes, found.files_packaged, found.archived) == (1, 3, 0, False)

    rows.add_package(session, execution, part=2, sealed=False)
    found = progress(session, execution)
    assert (found.files_packaged, found.packages, found.packages_sealed) == (2, 1, 0)
    assert (found.files_sealed, found.files_archived, found.archives_reached) == (0, 0, 0)


def test_is_archived_then_removed(session: Session, world: rows.World, execution: UUID) -> None:
    package = rows.add_package(session, execution)
    assert not progress(session, execution).archived
    for location in (world.archive, "us.lta"):
        if not progress(session, execution).archived:
            rows.add_copy(session, package, location)
    found = progress(session, execution)
    assert (found.archived, found.removed_at_source, found.packages_archived) == (True, False, 1)
    assert (found.files_sealed, found.files_archived) == (1, 1)
    assert found.archives_reached == found.archives_wanted
    at_source = select(PhysicalCopy).where(PhysicalCopy.data_location_id == "ccat.chai-raw-data")
    for copy in session.scalars(at_source).all():
        lease_deletion(session, copy, rows.NOW)
    for status in (
        PhysicalCopyStatus.DELETION_SCHEDULED,
        PhysicalCopyStatus.DELETION_IN_PROGRESS,
    ):
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.data_location_id == "ccat.chai-raw-data")
            .values(status=status)
        )
        assert not progress(session, execution).removed_at_source
    session.execute(
        update(PhysicalCopy)
        .where(PhysicalCopy.data_location_id == "ccat.chai-raw-data")
        .values(status=PhysicalCopyStatus.DELETED, deleted_at=rows.NOW)
    )
    found = progress(session, execution)
    assert (found.removed_at_source, found.packages_removed_at_source) == (True, 1)
    assert found.files_removed_at_source == 1


def test_names_what_waits_and_what_failed(session: Session, world: rows.World) -> None:
    waiting = rows.add_row(session, world, "data_transfer", Status.PENDING)
    waiting.waiting_reason, waiting.waiting_since = "link_window_closed", rows.NOW
    failed = rows.add_row(session, world, "package_creation", Status.FAILED)
    failed.error_message = "a.fits is shorter than it was filed"
    session.flush()
    found = progress(session, world.execution)
    assert ("data_transfer", str(waiting.id), "link_window_closed") in [
        (thing.subject_type, thing.subject_id, thing.reason) for thing in found.waiting
    ]
    assert [(thing.subject_id, thing.message) for thing in found.failed] == [
        (str(failed.id), "a.fits is shorter than it was filed")
    ]
    assert found.packages_failed == 1
