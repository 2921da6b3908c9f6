"""Room: what is promised fits, full disks resume, and what has to go is freed once."""

import os
import threading
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import Usage
from ccat_data_transfer.work.measuring import measure
from ccat_ops_db.models import DataLocation, DataTransfer, Deletion, FileSystem, PackageCreation

from ..trouble import (
    DAY,
    HOUR,
    files_below,
    freed,
    keep_everything,
    let_pass,
    measuring,
    state,
    under_pressure,
    wait_until,
)

MINUTE = 60


def test_an_own_partial_on_a_full_disk_is_admitted_again(observatory: Any, at_crash_points: Any) -> None:
    def fill_up(name: str) -> None:
        if name == "storage.disk.before_sync":
            os.truncate(partial_at(observatory, "cologne.buffer"), 40_000)
            raise OSError(ENOSPC, "No space left on device")

    keep_everything(observatory)
    observatory.observe({"2026/a.fits": b"a" * 50_000})
    observatory.fill("cologne.buffer", used=10_000, total=100_000)
    at_crash_points(fill_up)
    observatory.run()
    # The partial file is part of what is used; some 20,000 bytes are to come, and there is room for 30,000.
    for _ in range(3):
        observatory.clock.advance(4000)
        observatory.fill("cologne.buffer", used=70_000, total=100_000)
        observatory.run()
    assert state(observatory, "cologne.lta") == "verified"


def test_a_quota_counts_our_bytes_only(observatory: Any) -> None:
    observatory.change(DataLocation, "cologne.buffer", capacity_bytes=10_000_000)
    observatory.fill("cologne.buffer", used=50_000_000, total=100_000_000)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    assert state(observatory, "cologne.lta") == "verified"


def test_two_locations_of_one_disk_free_its_deficit_once(observatory: Any) -> None:
    keep_everything(observatory)
    for number in range(4):
        observatory.observe({f"2026/{number}.fits": b"x" * 100_000})
    observatory.run()
    before = bytes_at(observatory, "ccat.raw", "ccat.buffer")
    under_pressure(observatory, "ccat.raw", "ccat.buffer")
    for location in ("ccat.raw", "ccat.buffer"):
        observatory.fill(location, used=900_000, total=1_000_000, disk="one")
    observatory.run()
    # Above the lower mark of 70 % are 200,000 bytes; the last that goes may be larger than what is left.
    gone = before - bytes_at(observatory, "ccat.raw", "ccat.buffer")
    assert 200_000 <= gone < 320_000


def test_a_store_has_pressure_by_its_quota(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    under_pressure(observatory, "cologne.buffer")
    observatory.change(DataLocation, "cologne.buffer", capacity_bytes=10_000)
    let_pass(observatory, HOUR, DAY)
    assert freed(observatory, "cologne.buffer")


def test_a_hung_place_is_measured_alone(observatory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real, server_is_back = os.fstatvfs, threading.Event()

    def fstatvfs(descriptor: int) -> os.statvfs_result:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "ccat.buffer":
            server_is_back.wait(60)
        return real(descriptor)

    monkeypatch.setattr(os, "fstatvfs", fstatvfs)
    with measuring(observatory, "ccat.raw", "ccat.buffer"):
        try:
            assert wait_until(lambda: observatory.rows(FileSystem), 10)
        finally:
            server_is_back.set()


def test_what_lies_there_of_a_transfer_is_on_record(observatory: Any, at_crash_points: Any) -> None:
    def fill_up(name: str) -> None:
        if name == "storage.disk.before_sync":
            raise OSError(ENOSPC, "No space left on device")

    keep_everything(observatory)
    observatory.observe({"2026/a.fits": b"a" * 50_000})
    at_crash_points(fill_up)
    observatory.run()
    [transfer] = observatory.rows(DataTransfer)
    assert transfer.partial_bytes == partial_at(observatory, "cologne.buffer").stat().st_size > 50_000
    let_pass(observatory, HOUR)
    [transfer] = observatory.rows(DataTransfer)
    assert (transfer.status, transfer.partial_bytes) == ("completed", 0)


def test_an_old_measurement_admits_nothing(observatory: Any) -> None:
    observatory.fill("ccat.buffer", used=0, total=10**9)
    observatory.clock.advance(11 * MINUTE)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    assert [row.waiting_reason for row in observatory.rows(PackageCreation)] == ["space_unknown"]
    observatory.fill("ccat.buffer", used=0, total=10**9)
    observatory.run()
    assert state(observatory, "cologne.lta") == "verified"


def test_an_old_measurement_deletes_nothing(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    under_pressure(observatory, "cologne.buffer")
    observatory.fill("cologne.buffer", used=990_000, total=1_000_000)
    observatory.clock.advance(11 * MINUTE)
    observatory.run()
    assert observatory.rows(Deletion) == []
    assert observatory.copy_at("cologne.buffer").waiting_reason == "space_unknown"
    observatory.fill("cologne.buffer", used=990_000, total=1_000_000)
    observatory.run()
    assert len(observatory.rows(Deletion)) == 1


def test_an_answer_that_comes_late_replaces_no_newer_one(
    observatory: Any, at_crash_points: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter((Usage(10, 100), Usage(70, 100)))
    monkeypatch.setattr(DiskStorage, "usage", lambda _: next(answers))
    storage = observatory.places.storage("ccat.buffer")

    def measure_again(name: str) -> None:
        if name == "measuring.answered":
            observatory.clock.advance(HOUR)
            measure(observatory.sessions, storage, "worker-2")

    at_crash_points(measure_again)
    measure(observatory.sessions, storage, "worker-1")
    [found] = observatory.rows(FileSystem)
    assert (found.free_bytes, found.measured_by) == (70, "worker-2")


def partial_at(observatory: Any, location: str) -> Path:
    [partial] = [path for path in files_below(observatory.folder(location)) if path.name[0] == "."]
    return partial


def bytes_at(observatory: Any, *locations: str) -> int:
    return sum(path.stat().st_size for location in locations for path in observatory.files_at(location))
