"""``ccat-operator configure --once`` as a program."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ccat_ops_db import schema

from .conftest import CONFIGURATION, GOOD, command, query, run

pytestmark = pytest.mark.long

NAME = "SELECT name FROM site WHERE id = 'us'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the observatory's configuration."""
    return Path(shutil.copytree(CONFIGURATION, tmp_path / "configuration"))


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "sites.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_applies_once_and_then_finds_nothing_to_do(ops_database: str, folder: Path) -> None:
    done = run("configure", "--once", f"--folder={folder}", url=ops_database)
    assert (done.status, done.told["outcome"]) == (0, "applied"), done.log
    again = run("configure", "--once", f"--folder={folder}", url=ops_database)
    assert (again.status, again.told["outcome"]) == (0, "nothing")
    assert again.told["contentHash"] == done.told["contentHash"]
    assert query(ops_database, "SELECT count(*), min(applied_by) FROM configuration_revision") == [
        (1, "ccat-operator")
    ]


def test_overlay_is_laid_over(ops_database: str, folder: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    (overlay / "sites.yaml").write_text("sites:\n  us:\n    name: Ithaca\n")
    done = run("configure", "--once", f"--folder={folder}", f"--overlay={overlay}", url=ops_database)
    assert done.status == 0, done.log
    assert query(ops_database, NAME) == [("Ithaca",)]


def test_dry_run_only_tells(configured_database: str, folder: Path) -> None:
    edit(folder, "name: Cornell", "name: Ithaca")
    done = run("configure", "--once", "--dry-run", f"--folder={folder}", url=configured_database)
    assert (done.status, done.told["outcome"], done.told["change"]) == (0, "planned", 1)
    assert query(configured_database, NAME) == [("Cornell",)]


def test_invalid_files_change_nothing(configured_database: str, folder: Path) -> None:
    edit(folder, "name: Cornell", "name: Ithaca")
    edit(folder, "time_zone: Europe/Berlin", "time_zone: Europe/Nowhere")
    done = run("configure", "--once", f"--folder={folder}", url=configured_database)
    assert (done.status, done.told["outcome"]) == (1, "invalid")
    assert "sites.cologne.time_zone: is not an IANA time zone" in done.told["problems"][0]
    assert query(configured_database, NAME) == [("Cornell",)]


def test_refused_plan_changes_nothing(configured_database: str, folder: Path) -> None:
    edit(folder, "name: Cornell", "name: Ithaca")
    edit(
        folder,
        "ccat.output-buffer:\n    location_type: buffer\n    storage_type: disk\n    path:"
        " /data/output-buffer",
        "ccat.output-buffer:\n    location_type: buffer\n    storage_type: s3\n    endpoint: https://s3.example.org\n"
        "    bucket: raw\n    credential: raw",
    )
    done = run("configure", "--once", f"--folder={folder}", url=configured_database)
    assert (done.status, done.told["outcome"]) == (1, "refused"), done.log
    assert "storage_type cannot change" in done.told["problems"][0]
    assert query(configured_database, NAME) == [("Cornell",)]


def test_schema_is_waited_for(postgresql_url: str, folder: Path) -> None:
    impatient = run("configure", "--once", f"--folder={folder}", "--wait=1s", url=postgresql_url)
    assert (impatient.status, impatient.told["outcome"]) == (75, "failed")
    assert "must be migrated first" in impatient.told["problems"][0]
    call, environment = command("configure", "--once", f"--folder={folder}", url=postgresql_url)
    waiting = subprocess.Popen(
        call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert waiting.stderr is not None
    assert "configure.waiting" in waiting.stderr.readline()
    schema.upgrade(postgresql_url)
    output, errors = waiting.communicate(timeout=120)
    assert (waiting.returncode, json.loads(output)["outcome"]) == (0, "applied"), errors


def test_schema_of_a_newer_release_is_written_to_by_nobody_older(ops_database: str, folder: Path) -> None:
    schema.upgrade(ops_database, more=GOOD)
    done = run("configure", "--once", f"--folder={folder}", url=ops_database)
    assert done.status == 1
    assert "does not know" in done.log
    assert query(ops_database, "SELECT count(*) FROM site") == [(0,)]


def test_wrong_password_is_not_waited_for(ops_database: str, folder: Path) -> None:
    done = run("configure", "--once", f"--folder={folder}", url=ops_database.replace("@", "-wrong@"))
    assert done.status == 1
    assert "correct user or password" in done.log
    assert "configure.waiting" not in done.log


def test_two_at_once_apply_once(ops_database: str, folder: Path) -> None:
    call, environment = command("configure", "--once", f"--folder={folder}", url=ops_database)
    running = [
        subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [json.loads(one.communicate(timeout=120)[0]) for one in running]
    # On a busy machine one does not get its lock within five seconds; it says to run it again, as a Job does.
    if 75 in [one.returncode for one in running]:
        told = [one for one in told if one["outcome"] != "failed"]
        told.append(run("configure", "--once", f"--folder={folder}", url=ops_database).told)
    assert sorted(one["outcome"] for one in told) == ["applied", "nothing"]
    assert query(ops_database, "SELECT count(*) FROM configuration_revision") == [(1,)]
