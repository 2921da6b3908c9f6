"""``ccat-transfer finding``: objects that are of no copy, and what becomes of them."""

from typing import Any

import pytest

from ccat_data_transfer.stages.reconciling import Listed
from ccat_ops_db.enumerations import FindingResolution, PhysicalCopyStatus
from ccat_ops_db.models import PhysicalCopy

from ..listings import ARCHIVE, archive_one, copy_of, findings, look, put
from ..more_places import add_archive
from ..trouble import DAY
from .conftest import Command


@pytest.fixture
def archived(observatory: Any) -> Any:
    """Return an observatory with a package in the archive, two days later."""
    return archive_one(observatory)


SECOND = "cologne.lta-two"


def test_a_tar_of_ours_is_adopted_and_read(archived: Any, command: Command) -> None:
    tar = copy_of(archived).relative_path
    add_archive(archived, SECOND)
    put(archived, tar, (archived.folder(ARCHIVE) / tar).read_bytes(), location=SECOND)
    assert look(archived, SECOND) == Listed(objects=1, copies=0, unknown=1)
    [told] = command.json("finding", "list", SECOND)
    assert told["path"] == tar
    asked = ("finding", "adopt", told["id"], "--reason", "the rows are of a backup", "--by", "ada")
    assert command.json(*asked, "--dry-run")["adopted"] == [tar]
    assert archived.rows(PhysicalCopy, data_location_id=SECOND) == []
    assert command.json(*asked)["adopted"] == [tar]
    archived.run()
    [adopted] = archived.rows(PhysicalCopy, data_location_id=SECOND)
    assert (adopted.generation, adopted.status) == (1, PhysicalCopyStatus.VERIFIED)
    [finding] = findings(archived)
    assert (finding.resolution, finding.decided_by) == (FindingResolution.ADOPTED, "ada")
    assert look(archived, SECOND, after=2 * DAY) == Listed(objects=1, copies=1)
    status, _, err = command(*asked)
    assert (status, "no open finding" in err) == (1, True)


@pytest.mark.parametrize(
    ("name", "says"),
    [("notes.txt", "no tar of a sealed package"), ("{tar}.g2.tar", "has 9 bytes, its package")],
)
def test_what_is_no_tar_of_ours_is_not_adopted(archived: Any, command: Command, name: str, says: str) -> None:
    put(archived, name.format(tar=copy_of(archived).relative_path.removesuffix(".tar")))
    look(archived)
    [finding] = findings(archived)
    status, _, err = command("finding", "adopt", finding.id, "--reason", "it looks good", "--by", "ada")
    assert (status, says in err) == (1, True)
    assert len(archived.rows(PhysicalCopy, data_location_id=ARCHIVE)) == 1


def test_a_second_tar_beside_a_good_one_is_not_adopted(archived: Any, command: Command) -> None:
    tar = copy_of(archived).relative_path
    put(archived, tar.replace(".tar", ".g2.tar"), (archived.folder(ARCHIVE) / tar).read_bytes())
    look(archived)
    [finding] = findings(archived)
    status, _, err = command("finding", "adopt", finding.id, "--reason", "it looks good", "--by", "ada")
    assert (status, "has a copy of the package" in err) == (1, True)
