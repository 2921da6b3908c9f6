"""What clients say of raw data files, and what they are told."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from ccat_ops_db.enumerations import FileDecision, FileExceptionKind
from ccat_ops_db.models.base import CHECKSUM_PATTERN
from ccat_ops_db.paths import validate_relative_path
from ccat_ops_db_api.platform.fields import Bytes, Name, NewId, Reason, RequestBody, ResponseBody, Time

MOST_FILES = 1000
"""Most files that one request decides on."""

RelativePath = Annotated[str, AfterValidator(validate_relative_path)]
Checksum = Annotated[
    str,
    Field(
        pattern=CHECKSUM_PATTERN,
        description="algorithm:hex, lower case; xxh3-128, sha256, blake3, crc32c or md5.",
    ),
]


class FileToFile(RequestBody):
    """A raw data file that an instrument has written completely."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "execution_id": "0193449b-2b1c-7c3e-8a3f-2f6d6f0c9a11",
                    "module": "chai-lfa",
                    "relative_path": "2026/11/21/scan 0001.fits",
                    "size": 8_388_608,
                    "checksum": "xxh3-128:99aa06d3014798d86001c324468d497f",
                    "source_location": "ccat.chai-raw-data",
                    "file_type": "fits",
                }
            ]
        }
    )

    id: NewId | None = Field(
        None,
        description="UUIDv7 that the client made; ours when left out. Filed already: the first one counts.",
    )
    execution_id: UUID = Field(description="Execution that it belongs to; it may have ended.")
    module: Name = Field(description="Module that wrote it; takes part in the execution.")
    relative_path: RelativePath = Field(description="Path below the source location.")
    size: Bytes = Field(description="Size, bytes.")
    checksum: Checksum
    source_location: Name = Field(description="Where it is; a location of type source at this site.")
    file_type: Name | None = Field(None, description="Kind of file, for example fits or log.")
    written_from: Time | None = Field(None, description="Start of the writing.")
    written_until: Time | None = Field(None, description="End of the writing.")

    @model_validator(mode="after")
    def _ordered(self) -> "FileToFile":
        if (
            self.written_from is not None
            and self.written_until is not None
            and self.written_from > self.written_until
        ):
            raise ValueError("written_until is before written_from")
        return self


class WhereFiles(RequestBody):
    """Files that are not as they were filed, and that nobody has decided on; all filters must hold."""

    id: Annotated[list[UUID], Field(max_length=MOST_FILES)] | None = Field(
        None, description="These and no others."
    )
    package_id: UUID | None = Field(None, description="Of this package.")
    execution_id: UUID | None = Field(None, description="Of this execution.")
    source_location: Name | None = Field(None, description="At this source.")
    exception: FileExceptionKind | None = Field(None, description="With which this is wrong.")


class DecideOnFiles(RequestBody):
    """Which files are decided on, and why."""

    where: WhereFiles = Field(description="At least one filter.")
    reason: Reason = Field(description="Why; kept with the files and in the record of events.")
    dry_run: bool = Field(False, description="Only tell which files it would be.")


class FileFilesAnew(DecideOnFiles):
    """Which files are filed anew: with the facts that they were filed with, or one file with others."""

    size: Bytes | None = Field(None, description="Size of the one file as it is now, bytes.")
    checksum: Checksum | None = Field(None, description="Checksum of the one file as it is now.")

    @model_validator(mode="after")
    def _facts_of_one_file(self) -> "FileFilesAnew":
        if (self.size is None) != (self.checksum is None):
            raise ValueError("size and checksum are given together, or neither")
        if self.size is not None and len(self.where.id or ()) != 1:
            raise ValueError("size and checksum are of one file, which where.id names")
        return self


class DecidedFile(ResponseBody):
    """A file that was decided on."""

    id: UUID
    relative_path: str
    exception: FileExceptionKind
    problem: str
    replaced_by_file_id: UUID | None = Field(description="The row that it was filed anew as.")


class DecidedFiles(ResponseBody):
    """What was decided."""

    dry_run: bool
    files: list[DecidedFile]
    more: bool = Field(description="Whether there are more: a request takes at most 1,000.")


class File(ResponseBody):
    """A raw data file."""

    id: UUID
    execution_id: UUID
    module: str
    relative_path: str
    size: int
    checksum: str
    file_type: str | None
    source_location: str
    written_from: datetime | None
    written_until: datetime | None
    filed_at: datetime
    package_id: UUID | None
    member_offset: int | None
    member_checksum: str | None
    revision: int = Field(description="1; more when the same path was filed anew.")
    left_out: bool = Field(description="Whether its package goes on without it; then it is in no tar.")
    exception: FileExceptionKind | None = Field(
        description="What is wrong with it, at its source or in its package; null: it is as it was filed."
    )
    problem: str | None = Field(description="The same for people.")
    decision: FileDecision | None = Field(description="What was decided on it; null: nothing yet.")
    replaced_by_file_id: UUID | None = Field(description="The row that it was filed anew as.")


class FilePage(ResponseBody):
    """A page of raw data files."""

    items: list[File]
    next_cursor: str | None


class FileSort(StrEnum):
    """Orders of files."""

    ID = "id"
    ID_DESCENDING = "-id"
    RELATIVE_PATH = "relative_path"
    RELATIVE_PATH_DESCENDING = "-relative_path"
    SIZE = "size"
    SIZE_DESCENDING = "-size"


class BulkAnswer(ResponseBody):
    """What became of the lines of a bulk request."""

    filed: int = Field(description="Files that are new.")
    already_filed: int = Field(description="Files that were filed before, with the same facts.")
