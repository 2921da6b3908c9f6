"""The ORM's guard on status columns; the database has its own, as a trigger."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapper
from sqlalchemy.orm.attributes import get_history

from ccat_ops_db.life_cycles import LIFE_CYCLES, check_transition


def refuse_illegal_transitions(base: type[DeclarativeBase]) -> None:
    """Make every flush that changes a status check it against its life cycle."""
    event.listen(base, "before_update", _check_status, propagate=True)


def _check_status(mapper: Mapper[Any], connection: Connection, target: Any) -> None:
    table = mapper.local_table.name  # type: ignore[attr-defined]
    if table not in LIFE_CYCLES:
        return
    history = get_history(target, "status")
    if history.deleted and history.added:
        check_transition(table, history.deleted[0], history.added[0])
