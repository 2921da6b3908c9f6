"""Settings from the environment."""

from pathlib import Path

import pytest

from ccat_ops_db.settings import (
    DEVELOPMENT_TOKEN_KEY,
    Environment,
    OpsDbSettings,
    SettingsError,
    asynchronous,
    synchronous,
    unknown_keys,
)


def test_without_settings_it_is_a_local_file() -> None:
    assert str(OpsDbSettings().url()) == "sqlite:///ccat_ops_db.sqlite"


def test_parts_of_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TYPE": "postgresql",
        "POSTGRESQL_HOST": "/run/postgresql",
        "POSTGRESQL_PORT": "5433",
        "POSTGRESQL_USER": "me",
        "POSTGRESQL_PASSWORD": "a@b/c",
        "POSTGRESQL_DATABASE": "ops",
    }.items():
        monkeypatch.setenv(f"CCAT_OPS_DB_DATABASE_{name}", value)
    url = OpsDbSettings().postgresql_url()
    assert (url.host, url.port, url.username, url.password, url.database) == (
        "/run/postgresql", 5433, "me", "a@b/c", "ops",
    )  # fmt: skip


def test_whole_address_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_TYPE", "sqlite")
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", "postgresql://me@example.org/ops")
    assert OpsDbSettings().postgresql_url().drivername == "postgresql+psycopg"


def test_service_refuses_sqlite() -> None:
    with pytest.raises(SettingsError, match="a service needs PostgreSQL: set CCAT_OPS_DB_DATABASE_URL"):
        OpsDbSettings().postgresql_url()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", "postgresql://me:hush@example.org/ops")
    monkeypatch.setenv("CCAT_OPS_DB_TOKEN_KEY", "hush")
    assert "hush" not in repr(OpsDbSettings())


@pytest.mark.parametrize("address", ["mysql://a/b", "mssql+pyodbc://a/b"])
def test_other_databases_are_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="not supported; use sqlite or postgresql"):
        synchronous(address)


def test_drivers() -> None:
    assert synchronous("postgresql://a/b").drivername == "postgresql+psycopg"
    assert asynchronous("postgresql+psycopg://a/b").drivername == "postgresql+asyncpg"


def test_localdev_is_development(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_ENVIRONMENT", "localdev")
    assert OpsDbSettings().environment is Environment.DEVELOPMENT


def test_unknown_keys() -> None:
    environment = {
        "CCAT_OPS_DB_DATABASE_TYPE": "sqlite",
        "ccat_ops_db_token_key": "a",
        "CCAT_OPS_DB_DATABASE_TIPE": "sqlite",
        "CCAT_OPS_DB_API_SITE_ID": "ccat",
        "CCAT_DATA_TRANSFER_SITE": "ccat",
    }
    assert unknown_keys(environment) == ["CCAT_OPS_DB_DATABASE_TIPE"]


@pytest.mark.parametrize("key", [None, "short", DEVELOPMENT_TOKEN_KEY])
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_key_of_tokens_must_be_good_outside_development(
    key: str | None, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCAT_OPS_DB_ENVIRONMENT", environment)
    if key is not None:
        monkeypatch.setenv("CCAT_OPS_DB_TOKEN_KEY", key)
    with pytest.raises(SettingsError, match=r"CCAT_OPS_DB_TOKEN_KEY is .*openssl rand -hex 32"):
        OpsDbSettings().key_of_tokens()


def test_key_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert OpsDbSettings().key_of_tokens() == DEVELOPMENT_TOKEN_KEY
    monkeypatch.setenv("CCAT_OPS_DB_ENVIRONMENT", "production")
    monkeypatch.setenv("CCAT_OPS_DB_TOKEN_KEY", "x" * 32)
    assert OpsDbSettings().key_of_tokens() == "x" * 32


def test_address_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "url"
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL_FILE", str(file))
    settings = OpsDbSettings()
    with pytest.raises(SettingsError, match=r"CCAT_OPS_DB_DATABASE_URL_FILE: .*No such file"):
        settings.url()
    file.write_text("not an address with a secret")
    with pytest.raises(SettingsError, match="holds no address") as told:
        settings.url()
    assert "secret" not in str(told.value)
    file.write_text("postgresql://ccat:first@database/ops\n")
    assert settings.url().password == "first"
    file.write_text("postgresql://ccat:second@database/ops\n")
    assert settings.url().password == "second"
