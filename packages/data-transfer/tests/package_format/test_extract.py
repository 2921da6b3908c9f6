"""Unpacking: all or nothing, bit for bit, never outside the folder."""

import os
import random
from pathlib import Path

import pytest

from ccat_data_transfer.package_format import (
    PackageCorruptError,
    TargetSymlinkError,
    extract_member,
    extract_package,
    file_chunks,
    file_ranges,
)
from ccat_data_transfer.storage.root_folder import RootFolder

from .conftest import MakeTree, Write

CHANCE = random.Random(5)
TREE = {
    "a b/é ✶.fits": CHANCE.randbytes(3000),
    "a b/empty": b"",
    "a-b": b"sorts between the folder and its files",
    "deep/" * 30 + "x": b"deep",
    "n" * 255: CHANCE.randbytes(5_000_000),
}


def tree_of(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_package_comes_back_bit_for_bit(
    make_tree: MakeTree, write: Write, source: Path, tmp_path: Path
) -> None:
    make_tree(TREE)
    os.utime(source / "a-b", ns=(0, -1_500_000_000))  # before 1970
    package, written = write()
    target, temporary = "new/target", tmp_path / "scratch"
    verified = extract_package(
        file_chunks(package), written.checksum, RootFolder(tmp_path), target, "scratch"
    )
    assert tree_of(tmp_path / target) == tree_of(source)
    assert verified.index == written.index
    assert not temporary.exists()


def test_unpacking_again_repairs_and_keeps_other_files(
    make_tree: MakeTree, write: Write, source: Path, tmp_path: Path
) -> None:
    make_tree(TREE)
    package, written = write()
    target, temporary = tmp_path / "target", tmp_path / "scratch"
    extract_package(file_chunks(package), written.checksum, RootFolder(tmp_path), "target", "scratch")
    (target / "a-b").write_bytes(b"half")
    (target / "a b/empty").unlink()
    (target / "a b/of another package").write_bytes(b"stays")
    temporary.mkdir()
    (temporary / "0").write_bytes(b"leftover")
    extract_package(file_chunks(package), written.checksum, RootFolder(tmp_path), "target", "scratch")
    found = tree_of(target)
    assert found.pop("a b/of another package")[0] == b"stays"
    assert found == tree_of(source)


def test_a_corrupt_package_leaves_nothing(make_tree: MakeTree, write: Write, tmp_path: Path) -> None:
    make_tree(TREE)
    package, written = write()
    with package.open("r+b") as file:
        file.seek(written.index.members[-1].offset)
        file.write(b"corrupt")
    target, temporary = tmp_path / "target", tmp_path / "scratch"
    with pytest.raises(PackageCorruptError):
        extract_package(file_chunks(package), written.checksum, RootFolder(tmp_path), "target", "scratch")
    assert not target.exists()
    assert not temporary.exists()


def test_one_member_by_its_range(make_tree: MakeTree, write: Write, source: Path, tmp_path: Path) -> None:
    make_tree(TREE)
    package, written = write()
    with package.open("rb") as file:
        for path in TREE:
            found = extract_member(
                file_ranges(file.fileno()),
                written.index.member(path),
                RootFolder(tmp_path),
                "target",
                "scratch",
            )
            assert found == f"target/{path}"
    assert tree_of(tmp_path / "target") == tree_of(source)


def test_a_corrupt_member_leaves_nothing(make_tree: MakeTree, write: Write, tmp_path: Path) -> None:
    make_tree(TREE)
    package, written = write()
    member = written.index.member("a-b")
    with package.open("r+b") as file:
        file.seek(member.offset)
        file.write(b"corrupt")
    with package.open("rb") as file, pytest.raises(PackageCorruptError):
        extract_member(file_ranges(file.fileno()), member, RootFolder(tmp_path), "target", "scratch")
    assert not (tmp_path / "target").exists()


def test_a_linked_folder_in_the_target_is_no_way_out(
    make_tree: MakeTree, write: Write, tmp_path: Path
) -> None:
    make_tree({"folder/inner/a": b"a"})
    package, written = write()
    outside, target = tmp_path / "outside", tmp_path / "target"
    outside.mkdir()
    target.mkdir()
    (target / "folder").symlink_to(outside)
    with pytest.raises(TargetSymlinkError, match="'folder' exists there and is not a folder"):
        extract_package(file_chunks(package), written.checksum, RootFolder(tmp_path), "target", "scratch")
    assert list(outside.iterdir()) == []


def test_a_link_of_the_same_name_is_replaced_not_followed(
    make_tree: MakeTree, write: Write, tmp_path: Path
) -> None:
    make_tree({"a": b"new"})
    package, written = write()
    (tmp_path / "precious").write_bytes(b"old")
    (tmp_path / "target").mkdir()
    (tmp_path / "target/a").symlink_to(tmp_path / "precious")
    extract_package(file_chunks(package), written.checksum, RootFolder(tmp_path), "target", "scratch")
    assert (tmp_path / "precious").read_bytes() == b"old"
    assert not (tmp_path / "target/a").is_symlink()
    assert (tmp_path / "target/a").read_bytes() == b"new"
