"""Statements: what people say of rows of any site, in rows of the site where they stand.

A statement is in force where it was made at once, and elsewhere when it arrives. It is never changed: what
ends it is a further row, of whichever site.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, ScalarSelect, select, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from ccat_ops_db.enumerations import CallerKind
from ccat_ops_db.models.base import Base, Identified, Owned, choice


class Statement(Identified, Owned):
    """What every statement has: who, when, why."""

    caller_kind: Mapped[CallerKind] = mapped_column(
        choice(CallerKind), doc="By what the one who said it showed who it was."
    )
    caller_user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("user.id"), index=True, doc="Who said it; null: a command or the engine."
    )
    caller_credential_id: Mapped[UUID | None] = mapped_column(doc="Token or session with which it was said.")
    caller: Mapped[str] = mapped_column(doc="The same for people.")
    created_at: Mapped[datetime] = mapped_column(doc="When.")
    reason: Mapped[str | None] = mapped_column(doc="Why.")


class Suspension(Statement, Base):
    """Takes a site, a location or a route out of service until it is resumed."""

    suspended_site_id: Mapped[str | None] = mapped_column(
        ForeignKey("site.id"), index=True, doc="Site that is out of service."
    )
    data_location_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="Location that is out of service."
    )
    data_transfer_route_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_transfer_route.id"), index=True, doc="Route that is out of service."
    )
    until: Mapped[datetime | None] = mapped_column(
        doc="When its own site ends it, by a further row: no other clock does; null: only when resumed."
    )
    __table_args__ = (
        Index("ix_suspension_until", "until", postgresql_where=text("until IS NOT NULL")),
        CheckConstraint(
            "(CASE WHEN suspended_site_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN data_location_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN data_transfer_route_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="is_of_one_thing",
        ),
        CheckConstraint("reason <> ''", name="reason_given"),
    )


class SuspensionEnd(Statement, Base):
    """Ends a suspension."""

    suspension_id: Mapped[UUID] = mapped_column(doc="Suspension, of whichever site.")
    __table_args__ = (Index("uq_suspension_end", "suspension_id", "site_id", unique=True),)


class DeletionHoldEnd(Statement, Base):
    """Lifts a hold on deletion."""

    deletion_hold_id: Mapped[UUID] = mapped_column(doc="Hold, of whichever site.")
    __table_args__ = (Index("uq_deletion_hold_end", "deletion_hold_id", "site_id", unique=True),)


class ErrorAcknowledgement(Statement, Base):
    """Says that a person knows of an error."""

    error_record_id: Mapped[UUID] = mapped_column(doc="Error, of whichever site.")
    __table_args__ = (Index(None, "error_record_id"),)


class ErrorAcknowledgementEnd(Statement, Base):
    """Takes an acknowledgement back."""

    error_acknowledgement_id: Mapped[UUID] = mapped_column(doc="Acknowledgement, of whichever site.")
    __table_args__ = (
        Index("uq_error_acknowledgement_end", "error_acknowledgement_id", "site_id", unique=True),
    )


class TokenRevocation(Statement, Base):
    """Revokes a token; it is never taken back."""

    api_token_id: Mapped[UUID] = mapped_column(doc="Token, of whichever site.")
    __table_args__ = (Index("uq_token_revocation", "api_token_id", "site_id", unique=True),)


def first(
    fact: InstrumentedAttribute[Any],
    subject: InstrumentedAttribute[Any],
    identifier: Any,
    *open_: ColumnElement[bool],
) -> ScalarSelect[Any]:
    """Return a fact of the first statement about a thing, as a column of what the thing is.

    Parameters
    ----------
    fact : attribute
        Of the statement.
    subject : attribute
        The statement's column that names the thing.
    identifier : column
        The thing's key, of the statement around this one.
    open_ : conditions
        Which statements count.
    """
    statement: Any = fact.class_
    return (
        select(fact)
        .where(subject == identifier, *open_)
        .order_by(statement.created_at, statement.id)
        .limit(1)
        .correlate_except(statement)
        .scalar_subquery()
    )


def without_end(
    statement: InstrumentedAttribute[UUID], named_in: InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    """Return the condition that nothing ends a statement.

    Parameters
    ----------
    statement : attribute
        Key of the statement.
    named_in : attribute
        Column of its ends that names it.
    """
    return ~select(named_in).where(named_in == statement).correlate_except(named_in.class_).exists()


SUSPENSION_IN_FORCE = without_end(Suspension.id, SuspensionEnd.suspension_id)
ACKNOWLEDGEMENT_IN_FORCE = without_end(
    ErrorAcknowledgement.id, ErrorAcknowledgementEnd.error_acknowledgement_id
)
