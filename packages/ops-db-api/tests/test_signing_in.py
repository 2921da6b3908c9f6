"""Signing in and out: how a session begins and ends, and signing in in development."""

import asyncio
import re
from datetime import datetime, timedelta

import pytest
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
from ccat_ops_db_api.access.cookies import COOKIE, DEVELOPMENT_COOKIE
from ccat_ops_db_api.application import create_app, tidy_up

from . import seed, sign_in
from .conftest import Client, FixedClock, settings

ORIGIN = sign_in.PRODUCTION


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
        cookie = sign_in.cookie_of(response)
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
            ({"expires_at": seed.NOW}, "expired"),
            ({"bound_site_id": "cologne"}, "cologne"),
        ],
    )
    async def test_refuses_a_token_that_is_over(
        self, browser: Client, token: str, session: Session, change: dict[str, object], word: str
    ) -> None:
        session.execute(update(ApiToken).values(**change))
        session.commit()
        response = await browser.post("/auth/token", json={"token": token})
        assert (response.status_code, sign_in.slug(response)) == (401, "unauthenticated")
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


class TestEnd:
    async def test_a_day_without_use_ends_it(
        self, signed_in: Client, clock: FixedClock, session: Session
    ) -> None:
        clock.now += timedelta(hours=24) - timedelta(seconds=1)
        assert (await signed_in.get("/me")).status_code == 200
        clock.now += timedelta(seconds=1)
        response = await signed_in.get("/me")
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")
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
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")
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
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"expires_at": seed.NOW}, "expired"),
            ({"bound_site_id": "cologne"}, "cologne"),
        ],
    )
    async def test_it_ends_with_its_token(
        self, signed_in: Client, session: Session, change: dict[str, object], word: str
    ) -> None:
        session.execute(update(ApiToken).values(**change))
        session.commit()
        response = await signed_in.get("/me")
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")
        assert word in response.json()["detail"]

    async def test_it_ends_when_its_token_is_revoked(self, signed_in: Client, session: Session) -> None:
        seed.revoke_tokens(session)
        session.commit()
        response = await signed_in.get("/me")
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")
        assert "revoked" in response.json()["detail"]

    async def test_the_account_is_closed(self, signed_in: Client, session: Session) -> None:
        session.execute(update(User).values(disabled_at=seed.NOW))
        session.commit()
        response = await signed_in.get("/me")
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")
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
        taken = sign_in.cookie_of(response)
        assert (taken.key, taken.value, taken["max-age"]) == (COOKIE, "", "0")
        assert taken["secure"]
        assert taken["path"] == "/"
        assert COOKIE not in signed_in.cookies
        assert session.scalars(select(UserSession)).all() == []
        again = await signed_in.post("/auth/logout", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert (again.status_code, sign_in.slug(again)) == (401, "session-ended")

    async def test_needs_the_token_of_the_session(self, signed_in: Client) -> None:
        del signed_in.headers["X-CSRF-Token"]
        assert sign_in.slug(await signed_in.post("/auth/logout")) == "csrf"
        assert (await signed_in.get("/me")).status_code == 200

    async def test_is_nothing_that_a_token_does(self, browser: Client, token: str) -> None:
        response = await browser.post("/auth/logout", headers={"Authorization": f"Bearer {token}"})
        assert (response.status_code, sign_in.slug(response)) == (409, "conflict")

    async def test_ends_no_other_session(
        self, signed_in: Client, production_app: FastAPI, token: str
    ) -> None:
        other = await sign_in.sign_in_with_token(sign_in.browser(production_app, ORIGIN), token)
        await signed_in.post("/auth/logout")
        assert (await other.get("/me")).status_code == 200


class TestInDevelopment:
    async def test_makes_a_session_with_the_role(self, developer: Client, viewer: str) -> None:
        response = await developer.post("/auth/development", json={"role": viewer})
        assert response.status_code == 200
        me = response.json()
        assert me["user"]["name"] == "development-viewer"
        assert me["permissions"] == ["read:locations"]
        assert me["roles"] == [{"id": "viewer", "description": "Looks on", "source": "development"}]
        cookie = sign_in.cookie_of(response)
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
        assert (response.status_code, sign_in.slug(response)) == (409, "conflict")
        assert session.scalars(select(UserRole)).all() == []

    async def test_refuses_a_closed_account(self, developer: Client, viewer: str, session: Session) -> None:
        await sign_in.sign_in_in_development(developer, viewer)
        session.execute(update(User).values(disabled_at=seed.NOW))
        session.commit()
        response = await developer.post("/auth/development", json={"role": viewer})
        assert (response.status_code, sign_in.slug(response)) == (403, "forbidden")

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
        assert (response.status_code, sign_in.slug(response)) == (403, "csrf")

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
        assert (response.status_code, sign_in.slug(response)) == (403, "csrf")

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
        assert (response.status_code, sign_in.slug(response)) == (401, "session-ended")
