"""The schema's revision: upgrade to it, compare with it."""

from collections.abc import Callable
from importlib.resources import files
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.engine import Connection

from ccat_ops_db.guards import trigger_names
from ccat_ops_db.migrations.limits import ADVISORY_LOCK
from ccat_ops_db.models import Base
from ccat_ops_db.settings import SettingsError, synchronous


def upgrade(url: str | URL, revision: str = "head") -> None:
    """Bring a database to a revision; only one caller at a time does so, the others wait and find it done.

    Parameters
    ----------
    url : str or URL
        Address of the database.
    revision : str
        Alembic revision, ``head`` by default.

    Raises
    ------
    SettingsError
        If the database is not PostgreSQL.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def create(engine: Engine) -> None:
    """Make all tables in a database and mark it with the newest revision; what is there already is kept."""
    if engine.dialect.name == "postgresql":
        upgrade(engine.url)
        return
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        script = ScriptDirectory.from_config(alembic_config())
        MigrationContext.configure(connection).stamp(script, "head")


def downgrade(url: str | URL, revision: str) -> None:
    """Take a database back to a revision (``base`` for none)."""
    _run(url, lambda config: command.downgrade(config, revision))


def drop_everything(engine: Engine) -> None:
    """Drop all tables with their data, the guards and the mark of the revision: all or nothing."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        if connection.dialect.name == "postgresql":
            for function in trigger_names():
                connection.execute(text(f"DROP FUNCTION IF EXISTS {function}()"))


def head_revision() -> str:
    """Return the newest revision that this release knows."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "the package carries its migrations"
    return head


def pending_revisions(connection: Connection) -> list[tuple[str, str]]:
    """Return the revisions that a database lacks, oldest first, each with its subject."""
    script = ScriptDirectory.from_config(alembic_config())
    current = current_revision(connection)
    return [(step.revision, step.doc) for step in reversed([*script.iterate_revisions("head", current)])]


def offline_sql(revisions: str = "head") -> str:
    """Return the SQL of revisions (``from:to``; all by default), to be read and linted without a database."""
    config = alembic_config()
    config.output_buffer = buffer = StringIO()
    command.upgrade(config, revisions, sql=True)
    return buffer.getvalue()


def current_revision(connection: Connection) -> str | None:
    """Return the revision that the database has, or None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config() -> Config:
    """Return Alembic's configuration for the migrations inside this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(files("ccat_ops_db"))) / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _run(url: str | URL, action: Callable[[Config], None]) -> None:
    address = synchronous(url)
    if address.get_backend_name() != "postgresql":
        raise SettingsError(
            "a SQLite file is created at once and never migrated; use PostgreSQL, or a new file"
        )
    config = alembic_config()
    engine = create_engine(address)
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            action(config)
    finally:
        engine.dispose()
