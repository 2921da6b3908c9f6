"""SQL of events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from ccat_ops_db.models import Event
from ccat_ops_db_api.platform.documents import Rows
from ccat_ops_db_api.platform.filters import chosen

EVENTS = Event.__table__.c
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {"occurred_at": EVENTS.occurred_at}


def events() -> Rows:
    """Return events as they are shown."""
    names = ("id", "occurred_at", "actor", "action", "subject_type", "subject_id", "message", "details")
    return select(EVENTS.site_id.label("site"), *(EVENTS[name] for name in names))


def filtered(
    wanted: Mapping[str, Sequence[str] | None], since: datetime | None, until: datetime | None
) -> Rows:
    """Return the events that a list asks for; `wanted` has the values of which each column has one."""
    rows = events()
    for name, values in wanted.items():
        rows = rows.where(*chosen(EVENTS[name], values))
    if since is not None:
        rows = rows.where(EVENTS.occurred_at >= since)
    if until is not None:
        rows = rows.where(EVENTS.occurred_at < until)
    return rows
