"""The order of locks, looked at while tests run: copies are locked before work is, everywhere."""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

import ccat_data_transfer
from ccat_data_transfer.work.kinds import KINDS

_ENGINE = str(Path(ccat_data_transfer.__file__).parent)
_TESTS = str(Path(__file__).parent)

WORK = frozenset(kind.name for kind in KINDS.values())
_WRITTEN = re.compile(r"\b(?:UPDATE|DELETE FROM) (\w+)")
_LOCKS = re.compile(r"\bFOR (?:NO KEY |KEY )?(?:UPDATE|SHARE)\b")
_LOCKED = re.compile(
    r"\bFROM (\w+).*\bFOR (?:NO KEY )?(?:UPDATE|SHARE)\b|\bFROM (\w+).*\bFOR KEY SHARE\b", re.S
)


@cache
def locks(statement: str) -> str | None:
    """Return what a statement locks, ``copy`` or ``work``, if it would wait for it."""
    if "SKIP LOCKED" in statement:
        return None
    # Only a statement that locks is worth the long look from each of its tables to its end.
    found = _WRITTEN.search(statement) or (_LOCKS.search(statement) and _LOCKED.search(statement))
    table = None if found is None else next(filter(None, found.groups()))
    return "copy" if table == "physical_copy" else "work" if table in WORK else None


class LockOrder:
    """Notes each copy that is locked after work was, by one transaction, or one savepoint of it.

    Who does several things in one transaction does each in a savepoint, and each by itself is looked at.
    """

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def watch(self, engine: Engine) -> None:
        """Look at every transaction of an engine from now on."""
        event.listen(engine, "after_cursor_execute", self._look)
        for name in ("begin", "savepoint", "release_savepoint", "rollback_savepoint"):
            event.listen(engine, name, _begin)

    def take(self) -> list[str]:
        """Return what was wrong since the last time."""
        wrong, self.wrong = self.wrong, []
        return wrong

    def _look(self, connection: Connection, cursor: Any, statement: str, *_: object) -> None:
        what = locks(statement)
        if what is None or cursor.rowcount < 1 or not _said_by_the_engine():
            return
        first = connection.info.setdefault("locked_first", (what, statement))
        if what == "copy" and first[0] == "work":
            self.wrong.append(f"a copy is locked after work was:\n{first[1]}\n{statement}")


def _said_by_the_engine() -> bool:
    """Tell whether the engine itself executes a statement, and not a test that prepares something."""
    frame = sys._getframe()
    while (caller := frame.f_back) is not None:
        frame = caller
        if frame.f_code.co_filename.startswith(_ENGINE):
            return True
        if frame.f_code.co_filename.startswith(_TESTS) and frame.f_code.co_filename != __file__:
            return False
    return False


def _begin(connection: Connection, *_: object) -> None:
    connection.info.pop("locked_first", None)
