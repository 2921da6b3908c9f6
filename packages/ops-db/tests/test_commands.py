"""opsdb_init, opsdb_migrate and opsdb, as they are installed."""

import json
import subprocess
import sysconfig
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from ccat_ops_db import models, schema
from ccat_ops_db.commands import initialise, main, migrate
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import synchronous
from ccat_ops_db.tokens import hash_secret, parse_token

from .conftest import CONFIGURATION

DEVELOPMENT = CONFIGURATION / "overlays" / "development"
Run = Callable[..., Result]
APPS = {"opsdb": main.app, "opsdb_init": initialise.app, "opsdb_migrate": migrate.app}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in an empty folder, nobody at the keyboard, and compare its exit status."""
    monkeypatch.chdir(tmp_path)

    def call(name: str, *arguments: str, status: int = 0, **environment: str) -> Result:
        done = CliRunner().invoke(APPS[name], arguments, env={"COLUMNS": "200"} | environment, prog_name=name)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == status, done.stdout + done.stderr
        return done

    return call


@pytest.fixture
def at(configured_url: str) -> dict[str, str]:
    """The environment that leads to a configured database."""
    return {"CCAT_OPS_DB_DATABASE_URL": configured_url}


def query(url: str, statement: Any) -> Any:
    engine = create_engine(synchronous(url), null_pool=True)
    with Session(engine) as session:
        found = session.execute(statement).all()
    engine.dispose()
    return found


def renamed_site(folder: Path) -> Path:
    """Write an overlay that renames a site."""
    overlay = folder / "overlay"
    overlay.mkdir()
    (overlay / "a.yaml").write_text("sites:\n  us: {name: Ithaca}\n")
    return overlay


class TestInit:
    def test_fresh_postgresql(self, run: Run, postgresql_url: str) -> None:
        environment = {"CCAT_OPS_DB_DATABASE_URL": postgresql_url}
        done = run(
            "opsdb_init", "--local_url", str(CONFIGURATION), "--data_archive_mode", "production", "-v",
            **environment,
        )  # fmt: skip
        assert "create sites.ccat" in done.stdout
        assert query(postgresql_url, text("SELECT version_num FROM alembic_version")) == [
            (schema.head_revision(),)
        ]
        assert query(postgresql_url, select(models.Site.id).where(models.Site.enabled).order_by("id")) == [
            ("ccat",),
            ("cologne",),
            ("us",),
        ]
        again = run("opsdb_init", "--local_url", str(CONFIGURATION), status=1, **environment)
        assert "is set up already" in again.stderr
        assert "--drop" in again.stderr

    @pytest.mark.parametrize(
        ("site", "main", "rows_of"), [("ccat", False, 0), ("cologne", True, 3)], ids=["leaf", "main"]
    )
    def test_database_of_one_site(
        self, run: Run, postgresql_url: str, site: str, main: bool, rows_of: int
    ) -> None:
        at = {"CCAT_OPS_DB_DATABASE_URL": postgresql_url}
        done = run("opsdb_init", "--site", site, "--local_url", str(CONFIGURATION), **at)
        assert ("to be filled from cologne" in done.stdout) is not main
        columns = select(models.DatabaseSite.site_id, models.DatabaseSite.is_main)
        assert query(postgresql_url, columns) == [(site, main)]
        assert len(query(postgresql_url, select(models.Site.id))) == rows_of

    def test_one_database_for_all_sites(self, configured_url: str) -> None:
        columns = select(models.DatabaseSite.site_id, models.DatabaseSite.is_main)
        assert query(configured_url, columns) == [("*", True)]

    def test_mode_lays_its_overlay(self, run: Run, postgresql_url: str) -> None:
        run(
            "opsdb_init", "--local_url", str(CONFIGURATION), "--data_archive_mode", "development",
            CCAT_OPS_DB_DATABASE_URL=postgresql_url,
        )  # fmt: skip
        assert query(postgresql_url, select(models.Site.enabled).where(models.Site.id == "us")) == [(False,)]

    def test_drop_starts_anew(self, run: Run, configured_url: str, at: dict[str, str]) -> None:
        run("opsdb", "user", "create", "anna", "--role", "viewer", **at)
        run("opsdb_init", "--drop", "--local_url", str(CONFIGURATION), **at)
        assert query(configured_url, select(models.User.name)) == []
        assert len(query(configured_url, select(models.Site.id))) == 3

    @pytest.mark.parametrize(
        ("arguments", "environment"),
        [
            (("--data_archive_mode", "production"), {}),
            (("--data_archive_mode", "development"), {"CCAT_OPS_DB_ENVIRONMENT": "production"}),
            ((), {"CCAT_OPS_DB_ENVIRONMENT": "production"}),
            ((), {"CCAT_OPS_DB_ENVIRONMENT": "staging"}),
        ],
    )
    def test_drop_is_refused_in_production(
        self,
        run: Run,
        configured_url: str,
        at: dict[str, str],
        arguments: tuple[str, ...],
        environment: dict[str, str],
    ) -> None:
        before = query(configured_url, select(models.ConfigurationRevision.id))
        done = run(
            "opsdb_init",
            "--drop",
            "--local_url",
            str(CONFIGURATION),
            *arguments,
            status=1,
            **at,
            **environment,
        )
        assert "--drop is refused: the environment is production" in done.stderr
        assert query(configured_url, select(models.ConfigurationRevision.id)) == before

    def test_wrong_configuration_changes_nothing(
        self, run: Run, configured_url: str, at: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "conf").mkdir()
        (tmp_path / "conf" / "a.yaml").write_text("sites:\n  A: {}\n")
        before = query(configured_url, select(models.ConfigurationRevision.id))
        done = run("opsdb_init", "--drop", "--local_url", "conf", status=1, **at)
        assert "conf/a.yaml:2: sites.A: " in done.stderr
        assert query(configured_url, select(models.ConfigurationRevision.id)) == before

    def test_goes_on_where_an_earlier_run_died(self, run: Run, ops_database: str) -> None:
        run("opsdb_init", "--local_url", str(CONFIGURATION), CCAT_OPS_DB_DATABASE_URL=ops_database)
        assert len(query(ops_database, select(models.ConfigurationRevision.id))) == 1

    def test_sqlite(self, run: Run, tmp_path: Path) -> None:
        run("opsdb_init", "--local_url", str(CONFIGURATION))
        assert len(query(f"sqlite:///{tmp_path / 'ccat_ops_db.sqlite'}", select(models.ObsUnit.id))) == 5
        assert "is set up already" in run("opsdb_init", "--local_url", str(CONFIGURATION), status=1).stderr
        assert (
            "nothing to do"
            in run("opsdb", "config", "plan", str(CONFIGURATION), "--overlay", str(DEVELOPMENT)).stdout
        )

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("--data_archive_mode", "test"), "must be development or production"),
            (("--local_url", "none"), "there is no such folder"),
            (("--site", "mars", "--local_url", str(CONFIGURATION)), "there is no site 'mars'"),
        ],
    )
    def test_wrong_options(self, run: Run, arguments: tuple[str, ...], reason: str) -> None:
        assert reason in run("opsdb_init", *arguments, status=1).stderr


class TestMigrate:
    def test_empty_database_and_again(self, run: Run, postgresql_url: str) -> None:
        environment = {"CCAT_OPS_DB_DATABASE_URL": postgresql_url}
        assert "0001" in run("opsdb_migrate", "--dry-run", **environment).stdout
        assert query(postgresql_url, text("SELECT to_regclass('site')::text")) == [(None,)]
        assert schema.head_revision() in run("opsdb_migrate", **environment).stdout
        assert run("opsdb_migrate", "--dry-run", **environment).stdout == ""
        run("opsdb_migrate", **environment)

    def test_sql(self, run: Run) -> None:
        assert "CREATE TABLE raw_data_file" in run("opsdb_migrate", "--sql").stdout

    def test_sqlite_is_refused(self, run: Run) -> None:
        assert "never migrated" in run("opsdb_migrate", status=1).stderr


class TestConfig:
    def test_check(self, run: Run, tmp_path: Path) -> None:
        assert "valid" in run("opsdb", "config", "check", str(CONFIGURATION)).stdout
        answer = json.loads(run("opsdb", "config", "check", str(CONFIGURATION), "--json").stdout)
        assert answer["valid"]
        assert answer["entries"]["sites"] == 3
        (tmp_path / "a.yaml").write_text("sites:\n  ccat:\n    main: true\n    latitude: 91.0\n")
        done = run("opsdb", "config", "check", ".", status=1)
        assert "a.yaml:2: sites.ccat.name: field required" in done.stderr
        assert "a.yaml:4: sites.ccat.latitude: " in done.stderr
        answer = json.loads(run("opsdb", "config", "check", ".", "--json", status=1).stdout)
        assert [problem["line"] for problem in answer["problems"]] == [2, 4]
        assert set(answer["problems"][0]) == {"file", "line", "key", "reason"}

    def test_plan_and_its_exit_status(self, run: Run, at: dict[str, str], tmp_path: Path) -> None:
        plan = ("opsdb", "config", "plan", str(CONFIGURATION))
        assert "nothing to do" in run(*plan, "--detailed-exit-code", **at).stdout
        more = (*plan, "--overlay", str(renamed_site(tmp_path)))
        run(*more, **at)
        done = run(*more, "--detailed-exit-code", status=2, **at)
        assert "~ change sites.us" in done.stdout
        assert '    name: "Cornell" → "Ithaca"' in done.stdout
        answer = json.loads(run(*more, "--json", **at).stdout)
        assert answer["changes"][0]["differences"] == [{"field": "name", "old": "Cornell", "new": "Ithaca"}]
        assert answer["drift"] == []

    def test_apply(self, run: Run, at: dict[str, str], configured_url: str, tmp_path: Path) -> None:
        apply = ("opsdb", "config", "apply", str(CONFIGURATION), "--overlay", str(renamed_site(tmp_path)))
        done = run(*apply, status=1, **at)
        assert "give --yes, or --expect" in done.stderr
        wrong = run(*apply, "--expect", "0123456789abcdef", status=1, **at)
        assert "look at it again" in wrong.stderr
        name = select(models.Site.name).where(models.Site.id == "us")
        assert query(configured_url, name) == [("Cornell",)]
        answer = json.loads(run(*apply, "--yes", "--by", "anna", "--json", **at).stdout)
        assert len(answer["changes"]) == 1
        assert query(configured_url, name) == [("Ithaca",)]
        assert ("anna",) in query(configured_url, select(models.ConfigurationRevision.applied_by))
        assert "nothing to do" in run(*apply, "--yes", **at).stdout

    def test_refusal(self, run: Run, at: dict[str, str], tmp_path: Path) -> None:
        overlay = tmp_path / "overlay"
        overlay.mkdir()
        (overlay / "a.yaml").write_text(
            "data_locations:\n  us.lta: {storage_type: disk, path: /lta, endpoint: null, bucket: null,"
            " credential: null}\n"
        )
        arguments = ("config", "apply", str(CONFIGURATION), "--overlay", str(overlay), "--yes")
        done = run("opsdb", *arguments, status=1, **at)
        assert "✗ storage_type cannot change" in done.stdout
        assert "storage_type cannot change" in done.stderr

    def test_export(self, run: Run, at: dict[str, str], tmp_path: Path) -> None:
        run("opsdb", "config", "export", "--output", "exported", **at)
        plan = ("opsdb", "config", "plan", "exported", "--detailed-exit-code")
        assert "nothing to do" in run(*plan, **at).stdout
        assert (
            "is not empty" in run("opsdb", "config", "export", "--output", "exported", status=1, **at).stderr
        )
        assert "observatories:" in run("opsdb", "config", "export", **at).stdout

    def test_drift(self, run: Run, at: dict[str, str], configured_url: str) -> None:
        assert "no drift" in run("opsdb", "config", "drift", **at).stdout
        engine = create_engine(synchronous(configured_url), null_pool=True)
        with engine.begin() as connection:
            connection.execute(text("UPDATE site SET name = 'Ithaca' WHERE id = 'us'"))
        engine.dispose()
        (found,) = json.loads(run("opsdb", "config", "drift", "--json", status=2, **at).stdout)
        assert (found["key"], found["differences"][0]["now"]) == ("us", "Ithaca")
        assert "drift sites.us changed" in run("opsdb", "config", "plan", str(CONFIGURATION), **at).stdout

    def test_database_without_schema_or_unreachable(self, run: Run, postgresql_url: str) -> None:
        plan = ("opsdb", "config", "plan", str(CONFIGURATION))
        done = run(*plan, status=1, CCAT_OPS_DB_DATABASE_URL=postgresql_url)
        assert "run opsdb_init" in done.stderr
        done = run(*plan, status=1, CCAT_OPS_DB_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
        assert "the database refused" in done.stderr

    def test_database_of_another_release(self, run: Run, at: dict[str, str], configured_url: str) -> None:
        engine = create_engine(synchronous(configured_url), null_pool=True)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        engine.dispose()
        done = run("opsdb", "config", "plan", str(CONFIGURATION), status=1, **at)
        assert "run opsdb_migrate" in done.stderr


class TestTokensAndUsers:
    KEY = "k" * 40

    def test_life_of_a_token(self, run: Run, at: dict[str, str], configured_url: str) -> None:
        environment = at | {"CCAT_OPS_DB_TOKEN_KEY": self.KEY}
        run("opsdb", "user", "create", "chai", "--role", "service", "--full-name", "CHAI", **environment)
        done = run(
            "opsdb", "token", "create", "--user", "chai", "--name", "filing", "--scope", "write:data",
            "--scope", "read:data", "--site", "ccat", "--days", "30", **environment,
        )  # fmt: skip
        token = done.stdout.strip()
        parsed = parse_token(token, self.KEY)
        columns = select(models.ApiToken.prefix, models.ApiToken.secret_hash, models.ApiToken.bound_site_id)
        assert query(configured_url, columns) == [
            (parsed.prefix, hash_secret(parsed.secret, self.KEY), "ccat")
        ]
        listed = run("opsdb", "token", "list", **environment).stdout
        assert parsed.prefix in listed
        assert parsed.secret not in listed
        (entry,) = json.loads(run("opsdb", "token", "list", "--json", **environment).stdout)
        assert (entry["user"], entry["scopes"], entry["revoked_at"]) == (
            "chai",
            ["read:data", "write:data"],
            None,
        )
        assert datetime.fromisoformat(entry["expires_at"]).tzinfo is not None
        run("opsdb", "token", "revoke", token, **environment)
        run("opsdb", "token", "revoke", parsed.prefix, **environment)
        actions = query(
            configured_url,
            select(models.Event.action).where(models.Event.subject_type.in_(["api_token", "user"])),
        )
        assert sorted(action for (action,) in actions) == ["token.created", "token.revoked", "user.created"]

    def test_refusals(self, run: Run, at: dict[str, str]) -> None:
        create = ("opsdb", "token", "create", "--name", "a", "--scope", "read:data", "--user")
        assert "no open account 'nobody'" in run(*create, "nobody", status=1, **at).stderr
        done = run(*create, "nobody", status=1, **at, CCAT_OPS_DB_ENVIRONMENT="production")
        assert "CCAT_OPS_DB_TOKEN_KEY is missing" in done.stderr
        assert "no token" in run("opsdb", "token", "revoke", "ccat_none", status=1, **at).stderr
        done = run("opsdb", "user", "create", "a", "--role", "king", status=1, **at)
        assert "no role 'king'" in done.stderr

    def test_life_of_an_account(self, run: Run, at: dict[str, str]) -> None:
        run("opsdb", "user", "create", "anna", "--role", "viewer", "--role", "observer", **at)
        (user,) = json.loads(run("opsdb", "user", "list", "--json", **at).stdout)
        assert (user["name"], user["roles"]) == ("anna", ["observer", "viewer"])
        run("opsdb", "user", "close", "anna", **at)
        run("opsdb", "user", "close", "anna", **at)
        assert "anna" in run("opsdb", "user", "list", **at).stdout
        assert "no account" in run("opsdb", "user", "close", "bert", status=1, **at).stderr


class TestSettings:
    def test_secrets_are_hidden(self, run: Run) -> None:
        environment = {
            "CCAT_OPS_DB_DATABASE_URL": "postgresql://me:hush@example.org/ops?sslpassword=hush",
            "CCAT_OPS_DB_TOKEN_KEY": "hush-hush-hush",
        }
        for arguments in ((), ("--json",)):
            done = run("opsdb", "settings", *arguments, **environment)
            assert "hush" not in done.stdout + done.stderr
            assert "example.org" in done.stdout

    def test_unknown_keys_fail(self, run: Run) -> None:
        done = run(
            "opsdb", "settings", status=1, CCAT_OPS_DB_DATABASE_TIPE="sqlite", CCAT_OPS_DB_API_SITE_ID="a"
        )
        assert (
            "CCAT_OPS_DB_DATABASE_TIPE is not a setting; did you mean CCAT_OPS_DB_DATABASE_TYPE?"
            in done.stderr
        )
        assert "SITE_ID" not in done.stderr
        done = run("opsdb_init", status=1, CCAT_OPS_DB_DATABASE_TIPE="sqlite")
        assert "unknown settings CCAT_OPS_DB_DATABASE_TIPE" in done.stderr

    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("DATABASE_TYPE", "mysql", "CCAT_OPS_DB_DATABASE_TYPE: Input should be 'sqlite' or 'postgresql'"),
            ("DATABASE_URL", "mysql://a/b", "not supported; use sqlite or postgresql"),
            (
                "DATABASE_POSTGRESQL_PORT",
                "99999",
                "CCAT_OPS_DB_DATABASE_POSTGRESQL_PORT: Input should be less",
            ),
            ("ENVIRONMENT", "attic", "CCAT_OPS_DB_ENVIRONMENT: Input should be 'development'"),
        ],
    )
    def test_wrong_value(self, run: Run, name: str, value: str, reason: str) -> None:
        assert reason in run("opsdb", "settings", status=1, **{f"CCAT_OPS_DB_{name}": value}).stderr

    def test_missing_key_in_production(self, run: Run) -> None:
        done = run("opsdb", "settings", status=1, CCAT_OPS_DB_ENVIRONMENT="production")
        assert "CCAT_OPS_DB_TOKEN_KEY is missing" in done.stderr


@pytest.mark.parametrize("name", APPS)
def test_command_is_installed(name: str) -> None:
    program = Path(sysconfig.get_path("scripts")) / name
    done = subprocess.run([str(program), "--help"], capture_output=True, text=True, check=True)
    assert f"Usage: {name} [OPTIONS]" in done.stdout
