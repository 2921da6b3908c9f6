"""A place is known by what is in it, not by its path: another disk, or none, takes and proves nothing."""

import shutil
from typing import Any

import pytest

from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.storage.disk import DiskStorage
from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.work.run import WorkRunner

from ..trouble import (
    DAY,
    HOUR,
    allow_deletion,
    below_the_mount,
    exchange_for_a_copy,
    files_below,
    freed,
    keep_everything,
    let_pass,
    lost,
    plan_and_work,
    rot,
    set_folder,
    state,
    unmounted,
    work_states,
)

FIRST = {"2026/first.fits": b"1" * 1000}
SECOND = {"2026/second.fits": b"2" * 1000, "2026/third.fits": b"3" * 1000}


@pytest.fixture
def used(observatory: Any) -> Any:
    """An observatory that has archived one package, so that each of its places was used."""
    observatory.observe(FIRST)
    observatory.run()
    assert freed(observatory)
    return observatory


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e2, 18: the empty mount point of an archive takes packages, and their sources are deleted",
)
def test_an_unmounted_archive_waits(used: Any) -> None:
    with unmounted(used.folder("cologne.lta")):
        used.observe(SECOND)
        let_pass(used, HOUR, HOUR)
    assert files_below(below_the_mount(used.folder("cologne.lta"))) == []
    assert lost(used, FIRST | SECOND) == []
    let_pass(used, HOUR)
    assert freed(used)
    assert lost(used, FIRST | SECOND) == []


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e8, 18: packages of a source that is not mounted are given up, because their files are missing",
)
def test_an_unmounted_source_waits(used: Any) -> None:
    used.observe(SECOND)
    with unmounted(used.folder("ccat.raw")):
        let_pass(used, HOUR)
        assert "failed" not in work_states(used)
    let_pass(used, HOUR)
    assert freed(used)
    assert lost(used, FIRST | SECOND) == []


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e3: one folder is two locations, and the archive confirms the deletion of its own tar",
)
def test_one_folder_under_two_names(observatory: Any) -> None:
    set_folder(observatory, "cologne.buffer", observatory.folder("cologne.lta"))
    observatory.observe(FIRST)
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, FIRST) == []


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e3: a deleter takes what its own host has at the path of the archive for the archive",
)
def test_another_hosts_disk_at_the_same_path(observatory: Any) -> None:
    class OnTheTelescopesHost(Places):
        """What is mounted at the path of the archive is the telescope's buffer here."""

        def storage(self, location_id: str) -> Storage:
            if location_id == "cologne.lta":
                return DiskStorage(location_id, str(observatory.folder("ccat.buffer")))
            return super().storage(location_id)

    keep_everything(observatory)
    observatory.observe(FIRST)
    observatory.run()
    for tar in observatory.tars_at("cologne.lta"):
        tar.unlink()
    shutil.rmtree(observatory.folder("ccat.raw") / "2026")
    places = OnTheTelescopesHost(observatory.sessions, Credentials(None))
    here = WorkRunner(
        observatory.world_with(places=places), observatory.settings, "telescope-host", observatory.stopping
    )
    allow_deletion(observatory, "ccat.buffer")
    for _ in range(3):
        observatory.clock.advance(HOUR)
        plan_and_work(observatory, here)
    assert observatory.tars_at("ccat.buffer") != []


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="a copy of the archive's disk proves deletions, though nobody read what is on it",
)
def test_a_synced_place_is_unavailable(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(FIRST)
    observatory.run()
    exchange_for_a_copy(observatory.folder("cologne.lta"))
    rot(observatory.tars_at("cologne.lta")[0])
    allow_deletion(observatory)
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, FIRST) == []


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="the path of the archive is opened anew at each step, and the tar is written to what is there now",
)
def test_a_mount_between_look_and_write(used: Any, at_crash_points: Any) -> None:
    """The disk goes away when everything was looked at, and comes back with the next attempt."""
    root = used.folder("cologne.lta")
    away = root.with_name("the real disk")

    def unmount(name: str) -> None:
        if name == "archiving.before_send":
            root.rename(away)
            root.mkdir()

    at_crash_points(unmount)
    used.observe(SECOND)
    used.run_until(away.exists)
    below = below_the_mount(root)
    root.rename(below)
    away.rename(root)
    let_pass(used, HOUR, DAY)
    assert files_below(below) == []
    assert lost(used, FIRST | SECOND) == []
    assert state(used, "cologne.lta") == "verified"
