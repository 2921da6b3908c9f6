"""The main job: from a filed file to a verified archive, removal at the source, and back."""

import calendar

import pytest

from ccat_ops_db.enumerations import CopyForm, CopyKind, PhysicalCopyStatus
from ccat_ops_db.models import Event, PhysicalCopy, RawDataFileView, RawDataPackage

from ..small_observatory import SmallObservatory
from ..trouble import files_below

CONTENTS = {
    "2026/scan 1.fits": b"one" * 1000,
    "2026/ünïcode/naïve.fits": b"two" * 5000,
    "empty.dat": b"",
}


def test_files_are_archived_and_then_removed_at_the_source(observatory: SmallObservatory) -> None:
    observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    states = {(copy.data_location_id, copy.kind): copy.status for copy in observatory.rows(PhysicalCopy)}
    assert states == {
        ("ccat.raw", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.DELETED,
        ("ccat.buffer", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.DELETED,
        ("cologne.buffer", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.DELETED,
        ("cologne.lta", CopyKind.RAW_DATA_PACKAGE): PhysicalCopyStatus.VERIFIED,
    }
    [at_source] = observatory.rows(PhysicalCopy, data_location_id="ccat.raw")
    assert (at_source.form, at_source.raw_data_package_id) == (CopyForm.FILES, package.id)
    assert files_below(observatory.folder("ccat.raw")) == []
    assert files_below(observatory.folder("ccat.buffer")) == []
    assert [path.suffixes for path in files_below(observatory.folder("cologne.lta"))] == [
        [".index", ".json"],
        [".metadata", ".json"],
        [".tar"],
    ]


def test_archiving_comes_before_removal(observatory: SmallObservatory) -> None:
    observatory.observe(CONTENTS)
    observatory.run()
    actions = [event.action for event in observatory.rows(Event)]
    assert actions.index("package.archived") < actions.index("deletion.scheduled")


def test_a_staged_package_is_the_same_bytes_names_and_times(observatory: SmallObservatory) -> None:
    execution_id = observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    observatory.stage(package)
    observatory.run()
    folder = observatory.folder("cologne.processing") / str(execution_id) / "chai-lfa"
    assert {str(p.relative_to(folder)): p.read_bytes() for p in files_below(folder)} == CONTENTS
    assert {p.stat().st_mtime_ns for p in files_below(folder)} == {1_700_000_000_123_456_789}


def test_a_single_file_is_staged_by_its_byte_range(observatory: SmallObservatory) -> None:
    execution_id = observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    file = next(f for f in observatory.rows(RawDataFileView) if f.relative_path == "2026/scan 1.fits")
    observatory.stage(package, file)
    observatory.run()
    folder = observatory.folder("cologne.processing")
    assert [str(p.relative_to(folder)) for p in files_below(folder)] == [
        f"{execution_id}/chai-lfa/2026/scan 1.fits"
    ]
    assert files_below(folder)[0].read_bytes() == CONTENTS["2026/scan 1.fits"]


def test_what_is_staged_goes_when_its_pin_ends_and_the_archive_keeps_it(
    observatory: SmallObservatory,
) -> None:
    observatory.observe(CONTENTS)
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    observatory.stage(package)
    observatory.run()
    observatory.clock.advance(15 * 86400)
    observatory.run()
    assert files_below(observatory.folder("cologne.processing")) == []
    [archived] = observatory.rows(PhysicalCopy, data_location_id="cologne.lta")
    assert archived.status is PhysicalCopyStatus.VERIFIED


@pytest.mark.parametrize("year", [1902, 1969, 2250, 2283, 2440])
def test_a_file_of_any_year_is_archived_removed_and_staged_with_its_time(
    observatory: SmallObservatory, year: int
) -> None:
    """Nanoseconds fit 64 bits until 2262, and doubles only count microseconds in our days."""
    modified_ns = calendar.timegm((year, 5, 1, 3, 4, 5)) * 10**9 + 123_456_789
    execution_id = observatory.start()
    observatory.file(execution_id, CONTENTS, modified_ns=modified_ns)
    observatory.finish(execution_id)
    observatory.run()
    assert files_below(observatory.folder("ccat.raw")) == []
    assert {file.mtime_ns for file in observatory.rows(RawDataFileView)} == {modified_ns}
    [package] = observatory.rows(RawDataPackage)
    [file] = [f for f in observatory.rows(RawDataFileView) if f.relative_path == "2026/scan 1.fits"]
    observatory.stage(package)
    observatory.stage(package, file)
    observatory.run()
    folder = observatory.folder("cologne.processing") / str(execution_id) / "chai-lfa"
    assert {str(p.relative_to(folder)): p.read_bytes() for p in files_below(folder)} == CONTENTS
    assert {p.stat().st_mtime_ns for p in files_below(folder)} == {modified_ns}
