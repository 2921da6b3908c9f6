"""Whoever works on what changes is told of it: each consumer in a queue of its own, and none loses a key."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ccat_dev_stack.testing import NewDatabase
from ccat_ops_db import models
from ccat_ops_db.changed_keys import WATCHED, Changed, changed_key_triggers, empty_long_queues, take
from ccat_ops_db.enumerations import Consumer, PhysicalCopyStatus, Severity, Status
from ccat_ops_db.events import record_error, record_event, resolve_errors
from ccat_ops_db.identity import new_id
from ccat_ops_db.replication.classes import APPEND_ONLY, OWNED
from ccat_ops_db.session import create_engine
from ccat_ops_db.settings import synchronous

from . import rows

NOT_WATCHED = {
    "api_token": "its use and revocation are read when it is used",
    "api_token_scope": "as the token",
    "token_use": "as the token",
    "token_revocation": "as the token",
    "data_transfer_log": "tells where a log is, and no state",
    "data_transfer_package": "its transfers have keys",
    "executed_obs_unit_module": "written with its execution, or by the planner itself",
    "file_system": "measured all the time, and read by each pass",
    "place_ability": "probed, and read when something is done at the place",
    "raw_data_file": "there are too many; the event of their filing tells",
    "raw_data_package_metadata": "written with its package",
    "raw_data_package_member": "written when its package is sealed",
}
"""Owned tables whose rows have no keys, each with the reason why nobody needs them."""

STATE = {
    "executed_obs_unit": ("comment", "'clouds'"),
    "place_marker": ("retired_at", "now()"),
    "outage": ("ended_at", "now()"),
    "reconcile_finding": ("identity", "'disk:another'"),
    "raw_data_series": ("packaged_bytes", "filed_bytes"),
    "raw_data_package": (
        "part_number",
        "CASE WHEN sealed_at IS NULL THEN part_number + 9 ELSE part_number END",
    ),
    "raw_data_file_exception": ("reason", "'said so'"),
    "physical_copy": ("pinned_until", "now()"),
    "copy_claim": ("released_at", "now()"),
    "physical_copy_lock": ("reason", "'elsewhere'"),
    "staging_job": ("cancelled_at", "now()"),
}
"""A column of each table that is part of its state, and another value of it; work has a priority."""


@pytest.fixture
def engine(new_database: NewDatabase, migrated_template: str) -> Iterator[Engine]:
    """An engine on a database of the test's own, with both consumers."""
    opened = create_engine(synchronous(new_database(template=migrated_template)))
    with Session(opened) as session, session.begin():
        session.add(models.ChangeConsumer(consumer=Consumer.DERIVER))
    yield opened
    opened.dispose()


@pytest.fixture
def world_of_all(engine: Engine) -> rows.World:
    """Rows, and nobody has anything to take."""
    with Session(engine) as session, session.begin():
        made = rows.make_world(session)
    for consumer in Consumer:
        taken(engine, consumer)
    return made


def taken(engine: Engine, consumer: Consumer = Consumer.PLANNER, at_most: int = 1000) -> set[Changed]:
    with Session(engine) as session, session.begin():
        return set(take(session, consumer, at_most).keys)


def pin(session: Session, copy: UUID, hours: int = 1) -> None:
    """Change the state of a copy."""
    until = rows.NOW + timedelta(hours=hours)
    session.execute(
        update(models.PhysicalCopy).where(models.PhysicalCopy.id == copy).values(pinned_until=until)
    )


def test_for_every_owned_table_it_is_settled_whether_it_has_keys() -> None:
    assert set(WATCHED) | set(NOT_WATCHED) == set(OWNED)
    assert set(WATCHED) & set(NOT_WATCHED) == set()
    for name, watched in WATCHED.items():
        assert set(watched.progress) <= set(models.Base.metadata.tables[name].columns.keys()), name


def test_triggers_fire_for_rows_that_arrive_and_for_no_other_table(worker_engine: Engine) -> None:
    query = """
        SELECT t.tgrelid::regclass::text, t.tgname, t.tgenabled::text, p.proname
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND (t.tgname LIKE 'changed_key%' OR p.proname = 'append_changed_key')"""
    with worker_engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(text(query))}
    assert found == {
        (name, trigger, "A", "append_changed_key")
        for name in models.Base.metadata.tables
        for trigger in changed_key_triggers(name)
    }


def test_each_consumer_is_told_of_what_was_made_changed_and_deleted(
    engine: Engine, world_of_all: rows.World
) -> None:
    with Session(engine) as session, session.begin():
        present = PhysicalCopyStatus.PRESENT
        copy = rows.add_copy(session, world_of_all.package, world_of_all.archive, present)
        pin(session, world_of_all.copy)
        job = session.get_one(models.StagingJob, world_of_all.job)
        session.delete(job)
    expected = {
        Changed("physical_copy", str(copy)),
        Changed("physical_copy", str(world_of_all.copy)),
        Changed("staging_job", str(world_of_all.job)),
    }
    for consumer in Consumer:
        assert taken(engine, consumer) == expected
        assert taken(engine, consumer) == set()


