"""Taking back work whose worker fell silent."""

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.topology import Topology
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.enumerations import Status

GRACE = timedelta(seconds=5)
"""Clocks of worker and planner may differ a little."""


def take_back(session: Session, topology: Topology) -> int:
    """Make work pending again whose lease ran out; return how many rows.

    It costs the work no attempt: a worker that was killed says nothing about the work.
    """
    taken = 0
    for kind in KINDS.values():
        table = kind.table
        expired = session.execute(
            update(table)
            .where(
                table.site_id.in_(topology.sites),
                table.status == Status.IN_PROGRESS,
                table.lease_expires_at < topology.at - GRACE,
            )
            .values(
                status=Status.PENDING,
                lease_owner=None,
                lease_expires_at=None,
                next_attempt_at=None,
                interruptions=table.interruptions + 1,
                error_category="worker_lost",
                error_message="the worker fell silent; the work goes to another",
            )
            .returning(table.id)
            .execution_options(synchronize_session=False)
        )
        taken += len(expired.all())
    return taken
