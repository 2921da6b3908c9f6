"""The kinds of work: one line each, from the table to the operation in its queue's name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, String, cast, exists, null, select, union_all
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import ask, fixed, is_among
from ccat_ops_db.enumerations import LocationType, Operation
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    StagingItem,
    Work,
)
from ccat_ops_db.models.base import snake_case


@dataclass(frozen=True)
class WorkKind:
    """How the rows of one work table are run.

    Attributes
    ----------
    table : type
        Model of the rows.
    operation : Operation
        Last part of the queue's name.
    location : str
        Column with the location whose workers do it.
    reads : str or None
        Column with the copy that is read, where that is not at `location`.
    writes : str or None
        Column with the location that is written to.
    location_types : frozenset
        Types of locations at which this work can be.
    """

    table: type[Work]
    operation: Operation
    location: str
    reads: str | None
    writes: str | None
    location_types: frozenset[LocationType]

    @property
    def name(self) -> str:
        """Name of the table."""
        return snake_case(self.table.__name__)


_ANYWHERE = frozenset(LocationType)

KINDS: dict[Operation, WorkKind] = {
    kind.operation: kind
    for kind in (
        WorkKind(
            PackageCreation,
            Operation.PACKAGE_CREATION,
            "source_location_id",
            None,
            "destination_location_id",
            frozenset({LocationType.SOURCE}),
        ),
        WorkKind(
            DataTransfer,
            Operation.TRANSFER,
            "source_location_id",
            None,
            "destination_location_id",
            frozenset({LocationType.BUFFER, LocationType.LONG_TERM_ARCHIVE}),
        ),
        WorkKind(FixityCheck, Operation.VERIFY, "data_location_id", None, None, _ANYWHERE),
        WorkKind(
            LongTermArchiveTransfer,
            Operation.ARCHIVE_TRANSFER,
            "destination_location_id",
            "source_copy_id",
            "destination_location_id",
            frozenset({LocationType.LONG_TERM_ARCHIVE}),
        ),
        WorkKind(
            StagingItem,
            Operation.STAGING,
            "destination_location_id",
            "source_copy_id",
            "destination_location_id",
            frozenset({LocationType.PROCESSING}),
        ),
        WorkKind(Deletion, Operation.DELETION, "data_location_id", None, None, _ANYWHERE),
    )
}


Condition = Callable[[Any], ColumnElement[bool]]


def kinds_with(session: Session, condition: Condition, **parameters: Any) -> list[WorkKind]:
    """Return the kinds of which a row meets a condition; one statement for all tables.

    Parameters
    ----------
    condition : callable
        A function of a module, as its statement is kept: gives the condition for a table.
    **parameters
        The sites whose rows are looked at (``sites``), and what the condition takes.
    """
    found = set(ask(session, _look(condition), **parameters).scalars())
    return [kind for kind in KINDS.values() if kind.operation.value in found]


@cache
def _look(condition: Condition) -> CompoundSelect[*tuple[Any, ...]]:
    return union_all(
        *(
            select(*fixed(kind.operation)).where(
                exists().where(is_among(kind.table.site_id, "sites"), condition(kind.table))
            )
            for kind in KINDS.values()
        )
    )


NOWHERE = cast(null(), String)
"""Stands for the column that a kind of work does not have."""


def columns_of_way(kind: WorkKind) -> tuple[ColumnElement[Any], ...]:
    """Return what says where work is done, where it reads and writes, and by which route."""
    table = kind.table
    source: Any = NOWHERE
    if kind.reads is not None:
        source = (
            select(PhysicalCopy.data_location_id)
            .where(PhysicalCopy.id == getattr(table, kind.reads))
            .scalar_subquery()
        )
    to: Any = getattr(table, kind.writes) if kind.writes else NOWHERE
    route: Any = DataTransfer.data_transfer_route_id if table is DataTransfer else NOWHERE
    return getattr(table, kind.location), source, to, route


def places_of(session: Session, kind: WorkKind, work_id: UUID) -> list[str]:
    """Return the places that a row of work needs; none if it is not there."""
    at, source, to, _ = columns_of_way(kind)
    row = session.execute(select(at, source, to).where(kind.table.id == work_id)).one_or_none()
    return [] if row is None else [place for place in row if place is not None]


def queue_name(location_id: str, operation: Operation) -> str:
    """Return the queue of an operation at a location: ``<site>.<location>.<operation>``."""
    return f"{location_id}.{operation.value}"
