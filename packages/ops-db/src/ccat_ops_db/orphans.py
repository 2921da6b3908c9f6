"""Orphans: rows that name a row of another owner which is not here.

No foreign key leads to another owner, so that rows may arrive in any order. What stays missing was lost.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Column, Uuid, func, select
from sqlalchemy.engine import Connection

from ccat_ops_db.models import Base
from ccat_ops_db.replication.classes import OWNED

MOST = 1000
"""So many orphans of a kind are counted."""

OTHER_NAMES = {"source_copy_id": "physical_copy", "claim_id": "copy_claim"}
"""Columns that do not have the name of the table that they lead to."""


class Reference(NamedTuple):
    """A column that names a row of any owner."""

    table: str
    column: str
    parent: str


def references() -> Iterator[Reference]:
    """Yield the columns of owned tables that name rows of any owner."""
    for name in OWNED:
        for column in Base.metadata.tables[name].columns:
            parent = OTHER_NAMES.get(column.name, column.name.removesuffix("_id"))
            if isinstance(column.type, Uuid) and parent in OWNED and not _is_tied(column):
                yield Reference(name, column.name, parent)


def count_orphans(connection: Connection, reference: Reference) -> int:
    """Return how many rows name one that is not here, `MOST` at the most."""
    table, parent = (Base.metadata.tables[name] for name in (reference.table, reference.parent))
    # A table may name rows of its own kind.
    missing = parent.alias("missing")
    names = table.c[reference.column]
    orphans = (
        select(names)
        .where(names.is_not(None), ~select(missing.c.id).where(missing.c.id == names).exists())
        .limit(MOST)
        .subquery()
    )
    return connection.execute(select(func.count()).select_from(orphans)).scalar_one()


def _is_tied(column: Column[object]) -> bool:
    return bool(column.foreign_keys)
