"""Reading by range, and proving a whole package."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import xxhash

from ccat_data_transfer.package_format import (
    Member,
    PackageCorruptError,
    ReadRange,
    WrittenPackage,
    file_chunks,
    find_index,
    read_member,
    verify_package,
    write_package,
)
from ccat_data_transfer.package_format import tar as tar_format
from ccat_data_transfer.storage.root_folder import RootFolder

from .conftest import PACKAGE_ID, MakeContents, MakeTree, Write

CHANCE = random.Random(3)
TREE = {
    "empty": b"",
    "small/a": CHANCE.randbytes(700),
    "small/b é": CHANCE.randbytes(512),
    "z large": CHANCE.randbytes(5_000_000),
}


@pytest.fixture
def package(make_tree: MakeTree, write: Write) -> tuple[bytes, WrittenPackage]:
    make_tree(TREE)
    path, written = write()
    return path.read_bytes(), written


Package = tuple[bytes, WrittenPackage]


def ranges_of(content: bytes, asked: list[tuple[int, int]]) -> ReadRange:
    def read_range(offset: int, length: int) -> bytes:
        asked.append((offset, length))
        return content[offset : offset + length]

    return read_range


def pieces(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


def spoiled(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 0x01
    return bytes(changed)


def test_the_index_is_found_in_the_tar_with_two_small_reads(package: Package) -> None:
    content, written = package
    asked: list[tuple[int, int]] = []
    assert find_index(ranges_of(content, asked), len(content)) == written.index
    assert len(asked) == 2
    assert sum(length for _, length in asked) < 64 * 1024 + len(written.index_json)


def test_the_index_of_a_package_that_is_all_tail(make_tree: MakeTree, write: Write) -> None:
    make_tree({"a": b"a"})
    path, written = write()
    content = path.read_bytes()
    assert find_index(ranges_of(content, []), len(content)) == written.index


def test_the_index_is_found_behind_the_longest_bag_info(
    make_tree: MakeTree, make_contents: MakeContents, source: Path, tmp_path: Path
) -> None:
    make_tree(TREE)
    contents = make_contents(**{"Internal-Sender-Description": "x" * 15_800})
    written = write_package(contents, RootFolder(source), RootFolder(tmp_path), "p.tar")
    content = (tmp_path / "p.tar").read_bytes()
    assert find_index(ranges_of(content, []), len(content)) == written.index


def test_a_tar_inside_the_package_does_not_mislead(make_tree: MakeTree, write: Write) -> None:
    """The last member is itself a package, so that its tail lies shortly before ours."""
    make_tree({"a": b"a"})
    inner, _ = write("inner.tar")
    make_tree({"z.tar": inner.read_bytes()})
    path, written = write("outer.tar")
    content = path.read_bytes()
    assert find_index(ranges_of(content, []), len(content)) == written.index
    assert verify_package([content], written.checksum).index == written.index


def test_a_member_is_read_by_its_range_alone(package: Package) -> None:
    content, written = package
    asked: list[tuple[int, int]] = []
    for path, expected in TREE.items():
        assert b"".join(read_member(ranges_of(content, asked), written.index.member(path))) == expected
    assert sum(length for _, length in asked) == sum(map(len, TREE.values()))
    assert max(length for _, length in asked) <= 4 * 1024**2


def test_a_corrupt_member_is_refused(package: Package) -> None:
    content, written = package
    for path in ["small/a", "z large"]:
        member = written.index.member(path)
        damaged = spoiled(content, member.offset + member.size - 1)
        with pytest.raises(PackageCorruptError, match=f"{path}: its SHA-256 is"):
            list(read_member(ranges_of(damaged, []), member))


def test_a_cut_member_is_refused(package: Package) -> None:
    content, written = package
    member = written.index.member("z large")
    with pytest.raises(PackageCorruptError, match="the tar ends within it"):
        list(read_member(ranges_of(content[: member.offset + 100], []), member))


@pytest.mark.parametrize("size", [1000, 512, 10240, 65537, 10**7])
def test_a_whole_package_is_proved_in_chunks_of_any_size(package: Package, size: int) -> None:
    content, written = package
    verified = verify_package(pieces(content, size), written.checksum)
    assert (verified.size, verified.checksum) == (written.size, written.checksum)
    assert verified.manifest_checksum == written.manifest_checksum
    assert verified.index == written.index
    assert b"Orion KL" in verified.description


def test_file_chunks_reads_the_whole_file(make_tree: MakeTree, write: Write) -> None:
    make_tree(TREE)
    path, written = write()
    assert verify_package(file_chunks(path), written.checksum).size == path.stat().st_size


def test_without_a_database_a_package_proves_itself(package: Package) -> None:
    content, written = package
    assert verify_package([content], None).checksum == written.checksum
    member = written.index.member("z large")
    with pytest.raises(PackageCorruptError, match="data/z large: its SHA-256 is"):
        verify_package([spoiled(content, member.offset)], None)


def test_another_intact_package_is_not_this_one(package: Package) -> None:
    content, _ = package
    other = f"xxh3-128:{xxhash.xxh3_128_hexdigest(b'other')}"
    with pytest.raises(PackageCorruptError, match="the tar's checksum is"):
        verify_package([content], other)


def test_any_changed_byte_is_caught(package: Package) -> None:
    content, written = package
    member = written.index.member("z large")
    outside = [*range(0, member.offset, 97), *range(member.offset + member.size, len(content), 97)]
    for position in [*outside, member.offset, member.offset + member.size - 1]:
        with pytest.raises(PackageCorruptError):
            verify_package([spoiled(content, position)], written.checksum)


def test_any_cut_is_caught(package: Package) -> None:
    content, written = package
    for end in [0, 1, 511, 512, 5000, len(content) - 10240, len(content) - 512, len(content) - 1]:
        with pytest.raises(PackageCorruptError):
            verify_package([content[:end]], None)
    with pytest.raises(PackageCorruptError):
        verify_package([content, bytes(512)], None)
    with pytest.raises(PackageCorruptError):
        verify_package([content, content], written.checksum)


def test_no_tail_no_index(package: Package) -> None:
    content, _ = package
    for wrong in [b"", bytes(10240), content[:-20480], b"x" * 100_000]:
        with pytest.raises(PackageCorruptError):
            find_index(ranges_of(wrong, []), len(wrong))


def test_a_tail_that_points_elsewhere_is_refused(package: Package) -> None:
    content, _ = package
    offset = content.index(b"CCAT-Index-Offset: ") + len(b"CCAT-Index-Offset: ")
    damaged = spoiled(content, offset)
    with pytest.raises(PackageCorruptError):
        find_index(ranges_of(damaged, []), len(damaged))


def hostile(name: str, typeflag: bytes = b"0") -> bytes:
    header = bytearray(tar_format.member_header(name, 4, 0)[-512:])
    header[156:157] = typeflag
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    content = tar_format.member_header(name, 4, 0)[:-512] + bytes(header) + b"evil".ljust(512, b"\0")
    return content.ljust(10240 * (len(content) // 10240 + 1) + 10240, b"\0")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (f"{PACKAGE_ID}/data/../../evil", "illegal path"),
        (f"{PACKAGE_ID}/data//etc/evil", "illegal path"),
        (f"{PACKAGE_ID}/data/a\nb", "illegal path"),
        (f"{PACKAGE_ID}/evil", "has no such file"),
        ("../evil", "has no such file"),
        ("/etc/evil", "has no such file"),
    ],
)
def test_hostile_names_are_refused(name: str, reason: str) -> None:
    with pytest.raises(PackageCorruptError, match=reason):
        verify_package([hostile(name)], None)


@pytest.mark.parametrize("typeflag", [b"1", b"2", b"3", b"5", b"6", b"L", b"g", b"S"])
def test_only_regular_files_are_members(typeflag: bytes) -> None:
    with pytest.raises(PackageCorruptError, match="not a regular file"):
        verify_package([hostile(f"{PACKAGE_ID}/data/a", typeflag)], None)


def test_every_member_must_be_in_one_folder() -> None:
    first = hostile(f"{PACKAGE_ID}/data/a")[:1024]
    with pytest.raises(PackageCorruptError, match="outside the package's folder"):
        verify_package([first, hostile("another/data/b")], None)


def test_members_of_zero_bytes_have_no_range(package: Package) -> None:
    content, written = package
    asked: list[tuple[int, int]] = []
    member = written.index.member("empty")
    assert isinstance(member, Member)
    assert list(read_member(ranges_of(content, asked), member)) == []
    assert asked == []
