"""Problem documents: what is wrong, the remedy, whether to ask again."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import ccat_ops_db_api
from ccat_ops_db import schema
from ccat_ops_db.clock import Clock, SystemClock
from ccat_ops_db.settings import OpsDbSettings, synchronous
from ccat_ops_db.tokens import token_prefix
from ccat_ops_db_api.application import create_app
from ccat_ops_db_api.platform.problem_catalogue import GUIDANCE, RetryWhen
from ccat_ops_db_api.platform.slow_questions import REMEMBERED_SECONDS
from ccat_ops_db_api.settings import ApiSettings

from . import seed
from .conftest import Client
from .open_things import one_of_each

RAISES = r"(?:Problem|conflict|problem_response)\((.*?)(?:\n    ?[a-z@]|\Z)"
"""Where the code makes a problem, up to the next statement of the function or the end of it."""
START = {"obs_unit": seed.OBS_UNIT, "modules": ["chai-lfa"]}


class TestProblems:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nope", 404),
            ("GET", "/raw-data-files/", 404),
            ("PUT", "/sites", 405),
            ("DELETE", "/sites/ccat", 405),
            ("GET", "/executed-obs-units:start", 405),
            ("GET", f"/data-transfers/{seed.NOBODY}:retry", 405),
            ("DELETE", "/sites/ccat:suspend", 405),
            ("GET", f"/data-transfers/{seed.NOBODY}:repeat", 422),
            ("GET", "/raw-data-files/x", 422),
            ("GET", "/errors?severity=awful", 422),
            ("GET", "/why/%00", 422),
            ("GET", "/why/%FF%FE", 404),
            ("GET", "/sites/%2e%2e%2f", 404),
            ("GET", "/executed-obs-units?obs_unit=%00", 422),
            ("GET", "/executed-obs-units?since=2026-11-21", 422),
            ("GET", "/executed-obs-units?status=%ED%A0%80", 422),
        ],
    )
    async def test_are_documents_with_the_request_id(
        self, client: Client, method: str, path: str, status: int
    ) -> None:
        response = await client.request(method, path, headers={"X-Request-ID": "abc-1"})
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["x-request-id"] == "abc-1"
        problem = response.json()
        assert problem["status"] == status
        assert problem["request_id"] == "abc-1"
        assert problem["type"].startswith("https://data-center.ccatobservatory.org/problems/")
        assert problem["detail"]
        assert problem["remedy"].endswith(".")
        assert problem["retry"] == {"may": "never", "after_seconds": None}
        assert "retry-after" not in response.headers

    async def test_say_when_to_ask_again(self, app: FastAPI, client: Client, stranger: Client) -> None:
        refused = await stranger.get("/me")
        assert refused.json()["retry"] == {"may": "after-sign-in", "after_seconds": None}
        changed = await client.post("/sites/ccat:resume", headers={"If-Match": '"old"'})
        assert (changed.status_code, changed.json()["retry"]["may"]) == (412, "after-change")
        prefix = token_prefix(client.headers["authorization"].removeprefix("Bearer "))
        for _ in range(app.state.settings.request_burst - 1):
            app.state.rate_limit.take(prefix)
        response = await client.get("/me")
        assert response.status_code == 429
        wait = int(response.headers["retry-after"])
        assert response.json()["retry"] == {"may": "same-request", "after_seconds": wait}

    async def test_answers_are_kept_by_nobody_on_the_way(self, client: Client, stranger: Client) -> None:
        for response in (await client.get("/sites"), await stranger.get("/sites")):
            assert response.headers["cache-control"] == "private, no-cache"
            assert response.headers["x-content-type-options"] == "nosniff"

    @pytest.mark.parametrize("path", ["/me", "/nothing"])
    async def test_an_answer_says_by_its_key_what_it_answers(self, client: Client, path: str) -> None:
        response = await client.get(path, headers={"Idempotency-Key": "k 1"})
        assert "idempotency-key" not in response.headers
        response = await client.get(path, headers={"Idempotency-Key": "k-1"})
        assert response.headers["idempotency-key"] == "k-1"

    async def test_what_is_no_request_is_malformed(self, client: Client) -> None:
        response = await client.post(
            "/executed-obs-units:start", content=b"\xff", headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (400, "malformed")

    async def test_a_request_id_that_could_not_be_logged_is_replaced(self, client: Client) -> None:
        for identifier in ("a b", "x" * 101, 'a"b'):
            response = await client.get("/me", headers={"X-Request-ID": identifier})
            assert response.headers["x-request-id"] != identifier

    async def test_an_error_of_ours_is_a_document_too(self, app: FastAPI, client: Client) -> None:
        app.state.last_use, kept = None, app.state.last_use
        try:
            response = await client.get("/me")
        finally:
            app.state.last_use = kept
        assert response.status_code == 500
        assert response.json()["type"].endswith("/internal")
        assert response.json()["retry"] == {"may": "same-request", "after_seconds": 60}
        assert response.headers["retry-after"] == "60"
        assert response.json()["request_id"] == response.headers["x-request-id"]


class TestCatalogue:
    def test_knows_every_kind_that_the_code_raises(self) -> None:
        """A slug stands in the source as text, as the second argument or after the detail."""
        raised: set[str] = set()
        for file in Path(ccat_ops_db_api.__file__).parent.rglob("*.py"):
            for call in re.findall(
                r"(?:Problem|conflict|problem_response)\((.*?)(?:\n    ?[a-z@]|\Z)", file.read_text(), re.S
            ):
                raised |= set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', call))
        assert raised >= {"not-sealed", "owned-by-other-site", "filed-with-other-facts"}
        assert raised - set(GUIDANCE) == set()

    def test_says_how_long_to_wait_exactly_where_the_same_request_may_succeed(self) -> None:
        for slug, guidance in GUIDANCE.items():
            waits = guidance.after_seconds is not None
            assert waits is (guidance.may is RetryWhen.SAME_REQUEST), slug
            assert guidance.remedy.endswith("."), slug


class TestSubject:
    async def test_is_what_the_request_was_about(self, client: Client, session: Session) -> None:
        things = one_of_each(session)
        refused = (await client.post(f"/data-transfers/{things['waiting']}:retry")).json()
        assert refused["type"].endswith("/not-failed")
        assert refused["subject"] == {"collection": "data-transfers", "id": str(things["waiting"])}
        assert (refused["help"], refused["retry"]["may"]) == ("work", "after-change")
        unsealed = (await client.get(f"/raw-data-packages/{seed.NOBODY}/index")).json()
        assert unsealed["subject"] == {"collection": "raw-data-packages", "id": seed.NOBODY}

    async def test_is_null_where_there_is_none(self, client: Client) -> None:
        for path in ("/errors?severity=awful", "/why/%00", "/nope"):
            assert (await client.get(path)).json()["subject"] is None

    async def test_of_another_site_is_named(self, app: FastAPI, client: Client, session: Session) -> None:
        things = one_of_each(session)
        app.state.settings.served_sites = ("cologne",)
        refused = (await client.post(f"/data-transfers/{things['failed']}:retry")).json()
        assert refused["owner_site"] == "ccat"


class TestMethods:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "/raw-data-files", "GET, POST"),
            ("DELETE", "/sites/ccat", "GET"),
            ("GET", "/raw-data-files:bulk", "POST"),
            ("GET", f"/staging-items/{seed.NOBODY}:cancel", "POST"),
            ("PATCH", f"/deletion-holds/{seed.NOBODY}", "GET"),
        ],
    )
    async def test_a_refusal_names_all_that_the_path_has(
        self, client: Client, method: str, path: str, allowed: str
    ) -> None:
        response = await client.request(method, path)
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        assert allowed in response.json()["detail"]


class TestOfTheDatabase:
    """What a database of its own is made to answer, as only the database itself can."""

    @pytest.fixture
    def address(self, postgresql_url: str) -> str:
        """A database with permissions and reference data."""
        schema.upgrade(postgresql_url)
        engine = create_engine(synchronous(postgresql_url))
        with Session(engine) as session, session.begin():
            seed.permissions(session)
            seed.reference_data(session)
        engine.dispose()
        return postgresql_url

    async def test_one_that_takes_no_changes_is_found_again_when_it_does(self, address: str) -> None:
        async with _served(address) as client:
            assert (await client.post("/executed-obs-units:start", json=START)).status_code == 201
            _run(address, "ALTER DATABASE {name} SET default_transaction_read_only = on")
            _run(address, _END_OTHERS)
            # The first finds its connection closed; the next one opens a read-only one, which stays so.
            await client.get("/me")
            refused = await client.post("/executed-obs-units:start", json=START)
            assert refused.status_code == 503
            assert refused.json()["type"].endswith("/database-read-only")
            assert refused.json()["retry"] == {"may": "same-request", "after_seconds": 5}
            assert refused.headers["retry-after"] == "5"
            assert (await client.get("/sites")).status_code == 200
            assert (await client.post("/executed-obs-units:start", json=START)).status_code == 503
            _run(address, "ALTER DATABASE {name} RESET default_transaction_read_only")
            await client.post("/executed-obs-units:start", json=START)
            assert (await client.post("/executed-obs-units:start", json=START)).status_code == 201

    async def test_a_question_that_takes_too_long_is_not_to_be_repeated(self, address: str) -> None:
        async with _served(address, statement_timeout=1) as client:
            with psycopg.connect(address) as other:
                other.execute("LOCK TABLE site IN ACCESS EXCLUSIVE MODE")
                slow = await client.get("/sites")
                write = await client.post("/sites/ccat:suspend", json={"reason": "x"})
        assert (slow.status_code, slow.json()["type"].rpartition("/")[2]) == (503, "query-too-slow")
        assert slow.json()["retry"] == {"may": "after-change", "after_seconds": None}
        assert "retry-after" not in slow.headers
        assert (write.status_code, write.json()["type"].rpartition("/")[2]) == (503, "busy")
        assert write.headers["retry-after"] == "1"

    async def test_it_is_answered_from_memory_for_a_minute_to_who_asked(self, address: str) -> None:
        clock = SetClock()
        engine = create_engine(synchronous(address))
        with Session(engine) as session, session.begin():
            other_token = seed.token(session)
        engine.dispose()
        others = {"Authorization": f"Bearer {other_token}"}
        async with _served(address, statement_timeout=1, clock=clock) as client:
            with psycopg.connect(address) as other:
                other.execute("LOCK TABLE site IN ACCESS EXCLUSIVE MODE")
                assert (await client.get("/sites")).status_code == 503
            again = await client.get("/sites")
            assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (503, "query-too-slow")
            assert again.json()["retry"] == {"may": "after-change", "after_seconds": None}
            assert "retry-after" not in again.headers
            assert (await client.get("/sites", params={"limit": 1})).status_code == 200
            assert (await client.get("/sites", headers=others)).status_code == 200
            clock.seconds += REMEMBERED_SECONDS
            assert (await client.get("/sites")).status_code == 200

    async def test_our_mistake_tells_nothing_of_our_inside(self, address: str) -> None:
        _run(address, "ALTER TABLE site RENAME COLUMN name TO title")
        async with _served(address) as client:
            response = await client.get("/sites")
        assert (response.status_code, response.json()["type"].rpartition("/")[2]) == (500, "internal")
        assert response.json()["detail"] == "this is a mistake of ours"
        for word in ("SELECT", "site.name", ".py", "asyncpg"):
            assert word not in response.text


class SetClock(SystemClock):
    """A clock whose spans tests set."""

    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def _run(address: str, statement: str) -> None:
    writable = "-c default_transaction_read_only=off"
    with psycopg.connect(address, autocommit=True, options=writable) as connection:
        connection.execute(statement.format(name=f'"{connection.info.dbname}"').encode())


@asynccontextmanager
async def _served(
    address: str, statement_timeout: int = 5, clock: Clock | None = None
) -> AsyncIterator[Client]:
    """Give a client that may do everything on a database of its own."""
    engine = create_engine(synchronous(address))
    with Session(engine) as session, session.begin():
        text = seed.token(session)
    engine.dispose()
    database = OpsDbSettings(database_url=SecretStr(address), token_key=SecretStr(seed.KEY))
    app = create_app(ApiSettings(site_id="ccat", statement_timeout=statement_timeout), database, clock)
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {text}"}
    async with Client(transport=transport, base_url="http://api/api/v1", headers=headers) as client:
        yield client
    await app.state.engine.dispose()