def test_rows_that_are_only_appended_have_no_progress() -> None:
    appended = set(WATCHED) & set(APPEND_ONLY)
    assert {name for name in appended if WATCHED[name].progress} == set()
    assert {changed_key_triggers(name) for name in appended} == {("changed_key_insert",)}


def test_a_statement_is_told(session: Session, world: rows.World) -> None:
    take(session, Consumer.PLANNER, 1000)
    rows.suspend(session, models.DataLocation, world.buffer)
    assert {it.subject for it in take(session, Consumer.PLANNER, 1000).keys} == {"suspension"}


@pytest.mark.parametrize("table", [name for name in WATCHED if name not in (*APPEND_ONLY, "error_record")])
def test_progress_is_no_change_of_state(session: Session, world: rows.World, table: str) -> None:
    if table == "outage":
        session.add(rows.outage("route", world.route, "ccat", rows.NOW))
        session.flush()
    elif table == "raw_data_package":
        rows.add_package(session, world.execution, part=2, sealed=False)
    elif table == "raw_data_file_exception":
        rows.add_exception(session, world.file)
    elif table == "reconcile_finding":
        rows.add_finding(session, world.buffer)
    elif table not in STATE or table in ("copy_claim", "physical_copy_lock"):
        rows.add_row(session, world, table, Status.PENDING)
    take(session, Consumer.PLANNER, 1000)
    for column in WATCHED[table].progress:
        kind = models.Base.metadata.tables[table].columns[column].type.python_type
        value = {str: "'words'", int: "7", bool: "true"}.get(kind, "now() + interval '1 s'")
        session.execute(text(f"UPDATE {table} SET {column} = {value}"))
    assert take(session, Consumer.PLANNER, 1000).keys == set()
    column, value = STATE.get(table, ("priority", "9"))
    session.execute(text(f"UPDATE {table} SET {column} = {value}"))
    assert {it.subject for it in take(session, Consumer.PLANNER, 1000).keys} == {table}


def test_a_repeated_error_only_counts_and_its_end_is_told(session: Session, world: rows.World) -> None:
    def again() -> set[str]:
        record_error(
            session,
            site_id="ccat",
            at=rows.NOW,
            severity=Severity.ERROR,
            category="checksum_mismatch",
            subject_type="raw_data_package",
            subject_id=world.package,
            message="wrong",
        )
        return {it.subject for it in take(session, Consumer.PLANNER, 1000).keys}

    take(session, Consumer.PLANNER, 1000)
    assert again() == {"error_record"}
    assert again() == set()
    resolve_errors(session, subject_type="raw_data_package", subject_id=world.package, at=rows.NOW)
    assert {it.subject for it in take(session, Consumer.PLANNER, 1000).keys} == {"error_record"}


def test_a_source_file_has_no_keys(session: Session, world: rows.World) -> None:
    take(session, Consumer.PLANNER, 1000)
    rows.add_file(session, world.execution, "b.fits")
    assert take(session, Consumer.PLANNER, 1000).keys == set()


def test_what_was_rolled_back_is_not_told(engine: Engine, world_of_all: rows.World) -> None:
    with Session(engine) as session:
        pin(session, world_of_all.copy)
        session.rollback()
    assert taken(engine) == set()


def test_what_commits_late_is_told_after_what_began_later(engine: Engine, world_of_all: rows.World) -> None:
    with Session(engine) as late, Session(engine) as early:
        pin(late, world_of_all.copy)
        late.flush()
        other = rows.add_copy(early, world_of_all.package, world_of_all.archive, PhysicalCopyStatus.PRESENT)
        early.commit()
        assert taken(engine) == {Changed("physical_copy", str(other))}
        late.commit()
        assert taken(engine) == {Changed("physical_copy", str(world_of_all.copy))}


def test_rows_that_replication_brings_are_told(engine: Engine, world_of_all: rows.World) -> None:
    with Session(engine) as session, session.begin():
        session.execute(text("UPDATE database_site SET site_id = 'ccat'"))
        session.execute(
            text("INSERT INTO link_role (role, site_id, recovers) VALUES (current_user, '*', false)")
        )
    key, check = new_id(), new_id()
    with engine.begin() as connection:
        # As in apply: only triggers that are to fire there do, and no schema is searched.
        connection.execute(text("SET LOCAL session_replication_role = replica; SET LOCAL search_path = ''"))
        connection.execute(
            text(
                "INSERT INTO public.event (id, site_id, occurred_at, actor, action, subject_type, subject_id,"
                " message) VALUES (:key, 'cologne', pg_catalog.now(), 'a', 'a', 'site', 'a', 'a')"
            ),
            {"key": key},
        )
        connection.execute(
            text(
                "INSERT INTO public.staging_job (id, site_id, destination_location_id, raw_data_package_id,"
                " requested_by, created_at, time_to_live)"
                " VALUES (:key, 'cologne', 'cologne.processing', :key, 'a', pg_catalog.now(), 1)"
            ),
            {"key": check},
        )
        connection.execute(text("UPDATE public.staging_job SET reason = 'b' WHERE id = :key"), {"key": check})
    expected = {Changed("event", str(key)), Changed("staging_job", str(check))}
    for consumer in Consumer:
        assert taken(engine, consumer) == expected


