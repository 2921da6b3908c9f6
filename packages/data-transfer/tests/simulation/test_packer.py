"""What holds for packers, real and simulated: the same tar, the same errors, the same files back."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from ccat_data_transfer.package_format import (
    PackageContents,
    PackageCorruptError,
    SourceFile,
    SourceFileError,
    WrittenPackage,
)
from ccat_data_transfer.packer import DiskPacker, NewPackage, Packer, Unpacking
from ccat_data_transfer.simulation.bytes import Content
from ccat_data_transfer.simulation.packer import SimulatedPacker
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import Expected, Storage
from ccat_ops_db.identity import time_of_id

from ..places.conftest import read, upload
from ..simulated_places import SimulatedPlaces

PACKAGE_ID = UUID("019b76e4-6b77-7000-8000-000000000037")
PATH = "2026/01/package.tar"
MTIME_NS = 1_700_000_000_123_456_789
CONTENTS = {"2026/a.fits": b"a" * 100_000, "2026/empty.dat": b"", "2026/ü b.fits": b"b" * 1_234}


New = Callable[[str], Storage]


class Site:
    """A source with files, a buffer and a processing place, and the packer that works there."""

    def __init__(self, packer: Packer, new: New) -> None:
        self.packer = packer
        self.source, self.buffer, self.processing = (
            new("ccat.raw"),
            new("ccat.buffer"),
            new("ccat.processing"),
        )
        for path, content in CONTENTS.items():
            self.write(path, content)

    def write(self, path: str, content: bytes) -> None:
        """Write a file at the source, with its time."""
        with self.source.open_upload(path, "instrument", _expected(content)) as writing:
            writing.write(content)
            writing.finish(mtime_ns=MTIME_NS)

    def new(self, attempt: str = "1-a") -> NewPackage:
        return NewPackage(self.buffer, PATH, attempt)

    def write_package(self, attempt: str) -> WrittenPackage:
        """Write the package of all files and do not publish it."""
        files = [
            SourceFile(path, len(content), Content.of(content).checksum("xxh3-128"))
            for path, content in sorted(CONTENTS.items())
        ]
        contents = PackageContents(PACKAGE_ID, time_of_id(PACKAGE_ID), files, {})
        return self.packer.write(self.new(attempt), contents, self.source, lambda _: None)

    def pack(self, attempt: str = "1-a") -> WrittenPackage:
        """Write the package of all files and publish it."""
        self.packer.remove_leftovers(self.new(attempt))
        written = self.write_package(attempt)
        self.packer.publish(self.new(attempt))
        return written

    def unpacking(self) -> Unpacking:
        return Unpacking(self.buffer, PATH, self.processing, "staged", "work", "1-a", lambda _: None)

    def staged(self) -> dict[str, bytes]:
        return {
            info.path.removeprefix("staged/"): read(self.processing, info.path)
            for info in self.processing.list()
        }


def _expected(content: bytes) -> Expected:
    return Expected(len(content), Content.of(content).checksum("xxh3-128"))


def _real(tmp_path: Path) -> Site:
    def new(location_id: str) -> DiskStorage:
        folder = tmp_path / location_id
        folder.mkdir()
        return DiskStorage(location_id, str(folder))

    return Site(DiskPacker(), new)


def _simulated() -> Site:
    return Site(SimulatedPacker(), SimulatedPlaces().disk)


@pytest.fixture(params=["real", "simulated"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return _real(tmp_path) if request.param == "real" else _simulated()


def test_both_write_the_same_tar(tmp_path: Path) -> None:
    real, simulated = _real(tmp_path), _simulated()
    assert real.pack() == simulated.pack()
    assert read(real.buffer, PATH) == read(simulated.buffer, PATH)


def test_what_is_written_is_what_is_told(site: Site) -> None:
    written = site.pack()
    tar = read(site.buffer, PATH)
    assert (len(tar), Content.of(tar).checksum("xxh3-128")) == (written.size, written.checksum)
    assert [member.path for member in written.index.members] == sorted(CONTENTS)
    assert site.pack("2-b") == written


def test_an_attempt_that_is_not_published_leaves_what_the_next_removes(site: Site) -> None:
    site.write_package("1-a")
    assert site.buffer.stat(PATH) is None
    site.packer.remove_leftovers(site.new("2-b"))
    assert list(site.buffer.list()) == []


def test_publishing_again_is_harmless(site: Site) -> None:
    site.pack()
    site.packer.publish(site.new())
    assert site.buffer.stat(PATH) is not None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "source_missing"),
        (b"a" * 99_999, "source_short"),
        (b"a" * 100_001, "source_grown"),
        (b"b" + b"a" * 99_999, "file_changed"),
    ],
)
def test_a_bad_file_is_named(site: Site, content: bytes | None, code: str) -> None:
    with site.source.removing() as remove:
        remove("2026/a.fits")
    if content is not None:
        site.write("2026/a.fits", content)
    with pytest.raises(SourceFileError) as raised:
        site.pack()
    assert (raised.value.path, raised.value.code) == ("2026/a.fits", code)
    assert site.buffer.stat(PATH) is None


def test_unpacked_files_are_as_they_were(site: Site) -> None:
    written = site.pack()
    site.packer.unpack(site.unpacking(), written.checksum)
    assert site.staged() == CONTENTS
    assert {info.modified_ns for info in site.processing.list()} == {MTIME_NS}


def test_one_file_is_unpacked_by_its_range(site: Site) -> None:
    written = site.pack()
    site.packer.unpack_member(site.unpacking(), written.index.member("2026/ü b.fits"))
    assert site.staged() == {"2026/ü b.fits": CONTENTS["2026/ü b.fits"]}


@pytest.mark.parametrize("whole", [True, False])
def test_a_bad_tar_leaves_nothing(site: Site, whole: bool) -> None:
    written = site.pack()
    member = written.index.member("2026/a.fits")
    tar = bytearray(read(site.buffer, PATH))
    tar[member.offset] ^= 1
    with site.buffer.removing() as remove:
        remove(PATH)
    upload(site.buffer, PATH, bytes(tar))
    unpack = site.packer.unpack if whole else site.packer.unpack_member
    with pytest.raises(PackageCorruptError):
        unpack(site.unpacking(), written.checksum if whole else member)  # type: ignore[arg-type]
    assert site.staged() == {}
