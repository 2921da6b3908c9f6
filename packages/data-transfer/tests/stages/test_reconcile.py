"""What a place has and what the rows say are compared: what is lost is read, what is unknown is told."""

from typing import Any

import pytest

from ccat_data_transfer.stages.reconciling import APART, Listed, reconcile
from ccat_data_transfer.storage.interface import do_nothing
from ccat_ops_db.enumerations import DoubtCause, FindingResolution, PhysicalCopyStatus
from ccat_ops_db.models import DataLocation, Doubt, DoubtAnswer, ErrorRecord, PlaceMarker

from ..listings import ARCHIVE, archive_one, copy_of, findings, look, put
from ..trouble import HOUR, let_pass, unmounted


@pytest.fixture
def archived(observatory: Any) -> Any:
    """Return an observatory with a package in the archive, two days later."""
    return archive_one(observatory)


def test_where_all_is_as_it_should_be_nothing_is_done(archived: Any) -> None:
    assert look(archived) == Listed(objects=3, copies=1)
    assert archived.rows(Doubt) == []
    assert findings(archived) == []
    [marker] = archived.rows(PlaceMarker, data_location_id=ARCHIVE)
    assert marker.listed_at is not None


def test_a_place_is_listed_once_a_day(archived: Any) -> None:
    assert look(archived) is not None
    assert look(archived, after=HOUR) is None
    assert look(archived) is not None


def test_a_tar_that_is_gone_is_doubted_read_and_brought_again(archived: Any) -> None:
    lost = copy_of(archived)
    (archived.folder(ARCHIVE) / lost.relative_path).unlink()
    assert look(archived) == Listed(objects=2, copies=1, lost=1)
    [doubt] = archived.rows(Doubt)
    assert (doubt.physical_copy_id, doubt.cause) == (lost.id, DoubtCause.LOST)
    assert copy_of(archived).status is PhysicalCopyStatus.VERIFIED, "a listing makes no verdict"
    look(archived)
    assert len(archived.rows(Doubt)) == 1
    let_pass(archived, HOUR, 7 * HOUR)
    assert copy_of(archived).status is PhysicalCopyStatus.MISSING
    assert len(archived.rows(DoubtAnswer)) == 1


def test_two_listings_at_once_doubt_a_copy_once(archived: Any, at_crash_points: Any) -> None:
    inner: list[Listed | None] = []

    def list_again(name: str) -> None:
        if name == "reconciling.lost" and not inner:
            inner.append(None)
            inner[0] = look(archived)

    (archived.folder(ARCHIVE) / copy_of(archived).relative_path).unlink()
    at_crash_points(list_again)
    assert look(archived) == Listed(objects=2, copies=1)
    assert inner == [Listed(objects=2, copies=1, lost=1)]
    assert len(archived.rows(Doubt)) == 1


def test_a_listing_that_is_broken_off_ends_no_finding(archived: Any, at_crash_points: Any) -> None:
    class KilledError(Exception):
        pass

    def kill(name: str) -> None:
        if name == "reconciling.before_end":
            raise KilledError

    stranger = put(archived, "notes.txt")
    look(archived)
    stranger.unlink()
    at_crash_points(kill)
    with pytest.raises(KilledError):
        look(archived)
    [finding] = findings(archived)
    assert finding.resolved_at is None
    at_crash_points(lambda name: None)
    look(archived)
    [finding] = findings(archived)
    assert finding.resolution is FindingResolution.GONE


def test_a_tar_of_another_size_is_doubted(archived: Any) -> None:
    tar = archived.folder(ARCHIVE) / copy_of(archived).relative_path
    tar.write_bytes(tar.read_bytes() + b"x")
    assert look(archived) == Listed(objects=3, copies=1, lost=1)


def test_what_a_listing_left_out_and_is_there_is_not_doubted(archived: Any, monkeypatch: Any) -> None:
    storage = archived.places.storage(ARCHIVE)
    monkeypatch.setattr(storage, "list", lambda prefix="": iter(()))
    archived.clock.advance(APART.total_seconds())
    assert reconcile(archived.sessions, storage, "worker-1", do_nothing) == Listed(copies=1)
    assert archived.rows(Doubt) == []


def test_nothing_is_lost_at_an_unmounted_place(archived: Any) -> None:
    storage = archived.places.storage(ARCHIVE)
    archived.clock.advance(APART.total_seconds())
    with unmounted(archived.folder(ARCHIVE)), pytest.raises(Exception, match="marker"):
        reconcile(archived.sessions, archived.places.storage(ARCHIVE), "worker-1", do_nothing)
    assert archived.rows(Doubt) == []
    del storage


def test_an_object_of_no_copy_is_told_until_it_is_gone(archived: Any) -> None:
    stranger = put(archived, "notes/of-somebody.txt")
    assert look(archived) == Listed(objects=4, copies=1, unknown=1)
    [finding] = findings(archived)
    assert (finding.path, finding.size, finding.resolved_at) == ("notes/of-somebody.txt", 9, None)
    [error] = archived.rows(ErrorRecord, category="unknown_objects")
    assert (error.subject_id, error.resolved_at) == (ARCHIVE, None)
    assert "notes/of-somebody.txt" in error.message
    look(archived)
    [again] = findings(archived)
    assert (again.id, again.last_seen_at > finding.last_seen_at) == (finding.id, True)
    stranger.unlink()
    look(archived)
    [gone] = findings(archived)
    assert gone.resolution is FindingResolution.GONE
    [error] = archived.rows(ErrorRecord, category="unknown_objects")
    assert error.resolved_at is not None
    assert stranger.exists() is False


def test_what_is_young_may_be_on_its_way(archived: Any) -> None:
    put(archived, "young.tar", days=0.5)
    assert look(archived) == Listed(objects=4, copies=1)


def test_what_was_begun_and_the_marker_are_no_objects(archived: Any) -> None:
    put(archived, ".partial-a.tar.0192f5c6-0000-7000-8000-000000000000")
    assert look(archived) == Listed(objects=3, copies=1)


def test_an_index_without_its_tar_is_unknown(archived: Any) -> None:
    put(archived, "2026/gone.index.json")
    put(archived, "2026/gone.metadata.json")
    assert look(archived) == Listed(objects=5, copies=1, unknown=2)


def test_the_age_of_things_is_not_asked_where_nothing_may_be_written(archived: Any) -> None:
    put(archived, "notes.txt")
    look(archived)
    archived.change(DataLocation, ARCHIVE, read_only=True)
    assert look(archived) == Listed(objects=4, copies=1)
    [finding] = findings(archived)
    assert finding.resolved_at is None
