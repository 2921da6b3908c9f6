"""What the API says of packages."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import CopyForm, LocationType, PackageState, PhysicalCopyStatus
from ccat_ops_db.reports.life_line import StepKind
from ccat_ops_db_api.platform.fields import ResponseBody


class PackageCopy(ResponseBody):
    """A copy of a package at a location."""

    id: UUID
    location: str
    location_type: LocationType
    form: CopyForm = Field(description="Its tar, or its files, as staged.")
    status: PhysicalCopyStatus
    size: int
    verified_at: datetime | None
    waiting_reason: str | None
    waiting_detail: str | None
    pinned_until: datetime | None


class SourceFiles(ResponseBody):
    """How many of a package's files are still at their source."""

    present: int
    deleted: int


class Package(ResponseBody):
    """A package; sizes in bytes."""

    id: UUID
    site: str
    execution_id: UUID
    obs_unit: str
    observed_at: datetime = Field(description="When its observation began.")
    program: str
    source: str
    module: str
    part_number: int
    state: PackageState = Field(description="Derived from its copies and the work on it.")
    copies_wanted: int = Field(description="Archives that are to have it, as the policy of its source says.")
    copies_archived: int = Field(description="Archives that have a verified copy.")
    file_count: int
    payload_bytes: int
    size: int | None
    checksum: str | None
    manifest_checksum: str | None
    created_at: datetime
    sealed_at: datetime | None
    t_min: float | None = Field(
        description="Start of its data, MJD (UTC), as in ObsCore; null before it is sealed."
    )
    t_max: float | None = Field(description="End of its data, MJD (UTC); null where it is not known.")
    relative_path: str
    source_location: str
    waiting_reason: str | None
    waiting_detail: str | None
    waiting_since: datetime | None
    copies: list[PackageCopy]
    source_files: SourceFiles


class PackagePage(ResponseBody):
    """A page of packages."""

    items: list[Package]
    next_cursor: str | None


class PackageSort(StrEnum):
    """Orders of packages. By ``sealed_at`` and ``size`` only sealed ones are listed."""

    CREATED_AT = "created_at"
    CREATED_AT_DESCENDING = "-created_at"
    SEALED_AT = "sealed_at"
    SEALED_AT_DESCENDING = "-sealed_at"
    SIZE = "size"
    SIZE_DESCENDING = "-size"
    ID = "id"
    ID_DESCENDING = "-id"


class IndexMember(ResponseBody):
    """A file in the tar: first byte and number of bytes of its content, sha256 in hex."""

    path: str
    offset: int
    size: int
    sha256: str
    mtime: str = Field(
        description="Modification time, decimal seconds since 1970-01-01 UTC, to the nanosecond."
    )


class PackageIndex(ResponseBody):
    """Where each file of a sealed package lies in its tar."""

    package: UUID
    size: int
    checksum: str
    members: list[IndexMember]


class LifeStep(ResponseBody):
    """A step of the life of a package."""

    kind: StepKind = Field(description="done; under way now; waits; an attempt that failed; failed; or next.")
    title: str = Field(description="What happened or is to happen, with the locations.")
    created_at: datetime | None = Field(description="When it was planned, or happened.")
    started_at: datetime | None = Field(description="When the last attempt began.")
    finished_at: datetime | None = Field(description="When it ended.")
    bytes_done: int | None
    bytes_total: int | None
    bytes_per_second: float | None = Field(description="Mean rate of the attempt that is under way.")
    next_at: datetime | None = Field(description="When it ends at that rate, or is tried again.")
    attempt: int | None = Field(description="Attempts so far.")
    reason: str | None = Field(description="Why it waits or does not go on.")
    detail: str | None
    error_category: str | None = Field(description="Of the last attempt; see ``/error-categories``.")
    subject_type: str
    subject_id: str


class LifeLine(ResponseBody):
    """The life of a package, the earliest step first; what is not over comes last, then what is next."""

    archives_in_doubt: list[str] = Field(
        description="Archives whose verified copy does not count for certain: they are in doubt now."
    )
    steps: list[LifeStep]
