"""Acting on much work at once: what was given up is taken up again, or closed, by one command."""

from typing import Any

import pytest

from ccat_data_transfer.failures import Permanent
from ccat_ops_db.models import PackageCreation, PhysicalCopyLock

from ..trouble import HOUR, freed, let_pass, lost, work_states
from .conftest import Command

CONTENTS = {"2026/a.fits": b"a" * 1000, "2026/b.fits": b"b" * 1000}


@pytest.fixture
def given_up(observatory: Any) -> Any:
    """An observatory two of whose packages were given up at the archive, which is mended by now."""
    observatory.places.broken["cologne.lta"] = Permanent("not_a_folder", "odd")
    for path, content in CONTENTS.items():
        observatory.observe({path: content})
    observatory.run()
    assert work_states(observatory).count("failed") == 2
    observatory.places.broken.clear()
    return observatory


def test_all_of_a_location_are_retried_by_one_command(given_up: Any, command: Command) -> None:
    status, _, err = command("retry", "--location", "cologne.lta", "--dry-run")
    assert status == 0, err
    assert work_states(given_up).count("failed") == 2
    status, _, err = command("retry", "--location", "cologne.lta")
    assert status == 0, err
    let_pass(given_up, HOUR)
    assert freed(given_up)
    assert lost(given_up, CONTENTS) == []


def test_work_that_waits_for_its_time_is_tried_at_once_where_it_is_named(
    observatory: Any, command: Command
) -> None:
    observatory.observe({"2026/a.fits": b"a" * 1000})
    path = observatory.folder("ccat.raw") / "2026/a.fits"
    path.rename(path.with_name("away"))
    observatory.run()
    [creation] = observatory.rows(PackageCreation)
    assert creation.waiting_reason == "file_not_as_filed"
    path.with_name("away").rename(path)
    assert command.json("retry", "--location", creation.source_location_id)["retried"] == []
    assert len(command.json("retry", str(creation.id))["retried"]) == 1
    observatory.run()
    assert observatory.rows(PackageCreation)[0].status == "completed"


def test_work_that_was_given_up_can_be_cancelled(given_up: Any, command: Command) -> None:
    status, _, err = command("cancel", "--location", "cologne.lta")
    assert status == 0, err
    assert "failed" not in work_states(given_up)
    assert given_up.rows(PhysicalCopyLock) == []


def test_a_dry_run_of_cancelling_changes_nothing_and_tells_how_much(given_up: Any, command: Command) -> None:
    told = command.json("cancel", "--category", "not_a_folder", "--dry-run")
    assert (len(told["cancelled"]), told["refused"]) == (2, [])
    assert work_states(given_up).count("failed") == 2
    assert len(given_up.rows(PhysicalCopyLock)) == 2


def test_no_work_is_meant_by_nothing(given_up: Any, command: Command) -> None:
    assert command("cancel")[0] == 2
    assert work_states(given_up).count("failed") == 2


def test_a_cancelled_check_keeps_nobody_from_verifying(observatory: Any, command: Command) -> None:
    observatory.observe({"2026/a.fits": b"a" * 1000})
    observatory.run()
    copy = observatory.copy_at("cologne.lta")
    assert command("verify", copy.id)[0] == 0
    assert len(command.json("cancel", "--operation", "verify")["cancelled"]) == 1
    assert command("verify", copy.id)[0] == 0
    again = command.json("retry", "--category", "cancelled")
    assert again["retried"] == []
    [refused] = again["refused"]
    assert "other work does the same" in refused
