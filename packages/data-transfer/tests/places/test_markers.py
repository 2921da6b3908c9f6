"""A place is known by what is in it, not by its path: another disk, or none, takes and proves nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from ccat_data_transfer.failures import PlaceUnavailable
from ccat_data_transfer.places.adopt import Adopted, AdoptionRefusedError
from ccat_data_transfer.places.credentials import Credentials
from ccat_data_transfer.places.open import Places
from ccat_data_transfer.storage.interface import LocationDescription
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_data_transfer.storage.s3 import S3Storage
from ccat_data_transfer.work.run import WorkRunner
from ccat_dev_stack.preloaded import run_preloaded
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.enumerations import LocationType
from ccat_ops_db.models import (
    DataLocation,
    DiskDataLocation,
    FixityCheck,
    PlaceMarker,
    RawDataPackage,
    S3DataLocation,
)

from ..more_places import add_store
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
    true_tars_in_store,
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


def test_an_unmounted_archive_waits(used: Any) -> None:
    with unmounted(used.folder("cologne.lta")):
        used.observe(SECOND)
        let_pass(used, HOUR, HOUR)
    assert files_below(below_the_mount(used.folder("cologne.lta"))) == []
    assert lost(used, FIRST | SECOND) == []
    let_pass(used, HOUR)
    assert freed(used)
    assert lost(used, FIRST | SECOND) == []


def test_an_unmounted_source_waits(used: Any) -> None:
    used.observe(SECOND)
    with unmounted(used.folder("ccat.raw")):
        let_pass(used, HOUR)
        assert "failed" not in work_states(used)
    let_pass(used, HOUR)
    assert freed(used)
    assert lost(used, FIRST | SECOND) == []


def test_one_folder_under_two_names(observatory: Any) -> None:
    set_folder(observatory, "cologne.buffer", observatory.folder("cologne.lta"))
    observatory.observe(FIRST)
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, FIRST) == []


def test_another_hosts_disk_at_the_same_path(observatory: Any) -> None:
    class OnTheTelescopesHost(Places):
        """What is mounted at the path of the archive is the telescope's buffer here."""

        def describe(self, location_id: str) -> LocationDescription:
            found = super().describe(location_id)
            if location_id != "cologne.lta":
                return found
            return replace(found, path=str(observatory.folder("ccat.buffer")))

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


def test_a_synced_place_is_unavailable(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(FIRST)
    observatory.run()
    exchange_for_a_copy(observatory.folder("cologne.lta"))
    rot(observatory.tars_at("cologne.lta")[0])
    allow_deletion(observatory)
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, FIRST) == []


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


def test_a_place_that_loses_its_marker_takes_nothing(used: Any, at_crash_points: Any) -> None:
    """The server of a share exports an empty folder from one moment to the next: its handles stay good."""
    root = used.folder("cologne.lta")

    def lose(name: str) -> None:
        if name == "archiving.before_send":
            (root / MARKER_NAME).unlink()

    at_crash_points(lose)
    used.observe(SECOND)
    let_pass(used, HOUR)
    assert not (root / MARKER_NAME).exists(), "it came to that"
    sealed = used.rows(RawDataPackage)[-1]
    assert not (root / sealed.relative_path).exists()
    assert state(used, "cologne.lta") == "verified"
    assert "failed" not in work_states(used)
    assert lost(used, SECOND) == []


def test_a_synced_bucket_is_unavailable(observatory: Any, s3: Bucket, moto: Bucket) -> None:
    """Another store under the address of the archive, with all its objects."""
    keep_everything(observatory)
    add_store(observatory, s3)
    observatory.observe(FIRST)
    observatory.run()
    assert true_tars_in_store(observatory) == 1
    copy_objects(observatory, "cologne.store", moto)
    observatory.change(S3DataLocation, "cologne.store", endpoint=moto.endpoint, bucket=moto.bucket)
    with pytest.raises(PlaceUnavailable, match="is a copy"):
        observatory.places.storage("cologne.store")
    allow_deletion(observatory)
    let_pass(observatory, HOUR, HOUR)
    assert lost_from_source(observatory, FIRST) == []


