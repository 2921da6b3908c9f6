"""Writing down why something waits: one reason a row, written only when it changes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, case, literal, or_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.topology import Obstacle
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


class Obstacles:
    """What holds rows of a table back in a pass; written with a statement for each obstacle, not each row."""

    def __init__(self) -> None:
        self._held_back: dict[Obstacle, list[UUID]] = {}

    def add(self, obstacle: Obstacle, row_id: UUID) -> None:
        """Note what holds a row back."""
        self._held_back.setdefault(obstacle, []).append(row_id)

    def write(
        self,
        session: Session,
        table: type[Waiting],
        rows: Callable[[Sequence[UUID]], ColumnElement[bool]],
        at: datetime,
    ) -> None:
        """Write what was noted; `rows` says which rows of the table some noted ids mean."""
        for obstacle, ids in self._held_back.items():
            set_reason(session, table, rows(ids), obstacle.reason, obstacle.detail, at)


def is_one_of(column: Any, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Return whether a column is one of some ids, which are one parameter, however many there are."""
    return column == any_(literal(ids, ARRAY(Uuid())))  # type: ignore[no-any-return]
