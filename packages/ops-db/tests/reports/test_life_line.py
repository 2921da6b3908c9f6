"""The life of a package is told from its rows, in the order of time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import (
    CheckResult,
    ConfirmBy,
    DeletionMode,
    DeletionTrigger,
    LocationType,
    Severity,
    Status,
)
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DiskDataLocation,
    FixityCheck,
    PhysicalCopy,
    RetentionPolicy,
)
from ccat_ops_db.reports.life_line import LifeStep, StepKind, archives_in_doubt, life_line
from ccat_ops_db.reports.work_rows import OPERATIONS

from .. import rows

WORK = [kind.__tablename__ for kind in OPERATIONS]  # type: ignore[attr-defined]
KINDS = {
    Status.PENDING: StepKind.WAIT,
    Status.SCHEDULED: StepKind.WAIT,
    Status.IN_PROGRESS: StepKind.NOW,
    Status.COMPLETED: StepKind.DONE,
    Status.FAILED: StepKind.FAILURE,
    Status.CANCELLED: StepKind.FAILURE,
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
    last = [step for step in steps if step.kind is not StepKind.NEXT][-1]
    assert (last.kind, last.reason, last.detail) == (
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
        "Copy found missing",
        "buffer: nothing is there",
    )


def test_why_nothing_is_planned_is_its_last_step(session: Session, world: rows.World) -> None:
    copy = session.get(PhysicalCopy, world.copy)
    assert copy is not None
    copy.waiting_reason, copy.waiting_detail, copy.waiting_since = "no_route", "to cologne", rows.NOW
    session.flush()
    steps = life_line(session, world.package)
    assert steps is not None
    last = [step for step in steps if step.kind is not StepKind.NEXT][-1]
    assert (last.kind, last.reason, last.created_at) == (StepKind.WAIT, "no_route", rows.NOW)


def test_what_is_archived_waits_for_nothing(session: Session, world: rows.World) -> None:
    rows.add_copy(session, world.package, world.archive)
    copy = session.get_one(PhysicalCopy, world.copy)
    copy.waiting_reason, copy.waiting_since = "below_watermark", rows.NOW
    session.flush()
    steps = life_line(session, world.package)
    assert steps is not None
    assert [step.kind for step in steps if step.kind is StepKind.WAIT] == []


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


class TestNext:
    @pytest.fixture(autouse=True)
    def second_archive(self, session: Session, world: rows.World) -> None:
        session.add(
            DiskDataLocation(
                id="cologne.second-lta",
                site_id="cologne",
                name="second-lta",
                location_type=LocationType.LONG_TERM_ARCHIVE,
                path="/data/cologne/second-lta",
                priority=-1,
            )
        )
        session.flush()

    def test_archives_without_a_copy_come_first_then_removals(
        self, session: Session, world: rows.World
    ) -> None:
        _keep_until(session, world.source, copies=2, grace=86_400)
        _keep_until(session, world.buffer, copies=2)
        assert _to_come(session, world.package) == [
            ("To be archived at cologne.lta", None),
            ("To be archived at cologne.second-lta", None),
            (
                f"To be removed at {world.source} and {world.buffer}",
                "1 d after 2 archives have verified copies; until then an operator can stop it",
            ),
        ]

    def test_an_archive_to_which_work_brings_a_copy_is_no_step_to_come(
        self, session: Session, world: rows.World
    ) -> None:
        _keep_until(session, world.source, copies=2)
        work = rows.add_row(session, world, "long_term_archive_transfer", Status.PENDING)
        titles = [title for title, _ in _to_come(session, work.raw_data_package_id)]
        assert f"To be archived at {world.archive}" not in titles
        assert "To be archived at cologne.second-lta" in titles

    def test_any_archive_will_do_where_one_is_enough(self, session: Session, world: rows.World) -> None:
        _keep_until(session, world.source, copies=1)
        assert _to_come(session, world.package)[0] == (
            "To be archived at 1 more archive",
            "of cologne.lta and cologne.second-lta",
        )

    def test_an_archive_in_doubt_says_so(self, session: Session, world: rows.World) -> None:
        _keep_until(session, world.source, copies=2)
        session.add(rows.doubt("cologne.second-lta"))
        session.flush()
        assert (
            "To be archived at cologne.second-lta",
            "cologne.second-lta is in doubt: nothing is written there until that has ended",
        ) in _to_come(session, world.package)

    def test_nothing_is_to_come_where_all_is_done(self, session: Session, world: rows.World) -> None:
        rows.add_copy(session, world.package, "cologne.lta")
        assert _to_come(session, world.package) == []


def test_an_archive_in_doubt_does_not_count_for_certain(session: Session, world: rows.World) -> None:
    assert archives_in_doubt(session, world.package) == []
    rows.add_copy(session, world.package, world.archive)
    session.add(rows.doubt(world.archive))
    session.flush()
    assert archives_in_doubt(session, world.package) == [world.archive]


def test_what_goes_on_tells_its_pace_and_its_end(session: Session, world: rows.World) -> None:
    work = rows.add_row(session, world, "data_transfer", Status.IN_PROGRESS)
    work.started_at, work.progressed_at = rows.NOW, rows.NOW + timedelta(seconds=10)
    work.bytes_done, work.bytes_total = 1000, 3000
    session.flush()
    (step,) = _steps_of(session, work)
    assert (step.title, step.bytes_per_second, step.next_at) == (
        f"Moving from {world.buffer} to cologne.input-buffer",
        100.0,
        rows.NOW + timedelta(seconds=30),
    )


def test_cancelled_work_did_not_fail(session: Session, world: rows.World) -> None:
    work = rows.add_row(session, world, "data_transfer", Status.CANCELLED)
    (step,) = _steps_of(session, work)
    assert (step.title.endswith("was cancelled"), step.reason) == (True, "cancelled")


def test_attempts_that_failed_are_told_with_how_many_they_were(session: Session, world: rows.World) -> None:
    work = rows.add_row(session, world, "data_transfer", Status.COMPLETED)
    work.started_at = work.finished_at = rows.NOW + timedelta(hours=1)
    for minutes in (1, 5):
        _fail_at(session, work, timedelta(minutes=minutes), "connection_lost")
    attempts, done = _steps_of(session, work)
    assert (attempts.kind, attempts.attempt, attempts.error_category) == (
        StepKind.ATTEMPT,
        2,
        "connection_lost",
    )
    assert attempts.title.startswith("Moving from ")
    assert attempts.title.endswith(" failed")
    assert attempts.started_at is not None
    assert attempts.finished_at is not None
    assert attempts.finished_at - attempts.started_at == timedelta(minutes=4)
    assert done.kind is StepKind.DONE


def test_what_work_was_given_up_for_is_told_once(session: Session, world: rows.World) -> None:
    work = rows.add_row(session, world, "data_transfer", Status.FAILED)
    work.error_category = "no_such_bucket"
    _fail_at(session, work, timedelta(minutes=1), "no_such_bucket")
    (step,) = _steps_of(session, work)
    assert step.kind is StepKind.FAILURE


def _fail_at(session: Session, work: Any, after: timedelta, category: str) -> None:
    record_error(
        session,
        site_id=work.site_id,
        at=rows.NOW + after,
        severity=Severity.WARNING,
        category=category,
        subject_type="data_transfer",
        subject_id=work.id,
        message="connection cut",
    )
    session.flush()


def test_a_verification_that_found_a_copy_bad_did_not_verify_it(session: Session, world: rows.World) -> None:
    check = rows.add_row(session, world, "fixity_check", Status.COMPLETED)
    check.result = CheckResult.CORRUPT
    session.flush()
    assert _steps_of(session, check) == []


def _steps_of(session: Session, row: Any) -> list[LifeStep]:
    steps = life_line(session, _package_of(session, row))
    assert steps is not None
    return [step for step in steps if step.subject_id == str(row.id)]


def _to_come(session: Session, package: UUID) -> list[tuple[str, str | None]]:
    steps = life_line(session, package)
    assert steps is not None
    return [(step.title, step.detail) for step in steps if step.kind is StepKind.NEXT]


def _keep_until(session: Session, location: str, *, copies: int, grace: int = 0) -> None:
    """Give a location a policy of its own."""
    policy = RetentionPolicy(
        id=location,
        trigger=DeletionTrigger.WHEN_ARCHIVED,
        min_archive_copies=copies,
        max_proof_age=86_400,
        retention_time=0,
        grace_period=grace,
        confirm_by=ConfirmBy.FULL_READ,
    )
    session.add(policy)
    session.flush()
    place = session.get_one(DataLocation, location)
    place.retention_policy_id, place.deletion_mode = location, DeletionMode.ENABLED
    session.flush()
