"""`dev-up`, `dev-down` and `dev-reset` whatever happened before, and two stacks beside each other.

`make test` looks at the stack of all tests; what needs a second one, to be killed and stopped, the tests of
`dev-stack` try with small units, and those here in the long run.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from harness.api import Api
from harness.ccat import Ccat
from harness.embedded import EmbeddedStack
from harness.observing import observe, wait_removed

from ccat_dev_stack.checkout import checkout_folder
from harness import trees

NUMBER_OF_UNITS = 11


@pytest.fixture(scope="module")
def second(stack: EmbeddedStack) -> Iterator[EmbeddedStack]:
    """A second stack, while the first runs."""
    assert stack.folder.reports()
    second = EmbeddedStack(checkout_folder() / "build" / "integration-second")
    second.reset()
    try:
        second.up()
        yield second
    finally:
        second.reset()


def test_up_when_it_is_up_says_so_and_changes_nothing(stack: EmbeddedStack) -> None:
    before = {name: stack.pid(name) for name in stack.units() if name != "setup"}
    assert len(before) == NUMBER_OF_UNITS
    printed = stack.up()
    assert "up already" in printed
    assert stack.deployment().api_url in printed
    assert {name: stack.pid(name) for name in before} == before


def test_status_and_logs_show_it(stack: EmbeddedStack) -> None:
    done = stack.verb("status", "--once")
    assert done.status == 0, done.out + done.err
    assert "ready" in done.out
    for name in stack.units():
        assert name == "supervisor" or name in done.out
    logs = stack.verb("logs", "--no-follow", "redis")
    assert logs.status == 0, logs.out + logs.err
    assert "redis" in logs.out


def test_a_shell_that_sources_the_environment_has_every_command(stack: EmbeddedStack) -> None:
    for command in ("ccat", "ccat-transfer", "opsdb", "opsdb_init", "opsdb_migrate"):
        assert _shell(stack, f"command -v {command}").startswith("/")
    started = _shell(stack, "ccat obs start --obs-unit Jupiter_PrimeCam_280 --module prime-cam-280").strip()
    assert started in _shell(stack, "ccat find --json")


@pytest.mark.long
def test_two_stacks_run_side_by_side(stack: EmbeddedStack, second: EmbeddedStack, tmp_path: Path) -> None:
    """Each does the whole main job, and neither sees the other's."""
    ours, theirs = stack.deployment(), second.deployment()
    assert ours.api_url != theirs.api_url
    executions = {}
    for name, deployment in (("ours", ours), ("theirs", theirs)):
        home = tmp_path / name
        home.mkdir()
        folder = deployment.source_folder / f"side-by-side-{name}"
        trees.write(folder / "scan.fits", name.encode())
        ccat = Ccat(deployment, home, deployment.token)
        executions[name] = observe(ccat, {"chai-lfa": folder})
        wait_removed(ccat, executions[name])
    with Api(theirs, theirs.token) as api:
        assert [execution["id"] for execution in api.all("executed-obs-units")] == [executions["theirs"]]
    with Api(theirs, ours.token) as api:
        assert api.send("GET", "me").status_code == 401


@pytest.mark.long
def test_up_repairs_what_was_killed_and_leaves_the_rest(second: EmbeddedStack) -> None:
    killed = {"guardian", "supervisor", "planner", "postgresql"}
    names = {"guardian", *second.units()} - {"setup"}
    before = {name: second.pid(name) for name in names}
    for name in ("guardian", "supervisor", "planner", "postgresql"):
        os.kill(before[name], signal.SIGKILL)
    second.up()
    assert {name for name in names if second.pid(name) != before[name]} == killed


@pytest.mark.long
def test_up_repairs_what_was_killed_all_at_once(second: EmbeddedStack, tmp_path: Path) -> None:
    """Data, tokens and addresses are what they were."""
    before = second.environment()
    deployment = second.deployment()
    folder = deployment.source_folder / "killed"
    trees.write(folder / "scan.fits", b"filed before everything was killed")
    ccat = Ccat(deployment, tmp_path, deployment.token)
    execution_id = observe(ccat, {"chai-lfa": folder})
    # First those that would start the others again.
    for name in ("guardian", "supervisor", *second.units()):
        second.kill_group(name)
    printed = second.up()
    assert "up already" not in printed
    assert second.environment() == before
    wait_removed(ccat, execution_id)


@pytest.mark.long
def test_down_leaves_no_process_and_up_finds_the_data(second: EmbeddedStack, tmp_path: Path) -> None:
    """Even where somebody else took a port in between."""
    deployment = second.deployment()
    ccat = Ccat(deployment, tmp_path, deployment.token)
    known = {execution["id"] for execution in ccat.json("find")}
    second.down()
    assert second.processes_left() == {}
    assert second.verb("status", "--once").status == 3
    second.down()
    before = second.environment()
    address = urlsplit(deployment.api_url)
    with socket.create_server((str(address.hostname), address.port or 80)):
        second.up()
        moved = second.deployment()
        changed = {name for name, value in second.environment().items() if before[name] != value}
        assert changed == {name for name, value in before.items() if f":{address.port}" in value}
        ccat = Ccat(moved, tmp_path, moved.token)
        assert {execution["id"] for execution in ccat.json("find")} == known


@pytest.mark.long
def test_reset_leaves_neither_process_nor_data(second: EmbeddedStack) -> None:
    second.reset()
    assert second.processes_left() == {}
    assert not second.folder.path.exists()
    second.reset()


def _shell(stack: EmbeddedStack, script: str) -> str:
    """Run a script in a shell that knows nothing but what the stack wrote for shells."""
    done = subprocess.run(
        ["/bin/sh", "-euc", f". {stack.folder.path / 'env'}\n{script}"],
        env={"PATH": os.defpath, "HOME": str(stack.build)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
