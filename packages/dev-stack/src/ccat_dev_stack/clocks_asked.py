"""Which modules of a package ask the clock of a machine for the time; decisions ask the database."""

import ast
from pathlib import Path
from types import ModuleType

CLOCKS = {"utc_now", "utcnow", "now", "today", "time", "time_ns"}
"""Names by which a clock is asked; `now` of a unit of work asks the database."""
WHOSE = {"datetime", "datetime.datetime", "date", "time", "func"}
"""Whose clocks are a machine's, or stand still in a transaction."""


def clocks_asked(package: ModuleType) -> dict[str, set[str]]:
    """Return for each module of a package that asks a clock how it asks, by its path in the package."""
    assert package.__file__ is not None
    folder = Path(package.__file__).parent
    return {
        str(path.relative_to(folder)): asked
        for path in sorted(folder.rglob("*.py"))
        if (asked := asked_in(path.read_text("utf-8")))
    }


def asked_in(source: str) -> set[str]:
    """Return how the source of a module asks a clock of a machine, or of a transaction, for the time."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        whose = ast.unparse(node.func.value)
        asked = node.func.attr
        if asked == "utc_now" or (asked in CLOCKS and whose in WHOSE):
            found.add(f"{whose}.{asked}")
    return found
