"""What reports look like."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import DeletionTrigger, FailureClass, LocationType
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
    deletes: DeletionTrigger | None = Field(
        description=(
            "When copies are deleted there: ``under_pressure`` between the watermarks, ``when_archived`` or "
            "``when_unpinned`` whatever they are; null: never."
        )
    )


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


class NextThing(ResponseBody):
    """What happens next by itself."""

    text: str
    at: datetime


class Verdict(ResponseBody):
    """The state of the data centre in one sentence."""

    level: Literal["green", "watch", "act"]
    sentence: str
    next: NextThing | None


class Link(ResponseBody):
    """A list with filters, or one thing of it."""

    collection: str
    id: str | None
    filter: dict[str, str] | None = Field(description="Parameters of the list.")


class Action(Link):
    """What can be done with one call: ``POST /{collection}/{id}:{verb}``.

    Without an id it is done with everything that the filter lists: ``POST /{collection}:{verb}``.
    """

    verb: str


class Attention(ResponseBody):
    """Something that needs somebody."""

    rule: str = Field(description="Name of the rule that found it, stable.")
    severity: Literal["act", "watch", "info"]
    title: str = Field(description="What it is, with figures; a sentence without its period.")
    why: str
    next: str = Field(description="What happens by itself.")
    remedy: str = Field(description="What to do.")
    turn: Turn
    help: HelpPage
    count: int = Field(description="How many things it concerns.")
    where: str | None = Field(description="Location, route or site.")
    since: datetime | None = Field(description="Null where the database does not know it.")
    next_at: datetime | None
    action: Action | None
    subjects: Link | None = Field(description="What it concerns.")
    cause: Link | None = Field(
        description="Route or location that brings it about: the turn is that of its people."
    )


class StoppedBy(ResponseBody):
    """What most of the work waits for at a step where nothing passes."""

    reason: str
    text: str
    where: str | None
    count: int


class FlowStep(ResponseBody):
    """A step of the way: what is at it now, and the bytes a second that passed it in the last hour.

    At the source is what is not packaged; at the buffer what is not on its way yet; on the link what is being
    sent or was not verified on arrival; at the archive what is being written; ``verified`` has what is
    written and not verified yet; ``removed`` what is archived and not removed at its source.
    """

    step: Literal["source", "buffer", "link", "archive", "verified", "removed"]
    packages: int
    bytes: int
    moving: int = Field(description="Work that is under way.")
    rate: float = Field(description="Bytes a second; at the source what was filed.")
    stopped_by: StoppedBy | None = Field(description="Null while something passes, or nothing waits.")
    given_up: int = Field(description="Work that was given up there: it is not in what is stopped.")


class Today(ResponseBody):
    """What was filed since the night began, at noon at the telescope."""

    night: date
    since: datetime
    files: int
    bytes: int
    bytes_per_second: float | None = Field(description="Mean since the night began.")
    recent_bytes_per_second: float = Field(description="Mean of the last hour.")
    last_filed_at: datetime | None


class SignOfLife(ResponseBody):
    """When something was last heard of. What leaves no trace in the database is not in the list."""

    what: Literal["telescope", "workers"]
    site: str | None
    at: datetime


class Status(ResponseBody):
    """What is where, what moves, what waits, and whether somebody has to do something."""

    site: str
    at: datetime = Field(description="When it was read. An answer is given to all who ask for two seconds.")
    counted_at: datetime = Field(
        description=(
            "When it was counted what lies at each location, and how many packages were formed long before; "
            "at most half a minute before the rest was read."
        )
    )
    locations: list[LocationStatus]
    work: list[WorkCount]
    waiting: list[WaitingCount]
    packages: dict[str, int]
    transfers: list[Movement]
    errors: dict[str, int]
    recent: list[RecentEvent]
    verdict: Verdict
    attention: list[Attention] = Field(description="What needs somebody, the most urgent first.")
    flow: list[FlowStep]
    today: Today
    signs_of_life: list[SignOfLife]


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

    before_retry: str = Field(
        description="What to do before work that was given up for it is retried; empty: nothing."
    )
    while_it_lasts: str = Field(description="What a person can do about what keeps failing.")
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
