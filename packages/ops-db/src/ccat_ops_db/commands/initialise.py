"""``opsdb_init``: set up a fresh operations database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from ccat_ops_db import schema
from ccat_ops_db.commands.database import load_settings, open_engine
from ccat_ops_db.commands.presentation import clear_errors, show_plan
from ccat_ops_db.configuration import Configuration, apply_configuration, load
from ccat_ops_db.configuration.files import OVERLAYS
from ccat_ops_db.database_time import database_now
from ccat_ops_db.models import ConfigurationRevision, DatabaseSite
from ccat_ops_db.models.databases import EVERY_SITE
from ccat_ops_db.own_name import own_name
from ccat_ops_db.settings import Environment, SettingsError

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command()
def opsdb_init(
    drop: Annotated[bool, typer.Option("--drop", help="Drop all data first; refused in production.")] = False,
    local_url: Annotated[
        Path, typer.Option("--local_url", "--local-url", help="Folder of the configuration.")
    ] = Path("data-center-config"),
    data_archive_mode: Annotated[
        str | None,
        typer.Option(
            "--data_archive_mode",
            "--data-archive-mode",
            help="development or production: lays overlays/<mode> of the configuration over it, where there"
            " is one. Default: production unless the environment is development.",
        ),
    ] = None,
    overlay: Annotated[
        list[Path] | None, typer.Option(help="Folder to lay over it; may be given several times.")
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(
            help="The one site that the database is of: it owns no rows of others, and unless it is the main"
            " site it gets the configuration from there. Default: one database for all sites."
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what is made.")] = False,
) -> None:
    """Set up a fresh operations database: create it, fill it from the configuration, mark its revision."""
    with clear_errors():
        mode = archive_mode(data_archive_mode)
        production = Environment.PRODUCTION in (mode, load_settings().environment)
        if drop and production:
            raise SettingsError("--drop is refused: the environment is production")
        configuration = load(local_url, [*mode_overlay(local_url, mode), *(overlay or [])])
        if site is not None and site not in configuration.entries["sites"]:
            raise SettingsError(f"there is no site {site!r} in {local_url}")
        main = site in (None, configuration.main_site())
        with open_engine() as engine:
            _refuse_used(engine, drop)
            if drop:
                schema.drop_everything(engine)
            schema.create(engine)
            _say_whose(engine, site or EVERY_SITE, main)
            if main:
                _seed(engine, configuration, verbose)
        filled = f"configuration {local_url}" if main else f"to be filled from {configuration.main_site()}"
        typer.echo(f"the database is ready: revision {schema.head_revision()}, {filled}")


def archive_mode(given: str | None) -> Environment:
    """Return the mode that was asked for, or that of the environment."""
    if given is None:
        development = load_settings().environment is Environment.DEVELOPMENT
        return Environment.DEVELOPMENT if development else Environment.PRODUCTION
    if given not in {Environment.DEVELOPMENT.value, Environment.PRODUCTION.value}:
        raise SettingsError(f"--data_archive_mode is {given!r}; it must be development or production")
    return Environment(given)


def mode_overlay(folder: Path, mode: Environment) -> Sequence[Path]:
    """Return the overlay of a configuration for a mode, if it has one."""
    overlay = folder / OVERLAYS / mode.value
    return [overlay] if overlay.is_dir() else []


def _refuse_used(engine: Engine, drop: bool) -> None:
    with engine.connect() as connection:
        revision = schema.current_revision(connection)
        if revision is None or drop:
            return
        if revision == schema.head_revision():
            configured = connection.execute(select(ConfigurationRevision.id).limit(1)).first()
            if configured is None:
                return  # an earlier run died before it filled the tables
    raise SettingsError(
        f"the database is set up already (revision {revision}); bring it up to date with opsdb_migrate and"
        " `opsdb config apply`, or start anew with --drop"
    )


def _say_whose(engine: Engine, site: str, main: bool) -> None:
    """Write down whose rows the database owns."""
    with Session(engine) as session:
        session.execute(delete(DatabaseSite))
        session.add(DatabaseSite(site_id=site, is_main=main))
        session.commit()


def _seed(engine: Engine, configuration: Configuration, verbose: bool) -> None:
    with Session(engine) as session:
        plan = apply_configuration(session, configuration, actor=own_name(), at=database_now(session))
        session.commit()
    if verbose:
        show_plan(plan, [])


def main() -> None:
    """Run ``opsdb_init``."""
    app(prog_name="opsdb_init")
