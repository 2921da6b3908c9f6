"""The order of locks is looked at while other tests run; here it is seen that it would be found wrong."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.onward import hold_copy
from ccat_data_transfer.planning.reasons import set_reason
from ccat_data_transfer.work.lease import acquire
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CopyForm, Operation, Status
from ccat_ops_db.models import PackageCreation, PhysicalCopy
from ccat_ops_db.waiting import WaitingReason

from ..lock_order import LockOrder


def lock_copy(session: Session) -> None:
    hold_copy(
        session,
        session.scalars(select(PhysicalCopy.id).where(PhysicalCopy.form == CopyForm.TAR)).one(),
        "a test",
    )


def lock_work(session: Session) -> None:
    row = session.scalars(select(PackageCreation.id).where(PackageCreation.status == Status.SCHEDULED)).one()
    acquire(session, Operation.PACKAGE_CREATION, row, "test", timedelta(hours=1), database_now(session))


def package(observatory: Any) -> None:
    """Have one package made and another planned, so that there are a tar and work."""
    observatory.observe({"2026/a.fits": b"a"})
    observatory.planner.run_pass()
    observatory.deliver()
    observatory.observe({"2026/b.fits": b"b"})
    observatory.planner.run_pass()


def pass_over_copies(session: Session) -> None:
    """What others hold locked is left out: nobody waits."""
    everything = PhysicalCopy.size >= 0
    set_reason(session, PhysicalCopy, everything, WaitingReason.HOLD, "a test", database_now(session))


@pytest.mark.parametrize(
    ("acts", "wrong"),
    [
        ((lock_copy, lock_work), 0),
        ((lock_work, lock_copy), 1),
        ((lock_copy, lock_work, lock_copy), 0),
        ((lock_work, pass_over_copies), 0),
    ],
)
def test_a_copy_that_is_locked_after_work_is_noted(
    observatory: Any, lock_order: LockOrder, acts: Any, wrong: int
) -> None:
    package(observatory)
    assert lock_order.take() == []
    with observatory.sessions.begin() as session:
        for act in acts:
            act(session)
    assert len(lock_order.take()) == wrong


def test_things_of_one_transaction_are_looked_at_by_themselves(
    observatory: Any, lock_order: LockOrder
) -> None:
    package(observatory)
    with observatory.sessions.begin() as session:
        for _ in range(2):
            with session.begin_nested() as savepoint:
                lock_copy(session)
                lock_work(session)
                savepoint.rollback()
    assert lock_order.take() == []
