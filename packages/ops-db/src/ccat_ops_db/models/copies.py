"""Physical copies: one thing at one location, and who reads it right now."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ccat_ops_db.enumerations import (
    ClaimOutcome,
    CopyForm,
    CopyKind,
    PhysicalCopyStatus,
)
from ccat_ops_db.models.base import Base, Identified, Owned, Waiting, choice, of_owner
from ccat_ops_db.models.data import RawDataFile, RawDataPackage
from ccat_ops_db.models.places import DataLocation


class PhysicalCopy(Identified, Owned, Waiting, Base):
    """One file or package at one location. Owned by the site of the location; polymorphic in one table."""

    kind: Mapped[CopyKind] = mapped_column(choice(CopyKind), doc="Discriminator: what it is a copy of.")
    form: Mapped[CopyForm] = mapped_column(
        choice(CopyForm),
        default=CopyForm.TAR,
        doc="``tar``, or ``files``: as they were filed (at the source) or staged (at processing locations).",
    )
    raw_data_file_id: Mapped[UUID | None] = mapped_column(
        doc="The one file that was staged, of whichever site."
    )
    raw_data_package_id: Mapped[UUID | None] = mapped_column(doc="Package, of whichever site.")
    data_location_id: Mapped[str] = mapped_column(doc="Where it is.")
    relative_path: Mapped[str] = mapped_column(
        doc="Where it is below the location; of files at their source: the tar's without its ending, as"
        " they are where they were filed."
    )
    generation: Mapped[int] = mapped_column(
        default=1,
        server_default=text("1"),
        doc="Which of the tars it is that its package ever had at the location; its name tells it, too.",
    )
    status: Mapped[PhysicalCopyStatus] = mapped_column(
        choice(PhysicalCopyStatus), default=PhysicalCopyStatus.PRESENT, doc="Life cycle."
    )
    size: Mapped[int] = mapped_column(doc="Bytes that it takes here.")
    created_at: Mapped[datetime] = mapped_column(doc="When it came to be here.")
    place_marker_id: Mapped[UUID | None] = mapped_column(
        doc="Marker of the place when it was last found right here; it proves nothing under another."
    )
    next_check_at: Mapped[datetime | None] = mapped_column(doc="When it is due to be read again (archives).")
    onward_planned_at: Mapped[datetime | None] = mapped_column(
        doc="When its way on from a buffer or an archive was planned; null: still to be planned."
    )
    pinned_until: Mapped[datetime | None] = mapped_column(doc="Kept at a processing location until then.")
    deleted_at: Mapped[datetime | None] = mapped_column(doc="When its bytes were removed.")

    location: Mapped[DataLocation] = relationship(
        lazy="raise", primaryjoin="foreign(PhysicalCopy.data_location_id) == DataLocation.id"
    )
    __mapper_args__ = {  # noqa: RUF012
        "primary_key": Owned.mapper_key,
        "polymorphic_on": "kind",
        "polymorphic_abstract": True,
    }
    __table_args__: Any = (
        of_owner("data_location_id", "data_location"),
        of_owner("place_marker_id", "place_marker"),
        CheckConstraint(
            "(kind = 'raw_data_file') = (raw_data_file_id IS NOT NULL)"
            " AND (kind = 'raw_data_package') = (raw_data_package_id IS NOT NULL)",
            name="is_of_its_kind",
        ),
        CheckConstraint(
            "form = 'files' OR (kind = 'raw_data_package' AND status <> 'staged')", name="is_in_its_form"
        ),
        CheckConstraint(
            "generation = 1 OR (generation > 1 AND form = 'tar'"
            " AND relative_path LIKE '%.g' || generation || '.tar')",
            name="is_named_by_its_generation",
        ),
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint("(status = 'deleted') = (deleted_at IS NOT NULL)", name="deleted_is_dated"),
        # The name of a tar is written once: nothing can be done to another tar under it.
        Index(
            "uq_physical_copy_tar_path",
            "data_location_id",
            "relative_path",
            unique=True,
            postgresql_where=text("form = 'tar'"),
            sqlite_where=text("form = 'tar'"),
        ),
        Index(
            "uq_physical_copy_living_path",
            "data_location_id",
            "relative_path",
            unique=True,
            postgresql_where=text("form = 'files' AND status <> 'deleted'"),
            sqlite_where=text("form = 'files' AND status <> 'deleted'"),
        ),
        # What is where is summed from the index alone: the table also has all that was ever deleted.
        Index(
            "ix_physical_copy_living",
            "data_location_id",
            postgresql_include=["kind", "size"],
            postgresql_where=text("status <> 'deleted'"),
        ),
        Index("ix_physical_copy_raw_data_file_id", "raw_data_file_id"),
        Index(
            "ix_physical_copy_raw_data_package_id",
            "raw_data_package_id",
            "data_location_id",
            postgresql_where=text("raw_data_package_id IS NOT NULL"),
        ),
        Index(
            "ix_physical_copy_packages_at",
            "data_location_id",
            "status",
            postgresql_where=text("kind = 'raw_data_package'"),
        ),
        Index(
            "ix_physical_copy_onward",
            "data_location_id",
            postgresql_where=text(
                "kind = 'raw_data_package' AND onward_planned_at IS NULL"
                " AND status IN ('present', 'verified')"
            ),
        ),
        Index(
            "ix_physical_copy_waiting",
            "data_location_id",
            postgresql_where=text(
                "kind = 'raw_data_package' AND waiting_reason IS NOT NULL AND status <> 'deleted'"
            ),
        ),
        Index(
            "ix_physical_copy_next_check_at",
            "data_location_id",
            "next_check_at",
            postgresql_where=text("next_check_at IS NOT NULL AND status IN ('present', 'verified')"),
        ),
        Index(
            "ix_physical_copy_pinned_until",
            "pinned_until",
            postgresql_where=text("pinned_until IS NOT NULL AND status <> 'deleted'"),
        ),
    )


class RawDataFilePhysicalCopy(PhysicalCopy):
    """A raw data file at a location."""

    raw_data_file: Mapped[RawDataFile | None] = relationship(
        lazy="raise", primaryjoin="foreign(PhysicalCopy.raw_data_file_id) == RawDataFile.id"
    )
    __tablename__ = None  # type: ignore[assignment]
    __mapper_args__ = {"polymorphic_identity": CopyKind.RAW_DATA_FILE}  # noqa: RUF012
    __table_args__ = ()


class RawDataPackagePhysicalCopy(PhysicalCopy):
    """A package at a location: its tar, or its files."""

    raw_data_package: Mapped[RawDataPackage | None] = relationship(
        lazy="raise", primaryjoin="foreign(PhysicalCopy.raw_data_package_id) == RawDataPackage.id"
    )
    __tablename__ = None  # type: ignore[assignment]
    __mapper_args__ = {"polymorphic_identity": CopyKind.RAW_DATA_PACKAGE}  # noqa: RUF012
    __table_args__ = ()


class CopyClaim(Identified, Owned, Base):
    """Wish of work at one site to read a copy of another. Owned by the site of the work.

    The copy's site answers with a lock, granted or refused. Made in the transaction that chooses the copy and
    released in the one that ends the work for good, or takes another copy.
    """

    physical_copy_id: Mapped[UUID] = mapped_column(doc="Copy that is to be read, of another site.")
    copy_site_id: Mapped[str] = mapped_column(doc="Site of the copy, which answers.")
    work_table: Mapped[str] = mapped_column(doc="Table of the work that reads it.")
    work_id: Mapped[UUID] = mapped_column(index=True, doc="Row of the work that reads it.")
    made_at: Mapped[datetime] = mapped_column(doc="Since when.")
    released_at: Mapped[datetime | None] = mapped_column(doc="When it was given up; null: it stands.")
    __table_args__ = (
        Index(
            "uq_copy_claim_standing",
            "work_id",
            "site_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
            sqlite_where=text("released_at IS NULL"),
        ),
        CheckConstraint("copy_site_id <> site_id", name="of_another_site"),
        Index(
            "ix_copy_claim_standing",
            "copy_site_id",
            postgresql_where=text("released_at IS NULL"),
        ),
    )


class PhysicalCopyLock(Identified, Owned, Base):
    """Open work that reads a copy. While one exists the copy cannot be deleted. Owned by the copy's site.

    Made in the transaction that makes the work and removed in the one that ends it for good; a failed
    work row that a person may still retry keeps its lock. Work of another site claims the copy, and the lock
    is the answer: a refused one keeps nothing. It is removed when the claim is released.
    """

    physical_copy_id: Mapped[UUID] = mapped_column(index=True, doc="Copy that is read.")
    work_table: Mapped[str] = mapped_column(doc="Table of the work that reads it.")
    work_id: Mapped[UUID] = mapped_column(index=True, doc="Row of the work that reads it.")
    created_at: Mapped[datetime] = mapped_column(doc="Since when; when the claim was decided on.")
    claim_id: Mapped[UUID | None] = mapped_column(
        doc="Claim that it answers, of whichever site; null: of work at the site of the copy."
    )
    outcome: Mapped[ClaimOutcome] = mapped_column(
        choice(ClaimOutcome), default=ClaimOutcome.GRANTED, doc="Whether the copy is kept for the work."
    )
    reason: Mapped[str | None] = mapped_column(doc="Why it is refused.")
    __table_args__ = (
        of_owner("physical_copy_id", "physical_copy"),
        Index(
            "uq_physical_copy_lock_own_work",
            "physical_copy_id",
            "work_id",
            unique=True,
            postgresql_where=text("claim_id IS NULL"),
            sqlite_where=text("claim_id IS NULL"),
        ),
        Index("uq_physical_copy_lock_claim", "claim_id", "site_id", unique=True),
        CheckConstraint(
            "outcome = 'granted' OR (claim_id IS NOT NULL AND reason IS NOT NULL)",
            name="refusal_is_explained",
        ),
        CheckConstraint(
            "work_table IN ('data_transfer', 'long_term_archive_transfer', 'staging_item', 'fixity_check')",
            name="work_table",
        ),
    )
