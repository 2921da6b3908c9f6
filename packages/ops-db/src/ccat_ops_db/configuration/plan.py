"""What applying a configuration would do: the difference between the files and the database."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_ops_db.configuration.consequences import Judgement, judge_change, judge_creation, judge_retirement
from ccat_ops_db.configuration.kinds import KINDS
from ccat_ops_db.configuration.loaded import Configuration, LoadedEntry
from ccat_ops_db.configuration.rows import Row, Rows, read_rows
from ccat_ops_db.models import ConfigurationRevision


class Action(StrEnum):
    """What happens to a row."""

    CREATE = "create"
    CHANGE = "change"
    RETIRE = "retire"
    RESTORE = "restore"


class Prune(StrEnum):
    """What becomes of rows that the configuration ceases to name."""

    RETIRE = "retire"
    KEEP = "keep"
    """They stay, and from then on belong to no configuration."""


@dataclass(frozen=True)
class Difference:
    """A value that changes."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Change:
    """What happens to one row."""

    action: Action
    kind: str
    key: str
    differences: tuple[Difference, ...] = ()
    consequences: tuple[str, ...] = ()
    """What follows from it, counted."""
    refusals: tuple[str, ...] = ()
    """Why it cannot be applied."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json`` and for the record."""
        return {
            "action": self.action.value,
            "kind": self.kind,
            "key": self.key,
            "differences": [{"field": d.field, "old": d.old, "new": d.new} for d in self.differences],
            "consequences": list(self.consequences),
            "refusals": list(self.refusals),
        }

    def line(self) -> str:
        """Return it in one line for people."""
        details = "; ".join(f"{d.field}: {_short(d.old)} → {_short(d.new)}" for d in self.differences)
        shown = f" ({details})" if details and self.action is not Action.CREATE else ""
        return f"{self.action} {self.kind}.{self.key}{shown}"


@dataclass(frozen=True)
class Plan:
    """All that applying would do, in the order in which it is done."""

    changes: tuple[Change, ...]
    unmanaged: tuple[tuple[str, str], ...] = ()
    """Kind and key of rows that no configuration ever named; they are left alone."""

    def __bool__(self) -> bool:
        return bool(self.changes)

    def count(self, action: Action) -> int:
        """Return how many rows an action concerns."""
        return Counter(change.action for change in self.changes)[action]

    @property
    def refusals(self) -> list[str]:
        """Why it cannot be applied, a line each."""
        return [
            f"{change.action} {change.kind}.{change.key}: {reason}"
            for change in self.changes
            for reason in change.refusals
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "changes": [change.as_dict() for change in self.changes],
            "unmanaged": [f"{kind}.{key}" for kind, key in self.unmanaged],
            "refused": bool(self.refusals),
            "hash": self.hash(),
        }

    def hash(self) -> str:
        """Return a short text that is the same for the same plan: what was looked at is what is applied."""
        text = json.dumps([[c.action, c.kind, c.key, c.as_dict()["differences"]] for c in self.changes])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_plan(
    session: Session,
    configuration: Configuration,
    moved: Collection[str] = (),
    prune: Prune = Prune.RETIRE,
) -> Plan:
    """Compare a configuration with the database.

    Parameters
    ----------
    session : Session
        Only read from.
    configuration : Configuration
        What is wanted.
    moved : collection of str
        Locations whose bytes were brought to their new place already: their path or bucket may change.
    prune : Prune
        What becomes of rows that the configuration ceases to name.
    """
    return compare(session, configuration, read_rows(session), managed_rows(session, prune), moved)


def compare(
    session: Session,
    configuration: Configuration,
    rows: Rows,
    managed: dict[str, dict[str, Any]],
    moved: Collection[str],
) -> Plan:
    """Compare a configuration with rows that were read."""
    forward: list[Change] = []
    backward: list[Change] = []
    unmanaged: list[tuple[str, str]] = []
    going = {
        (kind, key)
        for kind, of_kind in rows.items()
        for key, row in of_kind.items()
        if row.retired_at is None and key in managed.get(kind, {}) and key not in configuration.entries[kind]
    }
    named = going | {(kind, key) for kind, entries in configuration.entries.items() for key in entries}
    for kind in KINDS:
        wanted = configuration.entries[kind]
        for key, loaded in wanted.items():
            change = _compare_entry(session, loaded, rows[kind].get(key), moved)
            if change is not None:
                forward.append(change)
        for key, row in rows[kind].items():
            if (kind, key) in going:
                judgement = judge_retirement(session, row, rows, named)
                backward.append(_change(Action.RETIRE, kind, key, (), judgement))
            elif key not in wanted and row.retired_at is None:
                unmanaged.append((kind, key))
    return Plan((*forward, *reversed(backward)), tuple(unmanaged))


def managed_rows(session: Session, prune: Prune) -> dict[str, dict[str, Any]]:
    """Return the rows that are retired when a configuration ceases to name them."""
    return last_content(session) if prune is Prune.RETIRE else {}


def last_content(session: Session) -> dict[str, dict[str, Any]]:
    """Return what was applied last: kind → key → values; empty before the first time."""
    revision = last_revision(session)
    return revision.content if revision is not None else {}


def last_revision(session: Session) -> ConfigurationRevision | None:
    """Return the record of what was applied last."""
    newest = ConfigurationRevision.applied_at.desc(), ConfigurationRevision.id.desc()
    return session.scalars(select(ConfigurationRevision).order_by(*newest).limit(1)).first()


def differences(old: dict[str, Any], new: dict[str, Any]) -> tuple[Difference, ...]:
    """Return the fields that differ, in the order of the new values."""
    names = [*new, *(name for name in old if name not in new)]
    return tuple(
        Difference(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    )


def _compare_entry(
    session: Session, loaded: LoadedEntry, row: Row | None, moved: Collection[str]
) -> Change | None:
    kind, key = loaded.kind.name, loaded.key
    if row is None:
        new = tuple(Difference(f, None, v) for f, v in loaded.values.items() if v not in (None, [], {}))
        return _change(Action.CREATE, kind, key, new, judge_creation(session, loaded))
    changed = differences(row.values, loaded.values)
    if row.retired_at is None and not changed:
        return None
    action = Action.CHANGE if row.retired_at is None else Action.RESTORE
    judgement = judge_change(session, row, {d.field: (d.old, d.new) for d in changed}, key in moved)
    return _change(action, kind, key, changed, judgement)


def _change(
    action: Action, kind: str, key: str, changed: tuple[Difference, ...], judgement: Judgement
) -> Change:
    return Change(action, kind, key, changed, tuple(judgement.consequences), tuple(judgement.refusals))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
