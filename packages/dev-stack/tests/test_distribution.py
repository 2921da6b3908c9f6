"""Tests are spread over processes: every one of them, those that share something in one process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ccat_dev_stack.distribution import order_of

SETTINGS = """\
[pytest]
in_one_process =
    shared/
started_first =
    test_long.py
"""
NOTES = """\
import os
from pathlib import Path

import pytest

@pytest.fixture(autouse=True)
def _note(request):
    with Path(os.environ["NOTES"]).open("a") as notes:
        notes.write(f"{os.getpid()} {request.node.name}\\n")
"""
SAME_IDS = """\
def pytest_collection_modifyitems(items):
    for item in items:
        if "test_same" in item.nodeid:
            item._nodeid = "test_same.py::test_same"
"""
SHARED = """\
import os
import pytest

@pytest.mark.parametrize("number", range(12))
def test_shared(number):
    if number == 3 and os.environ.get("DIES"):
        os._exit(1)
"""
MANY = """\
import pytest

@pytest.mark.parametrize("number", range(20))
def test_{name}(number):
    pass
"""


class Suite:
    """A suite of tests in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes = folder / "notes"
        (folder / "shared").mkdir()
        (folder / "pytest.ini").write_text(SETTINGS)
        (folder / "conftest.py").write_text(NOTES + SAME_IDS)
        (folder / "shared" / "test_shared.py").write_text(SHARED)
        for name in ("a", "long", "same"):
            (folder / f"test_{name}.py").write_text(MANY.format(name=name))

    def run(self, **environment: str) -> str:
        """Run it in several processes; return what was printed."""
        command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "ccat_dev_stack.testing", "-n", "2"]
        # Plugins that are not needed take seconds to import, once for each process.
        needed = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NOTES": str(self.notes)}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | needed | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def ran(self) -> list[tuple[str, str]]:
        """Return process and name of every test that ran."""
        return [(line.split()[0], line.split()[1]) for line in self.notes.read_text().splitlines()]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


def test_every_test_runs_once_and_what_shares_something_in_one_process(suite: Suite) -> None:
    assert "72 passed" in suite.run()
    ran = suite.ran()
    names = [name for _, name in ran]
    every = {f"test_{name}[{number}]" for name in ("a", "long", "same") for number in range(20)}
    assert set(names) == every | {f"test_shared[{number}]" for number in range(12)}
    assert len(names) == len(set(names)), "also those with one id for all"
    shared = [(process, name) for process, name in ran if name.startswith("test_shared")]
    assert len({process for process, _ in shared}) == 1
    assert [name for _, name in shared] == [f"test_shared[{number}]" for number in range(12)]


def test_what_a_dead_process_had_is_done_by_another(suite: Suite) -> None:
    printed = suite.run(DIES="1")
    assert "1 failed, 71 passed" in printed, printed
    after = [process for process, name in suite.ran() if name == "test_shared[4]"]
    assert {process for process, name in suite.ran() if name in ("test_shared[5]", "test_shared[11]")} == set(
        after
    )


def test_order() -> None:
    collection = ["b", "slow/1", "a", "slower/1", "whole/2", "a", "whole/1", "slow/2"]
    order = order_of(collection, ["whole/"], ["slower/", "slow/"])
    assert order == [4, 6, 3, 1, 7, 0, 2, 5]
