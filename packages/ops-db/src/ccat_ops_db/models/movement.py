"""Movement and other work: routes, transfers, archiving, verification, staging and deletion."""

from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Time, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ccat_ops_db.enumerations import (
    CheckReason,
    CheckResult,
    CopyKind,
    RouteType,
    TransferMethod,
)
from ccat_ops_db.models.base import Base, Identified, Owned, Reference, Work, checksum_check, choice, of_owner
from ccat_ops_db.models.copies import PhysicalCopy
from ccat_ops_db.models.data import RawDataPackage
from ccat_ops_db.models.places import Suspendable

NOT_ENDED = text("status NOT IN ('completed', 'cancelled')")


def of_route() -> ForeignKeyConstraint:
    """Return the foreign key to the route that work or records of the sending site belong to."""
    return of_owner("data_transfer_route_id", "data_transfer_route", "origin_site_id")


class DataTransferRoute(Reference, Suspendable, Base):
    """A way from one site to another, its method and its limits."""

    suspended_in = "data_transfer_route_id"

    origin_site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True, doc="Where it begins.")
    destination_site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True, doc="Where it leads.")
    route_type: Mapped[RouteType] = mapped_column(
        choice(RouteType),
        default=RouteType.DIRECT,
        doc="direct: straight to the archive, past the destination's buffer, or to its buffer where given;"
        " relay: to the relay site, which sends on; custom: between the two locations given.",
    )
    relay_site_id: Mapped[str | None] = mapped_column(ForeignKey("site.id"), index=True, doc="Site between.")
    origin_location_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="Location to send from, instead of the site's buffer."
    )
    destination_location_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="Location to send to, instead of the site's buffer."
    )
    method: Mapped[TransferMethod] = mapped_column(choice(TransferMethod), doc="What moves the bytes.")
    priority: Mapped[int] = mapped_column(default=0, doc="Higher is preferred.")
    enabled: Mapped[bool] = mapped_column(default=True, doc="Whether it is used; from configuration.")
    concurrency: Mapped[int] = mapped_column(default=4, doc="Transfers at the same time.")
    bytes_per_second: Mapped[int | None] = mapped_column(
        doc="Limit of all its transfers together; null: none."
    )

    windows: Mapped[list["DataTransferRouteWindow"]] = relationship(lazy="raise")
    __table_args__ = (
        UniqueConstraint("id", "origin_site_id"),
        CheckConstraint("(route_type = 'relay') = (relay_site_id IS NOT NULL)", name="relay_has_site"),
        CheckConstraint(
            "route_type <> 'custom'"
            " OR (origin_location_id IS NOT NULL AND destination_location_id IS NOT NULL)",
            name="custom_has_locations",
        ),
        CheckConstraint(
            "origin_site_id <> destination_site_id OR route_type = 'custom'", name="leads_somewhere_else"
        ),
        CheckConstraint(
            "relay_site_id <> origin_site_id AND relay_site_id <> destination_site_id",
            name="relay_is_between",
        ),
        CheckConstraint("concurrency > 0", name="concurrency_positive"),
        CheckConstraint("bytes_per_second > 0", name="bytes_per_second_positive"),
    )


class DataTransferRouteWindow(Base):
    """A daily time (UTC) in which a route may be used; without any it always may."""

    data_transfer_route_id: Mapped[str] = mapped_column(
        ForeignKey("data_transfer_route.id"), primary_key=True, doc="Route."
    )
    opens_at: Mapped[time] = mapped_column(Time(), primary_key=True, doc="Start of the window, UTC.")
    closes_at: Mapped[time] = mapped_column(
        Time(), doc="End of the window, UTC; before the start: on the next day."
    )
    __table_args__ = (CheckConstraint("opens_at <> closes_at", name="not_empty"),)


