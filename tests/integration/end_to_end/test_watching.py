"""Everything can be watched, for people and for scripts, and everything that waits says why."""

import json
from pathlib import Path
from typing import Any

import pytest
from harness.api import Api
from harness.ccat import Ccat
from harness.deployment import INSTRUMENT, OBS_UNIT, PROGRAM, SOURCE, Deployment
from harness.journey import Archived, NewFolder
from harness.observing import file, start

from harness import trees


@pytest.fixture(scope="module")
def running(instrument: Ccat, new_folder: NewFolder) -> str:
    """An observation that goes on, with one file filed."""
    folder = new_folder("running")
    trees.write(folder / "scan.fits", b"scan")
    execution_id = start(instrument, "chai-lfa")
    file(instrument, execution_id, {"chai-lfa": folder})
    return execution_id


def test_status_shows_locations_and_packages(archived: Archived, ccat: Ccat, deployment: Deployment) -> None:
    text = ccat("status")
    assert deployment.source_location in text
    assert "packages:" in text
    status = ccat.json("status")
    locations = {location["id"]: location for location in status["locations"]}
    assert {deployment.source_location, deployment.processing_location} <= set(locations)
    archive = next(
        place
        for place in locations.values()
        if place["location_type"] == "long_term_archive" and place["packages"]
    )
    assert archive["package_bytes"] >= sum(package["size"] for package in archived.packages.values())
    assert status["packages"]["archived"] >= len(archived.packages)


def test_packages_shows_state_copies_and_reasons(archived: Archived, ccat: Ccat) -> None:
    text = ccat("packages", "--execution", archived.execution_id)
    listed = ccat.json("packages", "--execution", archived.execution_id)
    assert {package["id"] for package in listed} == {package["id"] for package in archived.packages.values()}
    for package in listed:
        assert package["id"] in text
        assert package["state"] == "archived"
        assert package["checksum"].startswith("xxh3-128:")
        verified = [c for c in package["copies"] if c["location_type"] == "long_term_archive"]
        assert [copy["status"] for copy in verified] == ["verified"]


@pytest.mark.parametrize(
    "filters",
    [
        ("--obs-unit", OBS_UNIT),
        ("--instrument", INSTRUMENT),
        ("--program", PROGRAM),
        ("--source", SOURCE),
        ("--status", "completed"),
        ("--since", "1h"),
        (
            "--obs-unit",
            OBS_UNIT,
            "--instrument",
            INSTRUMENT,
            "--since",
            "1d",
            "--until",
            "2199-01-01T00:00:00Z",
        ),
    ],
    ids=lambda filters: " ".join(filters[::2]),
)
def test_find_finds_it(filters: tuple[str, ...], archived: Archived, ccat: Ccat) -> None:
    assert archived.execution_id in ccat("find", *filters, "--limit", "1000")
    found = ccat.json("find", *filters, "--limit", "1000")
    assert archived.execution_id in {execution["id"] for execution in found}


@pytest.mark.parametrize(
    "filters",
    [
        ("--obs-unit", "Jupiter_PrimeCam_280"),
        ("--instrument", "prime-cam"),
        ("--program", "Cal"),
        ("--status", "aborted"),
        ("--since", "2199-01-01T00:00:00Z"),
        ("--until", "1h"),
    ],
    ids=lambda filters: " ".join(filters),
)
def test_find_leaves_out_what_does_not_fit(filters: tuple[str, ...], archived: Archived, ccat: Ccat) -> None:
    found = ccat.json("find", *filters, "--limit", "1000")
    assert archived.execution_id not in {execution["id"] for execution in found}


def test_why_answers_for_everything_of_an_archived_execution(
    archived: Archived, ccat: Ccat, api: Api
) -> None:
    for subject_type, identifier in _subjects(archived, api):
        answer = ccat.json("why", identifier)
        assert answer["subject_id"] == identifier, (subject_type, answer)
        assert answer["summary"], (subject_type, answer)
        assert answer["summary"] in ccat("why", identifier).replace("\n", " "), subject_type


def test_why_answers_for_places(ccat: Ccat, api: Api, deployment: Deployment) -> None:
    route = api.get("routes")["items"][0]["id"]
    for identifier in (deployment.source_location, deployment.processing_location, route):
        assert ccat.json("why", identifier)["subject_id"] == identifier


