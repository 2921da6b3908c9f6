"""Bytes that go bad: on arrival, in the archive, in a buffer, in many places at once; clocks that differ."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.planning.verifying import verify_archive_copies
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_ops_db.enumerations import (
    CheckReason,
    DeletionMode,
    DoubtCause,
    PhysicalCopyStatus,
    Severity,
    Status,
)
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    Doubt,
    ErrorRecord,
    Event,
    FixityCheck,
    PackageCreation,
    PhysicalCopy,
    RawDataPackage,
)

from ..small_observatory import WrongClock

CONTENTS = {"2026/a.fits": b"a" * 10_000, "2026/b.fits": b"b" * 10_000}


def flip(path: Path) -> None:
    """Change one bit and nothing else, as a disk does: not even the time of the file."""
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(times.st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def move_all_but_marker(origin: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for path in origin.iterdir():
        if path.name != MARKER_NAME:
            path.rename(target / path.name)


def keep_everything(observatory: Any) -> None:
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.DRY_RUN)


def run_for(observatory: Any, seconds: float) -> None:
    """Let pauses pass: plan and work, and look again every minute."""
    for _ in range(int(seconds / 60)):
        observatory.run()
        observatory.clock.advance(60)
    observatory.run()


def sent(observatory: Any) -> bool:
    return any(transfer.sent_at for transfer in observatory.rows(DataTransfer))


def archived_right(observatory: Any) -> bool:
    [package] = observatory.rows(RawDataPackage)
    copy = observatory.copy_at("cologne.lta")
    [tar] = observatory.tars_at("cologne.lta")
    return bool(copy.status is PhysicalCopyStatus.VERIFIED and tar.stat().st_size == package.size)


def verify_archive(observatory: Any) -> None:
    """Have every archived copy read again, as a scrub would."""
    packages = [package.id for package in observatory.rows(RawDataPackage)]
    at = observatory.clock.now
    observatory.planner.run_pass()
    with observatory.sessions.begin() as session:
        topology = observatory.topology(session, at)
        assert verify_archive_copies(session, topology, packages) > 0


def told_beside(tar: Path) -> Any:
    """Return what lies beside a bad tar."""
    return json.loads(tar.with_name(tar.name.removesuffix(".tar") + ".bad.json").read_text())


def test_what_arrives_damaged_stays_and_is_sent_again_beside_it(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: sent(observatory))
    [tar] = observatory.tars_at("cologne.buffer")
    flip(tar)
    observatory.run()
    [transfer] = observatory.rows(DataTransfer)
    assert (transfer.attempt, transfer.waiting_reason) == (0, "awaiting_verification")
    observatory.clock.advance(60)
    observatory.run()
    [transfer] = observatory.rows(DataTransfer)
    assert (transfer.status, transfer.attempt, transfer.waiting_reason) == (Status.PENDING, 1, "back_off")
    assert "back_off" in observatory.reasons(transfer.raw_data_package_id)
    bad = tar.read_bytes()
    assert {e.severity for e in observatory.rows(ErrorRecord)} == {Severity.CRITICAL}
    run_for(observatory, 120)
    assert archived_right(observatory)
    assert {error.resolved_at is None for error in observatory.rows(ErrorRecord)} == {False}
    [package] = observatory.rows(RawDataPackage)
    assert tar.read_bytes() == bad
    successor = f"{package.relative_path.removesuffix('.tar')}.g2.tar"
    assert told_beside(tar) == {"bad": package.relative_path, "successor": successor}
    [first, second] = observatory.rows(PhysicalCopy, data_location_id="cologne.buffer")
    assert (first.status, first.generation) == (PhysicalCopyStatus.CORRUPT, 1)
    assert (second.relative_path, second.generation) == (successor, 2)
    # The archive never had it.
    assert observatory.copy_at("cologne.lta").generation == 1


@pytest.mark.parametrize("location", ["ccat.buffer", "cologne.buffer", "cologne.lta"])
@pytest.mark.parametrize("size", [None, 100], ids=["as large", "smaller"])
def test_what_has_the_name_of_a_tar_stays_and_the_tar_gets_the_next(
    observatory: Any, at_crash_points: Any, location: str, size: int | None
) -> None:
    """Something of that name is there before the tar: it is read, is bad, and nothing is written over it."""
    before = {
        "ccat.buffer": "packaging.before_publish",
        "cologne.buffer": "moving.before_send",
        "cologne.lta": "archiving.before_send",
    }
    found: list[Path] = []

    def put_something(name: str) -> None:
        if name == before[location] and not found:
            [package] = observatory.rows(RawDataPackage)
            path = observatory.folder(location) / package.relative_path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(size or package.size or 20_000))
            found.append(path)

    observatory.observe(CONTENTS)
    at_crash_points(put_something)
    run_for(observatory, 900)
    [path] = found
    assert set(path.read_bytes()) == {0}
    [*_, copy] = observatory.rows(PhysicalCopy, data_location_id=location)
    assert copy.generation == 2
    assert told_beside(path)["successor"] == copy.relative_path
    [package] = observatory.rows(RawDataPackage)
    archived = observatory.folder("cologne.lta") / observatory.copy_at("cologne.lta").relative_path
    assert archived.stat().st_size == package.size
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    assert observatory.files_at("ccat.raw") == []


def test_what_always_arrives_damaged_is_given_up_and_alarms(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    for _ in range(observatory.settings.max_attempts):
        observatory.run_until(lambda: sent(observatory))
        observatory.tars_at("cologne.buffer")[0].unlink()
        run_for(observatory, 60)
        observatory.clock.advance(3600)
    [transfer] = observatory.rows(DataTransfer)
    assert (transfer.status, transfer.error_category) == (Status.FAILED, "arrived_missing")
    assert "given_up" in observatory.reasons(transfer.raw_data_package_id)
    run_for(observatory, 300)
    assert observatory.rows(DataTransfer)[0].status is Status.FAILED
    assert len(observatory.files_at("ccat.raw")) == 2


@pytest.mark.parametrize("damage", [flip, pytest.param(Path.unlink, marks=pytest.mark.long)])
def test_what_goes_bad_in_the_archive_is_archived_again_from_the_buffer(
    observatory: Any, damage: Any
) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    [tar] = observatory.tars_at("cologne.lta")
    right = tar.read_bytes()
    damage(tar)
    left = tar.read_bytes() if tar.exists() else None
    verify_archive(observatory)
    run_for(observatory, 1000)
    assert archived_right(observatory)
    [successor] = [path for path in observatory.tars_at("cologne.lta") if path != tar]
    assert successor.read_bytes() == right
    assert (tar.read_bytes() if tar.exists() else None) == left
    assert tar.with_name(tar.name.removesuffix(".tar") + ".bad.json").exists() == (left is not None)
    archived = [event for event in observatory.rows(Event) if event.action == "package.archived"]
    assert len(archived) == 2
    assert all(error.resolved_at for error in observatory.rows(ErrorRecord))


def test_what_goes_bad_in_the_archive_is_sent_again_when_its_buffer_is_empty(observatory: Any) -> None:
    for location in ("ccat.raw", "ccat.buffer"):
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.DRY_RUN)
    observatory.observe(CONTENTS)
    observatory.run()
    assert observatory.tars_at("cologne.buffer") == []
    flip(observatory.tars_at("cologne.lta")[0])
    verify_archive(observatory)
    run_for(observatory, 1000)
    assert archived_right(observatory)


def test_what_is_made_again_has_the_same_bytes_whatever_the_times_of_the_files(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: observatory.rows(DataTransfer) != [])
    [tar] = observatory.tars_at("ccat.buffer")
    right = tar.read_bytes()
    flip(tar)
    for path in observatory.files_at("ccat.raw"):
        os.utime(path, ns=(5, 5))
    run_for(observatory, 240)
    assert any(event.action == "package.repair_planned" for event in observatory.rows(Event))
    assert archived_right(observatory)
    assert observatory.tars_at("cologne.lta")[0].read_bytes() == right


@pytest.mark.parametrize(("location", "damage"), [("ccat.buffer", flip), ("cologne.buffer", Path.unlink)])
def test_what_goes_bad_on_its_way_is_made_or_sent_again(observatory: Any, location: str, damage: Any) -> None:
    """The tar in a buffer rots after it was verified there, and before it was sent on."""
    observatory.observe(CONTENTS)
    next_step = {"ccat.buffer": DataTransfer, "cologne.buffer": "archive"}[location]

    def about_to_leave() -> bool:
        if next_step is DataTransfer:
            return bool(observatory.rows(DataTransfer))
        return bool(
            observatory.rows(PhysicalCopy, data_location_id=location, status=PhysicalCopyStatus.VERIFIED)
        )

    observatory.run_until(about_to_leave)
    damage(observatory.tars_at(location)[0])
    run_for(observatory, 240)
    assert archived_right(observatory)
    assert observatory.files_at("ccat.raw") == []
    assert {row.status for row in observatory.rows(PackageCreation)} == {Status.COMPLETED}
    assert "package.repair_planned" in [event.action for event in observatory.rows(Event)]


def test_a_damaged_or_missing_index_is_taken_out_of_the_tar(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: bool(observatory.rows(DataTransfer)))
    [index] = [path for path in observatory.files_at("ccat.buffer") if path.suffix == ".json"]
    right = index.read_bytes()
    flip(index)
    observatory.run_until(lambda: sent(observatory))
    [arrived] = [path for path in observatory.files_at("cologne.buffer") if path.suffix == ".json"]
    assert arrived.read_bytes() == right
    arrived.unlink()
    observatory.run()
    [archived] = [path for path in observatory.files_at("cologne.lta") if path.name.endswith(".index.json")]
    assert archived.read_bytes() == right


@pytest.mark.long
def test_many_bad_copies_at_once_mark_the_place_and_not_the_copies(observatory: Any) -> None:
    """Rucio #4170: an automatic repair declared all replicas bad, and they were gone."""
    keep_everything(observatory)
    for number in range(8):
        observatory.observe({f"2026/{number}.fits": b"x" * 100})
    observatory.run()
    folder = observatory.folder("cologne.lta")
    tars = observatory.tars_at("cologne.lta")
    verify_archive(observatory)
    # With its marker still there: without, it is another disk, and nothing is looked for on it.
    real = folder.with_name("real")
    move_all_but_marker(folder, real)
    run_for(observatory, 960)
    copies = observatory.rows(PhysicalCopy, data_location_id="cologne.lta")
    assert {copy.status for copy in copies} == {PhysicalCopyStatus.VERIFIED}
    [doubt] = observatory.rows(Doubt)
    assert (doubt.data_location_id, doubt.cause) == ("cologne.lta", DoubtCause.READINGS)
    waiting = observatory.rows(FixityCheck, status=Status.PENDING)
    assert {check.waiting_reason for check in waiting} == {"location_suspect"}
    assert "location_suspect" in observatory.reasons(waiting[0].id)
    assert "location_suspect" in observatory.reasons("cologne.lta")
    [error] = observatory.rows(ErrorRecord, category="location_suspect")
    assert (error.subject_id, error.severity) == ("cologne.lta", Severity.CRITICAL)
    said = "cologne.lta is in doubt: 3 of the last 20 copies that were read there were right before"
    assert error.message.startswith(said)
    # No deletion relies on a doubted archive, and nothing of it is touched.
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.ENABLED)
    run_for(observatory, 120)
    assert len(observatory.files_at("ccat.raw")) == 8
    move_all_but_marker(folder, folder.with_name("written meanwhile"))
    move_all_but_marker(real, folder)
    for _ in range(3):
        observatory.clock.advance(3600)
        observatory.run()
    assert observatory.tars_at("cologne.lta") == tars
    assert observatory.files_at("ccat.raw") == []


def test_a_worker_whose_clock_is_ahead_has_its_arrival_verified_once(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    fast = observatory.new_runner("fast", WrongClock(observatory.clock, timedelta(seconds=20)))
    for _ in range(20):
        observatory.planner.run_pass()
        observatory.deliver(fast)
    checks = [check.reason for check in observatory.rows(FixityCheck)]
    assert checks.count(CheckReason.ARRIVAL) == 1
    assert archived_right(observatory)
