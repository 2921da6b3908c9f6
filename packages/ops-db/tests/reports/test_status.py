"""What is where, what moves, what waits."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import measure_place
from ccat_ops_db.enumerations import (
    DeletionMode,
    DeletionTrigger,
    LocationType,
    PackageState,
    PhysicalCopyStatus,
    Severity,
    Status,
)
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.models import DataLocation, RawDataPackage, RetentionPolicy
from ccat_ops_db.package_state import package_state
from ccat_ops_db.reports.location_status import location_statuses
from ccat_ops_db.reports.status import status_report

from .. import rows


def test_an_empty_database_has_a_status(session: Session) -> None:
    report = status_report(session, "ccat", rows.NOW)
    assert report.packages == {"waiting": 0, "transferring": 0, "archived": 0, "failed": 0}
    assert report.errors == dict.fromkeys(Severity, 0)
    lists = [report.locations, report.work, report.waiting, report.transfers, report.recent]
    assert lists == [[]] * 5


def test_tells_everything_in_one_look(session: Session, world: rows.World) -> None:
    waiting = rows.add_row(session, world, "data_transfer", Status.PENDING)
    waiting.waiting_reason, waiting.waiting_since = "link_window_closed", rows.NOW
    moving = rows.add_row(session, world, "data_transfer", Status.IN_PROGRESS)
    moving.bytes_done, moving.bytes_total = 5, 10
    rows.add_row(session, world, "data_transfer", Status.COMPLETED)
    for used in (1, 2):
        measure_place(session, world.buffer, rows.NOW.replace(minute=used), used, 100)
    record_error(
        session,
        site_id="ccat",
        at=rows.NOW,
        severity=Severity.ERROR,
        category="c",
        subject_type="site",
        subject_id="ccat",
        message="m",
    )
    for number in range(12):
        record_event(
            session,
            site_id="ccat",
            at=rows.NOW.replace(minute=number),
            actor="me",
            action=f"a.{number}",
            subject_type="site",
            subject_id="ccat",
            message="m",
        )
    session.flush()
    report = status_report(session, "ccat", rows.NOW)
    assert {(count.operation, count.status, count.count) for count in report.work} == {
        ("data_transfer", "pending", 1),
        ("data_transfer", "in_progress", 1),
    }
    assert [(count.reason, count.count, count.oldest) for count in report.waiting] == [
        ("link_window_closed", 1, rows.NOW)
    ]
    assert [(move.id, move.source, move.bytes_done) for move in report.transfers] == [
        (moving.id, world.buffer, 5)
    ]
    buffer = next(place for place in report.locations if place.id == world.buffer)
    assert (buffer.location_type, buffer.used_bytes, buffer.suspended) == (LocationType.BUFFER, 2, False)
    assert buffer.packages == 4
    assert buffer.package_bytes == 4 * 10240
    assert report.errors["error"] == 1
    assert [event.action for event in report.recent] == [f"a.{number}" for number in range(11, 1, -1)]


@pytest.mark.parametrize(
    ("mode", "trigger", "expected"),
    [
        (DeletionMode.ENABLED, DeletionTrigger.WHEN_ARCHIVED, DeletionTrigger.WHEN_ARCHIVED),
        (DeletionMode.ENABLED, DeletionTrigger.UNDER_PRESSURE, DeletionTrigger.UNDER_PRESSURE),
        (DeletionMode.DRY_RUN, DeletionTrigger.UNDER_PRESSURE, None),
        (DeletionMode.ENABLED, None, None),
    ],
)
def test_says_when_copies_are_deleted_at_a_place(
    session: Session,
    world: rows.World,
    mode: DeletionMode,
    trigger: DeletionTrigger | None,
    expected: DeletionTrigger | None,
) -> None:
    if trigger is not None:
        session.add(RetentionPolicy(id="policy", trigger=trigger, min_archive_copies=2))
        session.flush()
    session.execute(
        update(DataLocation).values(
            deletion_mode=mode, retention_policy_id=None if trigger is None else "policy"
        )
    )
    found = {place.id: place.deletes for place in location_statuses(session, {})}
    assert (found[world.buffer], found[world.archive]) == (expected, None)


@pytest.mark.parametrize("lost", [None, PhysicalCopyStatus.MISSING, PhysicalCopyStatus.CORRUPT])
def test_counts_states_as_the_packages_themselves_say(
    session: Session, world: rows.World, lost: PhysicalCopyStatus | None
) -> None:
    rows.add_row(session, world, "package_creation", Status.FAILED)
    rows.add_row(session, world, "data_transfer", Status.PENDING)
    archived = rows.add_package(session, world.execution, part=90)
    rows.add_copy(session, archived, world.archive, lost or PhysicalCopyStatus.VERIFIED)
    states = list(session.scalars(select(package_state()).select_from(RawDataPackage)))
    assert len(states) == 4
    report = status_report(session, "ccat", rows.NOW)
    assert report.packages == {state.value: states.count(state.value) for state in PackageState}
