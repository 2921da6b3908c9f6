"""What may go into a package, how large it becomes, and how files are split."""

import random
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_data_transfer.package_format import (
    MAX_MEMBERS,
    PackageContents,
    SourceFile,
    predict_size,
    split_into_parts,
)

from .conftest import CREATED, MakeContents, MakeTree, Write

CHECKSUM = "md5:" + "0" * 32


def named(*paths: str) -> list[SourceFile]:
    return [SourceFile(path, 1, CHECKSUM) for path in paths]


@pytest.mark.parametrize(
    ("path", "size", "checksum", "reason"),
    [
        ("../a", 1, CHECKSUM, "'../a': the path has a segment '..'"),
        ("a", -1, CHECKSUM, "'a': the size -1 is negative"),
        ("a", 1, "md5:xyz", "'a': a md5 checksum has 32 lower-case hex digits"),
    ],
)
def test_illegal_files_are_named(path: str, size: int, checksum: str, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        SourceFile(path, size, checksum)
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "1 to 20000 files, not 0"),
        (named(*map(str, range(MAX_MEMBERS + 1))), "1 to 20000 files, not 20001"),
        (named("a", "b", "a"), "'a' is in the package twice"),
        (named("a/b", "a"), "'a' is a file and the folder of 'a/b'"),
        (named("a", "a-b", "a/b/c"), "'a' is a file and the folder of 'a/b/c'"),
    ],
)
def test_impossible_packages_are_refused(files: list[SourceFile], reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        PackageContents(uuid4(), CREATED, files, {})
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("description", "bag_info", "reason"),
    [
        ({"a": object()}, {}, "not JSON"),
        ({"a": float("nan")}, {}, "not JSON"),
        ({"a": "\udcff"}, {}, "not JSON"),
        ({"package_id": "another"}, {}, "the description says package_id = 'another'"),
        ({"schema": "x/1"}, {}, "the description says schema = 'x/1'"),
        ({}, {"Payload-Oxum": "1.1"}, "'Payload-Oxum' cannot be a label"),
        ({}, {"Has: colon": "x"}, "'Has: colon' cannot be a label"),
        ({}, {"Contact-Name": "two\nlines"}, "Contact-Name in bag-info.txt is not one line"),
        ({}, {"Contact-Name": "two\u2028lines"}, "Contact-Name in bag-info.txt is not one line"),
        ({}, {"Contact-Name": ""}, "Contact-Name in bag-info.txt is not one line"),
        ({}, {"Contact-Name": "x" * 17_000}, "too long"),
    ],
)
def test_unwritable_metadata_is_refused(
    description: dict[str, object], bag_info: dict[str, str], reason: str
) -> None:
    with pytest.raises(ValueError) as caught:
        PackageContents(uuid4(), CREATED, named("a"), description, bag_info)
    assert reason in str(caught.value)


def test_a_creation_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no zone"):
        PackageContents(uuid4(), datetime(2026, 1, 1), named("a"), {})  # noqa: DTZ001


def test_files_are_sorted_by_their_bytes() -> None:
    paths = ["a/b", "a b", "Z", "z", "ä", "\U0001f52d", "\uff5e", "a-b"]
    contents = PackageContents(uuid4(), CREATED, named(*paths), {})
    assert [file.path.encode() for file in contents.files] == sorted(path.encode() for path in paths)


def test_the_prediction_is_a_close_upper_bound(
    make_tree: MakeTree, make_contents: MakeContents, write: Write, source: Path
) -> None:
    chance = random.Random(1)
    tree = {f"{'d' * (i % 97)}x/{i} é.{'n' * (i % 200)}": chance.randbytes(i * 7 % 2000) for i in range(300)}
    make_tree(tree)
    predicted = predict_size(make_contents())
    _, written = write()
    assert 0 <= predicted - written.size <= 300 * 1536 + 50 * 1024


@given(st.lists(st.integers(0, 400_000), min_size=1, max_size=40), st.integers(0, 1000))
def test_parts_hold_every_file_once_within_the_limit(sizes: list[int], seed: int) -> None:
    limit = 1_000_000
    files = [SourceFile(f"{number:03d}", size, CHECKSUM) for number, size in enumerate(sizes)]
    shuffled = random.Random(seed).sample(files, len(files))
    parts = split_into_parts(shuffled, limit)
    assert [file for part in parts for file in part] == shuffled, "the order is that of the numbers"
    for part in parts:
        contents = PackageContents(uuid4(), CREATED, part, {"files": ["x" * 900] * len(part)})
        assert predict_size(contents) <= limit or len(part) == 1


def test_parts_are_filled() -> None:
    files = [SourceFile(f"{number:04d}", 1_000_000, CHECKSUM) for number in range(1000)]
    assert [len(part) for part in split_into_parts(files, 100_000_000)] == [99] * 10 + [10]


def test_a_file_above_the_limit_gets_its_own_part() -> None:
    files = [SourceFile(name, size, CHECKSUM) for name, size in [("a", 10), ("b", 10**12), ("c", 10)]]
    assert [[file.path for file in part] for part in split_into_parts(files)] == [["a"], ["b"], ["c"]]


def test_no_part_has_more_files_than_a_package_may() -> None:
    parts = split_into_parts(named(*(f"{number:06d}" for number in range(MAX_MEMBERS + 5))))
    assert [len(part) for part in parts] == [MAX_MEMBERS, 5]


def test_no_files_no_parts() -> None:
    assert split_into_parts([]) == []
