"""Copies in archives are read again by themselves, before their last reading is old."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ccat_data_transfer.planning.scrubbing import next_reading, plan_scrubbing
from ccat_data_transfer.planning.verifying import verify_archive_copies
from ccat_ops_db.enumerations import CheckReason, PhysicalCopyStatus, Status
from ccat_ops_db.models import DataLocation, ErrorRecord, FixityCheck, PhysicalCopy, Verification

from ..trouble import have_read, let_pass, rot

ARCHIVE = "cologne.lta"
DAY = 86400
INTERVAL = 90 * DAY


@pytest.fixture
def archived(observatory: Any) -> Any:
    """Return an observatory with two packages in the archive."""
    for name in ("a", "b"):
        observatory.observe({f"2026/{name}.fits": name.encode() * 5000})
        let_pass(observatory, 3600)
    assert len(tars(observatory)) == 2
    return observatory


def tars(observatory: Any) -> list[PhysicalCopy]:
    """Return the good copies in the archive."""
    return [
        copy
        for copy in observatory.rows(PhysicalCopy, data_location_id=ARCHIVE)
        if copy.status is PhysicalCopyStatus.VERIFIED
    ]


def scrubs(observatory: Any) -> list[FixityCheck]:
    """Return the readings that were opened for no other reason than time."""
    return [check for check in observatory.rows(FixityCheck) if check.reason is CheckReason.SCRUB]


def wait_until_due(observatory: Any, late: float = 0.0) -> None:
    """Let time pass until all copies are due, and nothing else happen."""
    last = max(copy.next_check_at for copy in tars(observatory) if copy.next_check_at)
    observatory.clock.advance((last - observatory.clock.now).total_seconds() + late + 1)


def test_each_copy_is_read_again_within_its_interval(archived: Any) -> None:
    let_pass(archived, 0.89 * INTERVAL)
    assert scrubs(archived) == []
    let_pass(archived, 0.11 * INTERVAL)
    assert {check.physical_copy_id for check in scrubs(archived)} == {copy.id for copy in tars(archived)}
    assert {check.status for check in scrubs(archived)} == {Status.COMPLETED}
    for copy in tars(archived):
        found = archived.rows(Verification, physical_copy_id=copy.id)[-1]
        assert found.reason == CheckReason.SCRUB
        assert copy.next_check_at == next_reading(copy.id, found.proved_at, timedelta(seconds=INTERVAL))
    let_pass(archived, INTERVAL, DAY)
    assert len(scrubs(archived)) == 4


def test_what_was_read_together_is_not_due_together() -> None:
    interval, at = timedelta(days=90), datetime(2026, 4, 1, tzinfo=UTC)
    first, last = (next_reading(UUID(int=bits), at, interval) - at for bits in (0, 0xFFFF))
    assert (first, last) == (interval * 0.9, interval)


def test_bytes_that_rotted_are_found_without_anybody_asking(archived: Any) -> None:
    bad = tars(archived)[0]
    rot(archived.folder(ARCHIVE) / bad.relative_path)
    wait_until_due(archived)
    let_pass(archived, 3600, 7 * 3600)
    (copy,) = archived.rows(PhysicalCopy, id=bad.id)
    assert copy.status is PhysicalCopyStatus.CORRUPT


def test_what_else_there_is_to_do_goes_first(archived: Any) -> None:
    wait_until_due(archived)
    archived.planner.run_pass()
    assert len(scrubs(archived)) == 2
    archived.run()
    with_other_work(archived)
    first = min(copy.next_check_at for copy in tars(archived) if copy.next_check_at)
    archived.clock.advance((first - archived.clock.now).total_seconds() + 1)
    archived.planner.run_pass()
    assert len(scrubs(archived)) == 2
    archived.clock.advance(0.05 * INTERVAL)
    archived.planner.run_pass()
    assert len(scrubs(archived)) == 3, "what is late is read all the same"


def with_other_work(observatory: Any) -> None:
    """Have a third package in the archive be read, without end."""
    observatory.observe({"2026/c.fits": b"c" * 5000})
    observatory.clock.advance(120)
    observatory.run_until(lambda: len(archiving(observatory)) == 1)


def archiving(observatory: Any) -> list[FixityCheck]:
    """Return the readings after archiving that were given to workers."""
    return [
        check
        for check in observatory.rows(FixityCheck, data_location_id=ARCHIVE)
        if check.status is Status.SCHEDULED and check.reason is not CheckReason.SCRUB
    ]


def test_no_more_is_read_in_a_day_than_is_allowed(archived: Any) -> None:
    archived.change(DataLocation, ARCHIVE, scrub_bytes_per_day=tars(archived)[0].size + 1)
    wait_until_due(archived)
    let_pass(archived, 3600)
    assert len(scrubs(archived)) == 1
    let_pass(archived, DAY)
    assert len(scrubs(archived)) == 2


def test_a_copy_larger_than_a_days_limit_is_read_all_the_same(archived: Any) -> None:
    archived.change(DataLocation, ARCHIVE, scrub_bytes_per_day=1)
    wait_until_due(archived)
    let_pass(archived, 3600)
    assert len(scrubs(archived)) == 1
    let_pass(archived, DAY)
    assert len(scrubs(archived)) == 2


def test_a_deletion_raises_what_waits_as_a_scrub(archived: Any) -> None:
    archived.change(DataLocation, ARCHIVE, scrub_interval=DAY)
    have_read(archived, ARCHIVE)
    archived.run()
    wait_until_due(archived)
    with archived.sessions.begin() as session:
        topology = archived.topology(session, archived.clock.now)
        assert plan_scrubbing(session, topology) == 2
        packages = [copy.raw_data_package_id for copy in tars(archived) if copy.raw_data_package_id]
        assert verify_archive_copies(session, topology, packages) == 2
    checks = [check for check in archived.rows(FixityCheck) if check.status is Status.PENDING]
    assert [(check.reason, check.priority) for check in checks] == [(CheckReason.CONFIRMATION, 0)] * 2


def test_an_archive_that_does_not_keep_up_says_so(archived: Any) -> None:
    archived.suspend(DataLocation, ARCHIVE, "being moved")
    wait_until_due(archived, 0.1 * INTERVAL)
    archived.run()
    assert overdue(archived) == []
    archived.clock.advance(0.1 * INTERVAL)
    archived.run()
    (error,) = overdue(archived)
    assert (error.subject_id, error.resolved_at) == (ARCHIVE, None)
    assert scrubs(archived) == []
    archived.resume(DataLocation, ARCHIVE)
    archived.run()
    (error,) = overdue(archived)
    assert error.resolved_at is not None
    assert len(scrubs(archived)) == 2


def overdue(observatory: Any) -> list[ErrorRecord]:
    """Return the errors of archives that do not keep up."""
    found: list[ErrorRecord] = observatory.rows(ErrorRecord, category="reading_overdue")
    return found
