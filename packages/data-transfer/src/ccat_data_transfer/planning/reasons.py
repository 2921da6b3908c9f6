"""Writing down why something waits: one reason a row, written only when it changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, or_, update
from sqlalchemy.orm import Session

from ccat_ops_db.models.base import Waiting
from ccat_ops_db.waiting import WaitingReason


def set_reason(
    session: Session,
    table: type[Waiting],
    rows: ColumnElement[bool],
    reason: WaitingReason | None,
    detail: str | None,
    at: datetime,
) -> None:
    """Write why some rows wait (None: nothing holds them); rows that say so already are not touched."""
    statement: Any = (
        update(table)
        .where(
            rows,
            or_(
                table.waiting_reason.is_distinct_from(reason),
                table.waiting_detail.is_distinct_from(detail),
            ),
        )
        .values(
            waiting_reason=reason,
            waiting_detail=detail,
            waiting_since=case((table.waiting_reason == reason, table.waiting_since), else_=at)
            if reason
            else None,
        )
    )
    session.execute(statement.execution_options(synchronize_session=False))
