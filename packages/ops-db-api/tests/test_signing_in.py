"""Signing in and out: cookies, origins, ends, and who may do what with a session."""

import asyncio
import re
from datetime import datetime, timedelta
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    ApiToken,
    ApiTokenScope,
    Role,
    RolePermission,
    User,
    UserRole,
    UserSession,
)
from ccat_ops_db.settings import OpsDbSettings
from ccat_ops_db_api.access import sessions
from ccat_ops_db_api.access.cookies import COOKIE, DEVELOPMENT_COOKIE, issue_cookie
from ccat_ops_db_api.access.rate_limit import RateLimit
from ccat_ops_db_api.application import create_app, tidy_up
from ccat_ops_db_api.platform.errors import Problem
from ccat_ops_db_api.platform.logs import configure_logs

from . import seed, sign_in
from .conftest import Client, CountStatements, FixedClock, settings

ORIGIN = sign_in.PRODUCTION


@pytest.fixture
def token(session: Session) -> str:
    """A token that may read and stage data."""
    text = seed.token(session, ("read:data", "stage:data", "read:locations"))
    session.commit()
    return text


@pytest.fixture
def browser(production_app: FastAPI) -> Client:
    """A browser with a page of the interface open."""
    return sign_in.browser(production_app, ORIGIN)


@pytest.fixture
async def signed_in(browser: Client, token: str) -> Client:
    """The same, signed in with the token."""
    return await sign_in.sign_in_with_token(browser, token)


@pytest.fixture
def developer(app: FastAPI) -> Client:
    """A browser with a page of a development stack open."""
    return sign_in.browser(app, sign_in.DEVELOPMENT)


@pytest.fixture
def viewer(session: Session) -> str:
    """A role that may only read locations."""
    session.add(Role(id="viewer", description="Looks on"))
    session.flush()
    session.add(RolePermission(role_id="viewer", permission_id="read:locations"))
    session.commit()
    return "viewer"


def cookie_of(response: httpx.Response) -> "Morsel[str]":
    """Return the one cookie that an answer sets."""
    (morsel,) = SimpleCookie(response.headers["set-cookie"]).values()
    return morsel


def slug(response: httpx.Response) -> str:
    """Return the last part of the type of a problem."""
    return str(response.json()["type"].rpartition("/")[2])


def age(session: Session, **values: datetime) -> None:
    """Change the times of all sessions."""
    session.execute(update(UserSession).values(**values))
    session.commit()


