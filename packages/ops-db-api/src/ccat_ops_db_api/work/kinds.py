"""The kinds of work that the API shows: their path, their columns and what they read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    StagingItem,
)
from ccat_ops_db_api.platform.fields import ResponseBody
from ccat_ops_db_api.work import schemas


@dataclass(frozen=True)
class Kind:
    """A kind of work.

    Attributes
    ----------
    path : str
        Last part of its path.
    noun : str
        Its name in messages and operation ids.
    model : type
        Its table.
    columns : mapping
        Label → column of what it has of its own.
    locations : tuple of str
        Labels of the columns that name locations; the filter ``location`` matches any.
    row, page : type
        How it is described.
    """

    path: str
    noun: str
    model: Any
    columns: Mapping[str, Any]
    locations: tuple[str, ...]
    row: type[ResponseBody]
    page: type[ResponseBody]

    @property
    def table(self) -> str:
        """Return the name of its table."""
        name: str = self.model.__tablename__
        return name


def _package_of_copy() -> ColumnElement[Any]:
    copy = aliased(PhysicalCopy)
    of_copy = select(copy.raw_data_package_id).where(copy.id == FixityCheck.physical_copy_id)
    # Named, since it also stands in subqueries of the list, from where it would not be found by itself.
    return of_copy.correlate(FixityCheck).scalar_subquery()


PACKAGE_CREATIONS = Kind(
    "package-creations",
    "package_creation",
    PackageCreation,
    {
        "package_id": PackageCreation.raw_data_package_id,
        "source_location": PackageCreation.source_location_id,
        "destination_location": PackageCreation.destination_location_id,
    },
    ("source_location", "destination_location"),
    schemas.PackageCreationRow,
    schemas.PackageCreationPage,
)
DATA_TRANSFERS = Kind(
    "data-transfers",
    "data_transfer",
    DataTransfer,
    {
        "package_id": DataTransfer.raw_data_package_id,
        "source_copy_id": DataTransfer.source_copy_id,
        "source_location": DataTransfer.source_location_id,
        "destination_location": DataTransfer.destination_location_id,
        "final_site": DataTransfer.final_site_id,
        "route": DataTransfer.data_transfer_route_id,
        "batch_id": DataTransfer.data_transfer_package_id,
        "sent_at": DataTransfer.sent_at,
        "checksum": DataTransfer.checksum,
    },
    ("source_location", "destination_location"),
    schemas.DataTransferRow,
    schemas.DataTransferPage,
)
ARCHIVE_TRANSFERS = Kind(
    "archive-transfers",
    "archive_transfer",
    LongTermArchiveTransfer,
    {
        "package_id": LongTermArchiveTransfer.raw_data_package_id,
        "source_copy_id": LongTermArchiveTransfer.source_copy_id,
        "destination_location": LongTermArchiveTransfer.destination_location_id,
        "checksum": LongTermArchiveTransfer.checksum,
    },
    ("destination_location",),
    schemas.ArchiveTransferRow,
    schemas.ArchiveTransferPage,
)
FIXITY_CHECKS = Kind(
    "fixity-checks",
    "fixity_check",
    FixityCheck,
    {
        "package_id": _package_of_copy(),
        "copy_id": FixityCheck.physical_copy_id,
        "location": FixityCheck.data_location_id,
        "reason": FixityCheck.reason,
        "result": FixityCheck.result,
        "checksum": FixityCheck.checksum,
    },
    ("location",),
    schemas.FixityCheckRow,
    schemas.FixityCheckPage,
)
STAGING_ITEMS = Kind(
    "staging-items",
    "staging_item",
    StagingItem,
    {
        "package_id": StagingItem.raw_data_package_id,
        "job_id": StagingItem.staging_job_id,
        "file_id": StagingItem.raw_data_file_id,
        "source_copy_id": StagingItem.source_copy_id,
        "destination_location": StagingItem.destination_location_id,
    },
    ("destination_location",),
    schemas.StagingItemRow,
    schemas.StagingItemPage,
)
DELETIONS = Kind(
    "deletions",
    "deletion",
    Deletion,
    {
        "package_id": Deletion.raw_data_package_id,
        "location": Deletion.data_location_id,
        "kind": Deletion.kind,
        "file_id": Deletion.raw_data_file_id,
        "requested_by": Deletion.requested_by,
        "reason": Deletion.reason,
        "grace_until": Deletion.grace_until,
    },
    ("location",),
    schemas.DeletionRow,
    schemas.DeletionPage,
)
KINDS = (PACKAGE_CREATIONS, DATA_TRANSFERS, ARCHIVE_TRANSFERS, FIXITY_CHECKS, STAGING_ITEMS, DELETIONS)
"""All kinds, in the order in which a package meets them."""
