"""Folders: nothing is followed out of them, nothing is lost in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ccat_data_transfer import crash_points
from ccat_data_transfer.failures import Configuration, Integrity, Permanent, PlaceUnavailable, Transient
from ccat_data_transfer.storage import create_only, disk_upload
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.root_folder import remove_folder
from ccat_dev_stack.file_permissions import permissions_count
from ccat_dev_stack.small_disk import small_disk

from .conftest import expected, read, remove, upload

PATH = "2026/11/21/package.tar"
CONTENT = b"some bytes" * 100_000


def temporaries(disk: DiskStorage) -> list[str]:
    return [path.name for path in Path(disk.root.path).rglob(".partial-*")]


def test_times_without_a_date_are_told() -> None:
    """XFS and tmpfs keep times of any year; ext4 cuts them at 2446."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        disk = DiskStorage("ccat.raw", folder)
        (Path(folder) / "far").write_bytes(b"x")
        os.utime(Path(folder) / "far", ns=(3 * 10**20, 3 * 10**20))
        found = disk.stat("far")
        assert found is not None
        assert found.modified_ns == 3 * 10**20
        assert found.modified_at.year == 9999
        assert [info.path for info in disk.list()] == ["far"]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


def test_symbolic_links_are_not_followed(disk: DiskStorage, outside: Path) -> None:
    root = Path(disk.root.path)
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    for path in ("folder/secret", "file"):
        for attempt in (
            lambda path: disk.stat(path),
            lambda path: disk.read_range(path, 0, 1),
            lambda path: disk.open_read(path),
            lambda path: remove(disk, path),
        ):
            with pytest.raises(Permanent) as raised:
                attempt(path)
            assert raised.value.category in {"symbolic_link", "not_a_folder"}
    for write in (lambda: disk.put("folder/new", b""), lambda: upload(disk, "folder/new", b"")):
        with pytest.raises(Permanent):
            write()
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    assert list(disk.list()) == []


def test_a_link_in_place_of_the_target_is_never_written_through(disk: DiskStorage, outside: Path) -> None:
    (Path(disk.root.path) / "file").symlink_to(outside / "secret")
    with pytest.raises(Permanent) as raised:
        upload(disk, "file", CONTENT)
    assert raised.value.category == "exists"
    assert (outside / "secret").read_text() == "secret"


def test_a_link_in_place_of_the_temporary_is_never_written_through(disk: DiskStorage, outside: Path) -> None:
    (Path(disk.root.path) / ".partial-file.work").symlink_to(outside / "secret")
    with pytest.raises(Permanent) as raised:
        upload(disk, "file", CONTENT)
    assert raised.value.category == "symbolic_link"
    assert (outside / "secret").read_text() == "secret"


