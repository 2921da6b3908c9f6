"""What clients say of executions, and what they are told."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, field_validator, model_validator

from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db_api.platform.fields import Name, NewId, RequestBody, ResponseBody, Text, Time

Elevation = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Azimuth = Annotated[float, Field(ge=-720, le=720, allow_inf_nan=False)]


class StartExecution(RequestBody):
    """An execution begins."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"obs_unit": "OrionKL-CO43-map", "modules": ["chai-lfa", "chai-hfa"]}]
        }
    )

    id: NewId | None = Field(None, description="UUIDv7 that the client made; ours when left out.")
    obs_unit: Name = Field(description="Name of the obs unit that is executed.")
    modules: list[Name] = Field(min_length=1, max_length=100, description="Modules that take part.")
    started_at: Time | None = Field(None, description="Start, as the instrument gives it; now when left out.")

    @field_validator("modules")
    @classmethod
    def _modules_once(cls, modules: list[str]) -> list[str]:
        if len(set(modules)) != len(modules):
            raise ValueError("names a module twice")
        return modules


class FinishExecution(RequestBody):
    """An execution ends."""

    status: Literal[ExecutionStatus.COMPLETED, ExecutionStatus.ABORTED, ExecutionStatus.FAILED] = Field(
        description="How it ended."
    )
    ended_at: Time | None = Field(None, description="End, as the instrument gives it; now when left out.")
    mean_pwv: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = Field(
        None, description="Mean precipitable water vapour, mm."
    )
    elevation_min: Elevation | None = Field(None, description="Smallest elevation, degrees.")
    elevation_max: Elevation | None = Field(None, description="Largest elevation, degrees.")
    azimuth_min: Azimuth | None = Field(None, description="Smallest azimuth, degrees.")
    azimuth_max: Azimuth | None = Field(None, description="Largest azimuth, degrees.")
    comment: Text | None = Field(None, description="What the observer says.")

    @model_validator(mode="after")
    def _ordered(self) -> "FinishExecution":
        for low, high in (("elevation_min", "elevation_max"), ("azimuth_min", "azimuth_max")):
            smallest, largest = getattr(self, low), getattr(self, high)
            if smallest is not None and largest is not None and smallest > largest:
                raise ValueError(f"{low} is larger than {high}")
        return self


class Execution(ResponseBody):
    """An execution of an obs unit."""

    id: UUID
    site: str
    obs_unit: str
    program: str
    source: str
    instruments: list[str]
    modules: list[str]
    status: ExecutionStatus
    started_at: datetime
    ended_at: datetime | None
    start_received_at: datetime
    end_received_at: datetime | None
    mean_pwv: float | None
    elevation_min: float | None
    elevation_max: float | None
    azimuth_min: float | None
    azimuth_max: float | None
    comment: str | None


class DataState(StrEnum):
    """What became of the data of an execution; derived."""

    NO_FILES = "no_files"
    BEING_FILED = "being_filed"
    """It is running, and its data are on the way as they come."""
    ON_THE_WAY = "on_the_way"
    ARCHIVED = "archived"
    FAILED = "failed"
    """Work on a package was given up."""


class PackagesByState(ResponseBody):
    """How many packages are in each state."""

    waiting: int
    transferring: int
    archived: int
    failed: int


class ExecutionData(ResponseBody):
    """How much data an execution has, sizes as filed, bytes."""

    state: DataState
    files: int
    bytes: int
    files_unpackaged: int
    packages: PackagesByState
    reason: str | None = Field(
        description="Why what is not archived does not go on: the reason that needs somebody most, of those"
        " the oldest. With `in_progress` and `dispatched` it moves."
    )
    reason_detail: str | None
    reason_since: datetime | None


class ListedExecution(Execution):
    """An execution with what became of its data."""

    data: ExecutionData


class ExecutionPage(ResponseBody):
    """A page of executions."""

    items: list[ListedExecution]
    next_cursor: str | None


class ExecutionSort(StrEnum):
    """Orders of executions."""

    STARTED_AT = "started_at"
    STARTED_AT_DESCENDING = "-started_at"
    OBS_UNIT = "obs_unit"
    OBS_UNIT_DESCENDING = "-obs_unit"
    ID = "id"
    ID_DESCENDING = "-id"


class WaitingThing(ResponseBody):
    """Something that waits, and why."""

    subject_type: str
    subject_id: str
    reason: str
    detail: str | None
    since: datetime | None


class FailedThing(ResponseBody):
    """Something that was given up."""

    subject_type: str
    subject_id: str
    message: str | None


class ExecutionProgress(ResponseBody):
    """How far the data of an execution is on its way."""

    id: UUID
    status: ExecutionStatus
    files: int
    bytes: int
    files_packaged: int
    packages: int
    packages_sealed: int
    packages_archived: int
    packages_removed_at_source: int
    packages_failed: int
    files_sealed: int = Field(description="Files in packages that are sealed.")
    files_archived: int = Field(description="Files in packages that are archived.")
    files_removed_at_source: int = Field(description="Files in packages whose files are gone there.")
    archives_reached: int = Field(description="In how many archives every file is, verified.")
    archives_wanted: int | None = Field(
        description="In how many archives the sources' policies want it; null while there is no package."
    )
    archived: bool
    removed_at_source: bool
    needs_somebody: bool = Field(
        description="Whether something of it waits for a person, as in the filter of the list."
    )
    waiting: list[WaitingThing]
    failed: list[FailedThing]
