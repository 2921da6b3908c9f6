"""What the API says of physical copies."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from ccat_ops_db.enumerations import CopyForm, CopyKind, LocationType, PhysicalCopyStatus, ReadingMethod
from ccat_ops_db_api.platform.fields import ResponseBody


class Copy(ResponseBody):
    """A file or package at a location; size in bytes."""

    id: UUID
    site: str
    kind: CopyKind
    form: CopyForm = Field(description="A tar, or files: as filed at a source, as staged elsewhere.")
    file_id: UUID | None
    package_id: UUID | None
    location: str
    location_type: LocationType
    relative_path: str
    status: PhysicalCopyStatus
    size: int
    created_at: datetime
    checksum: str | None
    verified_at: datetime | None
    verified_by: ReadingMethod | None
    next_check_at: datetime | None
    pinned_until: datetime | None
    deleted_at: datetime | None
    waiting_reason: str | None
    waiting_detail: str | None
    waiting_since: datetime | None
    copies_wanted: int | None = Field(description="Archives that are to have its package; null for files.")
    copies_archived: int | None = Field(description="Archives that have a verified copy of its package.")


class CopyPage(ResponseBody):
    """A page of copies."""

    items: list[Copy]
    next_cursor: str | None


class CopySort(StrEnum):
    """Orders of copies."""

    ID = "id"
    ID_DESCENDING = "-id"
