"""What reports look like."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import FailureClass, LocationType
from ccat_ops_db.waiting import HelpPage, Turn
from ccat_ops_db_api.platform.fields import ResponseBody


class LocationStatus(ResponseBody):
    """How full a location is and what is there; sizes in bytes, watermarks in per cent."""

    id: str
    site: str
    location_type: LocationType
    used_bytes: int | None
    total_bytes: int | None
    measured_at: datetime | None
    watermark_low: float
    watermark_high: float
    packages: int
    package_bytes: int
    files: int
    file_bytes: int
    enabled: bool
    suspended: bool


class WorkCount(ResponseBody):
    """How much open work of one operation has one status."""

    operation: str
    status: str
    count: int
    bytes_done: int
    bytes_total: int


class WaitingCount(ResponseBody):
    """How many things of a kind wait for one reason."""

    subject_type: str
    reason: str
    count: int
    oldest: datetime | None


class Movement(ResponseBody):
    """A transfer that is under way."""

    id: UUID
    operation: str
    package_id: UUID | None
    source: Annotated[str | None, Field(serialization_alias="from")]
    destination: Annotated[str | None, Field(serialization_alias="to")]
    bytes_done: int
    bytes_total: int
    since: datetime | None


class RecentEvent(ResponseBody):
    """Something that happened just now."""

    id: UUID
    occurred_at: datetime
    site: str
    actor: str
    action: str
    subject_type: str
    subject_id: str
    message: str


class Status(ResponseBody):
    """What is where, what moves, what waits."""

    site: str
    at: datetime
    locations: list[LocationStatus]
    work: list[WorkCount]
    waiting: list[WaitingCount]
    packages: dict[str, int]
    transfers: list[Movement]
    errors: dict[str, int]
    recent: list[RecentEvent]


class Step(ResponseBody):
    """One step on the way of the data."""

    subject_type: str
    subject_id: str
    what: str
    status: str | None
    reason: str | None
    detail: str | None
    since: datetime | None
    remedy: str | None
    next: str | None = Field(description="What happens by itself.")
    next_at: datetime | None
    turn: Turn | None


class CatalogueEntry(ResponseBody):
    """What is said of a code."""

    code: str
    text: str = Field(description="Label of a few words.")
    meaning: str = Field(description="What it means, or what causes it.")
    remedy: str = Field(description="What a person can do.")
    next: str = Field(description="What happens by itself.")
    turn: Turn = Field(description="Whose turn it is.")
    help: HelpPage = Field(description="Page of the interface whose help explains it.")


class WaitingReasons(ResponseBody):
    """Every reason for waiting, in the order of the way of the data."""

    items: list[CatalogueEntry]


class ErrorCategory(CatalogueEntry):
    """What is said of a category of errors."""

    error_class: FailureClass | None = Field(description="Null: the work ended without a failure.")


class ErrorCategories(ResponseBody):
    """Every category of errors."""

    items: list[ErrorCategory]


class Explanation(ResponseBody):
    """Why something is as it is."""

    subject_type: str
    subject_id: str
    state: str | None
    summary: str
    steps: list[Step]
