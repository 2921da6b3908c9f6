"""A failure stops what it belongs to and nothing else, and ends by itself when its cause ends."""

import errno
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import DBAPIError

from ccat_data_transfer.failures import PlaceUnavailable, Scope, classify
from ccat_data_transfer.places.credentials import CredentialWatch
from ccat_data_transfer.work.outages import probe_now, try_changed_credentials
from ccat_ops_db.enumerations import Operation, OutageScope, TransferMethod
from ccat_ops_db.models import (
    DataTransferRoute,
    ErrorRecord,
    ExecutedObsUnit,
    Outage,
    S3DataLocation,
)
from ccat_ops_db.settings import synchronous

from ..trouble import (
    DAY,
    HOUR,
    answer_of_store,
    class_of,
    fragile_runner,
    freed,
    lacking_credential,
    let_pass,
    lost,
    outcome_of,
    packages,
    texts,
    work_rows,
    work_states,
)

CONTENTS = {"2026/a.fits": b"a" * 1000}
TEN, FEW = 10, 3
MINUTE = 60
STEP = 10.0

PLACE = {
    "not-there": PlaceUnavailable("ccat.buffer", "it is not mounted"),
    "device-gone": OSError(errno.ENODEV, "No such device"),
    "stale": PlaceUnavailable("ccat.buffer", "the network file system forgot it"),
    "read-only": OSError(errno.EROFS, "Read-only file system"),
    "no-permission": OSError(errno.EACCES, "Permission denied"),
    "no-bucket": answer_of_store(404, "NoSuchBucket"),
    "wrong-region": answer_of_store(301, "PermanentRedirect"),
    "certificate": ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate"),
}
CREDENTIAL = {
    "expired": answer_of_store(400, "ExpiredToken"),
    "refused": answer_of_store(403, "InvalidAccessKeyId"),
    "signature": answer_of_store(403, "SignatureDoesNotMatch"),
    "denied": answer_of_store(403, "AccessDenied"),
    "clock": answer_of_store(403, "RequestTimeTooSkewed"),
    "missing": lacking_credential(),
}
LINK = {
    "reset": ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    "tls-eof": ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    "tls-alert": ssl.SSLError(1, "sslv3 alert handshake failure"),
    "dns": socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    "timeout": TimeoutError(),
    "500": answer_of_store(500, "InternalError"),
    "503": answer_of_store(503, "SlowDown"),
}
SPACE = {
    "no-space": OSError(errno.ENOSPC, "No space left on device"),
    "quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "store-full": answer_of_store(507, "InsufficientStorage"),
}
OBJECT = {"cold": answer_of_store(403, "InvalidObjectState")}


def by_scope(*groups: Mapping[str, Exception]) -> list[Any]:
    """Return each error with ten packages that meet it.

    `make test` tries so the first of each group, and with few packages whatever is of another scope or class:
    what others are understood as is asked by itself.
    """
    cases = []
    tried = set()
    for group in groups:
        for number, (name, error) in enumerate(group.items()):
            cases.append(pytest.param(TEN, error, id=name, marks=[pytest.mark.long] if number else []))
            failure = classify(error)
            kind = failure.scope, failure.failure_class
            if number and kind not in tried:
                cases.append(pytest.param(FEW, error, id=f"{name}-few"))
            tried.add(kind)
    return cases


def test_each_error_belongs_to_what_it_stops() -> None:
    expected = {
        **dict.fromkeys(PLACE, Scope.PLACE),
        # Met when the place is opened, it is the place's, as is tried below.
        "no-permission": Scope.WORK,
        **dict.fromkeys(CREDENTIAL, Scope.CREDENTIAL),
        **dict.fromkeys(LINK, Scope.LINK),
        **dict.fromkeys(SPACE | OBJECT, Scope.WORK),
    }
    errors = PLACE | CREDENTIAL | LINK | SPACE | OBJECT
    assert {name: classify(error).scope for name, error in errors.items()} == expected
    assert {class_of(error) for error in SPACE.values()} == {"resource"}
    assert {class_of(error) for error in (LINK | OBJECT).values()} == {"transient"}


