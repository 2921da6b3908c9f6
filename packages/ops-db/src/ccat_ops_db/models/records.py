"""Records: what happened, what went wrong, what was configured."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, ScalarSelect, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, column_property, declared_attr, mapped_column

from ccat_ops_db.enumerations import Severity
from ccat_ops_db.models.base import Base, Identified, Owned, choice
from ccat_ops_db.models.plan import JsonDocument
from ccat_ops_db.models.statements import ACKNOWLEDGEMENT_IN_FORCE, ErrorAcknowledgement, first


class Event(Identified, Owned, Base):
    """Something that happened: who, what, when, why. Append-only."""

    occurred_at: Mapped[datetime] = mapped_column(index=True, doc="When.")
    actor: Mapped[str] = mapped_column(doc="Who: a user, a token, or a part of the data centre.")
    action: Mapped[str] = mapped_column(doc="What, for example package.sealed.")
    subject_type: Mapped[str] = mapped_column(doc="Table of what it happened to.")
    subject_id: Mapped[str] = mapped_column(doc="Key of what it happened to.")
    message: Mapped[str] = mapped_column(doc="The same for people.")
    details: Mapped[dict[str, Any] | None] = mapped_column(JsonDocument, doc="Figures of this kind of event.")
    __table_args__ = (
        Index(None, "subject_id", "occurred_at"),
        Index(None, "action", "occurred_at"),
        Index(None, "actor", "occurred_at"),
    )


class ErrorRecord(Identified, Owned, Base):
    """An error that people should know of; the same error again only counts up."""

    severity: Mapped[Severity] = mapped_column(choice(Severity), doc="How bad.")
    category: Mapped[str] = mapped_column(index=True, doc="Machine-readable kind.")
    fingerprint: Mapped[str] = mapped_column(doc="Errors with the same one are the same error.")
    subject_type: Mapped[str] = mapped_column(doc="Table of what it concerns.")
    subject_id: Mapped[str] = mapped_column(index=True, doc="Key of what it concerns.")
    data_location_id: Mapped[str | None] = mapped_column(
        ForeignKey("data_location.id"), index=True, doc="Location it concerns."
    )
    message: Mapped[str] = mapped_column(doc="What is wrong and what to do.")
    first_seen_at: Mapped[datetime] = mapped_column(doc="First time.")
    last_seen_at: Mapped[datetime] = mapped_column(index=True, doc="Latest time.")
    count: Mapped[int] = mapped_column(default=1, doc="How often.")
    resolved_at: Mapped[datetime | None] = mapped_column(doc="When it was over.")

    @declared_attr
    def acknowledged_at(cls) -> Mapped[datetime | None]:  # noqa: N805
        """When a person took note."""
        return column_property(cls.acknowledgement(ErrorAcknowledgement.created_at, cls.id), deferred=True)

    @declared_attr
    def acknowledged_by(cls) -> Mapped[str | None]:  # noqa: N805
        """Who took note."""
        return column_property(cls.acknowledgement(ErrorAcknowledgement.caller, cls.id), deferred=True)

    @staticmethod
    def acknowledgement(fact: InstrumentedAttribute[Any], identifier: Any) -> ScalarSelect[Any]:
        """Return a fact of the acknowledgement in force of the error with a key."""
        return first(fact, ErrorAcknowledgement.error_record_id, identifier, ACKNOWLEDGEMENT_IN_FORCE)

    __table_args__ = (
        CheckConstraint("count > 0", name="count_positive"),
        Index(
            "uq_error_record_open",
            "site_id",
            "fingerprint",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
    )


class ConfigurationRevision(Identified, Base):
    """A configuration that was applied."""

    applied_at: Mapped[datetime] = mapped_column(index=True, doc="When.")
    applied_by: Mapped[str] = mapped_column(doc="Who.")
    content_hash: Mapped[str] = mapped_column(doc="sha256 of the resolved configuration.")
    created: Mapped[int] = mapped_column(doc="Rows created.")
    changed: Mapped[int] = mapped_column(doc="Rows changed.")
    retired: Mapped[int] = mapped_column(doc="Rows retired.")
    summary: Mapped[str] = mapped_column(doc="The plan that was applied, a line each.")
    content: Mapped[dict[str, Any]] = mapped_column(
        JsonDocument, doc="The resolved configuration: kind, key, values. Drift is the difference to it."
    )


class IdempotencyKey(Base):
    """What was answered to a request with an Idempotency-Key, so that it can be answered again."""

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), primary_key=True, doc="Who asked.")
    key: Mapped[str] = mapped_column(primary_key=True, doc="The key that the client chose.")
    request_hash: Mapped[str] = mapped_column(doc="sha256 of method, path and body.")
    created_at: Mapped[datetime] = mapped_column(index=True, doc="When it was asked; kept for a day.")
    response_status: Mapped[int] = mapped_column(doc="HTTP status that was answered.")
    response_body: Mapped[str] = mapped_column(doc="Body that was answered.")
    response_etag: Mapped[str | None] = mapped_column(doc="ETag that was answered.")
