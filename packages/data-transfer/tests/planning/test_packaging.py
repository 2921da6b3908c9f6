"""Which files become packages when, and what a bad source file stops: its own package, and no other."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from ccat_data_transfer.packer import DiskPacker
from ccat_data_transfer.work.run import WorkRunner
from ccat_ops_db.enumerations import FileExceptionKind, Severity, Status
from ccat_ops_db.file_decisions import Decider, set_aside
from ccat_ops_db.models import (
    DataLocation,
    ErrorRecord,
    ExecutedObsUnitModule,
    PackageCreation,
    RawDataFileException,
    RawDataFileView,
    RawDataPackage,
    RawDataSeries,
)

from ..trouble import DAY, HOUR, let_pass, lost, packages

MEGABYTE = 1_000_000


def test_a_long_execution_flows_in_parts_while_it_runs(observatory: Any) -> None:
    observatory.change(DataLocation, "ccat.raw", package_size_limit=MEGABYTE)
    execution = observatory.start()
    observatory.file(execution, {"2026/01.fits": b"1" * 400_000})
    observatory.planner.run_pass()
    assert observatory.rows(RawDataPackage) == []
    assert observatory.reasons(execution) == {"execution_running"}
    observatory.file(execution, {f"2026/0{n}.fits": b"x" * 400_000 for n in (2, 3)})
    observatory.run()
    [first] = observatory.rows(RawDataPackage)
    assert (first.part_number, first.file_count, first.sealed_at is None) == (1, 2, False)
    assert observatory.reasons(execution) >= {"execution_running"}
    # The age of the oldest file brings the rest, although the execution goes on.
    observatory.clock.advance(3601)
    observatory.run()
    assert [p.part_number for p in observatory.rows(RawDataPackage)] == [1, 2]
    [module] = observatory.rows(ExecutedObsUnitModule)
    assert module.waiting_reason is None
    # What comes late, even after the end, becomes a further part.
    observatory.finish(execution)
    observatory.run()
    observatory.file(execution, {"2026/late.fits": b"late"})
    observatory.run()
    assert [(p.part_number, p.file_count) for p in observatory.rows(RawDataPackage)] == [
        (1, 2),
        (2, 1),
        (3, 1),
    ]
    assert len(observatory.tars_at("cologne.lta")) == 3
    assert {file.raw_data_package_id for file in observatory.rows(RawDataFileView)} == {
        package.id for package in observatory.rows(RawDataPackage)
    }


def replace_by_link(path: Path) -> None:
    path.rename(path.with_suffix(".x"))
    path.symlink_to(path.with_suffix(".x").name)


def test_a_bad_file_keeps_its_own_package_waiting_and_is_named(
    observatory: Any, at_crash_points: Any
) -> None:
    def write(change: Callable[[Path], object], name: str) -> Any:
        execution = observatory.observe({f"2026/{name}.fits": b"right" * 100, f"2026/{name}-2.fits": b"2"})
        change(observatory.folder("ccat.raw") / "2026" / f"{name}.fits")
        return execution

    bad = {
        "missing": write(lambda path: path.unlink(), "missing"),
        "short": write(lambda path: path.write_bytes(b"right"), "short"),
        "wrong": write(lambda path: path.write_bytes(b"wrong" * 100), "wrong"),
        "grown": write(lambda path: path.write_bytes(b"right" * 101), "grown"),
        "link": write(replace_by_link, "link"),
    }
    good = observatory.observe({"2026/good.fits": b"good"})
    observatory.run()
    assert len(observatory.tars_at("cologne.lta")) == 1
    assert "archived" in (observatory.why(good).state or "")
    packages = {p.executed_obs_unit_id: p for p in observatory.rows(RawDataPackage)}
    kinds = {
        "missing": "missing",
        "short": "short",
        "wrong": "other_checksum",
        "grown": "grown",
        "link": "not_regular",
    }
    for name, execution in bad.items():
        [creation] = observatory.rows(PackageCreation, raw_data_package_id=packages[execution].id)
        assert (creation.status, creation.attempt) == (Status.PENDING, 0), name
        assert creation.waiting_reason == "file_not_as_filed"
        assert f"2026/{name}.fits" in creation.waiting_detail
        [file] = observatory.rows(RawDataFileView, relative_path=f"2026/{name}.fits")
        assert file.exception == kinds[name]
        [error] = observatory.rows(ErrorRecord, subject_id=str(file.id))
        assert error.severity is Severity.ERROR
        assert f"2026/{name}.fits" in error.message
        assert "file_not_as_filed" in observatory.reasons(execution)
    assert (observatory.folder("ccat.raw") / "2026" / "missing-2.fits").exists()


def test_a_file_that_grows_while_it_is_read_is_refused_and_archived_once_mended(
    observatory: Any, at_crash_points: Any
) -> None:
    observatory.observe({"2026/a.fits": b"a" * 100})
    path = observatory.folder("ccat.raw") / "2026/a.fits"
    at_crash_points(lambda name: path.write_bytes(b"a" * 101) if name == "work.leased" else None)
    observatory.run()
    [creation] = observatory.rows(PackageCreation)
    assert (creation.status, creation.waiting_reason) == (Status.PENDING, "file_not_as_filed")
    path.write_bytes(b"a" * 100)
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    observatory.clock.advance(15 * 60)
    observatory.run()
    assert observatory.rows(RawDataFileException) == []
    assert len(observatory.tars_at("cologne.lta")) == 1
    [error] = observatory.rows(ErrorRecord)
    assert error.resolved_at is not None


def test_a_package_whose_buffer_goes_out_of_service_is_made_in_another(observatory: Any) -> None:
    observatory.add_buffer("ccat.buffer-2")
    observatory.observe({"2026/a.fits": b"a"})
    observatory.planner.run_pass()
    [creation] = observatory.rows(PackageCreation)
    assert creation.destination_location_id == "ccat.buffer"
    observatory.suspend(DataLocation, "ccat.buffer", "new disk")
    # The pass withdraws it, the next one gives it another home.
    observatory.planner.run_pass()
    observatory.planner.run_pass()
    [creation] = observatory.rows(PackageCreation)
    assert (creation.status, creation.destination_location_id) == (Status.SCHEDULED, "ccat.buffer-2")
    assert "done" in observatory.deliver()
    assert len(observatory.tars_at("ccat.buffer-2")) == 1


def test_a_bad_file_is_left_out_and_stays(observatory: Any) -> None:
    good = {"2026/a.fits": b"a" * 1000, "2026/c.fits": b"c" * 1000}
    execution = observatory.start()
    observatory.file(execution, {**good, "2026/b.fits": b"b" * 1000})
    observatory.finish(execution)
    bad = observatory.folder("ccat.raw") / "2026/b.fits"
    bad.write_bytes(b"B" * 1000)
    let_pass(observatory, HOUR, 7 * HOUR, DAY, HOUR)
    assert observatory.files_at("ccat.raw") == [bad]
    assert lost(observatory, good) == []
    assert any("2026/b.fits" in error.message for error in observatory.rows(ErrorRecord))
    assert [file.relative_path for file in observatory.rows(RawDataFileView, left_out=True)] == [
        "2026/b.fits"
    ]
    [package] = observatory.rows(RawDataPackage)
    assert (package.file_count, package.payload_bytes, package.last_number) == (2, 2000, 3)


def test_a_range_of_bad_files_ends(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"a" * 100})
    bad = observatory.folder("ccat.raw") / "2026/a.fits"
    bad.write_bytes(b"written over")
    let_pass(observatory, HOUR, 7 * HOUR, DAY)
    [creation] = observatory.rows(PackageCreation)
    assert (creation.status, creation.error_category) == (Status.CANCELLED, "all_left_out")
    assert observatory.files_at("ccat.raw") == [bad]
    assert observatory.planner.run_pass() == 0
    [package] = observatory.rows(RawDataPackage)
    [series] = observatory.rows(RawDataSeries)
    assert (package.sealed_at, series.packaged_count) == (None, 1)
    assert [file.left_out for file in observatory.rows(RawDataFileView)] == [True]


def test_a_range_of_bad_files_may_turn_up_late(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"a" * 100})
    path = observatory.folder("ccat.raw") / "2026/a.fits"
    path.unlink()
    let_pass(observatory, HOUR, 7 * HOUR, HOUR)
    give_back(path, b"a" * 100)
    let_pass(observatory, DAY)
    assert [(p.first_number, p.last_number, p.sealed_at is None) for p in packages(observatory)] == [
        (1, 1, True),
        (2, 2, False),
    ]
    assert lost(observatory, {"2026/a.fits": b"a" * 100}) == []
    assert observatory.files_at("ccat.raw") == []


def give_back(path: Path, content: bytes) -> None:
    """Put a file at its source again, as it was."""
    path.write_bytes(content)
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))


def test_a_file_that_turns_up_late_is_filed_anew(observatory: Any) -> None:
    contents = {"2026/a.fits": b"a" * 1000, "2026/b.fits": b"b" * 1000}
    observatory.observe(contents)
    path = observatory.folder("ccat.raw") / "2026/b.fits"
    path.unlink()
    let_pass(observatory, HOUR, 7 * HOUR, HOUR)
    assert [file.relative_path for file in observatory.rows(RawDataFileView, left_out=True)] == [
        "2026/b.fits"
    ]
    # It is read each day, as long as it is not as it was filed.
    [before] = observatory.rows(RawDataFileException)
    let_pass(observatory, DAY, HOUR)
    [after] = observatory.rows(RawDataFileException)
    assert (after.readings, after.decision) == (before.readings + 1, None)
    assert after.last_seen_at - before.last_seen_at >= timedelta(days=1)
    give_back(path, contents["2026/b.fits"])
    let_pass(observatory, HOUR)
    assert len(packages(observatory)) == 1
    let_pass(observatory, DAY)
    assert lost(observatory, contents) == []
    assert observatory.files_at("ccat.raw") == []
    old, new = sorted(
        observatory.rows(RawDataFileView, relative_path="2026/b.fits"), key=lambda file: file.revision
    )
    assert (old.decision, old.replaced_by_file_id, old.tar_offset) == ("filed_anew", new.id, None)
    assert (new.revision, new.number, new.size, new.checksum) == (2, 3, old.size, old.checksum)
    [decided] = observatory.rows(RawDataFileException)
    assert decided.decided_by == "engine"
    assert all(error.resolved_at for error in observatory.rows(ErrorRecord))


def test_what_somebody_decided_on_is_not_read_again(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"a", "2026/b.fits": b"b"})
    path = observatory.folder("ccat.raw") / "2026/b.fits"
    path.unlink()
    let_pass(observatory, HOUR, 7 * HOUR, HOUR)
    [exception] = observatory.rows(RawDataFileException)
    with observatory.sessions.begin() as session:
        decider = Decider("ada", "it is not wanted", observatory.clock.now)
        assert set_aside(session, exception.raw_data_file_id, decider)
    give_back(path, b"b")
    let_pass(observatory, DAY, DAY)
    assert observatory.files_at("ccat.raw") == [path]
    assert len(packages(observatory)) == 1


def test_one_reading_finds_all_bad_files(observatory: Any) -> None:
    """Also one whose bytes are still on their way to be hashed when the next is not there."""
    observatory.observe({"2026/a.fits": b"a" * 100_000, "2026/b.fits": b"b", "2026/c.fits": b"c"})
    folder = observatory.folder("ccat.raw") / "2026"
    (folder / "a.fits").write_bytes(b"A" * 100_000)
    (folder / "b.fits").unlink()
    observatory.run()
    found = {
        file.relative_path: file.exception
        for file in observatory.rows(RawDataFileView)
        if file.exception is not None
    }
    assert found == {"2026/a.fits": "other_checksum", "2026/b.fits": "missing"}


def test_a_file_that_was_mended_is_not_left_out_with_another(observatory: Any) -> None:
    contents = {"2026/a.fits": b"a" * 100, "2026/b.fits": b"b" * 100, "2026/c.fits": b"c" * 100}
    observatory.observe(contents)
    folder = observatory.folder("ccat.raw") / "2026"
    (folder / "a.fits").unlink()
    (folder / "b.fits").unlink()
    observatory.change(DataLocation, "ccat.raw", leave_out_after=8 * HOUR)
    let_pass(observatory, 6 * HOUR)
    assert [exception.readings for exception in observatory.rows(RawDataFileException)] == [2, 2]
    give_back(folder / "a.fits", contents["2026/a.fits"])
    let_pass(observatory, HOUR)
    assert [exception.readings for exception in observatory.rows(RawDataFileException)] == [2]
    let_pass(observatory, 2 * HOUR)
    assert [file.relative_path for file in observatory.rows(RawDataFileView, left_out=True)] == [
        "2026/b.fits"
    ]


@dataclass
class LosesItsSource(DiskPacker):
    """The disk of the source goes in the moment in which the files are read: an empty folder is left."""

    source: Path
    gone: Path

    def write(self, *arguments: Any, **named: Any) -> Any:
        """See `Packer.write`."""
        self.gone.mkdir()
        for path in self.source.iterdir():
            path.rename(self.gone / path.name)
        return super().write(*arguments, **named)


def test_a_source_that_goes_while_it_is_read_has_no_bad_files(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"a" * 100})
    folder = observatory.folder("ccat.raw")
    packer = LosesItsSource(folder, folder.with_name("gone"))
    world = replace(observatory.world, packer=packer)
    observatory.planner.run_pass()
    assert observatory.deliver(WorkRunner(world, observatory.settings, "worker-2", observatory.stopping)) == [
        "failed"
    ]
    assert observatory.rows(RawDataFileException) == []
    [creation] = observatory.rows(PackageCreation)
    assert (creation.status, creation.attempt) == (Status.PENDING, 0)


def test_one_reading_leaves_nothing_out(observatory: Any) -> None:
    """A worker that is the only one reads again after six hours, and not before."""
    observatory.observe({"2026/a.fits": b"a" * 100, "2026/b.fits": b"b"})
    path = observatory.folder("ccat.raw") / "2026/a.fits"
    path.unlink()
    let_pass(observatory, HOUR, HOUR, HOUR)
    [exception] = observatory.rows(RawDataFileException)
    assert (exception.readings, exception.kind) == (1, FileExceptionKind.MISSING)
    assert observatory.tars_at("cologne.lta") == []


def test_an_unmounted_source_has_no_bad_files(observatory: Any) -> None:
    observatory.observe({"2026/a.fits": b"a" * 100})
    folder = observatory.folder("ccat.raw")
    folder.rename(folder.with_name("unmounted"))
    folder.mkdir()
    let_pass(observatory, HOUR, 7 * HOUR, DAY)
    assert observatory.rows(RawDataFileException) == []
    folder.rmdir()
    folder.with_name("unmounted").rename(folder)
    let_pass(observatory, HOUR, HOUR)
    assert len(observatory.tars_at("cologne.lta")) == 1
