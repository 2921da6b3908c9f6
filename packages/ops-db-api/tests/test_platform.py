"""What all endpoints share: pages, problems, ETags, keys, limits, settings, health."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import make_url, select, text
from sqlalchemy.orm import Session

from ccat_dev_stack.testing import OwnServer
from ccat_ops_db import schema
from ccat_ops_db.models import ChangedKey, IdempotencyKey
from ccat_ops_db.settings import Environment, OpsDbSettings, SettingsError
from ccat_ops_db.tokens import issue_token
from ccat_ops_db_api import application
from ccat_ops_db_api.application import create_app, tidy_up
from ccat_ops_db_api.platform.database import asyncpg_url
from ccat_ops_db_api.platform.logs import configure_logs
from ccat_ops_db_api.settings import ApiSettings, load_settings

from . import seed
from .conftest import ChangedKeys, Client, FixedClock, MakeClient

START = {"obs_unit": seed.OBS_UNIT, "modules": ["chai-lfa"]}


class TestPages:
    @pytest.fixture
    def executions(self, session: Session) -> list[str]:
        """Seven executions that began at the same moment, so that only the id orders them."""
        made = [str(seed.execution(session)) for _ in range(7)]
        session.commit()
        return made

    @pytest.mark.parametrize("sort", ["started_at", "-started_at", "id", "-id"])
    @pytest.mark.parametrize("limit", [1, 3, 7, 8])
    async def test_pages_together_are_the_list(
        self, client: Client, executions: list[str], sort: str, limit: int
    ) -> None:
        found: list[str] = []
        query: dict[str, Any] = {"sort": sort, "limit": limit}
        while True:
            page = (await client.get("/executed-obs-units", params=query)).json()
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert found == sorted(executions, reverse=sort.startswith("-"))

    @pytest.mark.parametrize(
        "cursor", ["", "x", "=", "a" * 1999, "AAAA", "été", "bm90IGEgY3Vyc29y", "\x00", "%00"]
    )
    async def test_a_cursor_that_was_not_given_out_is_refused(self, client: Client, cursor: str) -> None:
        response = await client.get("/executed-obs-units", params={"cursor": cursor})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "cursor"

    async def test_a_filter_that_the_list_does_not_have_is_refused(self, client: Client) -> None:
        response = await client.get("/executed-obs-units", params={"obs_units": seed.OBS_UNIT, "limit": 5})
        assert response.status_code == 422
        [error] = response.json()["errors"]
        assert error["field"] == "obs_units"
        assert "obs_unit" in error["reason"]

    async def test_a_cursor_of_another_order_or_list_is_refused(
        self, client: Client, executions: list[str]
    ) -> None:
        query: dict[str, Any] = {"sort": "id", "limit": 1}
        cursor = (await client.get("/executed-obs-units", params=query)).json()["next_cursor"]
        assert cursor
        other_order = {"sort": "-id", "cursor": cursor}
        assert (await client.get("/executed-obs-units", params=other_order)).status_code == 422
        other_list = {"sort": "id", "cursor": cursor}
        assert (await client.get("/raw-data-files", params=other_list)).status_code == 422

    @pytest.mark.parametrize("limit", ["0", "-1", "1001", "x", "1.5", "9" * 5000])
    async def test_a_limit_out_of_range_is_refused(self, client: Client, limit: str) -> None:
        response = await client.get("/sites", params={"limit": limit})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "limit"

    async def test_only_the_fields_that_are_asked_for(self, client: Client) -> None:
        query = {"fields": "name,id"}
        items = (await client.get("/sites", params=query)).json()["items"]
        assert items == [{"name": "FYST", "id": "ccat"}, {"name": "Cologne", "id": "cologne"}]
        unknown = await client.get("/sites", params={"fields": "id,secret"})
        assert unknown.status_code == 422
        assert "secret" in unknown.text


class TestBodyLimit:
    async def test_a_body_that_says_it_is_too_large_is_not_read(self, app: FastAPI, client: Client) -> None:
        limit = app.state.settings.max_body_bytes
        response = await client.post("/raw-data-files", content=b" " * (limit + 1))
        assert response.status_code == 413
        assert str(limit) in response.json()["detail"]

    async def test_a_body_that_grows_too_large_is_cut(self, app: FastAPI, client: Client) -> None:
        async def endless() -> Any:
            while True:
                yield b" " * 65_536

        response = await client.post("/raw-data-files", content=endless())
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize("length", ["-1", "x", "1e3", "9" * 100])
    async def test_a_length_that_is_none_is_refused(self, client: Client, length: str) -> None:
        response = await client.post("/raw-data-files", content=b"{}", headers={"Content-Length": length})
        assert response.status_code == 413


class TestIdempotencyKey:
    async def test_the_same_request_gets_the_same_answer(self, client: Client) -> None:
        headers = {"Idempotency-Key": "k1"}
        first, again = [
            await client.post("/executed-obs-units:start", json=START, headers=headers) for _ in range(2)
        ]
        assert first.json() == again.json()
        assert first.status_code == again.status_code == 201
        assert "idempotent-replay" not in first.headers
        assert again.headers["idempotent-replay"] == "true"

    async def test_another_request_with_it_is_refused(self, client: Client) -> None:
        headers = {"Idempotency-Key": "k1"}
        await client.post("/executed-obs-units:start", json=START, headers=headers)
        other = START | {"modules": ["chai-hfa"]}
        response = await client.post("/executed-obs-units:start", json=other, headers=headers)
        assert response.status_code == 422
        assert response.json()["type"].endswith("/idempotency-key-reused")

    async def test_keys_of_other_tokens_are_other_keys(self, client_with: MakeClient) -> None:
        headers = {"Idempotency-Key": "k1"}
        answers = [
            await client_with("write:observations").post(
                "/executed-obs-units:start", json=START, headers=headers
            )
            for _ in range(2)
        ]
        assert answers[0].json()["id"] != answers[1].json()["id"]

    async def test_what_failed_may_be_tried_again(self, client: Client) -> None:
        headers = {"Idempotency-Key": "k1"}
        bad = START | {"obs_unit": "nope"}
        assert (await client.post("/executed-obs-units:start", json=bad, headers=headers)).status_code == 422
        assert (
            await client.post("/executed-obs-units:start", json=START, headers=headers)
        ).status_code == 201

    @pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\x7f"])
    async def test_keys_are_short_and_printable(self, client: Client, key: str) -> None:
        response = await client.post(
            "/executed-obs-units:start", json=START, headers={"Idempotency-Key": key}
        )
        assert response.status_code == 422

    async def test_is_forgotten_after_a_day(
        self, app: FastAPI, client: Client, session: Session, clock: FixedClock
    ) -> None:
        await client.post("/executed-obs-units:start", json=START, headers={"Idempotency-Key": "k"})
        await tidy_up(app)
        assert session.query(IdempotencyKey).count() == 1
        clock.now += timedelta(days=1, seconds=1)
        await tidy_up(app)
        assert session.query(IdempotencyKey).count() == 0


class TestHealth:
    @pytest.fixture
    def root(self, app: FastAPI) -> Client:
        """A client without a token, outside the prefix."""
        return Client(transport=httpx.ASGITransport(app), base_url="http://api")

    async def test_is_ready_with_the_newest_schema(self, root: Client) -> None:
        assert (await root.get("/healthz")).json() == {"status": "ok"}
        response = await root.get("/readyz")
        assert (response.status_code, response.json()["checks"]) == (200, {"database": "ok"})

    async def test_works_with_the_schema_of_a_newer_release(self, root: Client, session: Session) -> None:
        change = text("UPDATE alembic_version SET version_num = :revision")
        session.execute(change, {"revision": "9999"})
        session.commit()
        try:
            response = await root.get("/readyz")
        finally:
            session.execute(change, {"revision": schema.head_revision()})
            session.commit()
        assert response.status_code == 200

    async def test_watches_the_broker_if_there_is_one(
        self, app: FastAPI, root: Client, redis_url: str
    ) -> None:
        for url, status in ((redis_url, 200), ("redis://127.0.0.1:1/0", 503)):
            app.state.settings = ApiSettings(site_id="ccat", redis_url=SecretStr(url))
            response = await root.get("/readyz")
            assert response.status_code == status
            assert "broker" in response.json()["checks"]

    async def test_counts_requests_by_route(self, root: Client, client: Client) -> None:
        await client.get("/sites/ccat")
        metrics = (await root.get("/metrics")).text
        assert 'route="/sites/{name}"' in metrics
        assert "sites/ccat" not in metrics

    async def test_is_asked_without_filling_the_log(self, root: Client, client: Client) -> None:
        configure_logs("info")
        try:
            with structlog.testing.capture_logs() as lines:
                for path in ("/healthz", "/readyz", "/metrics"):
                    await root.get(path)
                await client.get("/sites/ccat")
        finally:
            configure_logs("error")
        assert [line["path"] for line in lines] == ["/api/v1/sites/ccat"]


class TestBeforeTheSchema:
    async def test_says_what_is_missing_and_goes_on_when_it_comes(self, postgresql_url: str) -> None:
        database = OpsDbSettings(database_url=SecretStr(postgresql_url), token_key=SecretStr(seed.KEY))
        app = create_app(ApiSettings(site_id="ccat"), database)
        headers = {"Authorization": f"Bearer {issue_token(seed.KEY)[0]}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://api", headers=headers
        ) as client:
            wanted = f"schema is at nothing, needs at least {schema.head_revision()}"
            ready = await client.get("/readyz")
            assert (ready.status_code, wanted in ready.json()["checks"]["database"]) == (503, True)
            refused = await client.get("/api/v1/me")
            assert (refused.status_code, wanted in refused.json()["detail"]) == (503, True)
            await tidy_up(app)
            schema.upgrade(postgresql_url)
            assert (await client.get("/readyz")).status_code == 200
            assert (await client.get("/api/v1/me")).status_code == 401
        await app.state.engine.dispose()

    @pytest.mark.parametrize("wrong", [{"database": "nowhere"}, {"password": "wrong"}])
    async def test_a_database_that_is_not_there_yet_is_no_mistake(
        self, postgresql_url: str, wrong: dict[str, str]
    ) -> None:
        url = make_url(postgresql_url).set(**wrong).render_as_string(hide_password=False)  # type: ignore[arg-type]
        database = OpsDbSettings(database_url=SecretStr(url), token_key=SecretStr(seed.KEY))
        app = create_app(ApiSettings(site_id="ccat"), database)
        headers = {"Authorization": f"Bearer {issue_token(seed.KEY)[0]}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://api", headers=headers
        ) as client:
            for path in ("/readyz", "/api/v1/me"):
                assert (await client.get(path)).status_code == 503
            assert (await client.get("/healthz")).status_code == 200
            await tidy_up(app)
        await app.state.engine.dispose()


async def test_a_queue_that_nobody_takes_is_emptied(
    app: FastAPI, session: Session, changed_keys: ChangedKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "LONGEST_QUEUE", 2)
    executions = {seed.execution(session) for _ in range(2)}
    session.commit()
    await tidy_up(app)
    assert {changed.key for changed in changed_keys()} == {str(execution) for execution in executions}
    for _ in range(3):
        seed.execution(session)
    session.commit()
    await tidy_up(app)
    assert changed_keys() == set()
    assert session.scalars(select(ChangedKey.key)).all() == []


class TestDatabaseAway:
    async def test_answers_503_and_recovers(self, own_postgresql: OwnServer) -> None:
        own_postgresql.start()
        schema.upgrade(own_postgresql.url)
        database = OpsDbSettings(database_url=SecretStr(own_postgresql.url), token_key=SecretStr(seed.KEY))
        app = create_app(ApiSettings(site_id="ccat"), database)
        headers = {"Authorization": f"Bearer {issue_token(seed.KEY)[0]}"}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://api", headers=headers
        ) as client:
            assert (await client.get("/api/v1/me")).status_code == 401
            own_postgresql.stop()
            away = await client.get("/api/v1/me")
            assert away.status_code == 503
            assert away.headers["retry-after"]
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.get("/readyz")).status_code == 503
            own_postgresql.start()
            assert (await client.get("/api/v1/me")).status_code == 401
        await app.state.engine.dispose()

    async def test_takes_a_changed_password_without_a_restart(
        self, postgresql_url: str, tmp_path: Path
    ) -> None:
        schema.upgrade(postgresql_url)
        address, right = tmp_path / "url", make_url(postgresql_url)
        address.write_text(right.set(password="of yesterday").render_as_string(hide_password=False))
        database = OpsDbSettings(database_url_file=address, token_key=SecretStr(seed.KEY))
        app = create_app(ApiSettings(site_id="ccat"), database)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client:
            assert (await client.get("/readyz")).status_code == 503
            address.write_text(right.render_as_string(hide_password=False))
            assert (await client.get("/readyz")).status_code == 200
        await app.state.engine.dispose()


class TestSettings:
    @pytest.fixture(autouse=True)
    def everything_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A production environment in which everything is set."""
        for name, value in {
            "CCAT_OPS_DB_ENVIRONMENT": "production",
            "CCAT_OPS_DB_DATABASE_URL": "postgresql://db/ops",
            "CCAT_OPS_DB_TOKEN_KEY": "k" * 32,
            "CCAT_OPS_DB_API_SITE_ID": "ccat",
            "CCAT_OPS_DB_API_DATA_SERVER_SECRET": "s" * 32,
            "CCAT_OPS_DB_API_SERVED_SITES": "ccat, cologne",
        }.items():
            monkeypatch.setenv(name, value)

    def test_are_read(self) -> None:
        settings, database = load_settings()
        assert settings.served_sites == ("ccat", "cologne")
        assert database.environment is Environment.PRODUCTION
        assert "sss" not in repr(settings)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("CCAT_OPS_DB_TOKEN_KEY", None),
            ("CCAT_OPS_DB_TOKEN_KEY", "short"),
            ("CCAT_OPS_DB_API_DATA_SERVER_SECRET", None),
            ("CCAT_OPS_DB_API_DATA_SERVER_SECRET", "short"),
            ("CCAT_OPS_DB_API_SITE_ID", None),
            ("CCAT_OPS_DB_API_SITE_ID", "Not A Site"),
            ("CCAT_OPS_DB_API_MAX_BODY_BYTES", "many"),
            ("CCAT_OPS_DB_API_TOKEN_KEI", "misspelt"),
            ("CCAT_OPS_DB_DATABASE_URL", "sqlite://"),
        ],
    )
    @pytest.mark.parametrize("environment", ["staging", "production"])
    def test_stop_the_start_when_they_cannot_be(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, environment: str
    ) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_ENVIRONMENT", environment)
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError, match=name if "URL" not in name else "PostgreSQL"):
            load_settings()

    def test_development_needs_no_secrets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CCAT_OPS_DB_ENVIRONMENT", "development")
        monkeypatch.delenv("CCAT_OPS_DB_TOKEN_KEY")
        monkeypatch.delenv("CCAT_OPS_DB_API_DATA_SERVER_SECRET")
        load_settings()

    def test_addresses_are_made_for_the_driver(self) -> None:
        url = asyncpg_url(make_url("postgresql://u@/ops?host=/run/pg&sslmode=require"))
        assert url.drivername == "postgresql+asyncpg"
        assert dict(url.query) == {"host": "/run/pg", "ssl": "require"}
