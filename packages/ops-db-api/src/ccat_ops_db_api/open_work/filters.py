"""Which open work is meant: the filters of its list, of its groups, and of what is done with many at once."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Subquery, or_

from ccat_ops_db.enumerations import Status
from ccat_ops_db.reports.open_work import OpenWorkKind
from ccat_ops_db.waiting import Turn, WaitingReason
from ccat_ops_db_api.platform.fields import Name, Time
from ccat_ops_db_api.platform.filters import MOST_VALUES

MOST_IDS = 1000
COLUMNS = {
    "kind": "kind",
    "status": "status",
    "reason": "reason",
    "turn": "turn",
    "site": "site",
    "from_": "from_location",
    "to": "to_location",
    "place": "place",
    "route": "route",
    "program": "program",
    "error_category": "error_category",
}
"""Filter → column of open work. Each has a negative form."""

Kinds = Annotated[list[OpenWorkKind], Field(max_length=MOST_VALUES)]
Statuses = Annotated[list[Status], Field(max_length=MOST_VALUES)]
Reasons = Annotated[list[WaitingReason], Field(max_length=MOST_VALUES)]
Turns = Annotated[list[Turn], Field(max_length=MOST_VALUES)]
Names = Annotated[list[Name], Field(max_length=MOST_VALUES)]
Ids = Annotated[list[UUID], Field(max_length=MOST_VALUES)]


class OpenWorkFilter(BaseModel):
    """Repeated values are alternatives; different filters must all hold; ``_not`` keeps what has no value."""

    model_config = ConfigDict(populate_by_name=True)

    id: Annotated[list[Name], Field(max_length=MOST_IDS)] | None = Field(
        None, description="These and no others."
    )
    kind: Kinds | None = Field(None, description="What it is.")
    kind_not: Kinds | None = Field(None, description="What it is not.")
    status: Statuses | None = Field(None, description="Status of work; what waits without work has none.")
    status_not: Statuses | None = Field(None, description="Not this status.")
    reason: Reasons | None = Field(None, description="Why it waits.")
    reason_not: Reasons | None = Field(None, description="Not for this reason.")
    turn: Turns | None = Field(None, description="Whose turn it is.")
    turn_not: Turns | None = Field(None, description="Not this one's turn.")
    site: Names | None = Field(None, description="Site that does it.")
    site_not: Names | None = Field(None, description="Not this site.")
    from_: Names | None = Field(None, alias="from", description="Location that is read.")
    from_not: Names | None = Field(None, description="Does not read this location.")
    to: Names | None = Field(None, description="Location that is written to.")
    to_not: Names | None = Field(None, description="Does not write to this location.")
    place: Names | None = Field(None, description="Location whose workers do it, or where it waits.")
    place_not: Names | None = Field(None, description="Not at this location.")
    route: Names | None = Field(None, description="Route that it uses or waits for.")
    route_not: Names | None = Field(None, description="Not this route.")
    program: Names | None = Field(None, description="Observing program of its data.")
    program_not: Names | None = Field(None, description="Not of this program.")
    error_category: Names | None = Field(None, description="Kind of its last error.")
    error_category_not: Names | None = Field(None, description="Its last error is not of this kind.")
    execution_id: Ids | None = Field(None, description="Execution of its data.")
    package_id: Ids | None = Field(None, description="Package that it moves, checks or removes.")
    waiting_since: Time | None = Field(None, description="Its reason holds since then or later.")
    waiting_until: Time | None = Field(None, description="Its reason holds since before then.")

    def needs_programs(self) -> bool:
        """Return whether it asks for what only the packages say."""
        return any((self.program, self.program_not, self.execution_id))


class WhereOpenWork(OpenWorkFilter):
    """The same in a body, where a filter that does not exist is refused."""

    model_config = ConfigDict(populate_by_name=True, extra="forbid")


def _of_query(wanted: Annotated[OpenWorkFilter, Query()]) -> OpenWorkFilter:
    return wanted


Wanted = Annotated[OpenWorkFilter, Depends(_of_query)]
"""The open work that a request asks for."""


def conditions(rows: Subquery, wanted: OpenWorkFilter) -> list[ColumnElement[bool]]:
    """Return the conditions of a filter on the columns of open work."""
    found: list[ColumnElement[bool]] = []
    for name, column in COLUMNS.items():
        values, others = getattr(wanted, name), getattr(wanted, f"{name.rstrip('_')}_not")
        if values:
            found.append(rows.c[column].in_(_texts(values)))
        if others:
            found.append(or_(rows.c[column].is_(None), rows.c[column].not_in(_texts(others))))
    if wanted.id:
        found.append(rows.c.id.in_(wanted.id))
    if wanted.execution_id:
        found.append(rows.c.execution_id.in_(wanted.execution_id))
    if wanted.package_id:
        found.append(rows.c.package_id.in_(wanted.package_id))
    if wanted.waiting_since is not None:
        found.append(rows.c.since >= wanted.waiting_since)
    if wanted.waiting_until is not None:
        found.append(rows.c.since < wanted.waiting_until)
    return found


def _texts(values: list[Any]) -> list[str]:
    return [str(value) for value in values]
