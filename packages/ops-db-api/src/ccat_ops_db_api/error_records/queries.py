"""SQL of error records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, case, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import Severity
from ccat_ops_db.models import DataTransfer, DataTransferRoute, ErrorRecord
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.platform.filters import chosen

ERRORS = ErrorRecord.__table__.c
RANKS = {severity.value: number for number, severity in enumerate(Severity, 1)}
RANK: ColumnElement[Any] = case(RANKS, value=ERRORS.severity)
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    **{name: ERRORS[name] for name in ("last_seen_at", "first_seen_at", "count")},
    "severity_rank": RANK,
}
MEASURED = ("last_seen_at", "count")
"""What changes whenever the error happens again: no ETag tells of it."""


def errors() -> Rows:
    """Return errors as they are shown."""
    names = (
        "id",
        "severity",
        "category",
        "subject_type",
        "subject_id",
        "message",
        "first_seen_at",
        "last_seen_at",
        "count",
        "resolved_at",
    )
    return select(
        ERRORS.site_id.label("site"),
        ERRORS.data_location_id.label("location"),
        _route().label("route"),
        RANK.label("severity_rank"),
        *(ERRORS[name] for name in names),
        ErrorRecord.acknowledged_at.label("acknowledged_at"),
        ErrorRecord.acknowledged_by.label("acknowledged_by"),
    )


def _route() -> ColumnElement[Any]:
    """Return the route that an error is on: its own subject, or that of the transfer which it concerns."""
    transfer = DataTransfer.__table__.c
    # Only then is the subject an id of that kind.
    of_transfer = (
        select(transfer.data_transfer_route_id)
        .where(transfer.id == cast(ERRORS.subject_id, Uuid()))
        .correlate(ErrorRecord)
        .scalar_subquery()
    )
    return case(
        (ERRORS.subject_type == DataTransferRoute.__tablename__, ERRORS.subject_id),
        (ERRORS.subject_type == DataTransfer.__tablename__, of_transfer),
    )


def filtered(
    wanted: Mapping[str, Any],
    is_open: bool | None,
    acknowledged: bool | None,
    times: Sequence[datetime | None],
    routes: Sequence[str] | None,
) -> Rows:
    """Return the errors that a list asks for.

    Parameters
    ----------
    wanted : mapping
        Name of a column → values of which it has one; with ``_not`` at its end, of which it has none.
    is_open, acknowledged : bool, optional
        Whether it is not over, and whether a person took note.
    times : sequence of datetime
        Seen last at the first time or later, and before the second.
    routes : sequence of str, optional
        Routes of which an error is on one.
    """
    rows = errors().where(*chosen(_route(), routes))
    for flag, is_set in (
        (is_open, ERRORS.resolved_at.is_(None)),
        (acknowledged, ErrorRecord.acknowledged_at.is_not(None)),
    ):
        if flag is not None:
            rows = rows.where(is_set if flag else ~is_set)
    for name, values in wanted.items():
        column = ERRORS[name.removesuffix("_not")]
        rows = rows.where(
            *(chosen(column, None, values) if name.endswith("_not") else chosen(column, values))
        )
    since, until = times
    if since is not None:
        rows = rows.where(ERRORS.last_seen_at >= since)
    if until is not None:
        rows = rows.where(ERRORS.last_seen_at < until)
    return rows


async def to_acknowledge(session: AsyncSession, error_id: UUID) -> Any:
    """Return what an error is about, unless somebody took note of it."""
    statement = select(ERRORS.category, ERRORS.subject_type, ERRORS.subject_id)
    unseen = statement.where(ERRORS.id == error_id, ErrorRecord.acknowledged_at.is_(None))
    return (await session.execute(unseen)).one_or_none()
