"""Outages: what fails for whoever uses it is closed, tried again now and then, and opened when it works."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Interval, and_, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from ccat_data_transfer.places.credentials import CredentialWatch
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import OutageScope, Severity
from ccat_ops_db.events import record_error, resolve_errors
from ccat_ops_db.models import Outage
from ccat_ops_db.models.base import UtcDateTime
from ccat_ops_db.models.outages import NOT_ENDED
from ccat_ops_db.outages import FIRST_PROBE, IN_FORCE, LONGEST_PAUSE, trial

ALARM_AFTER = timedelta(minutes=20)
"""An outage that lasts longer is an error, and no longer a warning."""

SUBJECTS = {
    OutageScope.LOCATION: "data_location",
    OutageScope.ROUTE: "data_transfer_route",
    OutageScope.CREDENTIAL: "credential",
    OutageScope.BROKER: "broker",
}
"""What the records of errors call the thing that fails."""


@dataclass(frozen=True)
class Thing:
    """Something that can fail, as a site sees it.

    Attributes
    ----------
    site_id : str
        Who sees it.
    scope : OutageScope
        What it is.
    id : str
        Location, route, name of the credential; of the broker ``broker``.
    """

    site_id: str
    scope: OutageScope
    id: str

    @property
    def key(self) -> tuple[str, OutageScope, str]:
        """Key of its outage among those of a pass."""
        return self.site_id, self.scope, self.id

    @property
    def is_this(self) -> ColumnElement[bool]:
        """Condition of its outage."""
        return and_(
            IN_FORCE,
            Outage.site_id == self.site_id,
            Outage.scope == self.scope,
            Outage.scope_id == self.id,
        )


def broker_of(site_id: str) -> Thing:
    """Return the broker of a site."""
    return Thing(site_id, OutageScope.BROKER, "broker")


def note_failure(
    session: Session, thing: Thing, category: str, message: str, at: datetime, closes_after: int = 1
) -> bool:
    """Count a failure of something; return whether it is closed now.

    Parameters
    ----------
    thing : Thing
        What failed.
    category, message : str
        How.
    at : datetime
        Now.
    closes_after : int
        So many failures without a success between them close it.
    """
    count, now = Outage.count + 1, literal(at, UtcDateTime())
    # A pause is as long as the time before it, in which trials failed.
    before = func.greatest(literal(FIRST_PROBE, Interval()), now - Outage.closed_since)
    pause = func.least(literal(LONGEST_PAUSE, Interval()), before, type_=Interval())
    closes = or_(Outage.closed_since.is_not(None), count >= closes_after)
    # Only what came after the pause was a trial; what was under way when it was closed says nothing new.
    next_probe = case(
        (Outage.next_probe_at > at, Outage.next_probe_at),
        (closes, now + pause),
        else_=Outage.next_probe_at,
    )
    closed_at_once = closes_after <= 1
    row = session.execute(
        insert(Outage)
        .values(
            site_id=thing.site_id,
            scope=thing.scope,
            scope_id=thing.id,
            category=category,
            message=message,
            since=at,
            last_seen_at=at,
            count=1,
            closed_since=at if closed_at_once else None,
            next_probe_at=at + FIRST_PROBE if closed_at_once else None,
        )
        .on_conflict_do_update(
            index_elements=["site_id", "scope", "scope_id"],
            index_where=NOT_ENDED,
            set_={
                "category": category,
                "message": message,
                "last_seen_at": at,
                "count": count,
                "closed_since": case((closes, func.coalesce(Outage.closed_since, at))),
                "next_probe_at": next_probe,
            },
        )
        .returning(Outage.closed_since, Outage.since, Outage.count.label("failures"))
    ).one()
    if row.closed_since is not None:
        record_error(
            session,
            site_id=thing.site_id,
            at=at,
            severity=Severity.ERROR if at - row.since > ALARM_AFTER else Severity.WARNING,
            category=category,
            subject_type=SUBJECTS[thing.scope],
            subject_id=thing.id,
            data_location_id=thing.id if thing.scope is OutageScope.LOCATION else None,
            message=message,
            # What failed before it was closed, was an error of the work that met it.
            before=(row.since, row.failures - 1),
        )
    return row.closed_since is not None


def open_things(session: Session, site: ColumnElement[str]) -> set[Thing]:
    """Return what fails now, as a site sees it."""
    found = session.execute(
        select(Outage.site_id, Outage.scope, Outage.scope_id).where(IN_FORCE, Outage.site_id == site)
    )
    return {Thing(*row) for row in found}


def end_outages(session: Session, things: Iterable[Thing], at: datetime) -> None:
    """Note that some things worked: what was closed is open again, and what was counted is forgotten."""
    found = or_(*(thing.is_this for thing in things))
    session.execute(delete(Outage).where(found, Outage.closed_since.is_(None)))
    ended = session.execute(
        update(Outage)
        .where(found)
        .values(ended_at=at)
        .returning(Outage.scope, Outage.scope_id)
        .execution_options(synchronize_session=False)
    ).all()
    for row in sorted(ended):
        resolve_errors(session, subject_type=SUBJECTS[row.scope], subject_id=row.scope_id, at=at)


def probe_now(session: Session, which: ColumnElement[bool]) -> int:
    """Have what is closed tried at once, and not when its pause ends; return how many outages that are."""
    return len(session.execute(trial(which, database_now(session))).all())


def try_changed_credentials(sessions: sessionmaker[Session], credentials: CredentialWatch) -> None:
    """Have a credential tried at once whose files were changed."""
    names = credentials.changed()
    if not names:
        return
    with sessions.begin() as session:
        probe_now(session, (Outage.scope == OutageScope.CREDENTIAL) & Outage.scope_id.in_(names))
