"""Which executions a list shows."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db.nights import bounds_of, night_of
from ccat_ops_db_api.platform.errors import invalid
from ccat_ops_db_api.platform.fields import Name, Time
from ccat_ops_db_api.platform.filters import MOST_VALUES

Names = Annotated[list[Name], Field(max_length=MOST_VALUES)]
Statuses = Annotated[list[ExecutionStatus], Field(max_length=MOST_VALUES)]
Night = date | Literal["last", "tonight"]


class ExecutionFilter(BaseModel):
    """Repeated values are alternatives; different filters must all hold."""

    obs_unit: Names | None = Field(None, description="Name of the obs unit.")
    instrument: Names | None = Field(None, description="Instrument that took part.")
    module: Names | None = Field(None, description="Module that took part.")
    program: Names | None = Field(None, description="Observing program.")
    program_not: Names | None = Field(None, description="Not of this program.")
    source: Names | None = Field(None, description="Source that was observed.")
    status: Statuses | None = None
    status_not: Statuses | None = None
    q: Name | None = Field(None, description="Beginning of the name of obs unit or source.")
    archived: bool | None = Field(
        None, description="Whether everything that was filed is archived; without files it is."
    )
    needs_somebody: bool | None = Field(
        None,
        description="Whether something of it waits for a person: work that was given up, or cancelled"
        " before its package was archived; an error that nobody has acknowledged; a file on which nobody"
        " has decided.",
    )
    night: Night | None = Field(
        None,
        description="Started in this night: the day on which it begins, at noon at the telescope; ``tonight``"
        " is the one that has begun, ``last`` the one before.",
    )
    since: Time | None = Field(None, description="Started then or later.")
    until: Time | None = Field(None, description="Started before.")


def _of_query(wanted: Annotated[ExecutionFilter, Query()]) -> ExecutionFilter:
    return wanted


Wanted = Annotated[ExecutionFilter, Depends(_of_query)]
"""The executions that a request asks for."""


def times_of_night(
    wanted: ExecutionFilter, now: datetime, longitude: float
) -> tuple[datetime | None, datetime | None]:
    """Return since when and until when executions started that are wanted of a night.

    Raises
    ------
    Problem
        422 for a night that no calendar has.
    """
    since, until = wanted.since, wanted.until
    night = night_of(now, longitude)
    if wanted.night == "last":
        night = date.fromordinal(night.toordinal() - 1)
    elif isinstance(wanted.night, date):
        night = wanted.night
    if not 1900 <= night.year <= 2200:
        raise invalid("night", "is not between the years 1900 and 2200")
    begins, ends = bounds_of(night, longitude)
    return max(filter(None, (since, begins))), min(filter(None, (until, ends)))
