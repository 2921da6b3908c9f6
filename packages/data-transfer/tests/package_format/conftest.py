"""Trees of files as instruments write them, and packages made of them."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from ccat_data_transfer.checksums import format_checksum, new_hasher
from ccat_data_transfer.package_format import PackageContents, SourceFile, WrittenPackage, write_package
from ccat_data_transfer.storage.root_folder import RootFolder

PACKAGE_ID = UUID("01939d2e-7c00-7000-8000-000000000001")
CREATED = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)

MakeTree = Callable[[dict[str, bytes]], Path]
File = Callable[..., list[SourceFile]]
MakeContents = Callable[..., PackageContents]
Write = Callable[..., tuple[Path, WrittenPackage]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def make_tree(source: Path) -> MakeTree:
    """Write files below the source folder, with modification times that have nanoseconds."""

    def make(tree: dict[str, bytes]) -> Path:
        for number, (path, content) in enumerate(tree.items()):
            target = source / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            os.utime(target, ns=(0, 1_763_726_400_123_456_789 + number))
        return source

    return make


@pytest.fixture
def file(source: Path) -> File:
    """File what is in the source folder: path, size and checksum."""

    def file_all(algorithm: str = "xxh3-128") -> list[SourceFile]:
        return [filed(source, path, algorithm) for path in sorted(source.rglob("*")) if path.is_file()]

    return file_all


def filed(source: Path, path: Path, algorithm: str) -> SourceFile:
    content = path.read_bytes()
    hasher = new_hasher(algorithm)
    hasher.update(content)
    checksum = format_checksum(algorithm, hasher.hexdigest())
    return SourceFile(str(path.relative_to(source)), len(content), checksum)


@pytest.fixture
def make_contents(file: File) -> MakeContents:
    def make(files: list[SourceFile] | None = None, **bag_info: str) -> PackageContents:
        return PackageContents(
            PACKAGE_ID,
            CREATED,
            file() if files is None else files,
            {"execution": {"name": "Orion KL ✶"}},
            bag_info or {"Source-Organization": "CCAT Observatory"},
        )

    return make


@pytest.fixture
def write(source: Path, make_contents: MakeContents, tmp_path: Path) -> Write:
    """Write a package of the source folder and return where it is."""

    def write_to(
        name: str = "package.tar", files: list[SourceFile] | None = None
    ) -> tuple[Path, WrittenPackage]:
        written = write_package(
            make_contents(files), RootFolder(source), RootFolder(tmp_path), f"packages/{name}"
        )
        return tmp_path / "packages" / name, written

    return write_to
