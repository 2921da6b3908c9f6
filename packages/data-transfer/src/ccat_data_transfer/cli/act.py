"""Commands that change something: verify, retry, trust."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.context import end, open_database
from ccat_data_transfer.planning.verifying import open_check
from ccat_data_transfer.work.hand import wake_planners
from ccat_data_transfer.work.kinds import KINDS
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.enumerations import (
    CheckReason,
    CopyKind,
    PhysicalCopyStatus,
    Status,
    VerificationMethod,
)
from ccat_ops_db.events import record_event
from ccat_ops_db.models import FixityCheck, LocationHealth, PhysicalCopy


def verify(
    subject: Annotated[UUID, typer.Argument(help="Id of a package or of one of its copies.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be read.")] = False,
) -> None:
    """Have the copies of a package read where they are and compared with its checksum."""
    with Session(open_database()) as session, session.begin():
        copies = session.execute(
            select(PhysicalCopy.id, PhysicalCopy.site_id, PhysicalCopy.data_location_id, PhysicalCopy.size)
            .where(
                (PhysicalCopy.id == subject) | (PhysicalCopy.raw_data_package_id == subject),
                PhysicalCopy.kind == CopyKind.RAW_DATA_PACKAGE,
                PhysicalCopy.status.in_([PhysicalCopyStatus.PRESENT, PhysicalCopyStatus.VERIFIED]),
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
            end(f"{subject} is no package or copy that can be verified now, or it is being verified already")
        for copy in copies:
            typer.echo(
                f"{'would read' if dry_run else 'reads'} {copy.size:,} bytes at {copy.data_location_id}"
            )
            if not dry_run:
                _open(session, copy.id, copy.site_id, copy.data_location_id, copy.size)
        wake_planners(session)


def retry(
    work_id: Annotated[UUID, typer.Argument(help="Id of work that was given up.")],
) -> None:
    """Try work again that was given up; mend first what its error names."""
    with Session(open_database()) as session, session.begin():
        at = SystemClock().utc_now()
        for kind in KINDS.values():
            row = session.execute(
                update(kind.table)
                .where(kind.table.id == work_id, kind.table.status == Status.FAILED)
                .values(
                    status=Status.PENDING,
                    attempt=0,
                    interruptions=0,
                    next_attempt_at=None,
                    finished_at=None,
                    waiting_reason=None,
                    waiting_detail=None,
                    waiting_since=None,
                )
                .returning(kind.table.site_id)
                .execution_options(synchronize_session=False)
            ).scalar_one_or_none()
            if row is not None:
                record_event(
                    session,
                    site_id=row,
                    at=at,
                    actor="ccat-transfer retry",
                    action="work.retried",
                    subject_type=kind.name,
                    subject_id=work_id,
                    message="tried again by hand",
                )
                wake_planners(session)
                typer.echo(f"{kind.operation} {work_id} is tried again")
                return
    end(f"{work_id} is no work that was given up")


def trust(
    location: Annotated[str, typer.Argument(help="Location under suspicion, <site>.<name>.")],
    reason: Annotated[str, typer.Option(help="What was found and mended.")],
) -> None:
    """Trust a location again that came under suspicion, after its storage was looked at."""
    with Session(open_database()) as session, session.begin():
        site = session.execute(
            update(LocationHealth)
            .where(LocationHealth.data_location_id == location, LocationHealth.suspect_since.is_not(None))
            .values(suspect_since=None, suspect_reason=None, consecutive_failures=0, open_until=None)
            .returning(LocationHealth.site_id)
        ).scalar_one_or_none()
        if site is None:
            end(f"{location} is not under suspicion")
        record_event(
            session,
            site_id=site,
            at=SystemClock().utc_now(),
            actor="ccat-transfer trust",
            action="location.trusted",
            subject_type="data_location",
            subject_id=location,
            message=reason,
        )
        wake_planners(session)
    typer.echo(f"{location} is trusted again")


def _open(session: Session, copy_id: UUID, site_id: str, location_id: str, size: int) -> None:
    open_check(
        session,
        copy_id,
        site_id=site_id,
        data_location_id=location_id,
        reason=CheckReason.REQUEST,
        method=VerificationMethod.FULL_READ,
        priority=0,
        size=size,
        at=SystemClock().utc_now(),
    )
