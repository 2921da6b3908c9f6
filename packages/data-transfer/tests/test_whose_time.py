"""No decision of the engine reads the clock of a machine: who may ask one for the time is written here."""

import ast
from pathlib import Path

import ccat_data_transfer

SOURCE = Path(ccat_data_transfer.__file__).parent
MAY_ASK_A_MACHINE = {
    "work/run.py": "notes what the worker's clock said, and dates lines of logs",
    "cli/doctor.py": "compares the clock of its machine with the database's time",
    "data_server/app.py": "signed addresses end by the clock of the API, which signs them",
    "storage/s3_client.py": "stores check the time of a signature; temporary keys run out",
}
CLOCKS = {"utc_now", "utcnow", "now", "today", "time", "time_ns"}
"""Names by which a clock is asked; `now` of a unit of work asks the database."""


def asks(tree: ast.AST) -> set[str]:
    """Return how a module asks a clock of a machine, or of a transaction, for the time."""
    found = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        whose = ast.unparse(node.func.value)
        asked = node.func.attr
        if asked == "utc_now" or (asked in CLOCKS and whose in {"datetime", "date", "time", "func"}):
            found.add(f"{whose}.{asked}")
    return found


def test_decisions_are_made_by_the_time_of_the_database() -> None:
    found = {
        str(path.relative_to(SOURCE)): asked
        for path in sorted(SOURCE.rglob("*.py"))
        if (asked := asks(ast.parse(path.read_text("utf-8"))))
    }
    assert set(found) == set(MAY_ASK_A_MACHINE), found


def test_the_look_finds_what_it_looks_for() -> None:
    for text in (
        "clock.utc_now()",
        "datetime.now(UTC)",
        "time.time()",
        "func.now()",
        "self._clock.utc_now()",
    ):
        assert asks(ast.parse(text)), text
    for text in ("work.now()", "database_now(session)", "at.time()", "clock.monotonic()"):
        assert not asks(ast.parse(text)), text
