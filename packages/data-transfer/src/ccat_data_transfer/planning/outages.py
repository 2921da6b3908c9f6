"""Closing locations that no worker can use, opening them again, and letting go on what waited for them."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.reasons import not_locked
from ccat_data_transfer.planning.statements import ask, is_among, moment
from ccat_data_transfer.work.kinds import KINDS, WorkKind, columns_of_way
from ccat_data_transfer.work.outages import Thing, end_outages, note_failure
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import OutageScope, Status
from ccat_ops_db.models import DataLocation, Outage, S3DataLocation, WorkerPlace
from ccat_ops_db.outages import IN_FORCE, PLACE_CLOSED

FORGOTTEN = timedelta(days=1)
"""What a worker saw of places is forgotten after so long."""

JUST_NOW = timedelta(minutes=2)
"""What waited for something that ended so lately is let go on, in case a pass did not come to it."""


def keep_outages(session: Session, sites: list[str], lease: float) -> int:
    """Open and end the outages of locations by what their workers see; return how many changed.

    What is counted or ended by work itself is not touched, but what waited for it is let go on. A worker that
    was silent for as long as a lease lasts, in seconds, is not counted.
    """
    at = database_now(session)
    changed = 0
    parameters = {"sites": sites, "alive": at - timedelta(seconds=lease)}
    for row in ask(session, _seen_by_workers(), **parameters):
        place = Thing(row.site_id, OutageScope.LOCATION, row.data_location_id)
        if row.closed_for_all and row.category is None:
            note_failure(session, place, PLACE_CLOSED, row.message, at)
        elif not row.closed_for_all and row.category == PLACE_CLOSED:
            end_outages(session, [place], at)
        else:
            continue
        changed += 1
    for ended in ask(session, _ended(), sites=sites, lately=at - JUST_NOW).all():
        changed += _let_go_on(session, ended, at)
    session.execute(delete(WorkerPlace).where(WorkerPlace.seen_at < at - FORGOTTEN))
    return changed


@cache
def _seen_by_workers() -> Select[*tuple[Any, ...]]:
    location = DataLocation.__table__.c
    open_outage = (
        select(Outage.category)
        .where(
            IN_FORCE,
            Outage.closed_since.is_not(None),
            Outage.site_id == location.site_id,
            Outage.scope == OutageScope.LOCATION,
            Outage.scope_id == location.id,
        )
        .correlate(DataLocation.__table__)
        .scalar_subquery()
    )
    return (
        select(
            WorkerPlace.data_location_id,
            location.site_id,
            func.bool_and(WorkerPlace.closed_since.is_not(None)).label("closed_for_all"),
            func.string_agg(WorkerPlace.message, "; ").label("message"),
            open_outage.label("category"),
        )
        .join(DataLocation.__table__, location.id == WorkerPlace.data_location_id)
        .where(is_among(location.site_id, "sites"), WorkerPlace.seen_at >= moment("alive"))
        .group_by(WorkerPlace.data_location_id, location.id, location.site_id)
        .order_by(WorkerPlace.data_location_id)
    )


@cache
def _ended() -> Select[*tuple[Any, ...]]:
    return (
        select(Outage.site_id, Outage.scope, Outage.scope_id, Outage.ended_at)
        .where(is_among(Outage.site_id, "sites"), Outage.ended_at > moment("lately"))
        .order_by(Outage.ended_at, Outage.id)
    )


def _let_go_on(session: Session, ended: Row[*tuple[Any, ...]], at: datetime) -> int:
    """Have what failed because of something that has ended tried at once."""
    let_go_on = 0
    for kind in KINDS.values():
        uses = _uses(kind, ended)
        if uses is None:
            continue
        table = kind.table
        waits = and_(
            table.site_id == ended.site_id,
            table.status == Status.PENDING,
            table.next_attempt_at > at,
            table.interruptions > 0,
            table.waiting_since <= ended.ended_at,
            uses,
        )
        found = session.execute(
            update(table)
            .where(not_locked(table, waits))
            .values(next_attempt_at=None)
            .returning(table.id)
            .execution_options(synchronize_session=False)
        )
        let_go_on += len(found.all())
    return let_go_on


def _uses(kind: WorkKind, ended: Row[*tuple[Any, ...]]) -> ColumnElement[bool] | None:
    at, source, to, route = columns_of_way(kind)
    if ended.scope is OutageScope.ROUTE:
        return None if kind.name != "data_transfer" else route == ended.scope_id
    if ended.scope is OutageScope.LOCATION:
        return or_(*(place == ended.scope_id for place in (at, source, to)))
    if ended.scope is OutageScope.CREDENTIAL:
        store = S3DataLocation.__table__.c
        return exists(
            select(store.id).where(store.credential == ended.scope_id, store.id.in_([at, source, to]))
        )
    return None
