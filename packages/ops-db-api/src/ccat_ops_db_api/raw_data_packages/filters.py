"""Which packages a list shows."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from ccat_ops_db.enumerations import PackageState
from ccat_ops_db.waiting import WaitingReason
from ccat_ops_db_api.platform.fields import Name, Time
from ccat_ops_db_api.platform.filters import MOST_VALUES

Names = Annotated[list[Name], Field(max_length=MOST_VALUES)]
Ids = Annotated[list[UUID], Field(max_length=MOST_VALUES)]
States = Annotated[list[PackageState], Field(max_length=MOST_VALUES)]
Reasons = Annotated[list[WaitingReason], Field(max_length=MOST_VALUES)]


class PackageFilter(BaseModel):
    """Repeated values are alternatives; different filters must all hold."""

    execution_id: Ids | None = None
    module: Names | None = Field(None, description="Module that wrote its files.")
    instrument: Names | None = Field(None, description="Instrument that wrote its files.")
    program: Names | None = Field(None, description="Observing program.")
    state: States | None = None
    state_not: States | None = None
    reason: Reasons | None = Field(None, description="Why it does not go on.")
    location: Names | None = Field(None, description="Has a copy at this location.")
    since: Time | None = Field(None, description="Formed then or later.")
    until: Time | None = Field(None, description="Formed before.")
    sealed_since: Time | None = Field(None, description="Complete then or later.")
    sealed_until: Time | None = Field(None, description="Complete before.")


def _of_query(wanted: Annotated[PackageFilter, Query()]) -> PackageFilter:
    return wanted


Wanted = Annotated[PackageFilter, Depends(_of_query)]
"""The packages that a request asks for."""
