"""What a place is known by, and what its storage was seen to do."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from ccat_ops_db.enumerations import Ability, Adoption, FindingResolution
from ccat_ops_db.models.base import Base, Identified, Owned, choice, of_owner


class PlaceMarker(Identified, Owned, Base):
    """A marker that was put into a place: the place is the one in which it is found, whatever its address.

    Its id stands in the marker, too. A place has one current marker; retired ones are kept, since a mistaken
    adoption is taken back by making its marker current again.
    """

    data_location_id: Mapped[str] = mapped_column(index=True, doc="Location that was adopted.")
    identity: Mapped[str] = mapped_column(
        doc="Which object the marker is: ``disk:<inode>:<ctime ns>`` or"
        " ``s3:<address>:<etag>:<version>:<time>``. No program that copies a place keeps it."
    )
    file_system: Mapped[str] = mapped_column(doc="File system or bucket, as who adopted it saw it.")
    adopted_at: Mapped[datetime] = mapped_column(doc="When it was accepted as this very object.")
    adopted_by: Mapped[str] = mapped_column(doc="Program or person.")
    how: Mapped[Adoption] = mapped_column(choice(Adoption), doc="By itself, or because a person said so.")
    reason: Mapped[str | None] = mapped_column(doc="Why a person adopted the place.")
    to_be_read: Mapped[bool] = mapped_column(
        default=False, doc="Whether copies that were verified under another one are still to be made due."
    )
    listing_begun_at: Mapped[datetime | None] = mapped_column(
        doc="When somebody last began to compare all that the place has with the rows."
    )
    listed_at: Mapped[datetime | None] = mapped_column(doc="When that was last done to its end.")
    retired_at: Mapped[datetime | None] = mapped_column(doc="When another one took its part; null: current.")

    __table_args__: Any = (
        of_owner("data_location_id", "data_location"),
        Index(
            "uq_place_marker_current",
            "data_location_id",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
            sqlite_where=text("retired_at IS NULL"),
        ),
        CheckConstraint("how <> 'explicit' OR reason <> ''", name="people_give_a_reason"),
    )


class PlaceAbility(Owned, Base):
    """Whether a place can do something, as a probe with objects of its own found out; not probed: no row."""

    data_location_id: Mapped[str] = mapped_column(primary_key=True, sort_order=-2, doc="Location.")
    ability: Mapped[Ability] = mapped_column(
        choice(Ability), primary_key=True, sort_order=-2, doc="What is asked of its storage."
    )
    works: Mapped[bool] = mapped_column(doc="Whether the probe succeeded.")
    probed_at: Mapped[datetime] = mapped_column(doc="When it was last probed.")
    detail: Mapped[str | None] = mapped_column(doc="What the storage said, for people.")

    mapper_key = ("data_location_id", "ability")
    __table_args__ = (of_owner("data_location_id", "data_location"),)


class ReconcileFinding(Identified, Owned, Base):
    """An object at a place of ours that is of no copy, nor of open work; told until it is gone or adopted."""

    data_location_id: Mapped[str] = mapped_column(index=True, doc="Where it is.")
    path: Mapped[str] = mapped_column(doc="Its name below the location.")
    size: Mapped[int] = mapped_column(doc="Bytes.")
    identity: Mapped[str] = mapped_column(doc="Which object it was when it was last listed.")
    first_seen_at: Mapped[datetime] = mapped_column(doc="When it was first listed.")
    last_seen_at: Mapped[datetime] = mapped_column(doc="When it was last listed.")
    decided_at: Mapped[datetime | None] = mapped_column(doc="When a person had it adopted as a copy.")
    decided_by: Mapped[str | None] = mapped_column(doc="Who.")
    reason: Mapped[str | None] = mapped_column(doc="Why.")
    resolution: Mapped[FindingResolution | None] = mapped_column(
        choice(FindingResolution), doc="What became of it; null: it is there."
    )
    resolved_at: Mapped[datetime | None] = mapped_column(doc="When.")
    __table_args__ = (
        of_owner("data_location_id", "data_location"),
        Index(
            "uq_reconcile_finding_open",
            "data_location_id",
            "path",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
        CheckConstraint("size >= 0", name="size_not_negative"),
        CheckConstraint("(resolution IS NULL) = (resolved_at IS NULL)", name="resolved_is_dated"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (reason IS NULL)",
            name="decided_is_said",
        ),
        CheckConstraint(
            "(decided_at IS NULL) = (resolution IS NULL OR resolution <> 'adopted')", name="people_adopt"
        ),
    )
