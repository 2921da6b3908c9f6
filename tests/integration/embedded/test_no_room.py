"""No room where a package has to go: nothing is lost, `ccat why` says so, and with room it goes on.

The engine's own tests fill a disk, too; here one is filled in the long run.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.api import Api
from harness.ccat import Ccat, program
from harness.deployment import Deployment
from harness.embedded import EmbeddedStack
from harness.journey import NewFolder
from harness.observing import observe, wait_removed
from harness.waiting import wait_for, wait_until

from ccat_dev_stack.small_disk import small_disk
from harness import trees

BUFFER = "ccat.output-buffer"
FILE_BYTES = 8_000_000
SMALL_DISK_BYTES = 24 << 20


@pytest.fixture
def nothing_in_the_buffer(stack: EmbeddedStack, api: Api) -> Path:
    """The folder of the telescope's buffer, when nothing is on its way through it."""
    wait_for(
        f"{BUFFER} is empty",
        lambda: api.all("physical-copies", location=BUFFER),
        lambda copies: all(copy["status"] == "deleted" for copy in copies),
    )
    return Path(api.get(f"data-locations/{BUFFER}")["path"])


@pytest.mark.long
@pytest.mark.usefixtures("nothing_in_the_buffer")
def test_a_buffer_that_may_hold_no_more(
    stack: EmbeddedStack, ccat: Ccat, instrument: Ccat, new_folder: NewFolder, tmp_path: Path
) -> None:
    """The configuration gives the buffer less than is used on its disk already."""
    (tmp_path / "capacity.yaml").write_text(f"data_locations:\n  {BUFFER}: {{capacity_bytes: 1_000_000}}\n")
    folder = new_folder("capacity")
    trees.write(folder / "scan.fits", os.urandom(FILE_BYTES))
    _apply(stack, tmp_path)
    try:
        execution_id = observe(instrument, {"chai-lfa": folder})
        step = _waits_for_room(ccat, execution_id)
        assert BUFFER in step["detail"]
        assert step["remedy"]
        assert (folder / "scan.fits").exists()
    finally:
        _apply(stack)
    wait_removed(ccat, execution_id)


@pytest.mark.long
@pytest.mark.needs_mount
def test_a_full_disk(
    deployment: Deployment,
    small_buffer: Path,
    ccat: Ccat,
    instrument: Ccat,
    api: Api,
    new_folder: NewFolder,
) -> None:
    """The disk fills behind the planner's back: writing fails in the middle, and once more after a retry."""
    folder, marker = new_folder("full"), small_buffer / ".ccat-place.json"
    trees.write(folder / "scan.fits", os.urandom(FILE_BYTES))
    filed = trees.tree(folder, deployment.source_folder)
    ballast = small_buffer / "ballast"
    _fill(ballast)
    execution_id = observe(instrument, {"chai-lfa": folder})
    step = _waits_for_room(ccat, execution_id)
    assert step["remedy"]
    assert trees.tree(folder, deployment.source_folder) == filed
    ballast.unlink()
    wait_removed(ccat, execution_id)
    package = api.packages(execution_id)["chai-lfa"]
    members = api.get(f"raw-data-packages/{package['id']}/index")["members"]
    assert {member["path"]: member["sha256"] for member in members} == {
        path: facts.sha256 for path, facts in filed.items()
    }
    wait_until("nothing is left in the buffer", lambda: not set(small_buffer.rglob("*.*")) - {marker})


@pytest.fixture
def small_buffer(stack: EmbeddedStack, nothing_in_the_buffer: Path, tmp_path: Path) -> Iterator[Path]:
    """A small file system in the place of the telescope's buffer, which a person adopts."""
    folder, aside = nothing_in_the_buffer, nothing_in_the_buffer.with_suffix(".aside")
    with small_disk(SMALL_DISK_BYTES, tmp_path) as disk:
        folder.rename(aside)
        folder.symlink_to(disk)
        try:
            _adopt(stack, "a small disk for this test")
            yield disk
        finally:
            folder.unlink()
            aside.rename(folder)
            _adopt(stack, "the disk from before")


def _waits_for_room(ccat: Ccat, execution_id: str) -> Any:
    """Wait until `ccat why` says that there is no room; return the step that does."""

    def look() -> list[Any]:
        steps = ccat.json("why", execution_id)["steps"]
        return [step for step in steps if "space" in f"{step['reason']} {step['detail']}"]

    return wait_for("no room is the reason", look, bool)[0]


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as stream, contextlib.suppress(OSError):
        while stream.write(bytes(1 << 16)):
            pass
    left = os.statvfs(ballast)
    assert left.f_bavail * left.f_frsize < 1 << 16


def _adopt(stack: EmbeddedStack, reason: str) -> None:
    """Adopt what is at the path of the buffer now, as an operator would."""
    command = [program("ccat-transfer"), "place", "adopt", BUFFER, "--reason", reason]
    done = subprocess.run(command, env=stack.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _apply(stack: EmbeddedStack, *more: Path) -> None:
    """Apply the stack's configuration with further overlays, as an operator would."""
    environment = stack.environment()
    overlays = [*environment["CCAT_CONFIGURATION_OVERLAYS"].split(":"), *map(str, more)]
    options = [part for overlay in overlays for part in ("--overlay", overlay)]
    command = [program("opsdb"), "config", "apply", environment["CCAT_CONFIGURATION_FOLDER"], *options]
    done = subprocess.run(
        [*command, "--yes", "--by", "test"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
