"""Commands by which copies and places are looked at: ``doubt``, ``scrub``, ``reconcile``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.act import refuse_rows_of_others
from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.evidence.doubts import doubt_place, open_doubts_of_place
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CallerKind, CopyForm, DoubtCause, LocationType
from ccat_ops_db.events import record_event
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import DataLocation, Doubt, PhysicalCopy, PlaceMarker

By = Annotated[str, typer.Option(help="Who says so.", envvar="USER")]
Location = Annotated[str, typer.Argument(help="Location, <site>.<name>.")]
AT_ONCE = 1000
"""Copies that one transaction makes due."""

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would follow.")]


def doubt(
    subject: Annotated[str, typer.Argument(help="Location, <site>.<name>, or id of a package or a copy.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the doubt.")],
    by: By,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Believe a location, or copies, no more: nothing is deleted on their word.

    Copies are read where they are, which ends their doubts. That of a location ends by ``trust`` alone.
    """
    if not reason.strip():
        end("say why, with --reason", 2)
    sites = load_settings().sites
    with Session(open_database(sites)) as session, session.begin():
        place = DataLocation.__table__.c
        site = session.scalar(select(place.site_id).where(place.id == subject))
        mine = PhysicalCopy.data_location_id == subject if site is not None else _copies_of(subject)
        copies = session.execute(
            select(PhysicalCopy.id, PhysicalCopy.site_id, PhysicalCopy.size)
            .where(mine, PhysicalCopy.form == CopyForm.TAR, PhysicalCopy.status.in_(READABLE))
            .order_by(PhysicalCopy.id)
        ).all()
        if site is None and not copies:
            end(f"{subject} is no location, and no package or copy that can be read")
        if site is not None and open_doubts_of_place(session, subject, DoubtCause.PERSON):
            end(f"{subject} is doubted by a person already")
        caller = f"{by} (ccat-transfer)"
        if site is not None and not dry_run:
            said_at, kind = _where_said(sites, site), CallerKind.COMMAND
            person = DoubtCause.PERSON
            doubt_place(session, subject, person, reason, caller, site_id=said_at, caller_kind=kind)
        elif not dry_run:
            for copy in copies:
                _doubt_copy(session, copy.id, _where_said(sites, copy.site_id), reason, caller)
    size = sum(copy.size for copy in copies)
    if json:
        print_json({"dry_run": dry_run, "subject": subject, "copies": len(copies), "bytes": size})
        return
    said = "would be" if dry_run else "is"
    typer.echo(f"{subject} {said} doubted: {len(copies):,} copies, {size:,} bytes count no more")


def _where_said(sites: Sequence[str], site: str) -> str:
    """Return the site whose row a doubt is: that of the thing, unless it is the database of another."""
    return site if not sites or site in sites else sites[0]


def _doubt_copy(session: Session, copy_id: UUID, site_id: str, reason: str, caller: str) -> None:
    session.execute(
        insert(Doubt).values(
            id=new_id(),
            site_id=site_id,
            physical_copy_id=copy_id,
            cause=DoubtCause.PERSON,
            caller_kind=CallerKind.COMMAND,
            caller=caller,
            created_at=database_now(session),
            reason=reason,
        )
    )


def scrub(location: Location, dry_run: DryRun = False, json: Json = False) -> None:
    """Have all copies in an archive read again, when it has nothing else to do, and not when they are due."""
    with Session(open_database(load_settings().sites)) as session:
        place = DataLocation.__table__.c
        refuse_rows_of_others(session, location, select(place.site_id).where(place.id == location))
        archive = (place.id == location, place.location_type == LocationType.LONG_TERM_ARCHIVE)
        if not session.scalar(select(exists().where(*archive))):
            end(f"{location} is no archive; its copies are read with ccat-transfer verify")
        mine = and_(
            PhysicalCopy.data_location_id == location,
            PhysicalCopy.form == CopyForm.TAR,
            PhysicalCopy.status.in_(READABLE),
            PhysicalCopy.next_check_at.is_not(None),
        )
        copies, size = session.execute(
            select(func.count(), func.coalesce(func.sum(PhysicalCopy.size), 0)).where(mine)
        ).one()
        session.commit()
        at = database_now(session)
        while not dry_run and _make_due(session, mine, at):
            session.commit()
        if not dry_run:
            record_event(
                session,
                site_id=location.partition(".")[0],
                at=at,
                actor="ccat-transfer scrub",
                action="location.scrubbed",
                subject_type="data_location",
                subject_id=location,
                message=f"{copies:,} copies, {int(size):,} bytes",
            )
            session.commit()
    if json:
        print_json({"dry_run": dry_run, "location": location, "copies": copies, "bytes": int(size)})
        return
    would = "would be" if dry_run else "are"
    typer.echo(f"{copies:,} copies, {int(size):,} bytes, {would} read again at {location}")


def _make_due(session: Session, mine: ColumnElement[bool], at: datetime) -> int:
    """Make some copies due to be read, and return how many; what is locked has its turn later."""
    some = (
        select(PhysicalCopy.id)
        .where(mine, PhysicalCopy.next_check_at > at)
        .order_by(PhysicalCopy.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    due = update(PhysicalCopy).where(PhysicalCopy.id.in_(session.scalars(some).all()))
    made = session.execute(
        due.values(next_check_at=at).returning(PhysicalCopy.id).execution_options(synchronize_session=False)
    )
    return len(made.all())


def reconcile(location: Location, json: Json = False) -> None:
    """Have all that a buffer or archive has listed within the hour, and not when a day has passed."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        current = (PlaceMarker.data_location_id == location, PlaceMarker.retired_at.is_(None))
        refuse_rows_of_others(session, location, select(PlaceMarker.site_id).where(*current))
        due = update(PlaceMarker).where(*current).values(listing_begun_at=None).returning(PlaceMarker.id)
        if session.execute(due).one_or_none() is None:
            end(f"{location} is no location that was adopted")
    if json:
        print_json({"location": location, "listed": "within the hour"})
    else:
        typer.echo(f"{location} is listed within the hour")


def _copies_of(subject: str) -> ColumnElement[bool]:
    try:
        key = UUID(subject)
    except ValueError:
        end(f"{subject} is no location, and no id of a package or a copy")
    return or_(PhysicalCopy.id == key, PhysicalCopy.raw_data_package_id == key)
