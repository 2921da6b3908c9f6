"""What follows from each class of failure: pauses, attempts, giving up, circuits, records of errors."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccat_data_transfer.failures import Failure, Integrity, Permanent, Resource, Transient
from ccat_data_transfer.settings import DataTransferSettings
from ccat_data_transfer.work.outcome import back_off, storable
from ccat_ops_db.enumerations import Severity, Status
from ccat_ops_db.models import (
    DataTransfer,
    ErrorRecord,
    Event,
    Outage,
    PackageCreation,
)

CONTENTS = {"2026/a.fits": b"a" * 1000}


@pytest.fixture
def creation(observatory: Any) -> Any:
    observatory.observe(CONTENTS)
    observatory.planner.run_pass()
    return observatory.rows(PackageCreation)[0]


def fail_once(observatory: Any, failure: Failure, location: str = "ccat.buffer") -> Any:
    """Let the scheduled work fail, pass its pause and schedule it again; return how it stood in between."""
    observatory.places.broken[location] = failure
    assert observatory.deliver() == ["failed"]
    [row] = observatory.rows(PackageCreation)
    observatory.places.broken.clear()
    observatory.clock.advance(observatory.settings.back_off_limit)
    observatory.planner.run_pass()
    return row


@given(st.integers(1, 10_000), st.floats(0.1, 60), st.floats(60, 7200))
def test_pauses_double_up_to_a_limit_and_are_not_all_the_same(
    failures: int, base: float, limit: float
) -> None:
    settings = DataTransferSettings(back_off_base=base, back_off_limit=limit)
    longest = min(limit, base * 2.0 ** min(failures - 1, 1000))
    random = Random(failures)
    pauses = {back_off(failures, settings, random) for _ in range(8)}
    assert all(longest / 2 <= pause <= longest for pause in pauses)
    assert len(pauses) > 1


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Transient("network", "the connection broke"), "back_off"),
        (Resource("no_space", "the disk is full"), "no_space_at_destination"),
    ],
)
def test_what_passes_never_eats_attempts(
    observatory: Any, creation: Any, failure: Failure, reason: str
) -> None:
    for interruptions in range(1, observatory.settings.max_attempts + 1):
        row = fail_once(observatory, failure)
        assert (row.status, row.attempt, row.interruptions) == (Status.PENDING, 0, interruptions)
        assert row.waiting_reason == reason
        assert row.error_class == failure.failure_class
        assert failure.message in row.error_message
    [error] = observatory.rows(ErrorRecord)
    assert (error.count, error.severity, error.resolved_at) == (3, Severity.WARNING, None)
    observatory.deliver()
    [error] = observatory.rows(ErrorRecord)
    assert error.resolved_at is not None
    [row] = observatory.rows(PackageCreation)
    assert (row.status, row.interruptions, row.error_message) == (Status.COMPLETED, 0, None)


def test_bad_bytes_use_up_attempts_and_a_retry_brings_the_work_back(observatory: Any, creation: Any) -> None:
    failure = Integrity("source_mismatch", "other bytes", path="2026/a.fits")
    for attempt in range(1, observatory.settings.max_attempts + 1):
        row = fail_once(observatory, failure)
        assert row.attempt == attempt
    assert (row.status, row.waiting_reason) == (Status.FAILED, "given_up")
    [error] = observatory.rows(ErrorRecord)
    assert (error.severity, error.count) == (Severity.CRITICAL, 3)
    assert "2026/a.fits" in error.message
    assert [event.action for event in observatory.rows(Event)].count(
        "raw_data_package_creation.given_up"
    ) == 1
    assert "given_up" in observatory.reasons(row.raw_data_package_id)


def test_a_file_that_is_not_the_one_that_was_filed_is_named_first(observatory: Any, creation: Any) -> None:
    (observatory.folder("ccat.raw") / "2026/a.fits").write_bytes(b"b" * 1000)
    assert observatory.deliver() == ["done"]
    [row] = observatory.rows(PackageCreation)
    assert (row.status, row.waiting_reason) == (Status.PENDING, "file_not_as_filed")
    assert row.waiting_detail.startswith("2026/a.fits: its checksum is sha256:")


def test_what_only_a_person_can_mend_is_given_up_at_once(observatory: Any, creation: Any) -> None:
    row = fail_once(observatory, Permanent("illegal_path", "not allowed"))
    assert row.status is Status.FAILED
    observatory.clock.advance(10 * 86400)
    observatory.planner.run_pass()
    assert observatory.mailbox.messages == []


def test_a_place_that_is_not_mounted_is_waited_for(observatory: Any, creation: Any) -> None:
    folder = observatory.folder("ccat.buffer")
    folder.rename(folder.with_name("unmounted"))
    assert observatory.deliver() == ["failed"]
    [row] = observatory.rows(PackageCreation)
    assert (row.status, row.error_category, row.attempt) == (Status.PENDING, "place_unavailable", 0)
    observatory.run()
    assert "location_circuit_open" in observatory.reasons("ccat.raw")
    folder.with_name("unmounted").rename(folder)
    observatory.clock.advance(60)
    observatory.run()
    [row] = observatory.rows(PackageCreation)
    assert row.status is Status.COMPLETED


def test_messages_of_any_bytes_can_be_stored(observatory: Any, creation: Any) -> None:
    row = fail_once(observatory, Transient("network", "caf\udce9\0.fits"))
    assert "caf" in row.error_message
    assert storable("a\0b\udce9") == "a\\0b\\udce9"


def test_a_location_closes_after_some_failures_tries_with_one_and_opens(observatory: Any) -> None:
    for number in range(8):
        observatory.observe({f"2026/{number}.fits": b"x" * 100})
    observatory.planner.run_pass()
    observatory.places.broken["ccat.buffer"] = Transient("network", "away")
    assert observatory.deliver() == ["failed"] * 4
    observatory.clock.advance(observatory.settings.back_off_limit)
    observatory.planner.run_pass()
    observatory.mailbox.messages = observatory.mailbox.messages[:1]
    assert observatory.deliver() == ["failed"]
    observatory.planner.run_pass()
    # What was given to workers before is withdrawn; nothing new begins.
    assert observatory.rows(PackageCreation, status=Status.SCHEDULED) == []
    reasons = {row.waiting_reason for row in observatory.rows(PackageCreation)}
    assert reasons == {"location_circuit_open"}
    assert "location_circuit_open" in observatory.reasons("ccat.raw")
    observatory.mailbox.messages.clear()
    for pause in (10, 10, 20):
        observatory.clock.advance(pause)
        observatory.planner.run_pass()
        assert len(observatory.rows(PackageCreation, status=Status.SCHEDULED)) == 1
        assert observatory.deliver() == ["failed"]
        observatory.clock.advance(pause - 1)
        observatory.planner.run_pass()
        assert observatory.rows(PackageCreation, status=Status.SCHEDULED) == [], "the trial failed"
        observatory.clock.advance(1)
    observatory.places.broken.clear()
    observatory.clock.advance(observatory.settings.back_off_limit)
    observatory.planner.run_pass()
    assert observatory.deliver() == ["done"]
    observatory.planner.run_pass()
    assert len(observatory.rows(PackageCreation, status=Status.SCHEDULED)) == 4
    [outage] = observatory.rows(Outage)
    assert outage.ended_at is not None


def test_failures_that_others_do_not_meet_are_forgotten(observatory: Any, creation: Any) -> None:
    fail_once(observatory, Transient("network", "away"))
    [outage] = observatory.rows(Outage)
    assert (outage.count, outage.closed_since) == (1, None)
    assert observatory.deliver() == ["done"]
    assert observatory.rows(Outage) == []


def test_a_route_closes_and_opens(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    observatory.run_until(lambda: observatory.rows(DataTransfer) != [])
    observatory.places.broken["cologne.buffer"] = Transient("network", "away")
    for _ in range(observatory.settings.circuit_failures):
        observatory.planner.run_pass()
        observatory.deliver()
        observatory.clock.advance(observatory.settings.back_off_limit)
    [outage] = observatory.rows(Outage)
    assert (outage.scope, outage.scope_id, outage.count) == ("route", "ccat-cologne", 5)
    observatory.change(Outage, outage.id, next_probe_at=observatory.clock.now.replace(year=2100))
    observatory.planner.run_pass()
    [transfer] = observatory.rows(DataTransfer)
    assert transfer.waiting_reason == "route_circuit_open"
    assert "route_circuit_open" in observatory.reasons(transfer.id)
    observatory.places.broken.clear()
    observatory.change(Outage, outage.id, next_probe_at=observatory.clock.now)
    observatory.run()
    [outage] = observatory.rows(Outage)
    assert outage.ended_at is not None
