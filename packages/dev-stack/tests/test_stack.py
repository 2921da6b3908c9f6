"""What the verbs say when there is no stack; whole ones live in tests/integration/embedded."""

import io
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ccat_dev_stack import checkout as checkout_module
from ccat_dev_stack import processes
from ccat_dev_stack.ports import LOOPBACK
from ccat_dev_stack.preloaded import run_preloaded
from ccat_dev_stack.stack import installation
from ccat_dev_stack.stack.addresses import address_table
from ccat_dev_stack.stack.environment import api_settings


class Checkout:
    """A build folder with a stack in it."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.path = build / "dev"

    def run(self, verb: str, *arguments: str, status: int = 0) -> str:
        environment = os.environ | {"CCAT_BUILD_FOLDER": str(self.build), "SIMULATE": "0", "COLUMNS": "150"}
        done = run_preloaded("ccat_dev_stack.stack.commands", ["dev-stack", verb, *arguments], environment)
        assert done.status == status, done.out + done.err
        return done.out

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


def test_ports_stay_unless_somebody_else_has_them(tmp_path: Path) -> None:
    made = installation.make_or_mend(tmp_path, "0")
    assert installation.make_or_mend(tmp_path, "0") == made
    with socket.create_server((LOOPBACK, made.api_port)):
        moved = installation.make_or_mend(tmp_path, "0")
    assert moved.api_port != made.api_port
    assert replace(moved, api_port=made.api_port) == made
    assert installation.load(tmp_path) == moved


@pytest.mark.parametrize("built", [True, False])
def test_the_web_interface_stands_first_and_is_served_when_it_is_built(
    built: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "build" / "ui"
    folder.mkdir(parents=True)
    monkeypatch.setattr(checkout_module, "checkout_folder", lambda: tmp_path)
    made = installation.make_or_mend(tmp_path / "dev", "0")
    before = made.revision()
    if built:
        (folder / "index.html").write_text("<!doctype html>")
    out = Console(file=io.StringIO(), width=200)
    out.print(address_table(made))
    assert isinstance(out.file, io.StringIO)
    first = out.file.getvalue().strip().splitlines()[0]
    assert first.startswith("web interface")
    assert (f"{made.api_url}/ " in first) == built
    assert ("sign in" if built else "make dev-up builds it") in first
    assert api_settings(made).get("CCAT_OPS_DB_API_UI_FOLDER") == (str(folder) if built else None)
    assert (made.revision() != before) == built, "a stack that runs without it is started anew"


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