class TestWithToken:
    async def test_makes_a_session_with_the_rights_of_the_token(self, browser: Client, token: str) -> None:
        response = await browser.post("/auth/token", json={"token": token})
        assert response.status_code == 200
        me = response.json()
        assert me["permissions"] == ["read:data", "read:locations", "stage:data"]
        assert (me["credential"]["kind"], me["credential"]["way"]) == ("session", "token")
        assert me["credential"]["name"] == "test"
        assert me["site"] == {"id": "ccat", "name": "FYST"}
        assert [role["source"] for role in me["roles"]] == ["account"]
        assert re.fullmatch("[0-9a-f]{64}", me["csrf_token"])
        assert response.headers["cache-control"] == "no-store"
        assert (await browser.get("/me")).json() == me
        assert (await browser.get("/data-locations")).status_code == 200
        assert (await browser.get("/events")).status_code == 403

    async def test_the_cookie_is_for_this_host_over_tls_and_not_for_scripts(
        self, browser: Client, token: str
    ) -> None:
        response = await browser.post("/auth/token", json={"token": token})
        cookie = cookie_of(response)
        assert cookie.key == COOKIE == "__Host-ccat-session"
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "lax"
        assert (cookie["path"], cookie["domain"]) == ("/", "")
        assert int(cookie["max-age"]) == 7 * 24 * 3600

    async def test_only_a_hash_of_the_cookie_is_kept(self, signed_in: Client, session: Session) -> None:
        text = signed_in.cookies[COOKIE]
        row = session.scalars(select(UserSession)).one()
        assert re.fullmatch("[0-9a-f]{64}", row.secret_hash)
        assert text[:43] not in repr(vars(row))
        assert text not in repr(vars(row))

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"token": ""},
            {"token": None},
            {"token": "x" * 10_000},
            {"token": "ccat_x_y", "more": 1},
            [],
            7,
        ],
    )
    async def test_refuses_what_is_no_request(self, browser: Client, body: object) -> None:
        assert (await browser.post("/auth/token", json=body)).status_code == 422

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"revoked_at": seed.NOW}, "revoked"),
            ({"expires_at": seed.NOW}, "expired"),
            ({"site_id": "cologne"}, "cologne"),
        ],
    )
    async def test_refuses_a_token_that_is_over(
        self, browser: Client, token: str, session: Session, change: dict[str, object], word: str
    ) -> None:
        session.execute(update(ApiToken).values(**change))
        session.commit()
        response = await browser.post("/auth/token", json={"token": token})
        assert (response.status_code, slug(response)) == (401, "unauthenticated")
        assert word in response.json()["detail"]
        assert "set-cookie" not in response.headers

    async def test_a_token_works_beside_the_session_and_wins(
        self, signed_in: Client, session: Session
    ) -> None:
        other = seed.token(session, ("read:events",))
        session.commit()
        headers = {"Authorization": f"Bearer {other}"}
        me = (await signed_in.get("/me", headers=headers)).json()
        assert (me["credential"]["kind"], me["permissions"]) == ("token", ["read:events"])
        assert me["csrf_token"] is None

    @pytest.mark.parametrize("header", ["Bearer ccat_x_y", "Basic dXNlcjpwYXNz", ""])
    async def test_a_wrong_authorization_is_not_made_good_by_the_cookie(
        self, signed_in: Client, header: str
    ) -> None:
        assert (await signed_in.get("/me", headers={"Authorization": header})).status_code == 401

    async def test_the_end_is_that_of_the_token_if_it_is_sooner(
        self, browser: Client, session: Session
    ) -> None:
        ends = seed.NOW + timedelta(hours=3)
        text = seed.token(session, expires_at=ends)
        session.commit()
        me = (await browser.post("/auth/token", json={"token": text})).json()
        assert datetime.fromisoformat(me["credential"]["expires_at"]) == ends

    async def test_whoever_signs_in_again_and_again_has_a_limited_number(
        self, browser: Client, token: str, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sessions, "MOST", 3)
        cookies = []
        for _ in range(5):
            browser.cookies.clear()
            await sign_in.sign_in_with_token(browser, token)
            cookies.append(browser.cookies[COOKIE])
        assert session.scalar(select(func.count()).select_from(UserSession)) == 3
        browser.cookies.clear()
        answers = [
            (await browser.get("/me", headers={"Cookie": f"{COOKIE}={text}"})).status_code for text in cookies
        ]
        assert answers == [401, 401, 200, 200, 200]


class TestFixation:
    async def test_a_cookie_that_somebody_planted_is_not_taken_over(
        self, browser: Client, token: str
    ) -> None:
        planted, _ = issue_cookie(seed.KEY)
        browser.cookies.set(COOKIE, planted, domain="data.example.org", path="/")
        response = await browser.post("/auth/token", json={"token": token})
        assert cookie_of(response).value != planted
        browser.cookies.clear()
        refused = await browser.get("/me", headers={"Cookie": f"{COOKIE}={planted}"})
        assert (refused.status_code, slug(refused)) == (401, "session-ended")

    async def test_signing_in_again_ends_the_session_that_the_browser_had(
        self, signed_in: Client, token: str, session: Session
    ) -> None:
        before, csrf_before = signed_in.cookies[COOKIE], signed_in.headers["x-csrf-token"]
        await sign_in.sign_in_with_token(signed_in, token)
        assert signed_in.cookies[COOKIE] != before
        assert signed_in.headers["x-csrf-token"] != csrf_before
        assert session.scalar(select(func.count()).select_from(UserSession)) == 1
        signed_in.cookies.clear()
        old = await signed_in.get("/me", headers={"Cookie": f"{COOKIE}={before}"})
        assert (old.status_code, slug(old)) == (401, "session-ended")


