"""How many packages are in each state, and how many are late."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import (
    PackageState,
)
from ccat_ops_db.models import (
    RawDataPackage,
)
from ccat_ops_db.models.base import UtcDateTime
from ccat_ops_db.package_state import is_at_source, maybe_not_archived, package_state
from ccat_ops_db.reports.facts import LATE, Overdue
from ccat_ops_db.reports.sums import Sums, formed_until_now


def package_counts(
    session: Session, at: datetime, sums: Sums
) -> tuple[dict[str, int], tuple[int, int], Overdue]:
    """Count packages by state, looking only at those that can be anything but archived, and at the latest.

    Returns
    -------
    tuple
        Packages by state; number and bytes of archived ones that are not removed at their source; and those
        that are not archived a day after they were formed.
    """
    found = session.execute(_states(), {"late_before": at - LATE}).all()
    counted: dict[str, int] = {row[0]: row[1] for row in found}
    result = {state.value: counted.get(state.value, 0) for state in PackageState}
    others_of_all = sum(number for state, number in result.items() if state != PackageState.ARCHIVED.value)
    # A package that another site formed long ago and that came just now is not in the sums yet.
    result[PackageState.ARCHIVED.value] = max(0, formed_until_now(session, sums) - others_of_all)
    archived = [row for row in found if row[0] == PackageState.ARCHIVED]
    others = [row for row in found if row[0] != PackageState.ARCHIVED]
    overdue = Overdue(
        sum(row[4] for row in others),
        sum(row[5] for row in others),
        min((row[6] for row in others if row[6] is not None), default=None),
    )
    return result, (sum(row[2] for row in archived), sum(row[3] for row in archived)), overdue


@cache
def _states() -> Select[Any]:
    states = (
        select(
            package_state().label("state"),
            RawDataPackage.payload_bytes,
            RawDataPackage.created_at,
            is_at_source().label("at_source"),
        )
        .where(RawDataPackage.id.in_(maybe_not_archived()))
        .subquery()
    )
    late_before = bindparam("late_before", type_=UtcDateTime())
    late, here = states.c.created_at < late_before, states.c.at_source

    def total_bytes(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(states.c.payload_bytes).filter(condition), 0), BigInteger)

    return select(
        states.c.state,
        func.count(),
        func.count().filter(here),
        total_bytes(here),
        func.count().filter(late),
        total_bytes(late),
        func.min(states.c.created_at).filter(late),
    ).group_by(states.c.state)
