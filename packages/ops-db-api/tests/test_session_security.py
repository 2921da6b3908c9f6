"""What a session's cookie is safe from: fixation, pages of others, forgery, the log."""

import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ccat_ops_db.models import (
    UserSession,
)
from ccat_ops_db_api.access.cookies import COOKIE, DEVELOPMENT_COOKIE, issue_cookie
from ccat_ops_db_api.platform.logs import configure_logs

from . import seed, sign_in
from .conftest import Client, CountStatements

ORIGIN = sign_in.PRODUCTION


class TestFixation:
    async def test_a_cookie_that_somebody_planted_is_not_taken_over(
        self, browser: Client, token: str
    ) -> None:
        planted, _ = issue_cookie(seed.KEY)
        browser.cookies.set(COOKIE, planted, domain="data.example.org", path="/")
        response = await browser.post("/auth/token", json={"token": token})
        assert sign_in.cookie_of(response).value != planted
        browser.cookies.clear()
        refused = await browser.get("/me", headers={"Cookie": f"{COOKIE}={planted}"})
        assert (refused.status_code, sign_in.slug(refused)) == (401, "session-ended")

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
        assert (old.status_code, sign_in.slug(old)) == (401, "session-ended")


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
        assert (response.status_code, sign_in.slug(response)) == (403, "csrf")
        assert (await operator.get("/data-locations/ccat.buffer")).json()["suspended_at"] is None

    async def test_the_token_of_another_session_is_refused(
        self, operator: Client, production_app: FastAPI, token: str
    ) -> None:
        other = await sign_in.sign_in_with_token(sign_in.browser(production_app, ORIGIN), token)
        operator.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
        response = await operator.post(self.PATH, json={"reason": "a token of mine"})
        assert (response.status_code, sign_in.slug(response)) == (403, "csrf")

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
        assert (response.status_code, sign_in.slug(response)) == (403, "csrf")
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
        assert (response.status_code, sign_in.slug(response)) == (401, "unauthenticated")
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
