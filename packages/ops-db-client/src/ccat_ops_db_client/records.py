"""What the API answers, as typed records. Fields that a newer service adds are kept, not refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import UUID7, AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from .facts import FIRST_YEAR, LAST_YEAR, LONGEST_NAME
from .paths import check_relative_path

CHECKSUM_PATTERN = (
    "^(md5:[0-9a-f]{32}|crc32c:[0-9a-f]{8}|xxh3-128:[0-9a-f]{32}|sha256:[0-9a-f]{64}|blake3:[0-9a-f]{64})$"
)
"""``algorithm:hex``, lower case."""

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\p{Cc}\p{Zl}\p{Zp}]*$")]
Time = Annotated[
    AwareDatetime,
    Field(ge=datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), lt=datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)),
]
Item = TypeVar("Item")


class Record(BaseModel):
    """Base of all answers."""

    # Built when it is needed: a command needs few of them.
    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)


class Page(Record, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next_cursor: str | None = None


class SiteInformation(Record):
    """The site that the API serves."""

    id: str


class Location(Record):
    """A data location. `path` is the folder of a disk location."""

    id: str
    site: str
    location_type: str
    storage_type: str
    enabled: bool = True
    instrument: str | None = None
    path: str | None = None


class Module(Record):
    """A module of an instrument."""

    id: str


class Instrument(Record):
    """An instrument with its modules."""

    id: str
    modules: list[Module] = Field(default_factory=list)


class Execution(Record):
    """An executed obs unit. `start_received_at` is when the API was told of its start."""

    id: UUID
    obs_unit: str
    status: str
    started_at: datetime
    ended_at: datetime | None = None
    start_received_at: datetime | None = None
    modules: list[str] = Field(default_factory=list)


class Waiting(Record):
    """Something that waits, and why."""

    subject_type: str
    subject_id: str
    reason: str
    detail: str | None = None
    since: datetime | None = None


class Failure(Record):
    """Something that was given up."""

    subject_type: str
    subject_id: str
    message: str | None = None


class Progress(Record):
    """How far the data of an execution are; sizes in bytes."""

    id: UUID
    status: str
    files: int = 0
    bytes: int = 0
    files_packaged: int = 0
    packages: int = 0
    packages_sealed: int = 0
    packages_archived: int = 0
    packages_removed_at_source: int = 0
    packages_failed: int = 0
    archived: bool
    removed_at_source: bool
    needs_somebody: bool = False
    waiting: list[Waiting] = Field(default_factory=list)
    failed: list[Failure] = Field(default_factory=list)


class NewFile(BaseModel):
    """A file to be filed; `relative_path` is below the folder of `source_location`, size in bytes.

    What can never be filed is refused here, whether the API is there or not.

    Raises
    ------
    PathError
        Nothing can be filed under `relative_path`.
    pydantic.ValidationError
        Another value is wrong.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID7
    execution_id: UUID7
    module: Name
    relative_path: Annotated[str, AfterValidator(check_relative_path)]
    size: Annotated[int, Field(ge=0, lt=2**63)]
    checksum: Annotated[str, Field(pattern=CHECKSUM_PATTERN)]
    source_location: Name
    file_type: Name | None = None
    written_from: Time | None = None
    written_until: Time | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.written_from and self.written_until and self.written_from > self.written_until:
            raise ValueError("written_until is before written_from")
        return self


class FiledFile(Record):
    """A raw data file as filed; size in bytes."""

    id: UUID
    relative_path: str
    size: int
    checksum: str
    source_location: str | None = None
    written_until: datetime | None = None


class Filing(Record):
    """What a bulk filing did: numbers of files."""

    filed: int
    already_filed: int


class Copy(Record):
    """A copy of a package at a location."""

    location: str
    location_type: str | None = None
    status: str
    waiting_reason: str | None = None
    waiting_detail: str | None = None


class Package(Record):
    """A package of raw data files; sizes in bytes."""

    id: UUID
    execution_id: UUID
    module: str
    part_number: int
    state: str
    file_count: int
    payload_bytes: int
    size: int | None = None
    checksum: str | None = None
    waiting_reason: str | None = None
    waiting_detail: str | None = None
    copies: list[Copy] = Field(default_factory=list)


class Member(Record):
    """A file in the tar of a package: first byte and number of bytes of its content, sha256 in hex.

    `mtime` is decimal seconds since 1970-01-01 UTC, as text.
    """

    path: str
    offset: int = Field(ge=0)
    size: int = Field(ge=0)
    sha256: str
    mtime: str | None = None


class PackageIndex(Record):
    """The members of a sealed package."""

    members: Sequence[Member]


class StagingItem(Record):
    """One package or file of a staging job."""

    status: str
    package_id: UUID | None = None
    file_id: UUID | None = None
    waiting_reason: str | None = None
    waiting_detail: str | None = None
    error_message: str | None = None


class StagingJob(Record):
    """A request to bring data to a processing location; sizes in bytes."""

    id: UUID
    destination_location: str
    state: str
    bytes_done: int = 0
    bytes_total: int | None = None
    folder: str | None = None
    items: list[StagingItem] = Field(default_factory=list)


class Step(Record):
    """One step of the answer to "why"."""

    subject_type: str
    subject_id: str
    what: str | None = None
    status: str | None = None
    reason: str | None = None
    detail: str | None = None
    since: datetime | None = None
    remedy: str | None = None
    next: str | None = None
    next_at: datetime | None = None
    turn: str | None = None


class Explanation(Record):
    """Why something is as it is."""

    subject_type: str
    subject_id: str
    state: str | None = None
    summary: str
    steps: list[Step] = Field(default_factory=list)


class Status(Record):
    """What is where at a site, what moves and what waits."""

    site: str
    at: datetime
    locations: list[dict[str, Any]] = Field(default_factory=list)
    work: list[dict[str, Any]] = Field(default_factory=list)
    waiting: list[dict[str, Any]] = Field(default_factory=list)
    packages: dict[str, int] = Field(default_factory=dict)
    transfers: list[dict[str, Any]] = Field(default_factory=list)
    errors: dict[str, int] = Field(default_factory=dict)
    recent: list[dict[str, Any]] = Field(default_factory=list)
    verdict: dict[str, Any] = Field(default_factory=dict)
    attention: list[dict[str, Any]] = Field(default_factory=list)