def test_a_mistaken_adoption_is_taken_back(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(FIRST)
    observatory.run()
    with unmounted(observatory.folder("cologne.lta")):
        mistaken = observatory.adopt("cologne.lta", reason="somebody thought so")
        assert (mistaken.act, mistaken.copies, mistaken.to_read) == ("new", 1, 1)
        allow_deletion(observatory)
        observatory.planner.run_pass()
        assert lost(observatory, FIRST) == [], "nothing counts that nobody read there"
    with pytest.raises(PlaceUnavailable):
        observatory.places.storage("cologne.lta")
    checks = len(observatory.rows(FixityCheck))
    back = observatory.adopt("cologne.lta", reason="it was the wrong folder")
    assert (back.act, back.to_read) == ("taken back", 0)
    let_pass(observatory, HOUR)
    assert freed(observatory)
    assert len(observatory.rows(FixityCheck)) == checks
    assert lost(observatory, FIRST) == []


def test_a_new_marker_has_all_copies_read(observatory: Any) -> None:
    """The disk was copied to a larger one, and a person says so: what is right there counts again."""
    keep_everything(observatory)
    observatory.observe(FIRST)
    observatory.run()
    exchange_for_a_copy(observatory.folder("cologne.lta"))
    adopted = observatory.adopt("cologne.lta", reason="copied to a larger disk")
    assert (adopted.act, adopted.to_read) == ("new", 1)
    allow_deletion(observatory)
    let_pass(observatory, HOUR)
    assert freed(observatory)
    assert lost(observatory, FIRST) == []


def test_a_place_called_the_same_still_reads_before_deletion(observatory: Any) -> None:
    keep_everything(observatory)
    observatory.observe(FIRST)
    observatory.run()
    exchange_for_a_copy(observatory.folder("cologne.lta"))
    rot(observatory.tars_at("cologne.lta")[0])
    observatory.clock.advance(HOUR)
    same = observatory.adopt("cologne.lta", reason="the disk was copied", same_place=True)
    assert (same.act, same.to_read) == ("same place", 0)
    allow_deletion(observatory)
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, FIRST) == []


def test_a_used_location_is_never_adopted_by_itself(used: Any) -> None:
    with unmounted(used.folder("cologne.lta")):
        with pytest.raises(AdoptionRefusedError, match="used before"):
            used.adopt("cologne.lta")
        assert used.world.adopt_if_new("cologne.lta", "worker") is None
        assert list(used.folder("cologne.lta").iterdir()) == []
    exchange_for_a_copy(used.folder("cologne.lta"))
    with pytest.raises(AdoptionRefusedError, match="a person decides"):
        used.adopt("cologne.lta")


def test_a_location_with_copies_and_no_marker_is_not_new(used: Any) -> None:
    """Places that were used before wait for a person."""
    with used.sessions.begin() as session:
        retired = update(PlaceMarker).values(retired_at=used.clock.now)
        session.execute(retired.where(PlaceMarker.data_location_id == "cologne.lta"))
    (used.folder("cologne.lta") / MARKER_NAME).unlink()
    with pytest.raises(AdoptionRefusedError, match="used before"):
        used.adopt("cologne.lta")
    assert used.adopt("cologne.lta", reason="the upgrade").act == "new"


@pytest.mark.parametrize("location", ["ccat.buffer", "cologne.buffer", "cologne.lta"])
def test_work_that_waits_for_a_place_is_no_use_of_it(observatory: Any, location: str) -> None:
    """A store that starts later than the planner: data were on their way there before it was adopted."""
    with observatory.sessions.begin() as session:
        session.execute(delete(PlaceMarker).where(PlaceMarker.data_location_id == location))
    (observatory.folder(location) / MARKER_NAME).unlink()
    observatory.observe(FIRST)
    let_pass(observatory, HOUR)
    assert "pending" in work_states(observatory)
    assert observatory.adopt(location).act == "new"
    let_pass(observatory, HOUR, HOUR)
    assert freed(observatory)
    assert lost(observatory, FIRST) == []


def test_what_is_not_empty_is_not_new(observatory: Any) -> None:
    """A wrong path that leads to the files of others. Sources and processing places may have them."""
    for name, location_type in (("archive", LocationType.LONG_TERM_ARCHIVE), ("source", LocationType.SOURCE)):
        add_unadopted(observatory, f"cologne.{name}", location_type)
        (observatory.folder(f"cologne.{name}") / "thesis.tex").write_text("mine")
    with pytest.raises(AdoptionRefusedError, match="not empty"):
        observatory.adopt("cologne.archive")
    assert observatory.adopt("cologne.source").act == "new"


def test_no_root_is_made_without_create(observatory: Any) -> None:
    add_unadopted(observatory, "cologne.archive", LocationType.LONG_TERM_ARCHIVE)
    folder = observatory.folder("cologne.archive")
    folder.rmdir()
    with pytest.raises(PlaceUnavailable, match="cannot be opened"):
        observatory.adopt("cologne.archive")
    assert not folder.exists()
    observatory.change(DataLocation, "cologne.archive", create=True)
    assert observatory.adopt("cologne.archive", dry_run=False).act == "new"
    assert [path.name for path in folder.iterdir()] == [MARKER_NAME]


def test_the_place_of_another_is_never_adopted(observatory: Any) -> None:
    set_folder(observatory, "cologne.buffer", observatory.folder("cologne.lta"))
    for asked in ({}, {"reason": "I am sure"}, {"reason": "I am sure", "same_place": True}):
        with pytest.raises(AdoptionRefusedError, match=r"the place of cologne\.lta"):
            observatory.adopt("cologne.buffer", **asked)


