"""Work of every kind: lists, retry, cancel."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from ccat_dev_stack.proofs import LONG_AFTER
from ccat_ops_db.changed_keys import Changed
from ccat_ops_db.enumerations import (
    CheckReason,
    CopyKind,
    FailureClass,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataTransfer,
    Deletion,
    Event,
    FixityCheck,
    PhysicalCopy,
    PhysicalCopyLock,
)
from ccat_ops_db_api.work.kinds import KINDS

from . import seed
from .conftest import ChangedKeys, Client, CountStatements

FAILED = {
    "error_class": FailureClass.PERMANENT,
    "error_category": "no_such_bucket",
    "error_message": "there is no bucket lta",
    "attempt": 7,
    "finished_at": seed.NOW,
}


@pytest.fixture
def package(session: Session) -> UUID:
    """A sealed package."""
    made = seed.package(session, seed.execution(session))
    session.commit()
    return made


class TestList:
    @pytest.mark.parametrize("path", [kind.path for kind in KINDS])
    async def test_every_kind_is_empty_at_first_and_unknown_rows_are_not_found(
        self, client: Client, path: str
    ) -> None:
        assert (await client.get(f"/{path}")).json() == {"items": [], "next_cursor": None}
        assert (await client.get(f"/{path}/{new_id()}")).status_code == 404
        for verb in ("retry", "cancel"):
            assert (await client.post(f"/{path}/{new_id()}:{verb}")).status_code == 404

    async def test_filters(
        self, client: Client, session: Session, package: UUID, count_statements: CountStatements
    ) -> None:
        transfer = seed.transfer(session, package, Status.FAILED, **FAILED)
        session.commit()
        for query, found in [
            ({}, 1),
            ({"status": "failed"}, 1),
            ({"status": "pending"}, 0),
            ({"package_id": str(package)}, 1),
            ({"location": seed.BUFFER}, 1),
            ({"location": seed.ARCHIVE_BUFFER}, 1),
            ({"location": seed.ARCHIVE}, 0),
            ({"route": "ccat-to-cologne"}, 1),
            ({"route": "x"}, 0),
        ]:
            with count_statements() as statements:
                items = (await client.get("/data-transfers", params=query)).json()["items"]
            assert len(items) == found, query
            assert len(statements) == 2
        shown = (await client.get(f"/data-transfers/{transfer}")).json()
        assert (shown["error_message"], shown["attempt"]) == ("there is no bucket lta", 7)
        assert (shown["obs_unit"], shown["module"], shown["part_number"]) == (seed.OBS_UNIT, "chai-lfa", 1)
        observed = (await client.get(f"/executed-obs-units/{shown['execution_id']}")).json()
        assert shown["observed_at"] == observed["started_at"]

    async def test_checks_of_copies_tell_the_package_of_their_copy(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        other = seed.package(session, seed.execution(session), part=2)
        for one in (package, other):
            session.add(
                FixityCheck(
                    id=new_id(),
                    site_id="cologne",
                    physical_copy_id=seed.copy_of(session, one, seed.ARCHIVE_BUFFER),
                    data_location_id=seed.ARCHIVE_BUFFER,
                    reason=CheckReason.SCRUB,
                    created_at=seed.NOW,
                )
            )
        session.commit()
        for one, part in ((package, 1), (other, 2)):
            [row] = (await client.get("/fixity-checks", params={"package_id": str(one)})).json()["items"]
            assert (row["package_id"], row["part_number"]) == (str(one), part)

    async def test_what_has_ended_is_sorted_by_its_end(self, client: Client, session: Session) -> None:
        execution = seed.execution(session)
        ended: dict[int, str] = {}
        for part in range(1, 5):
            moved = seed.package(session, execution, part=part)
            finished = seed.NOW - timedelta(hours=part)
            ended[part] = str(seed.transfer(session, moved, Status.COMPLETED, finished_at=finished))
        seed.transfer(session, seed.package(session, execution, part=5))
        session.commit()
        for sort, parts in (("-finished_at", (1, 2, 3, 4)), ("finished_at", (4, 3, 2, 1))):
            query: dict[str, Any] = {"sort": sort, "limit": 3}
            first = (await client.get("/data-transfers", params=query)).json()
            rest = (
                await client.get("/data-transfers", params=query | {"cursor": first["next_cursor"]})
            ).json()
            assert [item["id"] for item in first["items"] + rest["items"]] == [ended[part] for part in parts]


class TestRetry:
    async def test_gives_failed_work_a_fresh_start_and_keeps_its_error(
        self, client: Client, session: Session, package: UUID, changed_keys: ChangedKeys
    ) -> None:
        transfer = seed.transfer(session, package, Status.FAILED, **FAILED)
        session.commit()
        changed_keys()
        response = await client.post(f"/data-transfers/{transfer}:retry", json={"reason": "bucket made"})
        assert Changed("data_transfer", str(transfer)) in changed_keys()
        shown = response.json()
        assert (shown["status"], shown["attempt"], shown["error_message"]) == ("pending", 0, None)
        event = session.query(Event).one()
        assert event.action == "data_transfer.retried"
        assert event.details == {
            "error_class": "permanent",
            "error_category": "no_such_bucket",
            "error_message": "there is no bucket lta",
            "attempt": 7,
            "reason": "bucket made",
        }
        assert session.query(PhysicalCopyLock).one().work_id == transfer

    @pytest.mark.parametrize("status", [Status.PENDING, Status.SCHEDULED, Status.COMPLETED])
    async def test_only_failed_work_can_be_retried(
        self, client: Client, session: Session, package: UUID, status: Status
    ) -> None:
        transfer = seed.transfer(session, package, status)
        session.commit()
        assert (await client.post(f"/data-transfers/{transfer}:retry")).status_code == 409

    async def test_what_waits_for_its_next_attempt_is_tried_at_once(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        later = datetime.now(UTC) + timedelta(minutes=15)
        transfer = seed.transfer(
            session, package, next_attempt_at=later, waiting_reason="back_off", waiting_since=later
        )
        session.commit()
        shown = (await client.post(f"/data-transfers/{transfer}:retry")).json()
        assert (shown["status"], shown["next_attempt_at"], shown["waiting_reason"]) == ("pending", None, None)
        assert session.query(Event).one().action == "data_transfer.retried"

    async def test_work_whose_source_is_gone_is_not_retried(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        transfer = seed.transfer(session, package, Status.FAILED, **FAILED)
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.data_location_id == seed.BUFFER)
            .values(status=PhysicalCopyStatus.DELETION_SCHEDULED)
        )
        session.commit()
        response = await client.post(f"/data-transfers/{transfer}:retry")
        assert response.status_code == 409
        assert "deletion_scheduled" in response.json()["detail"]

    async def test_what_other_work_does_by_now_stays_cancelled(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        cancelled = seed.transfer(session, package, Status.CANCELLED)
        seed.transfer(session, package)
        session.commit()
        response = await client.post(f"/data-transfers/{cancelled}:retry")
        assert response.status_code == 409
        assert response.json()["type"].endswith("/done-by-other")
        assert (await client.get(f"/data-transfers/{cancelled}")).json()["status"] == "cancelled"

    async def test_an_idempotency_key_makes_it_safe_to_repeat(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        transfer = seed.transfer(session, package, Status.FAILED, **FAILED)
        session.commit()
        path, headers = f"/data-transfers/{transfer}:retry", {"Idempotency-Key": "k"}
        first, again = [await client.post(path, headers=headers) for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert first.headers["etag"] == again.headers["etag"]
        assert session.query(Event).count() == 1


class TestCancel:
    @pytest.mark.parametrize("status", [Status.PENDING, Status.SCHEDULED, Status.IN_PROGRESS, Status.FAILED])
    async def test_stops_open_work_and_refuses_its_worker(
        self, client: Client, session: Session, package: UUID, status: Status
    ) -> None:
        lease: dict[str, Any] = {"lease_owner": "w", "lease_expires_at": seed.NOW, "fencing": 3}
        transfer = seed.transfer(session, package, status, **lease)
        session.commit()
        first, again = [await client.post(f"/data-transfers/{transfer}:cancel") for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200)
        row = session.get_one(DataTransfer, transfer)
        session.refresh(row)
        assert (row.status, row.fencing, row.lease_owner) == (Status.CANCELLED, 4, None)
        assert row.error_category == "cancelled"
        assert session.query(Event).count() == 1

    async def test_what_is_done_cannot_be_cancelled(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        transfer = seed.transfer(session, package, Status.COMPLETED)
        session.commit()
        assert (await client.post(f"/data-transfers/{transfer}:cancel")).status_code == 409

    async def test_frees_the_copy_that_it_read_and_takes_it_back_on_retry(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        transfer = seed.transfer(session, package)
        source = session.get_one(DataTransfer, transfer).source_copy_id
        session.add(
            PhysicalCopyLock(
                id=new_id(),
                site_id="ccat",
                physical_copy_id=source,
                work_table="data_transfer",
                work_id=transfer,
                created_at=seed.NOW,
            )
        )
        session.commit()
        await client.post(f"/data-transfers/{transfer}:cancel")
        assert session.query(PhysicalCopyLock).count() == 0
        await client.post(f"/data-transfers/{transfer}:retry")
        assert session.query(PhysicalCopyLock).one().physical_copy_id == source

    async def test_if_match_protects_what_was_not_seen(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        transfer = seed.transfer(session, package)
        session.commit()
        path = f"/data-transfers/{transfer}:cancel"
        assert (await client.post(path, headers={"If-Match": '"x"'})).status_code == 412

    async def test_if_match_is_not_disturbed_by_progress(
        self, client: Client, session: Session, package: UUID
    ) -> None:
        transfer = seed.transfer(session, package)
        session.commit()
        path = f"/data-transfers/{transfer}"
        etag = (await client.get(path)).headers["etag"]
        row = session.get_one(DataTransfer, transfer)
        row.bytes_done, row.progressed_at = 5, seed.NOW
        row.waiting_reason, row.waiting_detail, row.waiting_since = "outside_window", "until 06:00", seed.NOW
        session.commit()
        shown = await client.get(path, headers={"If-None-Match": etag})
        assert (shown.status_code, shown.json()["bytes_done"], shown.headers["etag"]) == (200, 5, etag)
        headers = {"If-Match": etag}
        cancelled = await client.post(f"{path}:cancel", headers=headers)
        assert cancelled.status_code == 200
        assert cancelled.headers["etag"] == (await client.get(path)).headers["etag"] != etag
        assert (await client.post(f"{path}:retry", headers=headers)).status_code == 412


class TestCancelDeletion:
    @pytest.fixture
    def deletion(self, session: Session, package: UUID) -> UUID:
        """A scheduled deletion of the package in the buffer."""
        row = Deletion(
            id=new_id(),
            site_id="ccat",
            raw_data_package_id=package,
            data_location_id=seed.BUFFER,
            kind=CopyKind.RAW_DATA_PACKAGE,
            requested_by="policy buffer",
            reason="under_pressure",
            grace_until=seed.NOW,
            created_at=seed.NOW,
        )
        session.add(row)
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.data_location_id == seed.BUFFER)
            .values(status=PhysicalCopyStatus.DELETION_SCHEDULED)
        )
        session.commit()
        return row.id

    async def test_gives_the_copy_back_what_it_was(
        self, client: Client, session: Session, package: UUID, deletion: UUID
    ) -> None:
        assert (await client.post(f"/deletions/{deletion}:cancel")).status_code == 200
        copy = session.query(PhysicalCopy).filter_by(data_location_id=seed.BUFFER).one()
        assert copy.status is PhysicalCopyStatus.VERIFIED

    async def test_one_that_has_begun_is_completed(
        self, client: Client, session: Session, deletion: UUID
    ) -> None:
        for status in (Status.SCHEDULED, Status.IN_PROGRESS):
            session.execute(
                update(Deletion).values(status=status, lease_owner="w", lease_expires_at=seed.NOW)
            )
        session.commit()
        response = await client.post(f"/deletions/{deletion}:cancel")
        assert response.status_code == 409
        assert "begun" in response.json()["detail"]

    async def test_one_whose_attempt_was_interrupted_is_completed(
        self, client: Client, session: Session, deletion: UUID
    ) -> None:
        for status in (Status.SCHEDULED, Status.IN_PROGRESS):
            session.execute(
                update(Deletion).values(status=status, lease_owner="w", lease_expires_at=LONG_AFTER)
            )
        session.execute(
            update(PhysicalCopy)
            .where(PhysicalCopy.data_location_id == seed.BUFFER)
            .values(status=PhysicalCopyStatus.DELETION_IN_PROGRESS)
        )
        session.execute(
            update(Deletion).values(status=Status.PENDING, lease_owner=None, lease_expires_at=None)
        )
        session.commit()
        response = await client.post(f"/deletions/{deletion}:cancel")
        assert response.status_code == 409
        assert session.get_one(Deletion, deletion).status is Status.PENDING
