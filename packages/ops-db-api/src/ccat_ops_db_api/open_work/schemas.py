"""What the API says of open work."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import FailureClass
from ccat_ops_db.reports.open_work import OpenWorkKind
from ccat_ops_db.waiting import Turn
from ccat_ops_db_api.open_work.filters import WhereOpenWork
from ccat_ops_db_api.platform.fields import Reason, RequestBody, ResponseBody
from ccat_ops_db_api.platform.pages import Count


class OpenWorkRow(ResponseBody):
    """Something that is not done: work of any kind, or what waits before there is work for it."""

    id: str = Field(description="Id of the work or copy; of a module ``<execution>.<module>``.")
    kind: OpenWorkKind
    collection: str = Field(description="Where it is found: ``/<collection>/<subject>``.")
    subject: str = Field(description="What ``GET /why/{subject}`` explains.")
    package_id: UUID | None
    execution_id: UUID | None
    obs_unit: str | None
    observed_at: datetime | None = Field(description="When its observation began.")
    program: str | None
    module: str | None
    part_number: int | None = Field(description="Number of the package in its execution and module.")
    site: str = Field(description="Site that does it.")
    source: Annotated[str | None, Field(alias="from", description="Location that is read.")]
    to: str | None = Field(description="Location that is written to.")
    place: str | None = Field(description="Location whose workers do it, or where it waits.")
    route: str | None = Field(
        description="Route that it uses. Of a package that waits for a route: the only one of its site."
    )
    status: Literal["waiting", "pending", "scheduled", "in_progress", "failed", "cancelled"] = Field(
        description="Status of the work; ``waiting`` where there is no work yet."
    )
    reason: str = Field(description="Code of ``GET /waiting-reasons``.")
    detail: str | None = Field(description="The reason with names and figures.")
    since: datetime = Field(description="Since when the reason has held.")
    next_at: datetime | None = Field(
        description="When it goes on by itself: next attempt, end of a pause, opening of a route."
    )
    turn: Turn
    priority: int
    created_at: datetime
    started_at: datetime | None
    progressed_at: datetime | None
    attempt: int
    bytes_done: int | None
    bytes_total: int | None = Field(description="Null where nobody knows it yet.")
    bytes_per_second: float | None = Field(description="Mean of the attempt that is under way.")
    worker: str | None
    error_class: FailureClass | None
    error_category: str | None = Field(description="Code of ``GET /error-categories``.")
    error_message: str | None
    on_retry: str | None = Field(description="What a retry does now; null where none is possible.")
    kept: str | None = Field(description="What becomes of the data until it is retried.")
    actions: list[Literal["retry", "cancel"]] = Field(
        description="What this API can do with it now: ``POST /<collection>/<id>:<verb>``."
    )


class OpenWorkPage(ResponseBody):
    """A page of open work."""

    items: list[OpenWorkRow]
    next_cursor: str | None
    count: Count | None = Field(None, description="Only if asked for.")


class OpenWorkSort(StrEnum):
    """Orders of open work. By ``bytes_total`` only what has a size is listed."""

    WAITING_SINCE = "waiting_since"
    WAITING_SINCE_DESCENDING = "-waiting_since"
    CREATED_AT = "created_at"
    CREATED_AT_DESCENDING = "-created_at"
    PRIORITY = "priority"
    PRIORITY_DESCENDING = "-priority"
    BYTES_TOTAL = "bytes_total"
    BYTES_TOTAL_DESCENDING = "-bytes_total"


class PossibleVerbs(ResponseBody):
    """With how much each verb can be done."""

    retry: int
    cancel: int


class OpenWorkGroup(ResponseBody):
    """Open work that has one thing in common."""

    key: str | None = Field(description="Value of the filter that lists it; null: without one.")
    text: str = Field(description="The key for people.")
    count: int
    bytes: int = Field(description="Sum of what is known.")
    oldest: datetime | None = Field(description="Since when the first of it has waited.")
    next: str = Field(description="What happens next with the part of ``reason``.")
    next_at: datetime | None = Field(description="When the next of it goes on by itself, if that is known.")
    turn: Turn = Field(description="Whose turn: of all its turns the one that needs somebody most.")
    reason: str = Field(description="Its most frequent reason of that turn.")
    reasons: dict[str, int]
    turns: dict[str, int]
    kinds: dict[str, int]
    places: dict[str, int] = Field(description="Without what is at no place.")
    routes: dict[str, int] = Field(description="Without what takes no route.")
    error_categories: dict[str, int] = Field(description="By its last error; without what had none.")
    can: PossibleVerbs = Field(description="How much of it this API can retry or cancel now.")


class Verb(StrEnum):
    """What can be done with many."""

    RETRY = "retry"
    CANCEL = "cancel"


class ChangeOfOpenWork(RequestBody):
    """Which open work is retried or cancelled, and why."""

    where: WhereOpenWork = Field(description="Filters of ``GET /open-work``; at least one.")
    reason: Reason = Field(description="Why; kept in the record of events.")
    dry_run: bool = Field(False, description="Only tell what would be done and what refused.")


class KindOfChange(ResponseBody):
    """How much work of a kind was changed."""

    kind: str
    count: int
    bytes: int


class Refusal(ResponseBody):
    """Why a row was not changed."""

    kind: str
    id: UUID
    slug: str = Field(description="Last part of the type of the problem that the row alone would get.")
    text: str


class ChangedWork(ResponseBody):
    """What was done with the work that a filter listed, or would be."""

    verb: Verb
    dry_run: bool
    done: int = Field(description="Rows that were changed, or would be.")
    bytes: int = Field(description="Bytes that a retry has to move anew, or that a cancellation throws away.")
    by_kind: list[KindOfChange]
    refused: list[Refusal]
    more: bool = Field(
        description="Whether more matched than the 1,000 that one request changes; ask again for the rest."
    )


class OpenWorkGroups(ResponseBody):
    """Open work in groups: those first that need somebody, then the largest."""

    by: str
    at: datetime
    count: int
    bytes: int = Field(description="Those of a package once, whatever is done with it.")
    groups: list[OpenWorkGroup]