@pytest.fixture
def ten(observatory: Any, request: pytest.FixtureRequest) -> Any:
    """An observatory where ten packages, or as many as are asked for, are to be made, and go no further."""
    observatory.suspend(DataTransferRoute, "ccat-cologne")
    for number in range(getattr(request, "param", TEN)):
        observatory.observe({f"2026/{number}.fits": b"a" * 100})
    return observatory


def go_on(
    observatory: Any, seconds: float, done: Callable[[], bool] = lambda: False, step: float = STEP
) -> bool:
    """Let planner and worker go on for some time; tell whether something was done in it."""
    until = observatory.clock.now + timedelta(seconds=seconds)
    while observatory.clock.now < until:
        observatory.run()
        if done():
            return True
        observatory.clock.advance(step)
    return False


def assert_all_are_done_in_a_minute(observatory: Any, operation: Operation) -> None:
    """See that an outage that has ended cost nothing but time."""
    count = len(observatory.rows(ExecutedObsUnit))
    rows = work_rows(observatory, operation)
    assert {(row.attempt, str(row.status)) for row in rows} <= {(0, "pending"), (0, "scheduled")}

    def all_are_done() -> bool:
        rows = work_rows(observatory, operation)
        return len(rows) == count and all(row.status == "completed" for row in rows)

    assert go_on(observatory, MINUTE, all_are_done), work_states(observatory, operation)
    assert {row.attempt for row in work_rows(observatory, operation)} == {0}


@pytest.mark.parametrize(("ten", "error"), by_scope(PLACE, LINK, SPACE, OBJECT), indirect=["ten"])
def test_an_outage_gives_up_no_work(ten: Any, error: Exception) -> None:
    ten.places.break_down("ccat.buffer", error)
    go_on(ten, 50)
    ten.places.broken.clear()
    assert_all_are_done_in_a_minute(ten, Operation.PACKAGE_CREATION)


@pytest.mark.parametrize(("ten", "error"), by_scope({"reset": LINK["reset"], **PLACE}), indirect=["ten"])
def test_what_is_wrong_at_the_other_end_gives_up_no_transfer(ten: Any, error: Exception) -> None:
    ten.resume(DataTransferRoute, "ccat-cologne")
    ten.places.break_down("cologne.buffer", error)
    go_on(ten, 60)
    [outage] = ten.rows(Outage)
    assert (outage.site_id, outage.scope, outage.scope_id) == ("ccat", "route", "ccat-cologne")
    errors = [
        (error.subject_type, error.count, error.first_seen_at)
        for error in ten.rows(ErrorRecord)
        if error.resolved_at is None and error.site_id == "ccat"
    ]
    assert errors == [("data_transfer_route", outage.count, outage.since)], "one trouble is one error"
    ten.places.broken.clear()
    assert_all_are_done_in_a_minute(ten, Operation.TRANSFER)


@pytest.fixture
def with_credential(ten: Any) -> Any:
    """The same, with a buffer that needs a credential as a store does; packages are written on disk."""
    with ten.sessions.begin() as session:
        session.execute(
            insert(S3DataLocation.__table__).values(
                id="ccat.buffer",
                endpoint="https://s3.example.org",
                bucket="bucket",
                prefix="",
                region="here",
                credential="archive",
            )
        )
    return ten


@pytest.mark.parametrize(("ten", "error"), by_scope(CREDENTIAL), indirect=["ten"])
def test_a_credential_that_is_refused_gives_up_no_work(
    with_credential: Any, error: Exception, tmp_path: Path
) -> None:
    keys = tmp_path / "keys" / "archive"
    keys.mkdir(parents=True)
    (keys / "access_key_id").write_text("old")
    watch = CredentialWatch(keys.parent)
    with_credential.places.break_down("ccat.buffer", error)
    go_on(with_credential, HOUR, step=300)
    [outage] = with_credential.rows(Outage)
    assert (outage.site_id, outage.scope, outage.scope_id) == ("ccat", "credential", "archive")
    with_credential.places.broken.clear()
    (keys / "access_key_id").write_text("a new one")
    try_changed_credentials(with_credential.sessions, watch)
    assert_all_are_done_in_a_minute(with_credential, Operation.PACKAGE_CREATION)


