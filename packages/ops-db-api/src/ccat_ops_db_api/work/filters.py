"""Which work of a kind a list shows."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from ccat_ops_db.enumerations import Status
from ccat_ops_db.waiting import WaitingReason
from ccat_ops_db_api.platform.fields import Name, Time
from ccat_ops_db_api.platform.filters import MOST_VALUES

Names = Annotated[list[Name], Field(max_length=MOST_VALUES)]
Statuses = Annotated[list[Status], Field(max_length=MOST_VALUES)]
Reasons = Annotated[list[WaitingReason], Field(max_length=MOST_VALUES)]


class WorkFilter(BaseModel):
    """Repeated values are alternatives; different filters must all hold; ``_not`` keeps what has no value."""

    status: Statuses | None = None
    status_not: Statuses | None = None
    reason: Reasons | None = Field(None, description="Why it waits; only open work has a reason.")
    reason_not: Reasons | None = Field(None, description="Not for this reason.")
    error_category: Names | None = Field(None, description="Kind of its last error.")
    error_category_not: Names | None = Field(None, description="Its last error is not of this kind.")
    package_id: Annotated[list[UUID], Field(max_length=MOST_VALUES)] | None = None
    location: Names | None = Field(None, description="Reads or writes at this location.")
    route: Names | None = Field(None, description="Uses this route (transfers).")
    site: Names | None = Field(None, description="Site that does it.")
    job_id: UUID | None = Field(None, description="Staging job that it is of (staging items).")
    since: Time | None = Field(None, description="Made then or later.")
    until: Time | None = Field(None, description="Made before.")


def _of_query(wanted: Annotated[WorkFilter, Query()]) -> WorkFilter:
    return wanted


Wanted = Annotated[WorkFilter, Depends(_of_query)]
"""The work that a request asks for."""
