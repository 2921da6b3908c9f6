"""``ccat-operator migrate``: bring the schema to a revision, backed up and verified."""

import re
from pathlib import Path
from typing import Annotated

import structlog
import typer
from sqlalchemy import URL

from ccat_operator.commands.output import FAILED, PASSING, WAITING, fail, log_as_json, owner_url, tell
from ccat_operator.reconcile.address import Secret, UnusableError, parse, session
from ccat_operator.reconcile.approval import next_step
from ccat_operator.reconcile.facts import describe, read_facts
from ccat_operator.reconcile.migration import Order, Outcome, Part
from ccat_operator.reconcile.migration import migrate as run_migration
from ccat_operator.reconcile.roles import RoleKind, RolesError, ensure_roles
from ccat_operator.resources import seconds
from ccat_operator.resources.ops_database import PendingRevision, When
from ccat_operator.settings import OperatorSettings
from ccat_ops_db import revisions
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.commands.database import load_settings
from ccat_ops_db.migrations.limits import Limits
from ccat_ops_db.revisions import RevisionError
from ccat_ops_db.settings import SettingsError

_STATUS = {Outcome.MIGRATED: 0, Outcome.NOTHING: 0, Outcome.WAITING: WAITING}


class Preview(Part):
    """What ``--dry-run`` prints."""

    current: str | None
    target: str
    pending: list[PendingRevision]
    waits_for: str | None


def migrate(
    revision: Annotated[str, typer.Option(help="Revision to bring the schema to.")] = "head",
    backup_folder: Annotated[
        Path | None, typer.Option(help="Folder that a backup is written to before anything is migrated.")
    ] = None,
    backup_before: Annotated[
        When, typer.Option(help="Before which migrations it is backed up, if there is a folder.")
    ] = When.ALWAYS,
    keep: Annotated[int, typer.Option(min=1, help="How many backups of this database are kept.")] = 5,
    lock_timeout: Annotated[
        str, typer.Option(help="How long a revision waits for a lock: 500ms, 5s.")
    ] = "5s",
    statement_timeout: Annotated[str, typer.Option(help="How long a statement may take: 15m, 1h.")] = "15m",
    approval: Annotated[
        When, typer.Option(help="Which revisions wait for --approve; the operator saw to it before.")
    ] = When.NEVER,
    approve: Annotated[
        str | None, typer.Option(help="Revision that is approved, with all before it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
) -> None:
    """Bring the operations database to a revision; prints one line of JSON.

    Several at once wait for one another. Exit status: 0 done or nothing to do, 1 failed, 3 a revision waits
    for approval, 75 the database was away or busy: run it again.
    """
    log_as_json()
    log = structlog.get_logger()
    url = owner_url()
    try:
        order = Order(
            target=revision,
            approval=approval,
            approved=approve,
            backup_before=backup_before,
            backup_folder=backup_folder,
            keep=keep,
            limits=Limits(_for_postgresql(lock_timeout), _for_postgresql(statement_timeout)),
            programs=OperatorSettings().postgresql_programs,
            more=load_settings().more_migrations(),
        )
        if dry_run:
            with session(url) as connection:
                current = read_facts(connection).revision
                pending = revisions.pending(current, revision, order.more)
                told = [describe(connection, step) for step in pending]
            waits = next_step(current, pending, approval, approve).waits_for
            target = revisions.head(order.more) if revision == "head" else revision
            tell(
                Preview(
                    current=current, target=target, pending=told, waits_for=waits.revision if waits else None
                ),
                0,
            )
        result = run_migration(url, order, SystemClock(), log.info)
    except (RevisionError, SettingsError, UnusableError) as error:
        fail(str(error))
    if result.failure is not None:
        log.error("migration.failed", **result.failure.model_dump(exclude_none=True))
        tell(result, PASSING if result.failure.passing else FAILED)
    try:
        made = ensure_roles(url, _roles(OperatorSettings()))
    except (RolesError, UnusableError) as error:
        fail(str(error))
    if made:
        log.info("roles.made", roles=made)
    tell(result, _STATUS[result.outcome])


def _roles(settings: OperatorSettings) -> dict[RoleKind, URL]:
    """Return the roles that the settings name; the operator makes those of its resources by itself."""
    given = {
        RoleKind.APPLICATION: settings.application_url,
        RoleKind.READ_ONLY: settings.read_only_url,
        RoleKind.REPLICATION: settings.replication_url,
    }
    return {
        kind: parse(Secret(f"the address of the role {kind}", value.get_secret_value()))
        for kind, value in given.items()
        if value is not None
    }


def _for_postgresql(duration: str) -> str:
    """Return a duration in a notation that PostgreSQL has: it does not know 15m."""
    if not re.fullmatch(r"[1-9][0-9]*(ms|s|m|h)", duration):
        fail(f"{duration!r} is no duration: write for example 500ms, 5s, 15m or 1h")
    return f"{round(seconds(duration) * 1000)}ms"
