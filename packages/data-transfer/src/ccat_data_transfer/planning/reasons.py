"""Writing down why something waits: one reason a row, written only when it changes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    inspect,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from ccat_data_transfer.planning.statements import moment
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
    session.execute(setting_reason(table, rows), reason_parameters(reason, detail, at))


def setting_reason(table: type[Waiting], rows: ColumnElement[bool]) -> Any:
    """Return the statement of `set_reason`, which takes `reason_parameters` and those of the rows."""
    why: BindParameter[Any] = bindparam("why")
    detail: BindParameter[Any] = bindparam("why_in_words")
    news = or_(table.waiting_reason.is_distinct_from(why), table.waiting_detail.is_distinct_from(detail))
    return (
        update(table)
        .where(not_locked(table, and_(rows, news)))
        .values(
            waiting_reason=why,
            waiting_detail=detail,
            waiting_since=case(
                (table.waiting_reason == why, table.waiting_since), else_=moment("waits_since")
            ),
        )
        .execution_options(synchronize_session=False)
    )


def not_locked(table: Any, rows: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition of an UPDATE of some rows that leaves out those that others hold locked.

    They are locked in the order of their keys, as everywhere.
    """
    key = list(inspect(table).primary_key)
    found = select(*key).where(rows).order_by(*key).correlate(None)
    found = found.with_for_update(skip_locked=True, key_share=True)
    return tuple_(*key).in_(found) if len(key) > 1 else key[0].in_(found)


def reason_parameters(reason: WaitingReason | None, detail: str | None, at: datetime) -> dict[str, Any]:
    """Return the parameters of a statement that writes a reason."""
    return {"why": reason, "why_in_words": detail, "waits_since": at if reason else None}


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
