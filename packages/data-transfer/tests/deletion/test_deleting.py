"""Deletions as they run: dry run, grace, watermarks, changed files, crashes, archives that fail."""

import os
import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.storage import disk_removal
from ccat_data_transfer.storage.disk_removal import DiskRemoval
from ccat_dev_stack.file_permissions import permissions_count
from ccat_ops_db.enumerations import (
    Ability,
    CheckReason,
    DeletionMode,
    DeletionTrigger,
    FileExceptionKind,
    HoldScope,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.models import (
    DataLocation,
    Deletion,
    DeletionHold,
    DeletionHoldEnd,
    ErrorRecord,
    Event,
    FixityCheck,
    PhysicalCopy,
    PlaceAbility,
    RawDataFile,
    RawDataFileException,
    RawDataPackage,
    RetentionPolicy,
)

from ..trouble import (
    DAY,
    HOUR,
    allow_deletion,
    content_of,
    give_back,
    keep_everything,
    let_pass,
    register_again,
    state,
)

CONTENTS = {"2026/a.fits": b"a" * 1000, "2026/b.fits": b"b" * 1000, "2026/c.fits": b"c" * 1000}


def hold(observatory: Any) -> Any:
    with observatory.sessions.begin() as session:
        row = DeletionHold(
            site_id="ccat",
            scope=HoldScope.GLOBAL,
            created_by="somebody",
            created_at=observatory.clock.now,
            reason="a paper",
        )
        session.add(row)
    return row


def corrupt(observatory: Any, path: Path) -> None:
    """Flip a byte, as a disk would; the time of the change is that of the observatory's clock."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    now = (observatory.clock.now + timedelta(seconds=1)).timestamp()
    os.utime(path, (now, now))


def test_a_dry_run_says_what_would_go_and_touches_nothing(observatory: Any) -> None:
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.DRY_RUN)
    observatory.observe(CONTENTS)
    observatory.run()
    assert observatory.rows(Deletion) == []
    assert len(observatory.files_at("ccat.raw")) == 3
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        copies = observatory.rows(PhysicalCopy, data_location_id=location)
        assert {copy.waiting_reason for copy in copies} == {"deletion_dry_run"}
        assert "deletion_dry_run" in observatory.reasons(copies[0].id)
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.ENABLED)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_a_deletion_can_be_cancelled_in_its_grace_period_and_stays_so(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", grace_period=3600)
    observatory.observe(CONTENTS)
    observatory.run()
    deletions = observatory.rows(Deletion)
    assert {d.status for d in deletions} == {Status.PENDING}
    [at_source] = [d for d in deletions if d.data_location_id == "ccat.raw"]
    assert at_source.waiting_reason == "grace_period"
    assert "grace_period" in observatory.reasons(at_source.id)
    observatory.change(Deletion, at_source.id, status=Status.CANCELLED, error_category="cancelled")
    for copy in observatory.rows(PhysicalCopy, data_location_id="ccat.raw"):
        observatory.change(PhysicalCopy, copy.id, status=PhysicalCopyStatus.VERIFIED)
    observatory.clock.advance(3601)
    observatory.run()
    assert len(observatory.files_at("ccat.raw")) == 3
    assert observatory.files_at("ccat.buffer") == []
    # Retried by a person after all, it begins with copies that were given back.
    observatory.change(Deletion, at_source.id, status=Status.PENDING, attempt=0)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_killed_between_files_a_deletion_is_proved_anew_and_completed(
    observatory: Any, at_crash_points: Any
) -> None:
    def die(name: str) -> None:
        if name == "deleting.between_files":
            raise KeyboardInterrupt

    at_crash_points(die)
    observatory.observe(CONTENTS)
    with pytest.raises(KeyboardInterrupt):
        observatory.run()
    observatory.mailbox.messages.clear()
    held = hold(observatory)
    begun = [d for d in observatory.rows(Deletion) if d.status is Status.IN_PROGRESS]
    assert len(begun) == 1
    before = len(observatory.files_at(begun[0].data_location_id))
    observatory.clock.advance(observatory.settings.lease + 10)
    observatory.run()
    # A hold that came meanwhile is obeyed: no further byte goes, and why says so.
    assert len(observatory.files_at(begun[0].data_location_id)) == before
    assert "hold" in observatory.reasons(begun[0].id)
    observatory.lift(held.id)
    observatory.clock.advance(61)
    observatory.run()
    assert observatory.files_at("ccat.raw") == observatory.files_at("ccat.buffer") == []
    assert [event.action for event in observatory.rows(Event)].count("copy.deleted") == 3


def test_a_folder_that_the_worker_may_not_write_to_keeps_its_files_until_it_may(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    folder = observatory.folder("ccat.raw") / "2026"
    folder.chmod(0o555)
    with permissions_count():
        observatory.run()
    folder.chmod(0o755)
    assert len(observatory.files_at("ccat.raw")) == 3
    assert observatory.copy_at("ccat.raw").status is PhysicalCopyStatus.DELETION_IN_PROGRESS
    [given_up] = observatory.rows(Deletion, status=Status.FAILED)
    assert given_up.error_category == "permission_denied"
    assert "permission to write to the folder" in given_up.error_message
    assert "given_up" in observatory.reasons(given_up.id)
    observatory.change(Deletion, given_up.id, status=Status.PENDING, attempt=0)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_a_file_that_changed_at_the_source_stays_and_the_others_go(observatory: Any) -> None:
    observatory.change(RetentionPolicy, "when-archived", retention_time=3600)
    observatory.observe(CONTENTS)
    observatory.run()
    changed = observatory.folder("ccat.raw") / "2026/b.fits"
    changed.write_bytes(b"something new")
    observatory.clock.advance(3601)
    observatory.run()
    assert observatory.files_at("ccat.raw") == [changed]
    [error] = observatory.rows(ErrorRecord)
    assert error.category == "source_changed_after_packaging"
    assert "2026/b.fits" in error.message
    assert {d.status for d in observatory.rows(Deletion)} == {Status.COMPLETED}
    assert observatory.copy_at("ccat.raw").status is PhysicalCopyStatus.DELETED
    [exception] = observatory.rows(RawDataFileException)
    assert exception.kind is FileExceptionKind.CHANGED_AFTER_PACKAGING
    assert observatory.planner.run_pass() == 0, "it does not come up again and again"


def test_a_hold_that_comes_before_the_deletion_runs_takes_it_back(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: observatory.rows(Deletion) != [])
    held = hold(observatory)
    observatory.run()
    assert len(observatory.files_at("ccat.raw")) == 3
    copies = observatory.rows(PhysicalCopy, data_location_id="ccat.raw")
    assert {(copy.status, copy.waiting_reason) for copy in copies} == {(PhysicalCopyStatus.VERIFIED, "hold")}
    assert "deletion.withdrawn" in [event.action for event in observatory.rows(Event)]
    assert "hold" in observatory.reasons(copies[0].id)
    observatory.lift(held.id)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_bytes_that_rotted_behind_the_times_of_their_file_confirm_nothing(observatory: Any) -> None:
    """Who writes and puts the times back moves the time of the last change alone: then the copy is read."""
    observatory.change(RetentionPolicy, "when-archived", grace_period=3600)
    observatory.observe(CONTENTS)
    observatory.run()
    [tar] = observatory.tars_at("cologne.lta")
    before = tar.stat()
    with tar.open("r+b") as file:
        file.seek(700)
        file.write(b"rotten")
    os.utime(tar, ns=(before.st_atime_ns, before.st_mtime_ns))
    observatory.clock.advance(3601)
    for _ in range(5):
        observatory.run()
    assert len(observatory.files_at("ccat.raw")) == 3


def test_an_archive_that_lost_its_bytes_keeps_everything_and_is_mended(observatory: Any) -> None:
    """Deletions are scheduled already when the archive's bytes rot: the buffer has the last good tar."""
    observatory.change(RetentionPolicy, "when-archived", grace_period=3600)
    observatory.observe(CONTENTS)
    observatory.run()
    [tar] = observatory.tars_at("cologne.lta")
    right = tar.read_bytes()
    corrupt(observatory, tar)
    observatory.clock.advance(3601)
    for _ in range(20):
        observatory.run()
        observatory.clock.advance(61)
    assert right in [found.read_bytes() for found in observatory.tars_at("cologne.lta")]
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    assert any(check.reason is CheckReason.REQUEST for check in observatory.rows(FixityCheck))
    observatory.clock.advance(3601)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_an_archive_that_does_not_answer_is_asked_again(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: observatory.rows(Deletion) != [])
    folder = observatory.folder("cologne.lta")
    folder.rename(folder.with_name("unmounted"))
    observatory.run()
    deletions = observatory.rows(Deletion)
    assert {(d.status, d.error_category, d.attempt) for d in deletions} == {
        (Status.PENDING, "place_unavailable", 0)
    }
    assert {"cologne.lta" in (d.error_message or "") for d in deletions} == {True}
    assert len(observatory.files_at("ccat.raw")) == 3
    folder.with_name("unmounted").rename(folder)
    observatory.clock.advance(61)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_a_verification_that_is_too_old_is_renewed_by_itself(observatory: Any) -> None:
    held = hold(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    observatory.clock.advance(31 * 86400)
    observatory.lift(held.id)
    observatory.planner.run_pass()
    copies = observatory.rows(PhysicalCopy, data_location_id="ccat.raw")
    assert {copy.waiting_reason for copy in copies} == {"verification_too_old"}
    assert "verification_too_old" in observatory.reasons(copies[0].id)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []
    assert [event.action for event in observatory.rows(Event)].count("package.archived") == 1


def test_many_planners_and_deleters_free_the_deficit_once(observatory: Any) -> None:
    """Rucio #8366: each of the parallel deleters freed the whole deficit."""
    observatory.change(RetentionPolicy, "when-archived", trigger=DeletionTrigger.UNDER_PRESSURE)
    observatory.change(DataLocation, "ccat.raw", watermark_low=50, watermark_high=80)
    for buffer in ("ccat.buffer", "cologne.buffer"):
        observatory.change(DataLocation, buffer, retention_policy_id=None)
    for number in range(6):
        observatory.observe({f"2026/{number}.fits": bytes([number]) * 1000})
        observatory.clock.advance(1)
    observatory.fill("ccat.raw", used=7_900, total=10_000)
    observatory.run()
    assert reasons_at_source(observatory) == ["below_watermark"] * 6
    assert "below_watermark" in observatory.reasons(observatory.copy_at("ccat.raw").id)
    assert "no_retention_policy" in observatory.reasons(observatory.copy_at("ccat.buffer").id)

    observatory.change(DataLocation, "ccat.raw", deletion_mode=DeletionMode.DRY_RUN)
    observatory.clock.advance(1)
    observatory.fill("ccat.raw", used=9_000, total=10_000)
    observatory.run()
    assert reasons_at_source(observatory) == ["below_watermark"] * 2 + ["deletion_dry_run"] * 4

    observatory.change(DataLocation, "ccat.raw", deletion_mode=DeletionMode.ENABLED)
    in_threads([observatory.new_planner().run_pass for _ in range(3)])
    messages, observatory.mailbox.messages = observatory.mailbox.messages, []
    in_threads([partial(observatory.new_runner(str(n)).run, *m[1:]) for n, m in enumerate(messages * 2)])
    # The measurement is old, and says 90 % still: what was freed since must not be freed again.
    observatory.clock.advance(5)
    observatory.run()
    left = [path.name for path in observatory.files_at("ccat.raw")]
    assert left == ["4.fits", "5.fits"], "the deficit, and what was archived longest first"
    observatory.fill("ccat.raw", used=5_000, total=10_000)
    observatory.run()
    assert len(observatory.files_at("ccat.raw")) == 2


def reasons_at_source(observatory: Any) -> list[str]:
    copies = observatory.rows(PhysicalCopy, data_location_id="ccat.raw")
    return sorted(copy.waiting_reason for copy in copies)


def in_threads(calls: list[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestStaged:
    @pytest.fixture
    def staged(self, observatory: Any) -> Any:
        observatory.observe(CONTENTS)
        observatory.run()
        return observatory

    def test_results_of_others_in_the_folder_stay(self, staged: Any) -> None:
        [package] = staged.rows(RawDataPackage)
        staged.stage(package)
        staged.run()
        folder = staged.files_at("cologne.processing")[0].parent
        (folder / "my-map.fits").write_bytes(b"a year of work")
        copy = staged.copy_at("cologne.processing")
        assert copy.waiting_reason == "pinned"
        assert "pinned" in staged.reasons(copy.id)
        staged.clock.advance(15 * 86400)
        staged.run()
        assert [path.name for path in staged.files_at("cologne.processing")] == ["my-map.fits"]

    def test_a_file_staged_by_itself_outlives_its_package_and_the_other_way_round(self, staged: Any) -> None:
        [package] = staged.rows(RawDataPackage)
        first, *_ = staged.rows(RawDataFile)
        staged.stage(package)
        staged.run()
        staged.clock.advance(86400)
        staged.stage(package, first, time_to_live=40 * 86400)
        staged.run()
        staged.clock.advance(14 * 86400)
        staged.run()
        assert [path.name for path in staged.files_at("cologne.processing")] == ["a.fits"]
        staged.stage(package, time_to_live=60 * 86400)
        staged.run()
        staged.clock.advance(30 * 86400)
        staged.run()
        assert len(staged.files_at("cologne.processing")) == 3
        staged.clock.advance(60 * 86400)
        staged.run()
        assert staged.files_at("cologne.processing") == []

    def test_what_is_asked_for_again_stays(self, staged: Any) -> None:
        staged.change(RetentionPolicy, "when-unpinned", grace_period=3600)
        [package] = staged.rows(RawDataPackage)
        staged.stage(package)
        staged.run()
        staged.clock.advance(15 * 86400)
        staged.run()
        assert staged.copy_at("cologne.processing").status is PhysicalCopyStatus.DELETION_SCHEDULED
        staged.stage(package)
        staged.run()
        staged.clock.advance(3601)
        staged.run()
        assert len(staged.files_at("cologne.processing")) == 3
        assert staged.copy_at("cologne.processing").status is PhysicalCopyStatus.STAGED


def test_a_file_rewritten_between_look_and_removal_stays(observatory: Any, at_crash_points: Any) -> None:
    written = observatory.folder("ccat.raw") / "2026/a.fits"

    def rewrite(name: str) -> None:
        if name == "storage.disk.before_remove":
            written.write_bytes(b"new content, same name")

    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    at_crash_points(rewrite)
    allow_deletion(observatory, "ccat.raw")
    let_pass(observatory, HOUR, HOUR)
    assert content_of(written) == b"new content, same name"


def test_a_file_rewritten_between_decision_and_removal(observatory: Any, at_crash_points: Any) -> None:
    """It stays, with an alarm; the others go, the deletion ends, and their names can be used again."""
    written = observatory.folder("ccat.raw") / "2026/b.fits"

    def rewrite(name: str) -> None:
        if name == "deleting.after_decision":
            written.write_bytes(b"new content, same name")

    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    at_crash_points(rewrite)
    allow_deletion(observatory, "ccat.raw")
    let_pass(observatory, *[HOUR + 400] * 6)
    assert [path.name for path in observatory.files_at("ccat.raw")] == ["b.fits"]
    assert content_of(written) == b"new content, same name"
    assert any("2026/b.fits" in error.message for error in observatory.rows(ErrorRecord))
    deletions = observatory.rows(Deletion, data_location_id="ccat.raw")
    assert {str(row.status) for row in deletions} == {"completed"}


@pytest.mark.parametrize(
    "point", ["deleting.before_decision", "deleting.after_decision", "storage.disk.before_remove"]
)
@pytest.mark.parametrize("location", ["ccat.buffer", "cologne.buffer"])
def test_what_takes_the_name_of_a_tar_stays(
    observatory: Any, at_crash_points: Any, location: str, point: str
) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    [tar] = observatory.tars_at(location)
    size = tar.stat().st_size

    def replace(name: str) -> None:
        if name == point:
            tar.unlink()
            tar.write_bytes(bytes(size))

    at_crash_points(replace)
    allow_deletion(observatory, location)
    let_pass(observatory, HOUR)
    assert content_of(tar) == bytes(size)
    assert state(observatory, location) == "deleted"
    [error] = observatory.rows(ErrorRecord)
    assert (error.category, error.data_location_id) == ("other_object_stays", location)
    deletions = observatory.rows(Deletion, data_location_id=location)
    assert {str(row.status) for row in deletions} == {"completed"}


def replace_by_another(tar: Path) -> None:
    size = tar.stat().st_size
    tar.unlink()
    tar.write_bytes(bytes(size))


def restore(tar: Path) -> None:
    """Bring it back from a backup, which keeps bytes and times."""
    backup = tar.with_suffix(".backup")
    shutil.copy2(tar, backup)
    backup.rename(tar)


@pytest.mark.parametrize(
    ("change", "goes"),
    [
        (lambda tar: tar.chmod(0o640), True),
        (restore, True),
        (lambda tar: os.utime(tar, (1, 1)), True),
        (replace_by_another, False),
    ],
    ids=["changed permissions", "restored", "touched", "another"],
)
def test_a_tar_is_known_by_its_identity_or_else_by_its_bytes(
    observatory: Any, change: Callable[[Path], None], goes: bool
) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    [tar] = observatory.tars_at("cologne.buffer")
    change(tar)
    allow_deletion(observatory, "cologne.buffer")
    let_pass(observatory, HOUR)
    assert state(observatory, "cologne.buffer") == "deleted"
    assert tar.exists() is not goes
    assert [error.category for error in observatory.rows(ErrorRecord)] == ["other_object_stays"] * (not goes)


def test_nothing_of_others_goes_where_nothing_can_be_put_back(observatory: Any) -> None:
    unable = (Ability.RENAME_NOREPLACE, Ability.HARD_LINKS)
    with observatory.sessions.begin() as session:
        session.add_all(
            PlaceAbility(
                data_location_id="ccat.raw",
                site_id="ccat",
                ability=ability,
                works=False,
                probed_at=observatory.clock.now,
            )
            for ability in unable
        )
    observatory.observe(CONTENTS)
    observatory.run()
    assert len(observatory.files_at("ccat.raw")) == 3
    assert observatory.files_at("ccat.buffer") == []
    assert set(reasons_at_source(observatory)) == {"place_misconfigured"}
    assert observatory.rows(Deletion, data_location_id="ccat.raw") == []


def test_every_unchanged_file_goes(observatory: Any) -> None:
    """In many folders, with an empty one; nothing is left of the names to which they are moved on the way."""
    contents = {f"2026/{night}/{number}.fits": bytes(number) for night in "ab" for number in range(20)}
    observatory.observe(contents)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []
    assert observatory.rows(RawDataFileException) == []


def test_files_that_did_not_change_since_they_were_packaged_are_not_read_again(
    observatory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        raise AssertionError("it is read")

    monkeypatch.setattr(disk_removal, "MARGIN_NS", 0)
    monkeypatch.setattr(DiskRemoval, "_is_unchanged", refuse)
    observatory.observe(CONTENTS)
    observatory.run()
    assert observatory.files_at("ccat.raw") == []


def test_a_file_rewritten_in_its_size_and_time_stays(observatory: Any) -> None:
    written = observatory.folder("ccat.raw") / "2026/b.fits"
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    before = written.stat()
    written.write_bytes(b"B" * 1000)
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))
    allow_deletion(observatory, "ccat.raw")
    let_pass(observatory, HOUR)
    assert observatory.files_at("ccat.raw") == [written]
    [exception] = observatory.rows(RawDataFileException)
    assert exception.kind is FileExceptionKind.CHANGED_AFTER_PACKAGING


def test_a_chowned_or_restored_source_is_read_and_freed(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    for path in observatory.files_at("ccat.raw"):
        os.utime(path)
    allow_deletion(observatory, "ccat.raw")
    let_pass(observatory, HOUR, HOUR)
    assert observatory.files_at("ccat.raw") == []


def test_what_a_user_changed_at_a_processing_place_stays(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run()
    observatory.stage(observatory.rows(RawDataPackage)[0])
    observatory.run()
    changed, *_ = observatory.files_at("cologne.processing")
    changed.write_bytes(b"calibrated by hand for three weeks")
    let_pass(observatory, 15 * DAY, HOUR)
    assert observatory.files_at("cologne.processing") == [changed]
    assert changed.read_bytes() == b"calibrated by hand for three weeks"


def test_a_cancelled_deletion_verifies_nothing(observatory: Any) -> None:
    """The tar in the buffer was bad and came again; before it is read its deletion is cancelled."""
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    register_again(observatory, "cologne.buffer")
    assert state(observatory, "cologne.buffer") == "present"
    copy = observatory.copy_at("cologne.buffer")
    observatory.change(PhysicalCopy, copy.id, status=PhysicalCopyStatus.DELETION_SCHEDULED)
    give_back(observatory, "cologne.buffer")
    assert state(observatory, "cologne.buffer") == "present"


def test_an_archive_that_cannot_be_asked_is_an_error(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    observatory.places.broken["cologne.lta"] = Configuration("credential_expired", "the keys have run out")
    allow_deletion(observatory)
    let_pass(observatory, *[HOUR] * 5)
    assert any("the keys have run out" in error.message for error in observatory.rows(ErrorRecord))


def test_a_hold_that_runs_out_is_ended_by_the_planner_of_its_site(observatory: Any) -> None:
    with observatory.sessions.begin() as session:
        session.add(
            DeletionHold(
                site_id="cologne",
                scope=HoldScope.SITE,
                held_site_id="ccat",
                created_by="somebody",
                created_at=observatory.clock.now,
                reason="a paper",
                until=observatory.clock.now + timedelta(hours=1),
            )
        )
    observatory.observe(CONTENTS)
    observatory.run()
    assert observatory.copy_at("ccat.buffer").status is PhysicalCopyStatus.PRESENT
    observatory.clock.advance(3601)
    observatory.run()
    [end] = observatory.rows(DeletionHoldEnd)
    assert (end.site_id, end.caller) == ("cologne", "planner")
    assert observatory.copy_at("ccat.buffer").status is PhysicalCopyStatus.DELETED
