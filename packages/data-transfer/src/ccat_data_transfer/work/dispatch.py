"""Waking workers: a message for each scheduled row. The row is the truth; a lost message is sent again."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, Select, and_, case, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.planning.reasons import not_locked
from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.kinds import WorkKind, kinds_with, queue_name
from ccat_data_transfer.world import Messenger
from ccat_ops_db.enumerations import Status
from ccat_ops_db.waiting import WaitingReason

log = structlog.get_logger()


def dispatch(
    sessions: sessionmaker[Session], topology: Topology, messenger: Messenger, settings: DataTransferSettings
) -> int:
    """Tell workers of every scheduled row that they do not know of yet; return how many were sent."""
    parameters = {
        "sites": topology.sites,
        "too_long_ago": topology.at - timedelta(seconds=settings.redispatch),
    }
    sent = 0
    with sessions.begin() as session:
        untold = [
            (kind, ask(session, _untold(kind), **parameters).all())
            for kind in kinds_with(session, _is_untold, **parameters)
        ]
    for kind, rows in untold:
        told = _tell(messenger, kind, rows)
        if told:
            _note_told(sessions, topology, kind, told)
        sent += len(told)
        if len(told) < len(rows):
            # The broker is away: each further try would only wait for it, too.
            break
    return sent


def _is_untold(table: Any) -> ColumnElement[bool]:
    return and_(
        table.status.in_(fixed(Status.SCHEDULED)),
        or_(table.dispatched_at.is_(None), table.dispatched_at < moment("too_long_ago")),
    )


@cache
def _untold(kind: WorkKind) -> Select[*tuple[Any, ...]]:
    table = kind.table
    return (
        select(table.id, getattr(table, kind.location).label("location"))
        .where(is_among(table.site_id, "sites"), _is_untold(table))
        .order_by(table.priority.desc(), table.id)
    )


def _tell(messenger: Messenger, kind: WorkKind, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[UUID]:
    """Send a message for each row until one cannot be sent; return of which rows."""
    told: list[UUID] = []
    for row in rows:
        try:
            messenger.send(queue_name(row.location, kind.operation), kind.operation, row.id)
        except Exception as error:
            # Redis away, in whichever way the client says so: the rows stay and are told of later.
            log.warning("dispatch.broker_away", error=str(error))
            break
        told.append(row.id)
    return told


def _note_told(sessions: sessionmaker[Session], topology: Topology, kind: WorkKind, told: list[UUID]) -> None:
    table = kind.table
    with sessions.begin() as session:
        again = table.dispatched_at.is_not(None)
        session.execute(
            update(table)
            .where(not_locked(table, and_(table.id.in_(told), table.status == Status.SCHEDULED, again)))
            .values(
                waiting_reason=WaitingReason.NO_WORKER,
                waiting_detail="no worker has taken it; is one running for its location?",
                waiting_since=case(
                    (table.waiting_reason == WaitingReason.NO_WORKER, table.waiting_since),
                    else_=topology.at,
                ),
            )
            .execution_options(synchronize_session=False)
        )
        session.execute(
            update(table)
            .where(not_locked(table, and_(table.id.in_(told), table.status == Status.SCHEDULED)))
            .values(dispatched_at=topology.at)
            .execution_options(synchronize_session=False)
        )