class DataTransferPackage(Identified, Owned, Base):
    """Packages that travel together over a route: a list, not a second tar. Owned by the sending site."""

    data_transfer_route_id: Mapped[str] = mapped_column(index=True, doc="Route.")
    created_at: Mapped[datetime] = mapped_column(doc="When the batch was formed.")
    package_count: Mapped[int] = mapped_column(doc="Number of packages.")
    size: Mapped[int] = mapped_column(doc="Bytes in all.")
    __table_args__ = (
        of_route(),
        CheckConstraint("package_count > 0 AND size >= 0", name="contents"),
    )


class PackageCreation(Work, Base):
    """Making one tar at the source's site. Owned by the site of the source."""

    raw_data_package_id: Mapped[UUID] = mapped_column(unique=True, doc="Package to make.")
    source_location_id: Mapped[str] = mapped_column(index=True, doc="Where its files are.")
    destination_location_id: Mapped[str | None] = mapped_column(
        index=True, doc="Buffer that the tar is written to; null until chosen."
    )

    package: Mapped[RawDataPackage] = relationship(
        lazy="raise", primaryjoin="foreign(PackageCreation.raw_data_package_id) == RawDataPackage.id"
    )

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Add that package, source and buffer belong to the same site."""
        return (
            *super().work_table_args(),
            of_owner("raw_data_package_id", "raw_data_package"),
            of_owner("source_location_id", "data_location"),
            of_owner("destination_location_id", "data_location"),
        )


class DataTransfer(Work, Base):
    """Moving one package one hop. Owned by the sending site; the receiver verifies by a fixity check."""

    raw_data_package_id: Mapped[UUID] = mapped_column(index=True, doc="Package, of whichever site.")
    source_copy_id: Mapped[UUID] = mapped_column(index=True, doc="Copy that is sent.")
    source_location_id: Mapped[str] = mapped_column(index=True, doc="Where it is sent from.")
    destination_location_id: Mapped[str] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="Where this hop leads."
    )
    destination_path: Mapped[str] = mapped_column(
        doc="Name that the tar gets there; another after each arrival that was bad."
    )
    generation: Mapped[int] = mapped_column(
        default=1, server_default=text("1"), doc="Generation of the tar there, by which it has its name."
    )
    final_site_id: Mapped[str] = mapped_column(
        ForeignKey("site.id"), index=True, doc="Site that the package is bound for; a relay sends on to it."
    )
    data_transfer_route_id: Mapped[str] = mapped_column(index=True, doc="Route.")
    data_transfer_package_id: Mapped[UUID | None] = mapped_column(index=True, doc="Batch it travels in.")
    sent_at: Mapped[datetime | None] = mapped_column(
        doc="When all bytes were at the destination; completed once the receiver has verified them."
    )
    checksum: Mapped[str | None] = mapped_column(doc="xxh3-128 of the bytes as they were sent.")

    source_copy: Mapped[PhysicalCopy] = relationship(
        lazy="raise", primaryjoin="foreign(DataTransfer.source_copy_id) == PhysicalCopy.id"
    )
    route: Mapped[DataTransferRoute] = relationship(
        lazy="raise", primaryjoin="foreign(DataTransfer.data_transfer_route_id) == DataTransferRoute.id"
    )

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Add that a site has one open transfer of a package to a location; who needs the hop shares it."""
        return (
            *super().work_table_args(),
            of_route(),
            of_owner("source_copy_id", "physical_copy"),
            of_owner("source_location_id", "data_location"),
            of_owner("data_transfer_package_id", "data_transfer_package"),
            checksum_check("checksum"),
            Index(
                "ix_data_transfer_sent",
                "destination_location_id",
                postgresql_where=text("sent_at IS NOT NULL AND status <> 'completed'"),
            ),
            Index(
                "uq_data_transfer_open",
                "site_id",
                "raw_data_package_id",
                "destination_location_id",
                unique=True,
                postgresql_where=NOT_ENDED,
                sqlite_where=NOT_ENDED,
            ),
        )


