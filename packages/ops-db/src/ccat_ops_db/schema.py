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

from ccat_ops_db.guards import function_names
from ccat_ops_db.migrations.limits import ADVISORY_LOCK, Limits
from ccat_ops_db.models import Base
from ccat_ops_db.settings import SettingsError, synchronous

NORMAL_LIMITS = Limits()
KEEPALIVE = (
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
    " -c client_connection_check_interval=10s"
)
"""Options of a connection whose locks must not outlive its program, nor its machine by more than a minute."""


def upgrade(
    url: str | URL, revision: str = "head", *, limits: Limits = NORMAL_LIMITS, more: Path | None = None
) -> None:
    """Bring a database to a revision; only one caller at a time does so, the others wait and find it done.

    Parameters
    ----------
    url : str or URL
        Address of the database.
    revision : str
        Alembic revision, ``head`` by default.
    limits : Limits
        How long a revision may wait for a lock, and a statement may take.
    more : Path, optional
        Folder with further revision files.

    Raises
    ------
    SettingsError
        If the database is not PostgreSQL.
    """
    config = alembic_config(more)
    config.attributes["limits"] = limits
    _run(url, config, lambda: command.upgrade(config, revision))


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
    config = alembic_config()
    _run(url, config, lambda: command.downgrade(config, revision))


def drop_everything(engine: Engine) -> None:
    """Drop all tables with their data, the guards and the mark of the revision: all or nothing."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        if connection.dialect.name == "postgresql":
            for function in function_names():
                connection.execute(text(f"DROP FUNCTION IF EXISTS {function}()"))


def head_revision() -> str:
    """Return the newest revision that this release knows."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert head is not None, "the package carries its migrations"
    return head


def offline_sql(revisions: str = "head", more: Path | None = None) -> str:
    """Return the SQL of revisions (``from:to``; all by default), to be read and linted without a database."""
    config = alembic_config(more)
    config.output_buffer = buffer = StringIO()
    command.upgrade(config, revisions, sql=True)
    return buffer.getvalue()


def current_revision(connection: Connection) -> str | None:
    """Return the revision that the database has, or None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config(more: Path | None = None) -> Config:
    """Return Alembic's configuration for the migrations inside this package.

    Parameters
    ----------
    more : Path, optional
        Folder with further revision files that follow those of the package: to try upgrades to releases that
        do not exist yet.
    """
    migrations = Path(str(files("ccat_ops_db"))) / "migrations"
    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("path_separator", "newline")
    folders = [migrations / "versions", *([more] if more is not None else [])]
    config.set_main_option("version_locations", "\n".join(map(str, folders)))
    return config


def _run(url: str | URL, config: Config, action: Callable[[], None]) -> None:
    address = synchronous(url)
    if address.get_backend_name() != "postgresql":
        raise SettingsError(
            "a SQLite file is created at once and never migrated; use PostgreSQL, or a new file"
        )
    # A server learns of a caller that died with its machine only by asking, and holds its locks until then.
    engine = create_engine(address, connect_args={"options": KEEPALIVE})
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            action()
    finally:
        engine.dispose()
