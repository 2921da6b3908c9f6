"""Settings of the service, from ``CCAT_OPS_DB_API_*``; the database is that of ``CCAT_OPS_DB_*``."""

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ccat_ops_db.settings import MAKE_A_KEY, Environment, OpsDbSettings, SettingsError
from ccat_ops_db.signed_urls import DEVELOPMENT_SECRET, is_weak_secret

PREFIX = "CCAT_OPS_DB_API_"
PublicOrigin = Annotated[
    str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]+)?$|^https?://\[[0-9a-f:.]+\](:[0-9]+)?$")
]
"""Scheme, host and port, as a browser writes ``Origin``."""


class ApiSettings(BaseSettings):
    """What the service can be told. Sizes are bytes, times seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    site_id: str = Field(description="Site that this service stands at.", pattern="^[a-z][a-z0-9-]*$")
    served_sites: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Sites whose rows this database owns, separated by commas; empty: every site"
        " (one database for all).",
    )
    data_server_secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        description="Secret shared with the data server, which signs addresses of bytes.",
    )
    signed_url_lifetime: int = Field(3600, gt=0, le=86_400, description="How long such an address is valid.")
    redis_url: SecretStr | None = Field(
        None, description="Broker to be watched by /readyz; none: not watched."
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Connections to the database.")
    statement_timeout: int = Field(30, ge=1, description="Longest single statement.")
    bulk_timeout: int = Field(600, ge=1, description="Longest single statement of bulk filing.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest body, bulk filing apart.")
    max_bulk_body_bytes: int = Field(536_870_912, ge=1024, description="Largest body of bulk filing.")
    upload_idle_timeout: float = Field(30, gt=0, description="Longest silence of a client in mid-body.")
    requests_per_second: float = Field(200, gt=0, description="Requests of a token, sustained.")
    request_burst: int = Field(1000, ge=1, description="Requests of a token at once.")
    session_requests_per_second: float = Field(50, gt=0, description="Requests of a session, sustained.")
    session_request_burst: int = Field(250, ge=1, description="Requests of a session at once.")
    failure_burst: int = Field(
        10,
        ge=1,
        description="Wrong tokens or cookies of an address at once; after them one in ten seconds.",
    )
    public_origins: Annotated[tuple[PublicOrigin, ...], NoDecode] = Field(
        (),
        description="Addresses of the interface, such as https://data.example.org, separated by commas: pages"
        " from elsewhere cannot use a session. Empty: https:// and the Host of the request.",
    )
    ui_folder: Path | None = Field(
        None, description="Folder with the built interface, to be served at /; none: it is served elsewhere."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least severe line.")

    @model_validator(mode="after")
    def _serves_its_own_site(self) -> Self:
        if self.served_sites and self.site_id not in self.served_sites:
            raise ValueError(
                f"served_sites must name {self.site_id}: what is said here is a row of that site"
            )
        return self

    @field_validator("served_sites", "public_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


def load_settings() -> tuple[ApiSettings, OpsDbSettings]:
    """Return the settings of the service and of its database from the environment.

    Raises
    ------
    SettingsError
        If a setting is missing, unknown or cannot be, or a secret is the public default or too short outside
        development. The message names it and says what to do.
    """
    _refuse_unknown()
    try:
        settings, database = ApiSettings(), OpsDbSettings()
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        )
        raise SettingsError(problems) from None
    database.postgresql_url()
    database.key_of_tokens()
    if settings.ui_folder is not None and not (settings.ui_folder / "index.html").is_file():
        raise SettingsError(f"{PREFIX}UI_FOLDER: {settings.ui_folder} has no index.html; build the interface")
    if database.environment is not Environment.DEVELOPMENT:
        _refuse_weak(settings)
    return settings, database


def _refuse_unknown() -> None:
    known = {PREFIX + name.upper() for name in ApiSettings.model_fields}
    unknown = sorted(
        name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    if unknown:
        raise SettingsError(f"unknown settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")


def _refuse_weak(settings: ApiSettings) -> None:
    if is_weak_secret(settings.data_server_secret.get_secret_value()):
        raise SettingsError(
            f"{PREFIX}DATA_SERVER_SECRET is missing, the public default or too short: set {MAKE_A_KEY}"
        )
