"""One party pauses inside its transaction, another waits for its locks and goes on with the new rows."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from ccat_data_transfer.failures import Integrity
from ccat_data_transfer.planning.admission import admit
from ccat_data_transfer.planning.deleting import plan_deletion
from ccat_data_transfer.planning.moving import plan_moving
from ccat_data_transfer.planning.packaging import plan_packaging
from ccat_data_transfer.planning.recovery import take_back
from ccat_data_transfer.planning.staging import plan_staging
from ccat_data_transfer.planning.tar_names import name_of
from ccat_data_transfer.planning.verifying import conclude_transfers, register_copy, verify_archive_copies
from ccat_data_transfer.stages.doubt import have_it_verified
from ccat_data_transfer.work.attempt import Attempt
from ccat_data_transfer.work.kinds import KINDS
from ccat_data_transfer.work.lease import LeaseLostError, acquire
from ccat_dev_stack.checkout import checkout_folder
from ccat_ops_db.configuration import apply_configuration, load
from ccat_ops_db.enumerations import LocationType, Operation, PhysicalCopyStatus, Status
from ccat_ops_db.models import (
    DataLocation,
    DataTransfer,
    DataTransferRoute,
    Deletion,
    DeletionHold,
    ErrorRecord,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    PlaceMarker,
    RawDataFile,
    RawDataFileView,
    RawDataPackage,
    StagingItem,
    Suspension,
)

from ..meeting import Api, Meeting, StoppedWorker
from ..trouble import (
    DAY,
    HOUR,
    exchange_for_a_copy,
    freed,
    have_read,
    keep_everything,
    outcome_of,
    packages,
    rot,
    state,
    work_states,
)

CONTENTS = {"2026/a.fits": b"a" * 10_000, "2026/b.fits": b"b" * 10_000}
OTHER = {"2026/late.fits": b"l" * 3_000}


@pytest.fixture(scope="session")
def built_api() -> Api:
    return Api()


@pytest.fixture
def parties(observatory: Any, built_api: Api, ops_database: str) -> "Parties":
    engine = built_api.enter(ops_database, observatory.sessions, observatory.clock.now)
    return Parties(observatory, built_api, Meeting(observatory.engine, engine))


class Parties:
    """Whoever meets at the database of an observatory."""

    def __init__(self, observatory: Any, api: Api, meeting: Meeting) -> None:
        self.observatory = observatory
        self.ask = api.post
        self.meet = meeting.of

    def plan(self, *stages: Callable[[Any, Any], int]) -> None:
        """Do some stages of a pass, each in a transaction."""
        for stage in stages:
            with self.observatory.sessions.begin() as session:
                stage(session, self.observatory.topology(session, self.observatory.clock.now))

    def lease(self, operation: Operation, work_id: UUID) -> Attempt:
        """Take a row for a worker that does nothing more."""
        with self.observatory.sessions.begin() as session:
            lease = acquire(
                session,
                operation,
                work_id,
                "worker-1",
                timedelta(seconds=self.observatory.settings.lease),
                self.observatory.clock.now,
            )
        assert lease is not None
        return Attempt(
            lease,
            self.observatory.world,
            self.observatory.settings,
            self.observatory.stopping,
            self.observatory.clock.monotonic(),
        )

    def work(self, operation: Operation, work_id: UUID, owner: str = "worker-1") -> str:
        """Have a worker do one row."""
        outcome: str = self.observatory.new_runner(owner).run(operation, work_id)
        return outcome

    def scheduled(self, operation: Operation, location: str) -> Any:
        """Plan and work until some work at a location is scheduled, and return it; nothing else is left."""
        kind = KINDS[operation]
        wanted = {kind.location: location, "status": Status.SCHEDULED}
        self.observatory.run_until(lambda: self.observatory.rows(kind.table, **wanted))
        self.observatory.mailbox.messages.clear()
        [row] = self.observatory.rows(kind.table, **wanted)
        return row

    def second_reading(self, location: str, after: float) -> Any:
        """Let some seconds pass until a copy that was read wrong may be read once more, and return that."""
        self.observatory.clock.advance(after)
        return self.scheduled(Operation.VERIFY, location)

    def row(self, model: Any, row_id: UUID) -> Any:
        """Return a row as it is now."""
        [row] = self.observatory.rows(model, id=row_id)
        return row


def finish(work: Attempt, **values: Any) -> None:
    with work.finishing(**values):
        pass


def files_of(contents: dict[str, bytes], execution: UUID) -> list[dict[str, Any]]:
    return [
        {
            "execution_id": str(execution),
            "module": "chai-lfa",
            "relative_path": path,
            "size": len(content),
            "checksum": "sha256:" + "0" * 64,
            "source_location": "ccat.raw",
        }
        for path, content in contents.items()
    ]


# Filing and packaging.


def test_packages_are_formed_of_all_that_was_filed_before(observatory: Any, parties: Parties) -> None:
    """Who files holds the series, so that a range of numbers misses nobody who commits late."""
    execution = observatory.observe(CONTENTS)
    [late] = files_of(OTHER, execution)
    met = parties.meet(
        partial(parties.ask, "/raw-data-files", late),
        partial(parties.plan, plan_packaging),
        after="INSERT INTO raw_data_file",
    )
    assert (met.first.status_code, met.waited) == (201, True)
    parties.plan(plan_packaging)
    assert [package.file_count for package in packages(observatory)] == [3]
    assert None not in {file.raw_data_package_id for file in observatory.rows(RawDataFileView)}


def test_a_file_is_filed_once_by_two_at_once(observatory: Any, parties: Parties) -> None:
    [file] = files_of(OTHER, observatory.start())
    filing = partial(parties.ask, "/raw-data-files", file)
    met = parties.meet(filing, filing, after="INSERT INTO raw_data_file")
    assert met.waited
    assert met.first.json()["id"] == met.second.json()["id"]
    assert len(observatory.rows(RawDataFile)) == 1


def test_nobody_waits_to_file_until_an_execution_is_finished(observatory: Any, parties: Parties) -> None:
    execution = observatory.start()
    [file] = files_of(OTHER, execution)
    met = parties.meet(
        partial(parties.ask, f"/executed-obs-units/{execution}:finish", {"status": "completed"}),
        partial(parties.ask, "/raw-data-files", file),
        after="UPDATE executed_obs_unit",
    )
    assert (met.first.status_code, met.second.status_code) == (200, 201)
    assert not met.waited


def test_the_configuration_is_applied_beside_the_planner(observatory: Any, parties: Parties) -> None:
    def apply() -> None:
        with observatory.sessions.begin() as session:
            configuration = load(checkout_folder() / "data-center-config")
            # Another kind of storage here.
            del configuration.entries["data_locations"]["cologne.lta"]
            apply_configuration(session, configuration, actor="test", at=observatory.clock.now)

    observatory.observe(CONTENTS)
    met = parties.meet(apply, observatory.planner.run_pass, after="INSERT INTO configuration_revision")
    assert not met.waited
    assert met.second > 0
    observatory.planner.run_pass()


# Work and those who take it.


def test_a_worker_that_waits_for_the_planner_has_lost_its_lease(observatory: Any, parties: Parties) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.PACKAGE_CREATION, "ccat.raw")
    work = parties.lease(Operation.PACKAGE_CREATION, row.id)
    observatory.clock.advance(observatory.settings.lease + 1)
    met = parties.meet(
        partial(parties.plan, take_back),
        partial(outcome_of, partial(finish, work)),
        after="UPDATE package_creation",
    )
    assert met.waited
    assert met.second == f"raises {LeaseLostError.__name__}"
    assert parties.row(PackageCreation, row.id).status is Status.PENDING


def test_the_planner_does_not_wait_for_a_worker_that_ends_late(observatory: Any, parties: Parties) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.PACKAGE_CREATION, "ccat.raw")
    work = parties.lease(Operation.PACKAGE_CREATION, row.id)
    observatory.clock.advance(observatory.settings.lease + 1)
    met = parties.meet(
        partial(finish, work), partial(parties.plan, take_back), after="UPDATE package_creation"
    )
    assert not met.waited
    row = parties.row(PackageCreation, row.id)
    assert (row.status, row.interruptions) == (Status.COMPLETED, 0)
    assert observatory.rows(ErrorRecord) == []


def test_what_is_withdrawn_is_not_to_be_had(observatory: Any, parties: Parties) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.PACKAGE_CREATION, "ccat.raw")
    observatory.suspend(DataLocation, "ccat.raw")
    met = parties.meet(
        partial(parties.plan, admit),
        partial(parties.work, Operation.PACKAGE_CREATION, row.id),
        after="UPDATE package_creation",
    )
    assert met.waited
    assert met.second == "not_to_be_had"


@pytest.mark.parametrize("admitted_first", [True, False])
def test_work_is_cancelled_while_it_is_admitted(
    observatory: Any, parties: Parties, admitted_first: bool
) -> None:
    observatory.observe(CONTENTS)
    parties.plan(plan_packaging)
    [row] = observatory.rows(PackageCreation)
    cancel = partial(parties.ask, f"/package-creations/{row.id}:cancel")
    both = [partial(parties.plan, admit), cancel]
    met = parties.meet(*(both if admitted_first else reversed(both)), after="UPDATE package_creation")
    # A planner passes over what others hold locked; a person waits.
    assert met.waited is admitted_first
    row = parties.row(PackageCreation, row.id)
    assert (row.status, row.error_category) == (Status.CANCELLED, "cancelled")
    assert parties.work(Operation.PACKAGE_CREATION, row.id) == "not_to_be_had"


def test_work_that_ended_is_not_cancelled(observatory: Any, parties: Parties) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.VERIFY, "cologne.buffer")
    met = parties.meet(
        partial(parties.work, Operation.VERIFY, row.id),
        partial(parties.ask, f"/fixity-checks/{row.id}:cancel"),
        after="UPDATE fixity_check",
        before="UPDATE physical_copy",
    )
    assert met.waited
    assert (met.first, met.second.status_code) == ("done", 409)
    assert parties.row(FixityCheck, row.id).status is Status.COMPLETED


@pytest.mark.parametrize("damaged", [False, True])
def test_a_transfer_stays_cancelled_whose_arrival_was_read(
    observatory: Any, parties: Parties, damaged: bool
) -> None:
    observatory.observe(CONTENTS)
    check = parties.scheduled(Operation.VERIFY, "cologne.buffer")
    if damaged:
        rot(observatory.tars_at("cologne.buffer")[0])
    assert parties.work(Operation.VERIFY, check.id) == "done"
    if damaged:
        second = parties.second_reading("cologne.buffer", 60)
        assert parties.work(Operation.VERIFY, second.id, "worker-2") == "done"
    met = parties.meet(
        partial(parties.ask, f"/data-transfers/{check.data_transfer_id}:cancel"),
        partial(parties.plan, conclude_transfers),
        after="UPDATE data_transfer",
    )
    assert met.waited
    row = parties.row(DataTransfer, check.data_transfer_id)
    assert (row.status, row.error_category) == (Status.CANCELLED, "cancelled")
    assert row.sent_at is not None


def test_work_that_a_person_retries_is_not_opened_twice(observatory: Any, parties: Parties) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.ARCHIVE_TRANSFER, "cologne.lta")
    work = parties.lease(Operation.ARCHIVE_TRANSFER, row.id)
    observatory.change(
        LongTermArchiveTransfer,
        row.id,
        status=Status.FAILED,
        error_category="source_mismatch",
        lease_owner=None,
        lease_expires_at=None,
        finished_at=observatory.clock.now,
    )
    observatory.change(PhysicalCopy, row.source_copy_id, onward_planned_at=None)
    met = parties.meet(
        partial(parties.ask, f"/archive-transfers/{work.id}:retry"),
        partial(parties.plan, plan_moving),
        after="UPDATE long_term_archive_transfer",
    )
    assert met.waited
    assert met.first.status_code == 200
    assert work_states(observatory, Operation.ARCHIVE_TRANSFER) == ["pending"]
    observatory.run()
    assert state(observatory, "cologne.lta") == "verified"


# Who decides to delete, and who reads.


def test_a_deletion_that_was_cancelled_is_not_decided(
    observatory: Any, parties: Parties, at_crash_points: Any
) -> None:
    """The worker slept longer than its lease, right before the decision."""
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "ccat.buffer")
    worker = StoppedWorker(
        at_crash_points, "deleting.before_decision", partial(parties.work, Operation.DELETION, row.id)
    )
    observatory.clock.advance(observatory.settings.lease + 1)
    parties.plan(take_back)
    met = parties.meet(
        partial(parties.ask, f"/deletions/{row.id}:cancel"), worker.go_on, after="UPDATE physical_copy"
    )
    assert met.waited
    assert (met.first.status_code, met.second) == (200, "lease_lost")
    assert state(observatory, "ccat.buffer") == "present"
    assert observatory.tars_at("ccat.buffer") != []


def test_a_deletion_that_is_taken_back_is_not_decided(
    observatory: Any, parties: Parties, at_crash_points: Any
) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "ccat.buffer")
    worker = StoppedWorker(
        at_crash_points, "deleting.before_decision", partial(parties.work, Operation.DELETION, row.id)
    )
    observatory.clock.advance(observatory.settings.lease + 1)
    met = parties.meet(partial(parties.plan, take_back), worker.go_on, after="UPDATE deletion")
    assert met.waited
    assert met.second == "lease_lost"
    assert state(observatory, "ccat.buffer") == "deletion_scheduled"
    observatory.run()
    assert freed(observatory, "ccat.buffer")


def test_a_hold_that_came_while_the_decision_waited_stops_it(observatory: Any, parties: Parties) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "ccat.buffer")

    def look() -> None:
        with observatory.sessions.begin() as session:
            session.execute(select(PhysicalCopy.id).order_by(PhysicalCopy.id).with_for_update()).all()
            session.execute(select(1))

    met = parties.meet(
        look,
        partial(parties.work, Operation.DELETION, row.id),
        after="FOR UPDATE",
        meanwhile=partial(parties.ask, "/deletion-holds", {"scope": "global", "reason": "look first"}),
    )
    assert met.waited
    assert len(observatory.rows(DeletionHold)) == 1
    assert parties.row(Deletion, row.id).error_category == "withdrawn"
    assert observatory.tars_at("ccat.buffer") != []


@pytest.mark.parametrize("decided_first", [True, False])
def test_a_person_has_a_copy_read_while_its_deletion_is_decided(
    observatory: Any, parties: Parties, decided_first: bool
) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "ccat.buffer")
    parties.ask(f"/deletions/{row.id}:cancel")
    # Given back, and decided again.
    assert parties.ask(f"/deletions/{row.id}:retry").status_code == 200
    observatory.planner.run_pass()
    copy = observatory.copy_at("ccat.buffer")
    delete = partial(parties.work, Operation.DELETION, row.id)
    verify = partial(parties.ask, f"/physical-copies/{copy.id}:verify")
    if decided_first:
        met = parties.meet(delete, verify, after="UPDATE physical_copy")
        assert (met.first, met.second.status_code) == ("done", 409)
        assert freed(observatory, "ccat.buffer")
    else:
        met = parties.meet(verify, delete, after="INSERT INTO physical_copy_lock")
        assert (met.first.status_code, met.second) == (201, "done")
        assert parties.row(Deletion, row.id).error_category == "withdrawn"
        assert observatory.tars_at("ccat.buffer") != []
    assert met.waited


@pytest.mark.parametrize("decided_first", [True, False])
def test_a_copy_is_doubted_while_its_deletion_is_decided(
    observatory: Any, parties: Parties, decided_first: bool
) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "cologne.buffer")
    observatory.change(
        PhysicalCopy, observatory.copy_at("cologne.buffer").id, status=PhysicalCopyStatus.VERIFIED
    )
    [archived] = observatory.rows(LongTermArchiveTransfer)
    observatory.change(LongTermArchiveTransfer, archived.id, priority=1)
    reader = Attempt(
        parties.lease(Operation.DELETION, row.id).lease,
        observatory.world,
        observatory.settings,
        observatory.stopping,
        observatory.clock.monotonic(),
    )
    observatory.clock.advance(observatory.settings.lease + 1)
    bad = Integrity("source_mismatch", "other bytes")
    doubt = partial(have_it_verified, reader, archived.source_copy_id, bad)
    delete = partial(parties.work, Operation.DELETION, row.id, "worker-2")
    if decided_first:
        met = parties.meet(delete, doubt, after="UPDATE physical_copy")
        assert freed(observatory, "cologne.buffer")
    else:
        met = parties.meet(doubt, delete, after="INSERT INTO physical_copy_lock")
        assert observatory.tars_at("cologne.buffer") != []
    assert met.waited
    checks = observatory.rows(FixityCheck, physical_copy_id=archived.source_copy_id, status=Status.PENDING)
    assert len(checks) == (0 if decided_first else 1)


@pytest.mark.parametrize("decided_first", [True, False])
def test_a_copy_is_staged_while_its_deletion_is_decided(
    observatory: Any, parties: Parties, decided_first: bool
) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "cologne.buffer")
    parties.ask(f"/deletions/{row.id}:cancel")
    parties.ask(f"/deletions/{row.id}:retry")
    observatory.planner.run_pass()
    observatory.change(DataLocation, "cologne.lta", enabled=False)
    observatory.stage(packages(observatory)[0])
    delete = partial(parties.work, Operation.DELETION, row.id)
    stage = partial(parties.plan, plan_staging)
    if decided_first:
        met = parties.meet(delete, stage, after="UPDATE physical_copy")
        parties.plan(plan_staging)
        [item] = observatory.rows(StagingItem)
        assert (item.source_copy_id, item.waiting_reason) == (None, "no_readable_copy")
    else:
        met = parties.meet(stage, delete, after="INSERT INTO physical_copy_lock")
        assert parties.row(Deletion, row.id).error_category == "withdrawn"
        assert observatory.tars_at("cologne.buffer") != []
    assert met.waited
    observatory.change(DataLocation, "cologne.lta", enabled=True)
    observatory.run()
    assert work_states(observatory, Operation.STAGING) == ["completed"]


def test_a_cancelled_item_is_given_no_copy_to_read(observatory: Any, parties: Parties) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    observatory.stage(packages(observatory)[0])
    [item] = observatory.rows(StagingItem)
    met = parties.meet(
        partial(parties.ask, f"/staging-items/{item.id}:cancel"),
        partial(parties.plan, plan_staging),
        after="UPDATE staging_item",
    )
    assert met.waited
    item = parties.row(StagingItem, item.id)
    assert (item.status, item.source_copy_id) == (Status.CANCELLED, None)
    assert observatory.rows(PhysicalCopyLock) == []


@pytest.mark.parametrize("decided_first", [True, False])
def test_data_are_staged_again_while_they_are_removed(
    observatory: Any, parties: Parties, decided_first: bool
) -> None:
    observatory.observe(CONTENTS)
    observatory.run()
    [package] = packages(observatory)
    observatory.stage(package, time_to_live=DAY)
    observatory.run()
    observatory.clock.advance(2 * DAY)
    have_read(observatory, "cologne.lta")
    deletion = parties.scheduled(Operation.DELETION, "cologne.processing")
    observatory.stage(package)
    item = parties.scheduled(Operation.STAGING, "cologne.processing")
    delete = partial(parties.work, Operation.DELETION, deletion.id)
    stage = partial(parties.work, Operation.STAGING, item.id, "worker-2")
    if decided_first:
        met = parties.meet(delete, stage, after="UPDATE physical_copy")
        assert (met.first, met.second) == ("done", "failed")
    else:
        met = parties.meet(stage, delete, after="UPDATE physical_copy")
        assert (met.first, met.second) == ("done", "done")
        assert parties.row(Deletion, deletion.id).error_category == "withdrawn"
    assert met.waited
    observatory.clock.advance(HOUR)
    observatory.run()
    assert work_states(observatory, Operation.STAGING) == ["completed", "completed"]
    assert len(observatory.files_at("cologne.processing")) == len(CONTENTS)


def test_a_copy_that_goes_is_not_sent_on(observatory: Any, parties: Parties) -> None:
    observatory.add_location("cologne.second", LocationType.LONG_TERM_ARCHIVE)
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "cologne.buffer")
    parties.ask(f"/deletions/{row.id}:cancel")
    parties.ask(f"/deletions/{row.id}:retry")
    observatory.planner.run_pass()
    observatory.change(DataLocation, "cologne.lta", enabled=False)
    observatory.change(PhysicalCopy, observatory.copy_at("cologne.buffer").id, onward_planned_at=None)
    met = parties.meet(
        partial(parties.work, Operation.DELETION, row.id),
        partial(parties.plan, plan_moving),
        after="UPDATE physical_copy",
    )
    assert met.waited
    assert freed(observatory, "cologne.buffer")
    assert observatory.rows(LongTermArchiveTransfer, destination_location_id="cologne.second") == []


@pytest.mark.parametrize("point", ["decided", "removed"])
def test_what_arrives_while_a_copy_is_removed(observatory: Any, parties: Parties, point: str) -> None:
    observatory.observe(CONTENTS)
    row = parties.scheduled(Operation.DELETION, "ccat.buffer")
    copy = observatory.copy_at("ccat.buffer")

    def arrive() -> UUID | None:
        with observatory.sessions.begin() as session:
            return register_copy(
                session,
                copy.raw_data_package_id,
                site_id="ccat",
                location_id="ccat.buffer",
                relative_path=name_of(copy.relative_path, 2),
                generation=2,
                size=copy.size,
                at=observatory.clock.now,
            )

    # The decision says nothing after the status; the end tells what was removed.
    after = "UPDATE physical_copy" if point == "decided" else "INSERT INTO event"
    met = parties.meet(partial(parties.work, Operation.DELETION, row.id), arrive, after=after)
    assert met.waited
    assert met.first == "done"
    if point == "decided":
        assert met.second is None
        assert state(observatory, "ccat.buffer") == "deleted"
    else:
        assert met.second not in (None, copy.id)
        assert state(observatory, "ccat.buffer") == "present"


# Verifications, places and routes.


def test_a_copy_is_read_once_for_two_who_ask_at_once(observatory: Any, parties: Parties) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    [package] = packages(observatory)
    copy = observatory.copy_at("cologne.lta")

    def have_it_read() -> int:
        with observatory.sessions.begin() as session:
            topology = observatory.topology(session, observatory.clock.now)
            return verify_archive_copies(session, topology, [package.id])

    met = parties.meet(
        have_it_read,
        partial(parties.ask, f"/physical-copies/{copy.id}:verify"),
        after="INSERT INTO fixity_check",
        before="physical_copy",
    )
    assert met.waited
    assert met.first == 1
    [check] = observatory.rows(FixityCheck, status=Status.PENDING)
    assert met.second.json()["id"] == str(check.id)
    assert len(observatory.rows(PhysicalCopyLock)) == 1


def test_an_archive_that_lost_a_copy_gets_it_again(observatory: Any, parties: Parties) -> None:
    keep_everything(observatory)
    observatory.observe(CONTENTS)
    observatory.run()
    rot(observatory.tars_at("cologne.lta")[0])
    have_read(observatory, "cologne.lta")
    observatory.change(PhysicalCopy, observatory.copy_at("cologne.buffer").id, onward_planned_at=None)
    check = parties.scheduled(Operation.VERIFY, "cologne.lta")
    assert parties.work(Operation.VERIFY, check.id) == "done"
    check = parties.second_reading("cologne.lta", 900)
    observatory.change(PhysicalCopy, observatory.copy_at("cologne.buffer").id, onward_planned_at=None)
    met = parties.meet(
        partial(parties.work, Operation.VERIFY, check.id, "worker-2"),
        partial(parties.plan, plan_moving, plan_deletion),
        after="INSERT INTO event",
    )
    assert met.waited
    assert state(observatory, "cologne.lta") == "corrupt"
    observatory.run()
    assert state(observatory, "cologne.lta") == "verified"


def test_of_two_adoptions_at_once_one_makes_the_marker(observatory: Any, parties: Parties) -> None:
    exchange_for_a_copy(observatory.folder("cologne.lta"))
    adopt = partial(observatory.adopt, "cologne.lta", reason="the disk was replaced")
    met = parties.meet(adopt, adopt, after="INSERT INTO place_marker")
    assert met.waited
    assert (met.first.act, met.second.act) == ("new", "none")
    assert met.first.marker_id == met.second.marker_id
    current = observatory.rows(PlaceMarker, data_location_id="cologne.lta", retired_at=None)
    assert [marker.id for marker in current] == [met.first.marker_id]


def test_a_suspension_takes_back_what_was_admitted_before_it_was_there(
    observatory: Any, parties: Parties
) -> None:
    observatory.observe(CONTENTS)
    [route] = observatory.rows(DataTransferRoute)
    met = parties.meet(
        partial(parties.ask, f"/routes/{route.id}:suspend", {"reason": "the link is mended"}),
        partial(parties.scheduled, Operation.TRANSFER, "ccat.buffer"),
        after="INSERT INTO suspension",
    )
    assert not met.waited
    observatory.planner.run_pass()
    assert parties.row(DataTransfer, met.second.id).status is Status.PENDING
    assert parties.work(Operation.TRANSFER, met.second.id) == "not_to_be_had"


def test_a_route_is_suspended_once_by_two_at_once(observatory: Any, parties: Parties) -> None:
    [route] = observatory.rows(DataTransferRoute)
    suspend = partial(parties.ask, f"/routes/{route.id}:suspend", {"reason": "the link is mended"})
    met = parties.meet(suspend, suspend, after="INSERT INTO suspension")
    assert met.waited
    assert (met.first.status_code, met.second.status_code) == (200, 200)
    assert len(observatory.rows(Suspension)) == 1
    assert observatory.rows(RawDataPackage) == []
