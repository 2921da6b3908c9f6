"""Removing files where others write, too: nothing goes that was not meant, whatever happens when."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer import crash_points
from ccat_data_transfer.failures import Configuration
from ccat_data_transfer.simulation.disk_storage import SimulatedDiskStorage
from ccat_data_transfer.storage import create_only, disk_removal
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.disk_removal import DiskRemoval
from ccat_data_transfer.storage.interface import FileToRemove, Removal, Storage
from ccat_ops_db.enumerations import Ability

from ..simulated_places import SimulatedPlaces
from .conftest import NewDisk, read

OLD = b"what was packaged"
NEW = b"what an instrument wrote under the same name"
PATH = "2026/a.fits"
LOOK_ALIKE = OLD.swapcase()
"""Other bytes of the same number."""


def meant(path: str = PATH, number: int = 7) -> FileToRemove:
    return FileToRemove(path, number, len(OLD), hashlib.sha256(OLD).digest())


def nothing() -> None:
    """Take progress without doing anything."""


def remove(place: Storage, tag: str = "2-bb") -> Removal:
    with place.removing_files("work", tag, nothing) as remove_one:
        return remove_one(meant())


def files(place: Storage) -> dict[str, bytes]:
    """Return everything that is there, whatever its name, by its path."""
    if isinstance(place, SimulatedDiskStorage):
        return {path: inode.content.literal for path, inode in place.disk.names.items()}
    assert isinstance(place, DiskStorage)
    root = Path(place.root.path)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def left_by(tag: str) -> str:
    return f"2026/.ccat-removing-work-{tag}-7"


@pytest.fixture(params=["disk", "simulated disk"])
def source(request: pytest.FixtureRequest, new_disk: NewDisk) -> Storage:
    return new_disk("ccat.raw") if request.param == "disk" else SimulatedPlaces().disk("ccat.raw")


@pytest.fixture
def without_noreplace(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS: no renaming to free names only, but hard links."""

    def unknown(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(create_only, "rename_noreplace", unknown)
    monkeypatch.setattr(disk_removal, "rename_noreplace", unknown)


def test_what_is_unchanged_goes(source: Storage) -> None:
    source.put(PATH, OLD)
    source.put("2026/b.fits", b"of others")
    assert remove(source) is Removal.REMOVED
    assert remove(source) is Removal.GONE
    assert files(source) == {"2026/b.fits": b"of others"}


@pytest.mark.parametrize("content", [NEW, LOOK_ALIKE, b""])
def test_what_changed_stays(source: Storage, content: bytes) -> None:
    source.put(PATH, content)
    assert remove(source) is Removal.CHANGED
    assert files(source) == {PATH: content}


def test_other_bytes_of_the_same_time_and_size_stay(disk: DiskStorage) -> None:
    written = Path(disk.root.path, PATH)
    disk.put(PATH, OLD)
    before = written.stat()
    written.write_bytes(LOOK_ALIKE)
    os.utime(written, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert remove(disk) is Removal.CHANGED
    assert read(disk, PATH) == LOOK_ALIKE


@pytest.mark.parametrize("ahead", [10, -10], ids=["seen after", "seen before"])
def test_what_did_not_change_since_it_was_seen_is_not_read(source: Storage, ahead: int) -> None:
    """The digest is of other bytes: who reads the file finds it changed."""
    source.put(PATH, OLD)
    info, now = source.stat(PATH), source.time_there()
    assert info is not None
    assert now is not None
    file = FileToRemove(PATH, 7, len(OLD), bytes(32), info.modified_ns, now + ahead * 10**9)
    with source.removing_files("work", "2-bb", nothing) as remove_one:
        assert remove_one(file) is (Removal.REMOVED if ahead > 0 else Removal.CHANGED)
        if ahead > 0:
            source.put(PATH, LOOK_ALIKE)
        assert remove_one(replace(file, modified_ns=info.modified_ns - 1)) is Removal.CHANGED
        assert remove_one(replace(file, size=3)) is Removal.CHANGED


def test_links_folders_and_pipes_stay(disk: DiskStorage) -> None:
    path = Path(disk.root.path, PATH)
    path.parent.mkdir()
    make: Callable[[], None]
    for make in (lambda: path.symlink_to("elsewhere"), path.mkdir, lambda: os.mkfifo(path)):
        make()
        assert remove(disk) is Removal.CHANGED
        assert [found.name for found in path.parent.iterdir()] == ["a.fits"]
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(("left", "stays"), [(OLD, {}), (LOOK_ALIKE, {PATH: LOOK_ALIKE})])
def test_what_a_killed_attempt_moved_away_is_judged_by_the_next(
    source: Storage, left: bytes, stays: dict[str, bytes]
) -> None:
    for tag in ("1-aa", "2-bb"):
        source.put(left_by(tag), left)
        assert remove(source) is (Removal.CHANGED if stays else Removal.GONE)
        assert files(source) == stays
        with source.removing() as remove_one:
            remove_one(PATH)


def test_what_was_moved_away_stays_beside_what_has_its_name_now(source: Storage) -> None:
    source.put(left_by("1-aa"), LOOK_ALIKE)
    source.put(PATH, NEW)
    for _ in range(2):
        assert remove(source) is Removal.CHANGED
        assert files(source) == {left_by("2-bb"): LOOK_ALIKE, PATH: NEW}


def test_what_was_put_back_half_is_put_back(disk: DiskStorage, without_noreplace: None) -> None:
    """As a crash leaves it between giving the name again and taking the other one away."""
    disk.put(PATH, NEW)
    os.link(Path(disk.root.path, PATH), Path(disk.root.path, left_by("1-aa")))
    assert remove(disk) is Removal.CHANGED
    assert files(disk) == {PATH: NEW}


@pytest.mark.parametrize(
    "point", ["storage.disk.before_remove", "storage.disk.moved_away", "storage.disk.before_unlink"]
)
def test_a_file_that_is_rewritten_meanwhile_stays(
    disk: DiskStorage, at_crash_points: Any, point: str
) -> None:
    written = Path(disk.root.path, PATH)

    def rewrite(name: str) -> None:
        if name == point:
            other = written.with_name("other")
            other.write_bytes(NEW)
            other.rename(written)

    disk.put(PATH, OLD)
    at_crash_points(rewrite)
    remove(disk)
    assert files(disk) == {PATH: NEW}


def test_who_writes_into_the_file_that_was_moved_away_gets_it_back(
    disk: DiskStorage, at_crash_points: Any
) -> None:
    def write_on(name: str) -> None:
        if name == "storage.disk.moved_away":
            opened.write(b" and more")
            opened.flush()

    disk.put(PATH, OLD)
    at_crash_points(write_on)
    with Path(disk.root.path, PATH).open("ab") as opened:
        assert remove(disk) is Removal.CHANGED
    assert files(disk) == {PATH: OLD + b" and more"}


def test_killed_at_each_point_the_next_attempt_ends_it(disk: DiskStorage) -> None:
    points = ("before_remove", "moved_away", "leftover_taken", "before_unlink", "removed")
    disk.put(PATH, OLD)
    for number, point in enumerate(points):
        assert killed_at(disk, f"storage.disk.{point}", f"{number}-aa"), point
    disk.put(left_by("1-aa"), NEW)
    assert killed_at(disk, "storage.disk.put_back", "9-aa")
    assert remove(disk) is Removal.CHANGED
    assert files(disk) == {PATH: NEW}


def killed_at(disk: DiskStorage, point: str, tag: str) -> bool:
    """Remove in a child process that is to die at a point; tell whether it did."""
    child = os.fork()
    if child == 0:
        os.environ["CCAT_DATA_TRANSFER_CRASH_POINT"] = point
        crash_points._armed = crash_points._from_environment()
        remove(disk, tag)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


class Remover(threading.Thread):
    """Removes a file, and stands still at each point until it is told to go on."""

    def __init__(self, disk: DiskStorage, tag: str) -> None:
        super().__init__(daemon=True)
        self._removal = DiskRemoval(disk.root, "work", tag, nothing)
        self._may_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self.has_ended = False
        self.start()

    def run(self) -> None:
        self._may_go.acquire()
        self._removal.remove(meant())
        self.has_ended = True
        self._stands.release()

    def stand(self) -> None:
        self._stands.release()
        self._may_go.acquire()

    def step(self) -> None:
        """Let it go on to its next point, or to its end."""
        if not self.has_ended:
            self._may_go.release()
            assert self._stands.acquire(timeout=30)


STEPS = 6
"""More than a remover has: looked at, about to be renamed, moved away, looked at again, removed."""


def orders() -> Iterator[tuple[tuple[int, ...], int]]:
    """Return which of all steps are the first remover's, and before which step an instrument writes."""
    for first in combinations(range(2 * STEPS), STEPS):
        for written_before in range(2 * STEPS + 1):
            yield first, written_before


@pytest.mark.parametrize("every", [97, pytest.param(1, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
@pytest.mark.usefixtures("without_noreplace")
def test_no_order_of_two_removers_removes_what_was_written(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """Each stands still at each point; every 97th of all orders, and all of them in the long run."""

    class Hook:
        def reach(self, _name: str) -> None:
            actor = threading.current_thread()
            if isinstance(actor, Remover):
                actor.stand()

    real = os.rename

    def rename(*names: Any, **folders: Any) -> None:
        # Between the look that the name is free and the renaming.
        Hook().reach("rename")
        real(*names, **folders)

    monkeypatch.setattr(crash_points, "_armed", Hook())
    monkeypatch.setattr(os, "rename", rename)
    written = Path(disk.root.path, PATH)
    written.parent.mkdir()
    for number, (first_steps, written_before) in enumerate(orders()):
        if number % every:
            continue
        written.write_bytes(OLD)
        first, second = Remover(disk, "1-aa"), Remover(disk, "2-bb")
        for step in range(2 * STEPS):
            if step == written_before:
                written.write_bytes(NEW)
            (first if step in first_steps else second).step()
        for remover in (first, second):
            while not remover.has_ended:
                remover.step()
        if written_before == 2 * STEPS:
            written.write_bytes(NEW)
        DiskRemoval(disk.root, "work", "3-cc", nothing).remove(meant())
        assert files(disk) == {PATH: NEW}, (first_steps, written_before)


@pytest.mark.usefixtures("without_noreplace")
def test_nothing_is_removed_where_nothing_can_be_put_back(
    disk: DiskStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    disk.put(PATH, OLD)
    with monkeypatch.context() as there:
        there.setattr(os, "link", refuse)
        with pytest.raises(Configuration) as raised:
            remove(disk)
        assert raised.value.category == "place_misconfigured"
    disk.known_by(None, lambda _: None, {Ability.RENAME_NOREPLACE, Ability.HARD_LINKS})
    with pytest.raises(Configuration) as raised:
        remove(disk)
    assert raised.value.category == "place_misconfigured"
    assert files(disk) == {PATH: OLD}
    disk.known_by(None, lambda _: None, {Ability.RENAME_NOREPLACE})
    assert remove(disk) is Removal.REMOVED
    assert files(disk) == {}
