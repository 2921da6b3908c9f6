"""Commands that change something: verify, resume, trust."""

from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.evidence.doubts import open_doubts_of_place, trust_place
from ccat_data_transfer.planning.verifying import open_check
from ccat_data_transfer.work.outages import SUBJECTS
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CallerKind, CheckReason, CopyForm, Status
from ccat_ops_db.events import record_event
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import DataLocation, FixityCheck, Outage, PhysicalCopy
from ccat_ops_db.outages import IN_FORCE, trial
from ccat_ops_db.own_rows import is_own, own_rows


def verify(
    subject: Annotated[UUID, typer.Argument(help="Id of a package or of one of its copies.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be read.")] = False,
    json: Json = False,
) -> None:
    """Have the copies of a package read where they are and compared with its checksum."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        mine = (PhysicalCopy.id == subject) | (PhysicalCopy.raw_data_package_id == subject)
        copies = session.execute(
            select(PhysicalCopy.id, PhysicalCopy.site_id, PhysicalCopy.data_location_id, PhysicalCopy.size)
            .where(
                mine,
                own_rows(PhysicalCopy.site_id),
                PhysicalCopy.form == CopyForm.TAR,
                PhysicalCopy.status.in_(READABLE),
                ~select(FixityCheck.id)
                .where(
                    FixityCheck.physical_copy_id == PhysicalCopy.id,
                    FixityCheck.status.not_in([Status.COMPLETED, Status.CANCELLED]),
                )
                .exists(),
            )
            .order_by(PhysicalCopy.id)
            .with_for_update(read=True)
        ).all()
        if not copies:
            refuse_rows_of_others(session, f"{subject}", select(PhysicalCopy.site_id).where(mine))
            end(f"{subject} is no package or copy that can be verified now, or it is being verified already")
        if not dry_run:
            for copy in copies:
                _open_check(session, copy)
    if json:
        facts = [{"copy": c.id, "location": c.data_location_id, "bytes": c.size} for c in copies]
        print_json({"dry_run": dry_run, "copies": facts})
        return
    for copy in copies:
        typer.echo(f"{'would read' if dry_run else 'reads'} {copy.size:,} bytes at {copy.data_location_id}")


def trust(
    location: Annotated[str, typer.Argument(help="Location under suspicion, <site>.<name>.")],
    reason: Annotated[str, typer.Option(help="What was found and mended.")],
    json: Json = False,
) -> None:
    """Trust a location again that came under suspicion, after its storage was looked at."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        place = DataLocation.__table__.c
        refuse_rows_of_others(session, location, select(place.site_id).where(place.id == location))
        doubts = open_doubts_of_place(session, location)
        if not doubts:
            end(f"{location} is not under suspicion")
        trust_place(session, location, doubts, "ccat-transfer trust", reason, caller_kind=CallerKind.COMMAND)
    if json:
        print_json({"location": location, "trusted": True})
    else:
        typer.echo(f"{location} is trusted again")


def resume(
    what: Annotated[str, typer.Argument(help="Location, route, name of a credential, or broker.")],
    json: Json = False,
) -> None:
    """Try at once what is paused after failures, and not when its pause ends."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        paused = and_(Outage.scope_id == what, IN_FORCE, Outage.next_probe_at.is_not(None))
        refuse_rows_of_others(session, what, select(Outage.site_id).where(paused))
        at = database_now(session)
        tried = session.execute(trial(paused, at)).all()
        if not tried:
            end(f"{what} is not paused")
        for outage in tried:
            record_event(
                session,
                site_id=outage.site_id,
                at=at,
                actor="ccat-transfer resume",
                action=f"{SUBJECTS[outage.scope]}.tried",
                subject_type=SUBJECTS[outage.scope],
                subject_id=what,
                message=f"{what} is tried at once",
            )
    if json:
        print_json({"resumed": what})
    else:
        typer.echo(f"{what} is tried at once")


def refuse_rows_of_others(session: Session, what: str, sites: Select[str]) -> None:
    """End with the sites that have something, if this database has none of it: each row has one writer."""
    found = sorted(set(session.scalars(sites)))
    if found and not any(is_own(session, site) for site in found):
        names = " and ".join(found)
        end(f"{what} belongs to {names}, and only its database changes it; give the command there")


def _open_check(session: Session, copy: Row[*tuple[Any, ...]]) -> None:
    open_check(
        session,
        copy.id,
        site_id=copy.site_id,
        data_location_id=copy.data_location_id,
        reason=CheckReason.REQUEST,
        priority=0,
        size=copy.size,
        at=database_now(session),
    )
