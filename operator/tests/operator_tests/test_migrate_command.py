"""``ccat-operator migrate`` as a program: done once, whoever asks and whatever happens on the way."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from ccat_dev_stack.testing import OwnServer
from ccat_ops_db import schema
from ccat_ops_db.revisions import head

from .conftest import FAILING, GOOD, command, postgresql_programs, query, revision_of, run

pytestmark = pytest.mark.long

HEAD = schema.head_revision()
SLOW = """\
\"\"\"Take its time\"\"\"
from alembic import op
from ccat_dev_stack.testing import OwnServer
from ccat_ops_db import schema
from ccat_ops_db.migrations.limits import set_limits
revision = "s2"
down_revision = "s1"
kind, destroys = "data", ()

def upgrade():
    set_limits()
    op.execute("CREATE TABLE half_done (id int)")
    op.execute("SELECT pg_sleep(%s)")
"""
FIRST = """\
\"\"\"Be quick\"\"\"
from alembic import op
from ccat_dev_stack.testing import OwnServer
from ccat_ops_db import schema
revision = "s1"
down_revision = schema.head_revision()
kind, destroys = "expand", ()

def upgrade():
    op.execute("CREATE TABLE quick (id int)")
"""


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Revisions of which the second takes a minute, unless somebody ends it."""
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "s1.py").write_text(FIRST)
    (folder / "s2.py").write_text(SLOW % 60)
    return folder


def test_empty_database_gets_the_schema_without_backup_or_approval(
    postgresql_url: str, tmp_path: Path
) -> None:
    done = run("migrate", f"--backup-folder={tmp_path}", "--approval=destructive", url=postgresql_url)
    assert (done.status, done.told["outcome"], done.told["after"]) == (0, "migrated", HEAD)
    assert list(tmp_path.iterdir()) == []
    again = run("migrate", f"--backup-folder={tmp_path}", url=postgresql_url)
    assert (again.status, again.told["outcome"], again.told["revisions"]) == (0, "nothing", [])


