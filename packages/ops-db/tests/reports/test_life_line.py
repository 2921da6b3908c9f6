"""The life of a package is told from its rows, in the order of time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Status
from ccat_ops_db.events import record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import FixityCheck, PhysicalCopy
from ccat_ops_db.reports.life_line import StepKind, life_line
from ccat_ops_db.reports.work_rows import OPERATIONS

from .. import rows

WORK = [kind.__tablename__ for kind in OPERATIONS]  # type: ignore[attr-defined]
KINDS = {
    Status.PENDING: StepKind.WAIT,
    Status.SCHEDULED: StepKind.WAIT,
    Status.IN_PROGRESS: StepKind.NOW,
    Status.COMPLETED: StepKind.DONE,
    Status.FAILED: StepKind.FAILURE,
}


def test_there_is_no_life_without_a_package(session: Session) -> None:
    assert life_line(session, new_id()) is None


def test_it_begins_with_filing(session: Session, world: rows.World) -> None:
    steps = life_line(session, world.package)
    assert steps is not None
    assert "filed at" in steps[0].title
    assert steps[0].kind is StepKind.DONE


@pytest.mark.parametrize("table", WORK)
@pytest.mark.parametrize("status", Status)
def test_every_piece_of_work_is_a_step(
    session: Session, world: rows.World, table: str, status: Status
) -> None:
    row = rows.add_row(session, world, table, status)
    row.error_message = "the disk is full" if status is Status.FAILED else None
    session.flush()
    steps = life_line(session, _package_of(session, row))
    assert steps is not None
    (step,) = [step for step in steps if step.subject_id == str(row.id)]
    assert step.kind is KINDS[status]
    assert step.subject_type == table
    assert "None" not in step.title
    assert (step.detail == "the disk is full") is (status is Status.FAILED)


def test_what_is_not_over_comes_last(session: Session, world: rows.World) -> None:
    waiting = rows.add_row(session, world, "data_transfer", Status.PENDING)
    waiting.created_at = rows.NOW - timedelta(days=1)
    waiting.waiting_reason, waiting.waiting_detail = "link_window_closed", "opens at 02:00"
    done = rows.add_row(session, world, "package_creation", Status.COMPLETED)
    waiting.raw_data_package_id = done.raw_data_package_id
    session.flush()
    steps = life_line(session, done.raw_data_package_id)
    assert steps is not None
    places = [step.subject_id for step in steps]
    assert places.index(str(done.id)) < places.index(str(waiting.id))
    assert (steps[-1].kind, steps[-1].reason, steps[-1].detail) == (
        StepKind.WAIT,
        "link_window_closed",
        "opens at 02:00",
    )


def test_a_copy_that_was_lost_is_a_failure(session: Session, world: rows.World) -> None:
    record_event(
        session,
        site_id="ccat",
        at=rows.NOW,
        actor="worker",
        action="copy.missing",
        subject_type="raw_data_package",
        subject_id=world.package,
        message="buffer: nothing is there",
    )
    steps = life_line(session, world.package)
    assert steps is not None
    (step,) = [step for step in steps if step.subject_type == "event"]
    assert (step.kind, step.title, step.detail) == (
        StepKind.FAILURE,
        "found missing",
        "buffer: nothing is there",
    )


def test_why_nothing_is_planned_is_its_last_step(session: Session, world: rows.World) -> None:
    copy = session.get(PhysicalCopy, world.copy)
    assert copy is not None
    copy.waiting_reason, copy.waiting_detail, copy.waiting_since = "no_route", "to cologne", rows.NOW
    session.flush()
    steps = life_line(session, world.package)
    assert steps is not None
    assert (steps[-1].kind, steps[-1].reason, steps[-1].created_at) == (StepKind.WAIT, "no_route", rows.NOW)


def _package_of(session: Session, row: Any) -> UUID:
    package: UUID
    if isinstance(row, FixityCheck):
        copy = session.get(PhysicalCopy, row.physical_copy_id)
        assert copy is not None
        assert copy.raw_data_package_id is not None
        package = copy.raw_data_package_id
    else:
        package = row.raw_data_package_id
    return package
