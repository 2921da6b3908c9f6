"""``ccat-transfer doubt``, ``scrub`` and ``reconcile``: a person has copies and places looked at."""

from typing import Any

import pytest

from ccat_ops_db.enumerations import CallerKind, CheckReason, DoubtCause, Finding
from ccat_ops_db.models import Doubt, DoubtAnswer, FixityCheck, Verification

from ..listings import ARCHIVE, archive_one, copy_of, look
from ..trouble import DAY, freed
from .conftest import Command

WHY = ("--reason", "the controller was exchanged", "--by", "ada")


@pytest.fixture
def archived(observatory: Any) -> Any:
    """Return an observatory with a package in the archive, two days later."""
    return archive_one(observatory)


def scrubs(observatory: Any) -> list[FixityCheck]:
    """Return the readings that were opened for no other reason than time."""
    return [check for check in observatory.rows(FixityCheck) if check.reason is CheckReason.SCRUB]


def test_a_doubted_place_is_trusted_by_a_person_alone(archived: Any, command: Command) -> None:
    told = command.json("doubt", ARCHIVE, *WHY, "--dry-run")
    assert (told["copies"], told["bytes"]) == (1, copy_of(archived).size)
    assert archived.rows(Doubt) == []
    status, out, _ = command("doubt", ARCHIVE, *WHY)
    assert (status, f"{ARCHIVE} is doubted: 1 copies" in out) == (0, True)
    [doubt] = archived.rows(Doubt)
    assert (doubt.cause, doubt.caller_kind, doubt.caller) == (
        DoubtCause.PERSON,
        CallerKind.COMMAND,
        "ada (ccat-transfer)",
    )
    status, _, err = command("doubt", ARCHIVE, *WHY)
    assert (status, "doubted by a person already" in err) == (1, True)
    archived.clock.advance(DAY)
    archived.run()
    assert archived.rows(DoubtAnswer) == []
    assert command("trust", ARCHIVE, "--reason", "it is sound")[0] == 0
    assert len(archived.rows(DoubtAnswer)) == 1


@pytest.mark.parametrize("subject", ["copy", "package"])
def test_a_doubted_copy_is_read(archived: Any, command: Command, subject: str) -> None:
    copy = copy_of(archived)
    told = command.json("doubt", copy.id if subject == "copy" else copy.raw_data_package_id, *WHY)
    assert told["copies"] >= 1
    before = len(archived.rows(Verification, physical_copy_id=copy.id))
    archived.run()
    found = archived.rows(Verification, physical_copy_id=copy.id)
    assert (len(found), found[-1].finding) == (before + 1, Finding.RIGHT)
    assert len(archived.rows(DoubtAnswer)) == len(archived.rows(Doubt)) == told["copies"]


@pytest.mark.parametrize("subject", ["cologne.nothing", "0192f5c6-0000-7000-8000-000000000000"])
def test_what_is_not_there_is_not_doubted(archived: Any, command: Command, subject: str) -> None:
    status, _, err = command("doubt", subject, *WHY)
    assert (status, "is no location" in err) == (1, True)
    assert command("doubt", ARCHIVE, "--by", "ada", "--reason", " ")[0] == 2


def test_all_copies_of_an_archive_are_read_again(archived: Any, command: Command) -> None:
    assert freed(archived, "ccat.raw")
    told = command.json("scrub", ARCHIVE, "--dry-run")
    assert (told["copies"], told["bytes"]) == (1, copy_of(archived).size)
    archived.run()
    assert scrubs(archived) == []
    status, out, _ = command("scrub", ARCHIVE)
    assert (status, out) == (0, f"1 copies, {copy_of(archived).size:,} bytes, are read again at {ARCHIVE}\n")
    archived.run()
    assert len(scrubs(archived)) == 1
    status, _, err = command("scrub", "ccat.raw")
    assert (status, "is no archive" in err) == (1, True)


def test_a_place_is_listed_before_it_is_due(archived: Any, command: Command) -> None:
    assert look(archived) is not None
    status, out, _ = command("reconcile", ARCHIVE)
    assert (status, "within the hour" in out) == (0, True)
    assert look(archived, after=1) is not None
    status, _, err = command("reconcile", "cologne.nothing")
    assert (status, "no location that was adopted" in err) == (1, True)