def test_migrates_with_backup_and_keeps_the_newest(ops_database: str, tmp_path: Path) -> None:
    name = ops_database.rsplit("/", 1)[1]
    for minute in range(3):
        (tmp_path / f"{name}-20260101T00000{minute}Z-0000.dump").write_text("old")
    (tmp_path / f"{name}2-20260101T000000Z-0000.dump").write_text("of another database")
    (tmp_path / f"{name}-20260101T000009Z-0000.dump.unfinished").write_text("left by a killed run")
    done = run(
        "migrate",
        f"--backup-folder={tmp_path}",
        "--keep=2",
        url=ops_database,
        CCAT_OPS_DB_MIGRATIONS=str(GOOD),
    )
    assert (done.status, done.told["revisions"]) == (0, ["t1", "t2", "t3"]), done.log
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [
        f"{name}-20260101T000002Z-0000.dump",
        done.told["backup"],
        f"{name}2-20260101T000000Z-0000.dump",
    ]
    listed = subprocess.run(
        [postgresql_programs() / "pg_restore", "--list", tmp_path / done.told["backup"]],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "TABLE DATA public raw_data_file" in listed.stdout


def test_destructive_revision_waits_for_approval_and_what_is_before_it_does_not(ops_database: str) -> None:
    settings = {"url": ops_database, "CCAT_OPS_DB_MIGRATIONS": str(GOOD)}
    preview = run("migrate", "--dry-run", "--approval=destructive", **settings)
    assert [one["revision"] for one in preview.told["pending"]] == ["t1", "t2", "t3"]
    assert preview.told["pending"][2]["findings"] == ["destroys the column site.note"]
    assert preview.told["waitsFor"] == "t3"
    assert revision_of(ops_database) == HEAD
    waits = run("migrate", "--approval=destructive", **settings)
    assert (waits.status, waits.told["outcome"], waits.told["waitsFor"]) == (3, "waiting", "t3")
    assert revision_of(ops_database) == "t2"
    done = run("migrate", "--approval=destructive", "--approve=t3", **settings)
    assert (done.status, done.told["revisions"]) == (0, ["t3"])
    assert revision_of(ops_database) == "t3"


def test_failure_names_revision_statement_sqlstate_and_remedy(ops_database: str) -> None:
    done = run("migrate", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(FAILING))
    assert (done.status, done.told["outcome"], done.told["revisions"]) == (1, "failed", ["f1"])
    failure = done.told["failure"]
    assert (failure["revision"], failure["sqlstate"]) == ("f2", "22012")
    assert failure["statement"] == "SELECT 1 / (SELECT 0)"
    assert failure["message"] == "division by zero"
    assert "undone" in failure["remedy"]
    assert revision_of(ops_database) == "f1"
    assert query(ops_database, "SELECT to_regclass('half_done')") == [(None,)]


def test_unknown_revision_is_left_alone(ops_database: str) -> None:
    query(ops_database, "UPDATE alembic_version SET version_num = 'from-the-future'")
    done = run("migrate", url=ops_database)
    assert (done.status, done.told["outcome"]) == (1, "failed")
    assert "does not know" in done.told["failure"]["message"]
    assert revision_of(ops_database) == "from-the-future"


def test_database_of_somebody_else_is_left_alone(postgresql_url: str) -> None:
    query(postgresql_url, "CREATE TABLE theirs (id int)")
    done = run("migrate", url=postgresql_url)
    assert (done.status, done.told["outcome"]) == (1, "failed")
    assert "somebody else's" in done.told["failure"]["message"]
    assert query(postgresql_url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_unknown_target_is_refused(ops_database: str) -> None:
    done = run("migrate", "--revision=9999", url=ops_database)
    assert done.status == 1
    assert f"does not know the revision '9999'; its newest is {HEAD}" in done.log


def test_table_changed_by_hand_is_found(ops_database: str) -> None:
    query(ops_database, "ALTER TABLE data_location DROP COLUMN priority")
    done = run("migrate", url=ops_database)
    assert (done.status, done.told["outcome"]) == (1, "failed")
    assert "the column data_location.priority is missing" in done.told["failure"]["message"]


def test_killed_run_is_undone_and_completed_by_the_next(ops_database: str, slow: Path) -> None:
    with _started(ops_database, slow) as process:
        _wait_for_sleep(ops_database)
        assert revision_of(ops_database) == "s1", "the first revision stands by itself"
        process.send_signal(signal.SIGKILL)
    (slow / "s2.py").write_text(SLOW % 0)
    done = run("migrate", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(slow))
    assert (done.status, done.told["revisions"]) == (0, ["s2"]), done.log
    assert query(ops_database, "SELECT count(*) FROM half_done") == [(0,)]


def test_run_that_is_told_to_end_ends_at_once(ops_database: str, slow: Path) -> None:
    with _started(ops_database, slow) as process:
        _wait_for_sleep(ops_database)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM


def test_server_that_dies_in_the_middle_is_worth_another_try(own_postgresql: OwnServer, slow: Path) -> None:
    own_postgresql.start()
    schema.upgrade(own_postgresql.url)
    with _started(own_postgresql.url, slow) as process:
        _wait_for_sleep(own_postgresql.url)
        own_postgresql.kill()
        output, errors = process.communicate(timeout=60)
    told = json.loads(output)
    assert (process.returncode, told["failure"]["passing"]) == (75, True), errors
    own_postgresql.start()
    assert revision_of(own_postgresql.url) == "s1"
    (slow / "s2.py").write_text(SLOW % 0)
    done = run("migrate", url=own_postgresql.url, CCAT_OPS_DB_MIGRATIONS=str(slow))
    assert (done.status, done.told["revisions"]) == (0, ["s2"]), done.log


def test_second_run_waits_and_finds_nothing_to_do(ops_database: str, slow: Path) -> None:
    (slow / "s2.py").write_text(SLOW % 3)
    with _started(ops_database, slow) as first, _started(ops_database, slow) as second:
        told = [json.loads(process.communicate(timeout=120)[0]) for process in (first, second)]
    assert sorted(one["outcome"] for one in told) == ["migrated", "nothing"]


def test_busy_table_is_waited_for(ops_database: str) -> None:
    call, environment = command(
        "migrate", "--lock-timeout=200ms", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD)
    )
    with psycopg.connect(ops_database) as reader:
        reader.execute("SELECT count(*) FROM site")
        process = subprocess.Popen(
            call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "migration.lock_busy" in line:
                break
        reader.rollback()
    output, errors = process.communicate(timeout=120)
    assert json.loads(output)["outcome"] == "migrated", errors


@pytest.mark.parametrize("place", ["missing", "file", "read-only"])
def test_backup_that_cannot_be_written_stops_the_migration(
    ops_database: str, tmp_path: Path, place: str
) -> None:
    folder = tmp_path / "backups"
    if place == "file":
        folder.write_text("not a folder")
    elif place == "read-only":
        folder = Path("/proc/self")  # nobody may write here, not even root
    done = run("migrate", f"--backup-folder={folder}", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD))
    assert (done.status, done.told["outcome"]) == (1, "backup-failed"), done.log
    assert "nothing was migrated" in done.told["failure"]["message"]
    assert revision_of(ops_database) == HEAD


def test_full_disk_stops_the_migration_and_leaves_no_half_backup(ops_database: str, tmp_path: Path) -> None:
    query(ops_database, "CREATE TABLE filler AS SELECT i, md5(i::text) FROM generate_series(1, 200000) AS i")
    program = tmp_path / "limited"
    call, environment = command(
        "migrate", f"--backup-folder={tmp_path}", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD)
    )
    # A limit on the size of files stands for the full disk: write() fails in the middle of the dump.
    program.write_text('#!/bin/sh\nulimit -f 100\ntrap "" XFSZ\nexec "$@"\n')
    program.chmod(0o755)
    done = subprocess.run([str(program), *call], env=environment, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert (done.returncode, told["outcome"]) == (1, "backup-failed"), done.stderr
    assert "File size limit exceeded" in told["failure"]["message"]
    assert "make room" in told["failure"]["message"]
    assert [path.name for path in tmp_path.iterdir()] == ["limited"]
    assert revision_of(ops_database) == HEAD


def test_database_that_is_away_is_worth_another_try(ops_database: str) -> None:
    away = ops_database.replace(f":{ops_database.rsplit(':', 1)[1].split('/')[0]}/", ":1/")
    done = run("migrate", url=away)
    assert (done.status, done.told["failure"]["passing"]) == (75, True)


def test_password_is_never_told(ops_database: str) -> None:
    password = ops_database.split(":")[2].split("@")[0]
    for url in (
        ops_database.replace(password, "wrong-password"),
        "postgresql//x:wrong-password@y",
        "nonsense",
    ):
        done = run("migrate", url=url)
        assert done.status == 1
        assert "wrong-password" not in done.log


def test_backup_can_be_restored_into_an_empty_database(
    configured_database: str, postgresql_url: str, tmp_path: Path
) -> None:
    done = run(
        "migrate", f"--backup-folder={tmp_path}", url=configured_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD)
    )
    backup = tmp_path / done.told["backup"]
    used = run("restore", f"--from={backup}", url=configured_database)
    assert used.status == 1
    assert "tables: make an empty database" in used.log
    restored = run("restore", f"--from={backup}", url=postgresql_url)
    assert restored.status == 0, restored.log
    assert revision_of(postgresql_url) == HEAD
    rows = "SELECT count(*), min(id), max(id) FROM data_location"
    assert query(postgresql_url, rows) == query(configured_database, rows) != [(0, None, None)]
    assert run("migrate", url=postgresql_url).told["outcome"] == "nothing"


