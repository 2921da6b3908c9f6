"""Settings of everything that opens the operations database, from ``CCAT_OPS_DB_*``."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError


class Environment(StrEnum):
    """Where the program runs; decides what is refused."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"

    @classmethod
    def _missing_(cls, value: object) -> "Environment | None":
        return cls.DEVELOPMENT if value == "localdev" else None  # its older, documented name


class DatabaseType(StrEnum):
    """Database systems that are supported."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


PREFIX = "CCAT_OPS_DB_"
OTHER_PREFIXES = ("CCAT_OPS_DB_API_", "CCAT_OPS_DB_UI_")
"""Of other parts of the data centre, whose names begin like ours."""
DEVELOPMENT_TOKEN_KEY = "development-only-key-of-api-tokens"
SHORTEST_KEY = 32
MAKE_A_KEY = "a random text of at least 32 characters, the same for every service (openssl rand -hex 32)"


class SettingsError(ValueError):
    """A setting is missing or cannot be; the message says which and what to do."""


class OpsDbSettings(BaseSettings):
    """Where the operations database is.

    ``CCAT_OPS_DB_DATABASE_URL`` wins over ``CCAT_OPS_DB_DATABASE_URL_FILE``, and both over the single parts.
    Without any setting it is a local SQLite file, which suits notebooks; services refuse it.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    environment: Environment = Environment.DEVELOPMENT
    database_type: DatabaseType = DatabaseType.SQLITE
    database_url: SecretStr | None = Field(None, description="Whole address; wins over the rest.")
    database_url_file: Path | None = Field(
        None, description="File with the whole address; services read it again for each new connection."
    )
    database_sqlite_database: Path = Path("ccat_ops_db.sqlite")
    database_postgresql_host: str = "127.0.0.1"
    database_postgresql_port: int = Field(5432, ge=1, le=65535)
    database_postgresql_user: str = "ccat"
    database_postgresql_password: SecretStr | None = None
    database_postgresql_database: str = "ccat_ops_db"
    token_key: SecretStr | None = Field(
        None, description="Key of the hashes of API tokens, 32 characters or more."
    )
    migrations: Path | None = Field(
        None, description="Folder with further revisions of the schema, to try upgrades. Development only."
    )

    def url(self) -> URL:
        """Return the address of the database, with the synchronous driver.

        Raises
        ------
        SettingsError
            If the address is neither of SQLite nor of PostgreSQL, or its file cannot be read.
        """
        if self.database_url is not None:
            return synchronous(self.database_url.get_secret_value())
        if self.database_url_file is not None:
            return _address_in(self.database_url_file)
        if self.database_type is DatabaseType.SQLITE:
            return URL.create("sqlite", database=str(self.database_sqlite_database))
        password = self.database_postgresql_password
        return URL.create(
            "postgresql+psycopg",
            username=self.database_postgresql_user,
            password=password.get_secret_value() if password else None,
            host=self.database_postgresql_host,
            port=self.database_postgresql_port,
            database=self.database_postgresql_database,
        )

    def key_of_tokens(self) -> str:
        """Return the key under which secrets of API tokens are hashed.

        Raises
        ------
        SettingsError
            If there is none, or a short one, and the environment is not development.
        """
        if self.token_key is None:
            if self.environment is Environment.DEVELOPMENT:
                return DEVELOPMENT_TOKEN_KEY
            raise SettingsError(f"CCAT_OPS_DB_TOKEN_KEY is missing: set {MAKE_A_KEY}")
        key = self.token_key.get_secret_value()
        if self.environment is not Environment.DEVELOPMENT and (
            len(key) < SHORTEST_KEY or key == DEVELOPMENT_TOKEN_KEY
        ):
            raise SettingsError(f"CCAT_OPS_DB_TOKEN_KEY is too short or the default: set {MAKE_A_KEY}")
        return key

    def is_said_to_be_development(self) -> bool:
        """Return whether the environment was set to development, rather than forgotten.

        What is open to everybody in development hangs on this: a service without the setting is closed.
        """
        return self.environment is Environment.DEVELOPMENT and "environment" in self.model_fields_set

    def more_migrations(self) -> Path | None:
        """Return the folder with further revisions of the schema, if there is one.

        Raises
        ------
        SettingsError
            If one is set outside development, or it is not there.
        """
        if self.migrations is None:
            return None
        if self.environment is not Environment.DEVELOPMENT:
            raise SettingsError("CCAT_OPS_DB_MIGRATIONS is for development only: a release has its own")
        if not self.migrations.is_dir():
            raise SettingsError(f"CCAT_OPS_DB_MIGRATIONS is {self.migrations}, which is not a folder")
        return self.migrations

    def postgresql_url(self) -> URL:
        """Return the address of the database for a service, which needs PostgreSQL.

        Raises
        ------
        SettingsError
            If the settings lead to SQLite.
        """
        url = self.url()
        if url.get_backend_name() != "postgresql":
            raise SettingsError(
                "a service needs PostgreSQL: set CCAT_OPS_DB_DATABASE_URL=postgresql://USER@HOST:PORT/NAME, "
                "or CCAT_OPS_DB_DATABASE_TYPE=postgresql and CCAT_OPS_DB_DATABASE_POSTGRESQL_HOST and so on"
            )
        return url


def unknown_keys(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that begin like ours and are none: a mistyped setting would do nothing."""
    known = {PREFIX + name.upper() for name in OpsDbSettings.model_fields}
    return sorted(
        name
        for name in environment
        if name.upper().startswith(PREFIX)
        and not name.upper().startswith(OTHER_PREFIXES)
        and name.upper() not in known
    )


def synchronous(address: str | URL) -> URL:
    """Return the address with the driver for synchronous use (psycopg for PostgreSQL)."""
    return _with_driver(address, "postgresql+psycopg")


def asynchronous(address: str | URL) -> URL:
    """Return the address with the driver for asynchronous use (asyncpg)."""
    return _with_driver(address, "postgresql+asyncpg")


def _address_in(file: Path) -> URL:
    """Return the address in a file; what is wrong is told without what the file holds."""
    try:
        return synchronous(file.read_text("utf-8").strip())
    except OSError as error:
        raise SettingsError(f"CCAT_OPS_DB_DATABASE_URL_FILE: {file}: {error.strerror}") from None
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"CCAT_OPS_DB_DATABASE_URL_FILE: {file} holds no address: "
            "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None


def _with_driver(address: str | URL, driver: str) -> URL:
    url = make_url(address)
    backend = url.get_backend_name()
    if backend == "postgresql" or url.drivername == "postgres":
        return url.set(drivername=driver)
    if backend == "sqlite":
        return url
    raise SettingsError(f"database type {backend!r} is not supported; use sqlite or postgresql")
