"""Units of the supervisor tests: real processes, small ones."""

import sys
from collections.abc import Sequence
from pathlib import Path

from ccat_dev_stack.processes import Program
from ccat_dev_stack.units import Unit

NAMES = ("task", "base", "family", "late")


def units(folder: Path) -> Sequence[Unit]:
    def program(name: str, *command: str) -> Program:
        return Program(name, command, folder=folder, environment={"PATH": "/usr/bin:/bin"}, grace_seconds=1)

    answer = folder / "base-answers"
    listen = f"import pathlib, time; pathlib.Path({str(answer)!r}).touch(); time.sleep(6000)"
    return [
        # Appends a line each time it runs.
        Unit(program("task", "/bin/sh", "-c", f"echo ran >> {folder}/task-runs"), once=True),
        Unit(
            program("base", sys.executable, "-S", "-c", listen),
            needs=("task",),
            is_ready=answer.exists,
            prepare=lambda: answer.unlink(missing_ok=True),
        ),
        # Has a child that outlives it, and ignores SIGTERM.
        Unit(
            program("family", "/bin/sh", "-c", "trap '' TERM; sleep 6001 & sleep 6002; exit 3"),
            needs=("base",),
        ),
        Unit(program("late", "/bin/sleep", "6003"), needs=("family",)),
    ]


def failing_units(folder: Path) -> Sequence[Unit]:
    command = ("/bin/sh", "-c", "echo it cannot work; exit 7")
    return [Unit(Program("broken", command, folder=folder, environment={}))]
