"""Evidence: what was seen of copies, in rows of whoever saw it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.enumerations import DoubtCause, Finding, ReadingMethod
from ccat_ops_db.models.base import Base, Identified, Owned, checksum_check, choice, of_owner
from ccat_ops_db.models.statements import Statement

_WRONG = text("finding <> 'right'")


class Verification(Identified, Owned, Base):
    """Says who compared which copy with its package, when, at which place, and what was found.

    Whether a copy counts follows from these rows alone. They are numbered for each copy under the lock of its
    row: the newest is the one with the highest number, whatever any clock says.
    """

    physical_copy_id: Mapped[UUID] = mapped_column(doc="Copy.")
    number: Mapped[int] = mapped_column(doc="1, 2, … for the copy.")
    work_table: Mapped[str] = mapped_column(doc="Table of the work that did it.")
    work_id: Mapped[UUID] = mapped_column(index=True, doc="Row of the work that did it.")
    fencing: Mapped[int] = mapped_column(doc="Number of the lease under which it was done.")
    reason: Mapped[str] = mapped_column(doc="Reason of the check, or the operation that read it anyway.")
    method: Mapped[ReadingMethod] = mapped_column(choice(ReadingMethod), doc="How it was looked at.")
    finding: Mapped[Finding] = mapped_column(choice(Finding), doc="What was found.")
    size_found: Mapped[int | None] = mapped_column(doc="Bytes that it had.")
    checksum_found: Mapped[str | None] = mapped_column(
        doc="Checksum of the bytes that were read, or that the store keeps; of files: of their manifest."
    )
    identity: Mapped[str | None] = mapped_column(
        doc="Which object it was: ``disk:<marker>:<inode>:<size>:<mtime ns>:<ctime ns>``,"
        " ``s3:<marker>:<etag>:<version or ->:<size>:<last modified ns>``; of files: ``files:<marker>:-``."
    )
    members_checked: Mapped[bool] = mapped_column(
        default=False, doc="Whether each member of the tar was compared with its file as filed, too."
    )
    place_marker_id: Mapped[UUID | None] = mapped_column(
        doc="Marker of the place where it was found; null: a source without one."
    )
    worker: Mapped[str] = mapped_column(doc="Process that did it.")
    worker_clock: Mapped[datetime] = mapped_column(doc="When, by that machine's clock; only noted.")
    begun_at: Mapped[datetime] = mapped_column(doc="When it began, by the database's time as all others.")
    recorded_at: Mapped[datetime] = mapped_column(doc="When it was written down.")
    proved_at: Mapped[datetime | None] = mapped_column(
        doc="When its bytes were known to be right: the end of the reading; null: no bytes were found right."
    )
    bytes_read: Mapped[int] = mapped_column(default=0, doc="Bytes that were read for it.")
    duration_ms: Mapped[int] = mapped_column(doc="How long it took, by the machine's own span.")
    __table_args__ = (
        of_owner("physical_copy_id", "physical_copy"),
        of_owner("place_marker_id", "place_marker"),
        Index("ix_verification_at_place", "place_marker_id", "recorded_at"),
        Index("uq_verification_number", "physical_copy_id", "number", unique=True),
        Index(
            "ix_verification_wrong",
            "physical_copy_id",
            "number",
            postgresql_where=_WRONG,
            sqlite_where=_WRONG,
        ),
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint(
            "(finding = 'right' AND method <> 'unchanged') = (proved_at IS NOT NULL)",
            name="bytes_alone_prove",
        ),
        CheckConstraint("finding <> 'right' OR identity IS NOT NULL", name="right_has_identity"),
        CheckConstraint(
            "finding <> 'right' OR method = 'unchanged'"
            " OR (checksum_found IS NOT NULL AND size_found IS NOT NULL)",
            name="right_has_checksum",
        ),
        CheckConstraint("finding <> 'missing' OR identity IS NULL", name="missing_has_no_identity"),
        CheckConstraint("bytes_read >= 0 AND duration_ms >= 0", name="not_negative"),
        checksum_check("checksum_found"),
    )


class MemberFinding(Identified, Owned, Base):
    """Says that a file in a tar is not as it was filed, though the tar itself is right."""

    verification_id: Mapped[UUID] = mapped_column(doc="Reading of the tar.")
    raw_data_file_id: Mapped[UUID] = mapped_column(index=True, doc="File, of whichever site.")
    checksum_found: Mapped[str] = mapped_column(doc="Checksum of its bytes in the tar.")
    __table_args__ = (
        of_owner("verification_id", "verification"),
        Index("uq_member_finding", "verification_id", "raw_data_file_id", unique=True),
        checksum_check("checksum_found"),
    )


class Doubt(Statement, Base):
    """Says that a copy, or a place, is not to be believed: from then on no such copy counts."""

    physical_copy_id: Mapped[UUID | None] = mapped_column(index=True, doc="Copy, of whichever site.")
    data_location_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="Location of which nothing is believed."
    )
    cause: Mapped[DoubtCause] = mapped_column(choice(DoubtCause), doc="Why.")
    work_table: Mapped[str | None] = mapped_column(doc="Table of the work that met it.")
    work_id: Mapped[UUID | None] = mapped_column(doc="Row of the work that met it.")
    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason_given"),
        CheckConstraint(
            "(CASE WHEN physical_copy_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN data_location_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="is_of_one_thing",
        ),
    )


class DoubtAnswer(Statement, Base):
    """Says that the site of a copy, or of a location, is done with a doubt of it, and by what.

    That is one of four: a reading of the copy, the end of its deletion, a sample of what the location has, or
    what a person says.
    """

    doubt_id: Mapped[UUID] = mapped_column(doc="Doubt, of whichever site.")
    verification_id: Mapped[UUID | None] = mapped_column(
        index=True, doc="Reading of the copy: right, or the second wrong one."
    )
    deletion_id: Mapped[UUID | None] = mapped_column(index=True, doc="Deletion of the copy.")
    sample_read: Mapped[int | None] = mapped_column(doc="Copies and decoys that were read at the location.")
    sample_right: Mapped[int | None] = mapped_column(doc="How many of them were right.")
    __table_args__ = (
        of_owner("verification_id", "verification"),
        of_owner("deletion_id", "deletion"),
        Index("uq_doubt_answer", "doubt_id", "site_id", unique=True),
        CheckConstraint(
            "(CASE WHEN verification_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN deletion_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN sample_read IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN caller_kind = 'engine' THEN 0 ELSE 1 END) = 1",
            name="by_one_thing",
        ),
        CheckConstraint("caller_kind = 'engine' OR reason <> ''", name="person_says_why"),
        CheckConstraint(
            "(sample_read IS NULL) = (sample_right IS NULL) AND sample_right BETWEEN 0 AND sample_read",
            name="sample_counted",
        ),
    )
