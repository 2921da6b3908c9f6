"""``ccat-operator configure --once``: make the database what configuration files say."""

import time
from pathlib import Path
from typing import Annotated

import structlog
import typer
from pydantic import Field
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ccat_operator.commands.output import FAILED, PASSING, fail, log_as_json, owner_url, tell
from ccat_operator.reconcile.address import UnusableError, session
from ccat_operator.reconcile.conditions import Reason
from ccat_operator.reconcile.migration import Part
from ccat_operator.resources import seconds
from ccat_ops_db.clock import SystemClock
from ccat_ops_db.commands.database import load_settings
from ccat_ops_db.configuration import (
    Action,
    Configuration,
    ConfigurationError,
    RefusedError,
    apply_configuration,
    load,
    make_plan,
)
from ccat_ops_db.database_words import said_by_database
from ccat_ops_db.revisions import Relation, relation
from ccat_ops_db.schema import current_revision
from ccat_ops_db.settings import SettingsError


class Report(Part):
    """The one line that is printed."""

    outcome: str
    content_hash: str | None = None
    create: int = 0
    change: int = 0
    retire: int = 0
    consequences: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)


def configure(
    folder: Annotated[Path, typer.Option(help="Folder of the configuration.")],
    overlay: Annotated[
        list[Path] | None,
        typer.Option(help="Folder whose entries replace fields of those with the same key."),
    ] = None,
    moved: Annotated[
        list[str] | None, typer.Option(help="Location whose bytes were brought to their new place already.")
    ] = None,
    wait: Annotated[str, typer.Option(help="How long to wait for database and schema.")] = "10m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    once: Annotated[
        bool, typer.Option("--once", help="Apply and end: the one way here; `run` keeps on.")
    ] = True,
) -> None:
    """Apply a configuration in one transaction; prints one line of JSON. Again it does nothing.

    Exit status: 0 applied or nothing to do, 1 invalid or refused, 75 database or schema were not there
    in time.
    """
    del once
    log_as_json()
    url = owner_url()
    try:
        configuration = load(folder, overlay or [])
        _wait_for_schema(url, seconds(wait))
        with session(url) as connection, Session(connection) as opened:
            tell(_apply(opened, configuration, moved or [], dry_run), 0)
    except ConfigurationError as error:
        tell(Report(outcome="invalid", problems=[str(problem) for problem in error.problems]), FAILED)
    except RefusedError as error:
        tell(Report(outcome="refused", problems=str(error).splitlines()), FAILED)
    except (UnusableError, SettingsError) as error:
        fail(str(error))
    except DBAPIError as error:
        tell(Report(outcome="failed", problems=[said_by_database(error)]), PASSING)


def _apply(session: Session, configuration: Configuration, moved: list[str], dry_run: bool) -> Report:
    if dry_run:
        plan = make_plan(session, configuration, moved)
    else:
        plan = apply_configuration(
            session, configuration, actor="ccat-operator", at=SystemClock().utc_now(), moved=moved
        )
        session.commit()
    return Report(
        outcome="planned" if dry_run else "applied" if plan else "nothing",
        content_hash=configuration.content_hash(),
        create=plan.count(Action.CREATE),
        change=plan.count(Action.CHANGE) + plan.count(Action.RESTORE),
        retire=plan.count(Action.RETIRE),
        consequences=[
            f"{change.kind}.{change.key}: {line}" for change in plan.changes for line in change.consequences
        ],
        problems=plan.refusals,
    )


def _wait_for_schema(url: URL, limit: float) -> None:
    """Wait until the database answers and has the schema; end the command if it is not so in time."""
    log = structlog.get_logger()
    end, said = time.monotonic() + limit, ""
    while (missing := _schema_missing(url)) is not None:
        if time.monotonic() >= end:
            tell(Report(outcome="failed", problems=[f"waited {limit:.0f} s: {missing}"]), PASSING)
        if missing != said:
            log.info("configure.waiting", missing=missing)
            said = missing
        time.sleep(1.0)


def _schema_missing(url: URL) -> str | None:
    more = load_settings().more_migrations()
    try:
        with session(url) as connection:
            current = current_revision(connection)
    except UnusableError as error:
        if error.reason is not Reason.DATABASE_UNREACHABLE:
            raise
        return str(error)
    where = relation(current, "head", more)
    if where is Relation.UNKNOWN:
        fail(f"the database has revision {current}, which this release does not know: nothing is applied")
    if where in {Relation.EMPTY, Relation.OLDER}:
        return f"the schema is at {current or 'nothing'}; it must be migrated first"
    return None
