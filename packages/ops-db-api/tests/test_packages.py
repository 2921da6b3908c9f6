"""Looking at packages, their files, index and copies."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.orm import Session

from ccat_ops_db.changed_keys import Changed
from ccat_ops_db.enumerations import FailureClass, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import FixityCheck, PhysicalCopy, PhysicalCopyLock
from ccat_ops_db.signed_urls import DEVELOPMENT_SECRET, check_signature

from . import seed
from .conftest import ChangedKeys, Client, CountStatements, FixedClock

PATH = "/raw-data-packages"


class TestShow:
    async def test_shows_copies_state_and_source_files(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        seed.copy_of(session, package, seed.ARCHIVE)
        session.commit()
        shown = (await client.get(f"{PATH}/{package}")).json()
        assert shown["state"] == "archived"
        assert shown["obs_unit"] == seed.OBS_UNIT
        observed = (await client.get(f"/executed-obs-units/{shown['execution_id']}")).json()
        assert shown["observed_at"] == observed["started_at"]
        assert [(copy["location"], copy["status"]) for copy in shown["copies"]] == [
            (seed.BUFFER, "verified"),
            (seed.ARCHIVE, "verified"),
        ]
        assert shown["source_files"] == {"present": 2, "deleted": 0}
        assert shown["waiting_reason"] is None

    async def test_tells_its_life(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        told = (await client.get(f"{PATH}/{package}/life-line")).json()
        steps = told["steps"]
        assert told["archives_in_doubt"] == []
        assert steps[-1]["kind"] == "next"
        assert steps[0]["kind"] == "done"
        assert steps[0]["title"].startswith("2 files filed at ")
        assert (await client.get(f"{PATH}/{new_id()}/life-line")).status_code == 404

    async def test_an_unsealed_package_has_no_copies(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session), sealed=False)
        session.commit()
        shown = (await client.get(f"{PATH}/{package}")).json()
        assert (shown["copies"], shown["state"], shown["size"]) == ([], "waiting", None)

    @pytest.mark.parametrize(
        ("values", "reason", "detail"),
        [
            (
                {"waiting_reason": "link_window_closed", "waiting_detail": "opens at 02:00"},
                "link_window_closed",
                "opens at 02:00",
            ),
            (
                {
                    "status": Status.FAILED,
                    "error_message": "no such bucket",
                    "error_class": FailureClass.PERMANENT,
                },
                "given_up",
                "no such bucket",
            ),
        ],
    )
    async def test_says_why_it_waits(
        self, client: Client, session: Session, values: dict[str, Any], reason: str, detail: str
    ) -> None:
        package = seed.package(session, seed.execution(session))
        seed.transfer(session, package, **values)
        session.commit()
        shown = (await client.get(f"{PATH}/{package}")).json()
        assert (shown["waiting_reason"], shown["waiting_detail"]) == (reason, detail)
        assert shown["waiting_since"] is not None

    async def test_unknown_packages_are_not_found(self, client: Client) -> None:
        for part in ("", "/files", "/index", "/content"):
            assert (await client.get(f"{PATH}/{new_id()}{part}")).status_code == 404


class TestArchives:
    async def test_are_counted_for_packages_and_copies(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        for copies in (0, 1):
            shown = (await client.get(f"{PATH}/{package}")).json()
            assert (shown["copies_wanted"], shown["copies_archived"]) == (1, copies)
            query = {"package_id": str(package)}
            for copy in (await client.get("/physical-copies", params=query)).json()["items"]:
                assert (copy["copies_wanted"], copy["copies_archived"]) == (1, copies)
            seed.copy_of(session, package, seed.ARCHIVE) if not copies else None
            session.commit()


class TestList:
    async def test_is_empty_at_first(self, client: Client) -> None:
        assert (await client.get(PATH)).json() == {"items": [], "next_cursor": None}

    async def test_filters(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        archived, failed, waiting = (seed.package(session, execution, part=part) for part in (1, 2, 3))
        seed.copy_of(session, archived, seed.ARCHIVE)
        seed.transfer(session, failed, Status.FAILED)
        session.commit()
        for query, found in [
            ({}, {archived, failed, waiting}),
            ({"state": "archived"}, {archived}),
            ({"state": "failed"}, {failed}),
            ({"state": "waiting"}, {waiting}),
            ({"state": "transferring"}, set()),
            ({"location": seed.ARCHIVE}, {archived}),
            ({"execution_id": str(new_id())}, set()),
            ({"module": "chai-lfa"}, {archived, failed, waiting}),
            ({"since": "2026-11-22T00:00:00Z"}, set()),
        ]:
            items = (await client.get(PATH, params=query)).json()["items"]
            assert {UUID(item["id"]) for item in items} == found, query

    async def test_takes_as_many_statements_for_many_as_for_one(
        self, client: Client, session: Session, count_statements: CountStatements
    ) -> None:
        execution = seed.execution(session)
        counts = []
        for part in range(1, 5):
            seed.package(session, execution, part=part)
            session.commit()
            with count_statements() as statements:
                await client.get(PATH)
            counts.append(len(statements))
        assert counts == [2, 2, 2, 2]


class TestFilesAndIndex:
    async def test_lists_files_with_their_place_in_the_tar(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session), files=3)
        session.commit()
        items = (await client.get(f"{PATH}/{package}/files")).json()["items"]
        assert [item["member_offset"] for item in items] == [512, 1024, 1536]

    async def test_the_index_has_every_member_in_the_order_of_the_tar(
        self, client: Client, session: Session
    ) -> None:
        package = seed.package(session, seed.execution(session), files=3)
        session.commit()
        index = (await client.get(f"{PATH}/{package}/index")).json()
        assert index["package"] == str(package)
        assert index["checksum"] == seed.CHECKSUM
        assert [member["offset"] for member in index["members"]] == [512, 1024, 1536]
        assert {member["mtime"] for member in index["members"]} == {"1763726400.123456789"}
        assert {member["sha256"] for member in index["members"]} == {seed.SHA256.removeprefix("sha256:")}

    @pytest.mark.parametrize(
        ("nanoseconds", "seconds"),
        [
            (0, "0.000000000"),
            (1, "0.000000001"),
            (-1, "-0.000000001"),
            (-1_500_000_000, "-1.500000000"),
            (2**63 - 1, "9223372036.854775807"),
        ],
    )
    async def test_the_index_keeps_every_nanosecond(
        self, client: Client, session: Session, nanoseconds: int, seconds: str
    ) -> None:
        files = seed.file_of_chai(session, seed.execution(session), ["a.fits"])
        package = seed.add_package(session, files, modified_ns=nanoseconds)
        session.commit()
        (member,) = (await client.get(f"{PATH}/{package}/index")).json()["members"]
        assert member["mtime"] == seconds

    async def test_an_unsealed_package_has_no_index(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session), sealed=False)
        session.commit()
        for part in ("index", "content"):
            response = await client.get(f"{PATH}/{package}/{part}")
            assert response.status_code == 409
            assert response.json()["type"].endswith("/not-sealed")


class TestContent:
    async def test_leads_to_a_signed_address_of_the_nearest_data_server(
        self, client: Client, session: Session, clock: FixedClock
    ) -> None:
        package = seed.package(session, seed.execution(session))
        seed.copy_of(session, package, seed.ARCHIVE)
        session.commit()
        response = await client.get(f"{PATH}/{package}/content", params={"location": seed.ARCHIVE})
        assert response.status_code == 307
        address = httpx.URL(response.headers["location"])
        path = f"2026/11/21/{package}.tar"
        assert (address.host, address.path) == ("data.cologne.example", f"/packages/{seed.ARCHIVE}/{path}")
        check_signature(
            "GET",
            seed.ARCHIVE,
            path,
            expires=address.params["expires"],
            signature=address.params["signature"],
            secret=DEVELOPMENT_SECRET,
            # Machines agree on it: a data server asks no database.
            now=clock.utc_now() + timedelta(minutes=59),
        )
        assert response.headers["cache-control"] == "no-store"

    async def test_says_what_is_missing(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        here = await client.get(f"{PATH}/{package}/content")
        assert (here.status_code, here.json()["type"].split("/")[-1]) == (409, "no-data-server")
        there = await client.get(f"{PATH}/{package}/content", params={"location": seed.ARCHIVE})
        assert (there.status_code, there.json()["type"].split("/")[-1]) == (409, "no-readable-copy")


class TestCopies:
    async def test_lists_and_shows(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        listed = (await client.get("/physical-copies", params={"package_id": str(package)})).json()["items"]
        assert {copy["location"] for copy in listed} == {seed.SOURCE, seed.BUFFER}
        shown = await client.get(f"/physical-copies/{listed[0]['id']}")
        assert shown.json() == listed[0]
        at_source = (await client.get("/physical-copies", params={"location": seed.SOURCE})).json()["items"]
        assert [copy["package_id"] for copy in at_source] == [str(package)]
        assert (await client.get("/physical-copies", params={"status": "missing"})).json()["items"] == []
        assert (await client.get(f"/physical-copies/{new_id()}")).status_code == 404

    async def test_verification_is_asked_for_once(
        self, client: Client, session: Session, changed_keys: ChangedKeys
    ) -> None:
        package = seed.package(session, seed.execution(session))
        copy = seed.copy_of(session, package, seed.ARCHIVE)
        session.commit()
        first = await client.post(f"/physical-copies/{copy}:verify")
        assert Changed("fixity_check", first.json()["id"]) in changed_keys()
        again = await client.post(f"/physical-copies/{copy}:verify")
        assert changed_keys() == set()
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]
        assert first.json()["reason"] == "request"
        assert session.query(FixityCheck).one().site_id == "cologne"
        assert session.query(PhysicalCopyLock).one().physical_copy_id == copy

    async def test_what_is_deleted_cannot_be_verified(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        copy = seed.copy_of(session, package, seed.ARCHIVE, PhysicalCopyStatus.DELETED)
        session.commit()
        assert (await client.post(f"/physical-copies/{copy}:verify")).status_code == 409
        assert (await client.post(f"/physical-copies/{new_id()}:verify")).status_code == 404
        (at_source,) = session.query(PhysicalCopy).filter_by(data_location_id=seed.SOURCE)
        refused = await client.post(f"/physical-copies/{at_source.id}:verify")
        assert (refused.status_code, "no tar" in refused.json()["detail"]) == (409, True)
