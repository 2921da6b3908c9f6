"""Starting, finishing and looking at executions."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from ccat_ops_db.changed_keys import Changed
from ccat_ops_db.enumerations import ExecutionStatus
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    Event,
    ExecutedObsUnit,
    ExecutedObsUnitModule,
    Instrument,
    ObsUnit,
    Telescope,
)

from . import seed
from .conftest import ChangedKeys, Client, CountStatements, FixedClock

START = {"obs_unit": seed.OBS_UNIT, "modules": ["chai-lfa", "chai-hfa"]}
PATH = "/executed-obs-units"


def fields(response: Any) -> set[str]:
    """Return the fields that a problem names."""
    assert response.headers["content-type"] == "application/problem+json"
    return {error["field"] for error in response.json()["errors"]}


class TestStart:
    async def test_starts_now_when_no_time_is_given(self, client: Client, session: Session) -> None:
        response = await client.post(f"{PATH}:start", json=START)
        assert response.status_code == 201
        shown = response.json()
        assert shown["status"] == "running"
        assert shown["modules"] == ["chai-hfa", "chai-lfa"]
        assert shown["instruments"] == ["chai"]
        assert shown["started_at"] == shown["start_received_at"] == seed.NOW.isoformat()
        assert (await client.get(response.headers["location"].removeprefix("/api/v1"))).json() == shown
        event = session.query(Event).one()
        assert (event.action, event.subject_id, event.site_id) == ("execution.started", shown["id"], "ccat")

    async def test_the_same_again_changes_nothing(self, client: Client, session: Session) -> None:
        body = START | {"id": str(new_id()), "started_at": "2026-11-21T04:00:00-03:00"}
        first, second = [await client.post(f"{PATH}:start", json=body) for _ in range(2)]
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        assert first.json()["started_at"] == "2026-11-21T07:00:00+00:00"
        assert session.query(Event).count() == 1

    async def test_twice_at_once_is_once(self, client: Client, session: Session) -> None:
        body = START | {"id": str(new_id())}
        responses = await asyncio.gather(*(client.post(f"{PATH}:start", json=body) for _ in range(6)))
        assert sorted(response.status_code for response in responses) == [200] * 5 + [201]
        assert session.query(ExecutedObsUnit).count() == 1

    @pytest.mark.parametrize("other", [{"modules": ["chai-lfa"]}, {"started_at": "2026-11-20T00:00:00Z"}])
    async def test_other_facts_for_an_id_are_a_conflict(self, client: Client, other: dict[str, Any]) -> None:
        body = START | {"id": str(new_id())}
        await client.post(f"{PATH}:start", json=body)
        assert (await client.post(f"{PATH}:start", json=body | other)).status_code == 409

    async def test_every_unknown_name_is_named(self, client: Client) -> None:
        body = {"obs_unit": "nope", "modules": ["chai-lfa", "x", "y"]}
        response = await client.post(f"{PATH}:start", json=body)
        assert response.status_code == 422
        assert fields(response) == {"obs_unit", "modules.1", "modules.2"}

    async def test_it_belongs_to_the_site_of_the_telescope(
        self, client: Client, session: Session, app: FastAPI
    ) -> None:
        session.execute(update(Telescope).values(site_id="cologne"))
        session.commit()
        try:
            assert (await client.post(f"{PATH}:start", json=START)).status_code == 201
            execution = session.query(ExecutedObsUnit).one()
            assert (execution.telescope_id, execution.site_id) == ("fyst", "cologne")
            session.execute(delete(ExecutedObsUnitModule))
            session.delete(execution)
            session.commit()
            app.state.settings = app.state.settings.model_copy(update={"served_sites": ("ccat",)})
            refused = await client.post(f"{PATH}:start", json=START)
            assert (refused.status_code, refused.json()["owner_site"]) == (409, "cologne")
        finally:
            session.execute(update(Telescope).values(site_id="ccat"))
            session.commit()

    async def test_modules_of_two_telescopes_are_two_executions(
        self, client: Client, session: Session
    ) -> None:
        facts = {"observatory_id": "ccat-observatory", "site_id": "cologne", "name": "Dish"}
        session.add(Telescope(id="dish", latitude=50.9, longitude=7.0, altitude=50, **facts))
        session.flush()
        of_prime_cam = update(Instrument).where(Instrument.id == "prime-cam")
        session.execute(of_prime_cam.values(telescope_id="dish"))
        session.commit()
        try:
            body = START | {"modules": ["chai-lfa", "prime-cam-280"]}
            response = await client.post(f"{PATH}:start", json=body)
            assert (response.status_code, fields(response)) == (422, {"modules"})
        finally:
            session.execute(of_prime_cam.values(telescope_id="fyst"))
            session.execute(delete(Telescope).where(Telescope.id == "dish"))
            session.commit()

    async def test_a_retired_obs_unit_is_not_in_use(self, client: Client, session: Session) -> None:
        session.execute(update(ObsUnit).values(retired_at=seed.NOW))
        session.commit()
        try:
            assert fields(await client.post(f"{PATH}:start", json=START)) == {"obs_unit"}
        finally:
            session.execute(update(ObsUnit).values(retired_at=None))
            session.commit()

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"obs_unit": ""}, "obs_unit"),
            ({"obs_unit": "a\x00b"}, "obs_unit"),
            ({"obs_unit": "a\nb"}, "obs_unit"),
            ({"obs_unit": "x" * 201}, "obs_unit"),
            ({"obs_unit": 5}, "obs_unit"),
            ({"modules": []}, "modules"),
            ({"modules": "chai-lfa"}, "modules"),
            ({"modules": ["a\x00"]}, "modules.0"),
            ({"id": seed.NOT_VERSION_7}, "id"),
            ({"id": "x"}, "id"),
            ({"started_at": "2026-11-21T04:00:00"}, "started_at"),
            ({"started_at": "2026-11-21"}, "started_at"),
            ({"started_at": 1_700_000_000}, "started_at"),
            ({"started_at": "1700000000"}, "started_at"),
            ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at"),
            ({"started_at": "9999-12-31T23:59:59-14:00"}, "started_at"),
            ({"obs_units": "x"}, "obs_units"),
        ],
    )
    async def test_hostile_values_are_named(self, client: Client, change: dict[str, Any], field: str) -> None:
        response = await client.post(f"{PATH}:start", json=START | change)
        assert response.status_code == 422
        assert fields(response) == {field}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"\xff\xfe"',
            b'{"obs_unit": "\\ud800", "modules": ["chai-lfa"]}',
            b'{"\\ud800": 1}',
            b'{"obs_unit": ' + b"9" * 5000 + b"}",
            b"[" * 100_000,
            b'{"obs_unit": NaN, "modules": Infinity}',
        ],
    )
    async def test_hostile_bodies_are_refused(self, client: Client, body: bytes) -> None:
        response = await client.post(
            f"{PATH}:start", content=body, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in (400, 422)
        assert response.headers["content-type"] == "application/problem+json"

    async def test_modules_named_twice_are_refused(self, client: Client) -> None:
        response = await client.post(f"{PATH}:start", json=START | {"modules": ["chai-lfa", "chai-lfa"]})
        assert response.status_code == 422
        [error] = response.json()["errors"]
        assert error["field"] == "modules"
        assert "twice" in error["reason"]


class TestFinish:
    async def test_finishes_and_wakes_the_planner(
        self, client: Client, session: Session, changed_keys: ChangedKeys
    ) -> None:
        execution = seed.execution(session)
        session.commit()
        changed_keys()
        response = await client.post(
            f"{PATH}/{execution}:finish", json={"status": "completed", "mean_pwv": 0.6}
        )
        assert response.status_code == 200
        assert Changed("executed_obs_unit", str(execution)) in changed_keys()
        assert response.json()["status"] == "completed"
        assert response.json()["mean_pwv"] == 0.6
        assert session.query(Event).one().action == "execution.finished"

    async def test_the_same_again_changes_nothing(
        self, client: Client, session: Session, clock: FixedClock
    ) -> None:
        execution = seed.execution(session)
        session.commit()
        first = await client.post(f"{PATH}/{execution}:finish", json={"status": "aborted"})
        clock.now += timedelta(minutes=1)
        second = await client.post(f"{PATH}/{execution}:finish", json={"status": "aborted"})
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json() == second.json()

    async def test_two_ends_at_once_leave_one(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        session.commit()
        bodies = [{"status": status} for status in ("completed", "failed", "aborted")]
        responses = await asyncio.gather(
            *(client.post(f"{PATH}/{execution}:finish", json=body) for body in bodies)
        )
        assert sorted(response.status_code for response in responses) == [200, 409, 409]

    @pytest.mark.parametrize("other", [{"status": "failed"}, {"status": "completed", "comment": "x"}])
    async def test_another_end_is_a_conflict(
        self, client: Client, session: Session, other: dict[str, str]
    ) -> None:
        execution = seed.execution(session, status=ExecutionStatus.COMPLETED)
        session.commit()
        response = await client.post(f"{PATH}/{execution}:finish", json=other)
        assert response.status_code == 409
        assert "completed" in response.json()["detail"]

    async def test_an_end_before_the_start_is_named(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        session.commit()
        body = {"status": "completed", "ended_at": "2026-11-21T10:59:59Z"}
        response = await client.post(f"{PATH}/{execution}:finish", json=body)
        assert response.status_code == 422
        assert fields(response) == {"ended_at"}

    async def test_a_start_ahead_of_our_clock_can_be_finished(self, client: Client) -> None:
        start = await client.post(f"{PATH}:start", json=START | {"started_at": "2026-11-21T12:05:00Z"})
        response = await client.post(f"{PATH}/{start.json()['id']}:finish", json={"status": "completed"})
        assert response.json()["ended_at"] == "2026-11-21T12:05:00+00:00"

    async def test_unknown_executions_are_not_found(self, client: Client) -> None:
        response = await client.post(f"{PATH}/{new_id()}:finish", json={"status": "completed"})
        assert response.status_code == 404

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"status": "running"},
            {"status": "completed", "mean_pwv": -1},
            {"status": "completed", "elevation_min": 91},
            {"status": "completed", "elevation_min": 50, "elevation_max": 40},
            {"status": "completed", "azimuth_min": 1e300},
            {"status": "completed", "comment": "\x00"},
            {"status": "completed", "ended_at": "2026-11-21T12:00:00"},
        ],
    )
    async def test_hostile_values_are_refused(
        self, client: Client, session: Session, body: dict[str, Any]
    ) -> None:
        execution = seed.execution(session)
        session.commit()
        assert (await client.post(f"{PATH}/{execution}:finish", json=body)).status_code == 422

    async def test_if_match_protects_what_was_not_seen(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        session.commit()
        etag = (await client.get(f"{PATH}/{execution}")).headers["etag"]
        body = {"status": "completed"}
        stale = await client.post(f"{PATH}/{execution}:finish", json=body, headers={"If-Match": '"x"'})
        assert stale.status_code == 412
        fresh = await client.post(f"{PATH}/{execution}:finish", json=body, headers={"If-Match": etag})
        assert fresh.status_code == 200

    async def test_another_sites_execution_is_left_alone(
        self, client: Client, session: Session, app: Any
    ) -> None:
        execution = seed.execution(session)
        session.commit()
        app.state.settings = app.state.settings.model_copy(update={"served_sites": ("cologne",)})
        response = await client.post(f"{PATH}/{execution}:finish", json={"status": "completed"})
        assert response.status_code == 409
        assert "site ccat" in response.json()["detail"]


class TestList:
    async def test_is_empty_at_first(self, client: Client) -> None:
        assert (await client.get(PATH)).json() == {"items": [], "next_cursor": None}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"obs_unit": seed.OBS_UNIT}, 1),
            ({"obs_unit": "x"}, 0),
            ({"instrument": "chai"}, 1),
            ({"instrument": "prime-cam"}, 0),
            ({"program": "GEco"}, 1),
            ({"source": "Orion-KL"}, 1),
            ({"status": "running"}, 1),
            ({"status": "failed"}, 0),
            ({"since": "2026-11-21T11:00:00Z"}, 1),
            ({"since": "2026-11-21T11:00:01Z"}, 0),
            ({"until": "2026-11-21T11:00:00Z"}, 0),
        ],
    )
    async def test_filters(self, client: Client, session: Session, query: dict[str, str], found: int) -> None:
        seed.execution(session, ["chai-lfa", "chai-hfa"])
        session.commit()
        assert len((await client.get(PATH, params=query)).json()["items"]) == found

    async def test_takes_as_many_statements_for_many_as_for_one(
        self, client: Client, session: Session, count_statements: CountStatements
    ) -> None:
        seed.execution(session)
        session.commit()
        with count_statements() as for_one:
            await client.get(PATH)
        for _ in range(20):
            seed.execution(session)
        session.commit()
        with count_statements() as for_many:
            await client.get(PATH)
        assert len(for_many) == len(for_one) == 2

    async def test_unknown_executions_are_not_found(self, client: Client) -> None:
        assert (await client.get(f"{PATH}/{new_id()}")).status_code == 404
        assert (await client.get(f"{PATH}/{new_id()}/progress")).status_code == 404
        assert (await client.get(f"{PATH}/x")).status_code == 422


class TestProgress:
    async def test_counts_statements_constantly(
        self, client: Client, session: Session, count_statements: CountStatements
    ) -> None:
        execution = seed.execution(session)
        session.commit()
        counts = []
        for part in range(1, 4):
            with count_statements() as statements:
                response = await client.get(f"{PATH}/{execution}/progress")
            counts.append(len(statements))
            assert response.json()["packages"] == part - 1
            seed.package(session, execution, part=part)
            session.commit()
        assert len(set(counts)) == 1
