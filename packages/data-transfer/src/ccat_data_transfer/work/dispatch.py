"""Waking workers: a message for each scheduled row. The row is the truth; a lost message is sent again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, Row, and_, case, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.kinds import WorkKind, kinds_with, queue_name
from ccat_ops_db.enumerations import Operation, Status
from ccat_ops_db.waiting import WaitingReason

log = structlog.get_logger()


class Messenger(Protocol):
    """What carries the messages."""

    def send(self, queue: str, operation: Operation, work_id: UUID) -> None:
        """Send one message; raise if it cannot be sent."""
        ...


def dispatch(
    sessions: sessionmaker[Session], topology: Topology, messenger: Messenger, settings: DataTransferSettings
) -> int:
    """Tell workers of every scheduled row that they do not know of yet; return how many were sent."""
    too_long_ago = topology.at - timedelta(seconds=settings.redispatch)

    def is_untold(table: Any) -> ColumnElement[bool]:
        return and_(
            table.status == Status.SCHEDULED,
            or_(table.dispatched_at.is_(None), table.dispatched_at < too_long_ago),
        )

    sent = 0
    with sessions() as session:
        untold = [
            (kind, _rows(session, topology, kind, is_untold(kind.table)))
            for kind in kinds_with(session, topology.sites, is_untold)
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


def _rows(
    session: Session, topology: Topology, kind: WorkKind, untold: ColumnElement[bool]
) -> Sequence[Row[*tuple[Any, ...]]]:
    table = kind.table
    return session.execute(
        select(table.id, getattr(table, kind.location).label("location"))
        .where(table.site_id.in_(topology.sites), untold)
        .order_by(table.priority.desc(), table.id)
    ).all()


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
            .where(table.id.in_(told), table.status == Status.SCHEDULED, again)
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
            .where(table.id.in_(told), table.status == Status.SCHEDULED)
            .values(dispatched_at=topology.at)
            .execution_options(synchronize_session=False)
        )