class LongTermArchiveTransfer(Work, Base):
    """Putting one package from a buffer into a long-term archive. Owned by the archive's site."""

    raw_data_package_id: Mapped[UUID] = mapped_column(index=True, doc="Package, of whichever site.")
    source_copy_id: Mapped[UUID] = mapped_column(index=True, doc="Copy that is read.")
    destination_location_id: Mapped[str] = mapped_column(index=True, doc="Archive.")
    checksum: Mapped[str | None] = mapped_column(doc="xxh3-128 of the bytes as they were written.")

    source_copy: Mapped[PhysicalCopy] = relationship(
        lazy="raise", primaryjoin="foreign(LongTermArchiveTransfer.source_copy_id) == PhysicalCopy.id"
    )

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Add that a package has one open transfer into an archive, from a copy of the same site."""
        return (
            *super().work_table_args(),
            of_owner("source_copy_id", "physical_copy"),
            of_owner("destination_location_id", "data_location"),
            checksum_check("checksum"),
            Index(
                "uq_long_term_archive_transfer_open",
                "raw_data_package_id",
                "destination_location_id",
                unique=True,
                postgresql_where=NOT_ENDED,
                sqlite_where=NOT_ENDED,
            ),
        )


class FixityCheck(Work, Base):
    """Reading a copy where it is and comparing it with its checksum. Owned by the site of the copy."""

    physical_copy_id: Mapped[UUID] = mapped_column(doc="Copy.")
    data_location_id: Mapped[str] = mapped_column(index=True, doc="Location of the copy.")
    data_transfer_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="Transfer, of whichever site, whose arrival it confirms."
    )
    reason: Mapped[CheckReason] = mapped_column(choice(CheckReason), doc="Why it is checked.")
    excluded_worker: Mapped[str | None] = mapped_column(
        doc="Process that read it wrong: another one reads it, or the same some hours later."
    )
    decoys: Mapped[int] = mapped_column(
        default=0, doc="Decoys to be written and read beside the copy, to find out about its place."
    )
    decoys_right: Mapped[int | None] = mapped_column(doc="How many of them were read as they were written.")
    result: Mapped[CheckResult | None] = mapped_column(choice(CheckResult), doc="What was found.")
    checksum: Mapped[str | None] = mapped_column(doc="Checksum that was found.")

    copy: Mapped[PhysicalCopy] = relationship(
        lazy="raise", primaryjoin="foreign(FixityCheck.physical_copy_id) == PhysicalCopy.id"
    )

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Add that a copy has one open check, at its own site."""
        return (
            *super().work_table_args(),
            of_owner("physical_copy_id", "physical_copy"),
            of_owner("data_location_id", "data_location"),
            checksum_check("checksum"),
            Index(None, "physical_copy_id"),
            Index(
                "ix_fixity_check_scrub",
                "data_location_id",
                "created_at",
                postgresql_where=text("reason = 'scrub'"),
                sqlite_where=text("reason = 'scrub'"),
            ),
            Index(
                "uq_fixity_check_open",
                "physical_copy_id",
                unique=True,
                postgresql_where=NOT_ENDED,
                sqlite_where=NOT_ENDED,
            ),
        )


