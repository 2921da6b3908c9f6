"""What the API says of work: one form for all kinds, with what each has of its own."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import (
    CheckReason,
    CheckResult,
    CopyKind,
    FailureClass,
    Status,
)
from ccat_ops_db_api.platform.fields import RequestBody, ResponseBody, Text


class WorkRow(ResponseBody):
    """A unit of work; bytes of its latest attempt."""

    id: UUID
    site: str
    status: Status
    priority: int
    created_at: datetime
    attempt: int
    next_attempt_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    progressed_at: datetime | None
    lease_owner: str | None
    lease_expires_at: datetime | None
    bytes_done: int
    bytes_total: int
    error_class: FailureClass | None
    error_category: str | None
    error_message: str | None
    waiting_reason: str | None
    waiting_detail: str | None
    waiting_since: datetime | None
    package_id: UUID | None
    execution_id: UUID | None
    obs_unit: str | None
    observed_at: datetime | None = Field(description="When its observation began.")
    module: str | None
    part_number: int | None


class PackageCreationRow(WorkRow):
    """Making a package at its source."""

    source_location: str
    destination_location: str | None


class DataTransferRow(WorkRow):
    """Moving a package one hop."""

    source_copy_id: UUID
    source_location: str
    destination_location: str
    final_site: str
    route: str
    batch_id: UUID | None
    sent_at: datetime | None
    checksum: str | None


class ArchiveTransferRow(WorkRow):
    """Putting a package into a long-term archive."""

    source_copy_id: UUID
    destination_location: str
    checksum: str | None


class FixityCheckRow(WorkRow):
    """Reading a copy and comparing it with its checksum."""

    copy_id: UUID
    location: str
    reason: CheckReason
    result: CheckResult | None
    checksum: str | None


class StagingItemRow(WorkRow):
    """Staging a package or a file of it."""

    job_id: UUID
    file_id: UUID | None
    source_copy_id: UUID | None
    destination_location: str


class DeletionRow(WorkRow):
    """Removing a package or its files from a location."""

    location: str
    kind: CopyKind
    file_id: UUID | None
    requested_by: str
    reason: str
    grace_until: datetime


class PackageCreationPage(ResponseBody):
    """A page of package creations."""

    items: list[PackageCreationRow]
    next_cursor: str | None


class DataTransferPage(ResponseBody):
    """A page of transfers."""

    items: list[DataTransferRow]
    next_cursor: str | None


class ArchiveTransferPage(ResponseBody):
    """A page of archive transfers."""

    items: list[ArchiveTransferRow]
    next_cursor: str | None


class FixityCheckPage(ResponseBody):
    """A page of fixity checks."""

    items: list[FixityCheckRow]
    next_cursor: str | None


class StagingItemPage(ResponseBody):
    """A page of staging items."""

    items: list[StagingItemRow]
    next_cursor: str | None


class DeletionPage(ResponseBody):
    """A page of deletions."""

    items: list[DeletionRow]
    next_cursor: str | None


class WorkSort(StrEnum):
    """Orders of work. By ``finished_at`` only what has ended is listed."""

    CREATED_AT = "created_at"
    CREATED_AT_DESCENDING = "-created_at"
    FINISHED_AT = "finished_at"
    FINISHED_AT_DESCENDING = "-finished_at"
    ID = "id"
    ID_DESCENDING = "-id"


class ChangeOfWork(RequestBody):
    """Why a person retries or cancels."""

    reason: Text | None = Field(None, description="Why; kept in the record of events.")
    dry_run: bool = Field(False, description="Change nothing; answer the row as it would be, or the refusal.")
