"""SQL of events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from ccat_ops_db.models import Event
from ccat_ops_db_api.platform.documents import Rows

EVENTS = Event.__table__.c
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {"occurred_at": EVENTS.occurred_at}


def events() -> Rows:
    """Return events as they are shown."""
    names = ("id", "occurred_at", "actor", "action", "subject_type", "subject_id", "message", "details")
    return select(EVENTS.site_id.label("site"), *(EVENTS[name] for name in names))


def filtered(
    subject_id: str | None,
    subject_type: str | None,
    action: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Rows:
    """Return the events that a list asks for."""
    rows = events()
    wanted = {EVENTS.subject_id: subject_id, EVENTS.subject_type: subject_type, EVENTS.action: action}
    for column, value in wanted.items():
        if value is not None:
            rows = rows.where(column == value)
    if since is not None:
        rows = rows.where(EVENTS.occurred_at >= since)
    if until is not None:
        rows = rows.where(EVENTS.occurred_at < until)
    return rows
