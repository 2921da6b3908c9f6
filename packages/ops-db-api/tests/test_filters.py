"""Filters and orders of the lists that the interface's pages show."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import lease_deletion
from ccat_ops_db.enumerations import (
    ExecutionStatus,
    FileDecision,
    FileExceptionKind,
    PhysicalCopyStatus,
    Severity,
    Status,
)
from ccat_ops_db.events import record_error, record_event
from ccat_ops_db.models import (
    ErrorAcknowledgement,
    ErrorRecord,
    ExecutedObsUnit,
    PhysicalCopy,
    RawDataFile,
    RawDataFileException,
    RawDataFileView,
    RawDataPackage,
    StagingJob,
)
from ccat_ops_db.package_state import of_execution
from ccat_ops_db.signed_urls import DEVELOPMENT_SECRET, check_signature, member_of_query
from ccat_ops_db_api.error_records.schemas import ErrorSort
from ccat_ops_db_api.executions.schemas import ExecutionSort
from ccat_ops_db_api.raw_data_packages.schemas import PackageSort
from ccat_ops_db_api.staging_jobs.schemas import StagingJobSort

from . import seed
from .conftest import Client, CountStatements, FixedClock
from .open_things import CANCELLED, FAILED, one_of_each

Cases = list[tuple[dict[str, Any], int]]
"""Queries, and how many items each finds."""


async def items(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(path, params={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def count(client: Client, path: str, **query: Any) -> int:
    return len(await items(client, path, **query))


async def in_order(client: Client, path: str, sort: str, key: str, **query: Any) -> None:
    """Check that pages of two hold what one page holds, in order."""
    everything = await items(client, path, sort=sort, **query)
    assert everything
    values = [item[key] for item in everything]
    assert values == sorted(values, reverse=sort.startswith("-"))
    seen, cursor = [], None
    while True:
        wanted = {"limit": 2, "sort": sort, **query, **({"cursor": cursor} if cursor else {})}
        page = (await client.get(path, params=wanted)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [item["id"] for item in everything]


async def needs_somebody(client: Client) -> set[UUID]:
    """Return the executions that need somebody."""
    return {UUID(item["id"]) for item in await items(client, "/executed-obs-units", needs_somebody="true")}


def files_of(package: RawDataPackage) -> Select[UUID]:
    """Return the files of a package, in the order of their numbers."""
    view = RawDataFileView
    return select(view.id).where(view.raw_data_package_id == package.id).order_by(view.number)


class TestExecutions:
    @pytest.fixture
    def executions(self, session: Session) -> dict[str, UUID]:
        """An archived one, one on its way, one that runs, one without files."""
        made = {
            name: seed.execution(session, modules, status)
            for name, modules, status in (
                ("archived", ("chai-lfa",), ExecutionStatus.COMPLETED),
                ("moving", ("chai-lfa", "chai-hfa"), ExecutionStatus.COMPLETED),
                ("running", ("prime-cam-280",), ExecutionStatus.RUNNING),
                ("empty", ("chai-hfa",), ExecutionStatus.ABORTED),
            )
        }
        seed.copy_of(session, seed.package(session, made["archived"]), seed.ARCHIVE)
        seed.package(session, made["moving"], files=3)
        session.execute(
            update(ExecutedObsUnit)
            .where(ExecutedObsUnit.id == made["archived"])
            .values(started_at=seed.NOW - timedelta(hours=19))
        )
        session.commit()
        return made

    async def test_tell_what_became_of_their_data(
        self, client: Client, executions: dict[str, UUID], count_statements: CountStatements
    ) -> None:
        with count_statements() as statements:
            found = {item["id"]: item["data"] for item in await items(client, "/executed-obs-units")}
        assert len(statements) == 2
        data = {name: found[str(key)] for name, key in executions.items()}
        assert {name: each["state"] for name, each in data.items()} == {
            "archived": "archived",
            "moving": "on_the_way",
            "running": "being_filed",
            "empty": "no_files",
        }
        assert data["moving"] == {
            "state": "on_the_way",
            "files": 3,
            "bytes": 3000,
            "files_unpackaged": 0,
            "packages": {"waiting": 1, "transferring": 0, "archived": 0, "failed": 0},
            "reason": None,
            "reason_detail": None,
            "reason_since": None,
        }

    async def test_say_why_their_data_do_not_go_on(
        self, client: Client, session: Session, executions: dict[str, UUID]
    ) -> None:
        """What needs somebody comes first, whatever is older; what is archived waits for nothing."""
        (moving,) = await items(client, "/raw-data-packages", execution_id=str(executions["moving"]))
        since = seed.NOW - timedelta(hours=5)
        seed.transfer(
            session,
            UUID(moving["id"]),
            waiting_reason="route_disabled",
            waiting_detail="route ccat-to-cologne: suspended by me: storm",
            waiting_since=seed.NOW,
        )
        closed = seed.package(session, executions["moving"], part=2)
        seed.transfer(session, closed, waiting_reason="link_window_closed", waiting_since=since)
        session.commit()
        found = {item["id"]: item["data"] for item in await items(client, "/executed-obs-units")}
        data = found[str(executions["moving"])]
        assert (data["reason"], data["reason_detail"], datetime.fromisoformat(data["reason_since"])) == (
            "route_disabled",
            "route ccat-to-cologne: suspended by me: storm",
            seed.NOW,
        )
        assert found[str(executions["archived"])]["reason"] is None

    async def test_files_without_a_package_count(
        self, client: Client, session: Session, executions: dict[str, UUID]
    ) -> None:
        seed.file_of_chai(session, executions["empty"], ["0.fits", "1.fits"], "chai-hfa")
        session.commit()
        (found,) = await items(client, "/executed-obs-units", status="aborted")
        assert (found["data"]["files"], found["data"]["files_unpackaged"]) == (2, 2)
        assert found["data"]["state"] == "on_the_way"

    async def test_filters(self, client: Client, executions: dict[str, UUID]) -> None:
        for query, number in Cases(
            [
                ({"module": "chai-hfa"}, 2),
                ({"module": ["chai-hfa", "prime-cam-280"]}, 3),
                ({"instrument": "prime-cam"}, 1),
                ({"status": ["running", "aborted"]}, 2),
                ({"status_not": "completed"}, 2),
                ({"program": "GEco"}, 4),
                ({"program_not": "GEco"}, 0),
                ({"source": "Orion-KL"}, 4),
                ({"q": "orionkl"}, 4),
                ({"q": "Orion-"}, 4),
                ({"q": "rion"}, 0),
                ({"q": "%"}, 0),
                ({"archived": "false"}, 1),
                ({"archived": "true"}, 3),
                ({"night": "2026-11-20"}, 4),
                ({"night": "tonight"}, 4),
                ({"night": "last"}, 0),
                ({"night": "2026-11-20", "since": "2026-11-21T00:00:00Z"}, 3),
            ]
        ):
            assert await count(client, "/executed-obs-units", **query) == number, query

    async def test_what_an_archive_lost_is_not_archived(
        self, client: Client, session: Session, executions: dict[str, UUID]
    ) -> None:
        package = session.query(RawDataPackage).filter_by(executed_obs_unit_id=executions["archived"]).one()
        (at_source,) = session.query(PhysicalCopy).filter_by(
            raw_data_package_id=package.id, data_location_id=seed.SOURCE
        )
        lease_deletion(session, at_source, seed.NOW)
        for status, at in (
            (PhysicalCopyStatus.DELETION_SCHEDULED, None),
            (PhysicalCopyStatus.DELETION_IN_PROGRESS, None),
            (PhysicalCopyStatus.DELETED, seed.NOW),
        ):
            at_source.status, at_source.deleted_at = status, at
            session.flush()
        session.execute(
            update(PhysicalCopy)
            .where(
                PhysicalCopy.raw_data_package_id == package.id, PhysicalCopy.data_location_id == seed.ARCHIVE
            )
            .values(status=PhysicalCopyStatus.CORRUPT)
        )
        session.commit()
        listed = {item["id"] for item in await items(client, "/executed-obs-units", archived="false")}
        assert listed == {str(executions["archived"]), str(executions["moving"])}

    @pytest.mark.parametrize("archived", [False, True])
    async def test_what_waits_for_a_person_needs_somebody(
        self, client: Client, session: Session, executions: dict[str, UUID], archived: bool
    ) -> None:
        assert await needs_somebody(client) == set()
        wanted = executions["archived" if archived else "moving"]
        package = session.scalars(select(RawDataPackage).where(of_execution(wanted))).one()
        seed.transfer(session, package.id, Status.CANCELLED, **CANCELLED)
        session.commit()
        assert await needs_somebody(client) == (set() if archived else {wanted})
        seed.transfer(session, package.id, Status.FAILED, **FAILED)
        session.commit()
        assert await needs_somebody(client) == {wanted}
        progress = (await client.get(f"/executed-obs-units/{wanted}/progress")).json()
        assert progress["needs_somebody"]
        others = await items(client, "/executed-obs-units", needs_somebody="false")
        assert {UUID(item["id"]) for item in others} == {*executions.values()} - {wanted}

    @pytest.mark.parametrize(
        "table", ["raw_data_file", "raw_data_package", "physical_copy", "data_transfer", "executed_obs_unit"]
    )
    async def test_an_error_needs_somebody_until_it_is_acknowledged(
        self, client: Client, session: Session, executions: dict[str, UUID], table: str
    ) -> None:
        package = session.scalars(select(RawDataPackage).where(of_execution(executions["moving"]))).one()
        copies = select(PhysicalCopy.id).where(PhysicalCopy.raw_data_package_id == package.id)
        subjects = {
            "raw_data_file": session.scalars(files_of(package)).first(),
            "raw_data_package": package.id,
            "physical_copy": session.scalars(copies).first(),
            "data_transfer": seed.transfer(session, package.id),
            "executed_obs_unit": executions["moving"],
        }
        for severity, subject_type, subject in (
            (Severity.ERROR, table, subjects[table]),
            (Severity.WARNING, "executed_obs_unit", executions["running"]),
            (Severity.CRITICAL, "data_location", seed.BUFFER),
        ):
            record_error(
                session,
                site_id="ccat",
                at=seed.NOW,
                severity=severity,
                category="wrong",
                subject_type=subject_type,
                subject_id=subject,
                message="mend it",
            )
        session.commit()
        assert await needs_somebody(client) == {executions["moving"]}
        session.add_all(
            ErrorAcknowledgement(
                site_id="ccat",
                error_record_id=error,
                caller_kind="command",
                caller="me",
                created_at=seed.NOW,
            )
            for error in session.scalars(select(ErrorRecord.id))
        )
        session.commit()
        assert await needs_somebody(client) == set()

    async def test_a_file_needs_somebody_until_it_is_decided_on(
        self, client: Client, session: Session, executions: dict[str, UUID]
    ) -> None:
        package = session.scalars(select(RawDataPackage).where(of_execution(executions["moving"]))).one()
        exception = RawDataFileException(
            site_id="ccat",
            raw_data_file_id=session.scalars(files_of(package)).first(),
            kind=FileExceptionKind.MISSING,
            first_seen_at=seed.NOW,
            last_seen_at=seed.NOW,
            read_by="worker-1",
            detail="it does not exist",
        )
        session.add(exception)
        session.commit()
        assert await needs_somebody(client) == {executions["moving"]}
        exception.decision, exception.decided_at = FileDecision.SET_ASIDE, seed.NOW
        exception.decided_by = "me"
        session.commit()
        assert await needs_somebody(client) == set()

    async def test_a_night_ends_at_noon_at_the_telescope(
        self, client: Client, session: Session, executions: dict[str, UUID]
    ) -> None:
        session.execute(
            update(ExecutedObsUnit).values(started_at=datetime.fromisoformat("2026-11-20T16:30:57Z"))
        )
        session.commit()
        assert await count(client, "/executed-obs-units", night="2026-11-20") == 0
        assert await count(client, "/executed-obs-units", night="last") == 4

    @pytest.mark.parametrize("night", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
    async def test_a_night_that_is_none_is_refused(self, client: Client, night: str) -> None:
        assert (await client.get("/executed-obs-units", params={"night": night})).status_code == 422

    @pytest.mark.parametrize("sort", ExecutionSort)
    async def test_orders(self, client: Client, executions: dict[str, UUID], sort: ExecutionSort) -> None:
        await in_order(client, "/executed-obs-units", sort.value, sort.value.removeprefix("-"))


class TestPackages:
    async def test_filters(self, client: Client, session: Session) -> None:
        things = one_of_each(session)
        for query, number in Cases(
            [
                ({"program": "GEco"}, 10),
                ({"program": "x"}, 0),
                ({"instrument": "chai"}, 10),
                ({"instrument": "prime-cam"}, 0),
                ({"state": ["waiting", "failed"]}, 6),
                ({"state": "failed"}, 2),
                ({"state_not": "archived"}, 10),
                ({"state_not": ["archived", "failed"]}, 8),
                ({"reason": "given_up"}, 1),
                ({"reason": ["given_up", "cancelled"]}, 2),
                ({"reason": "route_circuit_open"}, 1),
                ({"reason": "hold"}, 0),
                ({"sealed_since": seed.NOW.isoformat()}, 9),
                ({"sealed_until": seed.NOW.isoformat()}, 0),
                ({"execution_id": [str(things["execution"]), str(things["running"])]}, 10),
            ]
        ):
            found = await items(client, "/raw-data-packages", **query)
            assert len(found) == number, query
            if "reason" in query:
                assert all(package["waiting_reason"] in query["reason"] for package in found)

    @pytest.mark.parametrize("sort", PackageSort)
    async def test_orders(self, client: Client, session: Session, sort: PackageSort) -> None:
        execution = seed.execution(session)
        for part in range(1, 6):
            seed.package(session, execution, files=part, part=part, sealed=part != 3)
        session.commit()
        await in_order(client, "/raw-data-packages", sort.value, sort.value.removeprefix("-"))
        sealed_only = sort.value.removeprefix("-") in ("sealed_at", "size")
        assert await count(client, "/raw-data-packages", sort=sort.value) == (4 if sealed_only else 5)


class TestFiles:
    @pytest.fixture
    def execution(self, session: Session) -> UUID:
        """An execution with a package of three files."""
        made = seed.execution(session)
        seed.package(session, made, files=3)
        session.commit()
        return made

    async def test_are_found_by_their_path(self, client: Client, execution: UUID) -> None:
        of_execution = {"execution_id": str(execution)}
        for query, number in Cases(
            [
                ({"relative_path": f"{execution}/1/scan 1.fits"}, 1),
                ({"relative_path": "scan 1.fits"}, 0),
                ({"path_prefix": f"{execution}/1/scan"}, 3),
                ({"path_prefix": "%"}, 0),
            ]
        ):
            assert await count(client, "/raw-data-files", **query, **of_execution) == number, query
            assert (await client.get("/raw-data-files", params=query)).status_code == 422
        await in_order(client, "/raw-data-files", "-size", "size", **of_execution)
        assert (await client.get("/raw-data-files", params={"sort": "size"})).status_code == 422

    async def test_the_one_that_is_not_as_it_was_filed_is_named(
        self, client: Client, session: Session
    ) -> None:
        execution = seed.execution(session)
        seed.package(session, execution, files=3, sealed=False)
        bad = f"{execution}/1/scan 1.fits"
        file_id = session.execute(select(RawDataFile.id).where(RawDataFile.relative_path == bad)).scalar_one()
        session.add(
            RawDataFileException(
                site_id="ccat",
                raw_data_file_id=file_id,
                kind=FileExceptionKind.SHORT,
                first_seen_at=seed.NOW,
                last_seen_at=seed.NOW,
                read_by="a worker",
                detail="it has 999 bytes, filed were 1000",
            )
        )
        session.commit()
        of_execution = {"execution_id": str(execution)}
        found = await items(client, "/raw-data-files", problem="true", **of_execution)
        assert [(file["relative_path"], file["problem"]) for file in found] == [
            (bad, "it has 999 bytes, filed were 1000")
        ]
        others = await items(client, "/raw-data-files", problem="false", **of_execution)
        assert [file["problem"] for file in others] == [None, None]

    async def test_a_file_is_given_out_of_its_package(
        self, client: Client, session: Session, execution: UUID, clock: FixedClock
    ) -> None:
        file = (await items(client, "/raw-data-files", execution_id=str(execution)))[1]
        seed.copy_of(session, UUID(file["package_id"]), seed.ARCHIVE)
        session.commit()
        path = f"/raw-data-files/{file['id']}/content"
        answer = await client.get(path, params={"location": seed.ARCHIVE})
        assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
        address = httpx.URL(answer.headers["location"])
        member = member_of_query(address.params)
        assert member is not None
        assert (member.offset, member.length) == (file["member_offset"], file["size"])
        assert (member.name, f"sha256:{member.sha256}") == ("scan 1.fits", file["member_checksum"])
        check_signature(
            "GET",
            seed.ARCHIVE,
            address.path.removeprefix(f"/packages/{seed.ARCHIVE}/"),
            expires=address.params["expires"],
            signature=address.params["signature"],
            secret=DEVELOPMENT_SECRET,
            # Machines agree on it: a data server asks no database.
            now=clock.utc_now(),
            member=member,
        )

    async def test_what_cannot_be_given_says_why(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        seed.package(session, execution, sealed=False)
        session.commit()
        _, second = await items(client, "/raw-data-files", execution_id=str(execution))
        seed.file_of_chai(session, execution, ["loose"])
        session.commit()
        (first,) = await items(client, "/raw-data-files", execution_id=str(execution), packaged="false")
        for file, slug in ((first, "not-packaged"), (second, "not-sealed")):
            answer = await client.get(f"/raw-data-files/{file['id']}/content")
            assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (409, slug)
        assert (await client.get(f"/raw-data-files/{seed.NOBODY}/content")).status_code == 404


class TestRecords:
    @pytest.fixture
    def errors(self, session: Session) -> None:
        """An error of each severity, one acknowledged, one at a location."""
        for hours, severity in enumerate(Severity):
            record_error(
                session,
                site_id="cologne" if severity is Severity.CRITICAL else "ccat",
                at=seed.NOW - timedelta(hours=hours),
                severity=severity,
                category=f"a_{severity}",
                subject_type="data_location",
                subject_id=seed.BUFFER,
                message="mend it",
                data_location_id=seed.BUFFER if severity is Severity.ERROR else None,
            )
        seen = select(ErrorRecord.id).where(ErrorRecord.severity == Severity.INFO)
        session.add(
            ErrorAcknowledgement(
                site_id="cologne",
                error_record_id=session.scalars(seen).one(),
                caller_kind="session",
                caller="me",
                created_at=seed.NOW,
            )
        )
        session.commit()

    async def test_filters_of_errors(self, client: Client, errors: None) -> None:
        for query, number in Cases(
            [
                ({"acknowledged": "true"}, 1),
                ({"acknowledged": "false"}, 3),
                ({"location": seed.BUFFER}, 1),
                ({"location_not": seed.BUFFER}, 3),
                ({"severity": ["critical", "error"]}, 2),
                ({"severity_not": "info"}, 3),
                ({"category": "a_info"}, 1),
                ({"category_not": "a_info"}, 3),
                ({"site": "cologne"}, 1),
                ({"route": "ccat-to-cologne"}, 0),
                ({"subject_type": "data_location"}, 4),
                ({"since": (seed.NOW - timedelta(hours=1)).isoformat()}, 2),
                ({"until": (seed.NOW - timedelta(hours=1)).isoformat()}, 2),
                ({"open": "true", "acknowledged": "false", "severity": "critical"}, 1),
            ]
        ):
            assert await count(client, "/errors", **query) == number, query

    @pytest.mark.parametrize("sort", ErrorSort)
    async def test_orders_of_errors(self, client: Client, errors: None, sort: ErrorSort) -> None:
        key = sort.value.removeprefix("-").replace("severity", "severity_rank")
        await in_order(client, "/errors", sort.value, key)

    async def test_filters_of_events(self, client: Client, session: Session) -> None:
        for number, (actor, site) in enumerate((("me", "ccat"), ("you", "ccat"), ("me", "cologne"))):
            record_event(
                session,
                site_id=site,
                at=seed.NOW,
                actor=actor,
                action=f"thing.{number}",
                subject_type="site",
                subject_id=site,
                message="it happened",
            )
        session.commit()
        for query, number in Cases(
            [
                ({"actor": "me"}, 2),
                ({"actor": ["me", "you"]}, 3),
                ({"site": "cologne"}, 1),
                ({"actor": "me", "site": "ccat"}, 1),
                ({"action": ["thing.0", "thing.1"]}, 2),
            ]
        ):
            assert await count(client, "/events", **query) == number, query


class TestStagingJobs:
    @pytest.mark.parametrize("sort", StagingJobSort)
    async def test_filters_and_orders(self, client: Client, session: Session, sort: StagingJobSort) -> None:
        package = seed.package(session, seed.execution(session))
        session.commit()
        for _ in range(3):
            body = {"destination_location": seed.PROCESSING, "package_id": str(package)}
            assert (await client.post("/staging-jobs", json=body)).status_code == 201
        session.add(
            StagingJob(
                site_id="cologne",
                destination_location_id=seed.PROCESSING,
                raw_data_package_id=package,
                requested_by="user-of-another-name (test)",
                created_at=seed.NOW - timedelta(days=1),
            )
        )
        session.commit()
        for query, number in Cases(
            [
                ({}, 4),
                ({"mine": "true"}, 3),
                ({"location": [seed.PROCESSING, seed.ARCHIVE]}, 4),
                ({"state": ["pending", "failed"]}, 3),
                ({"since": seed.NOW.isoformat()}, 3),
                ({"until": seed.NOW.isoformat()}, 1),
            ]
        ):
            assert await count(client, "/staging-jobs", **query) == number, query
        await in_order(client, "/staging-jobs", sort.value, sort.value.removeprefix("-"))


class TestWorkAndCopies:
    async def test_filters_of_work(self, client: Client, session: Session) -> None:
        one_of_each(session)
        for query, number in Cases(
            [
                ({"reason": "given_up"}, 1),
                ({"reason": ["given_up", "back_off"]}, 2),
                ({"reason_not": "given_up"}, 4),
                ({"error_category": "bucket_missing"}, 1),
                ({"error_category_not": "bucket_missing"}, 4),
                ({"status": ["failed", "in_progress"]}, 2),
                ({"status": "cancelled"}, 1),
                ({"status_not": "failed"}, 4),
                ({"site": "cologne"}, 0),
                ({"since": seed.NOW.isoformat()}, 5),
                ({"until": seed.NOW.isoformat()}, 0),
            ]
        ):
            assert await count(client, "/data-transfers", **query) == number, query

    async def test_filters_of_copies(self, client: Client, session: Session) -> None:
        package = seed.package(session, seed.execution(session))
        seed.copy_of(session, package, seed.ARCHIVE, PhysicalCopyStatus.CORRUPT)
        session.commit()
        for query, number in Cases(
            [
                ({"status": ["corrupt", "missing"]}, 1),
                ({"status_not": "corrupt"}, 2),
                ({"location": [seed.ARCHIVE, seed.BUFFER]}, 2),
            ]
        ):
            assert await count(client, "/physical-copies", **query) == number, query