class StagingJob(Identified, Owned, Base):
    """A request to bring data to a processing location. Its state is that of its items.

    Job and items are owned by the processing site. What was asked for is of whichever site.
    """

    destination_location_id: Mapped[str] = mapped_column(index=True, doc="Processing location.")
    executed_obs_unit_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="The execution that was asked for."
    )
    raw_data_package_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="The one package that was asked for."
    )
    raw_data_file_id: Mapped[UUID | None] = mapped_column(index=True, doc="The one file that was asked for.")
    requested_by: Mapped[str] = mapped_column(doc="Who asked.")
    reason: Mapped[str | None] = mapped_column(doc="What for.")
    created_at: Mapped[datetime] = mapped_column(index=True, doc="When.")
    pinned_until: Mapped[datetime | None] = mapped_column(
        doc="Kept until then; null: as long as time_to_live."
    )
    time_to_live: Mapped[int] = mapped_column(
        default=14 * 86400, doc="Kept this long after it arrived, seconds, unless pinned longer."
    )
    cancelled_at: Mapped[datetime | None] = mapped_column(doc="When it was cancelled.")

    items: Mapped[list["StagingItem"]] = relationship(
        lazy="raise", primaryjoin="StagingJob.id == foreign(StagingItem.staging_job_id)"
    )
    __table_args__ = (
        of_owner("destination_location_id", "data_location"),
        CheckConstraint("time_to_live > 0", name="time_to_live_positive"),
        CheckConstraint(
            "(CASE WHEN executed_obs_unit_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN raw_data_package_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN raw_data_file_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="asks_for_one_thing",
        ),
    )


class StagingItem(Work, Base):
    """One package, or one file of it, to be staged. Owned by the processing site."""

    staging_job_id: Mapped[UUID] = mapped_column(doc="Job.")
    raw_data_package_id: Mapped[UUID] = mapped_column(index=True, doc="Package to read.")
    raw_data_file_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="The one file wanted; null: the whole package."
    )
    destination_location_id: Mapped[str] = mapped_column(index=True, doc="Processing location.")
    source_copy_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="Copy that is read, of whichever site; chosen by the planner."
    )

    job: Mapped[StagingJob] = relationship(
        lazy="raise",
        primaryjoin="foreign(StagingItem.staging_job_id) == StagingJob.id",
        overlaps="items",
    )

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Add that a job stages a thing once, however often its items are worked out."""
        return (
            *super().work_table_args(),
            of_owner("staging_job_id", "staging_job"),
            of_owner("destination_location_id", "data_location"),
            Index(
                "uq_staging_item_of_job",
                "staging_job_id",
                "raw_data_package_id",
                text("coalesce(raw_data_file_id, raw_data_package_id)"),
                unique=True,
            ),
        )


class Deletion(Work, Base):
    """Removing a package, or one staged file of it, from one location. Owned by the location's site."""

    raw_data_package_id: Mapped[UUID] = mapped_column(index=True, doc="Package whose tar or files go.")
    data_location_id: Mapped[str] = mapped_column(index=True, doc="Where they go from.")
    kind: Mapped[CopyKind] = mapped_column(choice(CopyKind), doc="The package, or one staged file of it.")
    raw_data_file_id: Mapped[UUID | None] = mapped_column(index=True, doc="The one staged file that goes.")
    requested_by: Mapped[str] = mapped_column(doc="Who decided: the policy's name, or a person.")
    reason: Mapped[str] = mapped_column(doc="Why.")
    grace_until: Mapped[datetime] = mapped_column(doc="Until then it can be cancelled.")

    @classmethod
    def work_table_args(cls) -> tuple[Any, ...]:
        """Add that there is one open deletion of a thing at a location."""
        return (
            *super().work_table_args(),
            of_owner("data_location_id", "data_location"),
            Index(
                "uq_deletion_open",
                "raw_data_package_id",
                "data_location_id",
                "kind",
                text("coalesce(raw_data_file_id, raw_data_package_id)"),
                unique=True,
                postgresql_where=NOT_ENDED,
                sqlite_where=NOT_ENDED,
            ),
        )


class DataTransferLog(Identified, Owned, Base):
    """Where the full log of an attempt is kept; the log itself is not in the database."""

    work_table: Mapped[str] = mapped_column(doc="Table of the work.")
    work_id: Mapped[UUID] = mapped_column(index=True, doc="Row of the work.")
    fencing: Mapped[int] = mapped_column(doc="Lease that it belongs to.")
    created_at: Mapped[datetime] = mapped_column(doc="When the attempt began.")
    path: Mapped[str] = mapped_column(doc="Path of the log at the site.")
