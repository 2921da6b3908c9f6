"""Commands about objects that are of no copy: ``ccat-transfer finding list``, ``finding adopt``."""

from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ccat_data_transfer.cli.act import refuse_rows_of_others
from ccat_data_transfer.cli.context import Json, end, load_settings, open_database, print_json
from ccat_data_transfer.planning.tar_names import generation_of, tars_at
from ccat_data_transfer.planning.verifying import open_check, register_copy
from ccat_data_transfer.storage.names import package_path
from ccat_ops_db.database_time import database_now
from ccat_ops_db.enumerations import CheckReason, FindingResolution
from ccat_ops_db.events import record_event
from ccat_ops_db.evidence import READABLE
from ccat_ops_db.models import PhysicalCopy, RawDataPackage, ReconcileFinding

app = typer.Typer(no_args_is_help=True, help="Objects at places of ours that are of no copy.")

By = Annotated[str, typer.Option(help="Who decides.", envvar="USER")]


@app.command("list")
def list_findings(
    location: Annotated[str | None, typer.Argument(help="Only this location, <site>.<name>.")] = None,
    json: Json = False,
) -> None:
    """List the objects that are there and of no copy, nor of work that goes on."""
    wanted = select(ReconcileFinding).where(ReconcileFinding.resolved_at.is_(None))
    if location is not None:
        wanted = wanted.where(ReconcileFinding.data_location_id == location)
    with Session(open_database(load_settings().sites)) as session:
        order = (ReconcileFinding.data_location_id, ReconcileFinding.path)
        found = session.scalars(wanted.order_by(*order)).all()
    if json:
        print_json(
            [
                {
                    "id": each.id,
                    "location": each.data_location_id,
                    "path": each.path,
                    "bytes": each.size,
                    "first_seen_at": each.first_seen_at,
                    "last_seen_at": each.last_seen_at,
                }
                for each in found
            ]
        )
        return
    for each in found:
        where = f"{each.data_location_id}  {each.path}"
        typer.echo(f"{each.id}  {each.size:,} bytes  since {each.first_seen_at:%F}  {where}")
    if not found:
        typer.echo("every object that was listed is of a copy, or of work that goes on")


@app.command("adopt")
def adopt(
    finding: Annotated[list[UUID], typer.Argument(help="Ids of findings.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the findings.")],
    by: By,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be adopted.")] = False,
    json: Json = False,
) -> None:
    """Take tars of packages of ours as copies. Each is read before it counts."""
    if not reason.strip():
        end("say why, with --reason", 2)
    with Session(open_database(load_settings().sites)) as session, session.begin():
        adopted = [_adopt(session, each, reason, by, dry_run=dry_run) for each in sorted(set(finding))]
    if json:
        print_json({"dry_run": dry_run, "adopted": adopted})
        return
    for path in adopted:
        typer.echo(f"{path} {'would be' if dry_run else 'is'} a copy, and is read")


def _adopt(session: Session, finding_id: UUID, reason: str, by: str, *, dry_run: bool) -> str:
    mine = (ReconcileFinding.id == finding_id, ReconcileFinding.resolved_at.is_(None))
    refuse_rows_of_others(session, f"{finding_id}", select(ReconcileFinding.site_id).where(*mine))
    found = session.scalars(select(ReconcileFinding).where(*mine).with_for_update()).one_or_none()
    if found is None:
        end(f"there is no open finding {finding_id}")
    package = session.execute(
        select(RawDataPackage.id, RawDataPackage.size).where(
            RawDataPackage.relative_path == package_path(found.path), RawDataPackage.sealed_at.is_not(None)
        )
    ).one_or_none()
    generation = generation_of(found.path)
    if package is None or generation is None:
        end(f"{found.path} is no tar of a sealed package; move it away if it is of use, or remove it")
    if package.size != found.size:
        end(f"{found.path} has {found.size:,} bytes, its package {package.size:,}; remove it")
    good = (*tars_at(package.id, found.data_location_id), PhysicalCopy.status.in_(READABLE))
    if session.scalar(select(exists().where(*good))):
        end(f"{found.data_location_id} has a copy of the package; remove {found.path}")
    if dry_run:
        return found.path
    at = database_now(session)
    copy_id = register_copy(
        session,
        package.id,
        site_id=found.site_id,
        location_id=found.data_location_id,
        relative_path=found.path,
        generation=generation,
        size=package.size,
        at=at,
    )
    if copy_id is None:
        end(f"a copy of this name was bad, or deleted, at {found.data_location_id}; remove {found.path}")
    open_check(
        session,
        copy_id,
        site_id=found.site_id,
        data_location_id=found.data_location_id,
        reason=CheckReason.REQUEST,
        priority=0,
        size=package.size,
        at=at,
    )
    found.resolution, found.resolved_at = FindingResolution.ADOPTED, at
    found.decided_at, found.decided_by, found.reason = at, by, reason
    record_event(
        session,
        site_id=found.site_id,
        at=at,
        actor=f"{by} (ccat-transfer)",
        action="copy.adopted",
        subject_type="raw_data_package",
        subject_id=package.id,
        message=f"{found.path} at {found.data_location_id}: {reason}",
    )
    return found.path
