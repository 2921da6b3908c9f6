"""Room: what is promised fits, full disks resume, and what has to go is freed once."""

import os
import threading
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from ccat_ops_db.models import DataLocation, LocationUsage

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


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="f1, g1: the partial file of a transfer is counted against the transfer that is to complete it",
)
def test_an_own_partial_on_a_full_disk_is_admitted_again(observatory: Any, at_crash_points: Any) -> None:
    def fill_up(name: str) -> None:
        if name == "storage.disk.before_sync":
            [partial] = files_below(observatory.folder("cologne.buffer"))[-1:]
            os.truncate(partial, 40_000)
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


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="f3: a quota is compared with what others use of the same file system",
)
def test_a_quota_counts_our_bytes_only(observatory: Any) -> None:
    observatory.change(DataLocation, "cologne.buffer", capacity_bytes=10_000_000)
    observatory.fill("cologne.buffer", used=50_000_000, total=100_000_000)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    assert state(observatory, "cologne.lta") == "verified"


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="f12: two locations on one full disk free its deficit twice",
)
def test_two_locations_of_one_disk_free_its_deficit_once(observatory: Any) -> None:
    keep_everything(observatory)
    for number in range(4):
        observatory.observe({f"2026/{number}.fits": b"x" * 100_000})
    observatory.run()
    before = bytes_at(observatory, "ccat.raw", "ccat.buffer")
    under_pressure(observatory, "ccat.raw", "ccat.buffer")
    for location in ("ccat.raw", "ccat.buffer"):
        observatory.fill(location, used=900_000, total=1_000_000)
    observatory.run()
    # Above the lower mark of 70 % are 200,000 bytes; the last that goes may be larger than what is left.
    gone = before - bytes_at(observatory, "ccat.raw", "ccat.buffer")
    assert 200_000 <= gone < 320_000


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="h2: a place that does not say how full it is, as stores do, is never under pressure",
)
def test_a_store_has_pressure_by_its_quota(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe({"2026/a.fits": b"a" * 5000})
    observatory.run()
    under_pressure(observatory, "cologne.buffer")
    observatory.change(DataLocation, "cologne.buffer", capacity_bytes=10_000)
    let_pass(observatory, HOUR, DAY)
    assert freed(observatory, "cologne.buffer")


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="29: one place whose file server is gone keeps all others of the worker from being measured",
)
def test_a_hung_place_is_measured_alone(observatory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real, server_is_back = os.fstatvfs, threading.Event()

    def fstatvfs(descriptor: int) -> os.statvfs_result:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "ccat.buffer":
            server_is_back.wait(60)
        return real(descriptor)

    monkeypatch.setattr(os, "fstatvfs", fstatvfs)
    with measuring(observatory, "ccat.raw", "ccat.buffer"):
        try:
            assert wait_until(lambda: observatory.rows(LocationUsage, data_location_id="ccat.raw"), 10)
        finally:
            server_is_back.set()


def bytes_at(observatory: Any, *locations: str) -> int:
    return sum(path.stat().st_size for location in locations for path in observatory.files_at(location))
