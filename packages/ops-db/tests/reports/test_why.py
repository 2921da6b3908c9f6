"""Why things wait: every reason and every kind of subject is answered."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import ExecutionStatus, HoldScope, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransferRoute,
    DeletionHold,
    ExecutedObsUnitModule,
    PhysicalCopyLock,
    Site,
)
from ccat_ops_db.reports.why import why
from ccat_ops_db.reports.work_rows import OPERATIONS
from ccat_ops_db.waiting import Turn, WaitingReason, clause
from ccat_ops_db.waiting_catalogue import CATALOGUE

from .. import rows

WORK = [kind.__tablename__ for kind in OPERATIONS]  # type: ignore[attr-defined]


def test_nothing_has_an_unknown_key(session: Session) -> None:
    assert why(session, str(new_id())) is None
    assert why(session, "nowhere") is None


@pytest.mark.parametrize("reason", WaitingReason)
def test_every_reason_comes_with_its_meaning_and_remedy(
    session: Session, world: rows.World, reason: WaitingReason
) -> None:
    row = rows.add_row(session, world, "data_transfer", Status.PENDING)
    row.waiting_reason, row.waiting_since = reason, rows.NOW
    session.flush()
    explanation = why(session, str(row.id))
    assert explanation is not None
    entry = CATALOGUE[reason]
    step = explanation.steps[0]
    assert (step.reason, step.since) == (reason, rows.NOW)
    assert (step.remedy, step.next, step.turn) == (entry.remedy, entry.next, entry.turn)
    assert clause(entry.meaning) in explanation.summary


def test_every_reason_is_explained() -> None:
    assert set(CATALOGUE) == set(WaitingReason)


@pytest.mark.parametrize("reason", WaitingReason)
def test_every_explanation_is_made_of_sentences(reason: WaitingReason) -> None:
    entry = CATALOGUE[reason]
    for sentence in (entry.meaning, entry.remedy, entry.next):
        assert re.fullmatch(r"[A-Z].*\.", sentence)
    assert re.fullmatch(r"[A-Z].*[a-z]", entry.text)
    assert len(entry.text) <= 45


@pytest.mark.parametrize("table", WORK)
@pytest.mark.parametrize("status", Status)
def test_every_kind_of_work_is_explained_in_every_status(
    session: Session, world: rows.World, table: str, status: Status
) -> None:
    row = rows.add_row(session, world, table, status)
    row.error_message = "the disk is full" if status is Status.FAILED else None
    session.flush()
    explanation = why(session, str(row.id))
    assert explanation is not None
    assert (explanation.subject_type, explanation.state) == (table, status)
    (step,) = [step for step in explanation.steps if step.subject_id == str(row.id)]
    assert not re.search("[{}]|None", step.what)
    if status is Status.COMPLETED:
        assert "nothing waits" in explanation.summary
    else:
        assert step.remedy
    if status is Status.FAILED:
        assert "the disk is full" in explanation.summary
        assert step.reason == WaitingReason.GIVEN_UP


def test_what_was_given_up_tells_whose_turn_it_is_and_the_remedy_of_its_error(
    session: Session, world: rows.World
) -> None:
    row = rows.add_row(session, world, "package_creation", Status.FAILED)
    row.error_category = "source_grown"
    session.flush()
    explanation = why(session, str(row.id))
    assert explanation is not None
    assert "File only what is written completely." in (explanation.steps[0].remedy or "")
    assert explanation.steps[0].turn is Turn.INSTRUMENT
    row.error_category = "name_too_long"
    session.flush()
    explanation = why(session, str(row.id))
    assert explanation is not None
    assert explanation.steps[0].turn is Turn.OPERATOR


def test_a_package_is_explained_by_its_first_unfinished_step(session: Session, world: rows.World) -> None:
    transfer = rows.add_row(session, world, "data_transfer", Status.PENDING)
    transfer.waiting_reason, transfer.waiting_detail = "link_window_closed", "opens at 02:00"
    session.flush()
    explanation = why(session, str(transfer.raw_data_package_id))
    assert explanation is not None
    assert explanation.state == "transferring"
    assert "opens at 02:00" in explanation.summary
    assert [step.subject_id for step in explanation.steps] == [str(transfer.id)]


def test_a_package_that_no_planner_has_seen_says_so(session: Session, world: rows.World) -> None:
    explanation = why(session, str(world.package))
    assert explanation is not None
    assert "planner" in (explanation.steps[-1].remedy or "")


def test_a_copy_tells_what_reads_it_and_what_holds_it(session: Session, world: rows.World) -> None:
    check = rows.add_row(session, world, "fixity_check", Status.PENDING)
    session.add_all(
        [
            PhysicalCopyLock(
                id=new_id(),
                site_id="ccat",
                physical_copy_id=world.copy,
                work_table="fixity_check",
                work_id=check.id,
                created_at=rows.NOW,
            ),
            DeletionHold(
                id=new_id(),
                site_id="ccat",
                scope=HoldScope.PACKAGE,
                raw_data_package_id=world.package,
                created_by="me",
                created_at=rows.NOW,
                reason="in doubt",
            ),
        ]
    )
    session.flush()
    explanation = why(session, str(world.copy))
    assert explanation is not None
    assert {step.reason for step in explanation.steps} >= {"in_use", "hold"}
    assert any(step.detail == "me: in doubt" for step in explanation.steps)


def test_a_file_is_explained_by_its_package_or_its_module(session: Session, world: rows.World) -> None:
    packaged = why(session, str(world.file))
    assert packaged is not None
    assert str(world.package) in packaged.summary
    execution = rows.add_execution(session, ExecutionStatus.RUNNING)
    loose = rows.add_file(session, execution, "loose.fits")
    unplanned = why(session, str(loose))
    assert unplanned is not None
    assert unplanned.state == "filed, in no package yet"
    session.execute(
        update(ExecutedObsUnitModule)
        .where(ExecutedObsUnitModule.executed_obs_unit_id == execution)
        .values(waiting_reason="execution_running", waiting_since=rows.NOW)
    )
    planned = why(session, str(loose))
    assert planned is not None
    assert planned.steps[0].reason == "execution_running"
    of_execution = why(session, str(execution))
    assert of_execution is not None
    assert of_execution.state == "running"
    assert of_execution.steps


def test_places_out_of_service_say_who_and_why(session: Session, world: rows.World) -> None:
    work = rows.add_row(session, world, "data_transfer", Status.PENDING)
    work.waiting_reason = "route_disabled"
    rows.suspend(session, Site, "ccat")
    rows.suspend(session, DataLocation, world.buffer)
    session.execute(
        update(DataLocation.__table__)
        .where(DataLocation.__table__.c.id == world.buffer)
        .values(read_only=True)
    )
    session.execute(
        update(DataTransferRoute).where(DataTransferRoute.id == world.route).values(enabled=False)
    )
    session.add(rows.outage("route", world.route, "ccat", rows.NOW + timedelta(minutes=1)))
    session.flush()
    for subject in (world.buffer, world.route, "ccat"):
        explanation = why(session, subject)
        assert explanation is not None
        assert explanation.state == "out of service", subject
        assert any(step.reason == "route_disabled" and step.status for step in explanation.steps), subject
    of_work = why(session, str(work.id))
    assert of_work is not None
    reasons = [step.reason for step in of_work.steps]
    assert {"site_disabled", "location_disabled", "route_disabled", "route_circuit_open"} <= set(reasons)
    assert any("new disks" in (step.detail or "") for step in of_work.steps)


def test_places_in_service_say_that_nothing_waits(session: Session, world: rows.World) -> None:
    for subject in (world.archive, world.route, "cologne"):
        explanation = why(session, subject)
        assert explanation is not None
        assert explanation.summary == f"{subject} is in service; nothing waits here"


def test_a_staging_job_is_explained_by_its_items(session: Session, world: rows.World) -> None:
    item = rows.add_row(session, world, "staging_item", Status.PENDING)
    item.waiting_reason = "not_sealed"
    session.flush()
    explanation = why(session, str(world.job))
    assert explanation is not None
    assert explanation.state == "waiting"
    assert str(item.id) in {step.subject_id for step in explanation.steps}


def test_a_deleted_copy_needs_nothing(session: Session, world: rows.World) -> None:
    copy = rows.add_copy(session, world.package, world.buffer, PhysicalCopyStatus.DELETED)
    explanation = why(session, str(copy))
    assert explanation is not None
    assert explanation.state == "deleted"
