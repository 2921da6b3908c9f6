"""Opening the database for a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from ccat_ops_db import schema
from ccat_ops_db.models import DatabaseSite, Site
from ccat_ops_db.models.databases import EVERY_SITE
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import OpsDbSettings, SettingsError, unknown_keys


def load_settings() -> OpsDbSettings:
    """Return the settings.

    Raises
    ------
    SettingsError
        If there is a variable that begins like ours and is none.
    """
    if unknown := unknown_keys(os.environ):
        raise SettingsError(f"unknown settings {', '.join(unknown)}; `opsdb settings` lists those that exist")
    return OpsDbSettings()


@contextmanager
def open_engine() -> Iterator[Engine]:
    """Open the database that the settings name."""
    engine = create_engine(load_settings().url(), null_pool=True)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_session() -> Iterator[Session]:
    """Open a session on a database that has the schema of this release; the command commits.

    Raises
    ------
    SettingsError
        If the database has no schema, or an older one.
    """
    with open_engine() as engine:
        _require_schema(engine)
        with Session(engine) as session:
            yield session


def main_site(session: Session) -> str:
    """Return the site that owns the reference data.

    Raises
    ------
    SettingsError
        If no configuration was applied yet.
    """
    site = session.scalars(select(Site.id).where(Site.main)).one_or_none()
    if site is None:
        raise SettingsError("there is no main site yet: apply a configuration first (opsdb config apply)")
    return site


def own_site(session: Session) -> str:
    """Return the site of this database, where whoever gives a command stands; of one for all the main site.

    Raises
    ------
    SettingsError
        If no configuration was applied yet.
    """
    row = DatabaseSite
    site = session.scalars(select(row.site_id).order_by(row.is_main.desc(), row.site_id).limit(1)).first()
    return main_site(session) if site is None or site == EVERY_SITE else site


def _require_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        current = schema.current_revision(connection)
        has_tables = bool(inspect(connection).get_table_names())
    if engine.dialect.name == "sqlite" and has_tables:
        return
    if current is None:
        raise SettingsError("the database is empty: run opsdb_init")
    if current != schema.head_revision():
        raise SettingsError(
            f"the database has revision {current}, this release needs {schema.head_revision()}:"
            " run opsdb_migrate"
        )
