"""Who may do what: tokens, scopes, sites, limits; and that every route says what it needs."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_ops_db import secret_texts
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import ApiToken, Role, RolePermission, TokenUse, User
from ccat_ops_db.permissions import PermissionName
from ccat_ops_db.tokens import token_prefix
from ccat_ops_db_api.application import set_limits, tidy_up

from . import seed, sign_in
from .conftest import Client, FixedClock, MakeClient

PUBLIC = {
    "get_health",
    "get_readiness",
    "get_metrics",
    "get_ways_to_sign_in",
    "sign_in_with_token",
    "sign_in_in_development",
}
ANY_CREDENTIAL = {"get_me", "search", "sign_out"}
CONFIGURATION = Path(__file__).parents[3] / "data-center-config"


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, a callable path and the description of every operation."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), callable_path(path), operation


def callable_path(path: str) -> str:
    """Return a path with its parameters filled with keys of nothing."""
    return re.sub(r"{[a-z]+_id}", str(new_id()), re.sub("{(name|subject)}", "nothing", path)).removeprefix(
        "/api/v1"
    )


def test_every_route_declares_what_it_needs(built_app: FastAPI) -> None:
    undeclared = []
    for method, path, operation in operations(built_app):
        ways = {name: needed for way in operation.get("security", []) for name, needed in way.items()}
        scopes = ways.get("token", [])
        if operation["operationId"] in PUBLIC:
            assert "security" not in operation
        elif operation["operationId"] in ANY_CREDENTIAL:
            assert operation["security"] == [{"token": []}, {"session": []}]
        elif len(scopes) != 1 or scopes[0] not in set(PermissionName) or ways["session"] != scopes:
            undeclared.append((method, path, scopes))
    assert not undeclared


async def test_every_operation_refuses_who_has_no_token(app: FastAPI, stranger: Client) -> None:
    for method, path, operation in operations(app):
        if operation["operationId"] in PUBLIC:
            continue
        response = await stranger.request(method, path)
        assert response.status_code == 401, (method, path, response.text)
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["www-authenticate"].startswith("Bearer")


async def test_every_operation_refuses_who_lacks_its_permission(
    app: FastAPI, client_with: MakeClient
) -> None:
    clients: dict[str, Client] = {}
    for method, path, operation in operations(app):
        if operation["operationId"] in PUBLIC | ANY_CREDENTIAL:
            continue
        (needed,) = operation["security"][0]["token"]
        if needed not in clients:
            clients[needed] = client_with(*(set(PermissionName) - {needed}))
        response = await clients[needed].request(method, path)
        assert response.status_code == 403, (method, path, response.text)
        assert needed in response.json()["detail"]


@pytest.fixture
def configured_roles(session: Session) -> dict[str, set[str]]:
    """The roles of the observatory's configuration, in the database."""
    configured = yaml.safe_load((CONFIGURATION / "access.yaml").read_text())["roles"]
    roles = {name: set(role["permissions"]) for name, role in configured.items()}
    session.add_all(Role(id=name) for name in roles)
    session.flush()
    for name, permissions in roles.items():
        session.add_all(RolePermission(role_id=name, permission_id=right) for right in permissions)
    session.commit()
    return roles


async def test_every_operation_admits_the_roles_that_have_its_permission(
    app: FastAPI, configured_roles: dict[str, set[str]]
) -> None:
    for role, permissions in configured_roles.items():
        browser = await sign_in.sign_in_in_development(sign_in.browser(app, sign_in.DEVELOPMENT), role)
        for method, path, operation in operations(app):
            if operation["operationId"] in PUBLIC | ANY_CREDENTIAL:
                continue
            (needed,) = operation["security"][1]["session"]
            set_limits(app)
            response = await browser.request(method, path)
            if needed in permissions:
                # Not allowed is what it is not; most paths name something that is not there.
                assert response.status_code in (200, 202, 404, 409, 422), (role, method, path, response.text)
            else:
                assert response.status_code == 403, (role, method, path, response.text)
                problem = response.json()
                assert problem["permission"] == needed
                givers = {name for name, rights in configured_roles.items() if needed in rights}
                assert problem["roles"] == sorted(givers)


