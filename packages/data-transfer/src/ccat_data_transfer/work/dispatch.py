"""Waking workers: a message for each scheduled row. The row is the truth; a lost message is sent again.

Each row is told of after a pause that doubles, so that messages that nobody takes do not pile up. While the
broker takes none, nothing is sent but a trial now and then.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import (
    ColumnElement,
    Float,
    Interval,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.planning.reasons import not_locked
from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.kinds import KINDS, WorkKind, kinds_with, queue_name
from ccat_data_transfer.work.outages import Thing, broker_of, end_outages, note_failure
from ccat_data_transfer.world import Messenger
from ccat_ops_db.enumerations import Status
from ccat_ops_db.waiting import WaitingReason

log = structlog.get_logger()

LONGEST_PAUSE = 600.0
"""Longest time between two messages of one row, seconds."""

DOUBLINGS = 10
"""After so many the pause is the longest, whatever the first was."""

BROKER_AWAY = "broker_unavailable"
"""Category of the outage of the broker."""


def dispatch(
    sessions: sessionmaker[Session], topology: Topology, messenger: Messenger, settings: DataTransferSettings
) -> int:
    """Tell workers of every scheduled row that they do not know of yet; return how many were sent."""
    brokers = [broker_of(site) for site in topology.sites]
    closed = [each for each in brokers if each.key in topology.outages]
    if closed and not _works_again(sessions, topology, messenger, closed):
        return 0
    parameters = {
        "sites": topology.sites,
        "now": topology.at,
        "pause": settings.redispatch,
        "longest": LONGEST_PAUSE,
    }
    sent = 0
    with sessions.begin() as session:
        untold = [
            (kind, ask(session, _untold(kind), **parameters).all())
            for kind in kinds_with(session, _is_untold, **parameters)
        ]
    for kind, rows in untold:
        told = _tell(messenger, kind, rows, settings)
        if told:
            _note_told(sessions, topology, kind, told)
        sent += len(told)
        if len(told) < len(rows):
            # The broker is away: each further try would only wait for it, too.
            _note_away(sessions, topology, brokers)
            break
    return sent


def pause_after(dispatches: int, settings: DataTransferSettings) -> float:
    """Return after how many seconds a row that was told of so often is told of again."""
    return min(LONGEST_PAUSE, settings.redispatch * 2.0 ** min(dispatches - 1, DOUBLINGS))


def _works_again(
    sessions: sessionmaker[Session], topology: Topology, messenger: Messenger, closed: Sequence[Thing]
) -> bool:
    """Try a broker that took no messages, if it is time; whether it takes some is known by writing alone."""
    probes = [topology.outages[each.key].next_probe_at for each in closed]
    if all(probe is not None and probe > topology.at for probe in probes):
        return False
    try:
        messenger.probe()
    except Exception as error:
        log.warning("dispatch.broker_away", error=str(error))
        _note_away(sessions, topology, closed)
        return False
    with sessions.begin() as session:
        end_outages(session, closed, topology.at)
        # What was sent before may be lost, and workers are there again: they are told anew of everything.
        for kind in KINDS.values():
            told = and_(kind.table.status == Status.SCHEDULED, kind.table.site_id.in_(topology.sites))
            session.execute(
                update(kind.table)
                .where(not_locked(kind.table, told))
                .values(dispatched_at=None, dispatches=0)
                .execution_options(synchronize_session=False)
            )
    return True


def _note_away(sessions: sessionmaker[Session], topology: Topology, brokers: Sequence[Thing]) -> None:
    with sessions.begin() as session:
        for broker in brokers:
            note_failure(session, broker, BROKER_AWAY, "the broker takes no messages", topology.at)


def _is_untold(table: Any) -> ColumnElement[bool]:
    times = func.power(2, func.least(table.dispatches - 1, DOUBLINGS))
    seconds = func.least(bindparam("pause", type_=Float()) * times, bindparam("longest", type_=Float()))
    pause = func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=Interval())
    return and_(
        table.status.in_(fixed(Status.SCHEDULED)),
        or_(table.dispatched_at.is_(None), table.dispatched_at < moment("now") - pause),
    )


@cache
def _untold(kind: WorkKind) -> Select[*tuple[Any, ...]]:
    table = kind.table
    return (
        select(table.id, getattr(table, kind.location).label("location"), table.dispatches)
        .where(is_among(table.site_id, "sites"), _is_untold(table))
        .order_by(table.priority.desc(), table.id)
    )


def _tell(
    messenger: Messenger,
    kind: WorkKind,
    rows: Sequence[Row[*tuple[Any, ...]]],
    settings: DataTransferSettings,
) -> list[UUID]:
    """Send a message for each row until one cannot be sent; return of which rows."""
    told: list[UUID] = []
    for row in rows:
        # A message that nobody took is worthless once the next one is sent.
        lasts = pause_after(row.dispatches + 1, settings) + settings.redispatch
        try:
            messenger.send(queue_name(row.location, kind.operation), kind.operation, row.id, lasts)
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
            .values(dispatched_at=topology.at, dispatches=table.dispatches + 1)
            .execution_options(synchronize_session=False)
        )
