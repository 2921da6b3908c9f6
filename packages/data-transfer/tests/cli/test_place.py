"""``ccat-transfer place``: what is told before, what is done, and how it ends."""

import shutil
from typing import Any

from sqlalchemy import insert, update

from ccat_ops_db.enumerations import Ability
from ccat_ops_db.models import Event, PlaceAbility, PlaceMarker

from ..trouble import exchange_for_a_copy, set_folder
from .conftest import Command


def test_who_adopts_is_told_first(observatory: Any, command: Command) -> None:
    observatory.observe({"2026/a.fits": b"a" * 100})
    observatory.run()
    exchange_for_a_copy(observatory.folder("cologne.lta"))
    before = observatory.places.marker_on_record("cologne.lta")
    asked = ("place", "adopt", "cologne.lta", "--reason", "a larger disk")
    [told] = command.json(*asked, "--dry-run")["places"]
    assert (told["act"], told["copies"], told["to_read"]) == ("new", 1, 1)
    assert observatory.places.marker_on_record("cologne.lta") == before
    out = command(*asked, "--dry-run")[1]
    assert "1 of them prove nothing until they are read" in out
    assert '"location": "cologne.lta"' in out
    [done] = command.json(*asked)["places"]
    assert done["act"] == "new"
    assert observatory.places.marker_on_record("cologne.lta") != before
    [event] = observatory.rows(Event, action="place.adopted", subject_id="cologne.lta")[1:]
    assert event.message.endswith("a larger disk")
    [again] = command.json(*asked)["places"]
    assert again["act"] == "none"


def test_a_site_adopts_what_is_new(observatory: Any, command: Command) -> None:
    places = command.json("place", "adopt", "--new", "--site", "cologne")["places"]
    assert {place["location_id"]: place["act"] for place in places} == dict.fromkeys(
        ("cologne.buffer", "cologne.lta", "cologne.processing"), "none"
    )
    shutil.rmtree(observatory.folder("cologne.lta"))
    status, out, err = command("place", "adopt", "--new", "--site", "cologne")
    assert status == 1
    assert "cologne.buffer has the right marker already" in out
    assert "mount the disk" in err


def test_what_was_not_said_right(observatory: Any, command: Command) -> None:
    for arguments, message in (
        (("cologne.lta",), "--new for places that were never used, or --reason"),
        (("cologne.lta", "--new", "--same-place"), "give --reason"),
        (("cologne.nowhere", "--new"), "there is no location cologne.nowhere"),
        (("--site", "cologne", "--reason", "all of them"), "name one location"),
    ):
        status, _, err = command("place", "adopt", *arguments)
        assert status != 0
        assert message in err


def test_what_a_place_can_do(observatory: Any, command: Command) -> None:
    found = command.json("place", "probe", "cologne.lta")["abilities"]
    assert found["hard_links"]["works"]
    assert "yes hard_links" in command("place", "probe", "cologne.lta")[1]
    shutil.rmtree(observatory.folder("cologne.lta"))
    assert "mount the disk" in command("place", "probe", "cologne.lta")[2]


def test_the_doctor_finds_places_that_are_no_two(observatory: Any, command: Command) -> None:
    set_folder(observatory, "cologne.buffer", observatory.folder("cologne.lta") / "inside")
    with observatory.sessions.begin() as session:
        session.execute(
            update(PlaceMarker)
            .where(PlaceMarker.data_location_id == "ccat.buffer")
            .values(file_system="another")
        )
        session.execute(
            insert(PlaceAbility),
            [
                {
                    "data_location_id": "ccat.raw",
                    "site_id": "ccat",
                    "ability": ability,
                    "works": False,
                    "probed_at": observatory.clock.now,
                }
                for ability in (
                    Ability.RENAME_NOREPLACE,
                    Ability.HARD_LINKS,
                    Ability.FLOCK,
                    Ability.FOLDER_FSYNC,
                )
            ],
        )
    status, out, _ = command("doctor")
    assert status == 1
    assert "the root of cologne.buffer lies inside that of cologne.lta" in out
    assert "can be used; but its marker is on the file system" in out
    assert "place ccat.raw: can be used; without locks of files" in out
    assert "its folders cannot be synced" in out
    assert "place of ccat.raw: its file system neither has hard links nor" in out
