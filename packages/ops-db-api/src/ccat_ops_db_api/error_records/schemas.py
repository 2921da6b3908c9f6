"""What the API says of errors."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ccat_ops_db.enumerations import Severity
from ccat_ops_db_api.platform.fields import ResponseBody


class Error(ResponseBody):
    """An error that people should know of."""

    id: UUID
    site: str
    severity: Severity
    category: str
    subject_type: str
    subject_id: str
    location: str | None
    message: str
    first_seen_at: datetime
    last_seen_at: datetime
    count: int
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None


class ErrorPage(ResponseBody):
    """A page of errors."""

    items: list[Error]
    next_cursor: str | None


class ErrorSort(StrEnum):
    """Orders of errors."""

    LAST_SEEN_AT = "last_seen_at"
    LAST_SEEN_AT_DESCENDING = "-last_seen_at"
