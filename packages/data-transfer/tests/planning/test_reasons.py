"""Whatever waits says why: the reasons that no other test provokes, each answered by ``why``."""

from typing import Any

from ccat_ops_db.enumerations import PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataPackage,
    RetentionPolicy,
    StagingItem,
)

CONTENTS = {"2026/a.fits": b"a" * 1000}


def test_from_the_source_to_the_archive(observatory: Any) -> None:
    execution = observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    [package] = observatory.rows(RawDataPackage)
    assert observatory.reasons(package.id) == {"dispatched"}
    # Nobody takes it: the next message says so.
    observatory.mailbox.messages.clear()
    observatory.clock.advance(observatory.settings.redispatch + 1)
    observatory.planner.run_pass()
    assert "no_worker" in observatory.reasons(package.id)
    assert "Start a worker" in str(observatory.why(package.id).steps)
    job = observatory.stage(package)
    observatory.planner.run_pass()
    assert "not_sealed" in observatory.reasons(job)
    observatory.deliver()
    observatory.planner.run_pass()
    assert "no_readable_copy" in observatory.reasons(job)
    observatory.run_until(lambda: any(t.sent_at for t in observatory.rows(DataTransfer)))
    assert "awaiting_verification" in observatory.reasons(execution)
    [source] = observatory.rows(PhysicalCopy, data_location_id="ccat.raw")
    assert source.waiting_reason == "not_archived"
    assert "not_archived" in observatory.reasons(source.id)
    observatory.change(DataLocation, "cologne.lta", read_only=True)
    observatory.run()
    assert "location_read_only" in observatory.reasons(package.id)
    observatory.change(DataLocation, "cologne.lta", read_only=False)
    observatory.run()
    assert observatory.rows(StagingItem)[0].status is Status.COMPLETED
    assert observatory.why(package.id).state == "archived"


def test_work_in_progress_says_so(observatory: Any, at_crash_points: Any) -> None:
    observatory.observe(CONTENTS)
    answers: list[Any] = []

    def ask(name: str) -> None:
        [creation] = observatory.rows(PackageCreation)
        answers.append(observatory.reasons(creation.raw_data_package_id))

    at_crash_points(lambda name: ask(name) if name == "work.leased" else None)
    observatory.planner.run_pass()
    observatory.deliver()
    assert answers == [{"in_progress"}]


def test_what_stays_although_it_is_archived(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    observatory.observe(CONTENTS)
    observatory.run()
    [source] = observatory.rows(PhysicalCopy, data_location_id="ccat.raw")
    assert "waiting_for_second_archive" in observatory.reasons(source.id)
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=1, retention_time=3600)
    observatory.run()
    assert "retention" in observatory.reasons(source.id)
    observatory.clock.advance(3601)
    with observatory.sessions.begin() as session:
        session.add(
            PhysicalCopyLock(
                id=new_id(),
                site_id="ccat",
                physical_copy_id=source.id,
                work_table="staging_item",
                work_id=new_id(),
                created_at=observatory.clock.now,
            )
        )
    observatory.planner.run_pass()
    assert "in_use" in observatory.reasons(source.id)
    with observatory.sessions.begin() as session:
        session.query(PhysicalCopyLock).delete()
    observatory.run()
    assert observatory.copy_at("ccat.raw").status is PhysicalCopyStatus.DELETED
