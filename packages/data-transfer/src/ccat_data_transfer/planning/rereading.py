"""Reading anew what a place has under a new marker: until then its copies prove nothing."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import CopyNotReadableError
from ccat_data_transfer.planning.statements import ask, is_among
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.planning.verifying import open_check
from ccat_ops_db.enumerations import CheckReason, CopyForm, PhysicalCopyStatus, Status
from ccat_ops_db.models import FixityCheck, PhysicalCopy, PlaceMarker

AT_ONCE = 1000
"""So many copies of a place are made due in one pass."""


def plan_rereading(session: Session, topology: Topology) -> int:
    """Open the reading of copies that were verified under another marker of their place; return how many."""
    opened = 0
    for marker_id, location_id in ask(session, _to_be_read(), sites=topology.sites).all():
        copies = session.execute(_verified_under_others(marker_id, location_id)).all()
        for copy in copies:
            try:
                opened += open_check(
                    session,
                    copy.id,
                    site_id=copy.site_id,
                    data_location_id=location_id,
                    reason=CheckReason.REQUEST,
                    priority=0,
                    size=copy.size,
                    at=topology.at,
                )
            except CopyNotReadableError:  # decided to go a moment ago
                continue
        if len(copies) < AT_ONCE:
            session.execute(update(PlaceMarker).where(PlaceMarker.id == marker_id).values(to_be_read=False))
    return opened


@cache
def _to_be_read() -> Select[*tuple[Any, ...]]:
    return (
        select(PlaceMarker.id, PlaceMarker.data_location_id)
        .where(
            is_among(PlaceMarker.site_id, "sites"), PlaceMarker.to_be_read, PlaceMarker.retired_at.is_(None)
        )
        .order_by(PlaceMarker.id)
    )


def _verified_under_others(marker_id: UUID, location_id: str) -> Select[*tuple[Any, ...]]:
    under_way = exists().where(
        FixityCheck.physical_copy_id == PhysicalCopy.id, FixityCheck.status != Status.COMPLETED
    )
    return (
        select(PhysicalCopy.id, PhysicalCopy.site_id, PhysicalCopy.size)
        .where(
            PhysicalCopy.data_location_id == location_id,
            PhysicalCopy.form == CopyForm.TAR,
            PhysicalCopy.status == PhysicalCopyStatus.VERIFIED,
            PhysicalCopy.place_marker_id.is_distinct_from(marker_id),
            ~under_way,
        )
        .order_by(PhysicalCopy.id)
        .limit(AT_ONCE)
    )
