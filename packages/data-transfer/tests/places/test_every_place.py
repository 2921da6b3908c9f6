"""What holds for every kind of place, whatever it is on."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import MEBIBYTE, Removal, Storage, do_nothing
from ccat_data_transfer.storage.names import Begun, checked
from ccat_ops_db.paths import MAX_PATH_BYTES, validate_relative_path

from .conftest import expected, read, remove, upload, wait_for_part

PATH = "2026/11/21/package.tar"
NAMES = [
    "a b",
    "ä/ö ü",
    "100%",
    "a+b&c=d?e#f",
    "x.tar",
    "x/y",
    "x-1",
    "日本.fits",
    "'quoted\"",
    "<&>",
    "~",
    ".hidden",
]


@pytest.mark.parametrize("size", [0, 1, 8 * MEBIBYTE - 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20 * MEBIBYTE])
def test_gives_back_what_was_written(place: Storage, size: int) -> None:
    content = random.Random(size).randbytes(size)
    assert place.stat(PATH) is None
    upload(place, PATH, content)
    info = place.stat(PATH)
    assert info is not None
    assert (info.path, info.size) == (PATH, size)
    assert datetime.now(UTC) - info.modified_at < timedelta(minutes=5)
    assert read(place, PATH) == content


def test_a_mark_tells_an_object_from_what_takes_its_place(place: Storage) -> None:
    upload(place, PATH, b"first")
    first = place.stat(PATH)
    assert first is not None
    assert read(place, PATH) == b"first"
    assert place.stat(PATH) == first, "reading changes nothing"
    remove(place, PATH)
    upload(place, PATH, b"other")
    second = place.stat(PATH)
    assert second is not None
    assert (second.size, second.mark is None) == (first.size, False)
    assert second.mark != first.mark


def test_unfinished_object_is_invisible_and_kept(place: Storage) -> None:
    content = random.Random(1).randbytes(20 * MEBIBYTE)
    with place.open_upload(PATH, "work", expected(content)) as writing:
        writing.adopt(lambda _: None)
        writing.write(content[: 18 * MEBIBYTE])
    assert place.stat(PATH) is None
    assert list(place.list()) == []


def test_ranges(place: Storage) -> None:
    content = random.Random(2).randbytes(9 * MEBIBYTE)
    upload(place, PATH, content)
    assert place.read_range(PATH, 0, 10) == content[:10]
    assert place.read_range(PATH, 8 * MEBIBYTE - 3, 7) == content[8 * MEBIBYTE - 3 : 8 * MEBIBYTE + 4]
    assert place.read_range(PATH, len(content) - 4, 100) == content[-4:]
    assert place.read_range(PATH, len(content), 5) == b""
    assert place.read_range(PATH, 5, 0) == b""
    with place.open_read(PATH, offset=MEBIBYTE, length=5) as reader:
        buffer = memoryview(bytearray(100))
        assert bytes(buffer[: reader.readinto(buffer)]) == content[MEBIBYTE : MEBIBYTE + 5]
        assert reader.readinto(buffer) == 0


def test_reading_what_is_not_there(place: Storage) -> None:
    with pytest.raises(Permanent) as raised:
        place.read_range(PATH, 0, 1)
    assert raised.value.category == "missing"
    with pytest.raises(Permanent) as raised:
        place.open_read(PATH)
    assert raised.value.category == "missing"


def test_names_survive(place: Storage) -> None:
    for name in NAMES:
        place.put(name, name.encode())
    assert sorted(info.path for info in place.list()) == sorted(NAMES)
    for name in NAMES:
        assert read(place, name) == name.encode()
        info = place.stat(name)
        assert info is not None
        assert info.size == len(name.encode())


def test_lists_below_a_folder_only(place: Storage) -> None:
    for path in ("2026/11/a", "2026/11/b/c", "2026/110/d", "2026/11.txt"):
        place.put(path, b"1")
    assert sorted(info.path for info in place.list("2026/11")) == ["2026/11/a", "2026/11/b/c"]
    assert list(place.list("2027")) == []


def test_lists_more_than_a_page(place: Storage) -> None:
    paths = [f"many/{number:05}" for number in range(1_003)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda path: place.put(path, b"x"), paths))
    assert sorted(info.path for info in place.list("many")) == paths
    assert {info.size for info in place.list()} == {1}


def test_put_writes_over_nothing(place: Storage) -> None:
    assert place.put(PATH, b"first").size == 5
    with pytest.raises(Permanent) as raised:
        place.put(PATH, b"other")
    assert raised.value.category == "exists"
    assert read(place, PATH) == b"first"
    assert [info.path for info in place.list()] == [PATH]


def test_remove_is_idempotent(place: Storage) -> None:
    place.put(PATH, b"1")
    place.put(PATH + ".index.json", b"2")
    remove(place, PATH)
    remove(place, PATH)
    remove(place, "never/was/here")
    assert [info.path for info in place.list()] == [PATH + ".index.json"]


def test_only_the_object_that_is_meant_is_removed(place: Storage) -> None:
    upload(place, PATH, b"first")
    meant = place.stat(PATH)
    assert meant is not None
    with place.removing() as remove_one:
        assert remove_one(PATH, meant.mark) is Removal.REMOVED
        assert remove_one(PATH, meant.mark) is Removal.GONE
    upload(place, PATH, b"other")
    with place.removing() as remove_one:
        assert remove_one(PATH, meant.mark) is Removal.CHANGED
    assert read(place, PATH) == b"other"


def test_a_file_whose_permissions_changed_is_the_same(disk: DiskStorage) -> None:
    upload(disk, PATH, b"first")
    meant = disk.stat(PATH)
    assert meant is not None
    Path(disk.root.path, PATH).chmod(0o600)
    found = disk.stat(PATH)
    assert found is not None
    assert found.mark != meant.mark
    with disk.removing() as remove_one:
        assert remove_one(PATH, meant.mark) is Removal.REMOVED


def test_the_longest_path_of_a_file_has_room_below_our_folders() -> None:
    path = "/".join(["x" * 199] * (MAX_PATH_BYTES // 200))
    assert len(validate_relative_path(path)) > MAX_PATH_BYTES - 10
    assert checked(f"requests/{path}") == f"requests/{path}"


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", "", "a//b", "a/", "./a", "a\0b", "a\nb", "a\\b", "\udc80"]
)
def test_illegal_paths_are_refused(place: Storage, path: str) -> None:
    for call in (
        lambda: place.stat(path),
        lambda: place.read_range(path, 0, 1),
        lambda: place.open_read(path),
        lambda: place.put(path, b""),
        lambda: remove(place, path),
        lambda: place.remove_temporary(path),
        lambda: place.resume_point(path, "work"),
        lambda: place.open_upload(path, "work", expected(b"")),
    ):
        with pytest.raises(Permanent) as raised:
            call()
        assert raised.value.category == "illegal_path"


def test_next_attempt_goes_on(place: Storage) -> None:
    content = random.Random(3).randbytes(28 * MEBIBYTE)
    assert place.resume_point(PATH, "work") == 0
    with place.open_upload(PATH, "work", expected(content)) as writing:
        writing.adopt(lambda _: None)
        writing.write(content[: 27 * MEBIBYTE])
        wait_for_part(place, PATH, "work")
    there = place.resume_point(PATH, "work")
    assert 0 < there <= 27 * MEBIBYTE
    assert place.resume_point(PATH, "other") == 0
    upload(place, PATH, content)
    assert read(place, PATH) == content
    assert place.resume_point(PATH, "work") == 0


def test_wrong_bytes_of_an_earlier_attempt_do_not_stay(place: Storage) -> None:
    content = random.Random(4).randbytes(20 * MEBIBYTE)
    other = bytes(20 * MEBIBYTE)
    with place.open_upload(PATH, "work", expected(content)) as writing:
        writing.adopt(lambda _: None)
        writing.write(other[: 19 * MEBIBYTE])
        wait_for_part(place, PATH, "work")
    with place.open_upload(PATH, "work", expected(content), resume=False) as writing:
        assert writing.adopt(lambda _: None) == 0
        writing.write(content)
        writing.finish()
    assert read(place, PATH) == content


def test_temporaries_of_one_work_or_of_all_are_removed(place: Storage) -> None:
    content = random.Random(5).randbytes(20 * MEBIBYTE)
    for path, work_id in ((PATH, "one"), (PATH, "two"), (PATH + ".more", "one"), (PATH + "-x", "one")):
        with place.open_upload(path, work_id, expected(content)) as writing:
            writing.write(content[: 19 * MEBIBYTE])
            wait_for_part(place, path, work_id)
    place.remove_temporary(PATH, "one")
    assert place.resume_point(PATH, "one") == 0
    assert place.resume_point(PATH, "two") > 0
    place.remove_temporary(PATH)
    place.remove_temporary(PATH)
    assert place.resume_point(PATH, "two") == 0
    assert place.resume_point(PATH + ".more", "one") > 0
    assert place.resume_point(PATH + "-x", "one") > 0
    place.remove_temporary("never/was/here")


def test_what_was_begun_is_found_and_removed(place: Storage) -> None:
    content, work = random.Random(7).randbytes(20 * MEBIBYTE), uuid4()
    upload(place, PATH + ".more", b"finished")
    with place.open_upload(PATH, str(work), expected(content)) as writing:
        writing.write(content[: 19 * MEBIBYTE])
        wait_for_part(place, PATH, str(work))
    [found] = place.leftovers(do_nothing)
    assert found.begun == Begun("partial", work)
    assert place.remove_leftover(found)
    assert list(place.leftovers(do_nothing)) == []
    assert place.resume_point(PATH, str(work)) == 0
    assert read(place, PATH + ".more") == b"finished"


def test_discard_leaves_nothing(place: Storage) -> None:
    content = random.Random(6).randbytes(20 * MEBIBYTE)
    with place.open_upload(PATH, "work", expected(content)) as writing:
        writing.write(content[: 19 * MEBIBYTE])
        writing.discard()
    assert place.resume_point(PATH, "work") == 0
