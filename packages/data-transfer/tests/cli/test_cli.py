"""The command: what it prints, as text and as JSON, and how it ends when something is wrong."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from ccat_data_transfer.failures import Permanent
from ccat_data_transfer.work.lease import acquire
from ccat_ops_db.enumerations import HoldScope, PhysicalCopyStatus, Status
from ccat_ops_db.identity import new_id
from ccat_ops_db.models import (
    DatabaseSite,
    DeletionHold,
    DiskDataLocation,
    ErrorRecord,
    Event,
    FixityCheck,
    LongTermArchiveTransfer,
    PackageCreation,
    PhysicalCopy,
    PhysicalCopyLock,
    RawDataPackage,
)

from ..small_observatory import WrongClock
from ..trouble import doubt_place
from .conftest import Command


def test_looking_at_an_observatory(observatory: Any, command: Command) -> None:
    execution = observatory.observe({"2026/a.fits": b"a"})
    observatory.planner.run_pass()
    report = command.json("status")
    assert {place["id"] for place in report["locations"]} >= {"ccat.raw", "cologne.lta"}
    status, out, _ = command("status")
    assert status == 0
    assert "dispatched" in out
    assert command.json("why", execution)["steps"][0]["reason"] == "dispatched"
    status, out, _ = command("why", "ccat.raw")
    assert "in service" in out
    queues = command.json("queues")
    assert "ccat.raw.raw_data_package_creation" in queues
    assert command("queues")[1].split() == queues
    assert command("why", new_id())[0] == 1
    assert "nothing here" in command("why", "nowhere.at-all")[2]


def test_the_doctor_names_what_is_wrong(observatory: Any, command: Command) -> None:
    shutil.rmtree(observatory.folder("cologne.lta"))
    status, out, _ = command("doctor", "--json")
    findings = {finding["what"]: finding for finding in json.loads(out)}
    assert status == 1
    assert findings["database"]["ok"]
    assert findings["broker"]["ok"]
    assert findings["place ccat.raw"]["ok"]
    assert not findings["place cologne.lta"]["ok"]
    assert "ccat-transfer worker" in findings["workers of ccat.raw"]["detail"]
    status, out, _ = command("doctor")
    assert "FAIL place cologne.lta" in out
    assert len(out.splitlines()) == len(findings), "one line each, however long"


def test_the_doctor_tells_clocks_that_are_wrong(observatory: Any, command: Command) -> None:
    """The database of the test is an hour ahead of this machine; one worker is right, the other is not."""
    for number in range(2):
        observatory.observe({f"2026/{number}.fits": b"a"})
    observatory.planner.run_pass()
    late = WrongClock(observatory.clock, timedelta(seconds=-40))
    for (_, operation, work_id), clock in zip(
        observatory.mailbox.messages, (observatory.clock, late), strict=True
    ):
        with observatory.sessions.begin() as session:
            owner = "right" if clock is observatory.clock else "late"
            acquire(session, operation, work_id, owner, timedelta(seconds=60), clock.utc_now())
    findings = {found["what"]: found for found in json.loads(command("doctor", "--json")[1])}
    assert findings["clock of worker right"]["ok"]
    assert not findings["clock of worker late"]["ok"]
    assert findings["clock of worker late"]["detail"].startswith("40 s behind the database's time")
    assert not findings["clock of this machine"]["ok"]
    observatory.clock.now = datetime.now(UTC)
    findings = {found["what"]: found for found in json.loads(command("doctor", "--json")[1])}
    assert findings["clock of this machine"]["ok"]


def test_the_doctor_prints_a_path_as_it_is(observatory: Any, command: Command) -> None:
    observatory.change(DiskDataLocation, "cologne.lta", path="/archive/[bold]north[/red]")
    assert "/archive/[bold]north[/red]" in command("doctor")[1]


def test_the_doctor_is_content_with_the_schema_of_a_newer_release(observatory: Any, command: Command) -> None:
    """After ``helm rollback`` the programs work on it."""
    with observatory.sessions() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'newer'"))
        session.commit()
    assert "ok   database: answers, schema newer" in command("doctor")[1]


def test_work_that_was_given_up_is_tried_again(observatory: Any, command: Command) -> None:
    observatory.observe({"2026/a.fits": b"a"})
    observatory.planner.run_pass()
    observatory.places.broken["ccat.buffer"] = Permanent("not_a_folder", "odd")
    observatory.deliver()
    observatory.places.broken.clear()
    [creation] = observatory.rows(PackageCreation)
    assert command("retry", new_id())[0] == 1
    [retried] = command.json("retry", creation.id)["retried"]
    assert retried["operation"] == "raw_data_package_creation"
    assert command("retry", creation.id)[0] == 1, "it is not given up any more"
    observatory.run()
    assert observatory.copy_at("cologne.lta").status is PhysicalCopyStatus.VERIFIED
    assert observatory.rows(ErrorRecord)[0].resolved_at is not None
    assert any(event.action.endswith(".retried") for event in observatory.rows(Event))


def test_what_was_cancelled_locks_again_what_it_reads(observatory: Any, command: Command) -> None:
    observatory.observe({"2026/a.fits": b"a"})
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    assert "would read" in command("verify", package.id, "--dry-run")[1]
    assert observatory.rows(FixityCheck, status=Status.PENDING) == []
    asked = command.json("verify", package.id)
    assert [copy["location"] for copy in asked["copies"]] == ["cologne.lta"]
    assert command("verify", package.id)[0] == 1, "it is being verified already"
    [check] = observatory.rows(FixityCheck, status=Status.PENDING)
    observatory.change(FixityCheck, check.id, status=Status.FAILED)
    with observatory.sessions.begin() as session:
        session.query(PhysicalCopyLock).delete()
    assert command("retry", check.id)[0] == 0
    assert [lock.work_id for lock in observatory.rows(PhysicalCopyLock)] == [check.id]
    observatory.change(FixityCheck, check.id, status=Status.FAILED)
    observatory.change(PhysicalCopy, check.physical_copy_id, status=PhysicalCopyStatus.MISSING)
    status, _, err = command("retry", check.id)
    assert status == 1
    assert "ccat-transfer why" in err


def test_a_doubted_place_is_trusted_again(observatory: Any, command: Command) -> None:
    observatory.observe({"2026/a.fits": b"a"})
    observatory.run()
    [package] = observatory.rows(RawDataPackage)
    doubt_place(observatory, "cologne.lta")
    command("verify", package.id)
    observatory.planner.run_pass()
    assert observatory.deliver() == []
    assert command("trust", "ccat.raw", "--reason", "x")[0] == 1
    assert command("trust", "cologne.lta")[0] == 2, "a reason is asked for"
    assert command.json("trust", "cologne.lta", "--reason", "cable")["trusted"] is True
    assert {
        error.resolved_at is None for error in observatory.rows(ErrorRecord, subject_id="cologne.lta")
    } == {False}
    # What it had stopped goes on at once.
    observatory.planner.run_pass()
    assert observatory.deliver() == ["done"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CCAT_DATA_TRANSFER_TICK", "-1", "CCAT_DATA_TRANSFER_TICK"),
        ("CCAT_DATA_TRANSFER_SITES", "ccat,cologne", "JSON"),
        ("CCAT_DATA_TRANSFER_LEASE", "6", "heartbeat"),
    ],
)
def test_wrong_settings_are_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    status, _, err = command("doctor")
    assert status == 1
    assert says in err


def test_without_a_database_every_command_says_so_in_a_line(
    command: Command, monkeypatch: pytest.MonkeyPatch, postgresql_url: str
) -> None:
    commands: list[tuple[object, ...]] = [
        ("status",),
        ("why", new_id()),
        ("queues",),
        ("verify", new_id()),
        ("retry", new_id()),
        ("cancel", "--location", "ccat.raw"),
        ("trust", "ccat.raw", "--reason", "x"),
        ("doubt", "ccat.raw", "--reason", "x", "--by", "me"),
        ("scrub", "cologne.lta"),
        ("reconcile", "cologne.lta"),
        ("finding", "list"),
    ]
    for url, says in (
        ("postgresql://127.0.0.1:1/nothing", "does not answer"),
        (postgresql_url, "opsdb_migrate"),
        ("sqlite:///x.sqlite", "PostgreSQL"),
    ):
        monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", url)
        for arguments in commands:
            status, out, err = command(*arguments)
            assert (status, out) == (1, ""), arguments
            assert says.lower() in err.lower(), arguments
            assert len(err.splitlines()) == 1
    monkeypatch.setenv("CCAT_OPS_DB_DATABASE_URL", postgresql_url)
    assert "opsdb_migrate" in command("doctor")[1]


def test_a_worker_is_told_where_to_work(command: Command) -> None:
    status, _, err = command("worker")
    assert status == 2
    assert len(err.splitlines()) == 1
    assert command("verify", "not-an-id")[0] == 2


def test_rows_of_another_site_are_left_to_it(observatory: Any, command: Command) -> None:
    observatory.observe({"2026/a.fits": b"a" * 1000})
    observatory.places.broken["cologne.lta"] = Permanent("not_a_folder", "odd")
    observatory.run()
    [work] = observatory.rows(LongTermArchiveTransfer)
    buffer = observatory.copy_at("cologne.buffer")
    doubt_place(observatory, "cologne.lta")
    with observatory.sessions.begin() as session:
        session.execute(delete(DatabaseSite))
        session.add(DatabaseSite(site_id="ccat", is_main=True))
    for arguments in (
        ("verify", str(buffer.id)),
        ("retry", str(work.id)),
        ("cancel", str(work.id)),
        ("trust", "cologne.lta", "--reason", "x"),
        ("scrub", "cologne.lta"),
        ("reconcile", "cologne.lta"),
    ):
        status, _, err = command(*arguments)
        assert status == 1
        assert "belongs to cologne" in err, arguments


def test_the_doctor_counts_rows_whose_parent_of_another_owner_is_missing(
    observatory: Any, command: Command
) -> None:
    observatory.observe({"2026/a.fits": b"a" * 1000})
    observatory.run()
    nothing = [it for it in command.json("doctor", status=1) if it["what"].startswith("orphans")]
    assert [(it["what"], it["ok"]) for it in nothing] == [("orphans", True)]
    with observatory.sessions.begin() as session:
        for _ in range(2):
            session.add(
                DeletionHold(
                    site_id="us",
                    scope=HoldScope.PACKAGE,
                    raw_data_package_id=new_id(),
                    created_by="somebody",
                    created_at=observatory.clock.now,
                    reason="a paper",
                )
            )
    found = {it["what"]: it for it in command.json("doctor", status=1)}
    missing = found["orphans: raw_data_package of deletion_hold"]
    assert not missing["ok"]
    assert missing["detail"].startswith("2 rows name one that is not here")