class TestOtherPages:
    """A page of another origin has a browser send what it likes, with the cookie."""

    PATH = "/data-locations/ccat.buffer:suspend"

    @pytest.fixture
    async def operator(self, browser: Client, session: Session) -> Client:
        """A browser whose session may suspend a location."""
        text = seed.token(session)
        session.commit()
        return await sign_in.sign_in_with_token(browser, text)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-CSRF-Token", None),
            ("X-CSRF-Token", ""),
            ("X-CSRF-Token", "0" * 64),
            ("X-CSRF-Token", "été"),
            ("Origin", "https://evil.example"),
            ("Origin", "null"),
            ("Origin", "http://data.example.org"),
            ("Origin", "https://data.example.org:8443"),
            ("Origin", "https://data.example.org.evil.example"),
            ("Origin", ""),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
            ("Sec-Fetch-Site", "none"),
        ],
    )
    async def test_are_refused(
        self, operator: Client, session: Session, name: str, value: str | None
    ) -> None:
        if value is None:
            del operator.headers[name]
        else:
            operator.headers.encoding = "utf-8"
            operator.headers[name] = value
        response = await operator.post(self.PATH, json={"reason": "somebody else wants it"})
        assert (response.status_code, slug(response)) == (403, "csrf")
        assert (await operator.get("/data-locations/ccat.buffer")).json()["suspended_at"] is None

    async def test_the_token_of_another_session_is_refused(
        self, operator: Client, production_app: FastAPI, token: str
    ) -> None:
        other = await sign_in.sign_in_with_token(sign_in.browser(production_app, ORIGIN), token)
        operator.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
        response = await operator.post(self.PATH, json={"reason": "a token of mine"})
        assert (response.status_code, slug(response)) == (403, "csrf")

    @pytest.mark.parametrize("without", [(), ("Origin",), ("Sec-Fetch-Site",), ("Origin", "Sec-Fetch-Site")])
    async def test_pages_of_ours_are_not(self, operator: Client, without: tuple[str, ...]) -> None:
        for name in without:
            del operator.headers[name]
        assert (await operator.post(self.PATH, json={"reason": "maintenance"})).status_code == 200

    async def test_reading_needs_no_token(self, operator: Client) -> None:
        for name in ("Origin", "Sec-Fetch-Site", "X-CSRF-Token"):
            del operator.headers[name]
        assert (await operator.get("/data-locations")).status_code == 200

    async def test_a_token_in_authorization_needs_none_of_it(
        self, production_app: FastAPI, session: Session
    ) -> None:
        text = seed.token(session)
        session.commit()
        stranger = sign_in.browser(production_app, ORIGIN)
        stranger.headers["Origin"] = "https://evil.example"
        answer = await stranger.post(
            self.PATH, json={"reason": "by a script"}, headers={"Authorization": f"Bearer {text}"}
        )
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Origin", None),
            ("Origin", "null"),
            ("Origin", "https://evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
    )
    async def test_cannot_make_a_session(
        self, browser: Client, token: str, session: Session, name: str, value: str | None
    ) -> None:
        if value is None:
            del browser.headers[name]
        else:
            browser.headers[name] = value
        response = await browser.post("/auth/token", json={"token": token})
        assert (response.status_code, slug(response)) == (403, "csrf")
        assert "set-cookie" not in response.headers
        assert session.scalars(select(UserSession)).all() == []

    async def test_public_origins_are_those_of_the_setting(
        self, production_app: FastAPI, browser: Client, token: str
    ) -> None:
        changed = production_app.state.settings.model_copy(
            update={"public_origins": ("https://interface.example.org",)}
        )
        production_app.state.settings = changed
        assert (await browser.post("/auth/token", json={"token": token})).status_code == 403
        browser.headers["Origin"] = "https://interface.example.org"
        assert (await browser.post("/auth/token", json={"token": token})).status_code == 200


