"""The main job: from a filed file to a verified archive, removal at the source, and back."""

from pathlib import Path

from ccat_ops_db.enumerations import CopyKind, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    Event,
    PhysicalCopy,
    RawDataFile,
    RawDataPackage,
    StagingItem,
    StagingJob,
)

CONTENTS = {
    "2026/scan 1.fits": b"one" * 1000,
    "2026/ünïcode/naïve.fits": b"two" * 5000,
    "empty.dat": b"",
}


def test_files_are_archived_and_then_removed_at_the_source(observatory):
    observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    states = {(copy.data_location_id, copy.kind): copy.status for copy in observatory.rows(PhysicalCopy)}
    assert states == {
        ("ccat.raw", CopyKind.RAW_DATA_FILE): PhysicalCopyStatus.DELETED,
        ("ccat.buffer", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.DELETED,
        ("cologne.buffer", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.DELETED,
        ("cologne.lta", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.VERIFIED,
    }
    assert package.source_removed_at is not None
    assert _files(observatory.folder("ccat.raw")) == []
    assert _files(observatory.folder("ccat.buffer")) == []
    assert [path.suffixes for path in _files(observatory.folder("cologne.lta"))] == [
        [".index", ".json"],
        [".metadata", ".json"],
        [".tar"],
    ]


def test_archiving_comes_before_removal(observatory):
    observatory.observe(CONTENTS)
    observatory.run()
    actions = [event.action for event in observatory.rows(Event)]
    assert actions.index("package.archived") < actions.index("deletion.scheduled")


def test_a_staged_package_is_the_same_bytes_names_and_times(observatory):
    execution_id = observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    _request(observatory, package, None)
    observatory.run()
    folder = observatory.folder("cologne.processing") / str(execution_id) / "chai-lfa"
    assert {str(p.relative_to(folder)): p.read_bytes() for p in _files(folder)} == CONTENTS
    assert {p.stat().st_mtime_ns for p in _files(folder)} == {1_700_000_000_123_456_789}


def test_a_single_file_is_staged_by_its_byte_range(observatory):
    execution_id = observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    file = next(f for f in observatory.rows(RawDataFile) if f.relative_path == "2026/scan 1.fits")
    _request(observatory, package, file)
    observatory.run()
    folder = observatory.folder("cologne.processing")
    assert [str(p.relative_to(folder)) for p in _files(folder)] == [
        f"{execution_id}/chai-lfa/2026/scan 1.fits"
    ]
    assert _files(folder)[0].read_bytes() == CONTENTS["2026/scan 1.fits"]


def test_what_is_staged_goes_when_its_pin_ends_and_the_archive_keeps_it(observatory):
    observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    _request(observatory, package, None)
    observatory.run()
    observatory.clock.advance(15 * 86400)
    observatory.run()
    assert _files(observatory.folder("cologne.processing")) == []
    [archived] = observatory.rows(PhysicalCopy, data_location_id="cologne.lta")
    assert archived.status is PhysicalCopyStatus.VERIFIED


def _request(observatory, package, file):
    with observatory.sessions.begin() as session:
        job = StagingJob(
            site_id="cologne",
            destination_location_id="cologne.processing",
            requested_by="astronomer",
            raw_data_package_id=None if file else package.id,
            raw_data_file_id=file.id if file else None,
            created_at=observatory.clock.now,
        )
        session.add(job)
        session.flush()
        session.add(
            StagingItem(
                id=new_id(),
                site_id="cologne",
                status=Status.PENDING,
                created_at=observatory.clock.now,
                staging_job_id=job.id,
                raw_data_package_id=package.id,
                raw_data_file_id=file.id if file else None,
                destination_location_id="cologne.processing",
            )
        )


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