@pytest.mark.long
@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("cologne.buffer", LINK["timeout"]),
        ("ccat.buffer", PLACE["not-there"]),
        ("cologne.lta", CREDENTIAL["expired"]),
    ],
    ids=["link", "place", "credential"],
)
def test_ten_days_of_outage_cost_no_command(observatory: Any, location: str, error: Exception) -> None:
    observatory.observe(CONTENTS)
    observatory.places.break_down(location, error)
    go_on(observatory, 10 * DAY, step=8 * HOUR)
    assert "failed" not in work_states(observatory)
    observatory.places.broken.clear()
    go_on(observatory, 12 * MINUTE, step=3 * MINUTE)
    assert freed(observatory)
    assert lost(observatory, CONTENTS) == []
    assert {(row.attempt, str(row.status)) for row in work_rows(observatory)} == {(0, "completed")}


def test_resume_probes_now(ten: Any) -> None:
    ten.places.break_down("ccat.buffer", PLACE["not-there"])
    go_on(ten, HOUR, step=300)
    ten.run()
    ten.places.broken.clear()
    assert not go_on(ten, MINUTE, lambda: "completed" in work_states(ten))
    with ten.sessions.begin() as session:
        assert probe_now(session, Outage.scope_id == "ccat.buffer") == 1
    assert_all_are_done_in_a_minute(ten, Operation.PACKAGE_CREATION)


def test_a_broker_that_is_away_is_asked_now_and_then_and_costs_nothing(ten: Any) -> None:
    ten.mailbox.is_away = True
    go_on(ten, HOUR, step=300)
    assert 3 <= ten.mailbox.refused <= 20
    assert {(outage.scope, outage.site_id) for outage in ten.rows(Outage)} == {
        ("broker", "ccat"),
        ("broker", "cologne"),
    }
    ten.mailbox.is_away = False
    with ten.sessions.begin() as session:
        probe_now(session, Outage.scope == OutageScope.BROKER)
    assert_all_are_done_in_a_minute(ten, Operation.PACKAGE_CREATION)


@pytest.mark.parametrize("state", ["0A000", "40001", "40P01", "55P03"])
def test_a_transaction_that_others_were_in_the_way_of_is_done_again(
    observatory: Any, at_crash_points: Any, state: str
) -> None:
    def be_in_the_way(name: str) -> None:
        if name == "packaging.before_commit":
            with observatory.engine.connect() as connection:
                connection.execute(
                    text(f"DO $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '{state}'; END $$")
                )

    observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    at_crash_points(be_in_the_way)
    assert observatory.deliver() == ["done"]
    [creation] = work_rows(observatory, Operation.PACKAGE_CREATION)
    assert (creation.attempt, creation.fencing) == (0, 1)


def test_a_database_that_goes_away_is_written_nothing(observatory: Any, at_crash_points: Any) -> None:
    def shut_down(name: str) -> None:
        if name == "packaging.before_commit":
            with observatory.engine.connect() as connection:
                connection.execute(
                    text("DO $$ BEGIN RAISE EXCEPTION 'terminating' USING ERRCODE = '57P01'; END $$")
                )

    observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    crash_points = at_crash_points(shut_down)
    assert observatory.deliver() == ["database_away"]
    [creation] = work_rows(observatory, Operation.PACKAGE_CREATION)
    assert (str(creation.status), creation.attempt, creation.error_category) == ("in_progress", 0, None)
    assert "packaging.before_commit" in crash_points.reached
    at_crash_points(lambda name: None)
    observatory.clock.advance(observatory.settings.lease + 1)
    let_pass(observatory, HOUR)
    assert freed(observatory)
    assert observatory.rows(Outage) == []


