"""`ccat` used wrongly: one clear message with the thing in it, no traceback, nothing half done."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.api import Api
from harness.ccat import Ccat
from harness.deployment import OBS_UNIT, Deployment
from harness.journey import NewFolder
from harness.observing import start

from harness import trees

FILED_IN_PART = 3
UNKNOWN = "01980000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def execution(instrument: Ccat, api: Api) -> Iterator[str]:
    """A running observation; when all tests are over, nothing may be filed in it."""
    execution_id = start(instrument, "chai-lfa")
    yield execution_id
    assert api.progress(execution_id)["files"] == 0
    instrument("obs", "finish", execution_id, "--status", "aborted")


@pytest.fixture
def folder(new_folder: NewFolder, request: pytest.FixtureRequest) -> Path:
    """A folder in the source location with one good file."""
    letters = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    folder = new_folder(letters[:60])
    trees.write(folder / "good.fits", b"good")
    return folder


@pytest.mark.parametrize(
    "name", ["new\nline.fits", "back\\slash.fits", "escape\x1b[31m.fits", "ends in blank "]
)
def test_a_name_that_cannot_be_filed_is_left_out_by_name(
    name: str, folder: Path, api: Api, instrument: Ccat
) -> None:
    trees.write(folder / name, b"")
    err = good_file_alone_is_filed(folder, api, instrument)
    assert name.split("\n")[0].split("\x1b")[0].split("\\")[0] in err
    assert "\x1b[31m" not in err


def test_what_is_no_regular_file_is_left_out_by_name(
    execution: str, folder: Path, api: Api, instrument: Ccat
) -> None:
    (folder / "link.fits").symlink_to("good.fits")
    (folder / "dangling.fits").symlink_to("/no/such/file")
    (folder / "folder link").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        # The path of a socket is short; that of the folder need not be.
        descriptor = os.open(folder, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{descriptor}/socket")
        os.close(descriptor)
    err = good_file_alone_is_filed(folder, api, instrument)
    for name in ("link.fits", "dangling.fits", "folder link", "pipe", "socket"):
        assert name in err, err
    ended = instrument.refused("file", "--execution", execution, "--module", "chai-lfa", folder / "link.fits")
    assert "symbolic link" in ended.err


def good_file_alone_is_filed(folder: Path, api: Api, instrument: Ccat, *more: Path) -> str:
    """File a folder in which something cannot be filed; return what is said of that."""
    execution = start(instrument, "chai-lfa")
    ended = instrument.run("file", "--execution", execution, "--module", "chai-lfa", folder, *more)
    assert ended.status == FILED_IN_PART, str(ended)
    assert api.progress(execution)["files"] == 1
    instrument("obs", "finish", execution)
    return ended.err


def test_a_path_outside_every_source_location_is_refused(
    execution: str, instrument: Ccat, deployment: Deployment, tmp_path: Path
) -> None:
    outside = trees.write(tmp_path / "outside.fits", b"outside")
    paths = [outside, Path("/etc/hostname"), deployment.source_folder / ".." / ".." / ".." / "escape"]
    trees.write(paths[-1].resolve(), b"escape")
    for path in paths:
        ended = instrument.refused("file", "--execution", execution, "--module", "chai-lfa", path)
        assert str(deployment.source_folder) in ended.err, str(ended)
        assert "--ingest" in ended.err, str(ended)
    paths[-1].resolve().unlink()


def test_a_link_that_leads_out_of_the_source_location_leads_nowhere(
    execution: str, folder: Path, instrument: Ccat, tmp_path: Path
) -> None:
    trees.write(tmp_path / "outside.fits", b"outside")
    (folder / "way out").symlink_to(tmp_path)
    path = folder / "way out" / "outside.fits"
    instrument.refused("file", "--execution", execution, "--module", "chai-lfa", path)


def test_ingesting_does_not_leave_the_source_location(
    execution: str, instrument: Ccat, deployment: Deployment, tmp_path: Path
) -> None:
    outside = trees.write(tmp_path / "outside.fits", b"outside")
    for into in ("../escape", "/tmp/escape", "a/../../../escape", "new\nline"):
        ended = instrument.refused(
            "file", "--ingest", "--into", into, "--execution", execution, "--module", "chai-lfa", outside
        )
        assert "escape" in ended.err or "control" in ended.err, str(ended)
    assert not (deployment.source_folder.parent / "escape").exists()


def test_a_missing_path_is_named_and_the_others_are_filed(folder: Path, api: Api, instrument: Ccat) -> None:
    assert "missing.fits" in good_file_alone_is_filed(folder, api, instrument, folder / "missing.fits")


def test_filing_a_changed_file_again_is_a_conflict(folder: Path, instrument: Ccat) -> None:
    execution = start(instrument, "chai-lfa")
    arguments = ("file", "--execution", execution, "--module", "chai-lfa", folder)
    instrument(*arguments)
    trees.write(folder / "good.fits", b"changed")
    ended = instrument.refused(*arguments)
    assert "good.fits" in ended.err
    trees.write(folder / "good.fits", b"good")
    instrument("obs", "finish", execution)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("obs", "start", "--obs-unit", "no such unit", "--module", "chai-lfa"), "no such unit"),
        (("obs", "start", "--obs-unit", OBS_UNIT, "--module", "no-such-module"), "no-such-module"),
        (("obs", "start", "--obs-unit", OBS_UNIT), "--module"),
        (
            (
                "obs",
                "start",
                "--obs-unit",
                OBS_UNIT,
                "--module",
                "chai-lfa",
                "--started-at",
                "2026-01-01T00:00:00",
            ),
            "zone",
        ),
        (("obs", "finish", "nonsense"), "ID"),
        (("obs", "finish", UNKNOWN, "--status", "splendid"), "status"),
        (("file", "--execution", UNKNOWN, "--module", "chai-lfa", "/no/such/path"), "/no/such/path"),
        (("packages", "--execution", UNKNOWN), UNKNOWN),
        (("packages", "--execution", "nonsense"), "--execution"),
        (("wait", "--execution", UNKNOWN, "--for", "archived"), UNKNOWN),
        (("wait", "--execution", UNKNOWN, "--for", "ever"), "--for"),
        (("wait", "--execution", UNKNOWN, "--for", "archived", "--timeout", "-1"), "--timeout"),
        (("stage", "--execution", UNKNOWN, "--to", "cologne.processing"), UNKNOWN),
        (("stage", "--package", UNKNOWN, "--to", "cologne.processing"), UNKNOWN),
        (("stage", "--file", UNKNOWN, "--to", "cologne.processing"), UNKNOWN),
        (("stage", "--file", UNKNOWN, "--package", UNKNOWN, "--to", "cologne.processing"), "exactly one"),
        (("stage", "--to", "cologne.processing"), "exactly one"),
        (("get", UNKNOWN, "-o", "there"), UNKNOWN),
        (("get", "nonsense:member", "-o", "there"), "nonsense"),
        (("get", f"{UNKNOWN}:member", "-o", "there"), UNKNOWN),
        (("get", f"{UNKNOWN}:../../etc/passwd", "-o", "there"), ".."),
        (("find", "--since", "yesterday"), "yesterday"),
        (("find", "--since", "2026-01-01T00:00:00"), "zone"),
        (("find", "--status", "splendid"), "status"),
        (("find", "--limit", "0"), "--limit"),
        (("why", UNKNOWN), UNKNOWN),
        (("why", "no such thing"), "no such thing"),
        (("why", "a\nb"), "a"),
        (("no-such-command",), "no-such-command"),
    ],
    ids=lambda part: " ".join(part)[:60] if isinstance(part, tuple) else "",
)
def test_a_wrong_argument_is_named(arguments: tuple[str, ...], named: str, ccat: Ccat) -> None:
    ended = ccat.refused(*arguments)
    assert named in ended.err, str(ended)


def test_ending_before_the_start_is_refused(execution: str, instrument: Ccat, api: Api) -> None:
    ended = instrument.refused("obs", "finish", execution, "--ended-at", "2001-01-01T00:00:00Z")
    assert "before" in ended.err
    assert api.get(f"executed-obs-units/{execution}")["status"] == "running"


def test_staging_to_what_is_no_processing_location_is_refused(
    ccat: Ccat, api: Api, deployment: Deployment
) -> None:
    package = api.get("raw-data-packages", limit=1)["items"][0]["id"]
    for place in (deployment.source_location, "cologne.no-such-place", "x"):
        ended = ccat.refused("stage", "--package", package, "--to", place)
        assert place in ended.err, str(ended)


@pytest.mark.parametrize("token", ["", "nonsense", "ccat_aaaaaaaaaaaa_" + "b" * 43])
def test_without_a_valid_token_every_command_says_so(
    token: str, deployment: Deployment, tmp_path: Path
) -> None:
    stranger = Ccat(deployment, tmp_path, token)
    for arguments in (
        ("packages", "--execution", UNKNOWN),
        ("wait", "--execution", UNKNOWN, "--for", "archived"),
        ("stage", "--execution", UNKNOWN, "--to", "cologne.processing"),
        ("get", UNKNOWN, "-o", "there"),
        ("find",),
        ("status",),
        ("why", UNKNOWN),
    ):
        ended = stranger.refused(*arguments)
        assert "token" in ended.err.lower(), str(ended)
        assert token == "" or token not in ended.err, str(ended)
    assert list((tmp_path / "spool").glob("*.sqlite3")) == []


def test_without_a_valid_token_what_is_recorded_is_kept(deployment: Deployment, tmp_path: Path) -> None:
    """A token that ran out in the night costs no observation."""
    stranger = Ccat(deployment, tmp_path, "ccat_aaaaaaaaaaaa_" + "b" * 43)
    started = stranger.run("obs", "start", "--obs-unit", OBS_UNIT, "--module", "chai-lfa")
    assert started.status == 0, str(started)
    assert "token" in started.err.lower(), str(started)
    assert stranger.run("obs", "finish", started.out.strip()).status == 0
    waiting = stranger.json("spool", "status")["waiting"]
    assert [request["path"].rpartition(":")[2] for request in waiting] == ["start", "finish"]


def test_an_instrument_may_not_stage(instrument: Ccat) -> None:
    ended = instrument.refused("stage", "--execution", UNKNOWN, "--to", "cologne.processing")
    assert "stage:data" in ended.err
