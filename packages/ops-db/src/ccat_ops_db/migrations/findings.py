"""What a revision does to tables that are in use, read from its SQL.

Only what PostgreSQL is known to do under a strong lock, or cannot undo. Tables that the same revision creates
are empty and used by nobody: nothing is said of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_NAME = r'(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?(?:"?public"?\.)?"?(?P<table>\w+)"?'
_COLUMN = r'(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"?(?P<column>\w+)"?'
_STABLE = ("now()", "current_timestamp", "transaction_timestamp()", "statement_timestamp()")


@dataclass(frozen=True)
class Finding:
    """What a statement does to a table that is in use."""

    table: str
    what: str
    destroys: bool = False
    """Whether something is gone for good."""

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    what: str
    destroys: bool = False
    applies: Callable[[str], bool] = lambda statement: True


def _rule(pattern: str, what: str, destroys: bool = False) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE | re.DOTALL), what, destroys)


_ALTER = rf"^ALTER\s+TABLE\s+{_NAME}\s.*?"
_RULES = (
    _rule(rf"^DROP\s+TABLE\s+{_NAME}", "drops the table {table}", True),
    _rule(rf"^TRUNCATE\s+(?:TABLE\s+)?{_NAME}", "empties the table {table}", True),
    _rule(rf"^DELETE\s+FROM\s+{_NAME}", "deletes rows of {table}", True),
    _rule(
        rf"{_ALTER}\bDROP\s+(?!CONSTRAINT|DEFAULT|NOT|IDENTITY|EXPRESSION)(?:COLUMN\s+)?{_COLUMN}",
        "drops the column {table}.{column}",
        True,
    ),
    _rule(rf"{_ALTER}\bRENAME\s+TO\b", "renames the table {table}: older releases do not find it", True),
    _rule(
        rf"{_ALTER}\bRENAME\s+(?!TO\b|CONSTRAINT\b)(?:COLUMN\s+)?{_COLUMN}",
        "renames the column {table}.{column}: older releases do not find it",
        True,
    ),
    _rule(
        rf"^CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b).*?\sON\s+{_NAME}",
        "locks {table} against writing while it builds an index",
    ),
    _rule(
        rf"^DROP\s+INDEX\s+(?!CONCURRENTLY\b){_NAME}",
        "locks the table of the index {table} while it drops it",
    ),
    _rule(
        rf"{_ALTER}\bALTER\s+(?:COLUMN\s+)?{_COLUMN}\s+SET\s+NOT\s+NULL",
        "reads all of {table} under an exclusive lock to see that {column} is never null",
    ),
    _rule(
        rf"{_ALTER}\bALTER\s+(?:COLUMN\s+)?{_COLUMN}\s+(?:SET\s+DATA\s+)?TYPE\b",
        "may write all of {table} anew under an exclusive lock to change the type of {column}",
    ),
    _Rule(
        re.compile(rf"{_ALTER}\bADD\s+(?:COLUMN\s+)?{_COLUMN}\s.*\bDEFAULT\s.*\w\(", re.I | re.S),
        "writes all of {table} anew under an exclusive lock to fill {column}",
        applies=lambda statement: not any(name in statement.lower() for name in _STABLE),
    ),
    _Rule(
        re.compile(rf"{_ALTER}\bADD\s+(?:CONSTRAINT\s+\w+\s+)?(?:CHECK|FOREIGN\s+KEY)\b", re.I | re.S),
        "reads all of {table} under a lock to check a constraint",
        applies=lambda statement: "NOT VALID" not in statement.upper(),
    ),
    _Rule(
        re.compile(
            rf"{_ALTER}\bADD\s+(?:CONSTRAINT\s+\w+\s+)?(?:UNIQUE|PRIMARY\s+KEY|EXCLUDE)\b", re.I | re.S
        ),
        "locks {table} while it builds the index of a constraint",
        applies=lambda statement: "USING INDEX" not in statement.upper(),
    ),
)
_CREATED = re.compile(rf"^CREATE\s+(?:UNLOGGED\s+)?TABLE\s+{_NAME}", re.I)
_TOUCHED = re.compile(
    rf"^(?:ALTER\s+TABLE|DROP\s+TABLE|TRUNCATE(?:\s+TABLE)?|DELETE\s+FROM|UPDATE|INSERT\s+INTO"
    rf"|CREATE\s+(?:UNIQUE\s+)?INDEX\s.*?\sON)\s+{_NAME}",
    re.I | re.S,
)


def findings(sql: str) -> list[Finding]:
    """Return what the SQL of a revision does to tables that are in use."""
    statements = _statements(sql)
    created = _tables(_CREATED, statements)
    found: list[Finding] = []
    for statement in statements:
        for rule in _RULES:
            match = rule.pattern.match(statement)
            if match and match["table"] not in created and rule.applies(statement):
                found.append(Finding(match["table"], rule.what.format(**match.groupdict()), rule.destroys))
    return list(dict.fromkeys(found))


def touched_tables(sql: str) -> list[str]:
    """Return the tables in use that the SQL of a revision changes, sorted."""
    statements = _statements(sql)
    return sorted(_tables(_TOUCHED, statements) - _tables(_CREATED, statements) - {"alembic_version"})


def _tables(pattern: re.Pattern[str], statements: list[str]) -> set[str]:
    return {match["table"] for statement in statements if (match := pattern.match(statement))}


def _statements(sql: str) -> list[str]:
    """Split SQL into statements; bodies of functions are left out, what they do is not done now."""
    without_bodies = re.sub(r"\$(\w*)\$.*?\$\1\$", "$$$$", sql, flags=re.S)
    without_comments = re.sub(r"--[^\n]*", "", without_bodies)
    without_texts = re.sub(r"'(?:[^']|'')*'", "''", without_comments)
    statements = (statement.strip() for statement in without_texts.split(";"))
    return [
        statement
        for statement in statements
        if statement and not re.match(r"(?:UPDATE|INSERT\s+INTO|DELETE\s+FROM)\s+alembic_version", statement)
    ]