class TestToken:
    async def test_says_whose_it_is(self, client_with: MakeClient) -> None:
        response = await client_with("read:data", "read:events").get("/me")
        assert response.status_code == 200
        assert response.json()["permissions"] == ["read:data", "read:events"]
        assert "secret" not in response.text

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer x",
            "Basic dXNlcjpwYXNz",
            "Bearer ccat_abc_def",
            "Bearer " + "a" * 10_000,
            "Bearer ccat_\x7f_",
        ],
    )
    async def test_refuses_what_is_no_token(self, stranger: Client, header: str) -> None:
        response = await stranger.get("/me", headers={"Authorization": header})
        assert response.status_code == 401

    async def test_refuses_a_wrong_secret(self, client: Client, session: Session) -> None:
        mine, other = client.headers["authorization"], seed.token(session)
        session.commit()
        forged = mine.split("_")[0] + "_" + mine.split("_")[1] + "_" + other.split("_")[2]
        assert (await client.get("/me", headers={"Authorization": forged})).status_code == 401

    async def test_refuses_a_secret_of_another_prefix_with_a_right_tag(
        self, client: Client, session: Session
    ) -> None:
        prefix = client.headers["authorization"].removeprefix("Bearer ").rsplit("_", 1)[0]
        secret = "A" * secret_texts.SECRET_LENGTH
        forged = f"{prefix}_{secret}{secret_texts.tag(f'{prefix}_{secret}', seed.KEY)}"
        response = await client.get("/me", headers={"Authorization": f"Bearer {forged}"})
        assert response.status_code == 401
        assert "not known" in response.json()["detail"]

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"expires_at": seed.NOW}, "expired"),
            ({"bound_site_id": "cologne"}, "cologne"),
        ],
    )
    async def test_refuses_a_token_that_is_over(
        self, client: Client, session: Session, change: dict[str, object], word: str
    ) -> None:
        session.execute(update(ApiToken).values(**change))
        session.commit()
        response = await client.get("/me")
        assert response.status_code == 401
        assert word in response.json()["detail"]

    async def test_refuses_a_revoked_token(self, client: Client, session: Session) -> None:
        seed.revoke_tokens(session)
        session.commit()
        response = await client.get("/me")
        assert response.status_code == 401
        assert "revoked" in response.json()["detail"]

    async def test_is_valid_until_its_end_and_at_its_site(self, client: Client, session: Session) -> None:
        session.execute(
            update(ApiToken).values(expires_at=seed.NOW + timedelta(seconds=1), bound_site_id="ccat")
        )
        session.commit()
        assert (await client.get("/me")).status_code == 200

    async def test_refuses_the_token_of_a_closed_account(self, client: Client, session: Session) -> None:
        session.execute(update(User).values(disabled_at=seed.NOW))
        session.commit()
        assert (await client.get("/me")).status_code == 401

    async def test_never_allows_more_than_its_owner_may(self, client: Client, session: Session) -> None:
        session.query(RolePermission).filter(RolePermission.permission_id != "read:data").delete()
        session.commit()
        assert (await client.get("/me")).json()["permissions"] == ["read:data"]
        assert (await client.get("/raw-data-files")).status_code == 200
        assert (await client.get("/sites")).status_code == 403

    async def test_a_retired_role_gives_nothing(self, client: Client, session: Session) -> None:
        session.execute(update(Role).values(retired_at=seed.NOW))
        session.commit()
        assert (await client.get("/me")).json()["permissions"] == []


class TestLastUse:
    async def test_is_a_row_of_this_site_written_in_batches_and_never_back(
        self, app: FastAPI, client: Client, session: Session, clock: FixedClock
    ) -> None:
        async def uses_after(span: timedelta) -> list[tuple[object, ...]]:
            clock.now += span
            await client.get("/me")
            await tidy_up(app)
            session.rollback()
            rows = session.execute(select(TokenUse.api_token_id, TokenUse.site_id, TokenUse.used_at))
            return [tuple(row) for row in rows]

        token_id = UUID((await client.get("/me")).json()["credential"]["id"])
        assert session.execute(select(TokenUse.used_at)).all() == []
        first = [(token_id, "ccat", seed.NOW)]
        assert await uses_after(timedelta(0)) == first
        assert await uses_after(timedelta(hours=-1)) == first
        assert await uses_after(timedelta(hours=1, minutes=14)) == first
        later = seed.NOW + timedelta(minutes=15)
        assert await uses_after(timedelta(minutes=1)) == [(token_id, "ccat", later)]
        assert session.get_one(ApiToken, token_id).last_used_at == later


class TestRateLimit:
    async def test_says_how_long_to_wait_and_forgives(
        self, app: FastAPI, client: Client, client_with: MakeClient, clock: FixedClock
    ) -> None:
        limit = app.state.settings.request_burst
        await client.get("/me")
        prefix = token_prefix(client.headers["authorization"].removeprefix("Bearer "))
        for _ in range(limit - 1):
            app.state.rate_limit.take(prefix)
        response = await client.get("/me")
        assert response.status_code == 429
        assert int(response.headers["retry-after"]) >= 1
        assert (await client_with("read:data").get("/me")).status_code == 200
        clock.seconds += 1
        assert (await client.get("/me")).status_code == 200
