"""Two computers share the folder of a spool, by a network file system, and their clocks are years apart."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccat_ops_db_client.identity import new_id
from ccat_ops_db_client.spool import Spool
from ccat_ops_db_client.spool_listing import Counts, counts

from .conftest import Api, ccat_environment
from .seed import OBS_UNIT, SOURCE
from .test_each_line import PACKAGE, ledger


class Computer:
    """One of them."""

    def __init__(self, name: str, years: int, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.computer", name, str(years)),
                *(OBS_UNIT, "chai-lfa", SOURCE),
            ],
            env={**os.environ, **environment, "CCAT_SPOOL_ON_NETWORK": "true"},
            cwd=PACKAGE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, *step: object) -> None:
        """Let it begin a step."""
        assert self._process.stdin is not None
        self._process.stdin.write(" ".join(map(str, step)) + "\n")
        self._process.stdin.flush()

    def do(self, *step: object) -> list[str]:
        """Let it do a step; return what it says."""
        self.begin(*step)
        return self.end()

    def end(self) -> list[str]:
        """Wait for the end of a step; return what it says."""
        assert self._process.stdout is not None
        said: list[str] = []
        for line in self._process.stdout:
            if line == "done\n":
                return said
            said.append(line.strip())
        raise AssertionError("it ended")

    def kill(self) -> None:
        """Let it lose its power."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


Make = Callable[[str, int], Computer]


@pytest.fixture
def computer(api: Api, spool_folder: Path) -> Iterator[Make]:
    """Make a computer by its name, and by how many years its clock is ahead."""
    made: list[Computer] = []

    def make(name: str, years: int) -> Computer:
        made.append(Computer(name, years, ccat_environment(api, spool_folder)))
        return made[-1]

    yield make
    for each in made:
        each.kill()


@pytest.mark.parametrize("years", [(0, -25), (30, 0)])
def test_nothing_is_lost_or_doubled_and_order_is_kept(
    api: Api, computer: Make, spool_folder: Path, years: tuple[int, int]
) -> None:
    one, other = (computer(name, ahead) for name, ahead in zip(("one", "other"), years, strict=True))
    executions = [str(new_id()) for _ in range(6)]
    for execution in executions:
        one.do("start", execution)
        other.do("file", execution, f"{execution}/0.fits")
        # While one had the file of the spool: what is kept beside it has no sequence but its name.
        other.do("beside", execution)
        one.do("file", execution, f"{execution}/1.fits")
        other.do("finish", execution)
    one.begin("replay")
    other.begin("replay")
    # Whatever it has done by now; the other one does not know whether it lives.
    one.kill()
    assert other.end() == ["0"]
    assert counts(Spool(spool_folder)) == Counts(0, 0, 0)
    seen = [
        {
            "execution": execution,
            "files": (files := [f"{execution}/{number}.fits" for number in (0, 1)]),
            "acknowledged": ["start", *files, "finish"],
        }
        for execution in executions
    ]
    assert ledger(api, seen) == []
