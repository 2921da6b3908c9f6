"""Everything of a supervised stack may be killed at any moment."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccat_dev_stack import processes
from ccat_dev_stack.processes import wait_until
from ccat_dev_stack.supervision_state import GUARDIAN, SETTLED, SUPERVISOR, Folder, State
from ccat_dev_stack.supervisor import stop_all, supervisor_program

from .small_units import NAMES, units

pytestmark = pytest.mark.long

LIMIT = 20.0


class SmallStack:
    """A supervisor of the small units in a folder."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.folder = Folder(path)

    def up(self, function: str = "units", revision: str = "1") -> None:
        self.folder.want()
        program = supervisor_program(self.folder, f"small_units:{function}", revision)
        process = processes.start(program, self.folder.run, self.folder.log(SUPERVISOR))
        process.returncode = 0

    def down(self) -> None:
        stop_all(self.folder, units(self.folder.path))

    def is_settled(self) -> bool:
        reports = self.folder.reports()
        return len(reports) == len(NAMES) + 1 and all(report.state in SETTLED for report in reports)

    def pid(self, name: str) -> int:
        found = processes.running(self.folder.run, name)
        return 0 if found is None or not found.leader_alive else found.pid

    def pids(self) -> dict[str, int]:
        return {name: self.pid(name) for name in (*NAMES, SUPERVISOR, GUARDIAN) if name != "task"}

    def log(self) -> str:
        return self.folder.log(SUPERVISOR).read_text()


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture
def new_stack(tmp_path: Path) -> Iterator[Callable[[str], SmallStack]]:
    made: list[SmallStack] = []

    def make(name: str) -> SmallStack:
        made.append(SmallStack(tmp_path / name))
        return made[-1]

    yield make
    for stack in made:
        stack.down()


@pytest.fixture
def stack(new_stack: Callable[[str], SmallStack]) -> SmallStack:
    stack = new_stack("stack")
    stack.up()
    assert wait_until(stack.is_settled, LIMIT), stack.log()
    return stack


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def sleeping(seconds: int) -> list[int]:
    """Processes that sleep this long: the number marks them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if entry.read_bytes() == f"sleep\0{seconds}\0".encode():
                found.append(int(entry.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def test_starts_in_order(stack: SmallStack) -> None:
    started = [line.split()[1] for line in stack.log().splitlines() if "started" in line]
    assert [name.rstrip(":") for name in started if name != "guardian:"] == list(NAMES)


@pytest.mark.parametrize("victim", ["base", "family", "late", GUARDIAN, SUPERVISOR])
def test_a_killed_process_is_replaced_and_nothing_else(stack: SmallStack, victim: str) -> None:
    before = stack.pids()
    kill(before[victim])
    assert wait_until(lambda: stack.pid(victim) not in (0, before[victim]), LIMIT), stack.log()
    assert wait_until(stack.is_settled, LIMIT), stack.log()
    after = stack.pids()
    assert {name for name in before if before[name] != after[name]} == {victim}


def test_what_a_killed_process_had_started_does_not_stay_beside_its_successor(stack: SmallStack) -> None:
    leader = stack.pid("family")
    group = [pid for pid in sleeping(6001) if os.getpgid(pid) == leader]
    assert len(group) == 1
    kill(leader)
    assert wait_until(lambda: stack.pid("family") not in (0, leader), LIMIT)
    assert wait_until(lambda: processes.start_ticks(group[0]) is None, LIMIT)


def test_supervisor_and_units_killed_together(stack: SmallStack) -> None:
    before = stack.pids()
    kill(before[SUPERVISOR], before["base"], before["late"])
    assert wait_until(lambda: stack.pid(SUPERVISOR) not in (0, before[SUPERVISOR]), LIMIT)
    assert wait_until(stack.is_settled, LIMIT), stack.log()
    after = stack.pids()
    assert after["family"] == before["family"]
    assert {after["base"], after["late"]}.isdisjoint({before["base"], before["late"], 0})


def test_everything_killed_comes_back_with_the_next_start(stack: SmallStack) -> None:
    before = stack.pids()
    kill(before[GUARDIAN], *(pid for name, pid in before.items() if name != GUARDIAN))
    assert wait_until(lambda: set(stack.pids().values()) == {0}, LIMIT)
    stack.up()
    assert wait_until(stack.is_settled, LIMIT), stack.log()
    assert set(stack.pids().values()).isdisjoint({*before.values(), 0})
    assert (stack.folder.path / "task-runs").read_text() == "ran\nran\n"


def test_supervisor_and_guardian_killed_units_are_adopted(stack: SmallStack) -> None:
    before = stack.pids()
    kill(before[GUARDIAN], before[SUPERVISOR])
    assert wait_until(lambda: stack.pid(SUPERVISOR) == 0, LIMIT)
    stack.up()
    assert wait_until(stack.is_settled, LIMIT), stack.log()
    after = stack.pids()
    assert all(after[name] == before[name] for name in ("base", "family", "late"))
    assert f"base: adopt process {before['base']}" in stack.log()


def test_a_second_supervisor_ends_at_once(stack: SmallStack) -> None:
    before = stack.pids()
    program = supervisor_program(stack.folder, "small_units:units", "1")
    second = processes.start(program, stack.folder.run, stack.folder.log(SUPERVISOR))
    assert second.wait() == 75
    assert stack.pids() == before


def test_two_stacks_side_by_side(new_stack: Callable[[str], SmallStack]) -> None:
    first, second = new_stack("first"), new_stack("second")
    first.up()
    second.up()
    assert wait_until(lambda: first.is_settled() and second.is_settled(), LIMIT)
    assert set(first.pids().values()).isdisjoint(second.pids().values())
    first.down()
    assert set(first.pids().values()) == {0}
    assert second.is_settled()
    assert 0 not in second.pids().values()


def test_down_leaves_nothing(stack: SmallStack) -> None:
    groups = set(stack.pids().values())
    stack.down()
    left = [pid for seconds in (6001, 6002, 6003) for pid in sleeping(seconds)]
    assert [pid for pid in left if os.getpgid(pid) in groups] == []
    assert set(stack.pids().values()) == {0}
    assert stack.folder.reports() == []


def test_deleting_the_folder_ends_everything(stack: SmallStack) -> None:
    before = stack.pids()
    shutil.rmtree(stack.folder.path)
    assert wait_until(lambda: all(processes.start_ticks(pid) is None for pid in before.values()), LIMIT)


def test_a_unit_that_cannot_work_backs_off_and_says_how_it_ended(
    new_stack: Callable[[str], SmallStack],
) -> None:
    stack = new_stack("failing")
    stack.up("failing_units")

    def restarted_twice() -> bool:
        return any(report.name == "broken" and report.restarts >= 2 for report in stack.folder.reports())

    assert wait_until(restarted_twice, LIMIT)
    report = next(report for report in stack.folder.reports() if report.name == "broken")
    assert report.state in (State.RESTARTING, State.STARTING)
    assert "broken: ended with status 7; next start in 0.5 s" in stack.log()
    assert "broken: ended with status 7; next start in 1 s" in stack.log()
    assert "it cannot work" in stack.folder.log("broken").read_text()
