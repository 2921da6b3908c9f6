"""The rows of the database in the form of configuration entries, and entries written as rows."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, with_polymorphic

from ccat_ops_db.configuration.kinds import (
    KINDS,
    Children,
    Kind,
    attributes,
    canonical,
    key_columns,
    slot_key,
)
from ccat_ops_db.configuration.loaded import LoadedEntry


@dataclass(frozen=True)
class Row:
    """An entry as the database has it."""

    kind: Kind
    key: str
    row: Any
    """The object of the session."""
    values: dict[str, Any]
    """In the form in which entries and rows are compared."""
    retired_at: datetime | None


Rows = dict[str, dict[str, Row]]
"""By kind and key, retired ones too."""


def read_rows(session: Session) -> Rows:
    """Read all rows that configuration can name."""
    return {kind.name: _read_kind(session, kind) for kind in KINDS.values()}


def create_row(session: Session, loaded: LoadedEntry) -> None:
    """Add the row of an entry."""
    kind = loaded.kind
    variant = kind.variant(loaded.values)
    assert variant is not None, "validated entries have a variant"
    columns = key_columns(kind, loaded.key) | _columns(loaded)
    row: Any = variant.model(**columns)
    session.add(row)
    session.flush()
    for children in kind.children:
        _write_children(session, children, row.id, _child_values(loaded, children))


def change_row(session: Session, row: Row, loaded: LoadedEntry, fields: set[str]) -> None:
    """Give the row of an entry its new values."""
    for attribute, value in _columns(loaded).items():
        setattr(row.row, attribute, value)
    session.flush()
    for children in row.kind.children:
        if children.field in fields:
            key = row.row.id
            session.execute(delete(children.model).where(getattr(children.model, children.parent) == key))
            _write_children(session, children, key, _child_values(loaded, children))


def _read_kind(session: Session, kind: Kind) -> dict[str, Row]:
    everything = with_polymorphic(kind.model, "*") if kind.discriminators else kind.model
    found: Sequence[Any] = session.scalars(select(everything)).all()
    lists = {children.field: _read_children(session, children) for children in kind.children}
    rows = {}
    for row in found:
        discriminating = {name: getattr(row, name, None) for name in kind.discriminators}
        variant = kind.variant({name: getattr(v, "value", v) for name, v in discriminating.items()})
        if variant is None:
            continue  # of a newer release: not ours to judge
        parent = row.id
        values = {field: getattr(row, name) for field, name in attributes(kind, variant.entry).items()}
        for children in kind.children:
            if children.field in variant.entry.model_fields:
                values[children.field] = lists[children.field].get(parent, [])
        values = canonical(kind, values)
        key = slot_key(values) if kind.name == "pre_scheduled_slots" else row.id
        rows[key] = Row(kind, key, row, values, row.retired_at)
    return rows


def _read_children(session: Session, children: Children) -> dict[str, list[Any]]:
    columns = [getattr(children.model, name) for name in children.columns]
    parent = getattr(children.model, children.parent)
    found: dict[str, list[Any]] = defaultdict(list)
    for key, *values in session.execute(select(parent, *columns)):
        single = len(children.columns) == 1
        found[key].append(values[0] if single else dict(zip(children.columns, values, strict=True)))
    return found


def _columns(loaded: LoadedEntry) -> dict[str, Any]:
    """Return attribute → value of an entry, with Python's types (times, enumerations), documents as JSON."""
    named = attributes(loaded.kind, type(loaded.entry))
    columns = {}
    for field, attribute in named.items():
        value = getattr(loaded.entry, field)
        columns[attribute] = loaded.values[field] if isinstance(loaded.values[field], dict) else value
    for field in loaded.kind.discriminators[:1]:
        columns.pop(named[field])  # the class of the row implies it
    return columns


def _child_values(loaded: LoadedEntry, children: Children) -> list[dict[str, Any]]:
    if children.field not in type(loaded.entry).model_fields:
        return []
    given = getattr(loaded.entry, children.field)
    if len(children.columns) == 1:
        return [{children.columns[0]: value} for value in dict.fromkeys(given)]
    return [{name: getattr(child, name) for name in children.columns} for child in given]


def _write_children(session: Session, children: Children, parent: object, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(children.model), [{children.parent: parent, **row} for row in rows])
