"""The index as text: for `grep`, for other programs, and hostile."""

import json
from typing import Any
from uuid import UUID

import pytest

from ccat_data_transfer.package_format import (
    Member,
    MemberUnknownError,
    PackageCorruptError,
    PackageIndex,
    decode_index,
    encode_index,
)

PACKAGE_ID = UUID(int=7)
MEMBERS = [
    Member("a b/é \u2728.fits", 3584, 10, "a" * 64, 1_763_726_400_123_456_789),
    Member('quote".fits', 4096, 0, "b" * 64, -1),
    Member("z", 4096, 2**40, "c" * 64, 0),
]


def test_round_trip() -> None:
    index = PackageIndex(PACKAGE_ID, MEMBERS)
    assert decode_index(encode_index(index)) == index


def test_the_text_is_json_with_a_member_a_line() -> None:
    text = encode_index(PackageIndex(PACKAGE_ID, MEMBERS)).decode()
    document = json.loads(text)
    assert document["schema"] == "ccat-package-index/1"
    assert document["package_id"] == str(PACKAGE_ID)
    assert document["members"][0] == {
        "path": "a b/é ✨.fits",
        "offset": 3584,
        "size": 10,
        "sha256": "a" * 64,
        "mtime": "1763726400.123456789",
    }
    assert [json.loads(line.rstrip(",")) for line in text.splitlines()[1:-1]] == document["members"]


def test_members_are_found_by_path() -> None:
    index = PackageIndex(PACKAGE_ID, MEMBERS)
    assert index.member("z") is MEMBERS[2]
    with pytest.raises(MemberUnknownError, match="nothing: package 00000000"):
        index.member("nothing")


def test_text_that_is_no_index_is_refused() -> None:
    for text in [b"", b"[]", b"null", b"{}", b"\xff", b'"x"', b"[" * 100_000]:
        with pytest.raises(PackageCorruptError):
            decode_index(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "../escape"),
        ("path", "/etc/passwd"),
        ("path", 5),
        ("offset", -512),
        ("offset", 1.5),
        ("offset", True),
        ("offset", "1"),
        ("size", -1),
        ("size", None),
        ("sha256", "A" * 64),
        ("sha256", "a" * 63),
        ("sha256", None),
        ("mtime", "yesterday"),
        ("mtime", 12),
    ],
)
def test_hostile_members_are_refused(key: str, value: Any) -> None:
    document = json.loads(encode_index(PackageIndex(PACKAGE_ID, MEMBERS)))
    document["members"][1][key] = value
    with pytest.raises(PackageCorruptError):
        decode_index(json.dumps(document).encode())


def test_overlapping_and_repeated_members_are_refused() -> None:
    a = Member("a", 512, 600, "a" * 64, 0)
    for second in [Member("b", 1024, 1, "a" * 64, 0), Member("a", 2048, 1, "a" * 64, 0)]:
        with pytest.raises(PackageCorruptError, match="twice or over another"):
            decode_index(encode_index(PackageIndex(PACKAGE_ID, [a, second])))


def test_another_schema_is_refused_by_name() -> None:
    text = encode_index(PackageIndex(PACKAGE_ID, MEMBERS)).replace(
        b"ccat-package-index/1", b"ccat-package-index/9"
    )
    with pytest.raises(PackageCorruptError, match="unknown schema 'ccat-package-index/9'"):
        decode_index(text)