def test_a_stale_handle_at_the_source_passes(observatory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = observatory.folder("ccat.raw")

    def forgotten(read: Callable[..., Any]) -> Callable[..., Any]:
        def stale(descriptor: int, *rest: Any) -> Any:
            if Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(source):
                met.append(descriptor)
                raise OSError(errno.ESTALE, "Stale file handle")
            return read(descriptor, *rest)

        return stale

    met: list[int] = []
    observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    with monkeypatch.context() as patch:
        for name in ("read", "readv", "pread", "preadv"):
            patch.setattr(os, name, forgotten(getattr(os, name)))
        observatory.deliver()
    assert met
    assert "failed" not in work_states(observatory)
    let_pass(observatory, HOUR)
    assert lost(observatory, CONTENTS) == []
    assert freed(observatory)


def test_one_hosts_lost_mount_closes_nothing_for_the_others(ten: Any) -> None:
    unmounted = fragile_runner(ten, "ccat.buffer", PlaceUnavailable("ccat.buffer", "it is not mounted"))
    for runner in (ten.runner, unmounted):
        runner.places.beat(["ccat.raw", "ccat.buffer"])
    ten.planner.run_pass()
    assert "failed" in ten.deliver(unmounted)
    ten.planner.run_pass()
    assert set(ten.deliver(unmounted)) <= {"closed_here"}
    assert ten.rows(Outage) == []
    assert any("at other-host" in error.message for error in ten.rows(ErrorRecord))
    assert_all_are_done_in_a_minute(ten, Operation.PACKAGE_CREATION)
    assert ten.rows(Outage) == []


@pytest.mark.parametrize("stage", ["packaging", "moving", "archiving", "verifying", "deleting"])
def test_messages_never_show_sql(observatory: Any, at_crash_points: Any, stage: str) -> None:
    def poison(name: str) -> None:
        if name == f"{stage}.before_commit":
            with observatory.engine.connect() as connection:
                connection.execute(text("SELECT CAST(:year AS smallint)"), {"year": 228_301})

    observatory.observe(CONTENTS)
    crash_points = at_crash_points(poison)
    observatory.run()
    assert f"{stage}.before_commit" in crash_points.reached
    shown = texts(observatory, packages(observatory)[0].id)
    shown += "\n".join(error.message for error in observatory.rows(ErrorRecord))
    assert "unexpected: DataError in " in shown
    for word in ("SELECT", "psycopg", "228301", "sqlalche.me", "Traceback"):
        assert word not in shown, shown


def test_a_database_that_is_read_only_passes(observatory: Any, at_crash_points: Any) -> None:
    def demote(name: str) -> None:
        if name == "packaging.before_commit":
            write_access(observatory, "off")

    observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    at_crash_points(demote)
    assert outcome_of(observatory.deliver) == ["database_away"]
    write_access(observatory, "on")
    let_pass(observatory, HOUR, HOUR)
    assert lost(observatory, CONTENTS) == []
    assert freed(observatory)


def write_access(observatory: Any, state: str) -> None:
    read_only = {"on": "off", "off": "on"}[state]
    with observatory.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {read_only}'))
    observatory.engine.dispose()


def test_a_plan_from_before_a_migration_is_made_anew(ops_database: str) -> None:
    engine = create_engine(synchronous(ops_database), connect_args={"prepare_threshold": 0})
    look = text("SELECT name FROM site")
    with engine.connect() as connection, engine.connect() as migration:
        connection.execute(look)
        connection.commit()
        migration.execute(text("ALTER TABLE site ALTER COLUMN name TYPE varchar(1000)"))
        migration.commit()
        with pytest.raises(DBAPIError, match="cached plan must not change") as raised:
            connection.execute(look)
    engine.dispose()
    assert class_of(raised.value) == "transient"


def test_a_refusal_of_a_read_only_database_is_transient(ops_database: str) -> None:
    engine = create_engine(synchronous(ops_database))
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DBAPIError, match="read-only transaction") as raised:
            connection.execute(text("CREATE TABLE refused ()"))
    engine.dispose()
    assert class_of(raised.value) == "transient"


def test_a_method_that_nobody_knows_is_named(observatory: Any) -> None:
    """h5: a person has to correct the route; nothing is tried again until then."""
    observatory.change(DataTransferRoute, "ccat-cologne", method=TransferMethod.RSYNC)
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR)
    shown = texts(observatory, packages(observatory)[0].id)
    assert "posix, s3" in shown
    assert lost(observatory, CONTENTS) == []
