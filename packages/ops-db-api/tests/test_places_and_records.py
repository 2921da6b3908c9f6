"""Places, reference data, holds, errors and events."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import measure_place
from ccat_ops_db.changed_keys import Changed
from ccat_ops_db.enumerations import CallerKind, DoubtCause, PhysicalCopyStatus, Severity
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    DeletionHoldEnd,
    Doubt,
    ErrorAcknowledgement,
    Event,
    PhysicalCopy,
    S3DataLocation,
    Site,
    Suspension,
)

from . import seed
from .conftest import ChangedKeys, Client, CountStatements

LISTS = {
    "observatories": "ccat-observatory",
    "telescopes": "fyst",
    "instruments": "chai",
    "observing-programs": "GEco",
    "obs-units": seed.OBS_UNIT,
    "sources": "Orion-KL",
    "sites": "ccat",
    "data-locations": seed.BUFFER,
    "routes": "ccat-to-cologne",
    "retention-policies": "source",
}


class TestReferenceData:
    @pytest.mark.parametrize("path", LISTS)
    async def test_is_listed_and_shown(
        self, client: Client, path: str, count_statements: CountStatements
    ) -> None:
        with count_statements() as statements:
            items = (await client.get(f"/{path}")).json()["items"]
        assert len(statements) == 2
        shown = await client.get(f"/{path}/{LISTS[path]}")
        assert shown.json() in items
        unchanged = await client.get(
            f"/{path}/{LISTS[path]}", headers={"If-None-Match": shown.headers["etag"]}
        )
        assert unchanged.status_code == (200 if path in ("data-locations", "routes") else 304)
        assert (await client.get(f"/{path}/nope")).status_code == 404

    async def test_what_configuration_ceased_to_name_is_shown_on_request(
        self, client: Client, session: Session
    ) -> None:
        session.get_one(Site, "cologne").retired_at = seed.NOW
        session.commit()
        in_use = (await client.get("/sites")).json()["items"]
        everything = (await client.get("/sites", params={"retired": "true"})).json()["items"]
        assert ([site["id"] for site in in_use], len(everything)) == (["ccat"], 2)

    async def test_sites_say_how_to_reach_those_who_look_after_them(
        self, client: Client, session: Session
    ) -> None:
        session.get_one(Site, "cologne").contact = "night shift, +49 221 4710 100"
        session.commit()
        sites = (await client.get("/sites")).json()["items"]
        assert {site["id"]: site["contact"] for site in sites} == {
            "ccat": None,
            "cologne": "night shift, +49 221 4710 100",
        }

    async def test_instruments_show_their_modules(self, client: Client) -> None:
        shown = (await client.get("/instruments/chai")).json()
        assert [module["id"] for module in shown["modules"]] == ["chai-hfa", "chai-lfa"]

    async def test_locations_show_what_their_storage_has_and_how_full_they_are(
        self, client: Client, session: Session
    ) -> None:
        for minute, used in ((1, 10), (2, 20)):
            measure_place(session, seed.ARCHIVE, seed.NOW.replace(minute=minute), used, 100)
        session.commit()
        archive = (await client.get(f"/data-locations/{seed.ARCHIVE}")).json()
        assert (archive["bucket"], archive["path"]) == ("lta", None)
        assert archive["usage"]["used_bytes"] == 20
        assert "secret" not in str(archive)
        buffer = (await client.get(f"/data-locations/{seed.BUFFER}")).json()
        assert (buffer["path"], buffer["usage"]) == ("/data/ccat.buffer", None)

    async def test_a_quota_is_shown_where_it_is_used_up_more(self, client: Client, session: Session) -> None:
        location = DataLocation.__table__
        quota = update(location).where(location.c.id == seed.ARCHIVE)
        session.execute(quota.values(capacity_bytes=1_000_000))
        package = seed.package(session, seed.execution(session))
        seed.copy_of(session, package, seed.ARCHIVE)
        session.commit()

        async def usage() -> Any:
            return (await client.get(f"/data-locations/{seed.ARCHIVE}")).json()["usage"]

        [copy] = session.query(PhysicalCopy).filter_by(data_location_id=seed.ARCHIVE)
        assert ((await usage())["used_bytes"], (await usage())["total_bytes"]) == (copy.size, 1_000_000)
        measure_place(session, seed.ARCHIVE, seed.NOW, 990, 1_000)
        session.commit()
        assert (await usage())["used_share"] == 0.99, "others use more of the file system"

    async def test_locations_count_their_packages_by_status(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        seed.copy_of(session, package, seed.ARCHIVE, PhysicalCopyStatus.CORRUPT)
        session.commit()
        found = (await client.get(f"/data-locations/{seed.ARCHIVE}/packages")).json()
        assert {status for status, count in found.items() if count} == {"corrupt"}
        assert set(found) == set(PhysicalCopyStatus)
        assert (await client.get("/data-locations/x.y/packages")).status_code == 404

    async def test_the_own_site_says_what_it_serves(self, client: Client) -> None:
        site = (await client.get("/site")).json()
        assert site["id"] == "ccat"
        assert site["served_sites"] == ["ccat", "cologne"]
        assert seed.BUFFER in site["locations"]


class TestSuspend:
    @pytest.mark.parametrize(
        "path", [f"data-locations/{seed.BUFFER}", "routes/ccat-to-cologne", "sites/ccat"]
    )
    async def test_and_resume(
        self, client: Client, session: Session, path: str, changed_keys: ChangedKeys
    ) -> None:
        changed_keys()
        for _ in range(2):
            response = await client.post(f"/{path}:suspend", json={"reason": "new disks"})
            assert response.status_code == 200
            assert response.json()["suspended_reason"] == "new disks"
        assert changed_keys() == {
            Changed("event", str(session.query(Event).one().id)),
            Changed("suspension", str(session.query(Suspension).one().id)),
        }
        for _ in range(2):
            response = await client.post(f"/{path}:resume")
            assert response.json()["suspended_at"] is None
        actions = [event.action.split(".")[1] for event in session.query(Event).order_by(Event.id)]
        assert actions == ["suspended", "resumed"]

    async def test_if_match_is_not_disturbed_by_measurements(self, client: Client, session: Session) -> None:
        path = f"/data-locations/{seed.BUFFER}"
        etag = (await client.get(path)).headers["etag"]
        measure_place(session, seed.BUFFER, seed.NOW, 1, 100)
        session.commit()
        headers, body = {"If-Match": etag}, {"reason": "x"}
        assert (await client.post(f"{path}:suspend", json=body, headers=headers)).status_code == 200
        assert (await client.post(f"{path}:resume", headers=headers)).status_code == 412

    @pytest.mark.parametrize("body", [None, {}, {"reason": ""}, {"reason": "\x00"}, {"reason": 5}])
    async def test_a_reason_is_needed(self, client: Client, body: Any) -> None:
        response = await client.post("/sites/ccat:suspend", json=body)
        assert response.status_code == 422

    async def test_unknown_places_are_not_found(self, client: Client) -> None:
        assert (await client.post("/sites/x:suspend", json={"reason": "x"})).status_code == 404
        assert (await client.post("/routes/x:resume")).status_code == 404


class TestPauses:
    @pytest.mark.parametrize(
        ("path", "scope", "scope_id"),
        [
            (f"data-locations/{seed.BUFFER}", "location", seed.BUFFER),
            ("routes/ccat-to-cologne", "route", "ccat-to-cologne"),
        ],
    )
    async def test_end_at_once_when_it_is_resumed(
        self, client: Client, session: Session, path: str, scope: str, scope_id: str
    ) -> None:
        later = seed.NOW.replace(year=2100)
        outage, other = seed.outage(scope, scope_id, later), seed.outage("broker", "broker", later)
        session.add_all([outage, other])
        session.commit()
        response = await client.post(f"/{path}:resume")
        assert response.json()["service"]["state"] == "paused", "until it was tried"
        for each in (outage, other):
            session.refresh(each)
        assert outage.next_probe_at is not None
        assert outage.next_probe_at < later
        assert other.next_probe_at == later
        [event] = session.query(Event)
        assert event.action.endswith(".tried")

    async def test_a_location_is_tried_whose_credential_was_refused(
        self, client: Client, session: Session
    ) -> None:
        later = seed.NOW.replace(year=2100)
        store = session.execute(
            select(S3DataLocation.__table__.c.id, S3DataLocation.__table__.c.credential)
        ).first()
        assert store is not None
        outages = [seed.outage("credential", store.credential, later, site) for site in ("ccat", "cologne")]
        session.add_all(outages)
        session.commit()
        assert (await client.post(f"/data-locations/{store.id}:resume")).status_code == 200
        tried = {}
        for each in outages:
            session.refresh(each)
            tried[each.site_id] = each.next_probe_at != later
        assert tried == {site: site == store.id.partition(".")[0] for site in tried}


class TestHolds:
    @pytest.mark.parametrize(
        "body",
        [
            {"scope": "global"},
            {"scope": "site", "site": "ccat"},
            {"scope": "location", "location": seed.BUFFER},
            {"scope": "program", "program": "GEco", "until": "2027-01-01T00:00:00Z"},
        ],
    )
    async def test_are_placed_and_lifted(
        self, client: Client, session: Session, body: dict[str, Any]
    ) -> None:
        placed = await client.post("/deletion-holds", json=body | {"reason": "in doubt"})
        assert placed.status_code == 201, placed.text
        path = f"/deletion-holds/{placed.json()['id']}"
        assert (await client.get("/deletion-holds", params={"active": "true"})).json()["items"] == [
            placed.json()
        ]
        for _ in range(2):
            lifted = await client.post(f"{path}:lift", json={"reason": "sure again"})
            assert lifted.json()["lifted_at"] == seed.NOW.isoformat()
        assert (await client.get("/deletion-holds", params={"active": "true"})).json()["items"] == []
        assert session.query(Event).count() == 2

    async def test_the_same_again_by_its_idempotency_key_changes_nothing(
        self, client: Client, session: Session
    ) -> None:
        body, headers = {"scope": "global", "reason": "x"}, {"Idempotency-Key": "k"}
        answers = [await client.post("/deletion-holds", json=body, headers=headers) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert session.query(DeletionHold).count() == 1

    async def test_a_hold_of_another_site_is_lifted_here(self, client: Client, session: Session) -> None:
        hold = DeletionHold(
            site_id="cologne", scope="global", created_by="them", created_at=seed.NOW, reason="a paper"
        )
        session.add(hold)
        session.commit()
        assert (await client.post(f"/deletion-holds/{hold.id}:lift")).json()["lifted_at"] is not None
        assert session.query(DeletionHoldEnd.site_id).all() == [("ccat",)]

    @pytest.mark.parametrize(
        "body",
        [
            {"scope": "site", "site": "x", "reason": "x"},
            {"scope": "package", "package_id": seed.NOBODY, "reason": "x"},
            {"scope": "site", "reason": "x"},
            {"scope": "global", "site": "ccat", "reason": "x"},
            {"scope": "global", "reason": ""},
            {"scope": "global", "reason": "x", "until": "2020-01-01T00:00:00Z"},
            {"scope": "everything", "reason": "x"},
            # A client that sends one id to two sites must not make two rows of one id.
            {"id": str(new_id()), "scope": "global", "reason": "x"},
        ],
    )
    async def test_hostile_values_are_refused(self, client: Client, body: dict[str, Any]) -> None:
        assert (await client.post("/deletion-holds", json=body)).status_code == 422

    async def test_unknown_holds_are_not_found(self, client: Client) -> None:
        assert (await client.get(f"/deletion-holds/{new_id()}")).status_code == 404
        assert (await client.post(f"/deletion-holds/{new_id()}:lift")).status_code == 404


class TestErrors:
    @pytest.fixture(autouse=True)
    def errors(self, session: Session) -> None:
        """A warning and an error."""
        for severity in (Severity.WARNING, Severity.ERROR):
            record_error(
                session,
                site_id="ccat",
                at=seed.NOW,
                severity=severity,
                category=f"a_{severity}",
                subject_type="data_location",
                subject_id=seed.BUFFER,
                message="mend it",
            )
        session.commit()

    async def test_are_listed_and_acknowledged_once(self, client: Client, session: Session) -> None:
        query = {"severity": "error", "open": "true"}
        (error,) = (await client.get("/errors", params=query)).json()["items"]
        path = f"/errors/{error['id']}"
        first, again = [await client.post(f"{path}:acknowledge") for _ in range(2)]
        assert first.json() == again.json() == (await client.get(path)).json()
        assert first.json()["acknowledged_by"].startswith("user-")
        assert session.query(Event).count() == 1

    async def test_if_match_is_not_disturbed_by_another_time(self, client: Client, session: Session) -> None:
        (error,) = (await client.get("/errors", params={"severity": "error"})).json()["items"]
        path = f"/errors/{error['id']}"
        headers = {"If-Match": (await client.get(path)).headers["etag"]}
        record_error(
            session,
            site_id="ccat",
            at=seed.NOW + timedelta(minutes=1),
            severity=Severity.ERROR,
            category="a_error",
            subject_type="data_location",
            subject_id=seed.BUFFER,
            message="mend it",
        )
        session.commit()
        assert (await client.get(path)).json()["count"] == 2
        assert (await client.post(f"{path}:acknowledge", headers=headers)).status_code == 200
        assert (await client.post(f"{path}:acknowledge", headers=headers)).status_code == 412

    async def test_one_of_another_site_is_acknowledged_here(
        self, app: FastAPI, client: Client, session: Session
    ) -> None:
        app.state.settings = app.state.settings.model_copy(update={"served_sites": ("ccat",)})
        record_error(
            session,
            site_id="cologne",
            at=seed.NOW,
            severity=Severity.ERROR,
            category="no_space",
            subject_type="data_location",
            subject_id=seed.ARCHIVE,
            message="full",
        )
        session.commit()
        (error,) = (await client.get("/errors", params={"site": "cologne"})).json()["items"]
        assert (await client.post(f"/errors/{error['id']}:acknowledge")).status_code == 200
        assert session.query(ErrorAcknowledgement.site_id).all() == [("ccat",)]

    async def test_one_of_a_transfer_names_its_route(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        transfer = seed.transfer(session, seed.package(session, execution))
        for subject_type, subject_id in (
            ("data_transfer", str(transfer)),
            ("data_transfer_route", "ccat-to-cologne"),
        ):
            record_error(
                session,
                site_id="ccat",
                at=seed.NOW,
                severity=Severity.ERROR,
                category="timeout",
                subject_type=subject_type,
                subject_id=subject_id,
                message="no answer",
            )
        session.commit()
        items = (await client.get("/errors")).json()["items"]
        found = {item["subject_type"]: item["route"] for item in items}
        assert found == {
            "data_location": None,
            "data_transfer": "ccat-to-cologne",
            "data_transfer_route": "ccat-to-cologne",
        }
        on_route = (await client.get("/errors", params={"route": "ccat-to-cologne"})).json()["items"]
        assert {item["subject_type"] for item in on_route} == {"data_transfer", "data_transfer_route"}

    async def test_filters(self, client: Client) -> None:
        for query, found in [
            ({}, 2),
            ({"open": "false"}, 0),
            ({"category": "a_error"}, 1),
            ({"subject_id": "x"}, 0),
        ]:
            assert len((await client.get("/errors", params=query)).json()["items"]) == found

    async def test_unknown_errors_are_not_found(self, client: Client) -> None:
        assert (await client.get(f"/errors/{new_id()}")).status_code == 404
        assert (await client.post(f"/errors/{new_id()}:acknowledge")).status_code == 404


class TestEvents:
    async def test_are_listed_newest_first(self, client: Client, session: Session) -> None:
        for minute in range(3):
            record_event(
                session,
                site_id="ccat",
                at=seed.NOW.replace(minute=minute),
                actor="me",
                action=f"thing.{minute}",
                subject_type="site",
                subject_id="ccat",
                message="it happened",
                details={"n": minute},
            )
        session.commit()
        items = (await client.get("/events", params={"subject_id": "ccat"})).json()["items"]
        assert [item["details"]["n"] for item in items] == [2, 1, 0]
        assert (await client.get(f"/events/{items[0]['id']}")).json() == items[0]
        since = (await client.get("/events", params={"since": "2026-11-21T12:02:00Z"})).json()["items"]
        assert len(since) == 1
        assert (await client.get("/events", params={"action": "thing.1"})).json()["items"] == [items[1]]
        assert (await client.get(f"/events/{new_id()}")).status_code == 404


class TestService:
    async def test_a_location_says_whether_it_takes_part(self, client: Client, session: Session) -> None:
        path = f"/data-locations/{seed.BUFFER}"

        async def service() -> dict[str, Any]:
            found: dict[str, Any] = (await client.get(path)).json()["service"]
            return found

        assert await service() == {
            "state": "in_service",
            "of": seed.BUFFER,
            "since": None,
            "by": None,
            "reason": None,
            "next_at": None,
        }
        outage = seed.outage("location", seed.BUFFER, seed.NOW)
        session.add(outage)
        session.commit()
        paused = await service()
        assert (paused["state"], paused["next_at"]) == ("paused", seed.NOW.isoformat())
        assert paused["reason"] == outage.message
        session.add(
            Doubt(
                id=new_id(),
                site_id="ccat",
                data_location_id=seed.BUFFER,
                cause=DoubtCause.PERSON,
                caller_kind=CallerKind.COMMAND,
                caller="somebody",
                created_at=seed.NOW,
                reason="a sick controller",
            )
        )
        session.commit()
        doubted = await service()
        assert (doubted["state"], doubted["reason"]) == ("in_doubt", "a sick controller")
        await client.post(f"{path}:suspend", json={"reason": "new disks"})
        suspended = await service()
        assert (suspended["state"], suspended["reason"], suspended["since"]) == (
            "suspended",
            "new disks",
            seed.NOW.isoformat(),
        )
        assert suspended["by"].startswith("user-")
        past = {"reason": "snow", "until": "2020-01-01T00:00:00Z"}
        assert (await client.post("/sites/ccat:suspend", json=past)).status_code == 422
        until = "2100-01-01T00:00:00Z"
        response = await client.post("/sites/ccat:suspend", json={"reason": "snow", "until": until})
        assert response.json()["suspended_until"].startswith("2100-01-01T00:00:00")
        assert (await service())["next_at"].startswith("2100-01-01T00:00:00")
        assert (await service())["of"] == "ccat"

    async def test_a_route_says_whether_it_takes_part(self, client: Client, session: Session) -> None:
        path = "/routes/ccat-to-cologne"
        assert (await client.get(path)).json()["service"]["state"] == "in_service"
        session.add(seed.outage("route", "ccat-to-cologne", seed.NOW))
        session.commit()
        assert (await client.get(path)).json()["service"]["state"] == "paused"

    async def test_a_location_says_when_it_is_full(self, client: Client, session: Session) -> None:
        for hours, used in ((0, 8_600), (2, 1_400)):
            measure_place(session, seed.BUFFER, seed.NOW - timedelta(hours=hours), used, 10_000)
        session.commit()
        usage = (await client.get(f"/data-locations/{seed.BUFFER}")).json()["usage"]
        assert (usage["used_share"], usage["bytes_per_second"]) == (0.86, 1.0)
        assert usage["full_at"] == (seed.NOW + timedelta(seconds=1400)).isoformat()
        location = DataLocation.__table__
        session.execute(update(location).where(location.c.id == seed.BUFFER).values(reserve_bytes=1_000))
        session.commit()
        usage = (await client.get(f"/data-locations/{seed.BUFFER}")).json()["usage"]
        assert usage["full_at"] == (seed.NOW + timedelta(seconds=400)).isoformat(), (
            "new work leaves its reserve"
        )
