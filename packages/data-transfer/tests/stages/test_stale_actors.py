"""Workers that slept longer than their lease: when they wake the work is done, and they change no bytes."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer.storage import disk_upload
from ccat_data_transfer.storage.names import TEMPORARY_PREFIX
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.enumerations import Operation
from ccat_ops_db.models import PhysicalCopy

from ..more_places import add_store
from ..small_observatory import WrongClock
from ..trouble import (
    DAY,
    HOUR,
    allow_deletion,
    content_of,
    files_below,
    freed,
    have_read,
    keep_everything,
    let_pass,
    lost,
    plan_and_work,
    rot,
    state,
    true_tars_in_store,
    while_it_sleeps,
    work_rows,
)

CONTENTS = {"2026/a.fits": b"a" * 5000, "2026/b.fits": b"b" * 5000}
UNTIL_ALL_IS_DECIDED = (1200, 1200, DAY, 15 * DAY)


def test_a_paused_verifier_moves_nothing(observatory: Any, at_crash_points: Any) -> None:
    def sleep(name: str) -> None:
        if name == "mover.read_back":
            while_it_sleeps(observatory, *UNTIL_ALL_IS_DECIDED)
            allow_deletion(observatory)
            while_it_sleeps(observatory, HOUR)

    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    have_read(observatory, "cologne.lta")
    rot(observatory.tars_at("cologne.lta")[0])
    at_crash_points(sleep)
    observatory.run()
    assert lost(observatory, CONTENTS) == []


def test_a_paused_deleter_removes_what_was_decided_only(observatory: Any, at_crash_points: Any) -> None:
    class Suspended(WrongClock):
        """The clock of a machine that does not count the time in which it was suspended."""

        def monotonic(self) -> float:
            return 0.0

    first = observatory.new_runner("suspended", Suspended(observatory.clock, timedelta()))

    def sleep(name: str) -> None:
        """Its deletion is done by another; then the archive needs the package again, by the same buffer."""
        if name == "deleting.after_decision":
            while_it_sleeps(observatory)
            assert observatory.tars_at("cologne.buffer") == []
            keep_everything(observatory)
            have_read(observatory, "cologne.lta")
            rot(observatory.tars_at("cologne.lta")[0])
            while_it_sleeps(observatory, *UNTIL_ALL_IS_DECIDED)
            kept.extend(files_below(observatory.folder("cologne.buffer")))

    kept: list[Any] = []
    keep_everything(observatory)
    allow_deletion(observatory, "cologne.buffer")
    at_crash_points(sleep)
    observatory.observe(CONTENTS)
    for _ in range(20):
        observatory.planner.run_pass()
        messages, observatory.mailbox.messages = observatory.mailbox.messages, []
        for _, operation, work_id in messages:
            (first if operation is Operation.DELETION else observatory.runner).run(operation, work_id)
    assert kept, "the tar was sent again"
    assert files_below(observatory.folder("cologne.buffer")) == kept


ACTS = {
    "storage.disk.partial_opened": "write own partial",
    "storage.disk.written": "write own partial, later",
    "mover.before_compare": "all is written",
    "sidecar.before_put": "sidecar",
    "packaging.before_publish": "publish what was packaged",
    "storage.disk.before_publish": "publish what was sent",
    "mover.sent": "all is sent",
    "archiving.before_send": "send into the archive",
    "archiving.before_commit": "sent into the archive",
    "verifying.before_commit": "write down what was read",
    "deleting.before_decision": "decide",
    "deleting.after_decision": "remove",
    "storage.disk.before_remove": "remove a file",
    "storage.disk.moved_away": "remove a file that was moved away",
    "deleting.between_files": "remove the next file",
    "deleting.before_commit": "all is removed",
}
"""Where an actor sleeps, and what it is about to do when it wakes."""


@pytest.mark.parametrize("point", ACTS, ids=ACTS.values())
def test_who_sleeps_until_all_is_done_changes_nothing(
    observatory: Any, at_crash_points: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(disk_upload, "LOCK_PAUSES", (0.01, 0.01))

    def sleep(name: str) -> None:
        if name == point:
            while_it_sleeps(observatory, HOUR, HOUR)
            before.append(_bytes_and_rows(observatory))

    before: list[tuple[dict[Path, bytes], list[object]]] = []
    at_crash_points(sleep)
    observatory.observe(CONTENTS)
    observatory.run()
    [(content, rows)] = before
    content_after, rows_after = _bytes_and_rows(observatory)
    assert rows_after == rows
    late = {path for path in content_after if path not in content}
    # What lies beside a tar that is gone by now is for the collector.
    assert not late or (point == "sidecar.before_put" and {path.suffix for path in late} == {".json"})
    assert {path: content_after.get(path) for path in content} == content
    assert freed(observatory) or late
    assert lost(observatory, CONTENTS) == []


def _bytes_and_rows(observatory: Any) -> tuple[dict[Path, bytes], list[object]]:
    """Return all bytes at the places, but in own partials, and what the database says of copies and work."""
    places = ("ccat.raw", "ccat.buffer", "cologne.buffer", "cologne.lta")
    found = [path for place in places for path in observatory.files_at(place)]
    copies = [(row.id, row.status, row.relative_path) for row in observatory.rows(PhysicalCopy)]
    work = [(row.id, row.status, row.fencing) for row in work_rows(observatory)]
    return {path: path.read_bytes() for path in found if not _is_partial(path)}, [*copies, *work]


def _is_partial(path: Path) -> bool:
    return path.name.startswith(TEMPORARY_PREFIX) or path.name.endswith(".part")


def test_a_late_link_finds_no_partial(observatory: Any, at_crash_points: Any) -> None:
    """A packager sleeps before it publishes; another made the package and removed what the first had made."""

    def sleep(name: str) -> None:
        if name == "packaging.before_publish":
            while_it_sleeps(observatory, HOUR)

    at_crash_points(sleep)
    observatory.observe(CONTENTS)
    observatory.run()
    assert freed(observatory)
    assert lost(observatory, CONTENTS) == []


def test_a_stopped_worker_blocks_no_row(
    observatory: Any, at_crash_points: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_upload, "LOCK_PAUSES", (0.01, 0.01))
    seen: list[str] = []

    def stop(name: str) -> None:
        if name == "storage.disk.before_publish":
            while_it_sleeps(observatory, HOUR, HOUR)
            seen.extend(observatory.tars_at("cologne.lta"))

    at_crash_points(stop)
    observatory.observe(CONTENTS)
    observatory.run()
    assert len(seen) == 1, "while it is stopped the package is archived"
    assert lost(observatory, CONTENTS) == []
    let_pass(observatory, HOUR)
    assert state(observatory, "cologne.lta") == "verified"


def test_a_rewritten_file_survives_two_removers(observatory: Any, at_crash_points: Any) -> None:
    """The first sleeps before it removes a file; the second ends the deletion; the name is used again."""
    written = observatory.folder("ccat.raw") / "2026/a.fits"

    def sleep(name: str) -> None:
        if name == "storage.disk.before_remove":
            while_it_sleeps(observatory)
            assert not written.exists()
            written.write_bytes(b"the next night, under the same name")

    at_crash_points(sleep)
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    allow_deletion(observatory, "ccat.raw")
    plan_and_work(observatory)
    assert content_of(written) == b"the next night, under the same name"


@pytest.mark.parametrize("size", [1024, 9 * 1024 * 1024], ids=["one part", "several parts"])
def test_a_late_complete_finds_no_upload(
    observatory: Any, s3: Bucket, at_crash_points: Any, size: int
) -> None:
    """An archiver sleeps before it completes its upload; another archives the package, and all is freed.

    What is then done with the object, here that it is lost, the first does not undo.
    """
    lost_at = []

    def sleep(name: str) -> None:
        if name == "storage.s3.before_complete":
            while_it_sleeps(observatory, HOUR)
            assert true_tars_in_store(observatory) == 1
            store = observatory.places.storage("cologne.store")
            with store.removing() as remove:
                for info in list(store.list()):
                    if info.path.endswith(".tar"):
                        remove(info.path)
                        lost_at.append(info.path)

    add_store(observatory, s3)
    at_crash_points(sleep)
    observatory.observe({"2026/a.fits": os.urandom(size)})
    observatory.run()
    assert freed(observatory)
    assert state(observatory, "cologne.store") == "verified"
    assert len(lost_at) == 1
    assert true_tars_in_store(observatory) == 0