class TestEnd:
    async def test_a_day_without_use_ends_it(
        self, signed_in: Client, clock: FixedClock, session: Session
    ) -> None:
        clock.now += timedelta(hours=24) - timedelta(seconds=1)
        assert (await signed_in.get("/me")).status_code == 200
        clock.now += timedelta(seconds=1)
        response = await signed_in.get("/me")
        assert (response.status_code, slug(response)) == (401, "session-ended")
        assert "not used" in response.json()["detail"]
        assert response.headers["www-authenticate"]

    async def test_use_keeps_it_but_never_beyond_a_week(
        self, production_app: FastAPI, signed_in: Client, clock: FixedClock
    ) -> None:
        end = clock.now + timedelta(days=7)
        while clock.now + timedelta(hours=23) < end:
            clock.now += timedelta(hours=23)
            assert (await signed_in.get("/me")).status_code == 200
            await tidy_up(production_app)
        clock.now = end
        response = await signed_in.get("/me")
        assert (response.status_code, slug(response)) == (401, "session-ended")
        assert "lasted until" in response.json()["detail"]

    async def test_last_use_is_written_every_five_minutes(
        self, production_app: FastAPI, signed_in: Client, clock: FixedClock, session: Session
    ) -> None:
        async def last_use_after(span: timedelta) -> datetime:
            clock.now += span
            await signed_in.get("/me")
            await tidy_up(production_app)
            session.expire_all()
            return session.scalars(select(UserSession.last_used_at)).one()

        assert await last_use_after(timedelta(minutes=4, seconds=59)) == seed.NOW
        assert await last_use_after(timedelta(seconds=1)) == seed.NOW + timedelta(minutes=5)

    async def test_housekeeping_removes_what_has_ended(
        self, production_app: FastAPI, signed_in: Client, clock: FixedClock, session: Session
    ) -> None:
        await tidy_up(production_app)
        assert session.scalar(select(func.count()).select_from(UserSession)) == 1
        clock.now += timedelta(hours=24)
        await tidy_up(production_app)
        assert session.scalar(select(func.count()).select_from(UserSession)) == 0
        response = await signed_in.get("/me")
        assert (response.status_code, slug(response)) == (401, "session-ended")

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"revoked_at": seed.NOW}, "revoked"),
            ({"expires_at": seed.NOW}, "expired"),
            ({"site_id": "cologne"}, "cologne"),
        ],
    )
    async def test_it_ends_with_its_token(
        self, signed_in: Client, session: Session, change: dict[str, object], word: str
    ) -> None:
        session.execute(update(ApiToken).values(**change))
        session.commit()
        response = await signed_in.get("/me")
        assert (response.status_code, slug(response)) == (401, "session-ended")
        assert word in response.json()["detail"]

    async def test_the_account_is_closed(self, signed_in: Client, session: Session) -> None:
        session.execute(update(User).values(disabled_at=seed.NOW))
        session.commit()
        response = await signed_in.get("/me")
        assert (response.status_code, slug(response)) == (401, "session-ended")
        assert "closed" in response.json()["detail"]

    async def test_rights_that_are_taken_away_count_with_the_next_request(
        self, signed_in: Client, session: Session
    ) -> None:
        session.execute(delete(RolePermission).where(RolePermission.permission_id == "read:data"))
        session.commit()
        assert (await signed_in.get("/me")).json()["permissions"] == ["read:locations", "stage:data"]
        session.execute(delete(ApiTokenScope).where(ApiTokenScope.permission_id == "read:locations"))
        session.commit()
        assert (await signed_in.get("/me")).json()["permissions"] == ["stage:data"]
        session.execute(update(Role).values(retired_at=seed.NOW))
        session.commit()
        assert (await signed_in.get("/me")).json()["permissions"] == []