def test_a_source_that_may_only_be_read(observatory: Any) -> None:
    """Without a marker its files are read, nothing is removed, and nothing is called missing."""
    with observatory.sessions.begin() as session:
        session.execute(delete(PlaceMarker).where(PlaceMarker.data_location_id == "ccat.raw"))
    observatory.change(DataLocation, "ccat.raw", read_only=True)
    (observatory.folder("ccat.raw") / MARKER_NAME).unlink()
    observatory.observe(FIRST)
    observatory.observe(SECOND)
    gone = observatory.folder("ccat.raw") / "2026/third.fits"
    content = gone.read_bytes()
    gone.unlink()
    let_pass(observatory, HOUR)
    assert state(observatory, "cologne.lta") == "verified"
    assert "failed" not in work_states(observatory)
    gone.write_bytes(content)
    os.utime(gone, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    with pytest.raises(AdoptionRefusedError, match="may only be read") as refused:
        observatory.adopt("ccat.raw", reason="a person puts the marker")
    (observatory.folder("ccat.raw") / MARKER_NAME).write_text(str(refused.value).partition("again:\n")[2])
    assert observatory.adopt("ccat.raw", reason="it is there").act == "taken over"
    assert lost(observatory, FIRST | SECOND) == []


@pytest.mark.parametrize("point", ["adopting.marker_written", "adopting.before_commit"])
@pytest.mark.parametrize("reason", [None, pytest.param("a person says so", marks=pytest.mark.long)])
def test_an_adoption_that_died_is_taken_up(
    observatory: Any, ops_database: str, point: str, reason: str | None
) -> None:
    add_unadopted(observatory, "cologne.archive", LocationType.LONG_TERM_ARCHIVE)
    how = ["--new"] if reason is None else ["--reason", reason]
    died = run_adoption(ops_database, "cologne.archive", *how, CCAT_DATA_TRANSFER_CRASH_POINT=point)
    assert died.returncode == -signal.SIGKILL
    assert observatory.places.marker_on_record("cologne.archive") is None
    with pytest.raises(PlaceUnavailable, match="not adopted yet"):
        observatory.places.storage("cologne.archive")
    left = (observatory.folder("cologne.archive") / MARKER_NAME).read_bytes()
    again = run_preloaded(
        "ccat_data_transfer.cli.main",
        ["ccat-transfer", "place", "adopt", "cologne.archive", *how, "--json"],
        {**os.environ, "CCAT_OPS_DB_DATABASE_URL": ops_database},
    )
    assert again.status == 0, again.err
    [place] = json.loads(again.out)["places"]
    assert place["act"] == "taken over"
    assert (observatory.folder("cologne.archive") / MARKER_NAME).read_bytes() == left
    assert str(observatory.places.storage("cologne.archive").marker_id) == place["marker_id"]


def test_two_adopters_at_once_make_one_marker(observatory: Any) -> None:
    add_unadopted(observatory, "cologne.archive", LocationType.LONG_TERM_ARCHIVE)
    ready = threading.Barrier(4)

    def adopt_it(_: int) -> Adopted:
        ready.wait()
        adopted: Adopted = observatory.adopt("cologne.archive")
        return adopted

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(adopt_it, range(4)))
    assert sorted(each.act for each in done) == ["new", "none", "none", "none"]
    assert len({each.marker_id for each in done}) == 1
    assert len(observatory.rows(PlaceMarker, data_location_id="cologne.archive")) == 1
    assert observatory.places.storage("cologne.archive").marker_id == done[0].marker_id


def add_unadopted(observatory: Any, location: str, location_type: LocationType) -> None:
    """Add a location on a folder of its own that nobody adopted."""
    observatory.folder(location).mkdir()
    site, name = location.split(".")
    with observatory.sessions.begin() as session:
        session.add(
            DiskDataLocation(
                id=location,
                site_id=site,
                name=name,
                location_type=location_type,
                path=str(observatory.folder(location)),
            )
        )


def run_adoption(database: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("ccat-transfer")), "place", "adopt", *arguments],
        env={**os.environ, "CCAT_OPS_DB_DATABASE_URL": database, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_objects(observatory: Any, location: str, target: Bucket) -> None:
    """Copy a store as programs do that sync buckets: names, bytes and headers of ours."""
    source = observatory.places.unknown(location)
    facts = replace(observatory.places.describe(location), endpoint=target.endpoint, bucket=target.bucket)
    copy = S3Storage(facts, Credentials(observatory.settings.credentials_folder))
    for info in source.list():
        copy.put(info.path, source.read_range(info.path, 0, info.size))
    copy.write_marker(source.read_marker().content)


def lost_from_source(observatory: Any, contents: dict[str, bytes]) -> list[str]:
    """Return the files that are not at their source any more."""
    return [path for path in contents if not (observatory.folder("ccat.raw") / path).is_file()]
