"""Holds and suspensions that run out: the planner of the site that made one ends it, by that site's time."""

from functools import cache
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ccat_data_transfer.planning.statements import ask, is_among, moment
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import CallerKind
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DeletionHold, DeletionHoldEnd, Suspension, SuspensionEnd
from ccat_ops_db.models.statements import without_end

_NAMED_IN: dict[Any, InstrumentedAttribute[Any]] = {
    DeletionHold: DeletionHoldEnd.deletion_hold_id,
    Suspension: SuspensionEnd.suspension_id,
}
"""Statements that may run out → the column of their ends that names them."""


def end_what_is_over(session: Session, topology: Topology) -> int:
    """End the holds and suspensions of our sites whose time is over; return how many."""
    return sum(_end(session, topology, statement) for statement in _NAMED_IN)


def _end(session: Session, topology: Topology, statement: Any) -> int:
    over = ask(session, _over(statement), sites=topology.sites, now=topology.at).all()
    ends = [
        {
            "id": new_id(),
            "site_id": said.site_id,
            _NAMED_IN[statement].key: said.id,
            "caller_kind": CallerKind.ENGINE,
            "caller": "planner",
            "created_at": topology.at,
            "reason": "its time is over",
        }
        for said in over
    ]
    if ends:
        session.execute(insert(_NAMED_IN[statement].class_), ends)
    return len(ends)


@cache
def _over(statement: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(statement.id, statement.site_id)
        .where(
            is_among(statement.site_id, "sites"),
            statement.until <= moment("now"),
            without_end(statement.id, _NAMED_IN[statement]),
        )
        .order_by(statement.id)
    )