def test_one_consumer_that_is_dead_takes_nothing_from_the_other(
    engine: Engine, world_of_all: rows.World
) -> None:
    with Session(engine) as session, session.begin():
        pin(session, world_of_all.copy)
    assert len(taken(engine, Consumer.PLANNER)) == 1
    with Session(engine) as session, session.begin():
        pin(session, world_of_all.copy, hours=2)
    assert len(taken(engine, Consumer.PLANNER)) == 1
    with Session(engine) as session:
        waiting = session.scalars(select(models.ChangedKey.consumer)).all()
        assert waiting == [Consumer.DERIVER] * 2
    assert taken(engine, Consumer.DERIVER) == {Changed("physical_copy", str(world_of_all.copy))}


def test_two_processes_of_a_consumer_take_each_key_once(engine: Engine, world_of_all: rows.World) -> None:
    with Session(engine) as session, session.begin():
        added = {rows.add_execution(session) for _ in range(6)}
    with Session(engine) as one, Session(engine) as two:
        first = take(one, Consumer.PLANNER, 4).keys
        # It does not wait for what the other has in its hands.
        two.execute(text("SET LOCAL lock_timeout = '1ms'"))
        second = take(two, Consumer.PLANNER, 4).keys
        assert (len(first), len(second)) == (4, 2)
        assert {it.key for it in first | second} == {str(it) for it in added}
        one.commit()
        two.rollback()
    assert taken(engine) == second


def test_a_consumer_killed_before_it_commits_leaves_its_keys(
    engine: Engine, world_of_all: rows.World
) -> None:
    with Session(engine) as session, session.begin():
        pin(session, world_of_all.copy)
    program = (
        "import os, signal, sys\n"
        "from ccat_ops_db.changed_keys import take\n"
        "from ccat_ops_db.enumerations import Consumer\n"
        "from sqlalchemy import create_engine\n"
        "connection = create_engine(sys.argv[1]).connect()\n"
        "print(len(take(connection, Consumer.PLANNER, 10).keys), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    url = engine.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", program, url], capture_output=True, text=True, check=False, env=os.environ
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "1\n"), done.stderr
    with Session(engine) as session:
        # The server needs a moment to notice that its client is gone; until then the key is locked.
        session.execute(text("SELECT FROM changed_key WHERE consumer = 'planner' FOR UPDATE"))
    assert taken(engine) == {Changed("physical_copy", str(world_of_all.copy))}


def test_a_queue_that_grew_too_long_is_emptied_and_its_consumer_starts_over(
    engine: Engine, world_of_all: rows.World
) -> None:
    with Session(engine) as session, session.begin():
        for _ in range(6):
            rows.add_execution(session)
    taken(engine, Consumer.PLANNER)
    with Session(engine) as session, session.begin():
        assert empty_long_queues(session, longest=6) == []
        assert empty_long_queues(session, longest=5) == [Consumer.DERIVER]
    with Session(engine) as session, session.begin():
        assert take(session, Consumer.PLANNER, 10) == (frozenset(), False)
        assert session.scalar(select(func.count()).select_from(models.ChangedKey)) == 0
    with Session(engine) as session:
        assert take(session, Consumer.DERIVER, 10) == (frozenset(), True)
        session.rollback()
    with Session(engine) as session, session.begin():
        # Whoever died before it had started over has not.
        assert take(session, Consumer.DERIVER, 10) == (frozenset(), True)
    with Session(engine) as session, session.begin():
        assert take(session, Consumer.DERIVER, 10) == (frozenset(), False)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO changed_key (consumer, subject, key, at) VALUES ('planner', 'site', 'ccat', now())",
        "UPDATE changed_key SET key = 'ccat'",
    ],
)
def test_only_triggers_write_to_the_queue(session: Session, world: rows.World, statement: str) -> None:
    with pytest.raises(IntegrityError, match="only triggers write to it"):
        session.execute(text(statement))


def test_each_consumer_that_may_be_named_has_a_queue(session: Session, world: rows.World) -> None:
    session.execute(text("DELETE FROM change_consumer"))
    session.add_all(models.ChangeConsumer(consumer=consumer) for consumer in Consumer)
    session.flush()
    record_event(
        session,
        site_id="ccat",
        at=rows.NOW,
        actor="somebody",
        action="package.sealed",
        subject_type="raw_data_package",
        subject_id=world.package,
        message="sealed",
    )
    for consumer in Consumer:
        assert "event" in {it.subject for it in take(session, consumer, 1000).keys}


def test_sqlite_has_none(tmp_path: Path) -> None:
    engine = create_engine(synchronous(f"sqlite:///{tmp_path / 'a.sqlite'}"))
    models.Base.metadata.create_all(engine)
    with Session(engine) as session:
        world = rows.make_world(session)
        pin(session, world.copy)
        session.commit()
        assert session.scalars(select(models.ChangedKey.key)).all() == []
        assert session.scalars(select(models.ChangeConsumer.consumer)).all() == []
    engine.dispose()