def test_root_may_be_a_link(disk: DiskStorage, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(disk.root.path)
    linked = DiskStorage("ccat.buffer", str(tmp_path / "link"))
    linked.put(PATH, CONTENT)
    assert read(disk, PATH) == CONTENT


def test_missing_root_is_never_an_empty_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for name in ("not-mounted", "file"):
        with pytest.raises(PlaceUnavailable, match="mount the disk"):
            DiskStorage("ccat.buffer", str(tmp_path / name))


def test_what_is_at_the_path_later_is_not_meant(disk: DiskStorage, tmp_path: Path) -> None:
    """A mount that comes or goes under an open place takes and gives nothing."""
    disk.put("before", CONTENT)
    root = Path(disk.root.path)
    root.rename(tmp_path / "away")
    root.mkdir()
    disk.put("folder/after", CONTENT)
    upload(disk, PATH, CONTENT)
    assert list(root.iterdir()) == []
    assert {info.path for info in disk.list()} == {"before", "folder/after", PATH}
    remove(disk, "before")
    assert not (tmp_path / "away" / "before").exists()


@pytest.mark.needs_mount
def test_what_is_mounted_below_the_root_is_not_of_the_place(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    with small_disk(4 << 20, tmp_path / "2026") as inner:
        (inner / "scan.fits").write_bytes(b"x")
        disk = DiskStorage("ccat.buffer", str(inner.parent))
        for act in (
            lambda: disk.stat("2026/scan.fits"),
            lambda: disk.put("2026/new", b""),
            lambda: remove(disk, "2026/scan.fits"),
            lambda: list(disk.list()),
        ):
            with pytest.raises(Transient) as raised:
                act()
            assert raised.value.category == "crosses_mount"
        assert [path.name for path in inner.iterdir()] == ["scan.fits"]


@pytest.mark.needs_mount
def test_a_mount_point_must_be_mounted(tmp_path: Path) -> None:
    folder = tmp_path / "mount point"
    folder.mkdir()
    with pytest.raises(PlaceUnavailable, match="nothing is mounted"):
        DiskStorage("ccat.buffer", str(folder), mount_point=True)
    with small_disk(4 << 20, folder) as disk:
        assert DiskStorage("ccat.buffer", str(disk), mount_point=True).is_empty()


def test_special_files_are_no_objects(disk: DiskStorage) -> None:
    os.mkfifo(Path(disk.root.path) / "pipe")
    (Path(disk.root.path) / "folder").mkdir()
    with pytest.raises(Permanent) as raised:
        disk.open_read("pipe")
    assert raised.value.category == "not_a_file"
    assert disk.stat("folder") is None
    with pytest.raises(Permanent):
        disk.open_read("folder")
    assert list(disk.list()) == []


def test_names_that_are_not_text_are_listed_and_untouchable(disk: DiskStorage) -> None:
    name = os.fsencode(disk.root.path) + b"/\xff.fits"
    Path(os.fsdecode(name)).write_bytes(b"1")
    (info,) = disk.list()
    assert info.path == "\\xff.fits"
    with pytest.raises(Permanent):
        remove(disk, info.path)
    assert Path(os.fsdecode(name)).exists()


def test_longest_name(disk: DiskStorage) -> None:
    name = "ü" * 127 + "x"
    upload(disk, name, CONTENT)
    assert read(disk, name) == CONTENT
    with disk.open_upload("y" * 255, "w" * 64, expected(CONTENT)) as writing:
        writing.write(CONTENT[:10])
    assert disk.resume_point("y" * 255, "w" * 64) == 10
    disk.remove_temporary("y" * 255)
    assert temporaries(disk) == []


def test_modification_time(disk: DiskStorage) -> None:
    with disk.open_upload(PATH, "work", expected(CONTENT)) as writing:
        writing.write(CONTENT)
        writing.finish(mtime_ns=1_700_000_000_123_456_789)
    assert (Path(disk.root.path) / PATH).stat().st_mtime_ns == 1_700_000_000_123_456_789


def test_a_lock_that_is_given_back_is_waited_for(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_upload, "LOCK_PAUSES", (0.6,))
    first = disk.open_upload(PATH, "work", expected(CONTENT), tag="1-aa")
    first.write(CONTENT[:10])
    asked: list[None] = []

    def waiting() -> None:
        asked.append(None)
        first.__exit__(None, None, None)

    with disk.open_upload(PATH, "work", expected(CONTENT), tag="2-bb", waiting=waiting) as second:
        assert second.adopt(lambda _: None) == 10
        second.write(CONTENT[10:])
        second.finish()
    assert asked
    assert read(disk, PATH) == CONTENT


def test_who_is_stopped_with_a_lock_is_passed_by(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_upload, "LOCK_PAUSES", (0.01, 0.01))
    with disk.open_upload(PATH, "work", expected(CONTENT), tag="1-aa") as stopped:
        stopped.write(CONTENT[:10])
        with disk.open_upload(PATH, "work", expected(CONTENT), tag="2-bb") as second:
            assert second.adopt(lambda _: None) == 0
            second.write(CONTENT)
            second.finish()
        assert temporaries(disk) == []
        stopped.write(b"something else")
        with pytest.raises(Transient) as raised:
            stopped.finish()
        assert raised.value.category == "upload_gone"
    assert read(disk, PATH) == CONTENT


def test_two_works_write_the_same_object(disk: DiskStorage) -> None:
    with (
        disk.open_upload(PATH, "one", expected(CONTENT)) as one,
        disk.open_upload(PATH, "two", expected(CONTENT)) as two,
    ):
        one.write(CONTENT)
        two.write(CONTENT)
        one.finish()
        with pytest.raises(Permanent) as raised:
            two.finish()
    assert raised.value.category == "exists"
    assert read(disk, PATH) == CONTENT


def test_earlier_bytes_are_read_back(disk: DiskStorage) -> None:
    with disk.open_upload(PATH, "work", expected(CONTENT)) as writing:
        writing.write(CONTENT[:300_000])
    adopted = bytearray()
    with disk.open_upload(PATH, "work", expected(CONTENT)) as writing:
        assert writing.adopt(adopted.extend) == 300_000
        writing.write(CONTENT[300_000:])
        writing.finish()
    assert adopted == CONTENT[:300_000]
    assert read(disk, PATH) == CONTENT


def test_more_than_expected_from_an_earlier_attempt_is_dropped(disk: DiskStorage) -> None:
    with disk.open_upload(PATH, "work", expected(CONTENT)) as writing:
        writing.write(CONTENT)
    upload(disk, PATH, b"short")
    assert read(disk, PATH) == b"short"


def test_published_file_is_not_written_to_through_its_temporary_name(disk: DiskStorage) -> None:
    """As a crash leaves it between giving the name and taking the temporary one away."""
    upload(disk, PATH, CONTENT)
    published = Path(disk.root.path) / PATH
    os.link(published, published.with_name(".partial-package.tar.work"))
    with disk.open_upload(PATH, "work", expected(b"other")) as writing:
        assert writing.adopt(lambda _: None) == 0
        writing.write(b"other")
    assert published.read_bytes() == CONTENT


def test_replaced_temporary_is_noticed(disk: DiskStorage) -> None:
    with disk.open_upload(PATH, "work", expected(CONTENT)) as writing:
        writing.write(CONTENT)
        temporary = Path(disk.root.path) / "2026/11/21/.partial-package.tar.work"
        temporary.unlink()
        temporary.write_bytes(b"something else")
        with pytest.raises(Integrity) as raised:
            writing.finish()
    assert raised.value.category == "written_file_changed"
    assert not disk.exists(PATH)


@pytest.mark.parametrize("without_links", [False, True])
def test_file_systems_that_cannot_rename_to_free_names_only(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, without_links: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def unknown(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(create_only, "rename_noreplace", unknown)
    if without_links:
        monkeypatch.setattr(os, "link", refuse)
    upload(disk, PATH, CONTENT)
    assert read(disk, PATH) == CONTENT
    with pytest.raises(Permanent) as raised:
        upload(disk, PATH, CONTENT)
    assert raised.value.category == "exists"
    assert read(disk, PATH) == CONTENT


def test_killed_between_two_names_it_is_published_once(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file gets its name as a second one; the next attempt takes the first one away."""

    def unknown(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(create_only, "rename_noreplace", unknown)
    child = os.fork()
    if child == 0:
        os.environ["CCAT_DATA_TRANSFER_CRASH_POINT"] = "storage.disk.named_twice"
        crash_points._armed = crash_points._from_environment()
        upload(disk, PATH, CONTENT)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert len(temporaries(disk)) == 1
    with pytest.raises(Permanent) as raised:
        upload(disk, PATH, CONTENT)
    assert raised.value.category == "exists"
    disk.remove_temporary(PATH, "work")
    assert temporaries(disk) == []
    assert read(disk, PATH) == CONTENT


def test_usage_is_that_of_the_file_system(disk: DiskStorage) -> None:
    usage = disk.usage()
    assert 0 < usage.free_bytes <= usage.total_bytes
    status = os.statvfs(disk.root.path)
    assert usage.total_bytes == status.f_blocks * status.f_frsize


_PUT = """
import resource, sys
from ccat_data_transfer.failures import Failure
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import Expected

root, size = sys.argv[1], int(sys.argv[2])
if sys.argv[3] == "limited":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    place, whole = DiskStorage("ccat.buffer", root), Expected(size, "md5:" + "0" * 32)
    with place.open_upload("a/b", "work", whole) as writing:
        left = size - writing.adopt(lambda _: None)
        while left:
            block = bytes(min(left, 100_000))
            writing.write(block)
            left -= len(block)
        writing.finish()
except Failure as failure:
    print(type(failure).__name__, failure.category)
"""


def test_each_folder_is_made_to_last_once(disk: DiskStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("one/0", "one/1", "two/0"):
        disk.put(path, b"x")
    # As an attempt leaves it that died before the end; and nobody ever wrote to the third.
    Path(disk.root.path, "two/0").unlink()
    synced: list[Path] = []
    sync = os.fsync

    def note(folder: int) -> None:
        synced.append(Path(f"/proc/self/fd/{folder}").readlink())
        sync(folder)

    monkeypatch.setattr(os, "fsync", note)
    remove(disk, "one/0", "one/1", "two/0", "three/0")
    assert sorted(synced) == [Path(disk.root.path, name) for name in ("one", "two")]
    assert list(disk.list()) == []


@pytest.mark.needs_mount
def test_full_disk_keeps_what_was_written_and_goes_on(tmp_path: Path) -> None:
    with small_disk(4 << 20, tmp_path) as root:
        ballast = root / "ballast"
        ballast.write_bytes(bytes(3 << 20))
        assert _put(root, 3_000_000, "free") == "Resource no_space\n"
        disk = DiskStorage("ccat.buffer", str(root))
        assert disk.resume_point("a/b", "work") > 900_000
        assert not disk.exists("a/b")
        ballast.unlink()
        assert _put(root, 3_000_000, "free") == ""
        assert read(disk, "a/b") == bytes(3_000_000)


def test_a_limit_of_file_sizes_keeps_what_was_written(disk: DiskStorage) -> None:
    root = Path(disk.root.path)
    assert _put(root, 3_000_000, "limited") == "Configuration file_too_large_for_place\n"
    assert disk.resume_point("a/b", "work") > 900_000
    assert not disk.exists("a/b")
    assert _put(root, 3_000_000, "free") == ""
    assert read(disk, "a/b") == bytes(3_000_000)


def _put(root: Path, size: int, limit: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _PUT, str(root), str(size), limit], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_what_the_user_may_not_read_is_a_configuration_error(disk: DiskStorage) -> None:
    disk.put("secret", b"1")
    Path(disk.root.path, "secret").chmod(0)
    with permissions_count(), pytest.raises(Configuration) as raised:
        disk.open_read("secret")
    assert raised.value.category == "permission_denied"


def test_a_folder_that_is_closed_to_the_user_is_left_out_of_a_list(disk: DiskStorage) -> None:
    """A file system of its own has a ``lost+found`` in its root."""
    disk.put("lost+found/x", b"1")
    disk.put("night/scan", b"1")
    folder = Path(disk.root.path, "lost+found")
    folder.chmod(0)
    with permissions_count():
        assert [each.path for each in disk.list()] == ["night/scan"]
    folder.chmod(0o755)
    assert len(list(disk.list())) == 2


def test_what_the_user_may_not_remove_names_the_folder_that_does_not_let_it(disk: DiskStorage) -> None:
    """Permission to remove a file is that of its folder, which is not what the file's own name suggests."""
    disk.put("night/scan", b"1")
    folder = Path(disk.root.path, "night")
    folder.chmod(0o555)
    with permissions_count(), pytest.raises(Configuration) as raised:
        remove(disk, "night/scan")
    folder.chmod(0o755)
    assert (raised.value.category, raised.value.path) == ("permission_denied", "night/scan")
    assert "permission to write to the folder" in raised.value.message
    remove(disk, "night/scan")
    assert list(disk.list()) == []


def test_very_deep_folders_are_listed_and_removed(disk: DiskStorage) -> None:
    """Case 30. One descriptor is enough for any depth, and no step is one of Python's stack."""
    path = "/".join(["a"] * 1500) + "/x.dat"
    try:
        make_deep(Path(disk.root.path), 1500, "x.dat")
        before = open_descriptors()
        listing = disk.list()
        assert next(listing).path == path
        assert open_descriptors() <= before + 1
        assert list(listing) == []
        remove_folder(disk.root, "a")
        assert list(Path(disk.root.path).iterdir()) == []
    finally:
        subprocess.run(["rm", "-rf", f"{disk.root.path}/a"], check=True)


def test_a_folder_that_is_moved_while_it_is_listed_leads_nowhere(disk: DiskStorage, outside: Path) -> None:
    for path in ("a/b/1", "a/b/2", "a/c/3", "d/4"):
        disk.put(path, b"x")
    root, listing = Path(disk.root.path), disk.list()
    assert next(listing).path == "a/b/1"
    (root / "a" / "b").rename(outside / "b")
    assert [info.path for info in listing] == ["a/b/2", "a/c/3", "d/4"]
    listing = disk.list()
    assert next(listing).path == "a/c/3"
    (root / "a").rename(outside / "a")
    assert [info.path for info in listing] == ["d/4"]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def make_deep(root: Path, depth: int, name: str) -> None:
    folder = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("a", dir_fd=folder)
        inner = os.open("a", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
