"""The servers that test runs share outlive runs, and nothing else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccat_dev_stack import processes, shared_services

pytestmark = pytest.mark.long

NAMES = ("postgresql", "redis", "seaweedfs", "idle-watch")


@pytest.fixture
def other_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CCAT_BUILD_FOLDER", str(tmp_path / "build"))
    yield tmp_path / "build"
    shared_services.stop_all()


def pids() -> dict[str, int]:
    run = shared_services.folder() / "run"
    found = {name: processes.running(run, name) for name in NAMES}
    return {name: running.pid for name, running in found.items() if running is not None}


def test_a_second_run_uses_what_runs_and_replaces_what_was_killed(other_build: Path) -> None:
    first = shared_services.running_services()
    before = pids()
    assert set(before) == set(NAMES)
    assert shared_services.running_services() == first
    assert pids() == before
    os.kill(before["redis"], signal.SIGKILL)
    assert processes.wait_until(lambda: "redis" not in pids(), 10)
    assert shared_services.running_services() == first
    after = pids()
    assert {name for name in NAMES if after[name] != before[name]} == {"redis"}


def test_data_torn_by_a_power_cut_are_thrown_away(other_build: Path) -> None:
    services = shared_services.running_services()
    for name in NAMES:
        processes.kill(shared_services.folder() / "run", name)
    # What an unsynced write leaves: the file is there and empty.
    home = services.postgresql.folder
    outside = home / "outside"
    data = (outside.readlink() if outside.is_symlink() else home) / "data"
    (data / "global" / "pg_control").write_bytes(b"")
    assert shared_services.running_services().postgresql.is_ready()


def test_stop_leaves_nothing(other_build: Path) -> None:
    services = shared_services.running_services()
    before = pids()
    command = [sys.executable, "-m", "ccat_dev_stack.shared_services", "stop"]
    subprocess.run(command, check=True)
    assert pids() == {}
    assert all(processes.start_ticks(pid) is None for pid in before.values())
    assert not shared_services.folder().exists()
    assert not services.postgresql.folder.exists()
    assert not services.s3.folder.exists()
