"""The life of a whole stack, as a developer at a shell sees it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ccat_dev_stack import processes
from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.stack import installation


class Checkout:
    """A build folder with a stack in it."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.path = build / "dev"

    def run(self, verb: str, *arguments: str, status: int = 0) -> str:
        environment = os.environ | {"CCAT_BUILD_FOLDER": str(self.build), "SIMULATE": "0", "COLUMNS": "150"}
        command = [sys.executable, "-m", "ccat_dev_stack", verb, *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout

    def shell(self, script: str) -> str:
        """Run a script that sources the environment, in a shell that knows nothing else."""
        sourced = f". {self.path / 'env'}\n{script}"
        environment = {"PATH": os.defpath, "HOME": str(self.build)}
        result = subprocess.run(
            ["/bin/sh", "-euc", sourced],
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def pids(self) -> dict[str, int]:
        run = self.path / "run"
        found = {lock.stem: processes.running(run, lock.stem) for lock in run.glob("*.lock")}
        return {name: running.pid for name, running in found.items() if running is not None}


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    # pytest's folder can be entered by its owner only, like a checkout below /root.
    checkout = Checkout(tmp_path / "build")
    yield checkout
    checkout.run("reset")


@pytest.mark.timeout(600)
def test_life_of_a_stack(checkout: Checkout) -> None:
    # First start.
    assert "http://127.0.0.1:" in checkout.run("up")
    execution = checkout.shell(
        "ccat obs start --obs-unit Jupiter_PrimeCam_280 --module prime-cam-280"
    ).strip()
    assert "up already" in checkout.run("up")
    assert "ready" in checkout.run("status", "--once")
    for command in ("ccat", "ccat-transfer", "opsdb", "opsdb_init", "opsdb_migrate"):
        assert checkout.shell(f"command -v {command}").startswith("/")

    # Some of it is killed: the rest goes on, and a start repairs.
    before = checkout.pids()
    for name in ("guardian", "supervisor", "planner", "postgresql"):
        os.kill(before[name], signal.SIGKILL)
    checkout.run("up")
    after = checkout.pids()
    killed = {"guardian", "supervisor", "planner", "postgresql"}
    assert {name for name in before if after[name] != before[name]} == killed
    assert execution in checkout.shell("ccat find --json")

    # Down is down; a port that somebody else took in between is replaced by another.
    checkout.run("down")
    assert checkout.pids() == {}
    known = installation.load(checkout.path)
    assert known is not None
    with socket.create_server((LOOPBACK, known.api_port)):
        checkout.run("up")
        moved = installation.load(checkout.path)
        assert moved is not None
        assert moved.api_port != known.api_port
        assert moved.postgresql_port == known.postgresql_port
        assert execution in checkout.shell("ccat find --json")


def test_a_configuration_that_is_wrong_is_told_before_anything_starts(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMULATE", "fast")
    environment = os.environ | {"CCAT_BUILD_FOLDER": str(checkout.build)}
    command = [sys.executable, "-m", "ccat_dev_stack", "up"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "SIMULATE=10MB/s" in result.stderr
    assert "Traceback" not in result.stderr
    assert checkout.pids() == {}


def test_verbs_on_a_stack_that_never_was_say_so(checkout: Checkout) -> None:
    assert "make dev-up" in checkout.run("status", status=3)
    assert "never up" in checkout.run("logs", status=2)
    assert "down" in checkout.run("down")
    assert "no stack" in checkout.run("reset")
