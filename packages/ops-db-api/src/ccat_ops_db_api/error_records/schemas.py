"""What the API says of errors."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import Severity
from ccat_ops_db_api.platform.fields import ResponseBody


class Error(ResponseBody):
    """An error that people should know of."""

    id: UUID
    site: str
    severity: Severity
    severity_rank: int = Field(description="1 is ``info``, 4 is ``critical``; for sorting.")
    category: str
    subject_type: str
    subject_id: str
    location: str | None = Field(description="Where the work was done; of a transfer, its source.")
    route: str | None = Field(description="Route that it is on, as that of a transfer which failed.")
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
    FIRST_SEEN_AT = "first_seen_at"
    FIRST_SEEN_AT_DESCENDING = "-first_seen_at"
    COUNT = "count"
    COUNT_DESCENDING = "-count"
    SEVERITY = "severity"
    SEVERITY_DESCENDING = "-severity"
