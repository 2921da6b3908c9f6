"""Holds that run out: each is ended by the planner of the site where it was made, by that site's time."""

from functools import cache
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import ask, is_among, moment
from ccat_data_transfer.planning.topology import Topology
from ccat_ops_db.enumerations import CallerKind
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DeletionHold, DeletionHoldEnd


def end_holds(session: Session, topology: Topology) -> int:
    """End the holds of our sites whose time is over; return how many."""
    over = ask(session, _over(), sites=topology.sites, now=topology.at).all()
    ends = [
        {
            "id": new_id(),
            "site_id": hold.site_id,
            "deletion_hold_id": hold.id,
            "caller_kind": CallerKind.ENGINE,
            "caller": "planner",
            "created_at": topology.at,
            "reason": "its time is over",
        }
        for hold in over
    ]
    if ends:
        session.execute(insert(DeletionHoldEnd), ends)
    return len(ends)


@cache
def _over() -> Select[*tuple[Any, ...]]:
    return (
        select(DeletionHold.id, DeletionHold.site_id)
        .where(
            is_among(DeletionHold.site_id, "sites"),
            DeletionHold.until <= moment("now"),
            DeletionHold.lifted_at.is_(None),
        )
        .order_by(DeletionHold.id)
    )
