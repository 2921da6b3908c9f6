"""A process that is killed at any named point of any stage loses nothing and archives nothing twice.

A child process works until it dies at the point (``kill -9``); the next child goes on with what it left, and
dies at the next point.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccat_data_transfer import crash_points
from ccat_data_transfer.crash_points import CRASH_POINTS
from ccat_data_transfer.package_format import file_chunks, verify_package
from ccat_dev_stack.testing import Bucket
from ccat_ops_db.enumerations import PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    Deletion,
    Event,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataFile,
    RawDataPackage,
)

from ..more_places import add_store

OF_ADOPTION = ("adopting.marker_written", "adopting.before_commit")
"""No package meets them: `places/test_markers.py` kills an adoption at each."""

ELSEWHERE = ("storage.disk.named_twice", "storage.disk.leftover_taken", "storage.disk.put_back")
"""Points of a file system that cannot rename to free names only, and of files that others write to, or that a
killed attempt had moved away: `places/test_disk.py` and `places/test_removing.py` kill there."""

BESIDE_PACKAGES = (
    "measuring.answered",
    "collecting.asked",
    "reconciling.lost",
    "reconciling.before_end",
    "storage.disk.before_collect",
)
"""No package meets them: `planning/test_space.py`, `places/test_collect.py` and
`stages/test_reconcile.py` act there."""

ON_DISK = tuple(
    name
    for name in CRASH_POINTS
    if not name.startswith("storage.s3.") and name not in OF_ADOPTION + ELSEWHERE + BESIDE_PACKAGES
)
AT_S3 = tuple(
    name
    for name in CRASH_POINTS
    if name.startswith("storage.s3.") and "remove" not in name and "collect" not in name
)
"""Nothing is ever removed from an archive here, nor collected."""

BEFORE_COMMIT = tuple(name for name in ON_DISK if name.endswith(".before_commit"))
"""In each stage the point at which all is done and nothing said; others are met in the long run."""

LONG_ENOUGH = 2400
"""Seconds after which every lease has run out and every pause is over."""


def observe_and_ask(observatory: Any, size: int) -> None:
    """File two new files, and when they are archived ask for them at the processing location."""
    execution = observatory.observe({f"2026/{new_id()}.fits": os.urandom(size) for _ in range(2)})
    observatory.run()
    for package in observatory.rows(RawDataPackage, executed_obs_unit_id=execution):
        observatory.stage(package)


def work_until_killed_at(observatory: Any, name: str, size: int) -> bool:
    """Work in a child process that is to die at a point; tell whether it did."""
    observatory.clock.advance(LONG_ENOUGH)
    observatory.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            os.environ["CCAT_DATA_TRANSFER_CRASH_POINT"] = name
            crash_points._armed = crash_points._from_environment()
            observatory.mailbox.messages.clear()
            observatory.run()
            observe_and_ask(observatory, size)
            observatory.run()
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def die_at_each(observatory: Any, names: tuple[str, ...], size: int) -> None:
    for name in names:
        assert work_until_killed_at(observatory, name, size), f"nothing came to {name}"
    for _ in range(3):
        observatory.clock.advance(LONG_ENOUGH)
        observatory.mailbox.messages.clear()
        observatory.run()


def assert_archived_once(observatory: Any, tar_of: Callable[[Any], Path]) -> None:
    packages = observatory.rows(RawDataPackage)
    assert packages
    assert {row.status for row in observatory.rows(PackageCreation)} == {Status.COMPLETED}
    archived: dict[str, str] = {}
    for package in packages:
        [copy] = observatory.rows(
            PhysicalCopy, data_location_id="cologne.lta", raw_data_package_id=package.id
        )
        assert copy.status is PhysicalCopyStatus.VERIFIED
        verified = verify_package(file_chunks(tar_of(package)), package.checksum)
        archived.update({member.path: member.sha256 for member in verified.index.members})
    filed = {file.relative_path: file.checksum.partition(":")[2] for file in observatory.rows(RawDataFile)}
    assert archived == filed
    events = [(event.action, event.subject_id) for event in observatory.rows(Event)]
    for package in packages:
        for action in ("package.sealed", "archive.written", "package.archived"):
            assert events.count((action, str(package.id))) == 1, action
    assert {row.status for row in observatory.rows(Deletion)} <= {Status.COMPLETED}
    assert observatory.rows(PhysicalCopyLock) == []
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        assert observatory.files_at(location) == [], "neither files nor leftovers"


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(BEFORE_COMMIT, id="before each stage's commit"),
        pytest.param(ON_DISK, id="at each point", marks=pytest.mark.long),
    ],
)
def test_killed_at_each_point_on_disk(observatory: Any, points: tuple[str, ...]) -> None:
    die_at_each(observatory, points, 5000)
    folder = observatory.folder("cologne.lta")
    assert_archived_once(observatory, lambda package: folder / package.relative_path)
    assert {path.suffix for path in observatory.files_at("cologne.lta")} == {".json", ".tar"}
    assert len(observatory.tars_at("cologne.lta")) == len(observatory.rows(RawDataPackage))
    leftovers = [path for path in observatory.files_at("cologne.processing") if ".staging-" in str(path)]
    assert leftovers == []


@pytest.mark.long
def test_killed_at_each_point_of_a_store(observatory: Any, s3: Bucket, tmp_path: Path) -> None:
    add_store(observatory, s3)
    names = ("archiving.before_send", *AT_S3, "archiving.before_commit", "verifying.before_commit")
    die_at_each(observatory, names, 6_000_000)
    storage = observatory.places.storage("cologne.store")
    for package in observatory.rows(RawDataPackage):
        target = tmp_path / package.relative_path.replace("/", "-")
        target.write_bytes(storage.read_range(package.relative_path, 0, package.size + 1))
        verify_package(file_chunks(target), package.checksum)
    assert len([info for info in storage.list() if info.path.endswith(".tar")]) == len(
        observatory.rows(RawDataPackage)
    )
    assert observatory.files_at("ccat.raw") == []
