"""The rule of deletion: each condition of it alone, being false, keeps the copy."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, inspect, select, update

from ccat_data_transfer.deletion.rule import (
    Candidate,
    Confirmation,
    NotProvenError,
    copies_of,
    prove,
    reliable_copies,
)
from ccat_data_transfer.evidence.doubts import doubt_place
from ccat_data_transfer.planning.onward import CopyNotReadableError, lock_copy
from ccat_dev_stack.proofs import lease_deletion, prove_copy
from ccat_ops_db.enumerations import (
    CallerKind,
    CopyKind,
    DeletionMode,
    DoubtCause,
    HoldScope,
    LocationType,
    PhysicalCopyStatus,
    Status,
)
from ccat_ops_db.filing import FileFacts, file_raw_data
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DataLocation,
    DeletionHold,
    DeletionHoldEnd,
    ExecutedObsUnit,
    ObservingProgram,
    ObsUnit,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataPackage,
    RetentionPolicy,
    Site,
    Verification,
)

OTHER = "xxh3-128:" + "0" * 32


@pytest.fixture
def archived_twice(observatory: Any) -> Any:
    """One package everywhere, verified at two archives, deletable by a policy that wants both."""
    observatory.change(RetentionPolicy, "when-archived", min_archive_copies=2)
    for location in ("ccat.raw", "ccat.buffer", "cologne.buffer"):
        observatory.change(DataLocation, location, deletion_mode=DeletionMode.DRY_RUN)
    observatory.observe({"2026/a.fits": b"a" * 100, "2026/b.fits": b"b" * 100})
    observatory.run()
    with observatory.sessions.begin() as session:
        session.add(Site(id="us", name="Cornell"))
    observatory.add_location("us.lta", LocationType.LONG_TERM_ARCHIVE)
    add_another_program(observatory)
    first = observatory.copy_at("cologne.lta")
    columns = {c.name: getattr(first, c.name) for c in PhysicalCopy.__table__.columns}
    columns["place_marker_id"] = observatory.places.marker_on_record("us.lta").id
    columns |= {"id": new_id(), "site_id": "us", "data_location_id": "us.lta"}
    with observatory.sessions.begin() as session:
        session.execute(insert(PhysicalCopy.__table__), [columns])
        copy = session.get_one(PhysicalCopy, columns["id"])
        prove_copy(session, copy, the_package(observatory).checksum, observatory.clock.now)
    return observatory


def add_another_program(observatory: Any) -> None:
    """Have another package that has nothing to do with the one that is judged."""
    with observatory.sessions.begin() as session:
        session.add(ObservingProgram(id="OTHER", name="Another"))
        session.flush()
        session.add(ObsUnit(id="OTHER_1", observing_program_id="OTHER", source_id="IRC10216"))
        session.flush()
        execution = ExecutedObsUnit(
            site_id="ccat",
            telescope_id="fyst",
            obs_unit_id="OTHER_1",
            started_at=observatory.clock.now,
            start_received_at=observatory.clock.now,
        )
        session.add(execution)
        session.flush()
        facts = [FileFacts("other", 1, "md5:" + "0" * 32)]
        [file] = file_raw_data(session, execution.id, "chai-lfa", "ccat.raw", facts)
        package_id = new_id()
        session.add(
            RawDataPackage(
                id=package_id,
                site_id="ccat",
                raw_data_series_id=file.raw_data_series_id,
                first_number=1,
                last_number=1,
                part_number=1,
                created_at=observatory.clock.now,
                file_count=1,
                payload_bytes=1,
                relative_path=f"other/{package_id}.tar",
            )
        )


def the_package(observatory: Any) -> Any:
    [package] = [package for package in observatory.rows(RawDataPackage) if package.sealed_at]
    return package


def candidate(observatory: Any, location: str = "ccat.raw") -> Candidate:
    package = the_package(observatory)
    return Candidate(package.id, location, CopyKind.RAW_DATA_PACKAGE)


Change = Callable[[Any, Any], None]


def of(model: Any, key: object, **values: Any) -> Change:
    def change(session: Any, observatory: Any) -> None:
        table = model.__table__
        [column] = inspect(model).primary_key
        session.execute(update(table).where(column == key).values(values).returning(column)).one()

    return change


def archive_copy(location: str, **values: Any) -> Change:
    def change(session: Any, observatory: Any) -> None:
        table = PhysicalCopy.__table__
        session.execute(update(table).where(table.c.data_location_id == location).values(values))

    return change


def found(location: str, **other: Any) -> Change:
    """Have the copy at a location read once more, and found otherwise."""

    def change(session: Any, observatory: Any) -> None:
        newest = observatory.rows(Verification, physical_copy_id=observatory.copy_at(location).id)[-1]
        facts = {column.name: getattr(newest, column.name) for column in Verification.__table__.columns}
        session.add(Verification(**facts | {"id": new_id(), "number": newest.number + 1} | other))

    return change


def stale(session: Any, observatory: Any) -> None:
    proved_at = observatory.clock.now - timedelta(days=31)
    found("us.lta", proved_at=proved_at)(session, observatory)


def suspect(session: Any, observatory: Any) -> None:
    doubt_place(session, "us.lta", DoubtCause.READINGS, "a sick controller", "a worker")


def hold(scope: HoldScope, **covers: Any) -> Change:
    def change(session: Any, observatory: Any) -> None:
        found = {name: value(observatory) if callable(value) else value for name, value in covers.items()}
        session.add(
            DeletionHold(
                site_id="ccat",
                scope=scope,
                created_by="somebody",
                created_at=observatory.clock.now,
                reason="a paper is being written",
                **found,
            )
        )

    return change


def lifted_hold(session: Any, observatory: Any) -> None:
    hold(HoldScope.GLOBAL)(session, observatory)
    session.flush()
    session.add(
        DeletionHoldEnd(
            site_id="us",
            deletion_hold_id=session.scalars(select(DeletionHold.id)).one(),
            caller_kind=CallerKind.SESSION,
            caller="somebody",
            created_at=observatory.clock.now,
        )
    )


def read_by_work(session: Any, observatory: Any) -> None:
    copy = session.scalars(select(PhysicalCopy.id).where(PhysicalCopy.data_location_id == "ccat.raw")).first()
    session.add(
        PhysicalCopyLock(
            site_id="ccat",
            physical_copy_id=copy,
            work_table="staging_item",
            work_id=new_id(),
            created_at=observatory.clock.now,
        )
    )


def pinned(session: Any, observatory: Any) -> None:
    archive_copy("ccat.raw", pinned_until=observatory.clock.now + timedelta(days=1))(session, observatory)


def being_made(session: Any, observatory: Any) -> None:
    [work] = observatory.rows(PackageCreation)
    table = PackageCreation.__table__
    values = {c.name: getattr(work, c.name) for c in table.columns}
    session.execute(table.delete())
    session.execute(table.insert().values({**values, "id": new_id(), "status": Status.PENDING}))


CASES: list[tuple[str, Change, str]] = [
    ("one wrong checksum", found("us.lta", checksum_found=OTHER), "waiting_for_second_archive"),
    ("one missing", archive_copy("us.lta", status=PhysicalCopyStatus.MISSING), "waiting_for_second_archive"),
    ("one corrupt", archive_copy("us.lta", status=PhysicalCopyStatus.CORRUPT), "waiting_for_second_archive"),
    ("one at no archive", of(DataLocation, "us.lta", location_type="buffer"), "waiting_for_second_archive"),
    ("one stale", stale, "verification_too_old"),
    ("one at a suspect archive", suspect, "waiting_for_second_archive"),
    ("all suspect or wrong", found("us.lta", checksum_found=OTHER), "waiting_for_second_archive"),
    (
        "more copies wanted",
        of(RetentionPolicy, "when-archived", min_archive_copies=3),
        "waiting_for_second_archive",
    ),
    ("no policy", of(DataLocation, "ccat.raw", retention_policy_id=None), "no_retention_policy"),
    ("retention", of(RetentionPolicy, "when-archived", retention_time=86400), "retention"),
    ("pinned", pinned, "pinned"),
    ("read by open work", read_by_work, "in_use"),
    ("being made", being_made, "not_sealed"),
    ("an archive itself", of(DataLocation, "ccat.raw", location_type="long_term_archive"), "last_copy"),
    ("held everywhere", hold(HoldScope.GLOBAL), "hold"),
    ("site held", hold(HoldScope.SITE, held_site_id="ccat"), "hold"),
    ("location held", hold(HoldScope.LOCATION, data_location_id="ccat.raw"), "hold"),
    ("program held", hold(HoldScope.PROGRAM, observing_program_id="GEco"), "hold"),
    (
        "execution held",
        hold(HoldScope.EXECUTION, executed_obs_unit_id=lambda o: the_package(o).executed_obs_unit_id),
        "hold",
    ),
    (
        "package held",
        hold(HoldScope.PACKAGE, raw_data_package_id=lambda o: the_package(o).id),
        "hold",
    ),
    # Its own site ends it, no other clock.
    ("a hold whose end was not told", hold(HoldScope.GLOBAL, until=lambda o: o.clock.now), "hold"),
]

HARMLESS: list[tuple[str, Change]] = [
    ("nothing", lambda session, observatory: None),
    ("another site held", hold(HoldScope.SITE, held_site_id="us")),
    ("another program held", hold(HoldScope.PROGRAM, observing_program_id="OTHER")),
    ("another location held", hold(HoldScope.LOCATION, data_location_id="ccat.buffer")),
    ("a lifted hold", lifted_hold),
    ("a pin that ended", archive_copy("ccat.raw", pinned_until=None)),
]


def confirmed(session: Any, subject: Candidate, observatory: Any, ago: timedelta = timedelta(0)) -> list[Any]:
    at = observatory.clock.now
    return [Confirmation(copy.copy_id, at - ago) for copy in reliable_copies(session, subject, at)]


def test_each_condition_alone_being_false_keeps_the_copy(archived_twice: Any) -> None:
    subject, at = candidate(archived_twice), archived_twice.clock.now
    for name, change, reason in CASES:
        with archived_twice.sessions() as session:
            confirmations = confirmed(session, subject, archived_twice)
            assert len(confirmations) == 2, name
            change(session, archived_twice)
            session.flush()
            with pytest.raises(NotProvenError) as refusal:
                prove(session, subject, confirmations, at)
            assert refusal.value.obstacle.reason == reason, name
            session.rollback()
    for name, change in HARMLESS:
        with archived_twice.sessions() as session:
            change(session, archived_twice)
            session.flush()
            prove(session, subject, confirmed(session, subject, archived_twice), at)
            assert name
            session.rollback()


def test_what_the_archives_say_now_is_what_counts(archived_twice: Any) -> None:
    subject, at = candidate(archived_twice), archived_twice.clock.now
    with archived_twice.sessions() as session:
        good = confirmed(session, subject, archived_twice)
        long_ago = confirmed(session, subject, archived_twice, ago=timedelta(hours=3))
        tomorrow = confirmed(session, subject, archived_twice, ago=timedelta(hours=-3))
        [buffer] = archived_twice.rows(PhysicalCopy, data_location_id="cologne.buffer")
        for confirmations in (
            [],
            good[:1],
            [good[0], good[0]],
            [good[0], long_ago[1]],
            [good[0], tomorrow[1]],
            [good[0], Confirmation(new_id(), at)],
            [good[0], Confirmation(buffer.id, at)],
        ):
            with pytest.raises(NotProvenError) as refusal:
                prove(session, subject, confirmations, at)
            assert refusal.value.obstacle.reason == "archive_not_confirmed"
        prove(session, subject, good, at)
        # Two archives that are read in full one after the other: the first word still counts.
        prove(
            session,
            subject,
            [good[0], *confirmed(session, subject, archived_twice, timedelta(hours=1))[1:]],
            at,
        )
        session.rollback()


def test_a_package_that_nobody_knows_is_never_deletable(archived_twice: Any) -> None:
    with archived_twice.sessions() as session:
        for subject in (
            Candidate(new_id(), "ccat.raw", CopyKind.RAW_DATA_PACKAGE),
            Candidate(candidate(archived_twice).package_id, "ccat.nowhere", CopyKind.RAW_DATA_PACKAGE),
        ):
            with pytest.raises(NotProvenError):
                prove(session, subject, [], archived_twice.clock.now)


def test_an_archive_does_not_count_for_itself_and_is_never_emptied(archived_twice: Any) -> None:
    subject = candidate(archived_twice, "cologne.lta")
    with archived_twice.sessions() as session, pytest.raises(NotProvenError) as refusal:
        prove(session, subject, confirmed(session, subject, archived_twice), archived_twice.clock.now)
    assert refusal.value.obstacle.reason == "last_copy"


def test_a_new_reader_waits_for_a_deletion_that_is_decided_and_then_fails_cleanly(
    archived_twice: Any,
) -> None:
    subject = candidate(archived_twice, "ccat.buffer")
    [copy] = archived_twice.rows(PhysicalCopy, data_location_id="ccat.buffer")
    began, outcome = threading.Event(), []

    def read() -> None:
        with archived_twice.sessions() as session:
            began.set()
            try:
                lock_copy(session, copy.id, "staging_item", new_id(), archived_twice.clock.now)
                session.commit()
                outcome.append("reads")
            except CopyNotReadableError:
                outcome.append("refused")

    reader = threading.Thread(target=read)
    with archived_twice.sessions.begin() as deciding:
        prove(deciding, subject, confirmed(deciding, subject, archived_twice), archived_twice.clock.now)
        reader.start()
        began.wait()
        wait_for_a_blocked_backend(archived_twice)
        assert outcome == []
        lease_deletion(deciding, copy, archived_twice.clock.now)
        for status in (PhysicalCopyStatus.DELETION_SCHEDULED, PhysicalCopyStatus.DELETION_IN_PROGRESS):
            deciding.execute(
                update(PhysicalCopy)
                .where(*copies_of(subject))
                .values(status=status)
                .execution_options(synchronize_session=False)
            )
    reader.join(timeout=30)
    assert outcome == ["refused"]
    assert archived_twice.rows(PhysicalCopyLock) == []


def test_a_deletion_waits_for_a_reader_that_begins_and_then_is_refused(archived_twice: Any) -> None:
    subject = candidate(archived_twice, "ccat.buffer")
    [copy] = archived_twice.rows(PhysicalCopy, data_location_id="ccat.buffer")
    outcome: list[str] = []

    def decide() -> None:
        with archived_twice.sessions() as session:
            try:
                prove(session, subject, confirmed(session, subject, archived_twice), archived_twice.clock.now)
                outcome.append("deletes")
            except NotProvenError as refusal:
                outcome.append(refusal.obstacle.reason)

    decider = threading.Thread(target=decide)
    with archived_twice.sessions.begin() as reading:
        lock_copy(reading, copy.id, "staging_item", new_id(), archived_twice.clock.now)
        decider.start()
        wait_for_a_blocked_backend(archived_twice)
    decider.join(timeout=30)
    assert outcome == ["in_use"]


def wait_for_a_blocked_backend(observatory: Any) -> None:
    pause = threading.Event()
    for _ in range(1500):
        with observatory.engine.connect() as connection:
            blocked = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
            ).scalar_one()
        if blocked:
            return
        pause.wait(0.02)
    raise AssertionError("nobody waits for a lock")
