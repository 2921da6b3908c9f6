"""Every reading of a copy is written down: who read what, when, at which place, and what it was."""

import os
from typing import Any

import pytest

from ccat_data_transfer.evidence.identity import identity_of, time_of_files
from ccat_ops_db.enumerations import Finding, ReadingMethod, Status
from ccat_ops_db.models import FixityCheck, PhysicalCopy, Verification

from ..trouble import have_read, keep_everything, packages, rot

CONTENTS = {"2026/a.fits": b"a" * 5000, "2026/b.fits": b"b" * 300}


@pytest.fixture
def archived(observatory: Any) -> Any:
    """An observatory with one archived package, which keeps everything."""
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    return observatory


def readings(observatory: Any, location: str) -> list[Verification]:
    """Return what was found of the copies at a location, in order."""
    copies = [copy.id for copy in observatory.rows(PhysicalCopy, data_location_id=location)]
    found = [it for it in observatory.rows(Verification) if it.physical_copy_id in copies]
    return sorted(found, key=lambda it: it.number)


def marker(observatory: Any, location: str) -> Any:
    return observatory.places.marker_on_record(location).id


@pytest.mark.parametrize("location", ["cologne.buffer", "cologne.lta"])
def test_what_arrived_was_read(archived: Any, location: str) -> None:
    [package], [found] = packages(archived), readings(archived, location)
    [check] = archived.rows(FixityCheck, id=found.work_id)
    storage = archived.places.storage(location)
    info = storage.stat(package.relative_path)
    assert (found.number, found.method, found.finding) == (1, ReadingMethod.FULL_READ, Finding.RIGHT)
    assert (found.size_found, found.checksum_found) == (package.size, package.checksum)
    assert (found.identity, found.place_marker_id) == (
        identity_of(storage, info),
        marker(archived, location),
    )
    assert (found.work_table, found.fencing) == ("fixity_check", check.fencing)
    assert (found.reason, check.status) == (check.reason, Status.COMPLETED)
    assert found.worker == "worker-1"
    assert found.bytes_read == package.size
    assert found.proved_at is not None
    assert found.begun_at <= found.proved_at <= found.recorded_at


def test_files_are_read_when_they_are_packaged(archived: Any) -> None:
    [package], [found] = packages(archived), readings(archived, "ccat.raw")
    assert (found.method, found.finding, found.work_table) == ("full_read", "right", "package_creation")
    assert (found.checksum_found, found.size_found) == (package.manifest_checksum, 5300)
    read_from = time_of_files(str(found.identity), marker(archived, "ccat.raw"))
    assert read_from is not None
    files = archived.files_at("ccat.raw")
    assert read_from >= max(path.stat().st_ctime_ns for path in files)
    assert time_of_files(str(found.identity), marker(archived, "ccat.buffer")) is None
    assert found.proved_at is not None


def test_what_was_not_read_has_no_proof(archived: Any) -> None:
    """The tar was written to the buffer by who made it, and nobody read it there."""
    assert readings(archived, "ccat.buffer") == []


def test_readings_are_numbered(archived: Any) -> None:
    for _ in range(2):
        have_read(archived, "cologne.lta")
        archived.run()
    assert [(it.number, it.finding) for it in readings(archived, "cologne.lta")] == [
        (1, "right"),
        (2, "right"),
        (3, "right"),
    ]


def test_what_is_wrong_is_written_down(archived: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")
    rot(tar)
    have_read(archived, "cologne.lta")
    archived.run()
    found = readings(archived, "cologne.lta")[1]
    assert (found.finding, found.proved_at) == (Finding.OTHER_CHECKSUM, None)
    assert found.checksum_found not in (None, packages(archived)[0].checksum)
    assert found.identity is not None


def test_what_is_missing_is_nothing(archived: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")
    tar.unlink()
    have_read(archived, "cologne.lta")
    archived.run()
    found = readings(archived, "cologne.lta")[1]
    assert (found.finding, found.identity, found.checksum_found) == (Finding.MISSING, None, None)


def test_staged_files_were_read(archived: Any) -> None:
    archived.stage(packages(archived)[0])
    archived.run()
    [found] = readings(archived, "cologne.processing")
    assert (found.finding, found.work_table, found.reason) == ("right", "staging_item", "staging")
    assert found.checksum_found == packages(archived)[0].manifest_checksum
    written_until = time_of_files(str(found.identity), marker(archived, "cologne.processing"))
    assert written_until is not None
    staged = archived.files_at("cologne.processing")
    assert written_until >= max(path.stat().st_ctime_ns for path in staged)


def test_what_changes_while_it_is_read_is_read_again(archived: Any, at_crash_points: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")

    def change(name: str) -> None:
        if name == "mover.read_back":
            os.utime(tar)

    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    at_crash_points(change)
    archived.deliver()
    assert len(readings(archived, "cologne.lta")) == 1, "nothing was found out"
    archived.clock.advance(3600)
    archived.run()
    assert [it.finding for it in readings(archived, "cologne.lta")] == ["right", "right"]
