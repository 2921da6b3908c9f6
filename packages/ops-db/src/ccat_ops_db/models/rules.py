"""Rules of keeping and deleting."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, column_property, declared_attr, mapped_column

from ccat_ops_db.enumerations import ConfirmBy, DeletionTrigger, HoldScope
from ccat_ops_db.models.base import Base, Identified, Owned, Reference, choice
from ccat_ops_db.models.statements import DeletionHoldEnd, first


class RetentionPolicy(Reference, Base):
    """When copies at a location may be deleted. No setting of it can weaken the proof."""

    description: Mapped[str | None] = mapped_column(doc="What it is for.")
    trigger: Mapped[DeletionTrigger] = mapped_column(
        choice(DeletionTrigger), doc="As soon as allowed, under pressure of space, or when no pin holds it."
    )
    min_archive_copies: Mapped[int] = mapped_column(
        default=2, doc="Verified archive copies elsewhere that a deletion needs; never below 1."
    )
    max_proof_age: Mapped[int] = mapped_column(
        default=30 * 86400, doc="How long ago the bytes of such a copy may have been read, seconds."
    )
    retention_time: Mapped[int] = mapped_column(
        default=0, doc="Kept at least this long after sealing, seconds."
    )
    grace_period: Mapped[int] = mapped_column(
        default=0, doc="A scheduled deletion can be cancelled this long, seconds."
    )
    confirm_by: Mapped[ConfirmBy] = mapped_column(
        choice(ConfirmBy),
        default=ConfirmBy.UNCHANGED,
        doc="How archive copies are confirmed in the moment of deletion.",
    )
    __table_args__ = (
        CheckConstraint("min_archive_copies >= 1", name="min_archive_copies_at_least_1"),
        CheckConstraint("max_proof_age > 0", name="max_proof_age_positive"),
        CheckConstraint("retention_time >= 0 AND grace_period >= 0", name="times_not_negative"),
    )


class DeletionHold(Identified, Owned, Base):
    """Forbids deletions of what it covers, until it is lifted or runs out: a further row ends it."""

    scope: Mapped[HoldScope] = mapped_column(choice(HoldScope), doc="What it covers.")
    held_site_id: Mapped[str | None] = mapped_column(ForeignKey("site.id"), index=True, doc="For scope site.")
    data_location_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="For scope location."
    )
    observing_program_id: Mapped[str | None] = mapped_column(
        ForeignKey("observing_program.id"), index=True, doc="For scope program."
    )
    executed_obs_unit_id: Mapped[UUID | None] = mapped_column(index=True, doc="For scope execution.")
    raw_data_package_id: Mapped[UUID | None] = mapped_column(index=True, doc="For scope package.")
    created_by: Mapped[str] = mapped_column(doc="Who.")
    created_at: Mapped[datetime] = mapped_column(doc="When.")
    reason: Mapped[str] = mapped_column(doc="Why.")
    until: Mapped[datetime | None] = mapped_column(doc="When its site ends it; null: only when lifted.")

    @declared_attr
    def lifted_at(cls) -> Mapped[datetime | None]:  # noqa: N805
        """When it was lifted or ran out."""
        at = first(DeletionHoldEnd.created_at, DeletionHoldEnd.deletion_hold_id, cls.id)
        return column_property(at, deferred=True)

    @declared_attr
    def lifted_by(cls) -> Mapped[str | None]:  # noqa: N805
        """Who lifted it; the planner if it ran out."""
        who = first(DeletionHoldEnd.caller, DeletionHoldEnd.deletion_hold_id, cls.id)
        return column_property(who, deferred=True)

    __table_args__ = (
        CheckConstraint(
            "(scope = 'site') = (held_site_id IS NOT NULL)"
            " AND (scope = 'location') = (data_location_id IS NOT NULL)"
            " AND (scope = 'program') = (observing_program_id IS NOT NULL)"
            " AND (scope = 'execution') = (executed_obs_unit_id IS NOT NULL)"
            " AND (scope = 'package') = (raw_data_package_id IS NOT NULL)",
            name="names_what_it_covers",
        ),
        CheckConstraint("reason <> ''", name="reason_given"),
    )
