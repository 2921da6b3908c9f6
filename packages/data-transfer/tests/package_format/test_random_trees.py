"""Whatever the tree: packed, proved and unpacked it is the same tree, for us and for others."""

import os
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import bagit
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ccat_data_transfer.package_format import (
    PackageContents,
    extract_package,
    file_chunks,
    file_ranges,
    find_index,
    predict_size,
    read_member,
    write_package,
)
from ccat_data_transfer.storage.root_folder import RootFolder
from ccat_ops_db.paths import validate_relative_path

from .conftest import filed


def is_legal(path: str) -> bool:
    try:
        return validate_relative_path(path) == path
    except ValueError:
        return False


SEGMENTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30)
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join).filter(is_legal)
CONTENT = st.binary(max_size=2000) | st.integers(0, 5000).map(bytes)
MTIMES = st.integers(-(2**33) * 10**9, 2**33 * 10**9)
TREES = st.dictionaries(PATHS, st.tuples(CONTENT, MTIMES), min_size=1, max_size=12)
PACKAGE_ID = UUID(int=1)


def plant(tree: dict[str, tuple[bytes, int]], root: Path) -> None:
    for path, (content, mtime_ns) in tree.items():
        target = root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            assume(False)  # one path is the folder of another
        os.utime(target, ns=(0, mtime_ns))


def harvest(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


@settings(deadline=None)
@given(TREES)
def test_any_tree_survives(tree: dict[str, tuple[bytes, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, package = Path(folder, "source"), Path(folder, "p.tar")
        plant(tree, source)
        planted = harvest(source)  # the file system may round times
        files = [filed(source, source / path, "crc32c") for path in tree]
        contents = PackageContents(PACKAGE_ID, datetime(2026, 1, 1, tzinfo=UTC), files, {})
        written = write_package(contents, RootFolder(source), RootFolder(package.parent), package.name)
        assert written.size == package.stat().st_size <= predict_size(contents)

        with package.open("rb") as file:
            read_range = file_ranges(file.fileno())
            index = find_index(read_range, written.size)
            assert index == written.index
            for member in index.members:
                assert b"".join(read_member(read_range, member)) == planted[member.path][0]

        extract_package(file_chunks(package), written.checksum, RootFolder(folder), "ours", "scratch")
        assert harvest(Path(folder, "ours")) == planted

        with tarfile.open(package) as archive:
            # Python 3.11.2 has no filters.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(folder)
        bag = Path(folder, str(PACKAGE_ID))
        assert {path: content for path, (content, _) in harvest(bag / "data").items()} == {
            path: content for path, (content, _) in planted.items()
        }
        assert bagit.Bag(str(bag)).validate()
