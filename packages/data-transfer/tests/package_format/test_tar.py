"""Headers: what a package needs of POSIX pax, read by Python's tarfile and by GNU tar."""

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_data_transfer.package_format import tar

EIGHT_GIB = 8 * 1024**3


def read_with_tarfile(header: bytes) -> tarfile.TarInfo:
    with tarfile.open(fileobj=io.BytesIO(header + bytes(tar.END_OF_ARCHIVE_BYTES))) as archive:
        member = archive.next()
    assert member is not None
    return member


def read_with_ours(header: bytes) -> tar.Header:
    first = tar.parse_header(header[:512])
    if not tar.is_extended(first):
        return first
    records = header[512 : 512 + first.size]
    return tar.apply_extended(records, tar.parse_header(header[-512:]))


@pytest.mark.parametrize(
    ("name", "size", "mtime_ns", "blocks"),
    [
        ("id/data/a", 0, 1_763_726_400 * 10**9, 1),
        ("id/data/" + "n" * 92, 1, 0, 1),
        ("id/data/" + "n" * 93, 1, 0, 3),
        ("id/data/é", 1, 0, 3),
        ("id/data/" + "/".join(["n" * 200] * 20), 1, 0, 10),
        ("id/data/a", EIGHT_GIB - 1, 0, 1),
        ("id/data/a", EIGHT_GIB, 0, 3),
        ("id/data/a", 10**15, 0, 3),
        ("id/data/a", 1, 1, 3),
        ("id/data/a", 1, -1, 3),
        ("id/data/a", 1, EIGHT_GIB * 10**9, 3),
    ],
)
def test_any_reader_gets_name_size_and_time_back(name: str, size: int, mtime_ns: int, blocks: int) -> None:
    header = tar.member_header(name, size, mtime_ns)
    assert len(header) == blocks * tar.BLOCK_BYTES
    assert len(header) <= tar.member_header_bound(name, size)
    member = read_with_tarfile(header)
    assert (member.name, member.size) == (name, size)
    assert member.mtime == pytest.approx(mtime_ns / 1e9, abs=1e-6)
    assert (member.mode, member.uid, member.gid, member.uname) == (0o644, 0, 0, "")
    assert read_with_ours(header) == (name, size, mtime_ns, b"0")


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300),
    st.integers(0, 2**63 - 1),
    st.integers(-(2**63) + 1, 2**63 - 1),
)
def test_headers_survive_whatever_the_values(name: str, size: int, mtime_ns: int) -> None:
    header = tar.member_header(name, size, mtime_ns)
    assert read_with_ours(header) == (name, size, mtime_ns, b"0")
    assert len(header) <= tar.member_header_bound(name, size)


def test_gnu_tar_reads_a_member_larger_than_eight_gib(tmp_path: Path) -> None:
    """The content is a hole: GNU tar seeks over it, so that the header alone decides."""
    size = EIGHT_GIB + 1
    after = tar.member_header("id/data/after", 2, 0) + b"ok".ljust(512, b"\0")
    archive = tmp_path / "large.tar"
    with archive.open("wb") as file:
        file.write(tar.member_header("id/data/large", size, 5))
        file.seek(tar.padded(size), os.SEEK_CUR)
        file.write(after)
        file.truncate(tar.end_of_archive_at(file.tell()))
    listing = subprocess.run(["tar", "-tvf", archive], capture_output=True, text=True, check=True)
    assert listing.stderr == ""
    assert [line.split()[2] for line in listing.stdout.splitlines()] == [str(size), "2"]
    found = subprocess.run(["tar", "-xOf", archive, "id/data/after"], capture_output=True, check=True)
    assert found.stdout == b"ok"


@pytest.mark.parametrize(
    ("position", "size"),
    [(0, 10240), (9216, 10240), (9728, 20480), (10240, 20480), (50 * 10**9, 50000005120)],
)
def test_the_end_fills_whole_records(position: int, size: int) -> None:
    assert tar.end_of_archive_at(position) == size


@given(st.integers(-(2**63), 2**63))
def test_times_survive_as_text(mtime_ns: int) -> None:
    assert tar.parse_time(tar.format_time(mtime_ns)) == mtime_ns


@pytest.mark.parametrize("text", ["", "x", "1e9", "1,5", "--1", "+1", " 1", "١", "1.-5", "nan"])
def test_odd_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        tar.parse_time(text)


def spoiled(position: int, value: bytes) -> bytes:
    block = bytearray(tar.member_header("id/data/a", 3, 0))
    block[position : position + len(value)] = value
    return bytes(block)


def resealed(position: int, value: bytes) -> bytes:
    """Spoil a header and make its checksum right again."""
    block = bytearray(spoiled(position, value))
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "block",
    [
        bytes(512),
        b"short",
        spoiled(0, b"X"),
        spoiled(257, b"USTAR"),
        resealed(124, b"-0000000001"),
        resealed(124, b"0000000008\0"),
        resealed(124, b"\x80\0\0\0\0\0\0\0\0\0\0\1"),
        resealed(124, b"1_0\0"),
        resealed(0, b"\xff"),
    ],
)
def test_broken_headers_are_refused(block: bytes) -> None:
    with pytest.raises(tar.InvalidHeaderError):
        tar.parse_header(block)


@pytest.mark.parametrize(
    "records",
    [
        b"path=a\n",
        b"0 path=a\n",
        b"1 path=a\n",
        b"99 path=a\n",
        b"9 path=a\n\n",
        b"8 path=a",
        b"6 pat\n",
        b"11 size=-5\n",
        b"11 size=1e\n",
        b"-9 path=a\n",
        b"11 mtime=x\n",
        b"10 path=\xff\n",
    ],
)
def test_broken_pax_records_are_refused(records: bytes) -> None:
    with pytest.raises(tar.InvalidHeaderError):
        tar.apply_extended(records, tar.Header("id/data/a", 1, 0, b"0"))


def test_unknown_pax_records_are_ignored() -> None:
    header = tar.Header("id/data/a", 1, 0, b"0")
    assert tar.apply_extended(b"12 comment=\n", header) == header