def test_cut_backup_is_not_restored(configured_database: str, postgresql_url: str, tmp_path: Path) -> None:
    done = run(
        "migrate", f"--backup-folder={tmp_path}", url=configured_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD)
    )
    backup = tmp_path / done.told["backup"]
    os.truncate(backup, backup.stat().st_size * 3 // 4)
    cut = run("restore", f"--from={backup}", url=postgresql_url)
    assert cut.status == 1
    assert revision_of(postgresql_url) is None


def test_termination_message_holds_the_failure(tmp_path: Path) -> None:
    from ccat_operator.commands.output import TERMINATION_BYTES, leave_last_words

    file = tmp_path / "termination-log"
    leave_last_words("nobody reads it", file)
    assert not file.exists()
    file.touch()
    leave_last_words("x" * 5000, file)
    assert file.stat().st_size == TERMINATION_BYTES


def test_previews_name_the_newest_revision(ops_database: str) -> None:
    done = run("migrate", "--dry-run", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD))
    assert done.told["target"] == head(GOOD) == "t3"


def _started(url: str, slow: Path) -> "subprocess.Popen[str]":
    call, environment = command("migrate", url=url, CCAT_OPS_DB_MIGRATIONS=str(slow))
    return subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for_sleep(url: str) -> None:
    end = time.monotonic() + 180
    # In this database: tests of other processes sleep in theirs, on the same server.
    sleeping = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg_sleep%'"
    )
    while not query(url, sleeping):
        assert time.monotonic() < end, "the migration did not come to its slow revision"
        time.sleep(0.1)
