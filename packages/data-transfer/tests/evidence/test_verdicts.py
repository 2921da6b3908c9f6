"""When a copy is called missing or corrupt: after two readings, at a place that is to be believed."""

from dataclasses import replace
from typing import Any

import pytest

from ccat_data_transfer.storage.interface import Storage
from ccat_data_transfer.storage.names import MARKER_NAME
from ccat_data_transfer.work.run import WorkRunner
from ccat_ops_db.enumerations import Operation

from ..trouble import (
    HOUR,
    doubt_place,
    have_read,
    keep_everything,
    lost,
    rot,
    states,
    unmounted,
)

BAD = {"missing", "corrupt"}
CONTENTS = {"2026/a.fits": b"a" * 3000}


@pytest.fixture
def archived(observatory: Any) -> Any:
    """An observatory with one archived package, which keeps everything."""
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    assert states(observatory, "cologne.lta") == ["verified"]
    return observatory


def test_nothing_is_missing_at_a_wrong_place(archived: Any) -> None:
    have_read(archived, "cologne.lta")
    with unmounted(archived.folder("cologne.lta")):
        for _ in range(2):
            archived.planner.run_pass()
            archived.deliver()
            assert not BAD & set(states(archived, "cologne.lta"))
            archived.clock.advance(HOUR)


def test_nothing_is_missing_where_the_marker_went_too(archived: Any) -> None:
    """A share that is empty from the moment on in which it was looked at."""
    away = archived.folder("cologne.lta").with_name("what was there")
    away.mkdir()

    def open_and_lose(location_id: str) -> Storage:
        storage: Storage = archived.places.storage(location_id)
        for path in list(archived.folder("cologne.lta").iterdir()):
            path.rename(away / path.name)
        return storage

    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    world = replace(archived.world, storage=open_and_lose)
    archived.deliver(WorkRunner(world, archived.settings, "worker-2", archived.stopping))
    assert (away / MARKER_NAME).exists()
    assert not BAD & set(states(archived, "cologne.lta"))


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="e1: one wrong reading moves the tar away and calls it corrupt"
)
def test_one_bad_reading_is_no_verdict(archived: Any) -> None:
    [tar] = archived.tars_at("cologne.lta")
    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    rot(tar)
    archived.deliver()
    assert tar.exists(), "nothing is moved away"
    rot(tar)
    assert not BAD & set(states(archived, "cologne.lta"))


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e4: copies found bad in longer than 10 min are all put away, and the place is believed",
)
def test_twelve_bad_copies_read_slowly_condemn_the_place_and_no_copy(observatory: Any) -> None:
    keep_everything(observatory)
    for number in range(12):
        observatory.observe({f"2026/{number}.fits": b"x" * 3000})
    observatory.run()
    have_read(observatory, "cologne.lta")
    tars = observatory.tars_at("cologne.lta")
    for tar in tars:
        rot(tar)
    # What lies at the place is read one after the other, as long as 50 GB take.
    for _ in range(6):
        observatory.planner.run_pass()
        asked = [message for message in observatory.mailbox.messages if message[1] is Operation.VERIFY]
        observatory.mailbox.messages.clear()
        for _, operation, work_id in asked[:2]:
            observatory.runner.run(operation, work_id)
            observatory.clock.advance(160)
    assert [tar for tar in tars if not tar.exists()] == []
    assert not BAD & set(states(observatory, "cologne.lta"))
    assert "location_suspect" in observatory.reasons("cologne.lta")


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e5: a verdict falls at a place that is doubted already",
)
def test_no_verdict_falls_at_a_doubted_place(archived: Any) -> None:
    have_read(archived, "cologne.lta")
    archived.planner.run_pass()
    doubt_place(archived, "cologne.lta")
    [tar] = archived.tars_at("cologne.lta")
    tar.unlink()
    archived.deliver()
    assert not BAD & set(states(archived, "cologne.lta"))
    assert lost(archived, CONTENTS) == []
