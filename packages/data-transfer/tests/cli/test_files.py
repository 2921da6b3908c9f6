"""``ccat-transfer file``: what a person decides on files that are not as they were filed."""

import os
from typing import Any

import pytest

from ccat_ops_db.enumerations import FileDecision
from ccat_ops_db.models import Event, RawDataFileException, RawDataFileView

from ..trouble import HOUR, let_pass, lost
from .conftest import Command

GOOD = {"2026/a.fits": b"a" * 1000, "2026/c.fits": b"c" * 1000}


@pytest.fixture
def waiting(observatory: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An observatory one of whose files was written over after it was filed; its package waits for it."""
    monkeypatch.setenv("USER", "ada")
    execution = observatory.start()
    observatory.file(execution, {**GOOD, "2026/b.fits": b"b" * 1000})
    observatory.finish(execution)
    (observatory.folder("ccat.raw") / "2026/b.fits").write_bytes(b"written over")
    observatory.run()
    return observatory


def exception_of(observatory: Any) -> RawDataFileException:
    [exception] = observatory.rows(RawDataFileException)
    assert isinstance(exception, RawDataFileException)
    return exception


def test_what_is_set_aside_stays_and_the_others_go(waiting: Any, command: Command) -> None:
    asked = ("file", "set-aside", "--location", "ccat.raw", "--reason", "a test of the writer")
    [told] = command.json(*asked, "--dry-run")["files"]
    assert (told["path"], told["exception"]) == ("2026/b.fits", "short")
    assert exception_of(waiting).decision is None
    status, out, _ = command(*asked)
    assert (status, out.startswith("2026/b.fits is set aside: ")) == (0, True)
    decided = exception_of(waiting)
    assert (decided.decision, decided.reason) == (FileDecision.SET_ASIDE, "a test of the writer")
    assert decided.decided_by == "ada (ccat-transfer)"
    [event] = waiting.rows(Event, action="file.set_aside")
    assert (event.actor, event.subject_id) == (decided.decided_by, str(decided.raw_data_file_id))
    let_pass(waiting, HOUR, HOUR)
    assert [path.name for path in waiting.files_at("ccat.raw")] == ["b.fits"]
    assert lost(waiting, GOOD) == []
    status, _, err = command(*asked)
    assert (status, "nobody has decided on" in err) == (1, True)


def test_what_is_filed_anew_as_it_is_goes_in_a_later_package(waiting: Any, command: Command) -> None:
    file_id = exception_of(waiting).raw_data_file_id
    asked = ("file", "anew", file_id, "--as-it-is", "--reason", "it was mended in place")
    [told] = command.json(*asked)["files"]
    decided = exception_of(waiting)
    assert (decided.decision, str(decided.replaced_by_file_id)) == (
        FileDecision.FILED_ANEW,
        told["replaced_by"],
    )
    let_pass(waiting, HOUR, HOUR)
    assert waiting.files_at("ccat.raw") == []
    assert lost(waiting, {**GOOD, "2026/b.fits": b"written over"}) == []
    old, new = sorted(
        waiting.rows(RawDataFileView, relative_path="2026/b.fits"), key=lambda file: file.revision
    )
    assert (old.size, old.left_out, new.revision, new.number, new.size) == (1000, True, 2, 4, 12)
    assert new.tar_offset is not None


def test_what_was_mended_is_filed_anew_with_the_old_facts(waiting: Any, command: Command) -> None:
    let_pass(waiting, HOUR, 7 * HOUR, HOUR)
    assert [path.name for path in waiting.files_at("ccat.raw")] == ["b.fits"]
    path = waiting.folder("ccat.raw") / "2026/b.fits"
    path.write_bytes(b"b" * 1000)
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    status, _, err = command("file", "anew", "--kind", "short", "--reason", "given back from the disk")
    assert status == 0, err
    let_pass(waiting, HOUR, HOUR)
    assert waiting.files_at("ccat.raw") == []
    assert lost(waiting, {**GOOD, "2026/b.fits": b"b" * 1000}) == []


def test_nothing_is_decided_without_a_choice(waiting: Any, command: Command) -> None:
    status, _, err = command("file", "set-aside", "--reason", "x")
    assert (status, "say which files" in err) == (2, True)
    assert exception_of(waiting).decision is None
