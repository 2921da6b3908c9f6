"""Taking back work whose worker fell silent."""

from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import ask, fixed, is_among, moment
from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.work.kinds import WorkKind, kinds_with
from ccat_data_transfer.work.outcome import back_off, severity_of
from ccat_ops_db.enumerations import FailureClass, Status
from ccat_ops_db.events import record_error
from ccat_ops_db.waiting import WaitingReason

MESSAGE = "the worker fell silent; the work goes to another"


def take_back(session: Session, topology: Topology) -> int:
    """Make work pending again whose lease ran out; return how many rows.

    It costs the work no attempt: a worker that was killed says nothing about the work. Work that loses one
    worker after the other, perhaps because it kills them, waits longer each time.
    """
    taken = 0
    parameters = {"sites": topology.sites, "now": topology.at}
    for kind in kinds_with(session, _has_expired, **parameters):
        table = kind.table
        expired = ask(session, _expired(kind), **parameters).all()
        for row in expired:
            again = row.interruptions > 0
            seconds = back_off(row.interruptions, topology.settings, topology.random)
            pause = timedelta(seconds=seconds) if again else None
            session.execute(
                update(table)
                .where(table.id == row.id)
                .values(
                    status=Status.PENDING,
                    lease_owner=None,
                    lease_expires_at=None,
                    next_attempt_at=topology.at + pause if pause else None,
                    interruptions=table.interruptions + 1,
                    error_class=FailureClass.TRANSIENT,
                    error_category="worker_lost",
                    error_message=MESSAGE,
                    waiting_reason=WaitingReason.BACK_OFF if pause else None,
                    waiting_detail=MESSAGE if pause else None,
                    waiting_since=topology.at if pause else None,
                )
                .execution_options(synchronize_session=False)
            )
            record_error(
                session,
                site_id=row.site_id,
                at=topology.at,
                severity=severity_of(FailureClass.TRANSIENT, row.interruptions + 1),
                category="worker_lost",
                subject_type=kind.name,
                subject_id=row.id,
                data_location_id=row.location,
                message=MESSAGE,
            )
        taken += len(expired)
    return taken


def _has_expired(table: Any) -> ColumnElement[bool]:
    return and_(table.status.in_(fixed(Status.IN_PROGRESS)), table.lease_expires_at < moment("now"))


@cache
def _expired(kind: WorkKind) -> Select[*tuple[Any, ...]]:
    table = kind.table
    return (
        select(table.id, table.site_id, table.interruptions, getattr(table, kind.location).label("location"))
        .where(is_among(table.site_id, "sites"), _has_expired(table))
        .order_by(table.id)
        .with_for_update(skip_locked=True)
    )
