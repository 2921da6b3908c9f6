"""Writing events and error records: one way for every service."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import insert, literal_column, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from ccat_ops_db.enumerations import Severity
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import ErrorRecord, Event
from ccat_ops_db.own_rows import own_rows


def record_event(
    session: Session | Connection,
    *,
    site_id: str,
    at: datetime,
    actor: str,
    action: str,
    subject_type: str,
    subject_id: object,
    message: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Append an event in the caller's transaction: it is there exactly if the change that it tells is."""
    session.execute(
        insert(Event).values(
            id=new_id(),
            site_id=site_id,
            occurred_at=at,
            actor=actor,
            action=action,
            subject_type=subject_type,
            subject_id=str(subject_id),
            message=message,
            details=details,
        )
    )


def record_error(
    session: Session | Connection,
    *,
    site_id: str,
    at: datetime,
    severity: Severity,
    category: str,
    subject_type: str,
    subject_id: object,
    message: str,
    data_location_id: str | None = None,
    before: tuple[datetime, int] | None = None,
) -> None:
    """Record an error; one that is open already for the same subject and category only counts up.

    Parameters
    ----------
    before : tuple of datetime and int, optional
        When it was seen first and how often, where nobody recorded that yet.
    """
    first, earlier = before or (at, 0)
    fingerprint = hashlib.sha256(f"{category}|{subject_type}|{subject_id}".encode()).hexdigest()[:32]
    statement = upsert(ErrorRecord).values(
        id=new_id(),
        site_id=site_id,
        severity=severity,
        category=category,
        fingerprint=fingerprint,
        subject_type=subject_type,
        subject_id=str(subject_id),
        data_location_id=data_location_id,
        message=message,
        first_seen_at=first,
        last_seen_at=at,
        count=earlier + 1,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["site_id", "fingerprint"],
            index_where=ErrorRecord.resolved_at.is_(None),
            set_={
                "last_seen_at": at,
                "message": message,
                "severity": severity,
                "count": literal_column("error_record.count") + 1,
            },
        )
    )


def resolve_errors(
    session: Session | Connection,
    *,
    subject_type: str,
    subject_id: object,
    at: datetime,
    category: str | None = None,
) -> None:
    """Mark the open errors of a subject as over, or those of a category; other sites close their own."""
    of_category = [] if category is None else [ErrorRecord.category == category]
    session.execute(
        update(ErrorRecord)
        .where(
            own_rows(ErrorRecord.site_id),
            ErrorRecord.subject_type == subject_type,
            ErrorRecord.subject_id == str(subject_id),
            ErrorRecord.resolved_at.is_(None),
            *of_category,
        )
        .values(resolved_at=at)
    )
