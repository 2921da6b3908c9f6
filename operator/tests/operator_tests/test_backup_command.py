"""``ccat-operator backup`` and ``restore``, with the programs of a real PostgreSQL."""

import fcntl
import os
from pathlib import Path

import pytest

from ccat_operator.reconcile.backup import UNFINISHED, Series, backups

from .conftest import GOOD, query, run

pytestmark = pytest.mark.long

AWAY = "postgresql://nobody:x@127.0.0.1:1/ccat"


def test_backup_is_restored_as_it_was(configured_database: str, postgresql_url: str, tmp_path: Path) -> None:
    done = run("backup", f"--folder={tmp_path}", url=configured_database)
    assert done.status == 0, done.log
    assert done.told["backup"] in {path.name for path in tmp_path.iterdir()}
    assert done.told["bytes"] == (tmp_path / done.told["backup"]).stat().st_size
    restored = run("restore", f"--folder={tmp_path}", f"--from={done.told['backup']}", url=postgresql_url)
    assert restored.status == 0, restored.log
    counted = "SELECT count(*), min(id), max(id) FROM data_location"
    assert query(postgresql_url, counted) == query(configured_database, counted)


def test_routine_backups_cost_none_of_those_before_migrations(ops_database: str, tmp_path: Path) -> None:
    migrated = run(
        "migrate", f"--backup-folder={tmp_path}", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD)
    )
    made = []
    for day in (1, 2):
        done = run(
            "backup", f"--folder={tmp_path}", "--keep=2", url=ops_database, CCAT_OPS_DB_MIGRATIONS=str(GOOD)
        )
        assert done.status == 0, done.log
        older = tmp_path / f"{done.told['backup'].split('-')[0]}-2026010{day}T030000Z-t3{Series.ROUTINE}"
        (tmp_path / done.told["backup"]).rename(older)
        made.append(older.name)
    last = run("backup", f"--folder={tmp_path}", "--keep=2", url=ops_database)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {migrated.told["backup"], made[1], last.told["backup"]}


def test_two_backups_at_once_leave_each_other_alone(ops_database: str, tmp_path: Path) -> None:
    """One that is being written is held; one whose writer was killed is removed."""
    stem = ops_database.rpartition("/")[2]
    alive = tmp_path / f"{stem}-20260101T030000Z-0001.dump{UNFINISHED}"
    dead = tmp_path / f"{stem}-20260102T030000Z-0001.dump{UNFINISHED}"
    dead.write_bytes(b"half")
    held = os.open(alive, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run("backup", f"--folder={tmp_path}", url=ops_database).status == 0
        assert alive.exists()
        assert not dead.exists()
    finally:
        os.close(held)


def test_backups_of_a_database_whose_name_begins_alike_are_others(tmp_path: Path) -> None:
    for name in ("ccat-20260101T030000Z-0001", "ccat-2-20260101T030000Z-0001", "ccat-by-hand"):
        (tmp_path / f"{name}{Series.ROUTINE}").touch()
        (tmp_path / f"{name}{Series.MIGRATION}").touch()
    for series in Series:
        assert [path.name for path in backups(tmp_path, "ccat", series)] == [
            f"ccat-20260101T030000Z-0001{series}"
        ]


def test_what_there_is_to_restore_is_listed(postgresql_url: str, tmp_path: Path) -> None:
    for age, name in enumerate(("new.dump", "old.dump", "note.txt")):
        (tmp_path / name).write_bytes(b"x" * 1234)
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    for given in ({}, {"CCAT_OPERATOR_RESTORE_FROM": ""}):
        listed = run("restore", f"--folder={tmp_path}", url=postgresql_url, **given)
        assert listed.status == 1
        assert "nothing was restored" in listed.log
        assert "new.dump (1,234 bytes), old.dump (1,234 bytes)" in listed.log
        assert "note.txt" not in listed.log
    absent = run("restore", f"--folder={tmp_path}", "--from=x.dump", url=postgresql_url)
    assert f"there is no {tmp_path / 'x.dump'}" in absent.log


def test_no_backup_of_what_is_not_there(postgresql_url: str, tmp_path: Path) -> None:
    empty = run("backup", f"--folder={tmp_path}", url=postgresql_url)
    assert (empty.status, "has no schema of ours" in empty.log) == (1, True)
    away = run("backup", f"--folder={tmp_path}", url=AWAY)
    assert away.status == 75, away.log
    absent = run("backup", f"--folder={tmp_path / 'absent'}", url=postgresql_url)
    assert absent.status == 2
    assert list(tmp_path.iterdir()) == []
