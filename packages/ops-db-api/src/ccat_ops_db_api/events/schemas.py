"""What the API says of events."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from ccat_ops_db_api.platform.fields import ResponseBody


class Event(ResponseBody):
    """Something that happened."""

    id: UUID
    site: str
    occurred_at: datetime
    actor: str
    action: str
    subject_type: str
    subject_id: str
    message: str
    details: dict[str, Any] | None


class EventPage(ResponseBody):
    """A page of events."""

    items: list[Event]
    next_cursor: str | None


class EventSort(StrEnum):
    """Orders of events."""

    OCCURRED_AT = "occurred_at"
    OCCURRED_AT_DESCENDING = "-occurred_at"
