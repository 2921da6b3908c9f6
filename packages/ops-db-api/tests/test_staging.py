"""Asking for data at a processing location."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_ops_db.changed_keys import Changed
from ccat_ops_db.enumerations import Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import Event, RawDataFile, StagingItem, StagingJob

from . import seed
from .conftest import ChangedKeys, Client

PATH = "/staging-jobs"


def ask(**what: object) -> dict[str, Any]:
    """Return a request for data."""
    return {"destination_location": seed.PROCESSING} | {
        name: str(value) if isinstance(value, UUID) else value for name, value in what.items()
    }


def _move(session: Session, item: dict[str, Any], to: Status = Status.IN_PROGRESS, **values: object) -> None:
    """Bring an item to a status, by way of a worker."""
    leased = {"lease_owner": "w", "lease_expires_at": seed.NOW + timedelta(hours=1)}
    for status in (Status.SCHEDULED, Status.IN_PROGRESS, to):
        _set(session, item, status=status, **leased)
    _set(session, item, **values)


def _set(session: Session, item: dict[str, Any], **values: object) -> None:
    session.execute(update(StagingItem).where(StagingItem.id == UUID(item["id"])).values(**values))
    session.commit()


class TestStage:
    async def test_an_execution_is_all_its_packages(
        self, client: Client, session: Session, changed_keys: ChangedKeys
    ) -> None:
        execution = seed.execution(session)
        packages = {seed.package(session, execution, part=part) for part in (1, 2)}
        session.commit()
        changed_keys()
        response = await client.post(PATH, json=ask(execution_id=execution, reason="reduction"))
        assert response.status_code == 201, response.text
        job = response.json()
        assert (job["state"], job["bytes_total"], job["bytes_done"]) == ("pending", 4000, 0)
        assert {UUID(item["package_id"]) for item in job["items"]} == packages
        assert {Changed("staging_job", job["id"])} < changed_keys()
        assert job["folder"] == f"/data/cologne.processing/{execution}"
        assert set(session.scalars(select(StagingItem.site_id))) == {"cologne"}
        assert session.query(StagingJob).one().site_id == "cologne"
        assert session.query(Event).one().action == "staging_job.requested"

    async def test_a_file_is_one_item(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        file = session.scalars(select(RawDataFile.id)).first()
        job = (await client.post(PATH, json=ask(file_id=file, time_to_live=60))).json()
        (item,) = job["items"]
        assert (item["file_id"], item["package_id"]) == (str(file), str(package))
        assert job["folder"].endswith("/chai-lfa")
        assert (job["bytes_total"], job["time_to_live"]) == (1000, 60)

    async def test_an_unsealed_package_waits(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session), sealed=False)
        session.commit()
        job = (await client.post(PATH, json=ask(package_id=package))).json()
        assert job["items"][0]["waiting_reason"] == "not_sealed"

    @pytest.mark.parametrize(("part", "folder"), [(1, "chai-lfa"), (2, "chai-lfa.part-2")])
    async def test_a_package_has_its_own_folder(
        self, client: Client, session: Session, part: int, folder: str
    ) -> None:
        execution = seed.execution(session)
        package = seed.package(session, execution, part=part)
        session.commit()
        job = (await client.post(PATH, json=ask(package_id=package))).json()
        assert job["folder"] == f"/data/cologne.processing/{execution}/{folder}"

    async def test_what_is_in_no_package_yet_is_a_conflict(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        seed.package(session, execution)
        [loose] = seed.file_of_chai(session, execution, ["loose"])
        session.commit()
        for what in ({"execution_id": execution}, {"file_id": loose.id}):
            response = await client.post(PATH, json=ask(**what))
            assert response.status_code == 409
            assert response.json()["type"].endswith("/not-packaged")
        assert session.query(StagingJob).count() == 0

    async def test_an_execution_without_files_is_a_conflict(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        session.commit()
        assert (await client.post(PATH, json=ask(execution_id=execution))).status_code == 409

    async def test_the_same_again_changes_nothing_and_other_facts_are_a_conflict(
        self, client: Client, session: Session
    ) -> None:
        execution = seed.execution(session)
        first, second = (seed.package(session, execution, part=part) for part in (1, 2))
        session.commit()
        identifier = str(new_id())
        body = ask(id=identifier, package_id=first)
        answers = [await client.post(PATH, json=body) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
        other = await client.post(PATH, json=ask(id=identifier, package_id=second))
        assert other.status_code == 409

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"package_id": seed.NOBODY}, "package_id"),
            ({"file_id": seed.NOBODY}, "file_id"),
            ({"execution_id": seed.NOBODY}, "execution_id"),
            ({"package_id": seed.NOBODY, "destination_location": "x"}, "destination_location"),
            ({"package_id": seed.NOBODY, "destination_location": seed.BUFFER}, "destination_location"),
            ({"package_id": seed.NOBODY, "time_to_live": 0}, "time_to_live"),
            ({"package_id": seed.NOBODY, "time_to_live": 2**70}, "time_to_live"),
            ({"package_id": seed.NOBODY, "pinned_until": "2026-11-21T00:00:00"}, "pinned_until"),
            ({"package_id": seed.NOBODY, "reason": "\x00"}, "reason"),
        ],
    )
    async def test_hostile_values_are_named(self, client: Client, body: dict[str, Any], field: str) -> None:
        response = await client.post(PATH, json={"destination_location": seed.PROCESSING} | body)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == [field]

    @pytest.mark.parametrize("what", [{}, {"file_id": seed.NOBODY, "package_id": seed.NOBODY}])
    async def test_exactly_one_thing_is_asked_for(self, client: Client, what: dict[str, Any]) -> None:
        response = await client.post(PATH, json=ask(**what))
        assert response.status_code == 422
        assert "exactly one" in response.text


class TestState:
    @pytest.mark.parametrize(
        ("statuses", "state"),
        [
            (["pending", "pending"], "pending"),
            (["scheduled", "pending"], "pending"),
            (["in_progress", "pending"], "in_progress"),
            (["completed", "pending"], "in_progress"),
            (["completed", "completed"], "completed"),
            (["completed", "failed"], "failed"),
            (["failed", "pending"], "pending"),
        ],
    )
    async def test_is_that_of_the_items(
        self, client: Client, session: Session, statuses: list[str], state: str
    ) -> None:
        execution = seed.execution(session)
        for part in (1, 2):
            seed.package(session, execution, part=part)
        session.commit()
        job = (await client.post(PATH, json=ask(execution_id=execution))).json()
        ways = {
            "pending": [],
            "scheduled": [Status.SCHEDULED],
            "in_progress": [Status.SCHEDULED, Status.IN_PROGRESS],
            "completed": [Status.COMPLETED],
            "failed": [Status.FAILED],
        }
        for item, status in zip(job["items"], statuses, strict=True):
            for step in ways[status]:
                session.execute(
                    update(StagingItem)
                    .where(StagingItem.id == UUID(item["id"]))
                    .values(status=step, lease_owner="w", lease_expires_at=seed.NOW + timedelta(hours=1))
                )
        session.commit()
        assert (await client.get(f"{PATH}/{job['id']}")).json()["state"] == state
        listed = (await client.get(PATH, params={"state": state})).json()["items"]
        assert [shown["id"] for shown in listed] == [job["id"]]

    async def test_a_job_says_when_it_will_be_there(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        for part in (1, 2):
            seed.package(session, execution, part=part)
        session.commit()
        job = (await client.post(PATH, json=ask(execution_id=execution))).json()
        names = [(item["module"], item["part_number"], item["relative_path"]) for item in job["items"]]
        assert names == [("chai-lfa", 1, None), ("chai-lfa", 2, None)]
        assert (job["source"], job["obs_unit"]) == ("Orion-KL", seed.OBS_UNIT)
        assert (job["bytes_per_second"], job["expected_at"]) == (None, None)
        progressed_at = seed.NOW + timedelta(seconds=10)
        _move(session, job["items"][0], bytes_done=500, started_at=seed.NOW, progressed_at=progressed_at)
        moving = (await client.get(f"{PATH}/{job['id']}")).json()
        assert moving["bytes_per_second"] == 50.0
        assert datetime.fromisoformat(moving["expected_at"]) == progressed_at + timedelta(seconds=70)
        _set(session, job["items"][1], waiting_reason="location_suspended")
        waiting = (await client.get(f"{PATH}/{job['id']}")).json()
        assert (waiting["bytes_per_second"], waiting["expected_at"]) == (50.0, None)

    async def test_a_job_says_until_when_all_of_it_stays(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        for part in (1, 2):
            seed.package(session, execution, part=part)
        session.commit()
        job = (await client.post(PATH, json=ask(execution_id=execution, time_to_live=3600))).json()
        first, last = seed.NOW, seed.NOW + timedelta(minutes=5)
        _move(session, job["items"][0], finished_at=first, to=Status.COMPLETED)
        partly = (await client.get(f"{PATH}/{job['id']}")).json()
        assert (partly["arrived_at"], partly["kept_until"]) == (None, None)
        _move(session, job["items"][1], finished_at=last, to=Status.COMPLETED)
        there = (await client.get(f"{PATH}/{job['id']}")).json()
        assert datetime.fromisoformat(there["arrived_at"]) == last
        assert datetime.fromisoformat(there["kept_until"]) == first + timedelta(hours=1)

    async def test_cancelled_jobs_stay_cancelled(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        job = (await client.post(PATH, json=ask(package_id=package))).json()
        first, again = [await client.post(f"{PATH}/{job['id']}:cancel") for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200)
        assert again.json()["state"] == "cancelled"
        assert {item["status"] for item in again.json()["items"]} == {"cancelled"}

    async def test_unknown_jobs_are_not_found(self, client: Client) -> None:
        assert (await client.get(f"{PATH}/{new_id()}")).status_code == 404
        assert (await client.post(f"{PATH}/{new_id()}:cancel")).status_code == 404
        assert (await client.get(PATH)).json()["items"] == []
