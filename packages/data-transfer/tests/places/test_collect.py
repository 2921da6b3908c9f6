"""Nothing temporary stays for ever, and nothing else is taken."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ccat_data_transfer.failures import Resource, Transient
from ccat_data_transfer.places.collect import UNKNOWN_STAYS_NS, collect
from ccat_data_transfer.storage.interface import do_nothing
from ccat_data_transfer.storage.names import Begun, begun_as
from ccat_ops_db.models import DataLocation, Deletion, ErrorRecord, PackageCreation, RawDataFileView

from ..trouble import DAY, HOUR, files_below, freed, keep_everything, let_pass, lost

CONTENTS = {"2026/a.fits": b"a" * 5000}


def test_a_partial_of_work_that_went_elsewhere_is_removed(observatory: Any, at_crash_points: Any) -> None:
    def fill_up(name: str) -> None:
        if name == "packaging.before_publish":
            raise Resource("no_space", "the disk is full")

    observatory.change(DataLocation, "ccat.buffer", priority=9)
    observatory.add_buffer("ccat.second")
    observatory.observe(CONTENTS)
    at_crash_points(fill_up)
    observatory.run()
    assert not freed(observatory, "ccat.buffer")
    observatory.fill("ccat.buffer", used=99, total=100)
    let_pass(observatory, HOUR, DAY, 8 * DAY)
    assert lost(observatory, CONTENTS) == []
    assert freed(observatory, "ccat.raw", "ccat.second"), "the other buffer was taken"
    assert freed(observatory, "ccat.buffer")


def begin(observatory: Any, location: str, name: str, content: bytes = b"begun", age_ns: int = 0) -> Path:
    """Write what some attempt could have left, which changed so long ago."""
    path = Path(observatory.folder(location)) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if age_ns:
        at = path.stat().st_mtime_ns - age_ns
        os.utime(path, ns=(at, at))
    return path


def collect_at(observatory: Any, location: str) -> Any:
    return collect(observatory.sessions, observatory.places.storage(location), do_nothing)


def removed_deletion(observatory: Any) -> tuple[Any, Any]:
    """Let an observation be archived and freed; return the deletion at its source, and its file."""
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    assert freed(observatory)
    [deletion] = observatory.rows(Deletion, data_location_id="ccat.raw")
    [file] = observatory.rows(RawDataFileView)
    return deletion, file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (".partial-a.tar.{work}", "partial"),
        (".partial-a.tar.{work}_3-0123abcd", "partial"),
        (".partial-a.index.json.put-{work}", "put"),
        (".partial-decoy-{work}", "put"),
        (".ccat-removing-decoy-{work}-a", "put"),
        (".a.tar.3-0123abcd.part", "tar"),
        (".a.index.json.3-0123abcd.part", "tar"),
        (".staging-{work}-3-0123abcd", "unpacked"),
        (".ccat-removing-{work}-3-0123abcd-7", "moved away"),
        ("a.tar", None),
        (".partial-notes.txt", None),
        (".download.part", None),
        (".staging-area", None),
        (".ccat-place.json", None),
    ],
)
def test_names_that_only_we_give_are_known(name: str, kind: str | None) -> None:
    begun = begun_as(name.format(work=uuid4()))
    assert (None if begun is None else begun.kind) == kind


def test_a_name_says_which_work_and_which_file() -> None:
    work = uuid4()
    assert begun_as(f".ccat-removing-{work}-3-0123abcd-7") == Begun("moved away", work, None, 7)
    assert begun_as(f".partial-x.y.tar.{work}") == Begun("partial", work)
    assert begun_as(".a.tar.3-0123abcd.part") == Begun("tar", None, "a.tar")


def test_what_open_work_began_stays(observatory: Any, at_crash_points: Any) -> None:
    def fill_up(name: str) -> None:
        if name in ("packaging.before_publish", "storage.disk.before_sync"):
            raise Resource("no_space", "the disk is full")

    keep_everything(observatory)
    observatory.observe(CONTENTS)
    at_crash_points(fill_up)
    observatory.run()
    assert collect_at(observatory, "ccat.buffer").removed == 0
    observatory.clock.advance(HOUR)
    observatory.run_until(lambda: files_below(observatory.folder("cologne.buffer")) != [])
    before = files_below(observatory.folder("cologne.buffer"))
    assert collect_at(observatory, "cologne.buffer").removed == 0
    assert files_below(observatory.folder("cologne.buffer")) == before


def test_what_ended_work_began_goes(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    [creation] = observatory.rows(PackageCreation)
    begin(observatory, "cologne.buffer", f"ccat/.partial-x.tar.{creation.id}")
    begin(observatory, "cologne.processing", f".staging-{creation.id}-1-0123abcd/deep/a.fits")
    assert collect_at(observatory, "cologne.buffer").removed == 1
    assert collect_at(observatory, "cologne.processing").removed == 1
    assert freed(observatory)


def test_what_nobody_knows_stays_for_a_week_of_the_place(observatory: Any) -> None:
    old = begin(observatory, "ccat.buffer", f".partial-x.tar.{uuid4()}", age_ns=UNKNOWN_STAYS_NS + 10**9)
    place = observatory.places.storage("ccat.buffer")
    # Its ctime is now, whatever its mtime says: who wrote it may have kept the time of another file.
    assert collect_at(observatory, "ccat.buffer").removed == 0
    [found] = place.leftovers(do_nothing)
    assert place.time_of_changes() - found.changed_ns < UNKNOWN_STAYS_NS
    later = place.time_of_changes() + UNKNOWN_STAYS_NS + 10**9
    place.time_of_changes = lambda: later
    observatory.clock.advance(-30 * DAY)
    assert collect(observatory.sessions, place, do_nothing).removed == 1
    assert not old.exists()


def test_where_others_write_only_our_own_is_taken(observatory: Any) -> None:
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    [creation] = observatory.rows(PackageCreation)
    theirs = begin(observatory, "ccat.raw", f".partial-x.tar.{creation.id}")
    assert collect_at(observatory, "ccat.raw").removed == 0
    assert theirs.exists()


def test_what_changed_since_it_was_found_stays(observatory: Any, at_crash_points: Any) -> None:
    observatory.observe(CONTENTS)
    let_pass(observatory, HOUR, DAY)
    [creation] = observatory.rows(PackageCreation)
    begun = begin(observatory, "cologne.buffer", f".partial-x.tar.{creation.id}")

    def write_again(name: str) -> None:
        if name == "collecting.asked":
            begun.unlink()
            begun.write_bytes(b"begun anew")

    at_crash_points(write_again)
    assert collect_at(observatory, "cologne.buffer").removed == 0
    assert begun.read_bytes() == b"begun anew"


def test_a_leftover_returns_without_a_person(observatory: Any) -> None:
    deletion, file = removed_deletion(observatory)
    folder = Path(file.relative_path).parent
    begin(observatory, "ccat.raw", f"{folder}/.ccat-removing-{deletion.id}-9-0123abcd-{file.number}", b"mine")
    assert collect_at(observatory, "ccat.raw").put_back == 1
    [back] = files_below(observatory.folder("ccat.raw"))
    assert (back, back.read_bytes()) == (observatory.folder("ccat.raw") / file.relative_path, b"mine")


def test_a_leftover_beside_a_new_file_stays(observatory: Any) -> None:
    deletion, file = removed_deletion(observatory)
    folder = Path(file.relative_path).parent
    moved = begin(
        observatory, "ccat.raw", f"{folder}/.ccat-removing-{deletion.id}-9-0123abcd-{file.number}", b"mine"
    )
    new = begin(observatory, "ccat.raw", file.relative_path, b"new")
    assert collect_at(observatory, "ccat.raw").for_people != []
    assert (moved.read_bytes(), new.read_bytes()) == (b"mine", b"new")
    assert [row.category for row in observatory.rows(ErrorRecord, resolved_at=None)] == ["leftover"]
    new.unlink()
    assert collect_at(observatory, "ccat.raw").put_back == 1
    assert observatory.rows(ErrorRecord, resolved_at=None) == []


def test_a_second_name_of_a_file_that_is_back_goes(observatory: Any) -> None:
    deletion, file = removed_deletion(observatory)
    there = begin(observatory, "ccat.raw", file.relative_path, b"mine")
    moved = there.with_name(f".ccat-removing-{deletion.id}-9-0123abcd-{file.number}")
    os.link(there, moved)
    collect_at(observatory, "ccat.raw")
    assert files_below(observatory.folder("ccat.raw")) == [there]


def test_an_open_removal_is_left_to_itself(observatory: Any, at_crash_points: Any) -> None:
    def break_off(name: str) -> None:
        if name == "storage.disk.moved_away":
            raise Transient("network", "cut off")

    at_crash_points(break_off)
    observatory.observe(CONTENTS)
    observatory.run()
    [moved] = files_below(observatory.folder("ccat.raw"))
    assert collect_at(observatory, "ccat.raw").put_back == 0
    assert files_below(observatory.folder("ccat.raw")) == [moved]
    let_pass(observatory, HOUR, DAY)
    assert freed(observatory)