def test_why_says_that_a_running_execution_waits_for_its_end(running: str, ccat: Ccat) -> None:
    answer = ccat.json("why", running)
    reasons = {step["reason"] for step in answer["steps"]}
    assert "execution_running" in reasons, answer
    assert all(step["remedy"] for step in answer["steps"] if step["reason"]), answer
    assert "execution_running" in ccat("why", running)


def test_wait_ends_with_0_when_the_goal_is_reached(archived: Archived, ccat: Ccat) -> None:
    for goal in ("archived", "removed-at-source"):
        progress = ccat.json("wait", "--execution", archived.execution_id, "--for", goal, "--timeout", "0")
        assert progress["packages_archived"] == len(archived.packages)


def test_wait_ends_with_1_when_the_time_is_over(running: str, ccat: Ccat) -> None:
    ended = ccat.run("wait", "--execution", running, "--for", "archived", "--timeout", "0.5")
    assert ended.status == 1, str(ended)
    assert running in ended.err
    assert "running" in ended.err


def test_wait_for_an_observation_without_files_is_over_when_it_ends(ccat: Ccat, instrument: Ccat) -> None:
    execution_id = start(instrument, "chai-lfa")
    assert ccat.run("wait", "--execution", execution_id, "--for", "archived", "--timeout", "0").status == 1
    instrument("obs", "finish", execution_id, "--status", "aborted")
    ccat("wait", "--execution", execution_id, "--for", "removed-at-source", "--timeout", "10")


def test_json_of_every_command_parses(
    archived: Archived,
    instrument: Ccat,
    ccat: Ccat,
    deployment: Deployment,
    new_folder: NewFolder,
    tmp_path: Path,
) -> None:
    folder = new_folder("json")
    trees.write(folder / "a.fits", b"a")
    started = instrument.json("obs", "start", "--obs-unit", OBS_UNIT, "--module", "chai-lfa")
    filed = instrument.json("file", "--execution", started["id"], "--module", "chai-lfa", folder)
    assert (filed["filed"], filed["already_filed"]) == (1, 0)
    again = instrument.json("file", "--execution", started["id"], "--module", "chai-lfa", folder)
    assert (again["filed"], again["already_filed"]) == (0, 1)
    assert instrument.json("obs", "finish", started["id"])["status"] == "completed"
    assert instrument.json("spool", "status")["waiting"] == []
    package = archived.packages["chai-lfa"]
    job = ccat.json(
        "stage", "--package", package["id"], "--to", deployment.processing_location, "--keep", "60"
    )
    assert ccat.json("why", job["id"])["subject_id"] == job["id"]
    for command in (("status",), ("find",), ("packages", "--execution", started["id"])):
        ccat.json(*command)


def test_the_installed_program_says_the_same(archived: Archived, ccat: Ccat) -> None:
    """All other tests run the command in a process that has imported it already."""
    asked = ("wait", "--execution", archived.execution_id, "--for", "archived", "--json")
    answered, refused = ccat.run_program(*asked), ccat.run_program("why", "no-such-thing")
    again = ccat.run(*asked)
    # What copies wait for changes while the planner works.
    said, said_again = ({**json.loads(ended.out), "waiting": None} for ended in (answered, again))
    assert (said, answered.err, answered.status) == (said_again, again.err, again.status), str(answered)
    assert refused == ccat.refused("why", "no-such-thing"), str(refused)


def test_an_error_is_json_too(ccat: Ccat) -> None:
    ended = ccat.refused("why", "no-such-thing", "--json")
    error = json.loads(ended.err)["error"]
    assert "no-such-thing" in error["message"]
    assert error["remedy"]


def test_health_readiness_and_metrics_need_no_token(deployment: Deployment) -> None:
    with Api(deployment, None) as stranger:
        for path in ("healthz", "readyz", "metrics"):
            answer = stranger.http.get(f"{deployment.api_url}/{path}")
            assert answer.status_code == 200, answer.text


def _subjects(archived: Archived, api: Api) -> list[tuple[str, str]]:
    subjects = [("execution", archived.execution_id)]
    subjects += [("package", package["id"]) for package in archived.packages.values()]
    package = archived.packages["chai-lfa"]
    subjects += [("copy", copy["id"]) for copy in package["copies"]]
    subjects.append(("file", api.get(f"raw-data-packages/{package['id']}/files", limit=1)["items"][0]["id"]))
    for kind in ("package-creations", "data-transfers", "archive-transfers", "fixity-checks", "deletions"):
        rows: list[Any] = api.all(kind, package_id=package["id"])
        assert rows, f"no {kind} of {package['id']}"
        subjects.append((kind, rows[0]["id"]))
    return subjects
