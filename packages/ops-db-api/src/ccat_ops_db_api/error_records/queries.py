"""SQL of error records."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from ccat_ops_db.enumerations import Severity
from ccat_ops_db.models import ErrorRecord
from ccat_ops_db_api.platform.documents import Rows

ERRORS = ErrorRecord.__table__.c
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {"last_seen_at": ERRORS.last_seen_at}


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
        "acknowledged_at",
        "acknowledged_by",
        "resolved_at",
    )
    return select(
        ERRORS.site_id.label("site"),
        ERRORS.data_location_id.label("location"),
        *(ERRORS[name] for name in names),
    )


def filtered(
    is_open: bool | None, severity: Severity | None, category: str | None, subject_id: str | None
) -> Rows:
    """Return the errors that a list asks for."""
    rows = errors()
    if is_open is not None:
        resolved = ERRORS.resolved_at.is_not(None)
        rows = rows.where(~resolved if is_open else resolved)
    wanted = {ERRORS.severity: severity, ERRORS.category: category, ERRORS.subject_id: subject_id}
    for column, value in wanted.items():
        if value is not None:
            rows = rows.where(column == value)
    return rows


async def locked(session: AsyncSession, error_id: UUID) -> ErrorRecord | None:
    """Return an error, held until the end of the transaction."""
    return (
        await session.execute(select(ErrorRecord).where(ErrorRecord.id == error_id).with_for_update())
    ).scalar_one_or_none()