class TestSigningOut:
    async def test_ends_the_session_and_takes_the_cookie(self, signed_in: Client, session: Session) -> None:
        cookie = signed_in.cookies[COOKIE]
        response = await signed_in.post("/auth/logout")
        assert (response.status_code, response.json()) == (200, {"end_session_url": None})
        taken = cookie_of(response)
        assert (taken.key, taken.value, taken["max-age"]) == (COOKIE, "", "0")
        assert taken["secure"]
        assert taken["path"] == "/"
        assert COOKIE not in signed_in.cookies
        assert session.scalars(select(UserSession)).all() == []
        again = await signed_in.post("/auth/logout", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert (again.status_code, slug(again)) == (401, "session-ended")

    async def test_needs_the_token_of_the_session(self, signed_in: Client) -> None:
        del signed_in.headers["X-CSRF-Token"]
        assert slug(await signed_in.post("/auth/logout")) == "csrf"
        assert (await signed_in.get("/me")).status_code == 200

    async def test_is_nothing_that_a_token_does(self, browser: Client, token: str) -> None:
        response = await browser.post("/auth/logout", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, slug(response)) == (409, "conflict")

    async def test_ends_no_other_session(
        self, signed_in: Client, production_app: FastAPI, token: str
    ) -> None:
        other = await sign_in.sign_in_with_token(sign_in.browser(production_app, ORIGIN), token)
        await signed_in.post("/auth/logout")
        assert (await other.get("/me")).status_code == 200


class TestForgedCookies:
    @pytest.mark.parametrize(
        "forged",
        ["", "x", "A" * 54, "A" * 10_000, "é" * 54, "_" * 54, "ccat_x_y", "{own}A", "{cut}", "{other}"],
    )
    async def test_no_statement_reaches_the_database(
        self, app: FastAPI, token: str, forged: str, count_statements: CountStatements
    ) -> None:
        client = await sign_in.sign_in_with_token(sign_in.browser(app, sign_in.DEVELOPMENT), token)
        own = client.cookies[DEVELOPMENT_COOKIE]
        text = forged.format(own=own, cut=own[:-1], other=("B" if own[0] == "A" else "A") + own[1:])
        client.cookies.clear()
        with count_statements() as statements:
            cookie = (b"Cookie", f"{DEVELOPMENT_COOKIE}={text}".encode())
            response = await client.get("/me", headers=[cookie])
        assert (response.status_code, slug(response)) == (401, "unauthenticated")
        assert statements == []

    async def test_nor_with_a_forged_token(self, app: FastAPI, count_statements: CountStatements) -> None:
        client = sign_in.browser(app, sign_in.DEVELOPMENT)
        forged = f"ccat_{'A' * 12}_{'B' * 54}"
        with count_statements() as statements:
            assert (await client.get("/me", headers={"Authorization": f"Bearer {forged}"})).status_code == 401
            assert (await client.post("/auth/token", json={"token": forged})).status_code == 401
        assert statements == []

    async def test_the_cookie_is_no_token_and_a_token_no_cookie(
        self, signed_in: Client, browser: Client, token: str
    ) -> None:
        cookie = signed_in.cookies[COOKIE]
        assert (await browser.get("/me", headers={"Authorization": f"Bearer {cookie}"})).status_code == 401
        browser.cookies.clear()
        assert (await browser.get("/me", headers={"Cookie": f"{COOKIE}={token}"})).status_code == 401

    async def test_who_asks_is_found_by_one_statement(
        self, app: FastAPI, token: str, count_statements: CountStatements
    ) -> None:
        client = await sign_in.sign_in_with_token(sign_in.browser(app, sign_in.DEVELOPMENT), token)
        with count_statements() as statements:
            assert (await client.get("/data-locations")).status_code == 200
        assert len(statements) == 2, statements


class TestInDevelopment:
    async def test_makes_a_session_with_the_role(self, developer: Client, viewer: str) -> None:
        response = await developer.post("/auth/development", json={"role": viewer})
        assert response.status_code == 200
        me = response.json()
        assert me["user"]["name"] == "development-viewer"
        assert me["permissions"] == ["read:locations"]
        assert me["roles"] == [{"id": "viewer", "description": "Looks on", "source": "development"}]
        cookie = cookie_of(response)
        assert (cookie.key, cookie["secure"]) == (DEVELOPMENT_COOKIE, "")
        assert cookie["httponly"]
        assert cookie["samesite"] == "lax"
        assert (await developer.get("/data-locations")).status_code == 200
        assert (await developer.get("/events")).status_code == 403

    async def test_takes_the_account_again_also_at_once(
        self, app: FastAPI, viewer: str, session: Session
    ) -> None:
        browsers = [sign_in.browser(app, sign_in.DEVELOPMENT) for _ in range(5)]
        await asyncio.gather(*(sign_in.sign_in_in_development(each, viewer) for each in browsers))
        assert session.scalars(select(User.name)).all() == ["development-viewer"]
        assert session.scalar(select(func.count()).select_from(UserSession)) == 5
        assert session.scalar(select(func.count()).select_from(UserRole)) == 1

    async def test_says_which_roles_there_are(self, developer: Client, viewer: str) -> None:
        session_roles = (await developer.get("/auth/providers")).json()
        assert session_roles == {
            "providers": [],
            "token": True,
            "development": {"roles": [{"id": "viewer", "description": "Looks on"}]},
        }

    @pytest.mark.parametrize("role", ["nobody", "", "a" * 201, "vie\nwer", "viewer'--", None])
    async def test_refuses_what_is_no_role(self, developer: Client, viewer: str, role: object) -> None:
        assert (await developer.post("/auth/development", json={"role": role})).status_code == 422

    async def test_refuses_a_retired_role(self, developer: Client, viewer: str, session: Session) -> None:
        session.execute(update(Role).values(retired_at=seed.NOW))
        session.commit()
        response = await developer.post("/auth/development", json={"role": viewer})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "role"

    async def test_never_takes_the_account_of_somebody_else(
        self, developer: Client, viewer: str, session: Session
    ) -> None:
        session.add(User(id=new_id(), name="development-viewer", created_at=seed.NOW))
        session.commit()
        response = await developer.post("/auth/development", json={"role": viewer})
        assert (response.status_code, slug(response)) == (409, "conflict")
        assert session.scalars(select(UserRole)).all() == []

    async def test_refuses_a_closed_account(self, developer: Client, viewer: str, session: Session) -> None:
        await sign_in.sign_in_in_development(developer, viewer)
        session.execute(update(User).values(disabled_at=seed.NOW))
        session.commit()
        response = await developer.post("/auth/development", json={"role": viewer})
        assert (response.status_code, slug(response)) == (403, "forbidden")

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "evil.example:8000",
            "127.0.0.1.evil.example",
            "0.0.0.0:8000",
            "[::2]",
            "",
            "[",
            "a b",
        ],
    )
    async def test_refuses_a_name_that_leads_here(self, developer: Client, viewer: str, host: str) -> None:
        headers = {"Host": host, "Origin": f"http://{host}"}
        response = await developer.post("/auth/development", json={"role": viewer}, headers=headers)
        assert (response.status_code, slug(response)) == (403, "csrf")

    @pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "127.0.0.2:80", "[::1]:8000"])
    async def test_takes_every_name_of_this_machine(self, developer: Client, viewer: str, host: str) -> None:
        headers = {"Host": host, "Origin": f"http://{host}"}
        response = await developer.post("/auth/development", json={"role": viewer}, headers=headers)
        assert response.status_code == 200

    async def test_takes_the_public_origins(self, app: FastAPI, developer: Client, viewer: str) -> None:
        app.state.settings = app.state.settings.model_copy(
            update={"public_origins": ("http://ccat.test:8000",)}
        )
        headers = {"Host": "ccat.test:8000", "Origin": "http://ccat.test:8000"}
        response = await developer.post("/auth/development", json={"role": viewer}, headers=headers)
        assert response.status_code == 200

    async def test_needs_an_origin(self, developer: Client, viewer: str) -> None:
        del developer.headers["Origin"]
        response = await developer.post("/auth/development", json={"role": viewer})
        assert (response.status_code, slug(response)) == (403, "csrf")

    async def test_is_not_there_elsewhere(self, browser: Client, viewer: str) -> None:
        assert (await browser.post("/auth/development", json={"role": viewer})).status_code == 404
        assert (await browser.get("/auth/providers")).json() == {
            "providers": [],
            "token": True,
            "development": None,
        }

    async def test_is_not_there_where_the_environment_was_forgotten(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("CCAT_OPS_DB_ENVIRONMENT", raising=False)
        database = OpsDbSettings(database_url=SecretStr("postgresql://nowhere/none"))
        forgotten = create_app(settings(), database)
        assert "/api/v1/auth/development" not in forgotten.openapi()["paths"]
        client = sign_in.browser(forgotten, sign_in.DEVELOPMENT)
        assert (await client.post("/auth/development", json={"role": "admin"})).status_code == 404
        assert (await client.get("/auth/providers")).json()["development"] is None

    async def test_its_sessions_end_where_it_is_not_there(
        self, app: FastAPI, developer: Client, viewer: str, production_app: FastAPI
    ) -> None:
        await sign_in.sign_in_in_development(developer, viewer)
        browser = sign_in.browser(production_app, ORIGIN)
        response = await browser.get(
            "/me", headers={"Cookie": f"{COOKIE}={developer.cookies[DEVELOPMENT_COOKIE]}"}
        )
        assert (response.status_code, slug(response)) == (401, "session-ended")


class TestForbidden:
    async def test_names_the_permission_and_the_roles_that_give_it(
        self, developer: Client, viewer: str, session: Session
    ) -> None:
        session.add_all([Role(id="keeper"), Role(id="was-keeper", retired_at=seed.NOW)])
        session.flush()
        session.add_all(
            RolePermission(role_id=role, permission_id="manage:locations")
            for role in ("keeper", "was-keeper")
        )
        session.commit()
        await sign_in.sign_in_in_development(developer, viewer)
        response = await developer.post("/sites/ccat:suspend", json={"reason": "I may not"})
        assert (response.status_code, slug(response)) == (403, "forbidden")
        problem = response.json()
        assert (problem["permission"], problem["roles"]) == ("manage:locations", ["keeper"])
        assert "keeper" in problem["detail"]


class TestLimits:
    async def test_a_session_asks_fifty_times_a_second(
        self, production_app: FastAPI, signed_in: Client, clock: FixedClock
    ) -> None:
        settings = production_app.state.settings
        assert settings.session_requests_per_second == 50
        for _ in range(settings.session_request_burst):
            assert (await signed_in.get("/me")).status_code == 200
        response = await signed_in.get("/me")
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        clock.seconds += 1
        for _ in range(50):
            assert (await signed_in.get("/me")).status_code == 200
        assert (await signed_in.get("/me")).status_code == 429

    async def test_wrong_credentials_are_counted_by_address_and_lock_nobody_else_out(
        self, signed_in: Client, production_app: FastAPI, token: str, clock: FixedClock
    ) -> None:
        stranger = sign_in.browser(production_app, ORIGIN)
        wrong = {"Authorization": "Bearer ccat_x_y"}
        answers = [(await stranger.get("/me", headers=wrong)).status_code for _ in range(11)]
        assert answers == [401] * 10 + [429]
        response = await stranger.post("/auth/token", json={"token": "ccat_x_y"})
        assert (response.status_code, response.headers["retry-after"]) == (429, "10")
        assert (await signed_in.get("/me")).status_code == 200
        right = {"Authorization": f"Bearer {token}"}
        assert (await stranger.get("/me", headers=right)).status_code == 200
        assert (await stranger.get("/me")).status_code == 401
        clock.seconds += 10
        answers = [(await stranger.get("/me", headers=wrong)).status_code for _ in range(2)]
        assert answers == [401, 429]


class TestBuckets:
    def test_are_bounded_and_full_ones_forgotten(self, clock: FixedClock) -> None:
        limit = RateLimit(clock, 1, 2, "this asks", most=3)
        for key in "aabcd":
            limit.take(key)
        limit.take("a")  # the oldest was forgotten for the newest, and begins anew
        assert len(limit._buckets) == 3
        clock.seconds += 1
        limit.forget_full()
        assert limit._buckets == {}

    def test_an_empty_one_is_not_forgotten(self, clock: FixedClock) -> None:
        limit = RateLimit(clock, 0.5, 2, "this asks")
        limit.take("a")
        limit.take("a")
        clock.seconds += 1
        limit.forget_full()
        with pytest.raises(Problem, match="once in 2 s; wait 1 s"):
            limit.take("a")


class TestLog:
    async def test_has_no_secret(self, developer: Client, token: str, viewer: str) -> None:
        configure_logs("debug")
        try:
            with structlog.testing.capture_logs() as lines:
                me = (await developer.post("/auth/token", json={"token": token})).json()
                cookie = developer.cookies[DEVELOPMENT_COOKIE]
                await developer.post("/auth/token", json={"token": token, "more": 1})
                await developer.post("/auth/token", json={"token": token[:-1]})
                await developer.get("/me", headers={"Cookie": f"{DEVELOPMENT_COOKIE}={cookie}x"})
                await sign_in.sign_in_in_development(developer, viewer)
                await developer.post("/auth/logout")
        finally:
            configure_logs("error")
        text = repr(lines)
        assert "signed_in" in text
        assert "signed_out" in text
        for secret in (token.rpartition("_")[2][:43], cookie[:43], me["csrf_token"]):
            assert secret not in text

    async def test_nor_has_a_problem(self, browser: Client, token: str) -> None:
        for body in ({"token": token, "more": 1}, {"token": token[:-1]}, {"token": token * 9}):
            response = await browser.post("/auth/token", json=body)
            assert response.status_code in (401, 422)
            assert token.rpartition("_")[2][:20] not in response.text
