"""A failure stops what it belongs to and nothing else, and ends by itself when its cause ends."""

import errno
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from ccat_data_transfer.failures import Transient
from ccat_ops_db.enumerations import TransferMethod
from ccat_ops_db.models import DataTransferRoute
from ccat_ops_db.settings import synchronous

from ..trouble import (
    HOUR,
    answer_of_store,
    class_of,
    fragile_runner,
    freed,
    let_pass,
    lost,
    outcome_of,
    packages,
    texts,
    work_states,
)

CONTENTS = {"2026/a.fits": b"a" * 1000}

OUTAGES = {
    "credential-expired": answer_of_store(400, "ExpiredToken"),
    "credential-refused": answer_of_store(403, "InvalidAccessKeyId"),
    "signature": answer_of_store(403, "SignatureDoesNotMatch"),
    "access-denied": answer_of_store(403, "AccessDenied"),
    "no-bucket": answer_of_store(404, "NoSuchBucket"),
    "wrong-region": answer_of_store(301, "PermanentRedirect"),
    "clock": answer_of_store(403, "RequestTimeTooSkewed"),
    "read-only": OSError(errno.EROFS, "Read-only file system"),
    "no-permission": OSError(errno.EACCES, "Permission denied"),
    "certificate": ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate"),
}


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="e7, 22, 23: what is wrong with a place or a credential gives up its work, each piece for itself",
)
@pytest.mark.parametrize("error", OUTAGES.values(), ids=OUTAGES)
def test_an_outage_gives_up_no_work(observatory: Any, error: Exception) -> None:
    observatory.observe(CONTENTS)
    observatory.places.break_down("cologne.lta", error)
    let_pass(observatory, HOUR)
    assert "failed" not in work_states(observatory)
    observatory.places.broken.clear()
    let_pass(observatory, HOUR)
    assert freed(observatory)
    assert lost(observatory, CONTENTS) == []


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


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="the mount that one host lost closes the location for the workers of all other hosts",
)
def test_one_hosts_lost_mount_closes_nothing_for_the_others(observatory: Any) -> None:
    unmounted = fragile_runner(
        observatory, "ccat.buffer", Transient("place_unavailable", "it is not mounted")
    )
    for number in range(6):
        observatory.observe({f"2026/{number}.fits": b"x" * 100})
    for pause in (observatory.settings.back_off_limit, 10):
        observatory.planner.run_pass()
        observatory.deliver(unmounted)
        observatory.clock.advance(pause)
    observatory.planner.run_pass()
    assert "done" in observatory.deliver()


def test_messages_never_show_sql(observatory: Any, at_crash_points: Any) -> None:
    def poison(name: str) -> None:
        if name == "packaging.before_commit":
            with observatory.engine.connect() as connection:
                connection.execute(text("SELECT CAST(:year AS smallint)"), {"year": 228_301})

    observatory.observe(CONTENTS)
    at_crash_points(poison)
    observatory.planner.run_pass()
    observatory.deliver()
    shown = texts(observatory, packages(observatory)[0].id)
    for word in ("SELECT", "psycopg", "228301", "sqlalche.me", "Traceback"):
        assert word not in shown, shown


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="2: after a failover the old primary answers and refuses to write, which ends a worker's thread",
)
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
        connection.execute(text("SET transaction_read_only = off"))
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {read_only}'))
    observatory.engine.dispose()


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="33: a statement that was prepared before a migration gives its work up",
)
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


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="2: what a read-only database refuses is taken for a defect"
)
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
