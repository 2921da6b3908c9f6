"""Commands that change something: verify, retry, trust."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.planning.onward import CopyNotReadableError, lock_copy
from ccat_data_transfer.planning.verifying import open_check
from ccat_data_transfer.stages.verifying import SUSPECT
from ccat_data_transfer.work.kinds import KINDS, WorkKind
from ccat_ops_db.copy_locks import is_reserved
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CheckReason, CopyKind, Status, VerificationMethod
from ccat_ops_db.events import record_event, resolve_errors
from ccat_ops_db.models import FixityCheck, LocationHealth, PhysicalCopy
from ccat_ops_db.own_rows import is_own, own_rows
from ccat_ops_db.package_state import READABLE


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
                PhysicalCopy.kind == CopyKind.RAW_DATA_PACKAGE,
                PhysicalCopy.status.in_(READABLE),
                ~select(FixityCheck.id)
                .where(
                    FixityCheck.physical_copy_id == PhysicalCopy.id, FixityCheck.status != Status.COMPLETED
                )
                .exists(),
            )
            .order_by(PhysicalCopy.id)
            .with_for_update(read=True)
        ).all()
        if not copies:
            _refuse_rows_of_others(session, f"{subject}", select(PhysicalCopy.site_id).where(mine))
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


def retry(
    work_id: Annotated[UUID, typer.Argument(help="Id of work that was given up.")], json: Json = False
) -> None:
    """Try work again that was given up; mend first what its error names."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        kind = next((kind for kind in KINDS.values() if _take_up_again(session, kind, work_id)), None)
        if kind is None:
            for table in (each.table for each in KINDS.values()):
                sites = select(table.site_id).where(table.id == work_id)
                _refuse_rows_of_others(session, f"{work_id}", sites)
            end(f"{work_id} is no work that was given up")
    if json:
        print_json({"work": work_id, "operation": kind.operation})
    else:
        typer.echo(f"{kind.operation} {work_id} is tried again")


def trust(
    location: Annotated[str, typer.Argument(help="Location under suspicion, <site>.<name>.")],
    reason: Annotated[str, typer.Option(help="What was found and mended.")],
    json: Json = False,
) -> None:
    """Trust a location again that came under suspicion, after its storage was looked at."""
    with Session(open_database(load_settings().sites)) as session, session.begin():
        health = select(LocationHealth.site_id).where(LocationHealth.data_location_id == location)
        _refuse_rows_of_others(session, location, health)
        at = database_now(session)
        site = session.execute(
            update(LocationHealth)
            .where(LocationHealth.data_location_id == location, LocationHealth.suspect_since.is_not(None))
            .values(suspect_since=None, suspect_reason=None, consecutive_failures=0, open_until=None)
            .returning(LocationHealth.site_id)
        ).scalar_one_or_none()
        if site is None:
            end(f"{location} is not under suspicion")
        # What the suspicion stopped need not wait any longer.
        session.execute(
            update(FixityCheck)
            .where(
                FixityCheck.data_location_id == location,
                FixityCheck.status == Status.PENDING,
                FixityCheck.error_category == SUSPECT,
            )
            .values(next_attempt_at=None, interruptions=0)
            .execution_options(synchronize_session=False)
        )
        resolve_errors(session, subject_type="data_location", subject_id=location, at=at)
        record_event(
            session,
            site_id=site,
            at=at,
            actor="ccat-transfer trust",
            action="location.trusted",
            subject_type="data_location",
            subject_id=location,
            message=reason,
        )
    if json:
        print_json({"location": location, "trusted": True})
    else:
        typer.echo(f"{location} is trusted again")


def _refuse_rows_of_others(session: Session, what: str, sites: Select[str]) -> None:
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
        method=VerificationMethod.FULL_READ,
        priority=0,
        size=copy.size,
        at=database_now(session),
    )


def _take_up_again(session: Session, kind: WorkKind, work_id: UUID) -> bool:
    table, at = kind.table, database_now(session)
    row = session.scalars(
        select(table)
        .where(table.id == work_id, table.status == Status.FAILED, own_rows(table.site_id))
        .with_for_update()
    ).one_or_none()
    if row is None:
        return False
    # Work that a person had cancelled gave up its lock on the copy that it reads.
    copy_id = row.physical_copy_id if isinstance(row, FixityCheck) else getattr(row, "source_copy_id", None)
    if copy_id is not None:
        _take_source(session, kind, row, copy_id, at)
    row.status = Status.PENDING
    row.attempt = row.interruptions = row.bytes_done = 0
    row.next_attempt_at = row.finished_at = row.dispatched_at = None
    row.waiting_reason = row.waiting_detail = row.waiting_since = None
    record_event(
        session,
        site_id=row.site_id,
        at=at,
        actor="ccat-transfer retry",
        action=f"{kind.name}.retried",
        subject_type=kind.name,
        subject_id=work_id,
        message="tried again by hand",
    )
    return True


def _take_source(session: Session, kind: WorkKind, row: Any, copy_id: UUID, at: datetime) -> None:
    """Have the copy kept that work reads; only its own site locks it."""
    site = session.scalar(select(PhysicalCopy.site_id).where(PhysicalCopy.id == copy_id))
    if site not in (None, row.site_id):
        if not session.scalar(is_reserved(copy_id, row.id)):
            row.source_copy_id = None
        return
    try:
        lock_copy(session, copy_id, kind.name, row.id, at)
    except CopyNotReadableError as error:
        end(f"{error}; ccat-transfer why {copy_id} tells what became of it")
