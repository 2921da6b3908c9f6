"""Who may do what with a session, and how often."""

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from ccat_ops_db.models import (
    Role,
    RolePermission,
)
from ccat_ops_db_api.access.rate_limit import RateLimit
from ccat_ops_db_api.platform.errors import Problem

from . import seed, sign_in
from .conftest import Client, FixedClock

ORIGIN = sign_in.PRODUCTION


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
        assert (response.status_code, sign_in.slug(response)) == (403, "forbidden")
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
