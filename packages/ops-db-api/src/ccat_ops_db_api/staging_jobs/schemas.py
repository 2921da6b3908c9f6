"""What clients ask to be staged, and what they are told."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from ccat_ops_db.enumerations import Status
from ccat_ops_db_api.platform.fields import Name, NewId, RequestBody, ResponseBody, Text, Time

LONGEST_TIME_TO_LIVE = 10 * 366 * 86_400


class StageData(RequestBody):
    """A request for data at a processing location: an execution, a package or a file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "destination_location": "cologne.processing",
                    "execution_id": "0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11",
                    "time_to_live": 604_800,
                }
            ]
        }
    )

    id: NewId | None = Field(None, description="UUIDv7 that the client made; ours when left out.")
    destination_location: Name = Field(description="A location of type processing.")
    execution_id: UUID | None = None
    package_id: UUID | None = None
    file_id: UUID | None = None
    time_to_live: Annotated[int, Field(strict=True, gt=0, le=LONGEST_TIME_TO_LIVE)] | None = Field(
        None, description="Kept this long after it arrived, seconds; 14 days when left out."
    )
    pinned_until: Time | None = Field(None, description="Kept at least until then.")
    reason: Text | None = Field(None, description="What for.")

    @model_validator(mode="after")
    def _one_thing(self) -> "StageData":
        if sum(thing is not None for thing in (self.execution_id, self.package_id, self.file_id)) != 1:
            raise ValueError("give exactly one of execution_id, package_id and file_id")
        return self


class JobState(StrEnum):
    """State of a staging job; derived from its items."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobItem(ResponseBody):
    """One package, or one file of it, of a job."""

    id: UUID
    package_id: UUID
    file_id: UUID | None
    module: str
    part_number: int
    relative_path: str | None = Field(description="Path of the one file; null for the whole package.")
    status: Status
    bytes_done: int
    bytes_total: int
    waiting_reason: str | None
    waiting_detail: str | None
    error_message: str | None
    finished_at: datetime | None


class StagingJob(ResponseBody):
    """A request for data, and how far it is; sizes in bytes."""

    id: UUID
    site: str
    destination_location: str
    execution_id: UUID | None
    package_id: UUID | None
    file_id: UUID | None
    obs_unit: str = Field(description="Obs unit whose data it is.")
    source: str = Field(description="What was observed.")
    state: JobState
    requested_by: str
    reason: str | None
    created_at: datetime
    pinned_until: datetime | None
    time_to_live: int
    cancelled_at: datetime | None
    bytes_done: int
    bytes_total: int
    bytes_per_second: float | None = Field(
        description="Of the items that are moving, mean of their attempts; null while none is."
    )
    expected_at: datetime | None = Field(
        description="When everything will be there at this rate; null while something waits or was given up."
    )
    arrived_at: datetime | None = Field(description="When the last of it arrived; null before.")
    kept_until: datetime | None = Field(
        description="Nothing of it is removed before; null until all of it has arrived."
    )
    folder: str | None = Field(description="Folder of the data at the location.")
    items: list[JobItem]


class StagingJobPage(ResponseBody):
    """A page of staging jobs."""

    items: list[StagingJob]
    next_cursor: str | None


class StagingJobSort(StrEnum):
    """Orders of staging jobs."""

    CREATED_AT = "created_at"
    CREATED_AT_DESCENDING = "-created_at"
