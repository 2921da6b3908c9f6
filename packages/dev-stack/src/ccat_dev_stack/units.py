"""What a supervisor keeps running: units with what they need and when they are ready."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ccat_dev_stack.processes import Program


@dataclass(frozen=True)
class Unit:
    """A program under supervision.

    Parameters
    ----------
    program
        What to run.
    needs
        Names of the units that must be ready first.
    is_ready
        Says whether it answers; a program without one is ready as soon as it runs.
    prepare
        Called before each start; twice must be as once.
    once
        True for a task: it runs to its end once per start of the supervisor, and is ready when it ended with
        status 0.
    """

    program: Program
    needs: tuple[str, ...] = ()
    is_ready: Callable[[], bool] | None = None
    prepare: Callable[[], None] | None = None
    once: bool = False

    @property
    def name(self) -> str:
        """Name of the program."""
        return self.program.name


class UnitError(ValueError):
    """Units need each other in a circle, or something that is not there."""


def levels(units: Iterable[Unit]) -> list[list[Unit]]:
    """Group units so that each needs only units of earlier groups.

    Raises
    ------
    UnitError
        There is no such order.
    """
    left: Mapping[str, Unit] = {unit.name: unit for unit in units}
    known = set(left)
    done: set[str] = set()
    order: list[list[Unit]] = []
    for unit in left.values():
        missing = set(unit.needs) - known
        if missing:
            raise UnitError(f"{unit.name} needs {', '.join(sorted(missing))}, which no unit is")
    while left:
        level = [unit for unit in left.values() if set(unit.needs) <= done]
        if not level:
            raise UnitError(f"these need each other in a circle: {', '.join(sorted(left))}")
        order.append(level)
        done |= {unit.name for unit in level}
        left = {name: unit for name, unit in left.items() if name not in done}
    return order
